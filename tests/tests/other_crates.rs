//! What other crates of OpenTelemetry and `tracing` find inside a stage on the lane route. Each line of the table in
//! `docs/routes.md` has its test here.

use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tickspan::testing::capture;
use tickspan::{Context, otel_context, traced_stage};
use tickspan_tests::child::Child;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

#[traced_stage]
fn around(inside: impl FnOnce()) {
    inside();
}

#[traced_stage]
fn inner() {}

fn parent_of(spans: &[SpanData], child: &str) -> Option<String> {
    let child = spans.iter().find(|span| span.name == child)?;
    let parent = spans
        .iter()
        .find(|span| span.span_context.span_id() == child.parent_span_id)?;
    Some(parent.name.to_string())
}

#[test]
fn spans_of_tracing_nest_in_stages_and_stages_in_them() {
    let ((), seen) = capture(|| {
        around(|| tracing::info_span!("request").in_scope(inner));
    });
    assert_eq!(
        parent_of(seen.spans(), "request").as_deref(),
        Some("around")
    );
    assert_eq!(parent_of(seen.spans(), "inner").as_deref(), Some("request"));
}

#[test]
fn the_current_span_of_tracing_is_not_the_stage() {
    let ((), seen) = capture(|| {
        around(|| {
            let current = tracing::Span::current();
            assert!(current.is_disabled());
            current.record("quantity", 5);
            current.set_attribute("quantity", 5);
            // Nor has a span inside an identity that could be put into headers.
            let request = tracing::info_span!("request");
            for span in [current, request] {
                assert!(!span.context().span().span_context().is_valid());
            }
        });
    });
    assert!(seen.span("around").attributes.is_empty());
}

#[test]
fn a_span_trace_has_spans_and_no_stages() {
    let traced = tracing_subscriber::registry()
        .with(tickspan::layer())
        .with(tracing_error::ErrorLayer::default());
    let mut trace = String::new();
    let ((), seen) = capture(|| {
        tracing::subscriber::with_default(traced, || {
            tracing::info_span!("request").in_scope(|| {
                around(|| trace = tracing_error::SpanTrace::capture().to_string());
            });
        });
    });
    assert_eq!(seen.tree(), "request\n  around\n");
    assert!(
        trace.contains("::request") && !trace.contains("around"),
        "{trace:?}"
    );
}

#[test]
fn in_current_span_does_not_hand_a_stage_on_and_attach_does() {
    let ((), seen) = capture(|| {
        around(|| {
            let context = Context::current();
            std::thread::scope(|threads| {
                let lost = async { inner() }.in_current_span();
                threads.spawn(|| futures::executor::block_on(lost));
                let kept = context.attach(async { around(|| {}) });
                threads.spawn(|| futures::executor::block_on(kept));
            });
        });
    });
    assert_eq!(seen.tree(), "around\n  around\n");
}

#[test]
fn an_event_of_tracing_is_an_event_of_the_stage() {
    let ((), seen) = capture(|| around(|| tracing::info!(attempt = 2, "venue answered late")));
    assert_eq!(seen.tree(), "around\n- venue answered late attempt=2\n");
}

#[test]
fn otel_context_has_the_ids_of_the_stage() {
    let mut inside = SpanId::INVALID;
    let ((), seen) = capture(|| {
        around(|| {
            assert!(!opentelemetry::Context::current().has_active_span());
            inside = otel_context().span().span_context().span_id();
        });
    });
    assert_eq!(inside, seen.span("around").span_context.span_id());
}

#[test]
fn an_sdk_span_is_a_child_of_the_stage_where_the_context_is_given() {
    let exported = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exported.clone())
        .build();
    let tracer = provider.tracer("another crate");
    let ((), seen) = capture(|| {
        around(|| {
            drop(tracer.start("alone"));
            drop(tracer.start_with_context("child", &otel_context()));
        });
    });
    let spans = exported.get_finished_spans().unwrap();
    assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
    let stage = seen.span("around").span_context.clone();
    assert_eq!(spans[1].parent_span_id, stage.span_id());
    assert_eq!(spans[1].span_context.trace_id(), stage.trace_id());
}

#[test]
fn with_otel_context_a_stage_is_the_current_span_of_opentelemetry() {
    Child::of(
        "with_otel_context_a_stage_is_the_current_span_of_opentelemetry",
        || {
            let exported = InMemorySpanExporter::default();
            let telemetry = tickspan::builder()
                .with_otel_context(true)
                .with_span_exporter(exported.clone())
                .init()
                .unwrap();
            let provider = SdkTracerProvider::builder()
                .with_simple_exporter(exported.clone())
                .build();
            let tracer = provider.tracer("another crate");
            around(|| tracer.in_span("request", |_| inner()));
            telemetry.flush(Duration::from_mins(1)).unwrap();
            let spans = exported.get_finished_spans().unwrap();
            assert_eq!(parent_of(&spans, "request").as_deref(), Some("around"));
            assert_eq!(parent_of(&spans, "inner").as_deref(), Some("request"));
            assert!(!opentelemetry::Context::current().has_active_span());
        },
    )
    .run();
}
