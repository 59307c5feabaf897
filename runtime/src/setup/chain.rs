//! Starts the chain: exporters, the collector or provider, the subscriber, in the order that leaves nothing behind when
//! a step fails.
//!
//! Called once by the builder. First comes what can fail without a trace (the filter), then what
//! can be undone (threads and exporters), last the global subscriber, which cannot.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use opentelemetry::metrics::MeterProvider;
#[cfg(feature = "recorder")]
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;

use super::builder::{ExporterStart, Meters, MetricExporterStart};
use super::guard::{Running, Source, Telemetry};
use super::settings::{Settings, TracingSettings};
use super::{Error, Route, subscriber};
#[cfg(feature = "recorder")]
use crate::collect::FinishedClock;
use crate::collect::{
    self, Collector, Exemplars, Held, LatencyTable, Lines, SpanShape, StageMetrics, Statistics,
    Tail,
};
use crate::console::notice;
#[cfg(feature = "recorder")]
use crate::export::Batching;
use crate::export::{
    ConsoleExporter, ConsoleMetrics, Export, Fanout, MetersBuilder, Queues, SdkMetrics, SdkSpans,
    SpanCounts, ask_all_subscribers, register_edges,
};
#[cfg(feature = "logs")]
use crate::export::{ConsoleLogs, SdkLogs};
use crate::instrument::{maker, registry};
use crate::outputs::Gate;
use crate::policy;
use crate::record::lane::{self, ends, sampling};
#[cfg(feature = "recorder")]
use crate::record::latency::{LatencyPath, Marks, hops::Times};
#[cfg(feature = "recorder")]
use crate::recorder::{self, Recorder};

/// The exporters of the user.
pub(super) struct Exporters {
    pub(super) spans: Vec<ExporterStart>,
    pub(super) metrics: Vec<MetricExporterStart>,
    pub(super) logs: Vec<ExporterStart>,
    pub(super) page: Option<Page>,
}

/// The page for Prometheus, and where it is served, if tickspan serves it.
#[derive(Debug)]
pub(super) struct Page(pub(super) Option<String>);

/// Starts everything that `settings` ask for, and the exporters of the user.
///
/// # Errors
///
/// [`Error::Filter`], [`Error::Thread`], [`Error::Exporter`] and [`Error::SubscriberInstalled`].
/// What was started before has then been ended.
pub(super) fn start(
    settings: &Settings,
    mut exporters: Exporters,
    meters: Option<&Meters>,
) -> Result<Telemetry, Error> {
    let logs = settings.tracing.as_ref().map(|tracing| &tracing.logs);
    let has_logs = logs.is_some_and(|logs| !logs.is_nothing()) || !exporters.logs.is_empty();
    let gate = subscriber::gate(settings, has_logs)?;
    policy::set(settings.foreign_data.clone());
    settings.console.with_notices();
    let mut running = Running::default();
    let mut statistics = Statistics::default();
    exporters.page = exporters.page.or_else(|| page(settings, meters.is_some()));
    let exemplars = exporters.page.is_some().then(Exemplars::default);
    if let Some(tracing) = &settings.tracing {
        running.export = start_exporters(tracing, exporters, exemplars.clone(), meters.is_some())?;
        let provider = meter_provider(&running, meters);
        let stages_are_wanted = running.export.as_ref().is_some_and(Export::wants_stages);
        let numbers_are_wanted = settings.summary || provider.is_some();
        statistics = Statistics {
            stages: settings.summary.then(Arc::default),
            edges: numbers_are_wanted.then(Arc::default),
            // It finds what is over budget, too, and the spans of hops.
            latency: (numbers_are_wanted || stages_are_wanted)
                .then(|| Arc::new(LatencyTable::new(settings.latency_window))),
        };
        if stages_are_wanted || !statistics.is_empty() {
            let metrics = provider
                .as_deref()
                .map(|provider| StageMetrics::new(provider, exemplars.clone()));
            let started = start_source(
                settings,
                tracing,
                &running,
                statistics.clone(),
                metrics,
                &gate,
            );
            running.source = match started {
                Ok(source) => source,
                Err(error) => {
                    running.shutdown(settings.shutdown_deadline);
                    return Err(error);
                }
            };
        }
    }
    let provider = meter_provider(&running, meters);
    let prepared = match &provider {
        Some(_) => maker::start().map_err(no_thread),
        None => Ok(()),
    };
    let installed = prepared.and_then(|()| {
        if settings.global_subscriber {
            subscriber::install(&gate, settings, &running)
        } else {
            Ok(())
        }
    });
    if let Err(error) = installed {
        running.shutdown(settings.shutdown_deadline);
        return Err(error);
    }
    // When that of the program is there, if it is there already.
    ask_all_subscribers();
    // From here on every stage of the process is seen.
    running.source.open();
    if let Source::Tracing { queues, .. } = &running.source {
        observe(&statistics, queues);
    }
    if let Some(provider) = provider {
        Export::register_metrics(running.export.as_ref(), provider.as_ref());
        if let Some(edges) = &statistics.edges {
            register_edges(&provider, edges);
        }
        if let Some(latency) = &statistics.latency {
            collect::latency::register(provider.as_ref(), latency, exemplars);
        }
        registry::attach(provider.as_ref());
    }
    if let Some(missing) = settings
        .tracing
        .as_ref()
        .and_then(|tracing| tracing.missing)
    {
        notice(Level::WARN, &format!("tickspan: {missing}"));
    }
    let has_spans = running.export.as_ref().is_some_and(Export::has_spans);
    if has_spans && settings.route == Route::Tracing && !settings.global_subscriber {
        notice(
            Level::WARN,
            "tickspan: no span is exported: on the tracing route spans come by way of the subscriber of `init`, which \
             `with_global_subscriber(false)` leaves out",
        );
    }
    Ok(Telemetry::new(
        running,
        statistics,
        settings.shutdown_deadline,
    ))
}

