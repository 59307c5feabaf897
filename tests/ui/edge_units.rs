use tickspan::EdgeBreakdown;

#[derive(EdgeBreakdown)]
#[edge(unit = "EUR")]
struct Leg {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
#[edge(unit = "USD")]
struct OtherThanTheEdge {
    #[edge(leg)]
    buy: Leg,
    #[edge(cost)]
    conversion: f64,
}

fn main() {}
