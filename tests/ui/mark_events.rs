#![allow(unused)]

use tickspan::{EdgeBreakdown, Labels, TradeEvent};

#[derive(TradeEvent)]
#[sensitive]
struct MarkOnEvent {
    pin: u32,
}

#[derive(TradeEvent)]
struct UnknownClass {
    #[pii(Mail)]
    email: String,
}

#[derive(TradeEvent)]
struct SkippedAndExported {
    #[trade_event(skip)]
    #[pii(Email, export = domain)]
    email: String,
}

#[derive(TradeEvent)]
struct NoText {
    #[pii(Phone, export = last4)]
    rate: f64,
}

#[derive(TradeEvent)]
struct TwiceTheKey {
    email: u64,
    #[pii(Phone, export = last4)]
    #[trade_event(rename = "email")]
    phone: String,
}

#[derive(EdgeBreakdown)]
#[pii(Email)]
struct MarkOnEdge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct SensitiveAmount {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    #[sensitive]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct SkippedContext {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(skip)]
    #[pii(Email, export = domain)]
    email: String,
}

#[derive(Labels)]
#[sensitive]
struct MarkOnLabels {
    venue: u64,
}

fn main() {}
