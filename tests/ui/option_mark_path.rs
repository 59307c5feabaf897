use tickspan::traced_stage;

enum Path {
    OrderSent,
}

#[traced_stage(mark = Path::Settled)]
fn no_such_mark() {}

fn main() {}
