use tickspan::traced_stage;

#[traced_stage(parent)]
fn without_a_value() {}

#[traced_stage(parent = )]
fn half_typed() {}

#[traced_stage(parent(context))]
fn in_parentheses(context: &tickspan::Context) {
    let _ = context;
}

#[traced_stage(parent = a, parent = b)]
fn twice(a: &tickspan::Context, b: &tickspan::Context) {
    let _ = (a, b);
}

fn main() {}
