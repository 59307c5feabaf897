//! The example program, run as its users run it, sends its spans to a real receiver in both protocols.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tickspan_tests::example::example;
use tickspan_tests::receiver::{ReceivedSpan, Receiver, text};

const MESSAGES: usize = 2_000;

/// Runs `trading_pipeline` against `receiver` and gives what arrived.
fn run(receiver: &Receiver, protocol: &str) -> Vec<ReceivedSpan> {
    let output = example("trading_pipeline")
        .args([
            "--messages",
            &MESSAGES.to_string(),
            "--otlp",
            &receiver.url(),
            "--protocol",
            protocol,
        ])
        // Every span is to arrive, however slow the machine is.
        .env("OTEL_BSP_MAX_QUEUE_SIZE", "100000")
        .env(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        )
        .output()
        .expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("2,000 messages"), "{stdout}");
    assert!(stdout.contains(" 0 failed, 0 dropped"), "{stdout}");
    // The program has flushed before it ended.
    receiver.spans()
}

fn check(spans: &[ReceivedSpan]) {
    let named = |name: &str| -> Vec<&ReceivedSpan> {
        spans
            .iter()
            .filter(|received| received.span.name == name)
            .collect()
    };
    assert_eq!(named("on_message").len(), MESSAGES);
    assert_eq!(named("decode_message").len(), MESSAGES);
    assert!(!named("execute_order").is_empty());

    let by_id: HashMap<&[u8], &ReceivedSpan> = spans
        .iter()
        .map(|received| (&*received.span.span_id, received))
        .collect();
    assert_eq!(by_id.len(), spans.len(), "span ids are unique");
    let parent = |child: &ReceivedSpan| by_id.get(&*child.span.parent_span_id).copied();
    for (child, expected) in [
        ("decode_message", "on_message"),
        ("update_book", "on_message"),
        ("find_signal", "on_message"),
        ("check_risk", "on_message"),
        ("submit_order", "on_message"),
        // Across the task boundary.
        ("execute_order", "submit_order"),
        ("match_levels", "execute_order"),
        ("handle_fill", "on_message"),
    ] {
        for child in named(child) {
            let parent = parent(child).unwrap_or_else(|| panic!("{child:?} has no parent"));
            assert_eq!(parent.span.name, expected, "{child:?}");
            assert_eq!(parent.span.trace_id, child.span.trace_id);
        }
    }
    for root in named("on_message") {
        assert!(root.span.parent_span_id.is_empty());
    }

    let submitted = named("submit_order")[0];
    assert_eq!(submitted.span.kind, SpanKind::Producer as i32);
    let executed = named("execute_order")[0];
    assert_eq!(executed.span.kind, SpanKind::Consumer as i32);
    check_attributes(submitted, named("update_book")[0]);
    let refused = named("check_risk")
        .into_iter()
        .find(|received| received.attribute("tickspan.outcome").is_some())
        .expect("a signal was refused");
    assert_eq!(refused.attribute("tickspan.outcome"), Some(&text("error")));
    assert_eq!(
        refused.attribute("error.type"),
        Some(&text("tickspan_examples::risk::Rejected"))
    );
    let status = refused.span.status.as_ref().expect("a status");
    assert_eq!(
        (status.code, status.message.as_str()),
        (StatusCode::Error as i32, "")
    );
    assert!(
        refused
            .span
            .events
            .iter()
            .any(|event| event.name == "error")
    );

    for received in spans {
        assert_eq!(
            received.resource_attribute("service.name"),
            Some(&text("trading_pipeline"))
        );
        assert_eq!(
            received.resource_attribute("deployment.environment.name"),
            Some(&text("test"))
        );
        assert!(received.span.end_time_unix_nano >= received.span.start_time_unix_nano);
    }
}

/// Each attribute has the type that it has in the program.
fn check_attributes(submitted: &ReceivedSpan, updated: &ReceivedSpan) {
    let int = |key| match submitted.attribute(key) {
        Some(Value::IntValue(value)) => *value,
        other => panic!("`{key}` is {other:?}"),
    };
    assert_eq!(submitted.attribute("symbol"), Some(&text("AAPL")));
    assert!(
        matches!(submitted.attribute("side"), Some(Value::StringValue(side)) if side == "Buy" || side == "Sell")
    );
    assert!(int("quantity") > 0);
    assert!(int("order_id") > 0);
    assert!(
        matches!(submitted.attribute("limit_usd"), Some(Value::DoubleValue(limit)) if *limit > 1.0)
    );
    assert_eq!(
        submitted.attribute("code.function.name"),
        Some(&text("tickspan_examples::venue::Gateway::submit"))
    );
    assert!(
        matches!(submitted.attribute("code.file.path"), Some(Value::StringValue(path)) if path.ends_with("venue.rs"))
    );
    assert!(int("code.line.number") > 1);
    assert!(int("thread.id") > 0);
    assert!(matches!(
        submitted.attribute("thread.name"),
        Some(Value::StringValue(_))
    ));
    for absent in [
        "otel.kind",
        "otel.status_code",
        "tickspan.outcome",
        "error.type",
        "within_reach",
    ] {
        assert_eq!(submitted.attribute(absent), None, "{absent}");
    }
    assert!(matches!(
        updated.attribute("message_kind"),
        Some(Value::StringValue(_))
    ));
}

#[test]
fn over_grpc() {
    let receiver = Receiver::grpc();
    check(&run(&receiver, "grpc"));
}

#[test]
fn over_http() {
    let receiver = Receiver::http();
    let spans = run(&receiver, "http");
    check(&spans);
    assert!(
        receiver
            .requests()
            .iter()
            .all(|request| request.path == "/v1/traces")
    );
}
