#![deny(warnings)]
#![forbid(unsafe_code, unused, nonstandard_style, future_incompatible)]
//! A crate may forbid lints: an `allow` of one of them would be an error.

use std::future::Future;
use std::pin::Pin;

use tickspan::{AttributeValue, EdgeBreakdown, Empty, Labels, TradeEvent, event, record, stage, traced_stage};

#[derive(AttributeValue, Clone, Copy)]
enum Side {
    Buy,
}

#[derive(Labels)]
struct Of {
    side: Side,
}

#[derive(TradeEvent)]
struct Seen {
    quantity: u64,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[traced_stage(skip(text), fields(depth = levels.len(), text.len = Empty), metric(labels(side)), ret, err)]
fn many(levels: &[u64], text: String, mut side: Side, _unused: String) -> Result<u64, std::fmt::Error> {
    side = Side::Buy;
    record!(text.len = text.len());
    event!("seen", side);
    let _stage = stage!("settle", side);
    Ok(7)
}

#[traced_stage(fields(depth = levels.len()))]
async fn later(levels: &[u64], quantity: u64, _unused: String) -> u64 {
    quantity
}

#[traced_stage(fields(depth = levels.len()))]
fn boxed(levels: &[u64], quantity: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move { quantity })
}

struct Engine(u64);

#[traced_stage]
impl Engine {
    fn into_count(self, quantity: u64) -> Option<u64> {
        Some(self.0 + quantity)
    }
}

fn main() {
    _ = many(&[1], String::new(), Side::Buy, String::new());
    drop((later(&[1], 2, String::new()), boxed(&[1], 2)));
    _ = Engine(1).into_count(2);
    let (of, seen, edge) = (Of { side: Side::Buy }, Seen { quantity: 2 }, Edge { gross: 1.0, fees: 0.5 });
    _ = (of.side, seen.quantity, edge.gross, edge.fees);
}
