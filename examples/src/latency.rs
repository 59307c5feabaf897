//! The marks of a message on its way to an order.

use tickspan::LatencyStages;

/// From the row of the feed to the venue, in another task.
#[derive(LatencyStages, Clone, Copy, Debug, PartialEq, Eq)]
#[latency(name = "order", budget = "5ms")]
pub enum Path {
    /// The row is there.
    RowReceived,
    /// The book shows what it says.
    #[latency(budget = "50us")]
    BookUpdated,
    /// There is a reason to trade.
    SignalFound,
    /// Nothing speaks against it.
    RiskPassed,
    /// The venue has the order.
    OrderReceived,
}
