use tickspan::traced_stage;

struct Order {
    id: u64,
}

#[traced_stage(parent = order.id)]
fn a_number(order: Order) {
    let _ = order;
}

#[traced_stage(parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
fn text() {}

fn main() {}
