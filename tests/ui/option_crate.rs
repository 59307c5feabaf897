use tickspan::traced_stage;

#[traced_stage(crate)]
fn without_a_value() {}

#[traced_stage(crate = "tickspan")]
fn in_quotes() {}

#[traced_stage(crate = tickspan, crate = ::tickspan)]
fn twice() {}

fn main() {}
