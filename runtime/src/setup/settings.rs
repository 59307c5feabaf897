//! The builder and the environment, merged: what is going to be started.
//!
//! Decides and starts nothing. Everything that can be refused without doing something is refused
//! here, so that [`super::chain`] has little left that can fail.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::resource::{SdkProvidedResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SpanLimits;
use uuid::Uuid;

use super::builder::{BatchChoices, Choices};
use super::destination::{self, SignalSettings};
use super::environment::{
    CONSOLE_FILTER, Environment, FILTER, FilterEnvironment, LOG_FILTER, QUEUE_LIMIT, SPAN_FILTER,
    TracingEnvironment, batching, is_header,
};
use super::preset::Preset;
use super::{Error, Route};
use crate::collect::{TailSampling, human};
use crate::console::Console;
use crate::export::{Batching, HistogramKind, Reading};
use crate::policy::{self, ForeignData, Policy};
use crate::propagate::Propagator;
use crate::record::lane::ends;
use crate::record::lane::sampling::HeadSampler;
#[cfg(feature = "recorder")]
use crate::recorder::Recorder;

/// More for one thread is a mistake.
const MOST_CAPACITY: usize = 1 << 30;

/// How often the specification has metrics read, and how long an export of them may take.
const METRIC_INTERVAL: Duration = Duration::from_secs(60);
const METRIC_TIMEOUT: Duration = Duration::from_secs(30);

/// What the specification says of queues and batches.
const QUEUE: usize = 2_048;
const BATCH: usize = 512;
const EXPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// What to start.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(super) struct Settings {
    pub(super) route: Route,
    pub(super) location: bool,
    pub(super) global_subscriber: bool,
    pub(super) otel_context: bool,
    pub(super) lane_capacity: usize,
    pub(super) lane_memory: usize,
    pub(super) tail: Option<TailSampling>,
    pub(super) latency_window: Duration,
    pub(super) hop_spans: bool,
    pub(super) filters: FilterTexts,
    pub(super) foreign_data: ForeignData,
    pub(super) console: Console,
    /// Whether the program or its environment has asked for these lines, or for none.
    pub(super) console_is_set: bool,
    pub(super) no_color: bool,
    pub(super) summary: bool,
    pub(super) shutdown_deadline: Duration,
    /// What travels with requests and messages, unless the builder has a propagator of the program's own.
    pub(super) propagator: Propagator,
    /// `None` under `OTEL_SDK_DISABLED=true`.
    pub(super) tracing: Option<TracingSettings>,
}

/// Filter directives and where they come from.
#[derive(Debug)]
pub(super) struct FilterText {
    pub(super) setting: &'static str,
    pub(super) directives: String,
}

/// What each output wants.
#[derive(Debug)]
pub(super) struct FilterTexts {
    pub(super) spans: FilterText,
    pub(super) console: FilterText,
    pub(super) logs: FilterText,
}

impl FilterTexts {
    /// For each output: the builder's own, the builder's for all, the variable's own, that for all.
    fn merge(choices: &Choices, environment: &FilterEnvironment) -> Self {
        let text = |setting, directives: &Option<String>| {
            directives.clone().map(|directives| FilterText {
                setting,
                directives,
            })
        };
        let of = |builder: (_, &Option<String>), variable: (_, &Option<String>)| {
            text(builder.0, builder.1)
                .or_else(|| text("with_filter", &choices.filter))
                .or_else(|| text(variable.0, variable.1))
                .unwrap_or_else(|| FilterText {
                    setting: FILTER,
                    directives: environment.all.clone().unwrap_or_default(),
                })
        };
        Self {
            spans: of(
                ("with_span_filter", &choices.span_filter),
                (SPAN_FILTER, &environment.spans),
            ),
            console: of(
                ("with_console_filter", &choices.console_filter),
                (CONSOLE_FILTER, &environment.console),
            ),
            logs: of(
                ("with_log_filter", &choices.log_filter),
                (LOG_FILTER, &environment.logs),
            ),
        }
    }
}

