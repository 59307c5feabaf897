//! What clocks that have ended add up to: hops and whole paths, with their percentiles, and what was wrong with them.
//!
//! [`LatencyTable`] is fed by the collector, or on the tracing route on the thread that ends a clock: one lock, and for
//! each hop two histogram increments. It never prints; the guard does.

use std::sync::Arc;

use crate::record::latency::{hops, observe_ended_clocks};

mod durations;
mod metrics;
mod record;
mod spans;
mod summary;
mod table;
mod told;

pub(crate) use metrics::register;
pub(super) use record::EndedClock;
pub(super) use spans::hop_spans;
pub use summary::{HopSummary, MarkSummary, PathSummary, Percentiles};
pub(crate) use table::LatencyTable;

/// Counts the clocks of the tracing route in a table, on the threads that end them.
pub(crate) fn observe_clocks_in(table: Arc<LatencyTable>) {
    observe_ended_clocks(Box::new(move |path, marks, end| {
        table.observe(path, end, &hops::times_now(marks), marks.repeated, None);
    }));
}
