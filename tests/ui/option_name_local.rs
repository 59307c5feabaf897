use tickspan::traced_stage;

#[traced_stage(name = order)]
fn names_an_argument(order: &'static str) {
    let _ = order;
}

const CODE: u64 = 5;

#[traced_stage(name = CODE)]
fn names_a_number() {}

fn main() {}
