use tickspan::traced_stage;

struct Refused;

#[traced_stage]
fn mismatched(quantity: u64) -> u64 {
    let doubled = quantity * 2;
    "doubled"
}

#[traced_stage]
fn mismatched_in_a_result(quantity: u64) -> Result<u64, Refused> {
    if quantity > 10 {
        return quantity;
    }
    Ok(quantity)
}

#[traced_stage]
async fn mismatched_later(quantity: u64) -> Result<u64, Refused> {
    let quantity = quantity.no_such_method();
    if quantity {
        return "quantity";
    }
    checked().await?;
    Ok(5)
}

#[traced_stage]
fn moved(symbol: String) -> usize {
    drop(symbol);
    symbol.len()
}

async fn checked() -> Result<u64, Refused> {
    Ok(5)
}

fn main() {}
