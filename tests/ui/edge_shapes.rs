use tickspan::EdgeBreakdown;

#[derive(EdgeBreakdown)]
enum Either {
    Buy { gross: f64 },
    Sell,
}

#[derive(EdgeBreakdown)]
union Raw {
    gross: f64,
    fees: u64,
}

#[derive(EdgeBreakdown)]
struct Unnamed(#[edge(gross)] f64, #[edge(cost)] f64);

#[derive(EdgeBreakdown)]
struct Unit;

#[derive(EdgeBreakdown)]
struct Leg<N> {
    #[edge(gross)]
    gross: N,
    #[edge(cost)]
    fees: N,
}

#[derive(EdgeBreakdown)]
struct Legs<N> {
    #[edge(leg)]
    buy: Leg<N>,
    #[edge(leg)]
    sell: Leg<f64>,
}

#[derive(EdgeBreakdown)]
struct LentLeg<'a> {
    #[edge(leg)]
    buy: &'a Leg<f64>,
    #[edge(leg)]
    sell: Leg<f64>,
}

fn main() {}
