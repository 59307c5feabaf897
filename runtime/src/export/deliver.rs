//! Delivering a batch: what every exporter of every signal does, ours and those of the SDK.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
#[cfg(feature = "logs")]
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::time::Instant;

use super::ledger::Ledger;

/// What came of a batch that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// How many of its items the backend did not want.
    pub(crate) rejected: u64,
    /// What the backend says of it; empty where it says nothing.
    pub(crate) remark: String,
}

/// What came of a batch, or why it was not taken.
pub(crate) type Delivery = Result<Delivered, String>;

/// What goes with a batch.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http", feature = "recorder")),
    expect(dead_code, reason = "exporters of the SDK know neither")
)]
pub(crate) struct Job<'a> {
    /// Where trouble is told that another attempt may still mend.
    pub(crate) ledger: &'a Ledger,
    /// When the export is given up.
    pub(crate) until: Instant,
}

/// Delivers batches of the type `B`.
pub(crate) trait Deliver<B>: Send + Sync + 'static {
    /// Delivers one.
    fn deliver(&self, batch: B, job: &Job<'_>) -> impl Future<Output = Delivery> + Send;

    /// Is told that no other will come.
    fn end(&self) -> OTelSdkResult {
        Ok(())
    }
}

/// A span exporter of the SDK.
#[derive(Debug)]
pub(crate) struct SdkSpans<E>(pub(crate) E);

impl<E: SpanExporter + 'static> SdkSpans<E> {
    pub(crate) fn new(mut exporter: E, resource: &Resource) -> Self {
        // Its panic has been printed by the panic hook; it goes on without the resource.
        let _ = catch_unwind(AssertUnwindSafe(|| exporter.set_resource(resource)));
        Self(exporter)
    }
}

impl<E: SpanExporter + 'static> Deliver<Vec<SpanData>> for SdkSpans<E> {
    async fn deliver(&self, batch: Vec<SpanData>, _: &Job<'_>) -> Delivery {
        delivery(self.0.export(batch).await)
    }

    fn end(&self) -> OTelSdkResult {
        self.0.shutdown()
    }
}

/// A metric exporter of the SDK.
#[derive(Debug)]
pub(crate) struct SdkMetrics<E>(pub(crate) E);

impl<'a, E: PushMetricExporter> Deliver<&'a ResourceMetrics> for SdkMetrics<E> {
    async fn deliver(&self, metrics: &'a ResourceMetrics, _: &Job<'_>) -> Delivery {
        delivery(self.0.export(metrics).await)
    }

    fn end(&self) -> OTelSdkResult {
        self.0.shutdown()
    }
}

/// A log record, with the scope that it was made in.
#[cfg(feature = "logs")]
pub(crate) type LogItem = Box<(
    opentelemetry_sdk::logs::SdkLogRecord,
    opentelemetry::InstrumentationScope,
)>;

/// A log exporter of the SDK.
#[cfg(feature = "logs")]
#[derive(Debug)]
pub(crate) struct SdkLogs<E>(E);

#[cfg(feature = "logs")]
impl<E: LogExporter> SdkLogs<E> {
    pub(crate) fn new(mut exporter: E, resource: &Resource) -> Self {
        // Its panic has been printed by the panic hook; it goes on without the resource.
        let _ = catch_unwind(AssertUnwindSafe(|| exporter.set_resource(resource)));
        Self(exporter)
    }
}

#[cfg(feature = "logs")]
impl<E: LogExporter + 'static> Deliver<Vec<LogItem>> for SdkLogs<E> {
    async fn deliver(&self, batch: Vec<LogItem>, _: &Job<'_>) -> Delivery {
        let records: Vec<_> = batch.iter().map(|item| (&item.0, &item.1)).collect();
        delivery(self.0.export(LogBatch::new(&records)).await)
    }

    fn end(&self) -> OTelSdkResult {
        self.0.shutdown()
    }
}

fn delivery(result: OTelSdkResult) -> Delivery {
    match result {
        Ok(()) => Ok(Delivered::default()),
        Err(OTelSdkError::InternalFailure(reason)) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}
