use tickspan::EdgeBreakdown;

#[derive(EdgeBreakdown)]
struct NoGross {
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct NoCost {
    #[edge(gross)]
    gross: f64,
    #[edge(threshold)]
    min_edge: f64,
}

#[derive(EdgeBreakdown)]
struct TwoGross {
    #[edge(gross)]
    bid: f64,
    #[edge(gross)]
    ask: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct TwoThresholds {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(threshold)]
    min_edge: f64,
    #[edge(threshold)]
    min_bps: f64,
}

#[derive(EdgeBreakdown)]
struct Nothing {}

#[derive(EdgeBreakdown)]
struct Forgotten {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    gas: f64,
}

#[derive(EdgeBreakdown)]
struct ForgottenCost {
    #[edge(gross)]
    gross: f64,
    fees: f64,
}

fn main() {
    let edge = NoGross { fees: 1.0 };
    edge.record(&edge.decide());
}
