use tickspan::{Sensitive, TradeEvent};

#[derive(TradeEvent)]
struct Fields {
    symbol: String,
    note: String,
    api_key: Sensitive<String>,
    timeout: std::time::Duration,
}

#[derive(TradeEvent)]
struct Generic<N> {
    price: N,
}

fn main() {}
