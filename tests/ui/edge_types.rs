use tickspan::{AttributeValue, EdgeBreakdown, Sensitive};

#[derive(EdgeBreakdown)]
struct Mixed {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: i64,
    #[edge(threshold)]
    min_edge: f32,
}

#[derive(EdgeBreakdown)]
struct NotNumbers {
    #[edge(gross)]
    gross: String,
    #[edge(cost)]
    fees: String,
}

#[derive(EdgeBreakdown)]
struct NotANumber {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: Option<f64>,
}

#[derive(EdgeBreakdown)]
struct Byte {
    #[edge(gross)]
    gross: u8,
    #[edge(cost)]
    fees: u8,
}

struct Usd(f64);

#[derive(EdgeBreakdown)]
struct Unproven {
    #[edge(gross)]
    gross: Usd,
    #[edge(cost)]
    fees: Usd,
}

#[derive(AttributeValue)]
#[public(reason = "a fee of a public exchange")]
struct Text(String);

#[derive(EdgeBreakdown)]
struct TextAmount {
    #[edge(gross)]
    gross: Text,
    #[edge(cost)]
    fees: Text,
}

#[derive(EdgeBreakdown)]
struct SensitiveContext {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(context)]
    account: Sensitive<String>,
    #[edge(context)]
    owner: String,
}

#[derive(EdgeBreakdown)]
struct NoLeg {
    #[edge(leg)]
    buy: f64,
}

#[derive(EdgeBreakdown)]
struct OtherLeg {
    #[edge(gross)]
    gross: i64,
    #[edge(leg)]
    buy: Leg,
}

#[derive(EdgeBreakdown)]
struct Leg {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(EdgeBreakdown)]
struct OptionalLeg {
    #[edge(leg)]
    buy: Option<Leg>,
    #[edge(leg)]
    sell: Leg,
}

fn main() {
    let edge = Leg { gross: 1.0, fees: 0.5 };
    let _ = edge.decide_with(|_| Err("stale book"));
}
