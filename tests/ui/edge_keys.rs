use tickspan::EdgeBreakdown;

#[derive(EdgeBreakdown)]
struct Leg {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(context)]
    number: u64,
}

#[derive(EdgeBreakdown)]
struct SensitiveTogether {
    #[edge(leg)]
    account: Leg,
}

#[derive(EdgeBreakdown)]
struct OneKeyTwice {
    #[edge(leg)]
    buy: Leg,
    #[edge(cost, rename = "buy.fees")]
    fees: f64,
}

fn main() {}
