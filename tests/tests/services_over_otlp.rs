//! The examples that are several services, each in a process of its own, send one trace to a real receiver.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tickspan_tests::receiver::{ReceivedSpan, Receiver, text, the_span};

/// Runs an example against a receiver; gives what it printed and what arrived.
fn run(example: &str) -> (String, Vec<ReceivedSpan>) {
    let receiver = Receiver::http();
    let output = tickspan_tests::example::example(example)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .output()
        .expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    // Each process has flushed before it ended.
    (stdout, receiver.spans())
}

fn service(received: &ReceivedSpan) -> &str {
    match received.resource_attribute("service.name") {
        Some(Value::StringValue(name)) => name,
        other => panic!("a service without a name: {other:?}"),
    }
}

/// Spans as lines, children below their parents by their names, for tasks begin in any order: the service, the name, and the kind unless it is internal.
fn tree(spans: &[ReceivedSpan]) -> String {
    fn write(spans: &[ReceivedSpan], parent: &[u8], depth: usize, text: &mut String) {
        let mut children: Vec<_> = spans
            .iter()
            .filter(|child| child.span.parent_span_id == parent)
            .collect();
        children.sort_by(|one, other| one.span.name.cmp(&other.span.name));
        for child in children {
            let kind = match child.span.kind() {
                SpanKind::Internal => String::new(),
                kind => format!(
                    " ({})",
                    &kind.as_str_name()["SPAN_KIND_".len()..].to_lowercase()
                ),
            };
            text.push_str(&"  ".repeat(depth));
            _ = writeln!(text, "{}: {}{kind}", service(child), child.span.name);
            write(spans, &child.span.span_id, depth + 1, text);
        }
    }
    let mut text = String::new();
    write(spans, &[], 0, &mut text);
    text
}

fn trace_of(received: &ReceivedSpan) -> String {
    let mut id = String::new();
    for byte in &received.span.trace_id {
        _ = write!(id, "{byte:02x}");
    }
    id
}

/// The spans of each trace, in the order in which the traces began.
fn traces(spans: Vec<ReceivedSpan>) -> Vec<Vec<ReceivedSpan>> {
    let mut traces: BTreeMap<String, Vec<ReceivedSpan>> = BTreeMap::new();
    for span in spans {
        traces.entry(trace_of(&span)).or_default().push(span);
    }
    let mut traces: Vec<_> = traces.into_values().collect();
    let start = |trace: &Vec<ReceivedSpan>| {
        let starts = trace
            .iter()
            .map(|received| received.span.start_time_unix_nano);
        starts.min()
    };
    traces.sort_by_key(start);
    traces
}

/// Whether a span says that its parent is in another process: bits 8 and 9 of its flags, in OTLP.
fn has_remote_parent(received: &ReceivedSpan) -> bool {
    received.span.flags & 0x300 == 0x300
}

#[test]
fn two_services_form_one_trace_over_http() {
    let (stdout, spans) = run("axum_service");
    let [answered, refused] = <[_; 2]>::try_from(traces(spans)).expect("a trace for each request");
    assert_eq!(
        tree(&answered),
        "quotes: GET /quotes/{symbol} (server)\n\
         \x20 quotes: audit\n\
         \x20 quotes: price_of\n\
         \x20   quotes: GET /prices/{symbol} (client)\n\
         \x20     pricing: GET /prices/{symbol} (server)\n\
         \x20       pricing: look_up\n"
    );
    for received in &answered {
        let crosses = service(received) == "pricing" && received.span.kind() == SpanKind::Server;
        assert_eq!(
            has_remote_parent(received),
            crosses,
            "{}",
            received.span.name
        );
    }
    assert!(stdout.contains(&trace_of(&answered[0])), "{stdout}");
    let failed = the_span(&refused, "price_of");
    assert_eq!(failed.attribute("tickspan.outcome"), Some(&text("error")));
    let sent = refused
        .iter()
        .find(|received| received.span.kind() == SpanKind::Client);
    assert_eq!(
        sent.and_then(|sent| sent.attribute("error.type")),
        Some(&text("404"))
    );
    for received in answered.iter().chain(&refused) {
        let text = format!("{:?}", received.span.attributes);
        assert!(
            !text.contains("/quotes/AAPL") && !text.contains("/prices/NONE"),
            "{text}"
        );
    }
}

