use tickspan::traced_stage;

enum Path {
    OrderSent,
}

#[traced_stage(mark)]
fn without_a_value() {}

#[traced_stage(mark = OrderSent)]
fn without_its_path() {}

#[traced_stage(mark = "OrderSent")]
fn in_quotes() {}

#[traced_stage(mark(Path::OrderSent, sometimes))]
fn unknown_condition() {}

#[traced_stage(mark(Path::OrderSent, always, twice))]
fn too_much() {}

#[traced_stage(mark())]
fn empty() {}

#[traced_stage(mark = Path::OrderSent, always)]
fn condition_outside() {}

#[traced_stage(mark = Path::OrderSent, mark = Path::OrderSent)]
fn twice() {}

fn main() {}
