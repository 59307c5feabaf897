use tickspan::TradeEvent;

#[derive(TradeEvent)]
struct Fields {
    symbol: String,
    #[trade_event(rename = "symbol")]
    ticker: String,
    message: u64,
}

#[derive(TradeEvent)]
#[trade_event(skip)]
#[trade_event(nam = "x")]
#[trade_event(unit = "USD")]
struct Options {
    #[trade_event(level = "debug")]
    price: f64,
    #[trade_event(skipp)]
    size: f64,
    #[trade_event(skip, rename = "x")]
    depth: u32,
    #[trade_event(rename = "A price")]
    best: f64,
}

#[derive(TradeEvent)]
enum Either {
    Buy { price: f64 },
    Sell,
}

#[derive(TradeEvent)]
struct Unnamed(f64);

#[derive(TradeEvent)]
union Raw {
    price: f64,
    size: u64,
}

fn main() {
    Unnamed(1.0).record();
}