/// The page for Prometheus that the environment asks for; none where the program has a provider of its own.
fn page(settings: &Settings, has_meters: bool) -> Option<Page> {
    let metrics = &settings.tracing.as_ref()?.metrics;
    let address = metrics.page.clone().filter(|_| !has_meters)?;
    Some(Page(Some(address)))
}

/// Whose meters are told of telemetry's health: the program's own, or those that tickspan exports.
fn meter_provider(
    running: &Running,
    meters: Option<&Meters>,
) -> Option<Arc<dyn MeterProvider + Send + Sync>> {
    match (meters, &running.export) {
        (Some(Meters(provider)), _) => Some(Arc::clone(provider)),
        (None, Some(export)) => {
            let provider = export.meter_provider()?.clone();
            Some(Arc::new(provider))
        }
        (None, None) => None,
    }
}

/// Starts the export thread and every exporter; without an exporter, nothing.
fn start_exporters(
    tracing: &TracingSettings,
    exporters: Exporters,
    exemplars: Option<Exemplars>,
    has_meters: bool,
) -> Result<Option<Export>, Error> {
    let without_metrics = has_meters
        || (tracing.metrics.exporters.is_nothing()
            && exporters.metrics.is_empty()
            && exporters.page.is_none());
    let without_spans =
        tracing.traces.is_nothing() && exporters.spans.is_empty() && !records(tracing);
    let without_logs = tracing.logs.is_nothing() && exporters.logs.is_empty();
    if without_spans && without_metrics && without_logs {
        return Ok(None);
    }
    let mut export = Export::start().map_err(no_thread)?;
    let start = || {
        add_span_exporters(&mut export, tracing, exporters.spans)?;
        if !without_metrics {
            start_meters(
                &mut export,
                tracing,
                exporters.metrics,
                exporters.page.zip(exemplars),
            )?;
        }
        #[cfg(feature = "logs")]
        if !without_logs {
            start_logs(&mut export, tracing, exporters.logs)?;
        }
        Ok(())
    };
    match start() {
        Ok(()) => Ok(Some(export)),
        Err(error) => {
            export.shutdown(Instant::now());
            Err(error)
        }
    }
}

/// Whether anything is recorded in files.
#[cfg(feature = "recorder")]
fn records(tracing: &TracingSettings) -> bool {
    !tracing.recorders.is_empty()
}

#[cfg(not(feature = "recorder"))]
fn records(_: &TracingSettings) -> bool {
    false
}

