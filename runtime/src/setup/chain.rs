//! Starts the chain: exporters, the collector or provider, the subscriber, in the order that leaves nothing behind when
//! a step fails.
//!
//! Called once by the builder. First comes what can fail without a trace (the filter), then what
//! can be undone (threads and exporters), last the global subscriber, which cannot.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use opentelemetry_sdk::trace::SdkTracerProvider;

use super::builder::{ExporterStart, Meters};
use super::guard::{Running, Source, Telemetry};
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use super::settings::OtlpSettings;
use super::settings::{Settings, TracingSettings};
use super::{Error, Route, subscriber};
use crate::collect::{self, Collector, Held, Lines, SpanShape, StageMetrics, StageTable, Tail};
use crate::export::{ConsoleExporter, Export, Fanout, PipelineSettings, Queues, SpanCounts};
use crate::policy;
use crate::record::lane::{self, ends, sampling};

/// Starts everything that `settings` ask for, and the exporters of the user.
///
/// # Errors
///
/// [`Error::Filter`], [`Error::Thread`], [`Error::Exporter`] and [`Error::SubscriberInstalled`].
/// What was started before has then been ended.
pub(super) fn start(
    settings: &Settings,
    exporters: Vec<ExporterStart>,
    meters: Option<&Meters>,
) -> Result<Telemetry, Error> {
    let filter = subscriber::filter(&settings.filter)?;
    policy::set(settings.foreign_data.clone());
    let mut running = Running::default();
    let mut stages = None;
    if let Some(tracing) = &settings.tracing {
        running.export = start_exporters(tracing, exporters)?;
        stages = settings.summary.then(|| Arc::new(StageTable::default()));
        if running.export.is_some() || stages.is_some() || meters.is_some() {
            let started = {
                let metrics = meters.map(|Meters(provider)| StageMetrics::new(provider.as_ref()));
                start_source(settings, tracing, &running, stages.clone(), metrics)
            };
            running.source = match started {
                Ok(source) => source,
                Err(error) => {
                    running.shutdown(settings.shutdown_deadline);
                    return Err(error);
                }
            };
        }
    }
    if settings.global_subscriber {
        if let Err(error) = subscriber::install(filter, settings, running.layer()) {
            running.shutdown(settings.shutdown_deadline);
            return Err(error);
        }
    }
    // From here on every stage of the process is seen.
    running.source.open();
    if let Some(Meters(provider)) = meters {
        Export::register_metrics(running.export.as_ref(), provider.as_ref());
    }
    Ok(Telemetry::new(running, stages, settings.shutdown_deadline))
}

/// Starts the export thread and every exporter; without an exporter, nothing.
fn start_exporters(
    tracing: &TracingSettings,
    exporters: Vec<ExporterStart>,
) -> Result<Option<Export>, Error> {
    if tracing.otlp.is_none() && !tracing.console_exporter && exporters.is_empty() {
        return Ok(None);
    }
    let mut export = Export::start().map_err(|source| Error::Thread { source })?;
    match add_exporters(&mut export, tracing, exporters) {
        Ok(()) => Ok(Some(export)),
        Err(error) => {
            export.shutdown(Instant::now());
            Err(error)
        }
    }
}

fn add_exporters(
    export: &mut Export,
    tracing: &TracingSettings,
    exporters: Vec<ExporterStart>,
) -> Result<(), Error> {
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    if let Some(otlp) = &tracing.otlp {
        start_otlp(export, otlp, pipeline_settings(tracing))?;
    }
    let no_thread = |source| Error::Thread { source };
    if tracing.console_exporter {
        export
            .add(
                "stdout".to_owned(),
                ConsoleExporter,
                pipeline_settings(tracing),
            )
            .map_err(no_thread)?;
    }
    for start in exporters {
        start(export, pipeline_settings(tracing)).map_err(no_thread)?;
    }
    Ok(())
}

fn pipeline_settings(tracing: &TracingSettings) -> PipelineSettings<'_> {
    PipelineSettings {
        resource: &tracing.resource,
        batching: tracing.batch,
    }
}

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
fn start_otlp(
    export: &mut Export,
    otlp: &OtlpSettings,
    settings: PipelineSettings<'_>,
) -> Result<(), Error> {
    use super::Protocol;
    use super::endpoint::{redacted, redacted_within};
    use crate::export::otlp as exporter;

    let label = format!("{} at {}", otlp.protocol, redacted(&otlp.url));
    let made = export.in_runtime(|| match otlp.protocol {
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => exporter::grpc(&otlp.url, otlp.timeout),
        #[cfg(feature = "otlp-http")]
        Protocol::HttpProtobuf => exporter::http_protobuf(&otlp.url, otlp.timeout),
        #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
        _ => unreachable!("settings with a protocol that is not compiled in are refused"),
    });
    match made {
        Ok(exporter) => export
            .add(label, exporter, settings)
            .map_err(|source| Error::Thread { source }),
        Err(error) => Err(Error::Exporter {
            exporter: label,
            // As text, because its own text can hold the URL with the password.
            source: redacted_within(&error.to_string(), &otlp.url).into(),
        }),
    }
}

/// Starts what makes spans of stages, on the route that was chosen.
fn start_source(
    settings: &Settings,
    tracing: &TracingSettings,
    running: &Running,
    stages: Option<Arc<StageTable>>,
    metrics: Option<StageMetrics>,
) -> Result<Source, Error> {
    let queues = running
        .export
        .as_ref()
        .map(Export::queues)
        .unwrap_or_default();
    let queues = Arc::new(Queues::new(queues));
    match settings.route {
        Route::Lane => start_collector(settings, tracing, queues, stages, metrics),
        Route::Tracing => Ok(start_provider(tracing, queues, stages, metrics)),
    }
}

fn start_collector(
    settings: &Settings,
    tracing: &TracingSettings,
    queues: Arc<Queues>,
    stages: Option<Arc<StageTable>>,
    metrics: Option<StageMetrics>,
) -> Result<Source, Error> {
    let no_thread = |source| Error::Thread { source };
    let (lines, writer) = if settings.console && settings.global_subscriber {
        let coloured = subscriber::is_coloured(settings.no_color);
        let (lines, writer) = Lines::start(coloured).map_err(no_thread)?;
        (Some(lines), Some(writer))
    } else {
        (None, None)
    };
    let shape = SpanShape {
        limits: tracing.limits,
        longest_text: tracing.longest_text,
        location: settings.location,
    };
    let joiner = collect::joiner(shape, lines, stages, metrics);
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
        writer,
        queues,
        held,
    })
}

fn start_provider(
    tracing: &TracingSettings,
    queues: Arc<Queues>,
    stages: Option<Arc<StageTable>>,
    metrics: Option<StageMetrics>,
) -> Source {
    let counts = Arc::new(SpanCounts::default());
    let provider = SdkTracerProvider::builder()
        .with_resource(tracing.resource.clone())
        .with_sampler(tracing.sampler.to_sdk())
        .with_span_limits(tracing.limits)
        .with_span_processor(Fanout {
            counts: Arc::clone(&counts),
            stages,
            metrics: metrics.map(Mutex::new),
            queues,
        });
    Source::Tracing {
        provider: provider.build(),
        counts,
    }
}
