use tickspan::traced_stage;

#[traced_stage(level = "wran")]
fn misspelt() {}

#[traced_stage(level = "verbose")]
fn unknown() {}

#[traced_stage(level = 7)]
fn out_of_range() {}

#[traced_stage(level = debug)]
fn unquoted() {}

#[traced_stage(level = 1.5)]
fn neither_name_nor_number() {}

#[traced_stage(level)]
fn without_a_value() {}

#[traced_stage(level = "info", level = "debug")]
fn twice() {}

struct Engine;

impl Engine {
    #[traced_stage(level = Self::LEVEL)]
    fn a_constant_of_self(&self) {}
}

#[traced_stage(level = level)]
fn an_argument(level: tracing::Level) {
    let _ = level;
}

fn main() {}
