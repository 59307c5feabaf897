use tickspan::EdgeBreakdown;

#[derive(EdgeBreakdown)]
#[edge(cost)]
#[edge(units = "USD")]
#[edge(unit = "")]
#[edge(level = "loud")]
#[edge(name = "a", name = "b")]
struct OnTheType {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct OnFields {
    #[edge(gros)]
    gross: f64,
    #[edge(cost, unit = "USD")]
    fees: f64,
    #[edge(cost, context)]
    gas: f64,
    #[edge(cost)]
    #[edge(context)]
    slippage: f64,
    #[edge]
    latency: f64,
    #[edge()]
    funding: f64,
    #[edge(rename = "borrow_fee")]
    borrow: f64,
}

#[derive(EdgeBreakdown)]
struct Names {
    #[edge(gross, rename = "total")]
    gross: f64,
    #[edge(cost, rename = "Taker Fee")]
    fees: f64,
    #[edge(cost)]
    net: f64,
    #[edge(cost, rename = "gas")]
    network: f64,
    #[edge(cost)]
    gas: f64,
    #[edge(context, rename = "edge.symbol")]
    symbol: String,
    #[edge(context)]
    message: u64,
    #[edge(skip, rename = "note")]
    memo: String,
}

#[edge(unit = "USD")]
struct WithoutTheDerive;

fn main() {}
