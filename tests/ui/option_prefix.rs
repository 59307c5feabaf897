use tickspan::traced_stage;

#[traced_stage(prefix = "engine")]
fn on_a_function() {}

struct Engine;

#[traced_stage(prefix = 5)]
impl Engine {
    fn a_number(&self) {}
}

#[traced_stage(prefix = PREFIX)]
impl Engine {
    fn a_constant(&self) {}
}

#[traced_stage(prefix = "a", prefix = "b")]
impl Engine {
    fn twice(&self) {}
}

#[traced_stage(prefix = "engine")]
impl Engine {
    #[traced_stage(prefix = "method")]
    fn on_a_method(&self) {}
}

fn main() {}