#[cfg(feature = "logs")]
fn start_logs(
    export: &mut Export,
    tracing: &TracingSettings,
    exporters: Vec<ExporterStart>,
) -> Result<(), Error> {
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    if let Some(target) = &tracing.logs.otlp {
        let otlp = make_otlp(export, tracing, target)?;
        let label = export.label(target);
        export
            .add_logs(label, otlp, tracing.log_batch)
            .map_err(no_thread)?;
    }
    if tracing.logs.console {
        let exporter = SdkLogs::new(ConsoleLogs, &tracing.resource);
        export
            .add_logs("stdout".to_owned(), exporter, tracing.log_batch)
            .map_err(no_thread)?;
    }
    for start in exporters {
        start(export, &tracing.resource, tracing.log_batch).map_err(no_thread)?;
    }
    export.open_logs(&tracing.resource);
    Ok(())
}

fn no_thread(source: io::Error) -> Error {
    Error::Thread { source }
}

fn add_span_exporters(
    export: &mut Export,
    tracing: &TracingSettings,
    exporters: Vec<ExporterStart>,
) -> Result<(), Error> {
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    if let Some(target) = &tracing.traces.otlp {
        let otlp = make_otlp(export, tracing, target)?;
        let label = export.label(target);
        export.add(label, otlp, tracing.batch).map_err(no_thread)?;
    }
    if tracing.traces.console {
        let exporter = SdkSpans::new(ConsoleExporter, &tracing.resource);
        export
            .add("stdout".to_owned(), exporter, tracing.batch)
            .map_err(no_thread)?;
    }
    #[cfg(feature = "recorder")]
    for recorder in &tracing.recorders {
        start_recorder(export, recorder, tracing).map_err(no_thread)?;
    }
    for start in exporters {
        start(export, &tracing.resource, tracing.batch).map_err(no_thread)?;
    }
    Ok(())
}

#[cfg(feature = "recorder")]
fn start_recorder(
    export: &mut Export,
    recorder: &Recorder,
    tracing: &TracingSettings,
) -> io::Result<()> {
    let batching = Batching {
        delay: recorder.flush_every,
        ..tracing.batch
    };
    let label = format!("the recorder in {}", recorder.dir.display());
    let (spans, clocks) = recorder::start(recorder, &tracing.resource)?;
    export.add(label.clone(), spans, batching)?;
    match clocks {
        Some(clocks) => export.add_clocks(label, clocks, batching),
        None => Ok(()),
    }
}

fn start_meters(
    export: &mut Export,
    tracing: &TracingSettings,
    exporters: Vec<MetricExporterStart>,
    page: Option<(Page, Exemplars)>,
) -> Result<(), Error> {
    let metrics = &tracing.metrics;
    let mut meters = MetersBuilder::default();
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    if let Some(target) = &metrics.exporters.otlp {
        let otlp = make_otlp(export, tracing, target)?;
        let label = export.label(target);
        meters.add(label, otlp, metrics.temporality, metrics.reading);
    }
    if metrics.exporters.console {
        meters.add(
            "stdout".to_owned(),
            SdkMetrics(ConsoleMetrics),
            metrics.temporality,
            metrics.reading,
        );
    }
    for start in exporters {
        start(&mut meters, metrics.reading);
    }
    if let Some((Page(address), exemplars)) = page {
        #[cfg(feature = "prometheus")]
        meters.add_page(exemplars, address.as_deref().map(listen).transpose()?);
        #[cfg(not(feature = "prometheus"))]
        unreachable!("only `with_prometheus` makes one: {address:?}, {exemplars:?}");
    }
    export
        .start_meters(meters, &tracing.resource, metrics.histograms)
        .map_err(no_thread)
}

/// Takes the port of the page for Prometheus.
#[cfg(feature = "prometheus")]
fn listen(address: &str) -> Result<std::net::TcpListener, Error> {
    std::net::TcpListener::bind(address).map_err(|source| Error::Exporter {
        exporter: format!("the page for Prometheus at {address}"),
        source: source.into(),
    })
}

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
fn make_otlp(
    export: &Export,
    tracing: &TracingSettings,
    target: &crate::export::Target,
) -> Result<crate::export::otlp::Otlp, Error> {
    export
        .in_runtime(|| crate::export::otlp::Otlp::new(target, &tracing.resource, export.hurry()))
        .map_err(|reason| Error::Exporter {
            exporter: target.label(),
            source: reason.into(),
        })
}

