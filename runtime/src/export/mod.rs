//! Where finished spans go, and what became of each.
//!
//! Finished spans are put into the [`Queue`] of each [`Pipeline`]: by the collector, or on the tracing route by
//! [`Fanout`] on the thread that ended them. A pipeline is one exporter with a thread of its own, supervised;
//! [`ExportThread`] turns the I/O of those exporters. [`crate::setup`] builds all of it and is the only caller. Nothing
//! here may block the thread that ends a span, reach the caller's tokio runtime, or be traced
//! itself.

mod console;
mod fanout;
mod ledger;
mod metrics;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) mod otlp;
mod pipeline;
mod queue;
mod quiet;
mod supervised;
mod thread;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;

pub(crate) use console::ConsoleExporter;
pub(crate) use fanout::{Fanout, Queues, SpanCounts};
pub(crate) use ledger::Tally;
pub(crate) use pipeline::FlushFailure;
use pipeline::Pipeline;
pub(crate) use queue::{Batching, Queue};
pub(crate) use quiet::enter as quiet;
use thread::ExportThread;

/// How long shutdown waits, after the deadline, for exporters to notice that they were given up.
/// Their spans are then counted as failed; an exporter that blocks its thread does not notice, and
/// is left behind.
const GRACE: Duration = Duration::from_millis(100);

/// The exporters of this process and the thread that serves them.
#[derive(Debug)]
pub(crate) struct Export {
    thread: ExportThread,
    pipelines: Vec<Pipeline>,
}

impl Export {
    /// Starts the export thread, without exporters.
    pub(crate) fn start() -> io::Result<Self> {
        Ok(Self {
            thread: ExportThread::start()?,
            pipelines: Vec::new(),
        })
    }

    /// Runs `make` where a tokio runtime can be found, as network clients want when they are made.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(crate) fn in_runtime<T>(&self, make: impl FnOnce() -> T) -> T {
        let _runtime = self.thread.handle().enter();
        make()
    }

    /// Adds an exporter, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(crate) fn add<E: SpanExporter + 'static>(
        &mut self,
        label: String,
        exporter: E,
        settings: PipelineSettings<'_>,
    ) -> io::Result<()> {
        let pipeline = Pipeline::start(exporter, label, settings, &self.thread)?;
        self.pipelines.push(pipeline);
        Ok(())
    }

    /// The queue of every exporter.
    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        self.pipelines.iter().map(Pipeline::queue).collect()
    }

    /// Has the health of telemetry observed by the meters of `provider`.
    pub(crate) fn register_metrics(exporters: Option<&Self>, provider: &dyn MeterProvider) {
        let exporters = exporters.map(|export| {
            let pipelines = export.pipelines.iter();
            pipelines.map(Pipeline::account).collect()
        });
        metrics::register(provider, exporters.unwrap_or_default());
    }

    /// The account of every exporter until now.
    pub(crate) fn tallies(&self) -> Vec<Tally> {
        self.pipelines.iter().map(Pipeline::tally).collect()
    }

    /// Asks every exporter at once to send what is queued, and waits.
    ///
    /// # Errors
    ///
    /// The first exporter that lost spans or did not finish by `until`.
    pub(crate) fn flush(&self, until: Instant) -> Result<(), FlushFailure> {
        let flushes: Vec<_> = self.pipelines.iter().map(Pipeline::begin_flush).collect();
        flushes.into_iter().try_for_each(|flush| flush.wait(until))
    }

    /// Drains every exporter at once until `until`, gives up what is left, and stops the export
    /// thread. Returns whether everything ended in time.
    pub(crate) fn shutdown(mut self, until: Instant) -> (bool, Vec<Tally>) {
        for pipeline in &self.pipelines {
            pipeline.stop();
        }
        let mut drained_in_time = true;
        for pipeline in &mut self.pipelines {
            drained_in_time &= pipeline.wait(until);
        }
        if !drained_in_time {
            self.thread.give_up();
            let grace = Instant::now() + GRACE;
            for pipeline in &mut self.pipelines {
                pipeline.wait(grace);
            }
        }
        let tallies = self.tallies();
        self.thread.stop(until.max(Instant::now() + GRACE));
        (drained_in_time, tallies)
    }
}

/// What every pipeline is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PipelineSettings<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) batching: Batching,
}
