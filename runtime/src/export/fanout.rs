//! The one span processor: counts each finished span, measures its stage, queues it for every
//! exporter.
//!
//! Called by the SDK on the thread that starts or ends a span; it neither waits nor allocates but
//! for the copy that each further exporter needs. One processor instead of one for each exporter,
//! because the SDK copies a span for every processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use crate::collect::StageTable;

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

#[derive(Debug)]
pub(crate) struct Fanout {
    pub(crate) counts: Arc<SpanCounts>,
    pub(crate) stages: Option<Arc<StageTable>>,
    pub(crate) queues: Vec<Arc<BatchSpanProcessor>>,
}

impl SpanProcessor for Fanout {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {
        self.counts.started.fetch_add(1, Ordering::Relaxed);
    }

    fn on_end(&self, span: SpanData) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        if let Some(stages) = &self.stages {
            stages.observe(&span);
        }
        if let Some((last, others)) = self.queues.split_last() {
            for queue in others {
                queue.on_end(span.clone());
            }
            last.on_end(span);
        }
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