/// What to do with spans and metrics.
#[derive(Debug)]
pub(super) struct TracingSettings {
    pub(super) resource: Resource,
    pub(super) sampler: HeadSampler,
    pub(super) limits: SpanLimits,
    pub(super) longest_text: Option<usize>,
    pub(super) batch: Batching,
    pub(super) traces: SignalSettings,
    pub(super) metrics: MetricSettings,
    pub(super) logs: SignalSettings,
    #[cfg_attr(
        not(any(feature = "logs", test)),
        expect(dead_code, reason = "there are no log records")
    )]
    pub(super) log_batch: Batching,
    /// What a preset lacks to have an effect.
    pub(super) missing: Option<&'static str>,
    #[cfg(feature = "recorder")]
    pub(super) recorders: Vec<Recorder>,
}

/// How metrics are kept and read.
#[derive(Debug)]
pub(super) struct MetricSettings {
    pub(super) exporters: SignalSettings,
    /// Where the page for Prometheus is served.
    pub(super) page: Option<String>,
    pub(super) reading: Reading,
    pub(super) temporality: Temporality,
    pub(super) histograms: HistogramKind,
}

impl Settings {
    /// Merges, with `choices` winning over `environment`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] and [`Error::MissingFeature`].
    pub(super) fn merge(choices: &Choices, environment: Environment) -> Result<Self, Error> {
        check_lanes(choices)?;
        check_sending(choices)?;
        let foreign_data = foreign_data(choices, environment.foreign_data)?;
        let tracing = environment
            .tracing
            .map(|tracing| TracingSettings::merge(choices, &foreign_data, tracing))
            .transpose()?;
        Ok(Self {
            route: choices.route,
            location: choices.location,
            global_subscriber: choices.global_subscriber,
            otel_context: choices.otel_context,
            lane_capacity: choices.lane_capacity,
            lane_memory: choices.lane_memory,
            tail: choices.tail,
            latency_window: choices.latency_window,
            hop_spans: choices.hop_spans,
            filters: FilterTexts::merge(choices, &environment.filters),
            foreign_data,
            console: choices.console.or(environment.console).unwrap_or_default(),
            console_is_set: choices.console.or(environment.console).is_some(),
            no_color: environment.no_color,
            summary: choices.summary,
            shutdown_deadline: choices.shutdown_deadline,
            propagator: environment.propagator.unwrap_or_default(),
            tracing,
        })
    }
}

/// Whether the sizes of lanes, the window of percentiles, and the share of traces that is kept can be used.
fn check_lanes(choices: &Choices) -> Result<(), Error> {
    let invalid = |setting, value: String, accepted| {
        Err(Error::Invalid {
            setting,
            value: Some(value),
            accepted,
        })
    };
    if !(ends::LEAST_CAPACITY..=MOST_CAPACITY).contains(&choices.lane_capacity) {
        return invalid(
            "with_lane_capacity",
            choices.lane_capacity.to_string(),
            format!(
                "from {} (128 KiB) to {} bytes (1 GiB)",
                ends::LEAST_CAPACITY,
                MOST_CAPACITY
            ),
        );
    }
    if choices.lane_memory < choices.lane_capacity {
        return invalid(
            "with_lane_memory",
            choices.lane_memory.to_string(),
            format!("at least the {} bytes of one lane", choices.lane_capacity),
        );
    }
    for (setting, queue) in [
        ("with_queue_size", choices.batches.queue),
        ("with_log_queue_size", choices.log_batches.queue),
    ] {
        if let Some(queue) = queue.filter(|size| !(1..=QUEUE_LIMIT).contains(&(*size as u64))) {
            let accepted = format!("from 1 to {}", human::count(QUEUE_LIMIT));
            return invalid(setting, queue.to_string(), accepted);
        }
    }
    if let Some(ratio) = choices.sampling_ratio {
        if !(0.0..=1.0).contains(&ratio) {
            let accepted = "a number from 0 to 1".to_owned();
            return invalid("with_sampling_ratio", ratio.to_string(), accepted);
        }
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&choices.latency_window) {
        return invalid(
            "with_latency_window",
            format!("{:?}", choices.latency_window),
            "from a second to a day".to_owned(),
        );
    }
    match &choices.tail {
        Some(tail) if !tail.is_valid() => invalid(
            "with_tail_sampling",
            format!("{tail:?}"),
            "a ratio from 0 to 1".to_owned(),
        ),
        _ => Ok(()),
    }
}

