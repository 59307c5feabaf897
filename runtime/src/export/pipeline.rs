//! One exporter: its queue, its supervision, its account.
//!
//! The queue and the batches are the SDK's [`BatchSpanProcessor`], as it is: one thread, a bounded
//! queue, a full queue drops. Its own time limits do not hold when an exporter blocks, so every
//! wait on it goes through [`super::bounded`].

use std::sync::Arc;
use std::time::Instant;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanExporter, SpanProcessor};

use super::PipelineSettings;
use super::bounded::{self, Pending};
use super::ledger::{Ledger, Tally};
use super::supervised::Supervised;
use super::thread::ExportThread;

#[derive(Debug)]
pub(crate) struct Pipeline {
    queue: Arc<BatchSpanProcessor>,
    ledger: Arc<Ledger>,
}

impl Pipeline {
    /// Puts `exporter` to work; messages and reports call it `label`.
    pub(super) fn start<E: SpanExporter + 'static>(
        exporter: E,
        label: String,
        settings: PipelineSettings<'_>,
        thread: &ExportThread,
    ) -> Self {
        let ledger = Arc::new(Ledger::new(label));
        let supervised = Supervised {
            exporter,
            runtime: thread.handle().clone(),
            ledger: Arc::clone(&ledger),
            given_up: thread.given_up(),
            timeout: settings.export_timeout,
        };
        let mut queue = BatchSpanProcessor::new(supervised, settings.batch);
        queue.set_resource(settings.resource);
        Self {
            queue: Arc::new(queue),
            ledger,
        }
    }

    /// Where finished spans are put.
    pub(crate) fn queue(&self) -> Arc<BatchSpanProcessor> {
        Arc::clone(&self.queue)
    }

    pub(super) fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Starts to send what is queued.
    pub(super) fn begin_flush(&self, until: Instant) -> Flush {
        let queue = Arc::clone(&self.queue);
        Flush {
            failed_before: self.ledger.tally().failed,
            ledger: Arc::clone(&self.ledger),
            result: bounded::start(move || {
                loop {
                    match queue.force_flush() {
                        // The processor waits 5 s at most; the caller may have more time.
                        Err(OTelSdkError::Timeout(_)) if Instant::now() < until => {}
                        result => return result,
                    }
                }
            }),
        }
    }

    /// Starts to send what is queued and to end the exporter.
    pub(super) fn begin_drain(&self, until: Instant) -> Drain {
        let queue = Arc::clone(&self.queue);
        Drain(bounded::start(move || {
            queue.shutdown_with_timeout(until.saturating_duration_since(Instant::now()))
        }))
    }
}

/// A drain that goes on.
#[derive(Debug)]
pub(super) struct Drain(Pending<OTelSdkResult>);

impl Drain {
    /// Whether the exporter has ended by `until`. Asked again after a `true`, it has no answer.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        matches!(self.0.wait(until), Some(Ok(())))
    }
}

/// A flush that goes on.
#[derive(Debug)]
pub(super) struct Flush {
    failed_before: u64,
    ledger: Arc<Ledger>,
    result: Pending<OTelSdkResult>,
}

/// Why a flush did not deliver every span.
#[derive(Debug)]
pub(crate) struct FlushFailure {
    pub(crate) exporter: String,
    pub(crate) reason: String,
}

impl Flush {
    /// Whether everything that was queued has been exported by `until`.
    pub(super) fn wait(mut self, until: Instant) -> Result<(), FlushFailure> {
        let reason = match self.result.wait(until) {
            None | Some(Err(OTelSdkError::Timeout(_))) => "the deadline passed".to_owned(),
            Some(result) => {
                let tally = self.ledger.tally();
                let failed = tally.failed - self.failed_before;
                match (result, tally.last_failure) {
                    // The processor's own result tells about the last batch only.
                    (_, Some(reason)) if failed > 0 => format!("{failed} spans failed: {reason}"),
                    (Err(error), _) => error.to_string(),
                    (Ok(()), _) => return Ok(()),
                }
            }
        };
        Err(FlushFailure {
            exporter: self.ledger.exporter().to_owned(),
            reason,
        })
    }
}
