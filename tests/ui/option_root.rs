use tickspan::traced_stage;

#[traced_stage(root, parent = context)]
fn contradicts_parent(context: &tickspan::Context) {
    let _ = context;
}

#[traced_stage(root = true)]
fn with_a_value() {}

#[traced_stage(root, root)]
fn twice() {}

fn main() {}