/// The policy for other crates' data: that of the builder, or a stricter one of the environment.
fn foreign_data(choices: &Choices, least: Policy) -> Result<ForeignData, Error> {
    match choices.foreign_data.fault() {
        Some((key, accepted)) => Err(Error::Invalid {
            setting: "with_foreign_data",
            value: Some(key.to_owned()),
            accepted: accepted.to_owned(),
        }),
        None => Ok(choices.foreign_data.clone().tightened(least)),
    }
}

/// Whether what the builder says of sending can be used.
fn check_sending(choices: &Choices) -> Result<(), Error> {
    if let Some((name, _)) = choices
        .headers
        .0
        .iter()
        .find(|(name, value)| !is_header(name, value))
    {
        return Err(Error::Invalid {
            setting: "with_header",
            value: Some(name.clone()),
            accepted: "a name of letters, digits, `-`, `_` and `.`, and a value of visible ASCII \
                       (which is not shown)"
                .to_owned(),
        });
    }
    for (setting, duration) in [
        ("with_timeout", choices.timeout),
        ("with_metric_interval", choices.metric_interval),
        ("with_metric_timeout", choices.metric_timeout),
        ("with_batch_delay", choices.batches.delay),
        ("with_export_timeout", choices.batches.timeout),
        ("with_log_batch_delay", choices.log_batches.delay),
        ("with_log_export_timeout", choices.log_batches.timeout),
    ] {
        if let Some(wrong) = duration.filter(|d| d.is_zero() || *d > Duration::from_secs(86_400)) {
            return Err(Error::Invalid {
                setting,
                value: Some(format!("{wrong:?}")),
                accepted: "more than nothing, and a day at most".to_owned(),
            });
        }
    }
    let files = [
        ("with_certificate", choices.certificate.as_ref()),
        (
            "with_client_certificate",
            choices.client_certificate.as_ref().map(|(file, _)| file),
        ),
        (
            "with_client_certificate",
            choices.client_certificate.as_ref().map(|(_, key)| key),
        ),
    ];
    for (setting, file) in files {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(Error::no_pem_file(setting, file.display().to_string()));
        }
    }
    Ok(())
}

impl TracingSettings {
    fn merge(
        choices: &Choices,
        foreign_data: &ForeignData,
        environment: TracingEnvironment,
    ) -> Result<Self, Error> {
        #[cfg(not(feature = "recorder"))]
        refuse_recorder(environment.recorder.as_deref())?;
        let preset = choices.preset.or(environment.preset);
        let variables = &environment.preset_variables;
        let batches = BatchChoices {
            delay: environment.batches.delay.or(preset.and_then(Preset::delay)),
            ..environment.batches
        };
        Ok(Self {
            traces: destination::of_traces(choices, &environment)?,
            metrics: MetricSettings {
                exporters: destination::of_metrics(choices, &environment)?,
                page: destination::page_of_metrics(choices, &environment)?,
                reading: Reading {
                    interval: choices
                        .metric_interval
                        .or(environment.metric_interval)
                        .unwrap_or(METRIC_INTERVAL),
                    timeout: choices
                        .metric_timeout
                        .or(environment.metric_timeout)
                        .unwrap_or(METRIC_TIMEOUT),
                },
                temporality: choices
                    .temporality
                    .or(environment.temporality)
                    .unwrap_or_default(),
                histograms: choices
                    .histograms
                    .or(environment.histograms)
                    .unwrap_or_default(),
            },
            logs: destination::of_logs(choices, &environment)?,
            log_batch: batching(
                &batching::LOG_RECORDS,
                "with_log_batch_size",
                &choices.log_batches,
                &environment.log_batches,
            )?,
            missing: preset.and_then(|preset| preset.what_is_missing(variables)),
            #[cfg(feature = "recorder")]
            recorders: recorders(choices, environment.recorder.as_deref())?,
            resource: policy::resource(
                foreign_data,
                &resource(
                    choices
                        .service_name
                        .clone()
                        .or(environment.service_name)
                        .or_else(|| preset.and_then(|preset| preset.service_name(variables))),
                    environment
                        .resource_attributes
                        .into_iter()
                        .chain(choices.resource_attributes.iter().cloned()),
                ),
            ),
            sampler: choices
                .sampling_ratio
                .map(|ratio| HeadSampler {
                    ratio,
                    parent_based: true,
                })
                .or(environment.sampler)
                .unwrap_or_default(),
            limits: choices.limits.unwrap_or(environment.limits),
            longest_text: environment.longest_text,
            batch: batching(
                &batching::SPANS,
                "with_batch_size",
                &choices.batches,
                &batches,
            )?,
        })
    }
}

