//! What a program sets itself, before the environment is read.

use std::any::type_name;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::{SpanExporter, SpanLimits};
use tracing::Level;

use super::endpoint::Unchecked;
use super::environment::{Environment, Headers, Lookup};
use super::settings::Settings;
use super::{Error, Preset, Protocol, Route, Telemetry, chain, hmac_key};
use crate::Sensitive;
use crate::collect::TailSampling;
use crate::console::{Console, notice};
use crate::export::{
    Batching, Compression, Export, HistogramKind, MetersBuilder, Reading, SdkSpans,
};
use crate::policy::ForeignData;
use crate::propagate::{self, Configured};
use crate::record::lane::ends;
#[cfg(feature = "recorder")]
use crate::recorder::Recorder;

/// Settings of telemetry, made with [`builder`](crate::builder) and put to work with
/// [`init`](Self::init).
///
/// # What wins
///
/// For each setting on its own: the builder, then the variable for one signal, then the variable for
/// all signals, then the preset, then the default. A variable is checked even where the builder wins. An empty
/// variable counts as unset.
///
/// | builder | variables | default |
/// |---|---|---|
/// | [`with_service_name`](Self::with_service_name) | `OTEL_SERVICE_NAME`, `service.name` in `OTEL_RESOURCE_ATTRIBUTES` | `unknown_service:` and the program |
/// | [`with_resource_attribute`](Self::with_resource_attribute) | `OTEL_RESOURCE_ATTRIBUTES` (`key=value,…`, percent-encoded) | none |
/// | [`with_preset`](Self::with_preset) | `TICKSPAN_PRESET` (see [`Preset`]) | none |
/// | [`with_endpoint`](Self::with_endpoint) | `OTEL_EXPORTER_OTLP_ENDPOINT` (base; that of one signal as it is) | nothing is sent |
/// | [`with_protocol`](Self::with_protocol) | `OTEL_EXPORTER_OTLP_PROTOCOL` | see [`Protocol`] |
/// | [`with_header`](Self::with_header) | `OTEL_EXPORTER_OTLP_HEADERS` (`name=value,…`, percent-encoded) | none |
/// | [`with_timeout`](Self::with_timeout) | `OTEL_EXPORTER_OTLP_TIMEOUT` (ms) | 10,000 |
/// | [`with_compression`](Self::with_compression) | `OTEL_EXPORTER_OTLP_COMPRESSION` (`none`, `gzip`, `zstd`) | none |
/// | [`with_certificate`](Self::with_certificate) | `OTEL_EXPORTER_OTLP_CERTIFICATE` | the system's |
/// | [`with_client_certificate`](Self::with_client_certificate) | `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, `OTEL_EXPORTER_OTLP_CLIENT_KEY` | none |
/// | [`with_metrics`](Self::with_metrics) | `OTEL_METRICS_EXPORTER` (the words of `OTEL_TRACES_EXPORTER`, and `prometheus`) | `otlp` if an endpoint is set |
/// | [`with_metric_interval`](Self::with_metric_interval), [`with_metric_timeout`](Self::with_metric_timeout) | `OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_METRIC_EXPORT_TIMEOUT` (ms) | 60,000 and 30,000 |
/// | [`with_metric_temporality`](Self::with_metric_temporality) | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | cumulative |
/// | [`with_histogram_kind`](Self::with_histogram_kind) | `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` | with explicit buckets |
/// | [`with_logs`](Self::with_logs) | `OTEL_LOGS_EXPORTER`, `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, `OTEL_BLRP_*` | no log records |
/// | [`with_span_exporter`](Self::with_span_exporter) | `OTEL_TRACES_EXPORTER` (`otlp`, `console`, both with a comma, `none`) | `otlp` if an endpoint is set |
/// | [`with_sampling_ratio`](Self::with_sampling_ratio) | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `parentbased_always_on` |
/// | [`with_queue_size`](Self::with_queue_size) | `OTEL_BSP_MAX_QUEUE_SIZE` (spans, for each exporter) | 2,048 |
/// | [`with_batch_size`](Self::with_batch_size) | `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | 512, or a smaller queue |
/// | [`with_batch_delay`](Self::with_batch_delay), [`with_export_timeout`](Self::with_export_timeout) | `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_EXPORT_TIMEOUT` (ms) | 5,000 and 30,000 |
/// | [`with_log_queue_size`](Self::with_log_queue_size), [`with_log_batch_size`](Self::with_log_batch_size), [`with_log_batch_delay`](Self::with_log_batch_delay), [`with_log_export_timeout`](Self::with_log_export_timeout) | `OTEL_BLRP_*`, the same for log records | 2,048, 512, 1,000 and 30,000 |
/// | [`with_span_limits`](Self::with_span_limits) | `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_EVENT_COUNT_LIMIT`, `OTEL_SPAN_LINK_COUNT_LIMIT`, `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`; `OTEL_ATTRIBUTE_COUNT_LIMIT` for the first where that is not set | 128 each |
/// | | `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` (characters, on the lane route) | none; text of a stage is cut at 1 KiB |
/// | [`with_propagator`](Self::with_propagator) | `OTEL_PROPAGATORS` (`tracecontext`, `baggage`, both with a comma, `none`) | both |
/// | [`with_hmac_key`](Self::with_hmac_key) | `TICKSPAN_HMAC_KEY` (its bytes, at least 32) | none: marked values are withheld |
/// | | `OTEL_SDK_DISABLED` | `false` |
/// | [`with_filter`](Self::with_filter) | `RUST_LOG` | `info` |
/// | [`with_span_filter`](Self::with_span_filter), [`with_console_filter`](Self::with_console_filter), [`with_log_filter`](Self::with_log_filter) | `TICKSPAN_SPAN_FILTER`, `TICKSPAN_CONSOLE_FILTER`, `TICKSPAN_LOG_FILTER` | what the line above says |
/// | [`with_foreign_data`](Self::with_foreign_data) | `TICKSPAN_FOREIGN_DATA` (`checked`, `allow-list`, `none`): the stricter of the two counts | `checked` |
/// | [`with_recorder`](Self::with_recorder) | `TICKSPAN_RECORDER` (a folder) | nothing is recorded in files |
/// | [`with_console`](Self::with_console) | `TICKSPAN_CONSOLE` (`off`, `lines`, `pretty`, `json`, and `operations` after a comma), `NO_COLOR` | lines, coloured on a terminal |
///
/// Each `OTEL_EXPORTER_OTLP_*` variable has a form for one signal, such as
/// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which wins.
///
/// `OTEL_TRACES_EXPORTER=otlp` without an endpoint sends to `localhost`, to the port of the
/// protocol. Set to something without `otlp`, it switches the endpoint variables off, not
/// [`with_endpoint`](Self::with_endpoint). `console` writes finished spans to stdout, and has
/// nothing to do with [`with_console`](Self::with_console).
///
/// With `OTEL_SDK_DISABLED=true` no other `OTEL_*` variable but `OTEL_PROPAGATORS` is read, nothing is exported or
/// measured, also not by exporters of the builder, and no thread is started; log lines still go to
/// stderr.
///
/// A variable that nearly has the name of an `OTEL_*` variable among these is told on stderr; nearly that of a `TICKSPAN_*`
/// variable, it is [`Error::Misspelt`].
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder()
///     .with_service_name("market-maker")
///     .with_filter("info,market_maker::book=debug")
///     .with_shutdown_deadline(Duration::from_secs(2))
///     .init()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing before `init`"]
pub struct Builder {
    pub(super) choices: Choices,
    exporters: Exporters,
    pub(super) metric_exporters: MetricExporters,
    pub(super) log_exporters: Exporters,
    meters: Option<Meters>,
    propagator: Option<Box<dyn TextMapPropagator + Send + Sync>>,
    page: Option<chain::Page>,
    hmac_key: Option<Sensitive<Vec<u8>>>,
}

