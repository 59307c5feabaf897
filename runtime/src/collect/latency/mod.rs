//! What clocks that have ended add up to: hops and whole paths, with their percentiles, and what was wrong with them.
//!
//! [`LatencyTable`] is fed by the collector, or on the tracing route on the thread that ends a clock: one lock, and for
//! each hop two histogram increments. It never prints; the guard does.

use std::sync::Arc;

use crate::record::latency::hops::{self, Times};
use crate::record::latency::{End, LatencyPath, Marks, observe_ended_clocks};

mod durations;
#[cfg(feature = "recorder")]
mod finished;
mod metrics;
mod record;
mod spans;
mod summary;
mod table;
mod told;

#[cfg(feature = "recorder")]
pub(crate) use finished::FinishedClock;
pub(crate) use metrics::register;
pub(super) use record::EndedClock;
pub(super) use spans::hop_spans;
pub use summary::{HopSummary, MarkSummary, PathSummary, Percentiles};
pub(crate) use table::LatencyTable;
#[cfg(feature = "recorder")]
pub(crate) use table::WHOLE;

/// Counts the clocks of the tracing route in a table, on the threads that end them. `finished` is given those that were finished.
pub(crate) fn observe_clocks_in(
    table: Arc<LatencyTable>,
    finished: impl Fn(&'static LatencyPath, &Times, &Marks) + Send + Sync + 'static,
) {
    observe_ended_clocks(Box::new(move |path, marks, end| {
        let times = hops::times_now(marks);
        table.observe(path, end, &times, marks.repeated, None);
        if end == End::Finished {
            finished(path, &times, marks);
        }
    }));
}
