//! Each macro, where `tickspan` is a crate that re-exports it.

use tickspan::{
    AttributeValue, Counter, EdgeBreakdown, Labels, LatencyStages, Redacted, SafeError, StageClock,
    TradeEvent, event, public, record, stage, traced_stage,
};

/// A side.
#[derive(AttributeValue)]
pub enum Side {
    /// It buys.
    Buy,
}

/// A symbol.
#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
pub struct Symbol(pub String);

/// Why not.
#[derive(Debug, SafeError)]
pub enum Rejected {
    /// It is too large.
    TooLarge,
}

/// Who trades.
#[derive(Redacted)]
pub struct Login {
    /// Its desk.
    pub desk: u32,
    /// What opens it.
    #[sensitive]
    pub password: String,
}

#[derive(LatencyStages)]
enum Path {
    Received,
    Checked,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(TradeEvent)]
struct QuotePulled {
    depth: u32,
}

#[derive(Labels)]
struct By<'a> {
    venue: &'a str,
}

static CHECKS: Counter<By> = Counter::new("behind_facade.checks");

/// Checks an order.
///
/// # Errors
///
/// It is too large.
#[traced_stage(err, mark = Path::Checked)]
pub async fn check(
    side: Side,
    symbol: &Symbol,
    quantity: u64,
    #[pii(Email, export = domain)] trader: &str,
) -> Result<u64, Rejected> {
    let _ = (side, symbol, trader);
    let edge = Edge {
        gross: 120.0,
        fees: 15.0,
    };
    let _ = edge.record(&edge.decide());
    let _ = QuotePulled { depth: 3 }.record();
    CHECKS.add(1, &By { venue: "XNAS" });
    event!(
        "checked",
        tape = public!("late", reason = "text of the public trade tape")
    );
    let filled = stage!("fill", quantity, async { quantity.min(1_000) }).await;
    record!(filled);
    if filled < quantity {
        return Err(Rejected::TooLarge);
    }
    Ok(filled)
}

/// A clock of the path.
pub fn clock() -> impl Copy {
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    clock
}
