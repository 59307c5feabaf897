//! Starts the chain: exporters, provider, subscriber, in the order that leaves nothing behind when
//! a step fails.
//!
//! Called once by the builder. First comes what can fail without a trace (the filter), then what
//! can be undone (threads and exporters), last the global subscriber, which cannot.

use std::sync::Arc;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use std::time::Instant;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{BatchConfigBuilder, SdkTracerProvider};

use super::builder::ExporterStart;
use super::guard::{Running, Telemetry};
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use super::settings::OtlpSettings;
use super::settings::{Settings, TracingSettings};
use super::{Error, subscriber};
use crate::collect::StageTable;
use crate::export::{ConsoleExporter, Export, Fanout, Pipeline, PipelineSettings, SpanCounts};

/// Starts everything that `settings` ask for, and the exporters of the user.
///
/// # Errors
///
/// [`Error::Filter`], [`Error::Thread`], [`Error::Exporter`] and [`Error::SubscriberInstalled`].
/// What was started before has then been ended.
pub(super) fn start(
    settings: &Settings,
    exporters: Vec<ExporterStart>,
) -> Result<Telemetry, Error> {
    let filter = subscriber::filter(&settings.filter)?;
    let (running, stages) = match &settings.tracing {
        Some(tracing) => {
            let export = start_exporters(tracing, exporters)?;
            let stages = settings.summary.then(|| Arc::new(StageTable::default()));
            (start_provider(tracing, export, stages.clone()), stages)
        }
        None => (Running::default(), None),
    };
    let tracer = running.provider.as_ref().map(|provider| {
        let scope =
            InstrumentationScope::builder("tickspan").with_version(env!("CARGO_PKG_VERSION"));
        provider.tracer_with_scope(scope.build())
    });
    if let Err(error) = subscriber::install(filter, settings, tracer) {
        running.shutdown(settings.shutdown_deadline);
        return Err(error);
    }
    // From here on the OpenTelemetry layer sees every span of the process.
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
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    if let Some(otlp) = &tracing.otlp {
        if let Err(error) = start_otlp(&mut export, otlp, pipeline_settings(tracing)) {
            export.shutdown(Instant::now());
            return Err(error);
        }
    }
    if tracing.console_exporter {
        export.add(
            "stdout".to_owned(),
            ConsoleExporter,
            pipeline_settings(tracing),
        );
    }
    for start in exporters {
        start(&mut export, pipeline_settings(tracing));
    }
    Ok(Some(export))
}

fn pipeline_settings(tracing: &TracingSettings) -> PipelineSettings<'_> {
    let batch = tracing.batch;
    PipelineSettings {
        resource: &tracing.resource,
        batch: BatchConfigBuilder::default()
            .with_max_queue_size(batch.queue_spans)
            .with_max_export_batch_size(batch.batch_spans)
            .with_scheduled_delay(batch.delay)
            .build(),
        export_timeout: batch.export_timeout,
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
        Ok(exporter) => {
            export.add(label, exporter, settings);
            Ok(())
        }
        Err(error) => Err(Error::Exporter {
            exporter: label,
            // As text, because its own text can hold the URL with the password.
            source: redacted_within(&error.to_string(), &otlp.url).into(),
        }),
    }
}

/// Makes the provider if anything wants spans: an exporter, or the summary.
fn start_provider(
    tracing: &TracingSettings,
    export: Option<Export>,
    stages: Option<Arc<StageTable>>,
) -> Running {
    if export.is_none() && stages.is_none() {
        return Running::default();
    }
    let counts = Arc::new(SpanCounts::default());
    let pipelines = export.as_ref().map(Export::pipelines).unwrap_or_default();
    let mut provider = SdkTracerProvider::builder()
        .with_resource(tracing.resource.clone())
        .with_span_processor(Fanout {
            counts: Arc::clone(&counts),
            stages,
            queues: pipelines.iter().map(Pipeline::queue).collect(),
        });
    if let Some(sampler) = &tracing.sampler {
        provider = provider.with_sampler(sampler.clone());
    }
    Running {
        provider: Some(provider.build()),
        counts,
        export,
    }
}
