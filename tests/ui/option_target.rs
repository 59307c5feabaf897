use tickspan::traced_stage;

#[traced_stage(target = concat!("engine", "::risk"))]
fn a_macro() {}

#[traced_stage(target("engine"))]
fn in_parentheses() {}

#[traced_stage(target = "a", target = "b")]
fn twice() {}

fn main() {}
