use tickspan::traced_stage;

#[traced_stage(crate = no_such_facade)]
fn names_no_crate() {}

fn main() {}