/// Where the health of telemetry is told.
pub(super) struct Meters(pub(super) Arc<dyn MeterProvider + Send + Sync>);

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}

/// The settings of a [`Builder`] that can be merged with the environment.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(super) struct Choices {
    pub(super) route: Route,
    pub(super) location: bool,
    pub(super) global_subscriber: bool,
    pub(super) otel_context: bool,
    pub(super) lane_capacity: usize,
    pub(super) lane_memory: usize,
    pub(super) tail: Option<TailSampling>,
    #[cfg(feature = "recorder")]
    pub(super) recorders: Vec<Recorder>,
    pub(super) latency_window: Duration,
    pub(super) hop_spans: bool,
    pub(super) batches: BatchChoices,
    pub(super) log_batches: BatchChoices,
    pub(super) sampling_ratio: Option<f64>,
    pub(super) limits: Option<SpanLimits>,
    pub(super) resource_attributes: Vec<(String, String)>,
    pub(super) service_name: Option<String>,
    pub(super) endpoint: Option<Unchecked>,
    pub(super) protocol: Option<Protocol>,
    pub(super) preset: Option<Preset>,
    pub(super) headers: Headers,
    pub(super) compression: Option<Compression>,
    pub(super) timeout: Option<Duration>,
    pub(super) certificate: Option<PathBuf>,
    /// The certificate and its key.
    pub(super) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(super) metrics: Option<bool>,
    pub(super) logs: Option<bool>,
    pub(super) metric_interval: Option<Duration>,
    pub(super) metric_timeout: Option<Duration>,
    pub(super) temporality: Option<Temporality>,
    pub(super) histograms: Option<HistogramKind>,
    pub(super) filter: Option<String>,
    pub(super) span_filter: Option<String>,
    pub(super) console_filter: Option<String>,
    pub(super) log_filter: Option<String>,
    pub(super) foreign_data: ForeignData,
    pub(super) console: Option<Console>,
    pub(super) summary: bool,
    pub(super) shutdown_deadline: Duration,
}

