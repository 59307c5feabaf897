//! A clock that was finished, on its way to the recorder.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};

use super::table::{hop_budget, hop_name};
use crate::record::latency::LatencyPath;
use crate::record::latency::hops::{Hop, Measured, Times, measure};

/// What the line of a clock is made of, on the exporter's thread.
#[derive(Clone, Debug)]
pub(crate) struct FinishedClock {
    pub(crate) path: &'static LatencyPath,
    /// When its marks were made, in nanoseconds since 1970.
    pub(crate) times: Times,
    /// Marks that were made more than once.
    pub(crate) repeated: u16,
    /// The span in which it was finished; invalid where there was none.
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// When its last mark was made; of one without a mark, when it was seen.
    pub(crate) time: SystemTime,
}

impl FinishedClock {
    pub(crate) fn new(
        path: &'static LatencyPath,
        times: &Times,
        repeated: u16,
        (trace, span): (TraceId, SpanId),
    ) -> Self {
        let last = times.iter().flatten().max();
        Self {
            path,
            times: *times,
            repeated,
            trace,
            span,
            time: last.map_or_else(SystemTime::now, |unix| {
                UNIX_EPOCH + Duration::from_nanos(*unix)
            }),
        }
    }

    /// What its marks say.
    pub(crate) fn measured(&self) -> Measured {
        measure(self.times.get(..self.path.marks.len()).unwrap_or_default())
    }

    /// The name of a hop, and what it may take, or 0.
    pub(crate) fn of_hop(&self, hop: &Hop) -> (String, u64) {
        (hop_name(self.path, hop), hop_budget(self.path, hop))
    }
}
