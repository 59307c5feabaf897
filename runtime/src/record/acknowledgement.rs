//! Whether a decision is kept, as far as whoever decided can know.

/// Whether what was recorded is kept, whatever happens to the process afterwards.
///
/// Only a recorder with `with_audit` tells; without one, telemetry is not waited for.
///
/// ```
/// use tickspan::{Acknowledgement, EdgeBreakdown};
///
/// #[derive(EdgeBreakdown)]
/// struct Edge {
///     #[edge(gross)]
///     gross: f64,
///     #[edge(cost)]
///     fees: f64,
/// }
///
/// let edge = Edge { gross: 2.0, fees: 0.5 };
/// let decision = edge.decide();
/// match edge.record(&decision) {
///     Acknowledgement::Kept | Acknowledgement::NotAudited => { /* trade */ }
///     // an order without a trace of its reason: whether to send it is the program's to say
///     other => eprintln!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Acknowledgement {
    /// Nobody audits: it goes the way of all telemetry. Or a filter leaves it out, and it goes nowhere.
    NotAudited,
    /// It is written; with `Durability::EachBatch` it is safe from a loss of power as well.
    Kept,
    /// The deadline passed. It waits, and may still be written.
    Late,
    /// It is not written: too many waited, or the disk refused.
    Lost,
}

/// What is known of a decision that a filter leaves out.
#[inline]
pub fn left_out() -> Acknowledgement {
    #[cfg(all(feature = "recorder", not(tickspan_off)))]
    crate::recorder::note_filtered();
    Acknowledgement::NotAudited
}