/// How one kind of items waits and is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BatchChoices {
    pub(super) queue: Option<usize>,
    pub(super) size: Option<usize>,
    pub(super) delay: Option<Duration>,
    pub(super) timeout: Option<Duration>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            route: Route::default(),
            location: false,
            global_subscriber: true,
            otel_context: false,
            lane_capacity: ends::CAPACITY,
            lane_memory: ends::TOTAL,
            tail: None,
            #[cfg(feature = "recorder")]
            recorders: Vec::new(),
            latency_window: Duration::from_secs(300),
            hop_spans: false,
            batches: BatchChoices::default(),
            log_batches: BatchChoices::default(),
            sampling_ratio: None,
            limits: None,
            resource_attributes: Vec::new(),
            service_name: None,
            endpoint: None,
            protocol: None,
            preset: None,
            headers: Headers::default(),
            compression: None,
            timeout: None,
            certificate: None,
            client_certificate: None,
            metrics: None,
            logs: None,
            metric_interval: None,
            metric_timeout: None,
            temporality: None,
            histograms: None,
            filter: None,
            span_filter: None,
            console_filter: None,
            log_filter: None,
            foreign_data: ForeignData::default(),
            console: None,
            summary: true,
            shutdown_deadline: Duration::from_secs(5),
        }
    }
}

/// Puts an exporter of the user to work. A closure, because exporters of different types have no
/// common trait object.
pub(super) type ExporterStart =
    Box<dyn FnOnce(&mut Export, &Resource, Batching) -> io::Result<()> + Send>;

/// The same for an exporter of metrics.
pub(super) type MetricExporterStart = Box<dyn FnOnce(&mut MetersBuilder, Reading) + Send>;

#[derive(Default)]
pub(super) struct MetricExporters(pub(super) Vec<MetricExporterStart>);

impl fmt::Debug for MetricExporters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exporters", self.0.len())
    }
}

#[derive(Default)]
pub(super) struct Exporters(pub(super) Vec<ExporterStart>);

impl fmt::Debug for Exporters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exporters", self.0.len())
    }
}

/// Whether `init` has succeeded in this process. Held while it works, so that of two at once one
/// sees the other's result.
static INITIALISED: Mutex<bool> = Mutex::new(false);

