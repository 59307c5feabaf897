use tickspan::{record, traced_stage};

#[traced_stage]
fn fill(quantity: u64) {
    record!();
    record!(?quantity);
    record!("filled");
    record!(filled = quantity, filled = quantity);
    record!(filled = tickspan::Empty);
    record!(tickspan.outcome = "ok");
    record!(level: "debug", filled = quantity);
    record!(quantity + 1);
}

fn main() {
    fill(5);
}
