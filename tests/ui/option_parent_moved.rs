use tickspan::{Context, traced_stage};

struct Order {
    context: Context,
}

#[traced_stage(parent = context)]
fn an_argument(context: Context) {
    drop(context);
}

#[traced_stage(parent = order.context)]
fn a_field_of_an_argument(order: Order) {
    drop(order);
}

fn main() {}
