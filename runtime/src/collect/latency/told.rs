//! Where the durations of hops are told, with the trace of the last in each bucket.

use std::time::{Duration, SystemTime};

use opentelemetry::metrics::{BoundHistogram, Histogram};
use opentelemetry::trace::{SpanId, TraceId};

use super::metrics::{DURATION, hop_attributes};
use crate::collect::duration_bounds;
use crate::collect::exemplars::{Buckets, Exemplar, Exemplars};
use crate::record::latency::LatencyPath;

/// A histogram, and exemplars where somebody reads them.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) histogram: Histogram<f64>,
    pub(super) exemplars: Option<Exemplars>,
}

/// The same of one hop.
#[derive(Debug)]
pub(super) struct ToldHop {
    histogram: BoundHistogram<f64>,
    exemplars: Option<Buckets>,
}

impl Told {
    pub(super) fn hop(&self, path: &LatencyPath, hop: &str) -> ToldHop {
        let attributes = hop_attributes(path, hop);
        let exemplars = self.exemplars.as_ref();
        ToldHop {
            histogram: self.histogram.bind(&attributes),
            exemplars: exemplars.map(|all| all.series(DURATION, &attributes, &duration_bounds())),
        }
    }
}

impl ToldHop {
    /// Tells a hop that ended at `time`, in a clock that ended in the span `around`.
    pub(super) fn tell(
        &self,
        duration: Duration,
        around: Option<(TraceId, SpanId)>,
        time: SystemTime,
    ) {
        let value = duration.as_secs_f64();
        self.histogram.record(value);
        if let (Some(buckets), Some((trace, span))) = (&self.exemplars, around) {
            buckets.keep(Exemplar {
                trace,
                span,
                value,
                time,
            });
        }
    }
}
