use tickspan::traced_stage;

#[traced_stage(off)]
fn on_a_function() {}

struct Engine;

#[traced_stage(off)]
impl Engine {
    fn on_a_block(&self) {}
}

impl Engine {
    #[traced_stage(off)]
    fn in_a_block_that_is_not_annotated(&self) {}
}

#[traced_stage]
impl Engine {
    #[traced_stage(off, level = "debug")]
    fn with_other_options(&self) {}

    #[traced_stage(off = true)]
    fn with_a_value(&self) {}
}

fn main() {}
