//! Options of derives with no value, or with one of another form.

use tickspan::{AttributeValue, EdgeBreakdown, Labels, SafeError, TradeEvent};

#[derive(AttributeValue)]
#[public(reason)]
struct Reason(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", via)]
struct Via(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", via = "Display")]
struct ViaInQuotes(String);

#[derive(AttributeValue)]
#[tickspan(crate = "tickspan")]
struct CrateInQuotes(u64);

#[derive(AttributeValue)]
#[tickspan(krate = tickspan)]
struct Misspelt(u64);

#[derive(EdgeBreakdown)]
#[edge(unit)]
struct Edge {
    #[edge("gross")]
    gross: f64,
    #[edge(cost, rename)]
    fees: f64,
}

#[derive(TradeEvent)]
#[trade_event(name)]
struct Event {
    #[trade_event(rename = PRICE)]
    price: f64,
}

#[derive(Labels)]
#[label(rename = "nothing")]
struct Series {
    #[label(rename)]
    price: f64,
    #[label(rename = "size", rename = "amount",)]
    size: u64,
}

#[derive(SafeError)]
enum Rejected {
    #[safe_error(kind)]
    Late,
    #[safe_error("closed")]
    Closed,
    #[safe_error(kind = "halted", kind = "closed")]
    Halted,
}

#[derive(TradeEvent)]
#[trade_event(nam = "a", levl = "debug", target)]
struct SeveralAtOnce {}

fn main() {}