/// What the builder says of queues and batches, and else the environment.
fn batching(
    names: &batching::Names,
    method: &'static str,
    choices: &BatchChoices,
    environment: &BatchChoices,
) -> Result<Batching, Error> {
    let queue_spans = choices.queue.or(environment.queue).unwrap_or(QUEUE);
    let (setting, size) = match choices.size {
        Some(size) => (method, Some(size)),
        None => (names.batch, environment.size),
    };
    // A larger batch than the queue would never be full; only the default gives way silently.
    if let Some(size) = size.filter(|size| !(1..=queue_spans).contains(size)) {
        let queue = human::count(queue_spans as u64);
        return Err(Error::Invalid {
            setting,
            value: Some(size.to_string()),
            accepted: format!("from 1 to {queue}, the size of the queue"),
        });
    }
    let delay = choices.delay.or(environment.delay);
    let timeout = choices.timeout.or(environment.timeout);
    Ok(Batching {
        queue_spans,
        batch_spans: size.unwrap_or(BATCH.min(queue_spans)),
        delay: delay.unwrap_or(names.default_delay),
        export_timeout: timeout.unwrap_or(EXPORT_TIMEOUT),
    })
}

/// What records in files: the builder's recorders, or that of the environment.
#[cfg(feature = "recorder")]
fn recorders(choices: &Choices, folder: Option<&str>) -> Result<Vec<Recorder>, Error> {
    if choices.recorders.is_empty() {
        return Ok(folder.map(Recorder::from).into_iter().collect());
    }
    for recorder in &choices.recorders {
        if let Some((setting, value, accepted)) = recorder.fault() {
            return Err(Error::Invalid {
                setting,
                value: Some(value),
                accepted: accepted.to_owned(),
            });
        }
    }
    let audited = choices.recorders.iter().filter(|it| it.audit.is_some());
    if audited.count() > 1 {
        return Err(Error::Invalid {
            setting: "with_audit",
            value: Some("more than one recorder".to_owned()),
            accepted: "one recorder with an audit".to_owned(),
        });
    }
    Ok(choices.recorders.clone())
}

#[cfg(not(feature = "recorder"))]
fn refuse_recorder(folder: Option<&str>) -> Result<(), Error> {
    match folder {
        None => Ok(()),
        Some(_) => Err(Error::MissingFeature {
            setting: super::environment::RECORDER,
            wanted: "files of recorded events".to_owned(),
            feature: "recorder",
        }),
    }
}

/// The resource: the SDK's own attributes and the process's id, then those of the environment, then the service name.
fn resource(
    service_name: Option<String>,
    attributes: impl Iterator<Item = (String, String)>,
) -> Resource {
    let resource = Resource::builder_empty()
        // Gives `unknown_service:` and the program's name if nothing below says better.
        .with_detector(Box::new(SdkProvidedResourceDetector))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attribute(KeyValue::new("service.instance.id", instance_id()))
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key, value)));
    match service_name {
        Some(name) => resource.with_service_name(name),
        None => resource,
    }
    .build()
}