#[test]
fn producer_and_worker_form_one_trace_over_a_queue() {
    let (stdout, spans) = run("kafka_style_worker");
    let [trace] = <[_; 1]>::try_from(traces(spans)).expect("one trace");
    let order = "\x20 producer: send orders (producer)\n\
                 \x20   worker: process orders (consumer)\n\
                 \x20     worker: execute\n";
    assert_eq!(
        tree(&trace),
        format!("producer: rebalance\n{}", order.repeat(3))
    );
    assert!(stdout.contains(&trace_of(&trace[0])), "{stdout}");
    for received in trace
        .iter()
        .filter(|received| received.span.name.ends_with(" orders"))
    {
        let is_processed = service(received) == "worker";
        assert_eq!(has_remote_parent(received), is_processed);
        assert_eq!(received.attribute("messaging.system"), Some(&text("kafka")));
        let destination = received.attribute("messaging.destination.name");
        assert_eq!(destination, Some(&text("orders")));
        // Baggage, which was asked for by name.
        let in_all = is_processed.then_some(&Value::IntValue(3));
        assert_eq!(received.attribute("orders_in_all"), in_all);
    }
}

#[test]
fn command_line_api_and_worker_form_one_trace() {
    let (stdout, spans) = run("cli_to_worker");
    let [trace] = <[_; 1]>::try_from(traces(spans)).expect("one trace");
    assert_eq!(
        tree(&trace),
        "cli: submit\n\
         \x20 cli: POST (client)\n\
         \x20   api: POST /backtests (server)\n\
         \x20     api: enqueue (producer)\n\
         \x20       worker: run (consumer)\n\
         \x20         worker: replay\n\
         \x20         worker: replay\n\
         \x20         worker: replay\n"
    );
    assert!(stdout.contains(&trace_of(&trace[0])), "{stdout}");
    let run = the_span(&trace, "run");
    assert!(has_remote_parent(run));
    assert_eq!(run.attribute("strategy"), Some(&text("mean_reversion")));
}

#[test]
fn wrapped_clients_follow_the_conventions_and_keep_what_is_private() {
    let (_, spans) = run("wrapped_clients");
    let [trace] = <[_; 1]>::try_from(traces(spans)).expect("one trace");
    assert_eq!(
        tree(&trace),
        "wrapped_clients: book\n\
         \x20 wrapped_clients: GET (client)\n\
         \x20 wrapped_clients: INSERT orders (client)\n\
         \x20 wrapped_clients: INSERT orders (client)\n\
         \x20 wrapped_clients: INSERT orders (client)\n\
         \x20 wrapped_clients: SELECT orders (client)\n\
         \x20 wrapped_clients: SET (client)\n"
    );
    let read = the_span(&trace, "SELECT orders");
    for (key, value) in [
        ("db.system.name", text("sqlite")),
        ("db.namespace", text("trading")),
        ("db.collection.name", text("orders")),
        ("db.operation.name", text("SELECT")),
        ("db.query.summary", text("SELECT orders")),
        ("db.response.returned_rows", Value::IntValue(1)),
    ] {
        assert_eq!(read.attribute(key), Some(&value), "{key}");
    }
    let failed: Vec<_> = trace
        .iter()
        .filter_map(|received| received.attribute("error.type"))
        .collect();
    assert_eq!(failed, [&text("ConstraintViolation")]);
    let all = format!("{trace:?}");
    for private in ["DU123456", "s3ss10n", "session:", "INSERT INTO"] {
        assert!(!all.contains(private), "{private}");
    }
}