impl Builder {
    /// Sets the name of this service, `service.name` in the resource of every span.
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.choices.service_name = Some(name.into());
        self
    }

    /// Adds an exporter of the OpenTelemetry SDK, besides those already set; any number can be
    /// added.
    ///
    /// Each has a queue and a thread of its own. It finds a tokio runtime there, whether or not the
    /// program has one, and it may as well block, at its own cost: spans are dropped and counted
    /// when its queue is full. If it panics, its batch is counted as failed, and it is given the
    /// next one. An export that takes longer than `OTEL_BSP_EXPORT_TIMEOUT` is given up. What it
    /// traces or logs itself goes nowhere. (Where panics abort, its panic ends the program.)
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use opentelemetry_sdk::error::OTelSdkResult;
    /// use opentelemetry_sdk::trace::{SpanData, SpanExporter};
    ///
    /// #[derive(Debug)]
    /// struct Count;
    ///
    /// impl SpanExporter for Count {
    ///     async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
    ///         println!("{} spans", batch.len());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let _telemetry = tickspan::builder().with_span_exporter(Count).init()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_span_exporter<E: SpanExporter + 'static>(mut self, exporter: E) -> Self {
        self.exporters
            .0
            .push(Box::new(move |export, resource, batching| {
                let exporter = export.in_runtime(|| SdkSpans::new(exporter, resource));
                export.add(type_name::<E>().to_owned(), exporter, batching)
            }));
        self
    }

    /// Records everything in files, one folder a day: see [`recorder`](crate::recorder).
    ///
    /// Takes a folder, or a [`Recorder`] with more said; any number can be added. A folder that cannot be written is no error: it is
    /// tried again and again, and the loss is counted.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let _telemetry = tickspan::builder().with_recorder("data/events").init()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "recorder")]
    pub fn with_recorder(mut self, recorder: impl Into<Recorder>) -> Self {
        self.choices.recorders.push(recorder.into());
        self
    }

    /// Tells the meters of `provider` how long stages take and how they end, and how telemetry itself is doing: what was
    /// made, what was exported, and each kind of loss. It serves instead of
    /// [`Telemetry::meter_provider`], and no metrics are then exported by tickspan itself.
    ///
    /// The instruments of stages are bound to their attributes, which the provider has to support: that of the SDK
    /// does.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tickspan::Error> {
    /// // with whichever reader or exporter of metrics the program has
    /// let provider = opentelemetry_sdk::metrics::SdkMeterProvider::builder().build();
    /// let _telemetry = tickspan::builder().with_meter_provider(provider).init()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// | instrument | tells |
    /// |---|---|
    /// | `tickspan.stage.duration` by `tickspan.stage` and the stage's labels | how long stages took, in seconds |
    /// | `tickspan.stage.calls` by the same and `tickspan.outcome` | stages that ended |
    /// | `tickspan.span.started`, `tickspan.span.ended`, `tickspan.span.unsampled` | spans on the lane route |
    /// | `tickspan.loss` by `tickspan.loss.kind` | the losses of [`health`](crate::health()) |
    /// | `tickspan.withheld` by `tickspan.withheld.key` and `tickspan.withheld.why` | what [`withheld`](crate::withheld()) gives |
    /// | `tickspan.lane.memory` | the bytes of all lanes |
    /// | `tickspan.export.span` by `tickspan.exporter` and `tickspan.outcome` | spans that were exported, failed, or dropped at a full queue |
    /// | `tickspan.export.log`, `tickspan.export.clock`, `tickspan.export.metric_data_point` by the same | the same of log records, latency clocks and data points |
    /// | `tickspan.edge.decisions` by `edge.name`, `edge.decision`, `edge.reason` | edges that were recorded |
    /// | `tickspan.edge.net` by `edge.name`, `edge.decision`; `tickspan.edge.gross`; `tickspan.edge.cost` by `edge.component` | their sums, in the unit of the edge |
    /// | `tickspan.export.queue` by `tickspan.exporter` | spans that wait |
    pub fn with_meter_provider(
        mut self,
        provider: impl MeterProvider + Send + Sync + 'static,
    ) -> Self {
        self.meters = Some(Meters(Arc::new(provider)));
        self
    }

    /// Serves all metrics at `http://ADDRESS/metrics` for Prometheus to scrape: those of stages, of telemetry's health, of
    /// [`Counter`](crate::Counter) and its like, and of any instrument of
    /// [`Telemetry::meter_provider`](crate::Telemetry::meter_provider).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let telemetry = tickspan::builder().with_prometheus("0.0.0.0:9464").init()?;
    /// # _ = telemetry;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The address is a host and a port; port 0 takes one that is free, which
    /// [`Prometheus::address`](crate::Prometheus::address) tells. Whoever reaches it can read it: there is no
    /// authentication. An address that cannot be taken is [`Error::Exporter`].
    ///
    /// Unless set, `OTEL_METRICS_EXPORTER=prometheus` asks for it, at `OTEL_EXPORTER_PROMETHEUS_HOST` (`localhost` unless
    /// set) and `OTEL_EXPORTER_PROMETHEUS_PORT` (9464).
    #[cfg(feature = "prometheus")]
    pub fn with_prometheus(mut self, address: impl Into<String>) -> Self {
        self.page = Some(chain::Page(Some(address.into())));
        self
    }

    /// Makes the page for Prometheus without serving it: [`Telemetry::prometheus`](crate::Telemetry::prometheus) gives it
    /// to a server of the program's own.
    #[cfg(feature = "prometheus")]
    pub fn with_prometheus_page(mut self) -> Self {
        self.page = Some(chain::Page(None));
        self
    }

    /// Sets what goes to stderr while the program runs: `false`, `true`, or a [`Console`]. Lines for people, unless set.
    ///
    /// Stdout stays the program's.
    pub fn with_console(mut self, console: impl Into<Console>) -> Self {
        self.choices.console = Some(console.into());
        self
    }

    /// Whether stages are measured, and their [`Summary`](crate::Summary) printed when the guard is
    /// dropped. On unless set.
    ///
    /// On the lane route the collector does it, and it costs the threads of stages nothing. On the
    /// tracing route it costs a lock, a look-up and an increment for each span that ends: 43 ns, measured in a
    /// release build on one thread with 20 names. Threads that end spans at the same moment wait
    /// for each other that long.
    pub fn with_summary(mut self, on: bool) -> Self {
        self.choices.summary = on;
        self
    }

    /// Sets which spans, console lines and log records are made, with directives as in `RUST_LOG`: `warn`,
    /// `info,market_maker::book=debug`. The next three say otherwise for one of them.
    ///
    /// A filtered span is not exported, not measured and costs next to nothing.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let _telemetry = tickspan::builder()
    ///     .with_filter("info")
    ///     .with_console_filter("warn")
    ///     .with_log_filter("info,market_maker=debug")
    ///     .init()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_filter(mut self, directives: impl Into<String>) -> Self {
        self.choices.filter = Some(directives.into());
        self
    }

    /// Sets which spans and events of spans are made, in place of [`with_filter`](Self::with_filter): what is exported,
    /// measured and recorded in files.
    ///
    /// A span is made only where this lets it through. Lines and log records tell the spans around that were made.
    pub fn with_span_filter(mut self, directives: impl Into<String>) -> Self {
        self.choices.span_filter = Some(directives.into());
        self
    }

    /// Sets of which events console lines are written, in place of [`with_filter`](Self::with_filter).
    ///
    /// An event that nothing but a line wants costs a stage as much as one that is exported.
    pub fn with_console_filter(mut self, directives: impl Into<String>) -> Self {
        self.choices.console_filter = Some(directives.into());
        self
    }

    /// Sets of which `tracing` events [log records](Self::with_logs) are made, in place of
    /// [`with_filter`](Self::with_filter).
    pub fn with_log_filter(mut self, directives: impl Into<String>) -> Self {
        self.choices.log_filter = Some(directives.into());
        self
    }

    /// Sets what is exported of the data that other crates record with `tracing` or through the API of
    /// OpenTelemetry: [`ForeignData::checked`] unless set.
    ///
    /// The variable `TICKSPAN_FOREIGN_DATA` can make it stricter, never more open. It holds for spans, events,
    /// links, the resource, console lines, and what goes through [`log_records`](crate::log_records()) and
    /// [`policed`](crate::policed()). It does not touch what stages record.
    pub fn with_foreign_data(mut self, data: ForeignData) -> Self {
        self.choices.foreign_data = data;
        self
    }

    /// Sets how long the guard, when it is dropped, waits for exporters. 5 s unless set; zero gives
    /// up what is queued.
    pub fn with_shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.choices.shutdown_deadline = deadline;
        self
    }

    /// Has another propagator than W3C's put trace context into requests and messages, and take it out:
    /// [`propagate`](crate::propagate) uses it in place of what `OTEL_PROPAGATORS` names.
    ///
    /// For several at once there is `opentelemetry::propagation::TextMapCompositePropagator`; W3C's is
    /// [`propagate::Propagator`](crate::propagate::Propagator).
    pub fn with_propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.propagator = Some(Box::new(propagator));
        self
    }

    /// Chooses the route that stages take: [`Route::Lane`] unless set.
    pub fn with_route(mut self, route: Route) -> Self {
        self.choices.route = route;
        self
    }

    /// Whether each span says where it comes from: `code.function.name`, `code.file.path`, `code.line.number`,
    /// `code.module.name`, `thread.id` and `thread.name`. Off unless set.
    ///
    /// On the lane route it costs the caller nothing; to encode six more attributes costs the export thread more
    /// than three of the stage's own.
    pub fn with_location(mut self, on: bool) -> Self {
        self.choices.location = on;
        self
    }

    /// Whether `init` installs its `tracing` subscriber for the whole process, and the logger of the `log` crate that hands records to it
    /// where none is set. On unless set.
    ///
    /// Without it, stages are recorded where the program's own subscriber lets them through, and spans and
    /// events of other libraries where it has the layer of [`layer`](crate::layer()). Console lines and the
    /// filter are then that subscriber's matter. It does not see what stages emit (`event!`, `ret`, `err`): of that there are
    /// lines where [`with_console`](Self::with_console), or its variable, asks for them. On the tracing route no span is
    /// exported, which is told once.
    pub fn with_global_subscriber(mut self, on: bool) -> Self {
        self.choices.global_subscriber = on;
        self
    }

    /// Whether the current stage is also the current span of `opentelemetry::Context`, for libraries that look
    /// there, and the reverse: spans of an OpenTelemetry tracer are parents of the stages inside them. Off
    /// unless set; each stage then takes some 200 ns more, and allocates once on its thread.
    ///
    /// Without it, [`otel_context`](crate::otel_context) gives the context where it is needed. On the tracing
    /// route it has no effect.
    pub fn with_otel_context(mut self, on: bool) -> Self {
        self.choices.otel_context = on;
        self
    }

    /// Sets the size of a thread's lane: from 128 KiB to 1 GiB; 1 MiB unless set.
    ///
    /// A span takes 56 bytes, or 64 if it has values, eight for each number, and for each text eight and its length, to the next eight.
    /// The collector empties lanes every 5 ms, and when half of one is full; a span that does not fit meanwhile is lost and counted.
    pub fn with_lane_capacity(mut self, bytes: usize) -> Self {
        self.choices.lane_capacity = bytes;
        self
    }

    /// Sets the memory of all lanes together; 256 MiB unless set. The spans of threads beyond it are lost and
    /// counted.
    pub fn with_lane_memory(mut self, bytes: usize) -> Self {
        self.choices.lane_memory = bytes;
        self
    }

    /// Adds an attribute of the resource, which says where every span, metric and log record comes from:
    /// `deployment.environment.name`, say. It wins over one of the same key in `OTEL_RESOURCE_ATTRIBUTES`; the service's
    /// name is that of [`with_service_name`](Self::with_service_name).
    ///
    /// The policy of [`with_foreign_data`](Self::with_foreign_data) holds for its key.
    pub fn with_resource_attribute(
        mut self,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.choices
            .resource_attributes
            .push((key.into(), value.into()));
        self
    }

    /// Sets which share of traces is exported, from 0 to 1: as `OTEL_TRACES_SAMPLER=parentbased_traceidratio`, which it
    /// wins over. A trace that came from another process is exported as that process says. All are measured.
    pub fn with_sampling_ratio(mut self, ratio: f64) -> Self {
        self.choices.sampling_ratio = Some(ratio);
        self
    }

    /// Sets the most attributes, events and links of a span, in place of `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and its like:
    /// 128 of each unless set. What is beyond is left out, and its number exported.
    pub fn with_span_limits(mut self, limits: SpanLimits) -> Self {
        self.choices.limits = Some(limits);
        self
    }

    /// Keeps, of the traces that are sampled, those that turn out to be worth it.
    pub fn with_tail_sampling(mut self, tail: TailSampling) -> Self {
        self.choices.tail = Some(tail);
        self
    }

    /// Sets how far the recent percentiles of latency paths look back: from a second to a day; 5 minutes unless set. See
    /// [`HopSummary::recent`](crate::HopSummary::recent).
    pub fn with_latency_window(mut self, window: Duration) -> Self {
        self.choices.latency_window = window;
        self
    }

    /// Whether each hop of a latency path is a span as well: a child of the stage in which its clock was finished, named
    /// as the hop. Off unless set.
    ///
    /// It costs the caller nothing, and the exporter as much as other spans. A clock that is finished outside of any
    /// stage, or in a trace that is not sampled, has none. On the tracing route it has no effect.
    pub fn with_hop_spans(mut self, on: bool) -> Self {
        self.choices.hop_spans = on;
        self
    }

    /// Sets the key of this deployment for values marked `export = hmac`: at least 32 bytes. The same value has the
    /// same pseudonym under the same key, in whichever process. Needs the feature `hmac`.
    ///
    /// There is no default. Without a key such values are replaced by the marker of their class, which is counted
    /// in [`Health::values_without_key`](crate::Health::values_without_key) and told once by a `tracing` warning.
    pub fn with_hmac_key(mut self, key: &[u8]) -> Self {
        self.hmac_key = Some(Sensitive::new(key.to_vec()));
        self
    }

    /// Reads the environment, starts everything, and installs the global `tracing` subscriber.
    ///
    /// Works the same without a tokio runtime, in one, and in a blocking task of one. Does not wait
    /// for any backend.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Then nothing is installed, and no thread is left running.
    pub fn init(self) -> Result<Telemetry, Error> {
        let set = env::vars_os().map(|(name, _)| name);
        self.init_in(&|name| env::var_os(name), set)
            .map_err(Error::told)
    }

    /// With the variables that are `set`.
    fn init_in(
        self,
        lookup: Lookup<'_>,
        set: impl Iterator<Item = OsString>,
    ) -> Result<Telemetry, Error> {
        let mut initialised = INITIALISED.lock().unwrap_or_else(PoisonError::into_inner);
        if *initialised {
            return Err(Error::AlreadyInitialised);
        }
        let hmac_key = hmac_key::read(self.hmac_key, lookup)?;
        let environment = Environment::read(lookup)?;
        let misspelt = environment.misspelt(set)?;
        let settings = Settings::merge(&self.choices, environment)?;
        if self.meters.is_some() && !self.metric_exporters.0.is_empty() {
            return Err(Error::Invalid {
                setting: "with_metric_exporter",
                value: Some(format!("{:?}", self.metric_exporters)),
                accepted: "none together with `with_meter_provider`, whose own exporters serve"
                    .to_owned(),
            });
        }
        if self.meters.is_some() && self.page.is_some() {
            return Err(Error::Invalid {
                setting: "with_prometheus",
                value: None,
                accepted: "nothing together with `with_meter_provider`, whose own readers serve"
                    .to_owned(),
            });
        }
        let exporters = chain::Exporters {
            spans: self.exporters.0,
            metrics: self.metric_exporters.0,
            logs: self.log_exporters.0,
            page: self.page,
        };
        let telemetry = chain::start(&settings, exporters, self.meters.as_ref())?;
        propagate::configure(match self.propagator {
            Some(propagator) => Configured::Other(propagator),
            None => Configured::W3c(settings.propagator),
        });
        #[cfg(feature = "hmac")]
        if let Some(key) = hmac_key {
            crate::privacy::mark::pseudonym::set_key(&key);
        }
        #[cfg(not(feature = "hmac"))]
        drop(hmac_key);
        for misspelt in misspelt {
            notice(Level::WARN, &format!("tickspan: {misspelt}"));
        }
        *initialised = true;
        Ok(telemetry)
    }

    #[cfg(test)]
    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }
}
