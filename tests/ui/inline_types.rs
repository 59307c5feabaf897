use tickspan::{Sensitive, event, public, record, stage, traced_stage};

struct Order {
    owner: String,
}

#[traced_stage]
fn place(order: &Order, key: &Sensitive<String>, venue: &str) {
    event!("placed", owner = order.owner);
    event!("placed", owner = &order.owner, venue);
    event!("placed", symbol = order.owner);
    event!("placed", key = key);
    record!(owner = order.owner.as_str());
    record!(words = format!("{venue}!"));
    let _stage = stage!("settle", owner = order.owner.clone(), venue);
    event!("placed", order = public!(order, reason = "every order of this venue is published"));
}

fn main() {
    place(
        &Order {
            owner: String::new(),
        },
        &Sensitive::new(String::new()),
        "nasdaq",
    );
}
