use tickspan::traced_stage;

#[traced_stage(name = 5)]
fn a_number() {}

#[traced_stage(name = format!("order {id}"))]
fn made_at_run_time(id: u64) -> u64 {
    id
}

#[traced_stage(name)]
fn without_a_value() {}

#[traced_stage("place_order")]
fn without_the_option() {}

#[traced_stage(name = "a", name = "b")]
fn twice() {}

struct Engine;

impl Engine {
    const NAME: &str = "engine";

    #[traced_stage(name = Self::NAME, target = Self::NAME)]
    fn a_constant_of_self(&self) -> &str {
        Self::NAME
    }
}

fn main() {}
