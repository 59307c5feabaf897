use tickspan::traced_stage;

struct Refused;

#[traced_stage]
fn without_a_tail(quantity: u64) -> u64 {
    let doubled = quantity * 2;
    doubled;
}

#[traced_stage]
fn without_a_tail_in_a_result(quantity: u64) -> Result<u64, Refused> {
    let doubled = quantity * 2;
    Ok(doubled);
}

#[traced_stage]
async fn without_a_tail_later(quantity: u64) -> Result<u64, Refused> {
    let doubled = quantity * 2;
    Ok(doubled);
}

#[traced_stage]
async fn without_a_tail_later_plain(quantity: u64) -> u64 {
    quantity;
}

#[traced_stage]
async fn mismatched_tail_later(quantity: u64) -> u64 {
    "quantity"
}

#[traced_stage]
async fn mismatched_tail_of_nothing(quantity: u64) {
    quantity
}

#[traced_stage]
fn of_nothing(quantity: u64) {
    quantity
}

#[traced_stage]
fn empty_body(_q: u64) -> Result<u64, Refused> {}

#[traced_stage]
fn boxed(quantity: u64) -> std::pin::Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move { quantity; });
}

#[traced_stage]
async fn if_without_else(quantity: u64) -> Result<u64, Refused> {
    if quantity > 1 {
        return Ok(1);
    }
}

fn main() {}
