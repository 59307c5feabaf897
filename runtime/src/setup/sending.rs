//! What a program sets of how and where is sent: the part of the builder that network exporters read.

use std::any::type_name;
use std::path::PathBuf;
use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::endpoint::Unchecked;
use super::{Builder, Preset, Protocol};
use crate::export::{Compression, HistogramKind, SdkMetrics};

impl Builder {
    /// Sends spans and metrics with OTLP to `url`, the base URL of a backend or collector, such as
    /// `http://localhost:4318`.
    ///
    /// Over HTTP, `/v1/traces` and its like are appended. `https://` needs the feature `tls`. The URL
    /// may hold a user and a password, which are never shown. Over HTTP, the proxy variables
    /// (`HTTP_PROXY`, `NO_PROXY`) apply, to `localhost` too. Needs the feature `otlp-http` or
    /// `otlp-grpc`.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.choices.endpoint = Some(Unchecked(url.into()));
        self
    }

    /// Chooses how spans and metrics travel. Asks for nothing to be sent by itself.
    pub fn with_protocol(mut self, protocol: Protocol) -> Self {
        self.choices.protocol = Some(protocol);
        self
    }

    /// Takes what is known of a backend as defaults: its address, how it is told who sends.
    pub fn with_preset(mut self, preset: Preset) -> Self {
        self.choices.preset = Some(preset);
        self
    }

    /// Sends a header, over gRPC as metadata, with each request; may be called again. It wins over one of the same
    /// name in `OTEL_EXPORTER_OTLP_HEADERS`. The value is never shown.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let _telemetry = tickspan::builder()
    ///     .with_endpoint("http://localhost:4318")
    ///     .with_header("x-api-key", std::env::var("BACKEND_KEY")?)
    ///     .init()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.choices.headers.0.push((name.into(), value.into()));
        self
    }

    /// Compresses what is sent. Needs the feature `gzip` or `zstd`.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.choices.compression = Some(compression);
        self
    }

    /// Sets how long one request may take; 10 s unless set. A request that may yet be taken is sent again until
    /// `OTEL_BSP_EXPORT_TIMEOUT` has passed.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.choices.timeout = Some(timeout);
        self
    }

    /// Trusts the certificates in this file, in the PEM format, instead of the system's. Needs the feature `tls`, and
    /// matters for `https://` endpoints.
    pub fn with_certificate(mut self, file: impl Into<PathBuf>) -> Self {
        self.choices.certificate = Some(file.into());
        self
    }

    /// Shows the server this certificate, with its key; both files are in the PEM format. Needs the feature `tls`.
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.choices.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Whether metrics are exported. Unless set, they go with OTLP where spans go, and `OTEL_METRICS_EXPORTER` says
    /// otherwise. `true` without any endpoint sends to `localhost`.
    pub fn with_metrics(mut self, on: bool) -> Self {
        self.choices.metrics = Some(on);
        self
    }

    /// Sets how often metrics are exported; each 60 s unless set, and once more at the end.
    pub fn with_metric_interval(mut self, interval: Duration) -> Self {
        self.choices.metric_interval = Some(interval);
        self
    }

    /// Sets how long an export of metrics may take with all its attempts; 30 s unless set.
    pub fn with_metric_timeout(mut self, timeout: Duration) -> Self {
        self.choices.metric_timeout = Some(timeout);
        self
    }

    /// Sets whether a metric that is sent with OTLP tells its sum since the start, or since it was sent before; since the
    /// start, unless set. It is what the backend asks for; an exporter of
    /// [`with_metric_exporter`](Self::with_metric_exporter) says it itself.
    pub fn with_metric_temporality(mut self, temporality: Temporality) -> Self {
        self.choices.temporality = Some(temporality);
        self
    }

    /// Sets how the histograms of all instruments are kept; with explicit buckets, unless set.
    pub fn with_histogram_kind(mut self, kind: HistogramKind) -> Self {
        self.choices.histograms = Some(kind);
        self
    }

    /// Sets how many spans may wait for each exporter: from 1 to 1,048,576; 2,048 unless set.
    pub fn with_queue_size(mut self, spans: usize) -> Self {
        self.choices.batches.queue = Some(spans);
        self
    }

    /// Sets how many spans are exported together: from 1 to the size of the queue; 512 unless set, or the size of a
    /// smaller queue. So many are sent at once, without waiting for the delay.
    pub fn with_batch_size(mut self, spans: usize) -> Self {
        self.choices.batches.size = Some(spans);
        self
    }

    /// Sets how long a span waits for its batch to fill; 5 s unless set.
    pub fn with_batch_delay(mut self, delay: Duration) -> Self {
        self.choices.batches.delay = Some(delay);
        self
    }

    /// Sets how long the export of a batch of spans may take with all its attempts; 30 s unless set. See
    /// [`with_timeout`](Self::with_timeout) for one attempt.
    pub fn with_export_timeout(mut self, timeout: Duration) -> Self {
        self.choices.batches.timeout = Some(timeout);
        self
    }

    /// As [`with_queue_size`](Self::with_queue_size), for log records.
    pub fn with_log_queue_size(mut self, records: usize) -> Self {
        self.choices.log_batches.queue = Some(records);
        self
    }

    /// As [`with_batch_size`](Self::with_batch_size), for log records.
    pub fn with_log_batch_size(mut self, records: usize) -> Self {
        self.choices.log_batches.size = Some(records);
        self
    }

    /// As [`with_batch_delay`](Self::with_batch_delay), for log records; 1 s unless set.
    pub fn with_log_batch_delay(mut self, delay: Duration) -> Self {
        self.choices.log_batches.delay = Some(delay);
        self
    }

    /// As [`with_export_timeout`](Self::with_export_timeout), for log records.
    pub fn with_log_export_timeout(mut self, timeout: Duration) -> Self {
        self.choices.log_batches.timeout = Some(timeout);
        self
    }

    /// Whether `tracing` events are exported as log records. Off unless set, or asked for by `OTEL_LOGS_EXPORTER` or
    /// `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`: their text is free, so an endpoint for spans does not ask for it. Needs the
    /// feature `logs`.
    ///
    /// A record has the trace id and the span id of the stage around. What [`event!`](crate::event!) emits is an event of
    /// its stage and no log record.
    pub fn with_logs(mut self, on: bool) -> Self {
        self.choices.logs = Some(on);
        self
    }

    /// Adds an exporter of log records of the OpenTelemetry SDK; any number can be added. It asks for log records by
    /// itself.
    ///
    /// Each has a queue (`OTEL_BLRP_*`) and a thread of its own, like an exporter of spans.
    #[cfg(feature = "logs")]
    pub fn with_log_exporter<E>(mut self, exporter: E) -> Self
    where
        E: opentelemetry_sdk::logs::LogExporter + 'static,
    {
        let start: super::builder::ExporterStart = Box::new(move |export, resource, batching| {
            let exporter = export.in_runtime(|| crate::export::SdkLogs::new(exporter, resource));
            export.add_logs(type_name::<E>().to_owned(), exporter, batching)
        });
        self.log_exporters.0.push(start);
        self
    }

    /// Adds an exporter of metrics of the OpenTelemetry SDK; any number can be added.
    ///
    /// Each is read by a thread of its own, on which it finds a tokio runtime and may as well block. An export that takes
    /// longer than `OTEL_METRIC_EXPORT_TIMEOUT` is given up, and its data points count as failed.
    pub fn with_metric_exporter<E: PushMetricExporter>(mut self, exporter: E) -> Self {
        self.metric_exporters
            .0
            .push(Box::new(move |meters, reading| {
                let temporality = exporter.temporality();
                meters.add(
                    type_name::<E>().to_owned(),
                    SdkMetrics(exporter),
                    temporality,
                    reading,
                );
            }));
        self
    }
}
