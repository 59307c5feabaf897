//! Sends a test span, a test metric and a test log record.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use futures_executor::block_on;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::super::Error;
use super::super::guard::until;
use super::super::settings::TracingSettings;
use super::{Probe, advice};
use crate::export::deliver::Delivered;
use crate::export::otlp::{Failure, Otlp};
use crate::export::{Export, Target, reading_of_one};

/// The name of what is sent.
const NAME: &str = "tickspan.doctor";

/// Sends to every place that settings name.
///
/// # Errors
///
/// [`Error::Thread`] and [`Error::Exporter`].
pub(super) fn all(tracing: &TracingSettings, timeout: Duration) -> Result<Vec<Probe>, Error> {
    let export = Export::start().map_err(|source| Error::Thread { source })?;
    let mut probes = Vec::new();
    let targets = [
        ("traces", &tracing.traces.otlp),
        ("metrics", &tracing.metrics.exporters.otlp),
        ("logs", &tracing.logs.otlp),
    ];
    for (signal, target) in targets {
        let Some(target) = target else { continue };
        match one(&export, tracing, signal, target, timeout) {
            Ok(probe) => probes.push(probe),
            Err(error) => {
                export.shutdown(Instant::now());
                return Err(error);
            }
        }
    }
    export.shutdown(Instant::now());
    Ok(probes)
}

fn one(
    export: &Export,
    tracing: &TracingSettings,
    signal: &'static str,
    target: &Target,
    timeout: Duration,
) -> Result<Probe, Error> {
    let label = target.label();
    let target = Target {
        timeout: target.timeout.min(timeout),
        ..target.clone()
    };
    let otlp = export
        .in_runtime(|| Otlp::new(&target, &tracing.resource, export.hurry()))
        .map_err(|reason| Error::Exporter {
            exporter: label.clone(),
            source: reason.into(),
        })?;
    let start = Instant::now();
    let until = until(timeout).into();
    // In the runtime's context, but outside of it: as exporters are polled.
    let answer = export.in_runtime(|| {
        block_on(async {
            match signal {
                "traces" => otlp.send_spans_once(vec![span()], until).await,
                #[cfg(feature = "logs")]
                "logs" => otlp.send_logs_once(&[log_record()], until).await,
                _ => {
                    let metrics = reading_of_one(&tracing.resource, NAME);
                    otlp.send_metrics_once(&metrics, until).await
                }
            }
        })
    });
    let took = start.elapsed();
    Ok(probe(signal, label, &target, took, answer))
}

fn probe(
    signal: &'static str,
    label: String,
    target: &Target,
    took: Duration,
    answer: Result<Delivered, Failure>,
) -> Probe {
    let (remark, failure) = match answer {
        Ok(delivered) if delivered.rejected > 0 => {
            (None, Some(advice::of_rejection(&delivered.remark)))
        }
        Ok(delivered) => (
            Some(delivered.remark).filter(|remark| !remark.is_empty()),
            None,
        ),
        Err(failure) => (None, Some(advice::of_failure(signal, target, &failure))),
    };
    Probe {
        signal,
        target: label,
        took,
        remark,
        failure,
    }
}

fn span() -> SpanData {
    let now = SystemTime::now();
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(fastrand::u128(1..)),
            SpanId::from(fastrand::u64(1..)),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: Cow::Borrowed(NAME),
        start_time: now - Duration::from_millis(1),
        end_time: now,
        attributes: vec![KeyValue::new("tickspan.test", true)],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("tickspan").build(),
    }
}

#[cfg(feature = "logs")]
fn log_record() -> crate::export::deliver::LogItem {
    use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity};

    let logger = opentelemetry_sdk::logs::SdkLoggerProvider::builder()
        .build()
        .logger("tickspan");
    let mut record = logger.create_log_record();
    let now = SystemTime::now();
    record.set_timestamp(now);
    record.set_observed_timestamp(now);
    record.set_severity_number(Severity::Info);
    record.set_severity_text("INFO");
    record.set_body(NAME.into());
    record.add_attribute("tickspan.test", true);
    Box::new((record, InstrumentationScope::builder("tickspan").build()))
}
