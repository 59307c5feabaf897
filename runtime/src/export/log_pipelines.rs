//! The log records of this process: one provider, and a queue and a thread for each exporter.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};

use super::deliver::{Deliver, LogItem};
use super::ledger::{Items, Tally};
use super::pipeline::{FlushFailure, Pipeline};
use super::queue::{Batching, Queue};
use super::thread::ExportThread;

/// The exporters of log records, and the provider that feeds them.
#[derive(Debug)]
pub(super) struct LogPipelines {
    pipelines: Vec<Pipeline<LogItem>>,
    // Relaxed: a statistic.
    given: Arc<AtomicU64>,
    /// Made when all exporters are there.
    provider: Option<SdkLoggerProvider>,
}

impl LogPipelines {
    pub(super) fn new() -> Self {
        Self {
            pipelines: Vec::new(),
            given: Arc::default(),
            provider: None,
        }
    }

    /// Adds an exporter, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(super) fn add<E: Deliver<Vec<LogItem>>>(
        &mut self,
        label: String,
        exporter: E,
        batching: Batching,
        thread: &ExportThread,
    ) -> io::Result<()> {
        let pipeline = Pipeline::start(exporter, label, Items::LogRecords, batching, thread)?;
        self.pipelines.push(pipeline);
        Ok(())
    }

    /// Makes the provider, where there is an exporter.
    pub(super) fn open(&mut self, resource: &Resource) {
        if self.pipelines.is_empty() {
            return;
        }
        let processor = Fill {
            queues: self.pipelines.iter().map(Pipeline::queue).collect(),
            given: Arc::clone(&self.given),
        };
        let provider = SdkLoggerProvider::builder()
            .with_resource(resource.clone())
            .with_log_processor(processor);
        self.provider = Some(provider.build());
    }

    pub(super) fn provider(&self) -> Option<&SdkLoggerProvider> {
        self.provider.as_ref()
    }

    /// How many records were given, and what became of them.
    pub(super) fn tallies(&self) -> (u64, Vec<Tally>) {
        let tallies = self.pipelines.iter().map(Pipeline::tally).collect();
        (self.given.load(Ordering::Relaxed), tallies)
    }

    /// Asks every exporter at once to send what is queued, and waits.
    pub(super) fn flush(&self, until: Instant) -> Result<(), FlushFailure> {
        let flushes: Vec<_> = self.pipelines.iter().map(Pipeline::begin_flush).collect();
        flushes.into_iter().try_for_each(|flush| flush.wait(until))
    }

    /// Asks every exporter to send what is left, and to end.
    pub(super) fn stop(&self) {
        self.pipelines.iter().for_each(Pipeline::stop);
    }

    /// Whether every exporter has ended by `until`.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let mut ended = true;
        for pipeline in &mut self.pipelines {
            ended &= pipeline.wait(until);
        }
        ended
    }
}

/// Fills the queues, on the thread that logs: neither waits for an exporter nor for another thread longer than a
/// record takes to be moved.
#[derive(Debug)]
struct Fill {
    queues: Vec<Arc<Queue<LogItem>>>,
    given: Arc<AtomicU64>,
}

impl LogProcessor for Fill {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.given.fetch_add(1, Ordering::Relaxed);
        for queue in &self.queues {
            queue.give(Box::new((record.clone(), scope.clone())));
        }
    }

    // The guard flushes and ends the queues, within its deadline: the provider's own calls end here.

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
