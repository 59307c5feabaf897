use tickspan::traced_stage;

#[traced_stage(
    nam = "submit",
    level = "loud",
    kind = "rpc",
    skip(quantiy),
    fields(depth = ?book, message = 1),
    root,
    parent = context,
    err,
    metric(labels(symbl)),
)]
const fn submit(symbol: &str, quantity: u64, context: &tickspan::Context) -> u64 {
    let _ = (symbol, context);
    quantity
}

struct Engine;

#[traced_stage(prefix = "engine", kind = "internal")]
impl Engine {
    #[traced_stage(levl = "debug")]
    fn one(&self) {}

    #[traced_stage(skip(x))]
    fn another(&self) {}
}

fn main() {}
