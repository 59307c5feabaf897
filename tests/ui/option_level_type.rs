use tickspan::traced_stage;

const LEVEL: u8 = 3;

#[traced_stage(level = LEVEL)]
fn a_constant_of_another_type() {}

fn main() {}