/// Tells this process from others of its service, whose metrics would be taken for its own: a random UUID, as the
/// semantic conventions recommend, the same for as long as the process runs.
fn instance_id() -> String {
    static ID: OnceLock<Uuid> = OnceLock::new();
    let id = ID.get_or_init(|| {
        // Keys of the operating system, and never the same twice.
        let [high, low] = [(); 2].map(|()| RandomState::new().hash_one(()));
        let bytes = Uuid::from_u64_pair(high, low).into_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    });
    id.to_string()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use opentelemetry::{Key, Value};

    use super::super::{Builder, Protocol};
    use super::*;

    fn merge(builder: &Builder, variables: &[(&str, &str)]) -> Result<Settings, Error> {
        let environment = Environment::read(&|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| OsString::from(value))
        })?;
        Settings::merge(builder.choices(), environment)
    }

    /// With times in milliseconds.
    fn batching(queue_spans: usize, batch_spans: usize, delay: u64, timeout: u64) -> Batching {
        Batching {
            queue_spans,
            batch_spans,
            delay: Duration::from_millis(delay),
            export_timeout: Duration::from_millis(timeout),
        }
    }

    #[test]
    fn nothing_is_sent_unasked() {
        for variables in [
            &[][..],
            &[
                ("OTEL_TRACES_EXPORTER", "none"),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:1"),
            ],
            &[
                ("OTEL_TRACES_EXPORTER", "console"),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:1"),
            ],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        ] {
            let settings = merge(&Builder::default(), variables).unwrap();
            assert!(
                settings.tracing.unwrap().traces.otlp.is_none(),
                "{variables:?}"
            );
        }
    }

    #[cfg(all(feature = "otlp-grpc", feature = "otlp-http"))]
    #[test]
    fn an_endpoint_or_the_name_asks_for_otlp() {
        let url = |builder: &Builder, variables: &[(&str, &str)]| {
            let tracing = merge(builder, variables).unwrap().tracing;
            tracing
                .and_then(|tracing| tracing.traces.otlp)
                .map(|otlp| otlp.url)
        };
        let unset = Builder::default();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            url(&unset, &[("OTEL_TRACES_EXPORTER", "otlp")]),
            some("http://localhost:4318/v1/traces")
        );
        assert_eq!(
            url(
                &unset,
                &[
                    ("OTEL_TRACES_EXPORTER", "otlp"),
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
                ]
            ),
            some("http://localhost:4317")
        );
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://variable:1");
        assert_eq!(
            url(&unset, &[endpoint]),
            some("http://variable:1/v1/traces")
        );
        let chosen = || Builder::default().with_endpoint("http://builder:2");
        assert_eq!(
            url(&chosen(), &[endpoint]),
            some("http://builder:2/v1/traces")
        );
        assert_eq!(
            url(&chosen(), &[("OTEL_TRACES_EXPORTER", "none")]),
            some("http://builder:2/v1/traces")
        );
        let grpc = chosen().with_protocol(Protocol::Grpc);
        assert_eq!(
            url(&grpc, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]),
            some("http://builder:2")
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn tls_is_refused_only_where_it_would_be_used() {
        let secure = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:hunter2@h");
        let error = merge(&Builder::default(), &[secure])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`tls`") && !error.contains("hunter2"),
            "{error}"
        );
        let off = [
            secure,
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ];
        assert!(merge(&Builder::default(), &off).is_ok());
    }

    #[cfg(not(feature = "otlp-grpc"))]
    #[test]
    fn protocol_that_is_not_compiled_in_is_named_with_its_feature() {
        let builder = Builder::default()
            .with_endpoint("http://h:1")
            .with_protocol(Protocol::Grpc);
        let error = merge(&builder, &[]).unwrap_err().to_string();
        assert!(
            error.contains("`with_endpoint`") && error.contains("`otlp-grpc`"),
            "{error}"
        );
    }

    #[test]
    fn builder_wins_over_the_environment() {
        let builder = Builder::default()
            .with_service_name("builder")
            .with_filter("warn");
        let variables = [
            ("OTEL_SERVICE_NAME", "variable"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=attribute,desk=fx"),
            ("RUST_LOG", "debug"),
        ];
        let name_of = |builder: &Builder, variables: &[(&str, &str)]| {
            let resource = merge(builder, variables).unwrap().tracing.unwrap().resource;
            assert_eq!(resource.get(&Key::new("desk")), Some(Value::from("fx")));
            resource
                .get(&Key::new("service.name"))
                .map(|name| name.to_string())
        };
        assert_eq!(name_of(&builder, &variables).as_deref(), Some("builder"));
        assert_eq!(
            name_of(&Builder::default(), &variables).as_deref(),
            Some("variable")
        );
        assert_eq!(
            name_of(&Builder::default(), &variables[1..]).as_deref(),
            Some("attribute")
        );
        let filter = merge(&builder, &variables).unwrap().filters.spans;
        assert_eq!(
            (filter.setting, filter.directives.as_str()),
            ("with_filter", "warn")
        );
    }

    #[test]
    fn processes_of_one_service_are_told_apart() {
        let id = |variables: &[(&str, &str)]| {
            let settings = merge(&Builder::default(), variables).unwrap();
            let id = settings
                .tracing
                .unwrap()
                .resource
                .get(&Key::new("service.instance.id"));
            id.unwrap().to_string()
        };
        let random = id(&[]);
        assert_eq!(
            Uuid::parse_str(&random).unwrap().get_version(),
            Some(uuid::Version::Random)
        );
        assert_eq!(id(&[]), random);
        assert_eq!(
            id(&[("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=desk-7")]),
            "desk-7"
        );
    }

    /// Where a signal goes.
    #[cfg(all(
        feature = "otlp-grpc",
        feature = "otlp-http",
        feature = "gzip",
        feature = "tls"
    ))]
    fn target(signal: &str, variables: &[(&str, &str)]) -> crate::export::Target {
        let settings = merge(&Builder::default(), variables).unwrap();
        let tracing = settings.tracing.unwrap();
        let exporters = match signal {
            "TRACES" => tracing.traces,
            "METRICS" => tracing.metrics.exporters,
            _ => tracing.logs,
        };
        exporters.otlp.unwrap()
    }

    #[cfg(all(
        feature = "otlp-grpc",
        feature = "otlp-http",
        feature = "gzip",
        feature = "tls"
    ))]
    #[test]
    fn each_variable_of_sending_acts_on_its_signal_and_wins_over_the_one_for_all() {
        use crate::export::Compression;

        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            path.to_str().unwrap().to_owned()
        };
        let files = ["all.pem", "own.pem", "client.pem", "client.key"].map(file);
        let [all, own, client, key] = files.each_ref().map(String::as_str);
        for signal in ["TRACES", "METRICS", "LOGS"] {
            let form = |what: &str| format!("OTEL_EXPORTER_OTLP_{signal}_{what}");
            let exporter = format!("OTEL_{signal}_EXPORTER");
            let general = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=all,b=all"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", all),
                ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", client),
                ("OTEL_EXPORTER_OTLP_CLIENT_KEY", key),
                (&*exporter, "otlp"),
            ];
            let found = target(signal, &general);
            let path = signal.to_ascii_lowercase();
            assert_eq!(found.url, format!("http://all:1/v1/{path}"));
            assert_eq!(found.protocol, Protocol::HttpProtobuf);
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            assert_eq!(found.headers, [pair("a", "all"), pair("b", "all")]);
            assert_eq!(found.timeout, Duration::from_secs(1));
            assert_eq!(found.compression, Compression::Gzip);
            assert_eq!(found.tls.certificate.as_deref(), Some(all.as_ref()));
            let both = found.tls.client.unwrap();
            assert_eq!(
                (both.0.to_str(), both.1.to_str()),
                (Some(client), Some(key))
            );

            let names = [
                "ENDPOINT",
                "PROTOCOL",
                "HEADERS",
                "TIMEOUT",
                "COMPRESSION",
                "CERTIFICATE",
                "CLIENT_CERTIFICATE",
                "CLIENT_KEY",
            ]
            .map(form);
            let values = [
                "http://own:2",
                "grpc",
                "a=own",
                "2000",
                "none",
                own,
                own,
                own,
            ];
            let forms = names.iter().map(String::as_str).zip(values);
            let variables: Vec<_> = general.into_iter().chain(forms).collect();
            let found = target(signal, &variables);
            assert_eq!(found.url, "http://own:2");
            assert_eq!(found.protocol, Protocol::Grpc);
            assert!(found.headers.contains(&pair("a", "own")), "{found:?}");
            assert_eq!(found.timeout, Duration::from_secs(2));
            assert_eq!(found.compression, Compression::None);
            assert_eq!(found.tls.certificate.as_deref(), Some(own.as_ref()));
            let both = found.tls.client.unwrap();
            assert_eq!((both.0.to_str(), both.1.to_str()), (Some(own), Some(own)));
        }
    }

    /// A builder with each setting that a variable has as well.
    fn builder_of_batches_readings_and_limits() -> Builder {
        let limits = SpanLimits {
            max_attributes_per_span: 70,
            ..SpanLimits::default()
        };
        Builder::default()
            .with_queue_size(10_000)
            .with_batch_size(1_000)
            .with_batch_delay(Duration::from_millis(10))
            .with_export_timeout(Duration::from_millis(20))
            .with_log_queue_size(20_000)
            .with_log_batch_size(2_000)
            .with_log_batch_delay(Duration::from_millis(30))
            .with_log_export_timeout(Duration::from_millis(40))
            .with_metric_interval(Duration::from_millis(50))
            .with_metric_timeout(Duration::from_millis(60))
            .with_metric_temporality(Temporality::LowMemory)
            .with_histogram_kind(HistogramKind::Exponential)
            .with_span_limits(limits)
            .with_sampling_ratio(0.5)
            .with_resource_attribute("desk", "rates")
    }

    #[test]
    fn each_setting_of_batches_readings_and_limits_wins_over_its_variable() {
        let variables = [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "2"),
            ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "200"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "3"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "6"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"),
            ("OTEL_TRACES_SAMPLER", "always_off"),
            ("OTEL_RESOURCE_ATTRIBUTES", "desk=fx,region=eu"),
        ];
        let tracing = merge(&builder_of_batches_readings_and_limits(), &variables)
            .unwrap()
            .tracing
            .unwrap();
        assert_eq!(tracing.batch, batching(10_000, 1_000, 10, 20));
        assert_eq!(tracing.log_batch, batching(20_000, 2_000, 30, 40));
        let reading = tracing.metrics.reading;
        assert_eq!(
            (reading.interval.as_millis(), reading.timeout.as_millis()),
            (50, 60)
        );
        assert_eq!(tracing.metrics.temporality, Temporality::LowMemory);
        assert_eq!(tracing.metrics.histograms, HistogramKind::Exponential);
        assert_eq!(tracing.limits.max_attributes_per_span, 70);
        let HeadSampler {
            ratio,
            parent_based,
        } = tracing.sampler;
        assert_eq!((ratio.to_bits(), parent_based), (0.5_f64.to_bits(), true));
        let attribute = |key: &str| tracing.resource.get(&Key::new(key.to_owned()));
        assert_eq!(attribute("desk"), Some(Value::from("rates")));
        assert_eq!(attribute("region"), Some(Value::from("eu")));
    }

    #[test]
    fn each_wrong_setting_of_batches_and_readings_is_named() {
        let none = Duration::ZERO;
        let builder = Builder::default;
        for (setting, builder) in [
            ("with_queue_size", builder().with_queue_size(0)),
            ("with_batch_size", builder().with_batch_size(2_049)),
            (
                "with_batch_size",
                builder().with_queue_size(10).with_batch_size(11),
            ),
            ("with_batch_delay", builder().with_batch_delay(none)),
            ("with_export_timeout", builder().with_export_timeout(none)),
            (
                "with_log_queue_size",
                builder().with_log_queue_size(1 << 21),
            ),
            ("with_log_batch_size", builder().with_log_batch_size(0)),
            ("with_log_batch_delay", builder().with_log_batch_delay(none)),
            (
                "with_log_export_timeout",
                builder().with_log_export_timeout(none),
            ),
            (
                "with_metric_timeout",
                builder().with_metric_timeout(Duration::MAX),
            ),
            (
                "with_sampling_ratio",
                builder().with_sampling_ratio(f64::NAN),
            ),
            ("with_sampling_ratio", builder().with_sampling_ratio(1.5)),
        ] {
            let told = merge(&builder, &[]).unwrap_err().to_string();
            assert!(told.contains(&format!("`{setting}`")), "{told}");
        }
    }

    #[test]
    fn each_variable_of_batches_readings_and_limits_acts() {
        let variables = [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "1000"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "2"),
            ("OTEL_BLRP_MAX_QUEUE_SIZE", "2000"),
            ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "200"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "3"),
            ("OTEL_BLRP_EXPORT_TIMEOUT", "4"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "5"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "6"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            (
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "base2_exponential_bucket_histogram",
            ),
            ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"),
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", "8"),
            ("OTEL_SPAN_LINK_COUNT_LIMIT", "9"),
            ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "10"),
            ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "12"),
            ("OTEL_ATTRIBUTE_COUNT_LIMIT", "70"),
            ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "11"),
        ];
        let tracing = merge(&Builder::default(), &variables)
            .unwrap()
            .tracing
            .unwrap();
        assert_eq!(tracing.batch, batching(1_000, 100, 1, 2));
        assert_eq!(tracing.log_batch, batching(2_000, 200, 3, 4));
        let reading = tracing.metrics.reading;
        assert_eq!(
            (reading.interval.as_millis(), reading.timeout.as_millis()),
            (5, 6)
        );
        assert_eq!(tracing.metrics.temporality, Temporality::Delta);
        assert_eq!(tracing.metrics.histograms, HistogramKind::Exponential);
        let limits = tracing.limits;
        assert_eq!(
            [
                limits.max_attributes_per_span,
                limits.max_events_per_span,
                limits.max_links_per_span,
                limits.max_attributes_per_event,
                limits.max_attributes_per_link,
            ],
            [7, 8, 9, 10, 12]
        );
        assert_eq!(tracing.longest_text, Some(11));
        let general = merge(&Builder::default(), &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "70")]);
        let limits = general.unwrap().tracing.unwrap().limits;
        assert_eq!(limits.max_attributes_per_span, 70);
    }

    #[test]
    fn a_batch_has_to_fit_the_queue_that_is_used() {
        let batch = |builder: &Builder, variables: &[(&str, &str)]| {
            merge(builder, variables).map(|it| it.tracing.unwrap().batch)
        };
        let variables = [("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096")];
        let large = Builder::default().with_queue_size(10_000);
        assert_eq!(
            batch(&large, &variables).unwrap(),
            batching(10_000, 4_096, 5_000, 30_000)
        );
        let told = batch(&Builder::default(), &variables)
            .unwrap_err()
            .to_string();
        assert!(told.contains("`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`"), "{told}");
        assert!(told.contains("from 1 to 2,048"), "{told}");
        // A default gives way.
        let small = [("OTEL_BSP_MAX_QUEUE_SIZE", "100")];
        assert_eq!(
            batch(&Builder::default(), &small).unwrap(),
            batching(100, 100, 5_000, 30_000)
        );
        assert_eq!(
            batch(&large, &small).unwrap(),
            batching(10_000, 512, 5_000, 30_000)
        );
    }
}
