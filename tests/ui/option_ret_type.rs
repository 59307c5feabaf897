use tickspan::traced_stage;

struct Order {
    owner: String,
}

#[traced_stage(ret)]
fn text(order: Order) -> String {
    order.owner
}

#[traced_stage(ret)]
fn text_in_a_result(order: &Order) -> Result<&str, u64> {
    Ok(&order.owner)
}

#[traced_stage(ret)]
async fn text_later(order: Order) -> String {
    order.owner
}

#[traced_stage(ret)]
fn a_type_without_proof(owner: String) -> Option<Order> {
    Some(Order { owner })
}

#[traced_stage(ret)]
fn anything<T>(value: T) -> T {
    value
}

type Delay = std::time::Duration;

#[traced_stage(ret)]
fn a_duration_by_another_name() -> Delay {
    Delay::from_millis(4)
}

fn main() {}
