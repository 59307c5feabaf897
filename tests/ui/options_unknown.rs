use tickspan::traced_stage;

#[traced_stage(nmae = "a")]
fn near_a_name() {}

#[traced_stage(follow_from = [a])]
fn near_a_longer_one(a: &tickspan::Context) {
    let _ = a;
}

#[traced_stage(colour = "red")]
fn near_none() {}

#[traced_stage(5)]
fn no_name() {}

#[traced_stage(level = "debug" skip_all)]
fn no_comma() {}

#[traced_stage(,)]
fn a_comma_alone() {}

#[traced_stage(err(level = "warn"; skip_all))]
fn a_semicolon() -> Result<(), u64> {
    Ok(())
}

struct Engine;

#[traced_stage(levle = "debug")]
impl Engine {
    fn told_once(&self) {}
    fn and_not_for_each_method(&self) {}
}

fn main() {}
