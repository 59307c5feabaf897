#![deny(warnings)]
#![forbid(unsafe_code)]

use tickspan::{AttributeValue, Context, LatencyStages, traced_stage};

#[derive(AttributeValue)]
enum Refused {
    Limit,
}

#[derive(LatencyStages, Clone, Copy)]
#[latency(name = "orders", budget = "2ms")]
enum Path {
    RiskPassed,
    #[latency(name = "sent", budget = "50us")]
    OrderSent,
}

struct Batch {
    contexts: Vec<Context>,
    depth: u64,
}

const NAME: &str = "place_order";

#[traced_stage(
    name = "place_order",
    target = "engine",
    level = "debug",
    skip(batch),
    fields(depth = batch.depth, filled = tickspan::Empty, "book side" = "bid", order.size = quantity),
    parent = batch.contexts.first(),
    follows_from = &batch.contexts,
    ret(level = "trace"),
    err(level = "warn", map = |refused| match refused { Refused::Limit => Refused::Limit }),
    kind = "client",
    mark(Path::OrderSent, always),
    metric(labels(symbol)),
    crate = ::tickspan,
)]
fn place(symbol: &str, quantity: u64, batch: &Batch) -> Result<u64, Refused> {
    tickspan::record!(filled = quantity);
    if symbol.is_empty() {
        return Err(Refused::Limit);
    }
    Ok(quantity)
}

#[traced_stage(name = NAME, level = 2, root, skip_all, ret, err, mark = Path::RiskPassed)]
async fn place_later(quantity: u64) -> Result<u64, Refused> {
    Ok(quantity)
}

struct Engine;

#[traced_stage(
    prefix = "engine",
    target = "engine",
    level = "trace",
    kind = "internal",
    skip_all
)]
impl Engine {
    const LIMIT: u64 = 5;

    fn run(&self, quantity: u64) -> u64 {
        self.step(quantity) + Self::limit()
    }

    #[traced_stage(off)]
    fn step(&self, quantity: u64) -> u64 {
        quantity
    }

    #[traced_stage(level = "info", fields(quantity))]
    fn settle(&self, quantity: u64) -> u64 {
        quantity
    }

    const fn limit() -> u64 {
        Self::LIMIT
    }
}

fn main() {
    let batch = Batch {
        contexts: vec![Context::current()],
        depth: 5,
    };
    _ = place("AAPL", 5, &batch);
    drop(place_later(5));
    _ = Engine.run(5) + Engine.settle(5);
}