/// Starts what makes spans of stages, on the route that was chosen.
fn start_source(
    settings: &Settings,
    tracing: &TracingSettings,
    running: &Running,
    statistics: Statistics,
    metrics: Option<StageMetrics>,
    gate: &Gate,
) -> Result<Source, Error> {
    let queues = running
        .export
        .as_ref()
        .map(Export::queues)
        .unwrap_or_default();
    let queues = Arc::new(queues);
    match settings.route {
        Route::Lane => start_collector(settings, tracing, queues, statistics, metrics, gate),
        Route::Tracing => Ok(start_provider(tracing, queues, statistics, metrics)),
    }
}

fn start_collector(
    settings: &Settings,
    tracing: &TracingSettings,
    queues: Arc<Queues>,
    statistics: Statistics,
    metrics: Option<StageMetrics>,
    gate: &Gate,
) -> Result<Source, Error> {
    let lines = match settings.console.format {
        // A subscriber of the program's own sees nothing of what stages emit, so the lines are these or none.
        Some(format) if settings.global_subscriber || settings.console_is_set => {
            let coloured = subscriber::is_coloured(settings.no_color);
            let operations = settings.console.operations;
            Some(Lines::start(format, coloured, operations).map_err(no_thread)?)
        }
        _ => None,
    };
    let shape = SpanShape {
        limits: tracing.limits,
        longest_text: tracing.longest_text,
        location: settings.location,
        hops: settings.hop_spans,
        #[cfg(feature = "recorder")]
        clocks: queues.want_clocks(),
    };
    // With a subscriber of its own, the program's filters have decided.
    let gate = settings.global_subscriber.then(|| gate.clone());
    let joiner = collect::joiner(shape, lines, statistics, metrics, gate);
    let held = Arc::new(Held::default());
    let collector = match settings.tail {
        None => Collector::start(joiner, Arc::clone(&queues)),
        Some(tail) => {
            let tail = Tail::new(tail, Arc::clone(&held), Arc::clone(&queues));
            Collector::start(joiner, tail)
        }
    }
    .map_err(no_thread)?;
    ends::configure(
        settings.lane_capacity,
        settings.lane_memory,
        collector.thread(),
    );
    sampling::configure(tracing.sampler);
    lane::attach_contexts(settings.otel_context);
    Ok(Source::Lane {
        collector,
        queues,
        held,
    })
}

/// Queues the finished clocks of the tracing route for recorders, as their spans are.
#[cfg(feature = "recorder")]
fn record_clocks(
    queues: Arc<Queues>,
) -> impl Fn(&'static LatencyPath, &Times, &Marks) + Send + Sync + 'static {
    move |path, times, marks| {
        if !queues.want_clocks() {
            return;
        }
        let context = crate::otel_context();
        let span = context.span().span_context().clone();
        // Nobody has decided about what is outside of any trace.
        if span.is_sampled() || !span.is_valid() {
            let ids = (span.trace_id(), span.span_id());
            queues.give_clock(FinishedClock::new(path, times, marks.repeated, ids));
        }
    }
}

/// Counts the edges and clocks of the tracing route, on the threads that record them. It cannot be undone.
fn observe(statistics: &Statistics, queues: &Arc<Queues>) {
    if let Some(edges) = &statistics.edges {
        collect::observe_edges_in(Arc::clone(edges));
    }
    if let Some(latency) = &statistics.latency {
        #[cfg(feature = "recorder")]
        let finished = record_clocks(Arc::clone(queues));
        #[cfg(not(feature = "recorder"))]
        let finished = {
            let _ = queues;
            |_: &_, _: &_, _: &_| {}
        };
        collect::latency::observe_clocks_in(Arc::clone(latency), finished);
    }
}

fn start_provider(
    tracing: &TracingSettings,
    queues: Arc<Queues>,
    statistics: Statistics,
    metrics: Option<StageMetrics>,
) -> Source {
    let counts = Arc::new(SpanCounts::default());
    let provider = SdkTracerProvider::builder()
        .with_resource(tracing.resource.clone())
        .with_sampler(tracing.sampler.to_sdk())
        .with_span_limits(tracing.limits)
        .with_span_processor(Fanout {
            counts: Arc::clone(&counts),
            stages: statistics.stages,
            metrics: metrics.map(Mutex::new),
            queues: Arc::clone(&queues),
        });
    Source::Tracing {
        provider: provider.build(),
        counts,
        queues,
    }
}
