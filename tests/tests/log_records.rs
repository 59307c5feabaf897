//! `tracing` events as log records of the OpenTelemetry SDK, with the ids of the stage around.

use std::time::Duration;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::{event, traced_stage};
use tickspan_tests::child::Child;
use tracing_subscriber::prelude::*;

#[traced_stage]
fn submit() {
    tracing::info!(attempt = 2, "venue answered late");
    event!("order_submitted", quantity = 5);
}

#[test]
fn events_of_other_libraries_are_log_records_with_the_ids_of_their_stage() {
    Child::of(
        "events_of_other_libraries_are_log_records_with_the_ids_of_their_stage",
        || {
            let logs = InMemoryLogExporter::default();
            let provider = SdkLoggerProvider::builder()
                .with_simple_exporter(logs.clone())
                .build();
            let spans = InMemorySpanExporter::default();
            let telemetry = tickspan::builder()
                .with_global_subscriber(false)
                .with_span_exporter(spans.clone())
                .init()
                .unwrap();
            tracing_subscriber::registry()
                .with(tickspan::layer().with_events(false))
                .with(tickspan::log_records(OpenTelemetryTracingBridge::new(
                    &provider,
                )))
                .init();

            submit();
            tracing::info!("outside");
            telemetry.flush(Duration::from_mins(1)).unwrap();

            let spans = spans.get_finished_spans().unwrap();
            assert_eq!(spans.len(), 1);
            let events: Vec<_> = spans[0].events.iter().map(|event| &*event.name).collect();
            assert_eq!(events, ["order_submitted"]);

            let logs = logs.get_emitted_logs().unwrap();
            assert_eq!(logs.len(), 2, "{logs:#?}");
            let context = logs[0].record.trace_context().unwrap();
            assert_eq!(context.trace_id, spans[0].span_context.trace_id());
            assert_eq!(context.span_id, spans[0].span_context.span_id());
            assert!(logs[1].record.trace_context().is_none());
        },
    )
    .run();
}
