//! The log records of this process: one provider, and a queue and a thread for each exporter.

use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};

use super::deliver::LogItem;
use super::ledger::Items;
use super::pipelines::{Fill, Pipelines};

/// The exporters of log records, and the provider that feeds them.
#[derive(Debug)]
pub(super) struct LogPipelines {
    pub(super) exporters: Pipelines<LogItem>,
    /// Made when all exporters are there.
    provider: Option<SdkLoggerProvider>,
}

impl LogPipelines {
    pub(super) fn new() -> Self {
        Self {
            exporters: Pipelines::new(Items::LogRecords),
            provider: None,
        }
    }

    /// Makes the provider, where there is an exporter.
    pub(super) fn open(&mut self, resource: &Resource) {
        if self.exporters.is_empty() {
            return;
        }
        let provider = SdkLoggerProvider::builder()
            .with_resource(resource.clone())
            .with_log_processor(Processor(self.exporters.fill()));
        self.provider = Some(provider.build());
    }

    pub(super) fn provider(&self) -> Option<&SdkLoggerProvider> {
        self.provider.as_ref()
    }
}

/// Fills the queues, on the thread that logs.
#[derive(Debug)]
struct Processor(Fill<LogItem>);

impl LogProcessor for Processor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.0.give(Box::new((record.clone(), scope.clone())));
    }

    // The guard flushes and ends the queues, within its deadline: the provider's own calls end here.

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
