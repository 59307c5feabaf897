use tickspan::traced_stage;

#[traced_stage(follows_from)]
fn without_a_value() {}

#[traced_stage(follows_from(a))]
fn in_parentheses(a: &tickspan::Context) {
    let _ = a;
}

#[traced_stage(follows_from = [a], follows_from = [b])]
fn twice(a: &tickspan::Context, b: &tickspan::Context) {
    let _ = (a, b);
}

#[traced_stage(links = [a])]
fn under_another_name(a: &tickspan::Context) {
    let _ = a;
}

fn main() {}
