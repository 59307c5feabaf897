use tickspan::traced_stage;

struct Engine;

#[traced_stage(
    name = "engine",
    skip(quantity),
    fields(depth = 1),
    parent = context,
    follows_from = [context],
    ret,
    err,
    root,
    mark = Path::OrderSent,
    metric(labels(symbol)),
)]
impl Engine {
    fn submit(&self, quantity: u64) {
        let _ = quantity;
    }
}

fn main() {}
