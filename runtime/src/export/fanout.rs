//! The queues of all exporters, and what fills them.
//!
//! On the lane route that is the collector. On the tracing route it is the one span processor, which the SDK calls
//! on the thread that starts or ends a span: it counts the span, measures its stage and queues it, and neither waits
//! nor allocates but for the copy that each further exporter needs. One processor instead of one for each
//! exporter, because the SDK copies a span for every processor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::pipelines::Fill;
#[cfg(feature = "recorder")]
use crate::collect::FinishedClock;
use crate::collect::{Sink, StageMetrics, StageTable};
use crate::policy;

/// How many sampled spans were started and ended.
#[derive(Debug, Default)]
pub(crate) struct SpanCounts {
    // Relaxed: statistics, read when the program ends.
    started: AtomicU64,
    ended: AtomicU64,
}

impl SpanCounts {
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Spans that have started and not ended.
    pub(crate) fn open(&self) -> u64 {
        // Two loads: a span that starts and ends between them must not make this negative.
        self.started
            .load(Ordering::Relaxed)
            .saturating_sub(self.ended())
    }
}

/// The queues of every exporter.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(super) spans: Fill<SpanData>,
    #[cfg(feature = "recorder")]
    pub(super) clocks: Fill<FinishedClock>,
}

impl Queues {
    /// Whether latency clocks are wanted, each by itself.
    #[cfg(feature = "recorder")]
    pub(crate) fn want_clocks(&self) -> bool {
        !self.clocks.is_empty()
    }

    /// Queues a latency clock for every exporter that wants it.
    #[cfg(feature = "recorder")]
    pub(crate) fn give_clock(&self, clock: FinishedClock) {
        self.clocks.give(clock);
    }

    /// How many spans were given.
    pub(crate) fn given(&self) -> u64 {
        self.spans.given()
    }
}

impl Sink for Arc<Queues> {
    #[cfg(feature = "recorder")]
    fn give_clock(&mut self, clock: FinishedClock) {
        Queues::give_clock(self, clock);
    }

    fn give_all(&mut self, spans: &mut Vec<SpanData>) {
        self.spans.give_all(spans);
    }
}

#[derive(Debug)]
pub(crate) struct Fanout {
    pub(crate) counts: Arc<SpanCounts>,
    pub(crate) stages: Option<Arc<StageTable>>,
    // Locked for as long as one stage is counted.
    pub(crate) metrics: Option<Mutex<StageMetrics>>,
    pub(crate) queues: Arc<Queues>,
}

impl SpanProcessor for Fanout {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {
        self.counts.started.fetch_add(1, Ordering::Relaxed);
    }

    fn on_end(&self, mut span: SpanData) {
        policy::unmark(&mut span);
        policy::span(&mut span);
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        if let Some(stages) = &self.stages {
            stages.observe(&span);
        }
        if let Some(metrics) = &self.metrics {
            // Where a thread panicked meanwhile, one stage may be half counted.
            let mut metrics = metrics.lock().unwrap_or_else(PoisonError::into_inner);
            metrics.observe_span(&span);
        }
        self.queues.spans.give(span);
    }

    // The guard flushes and shuts the queues down itself, all at once and each within the deadline;
    // the SDK would do one after the other. So the provider's own calls end here.

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
