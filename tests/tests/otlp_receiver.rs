//! Spans over real sockets: what `tickspan::init` sends in both protocols, and what it does when
//! nobody takes it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use tickspan::{Protocol, Report};
use tickspan_tests::child::Child;
use tickspan_tests::misbehaving::Nobody;
use tickspan_tests::receiver::{ReceivedSpan, Receiver, text, the_span};

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

fn make_spans() {
    let order = tracing::info_span!(
        "order",
        price = 585.33,
        quantity = 18_i64,
        side = "buy",
        is_maker = true
    );
    order.in_scope(|| {
        tracing::info_span!("risk").in_scope(|| tracing::info!(limit = 5_i64, "checked"));
    });
}

fn init_and_make_spans() {
    let _telemetry = tickspan::init().unwrap();
    make_spans();
}

fn assert_order_and_risk(spans: &[ReceivedSpan]) {
    assert_eq!(spans.len(), 2);
    let (order, risk) = (the_span(spans, "order"), the_span(spans, "risk"));
    assert!(order.span.parent_span_id.is_empty());
    assert_eq!(risk.span.parent_span_id, order.span.span_id);
    assert_eq!(risk.span.trace_id, order.span.trace_id);
    assert_eq!(order.attribute("price"), Some(&Value::DoubleValue(585.33)));
    assert_eq!(order.attribute("quantity"), Some(&Value::IntValue(18)));
    assert_eq!(order.attribute("side"), Some(&text("buy")));
    assert_eq!(order.attribute("is_maker"), Some(&Value::BoolValue(true)));
    assert_eq!(order.attribute("code.file.path"), None);
    assert_eq!(risk.span.events.len(), 1);
    assert_eq!(risk.span.events[0].name, "checked");
}

#[test]
fn grpc_delivers() {
    let child = Child::of("grpc_delivers", init_and_make_spans);
    let receiver = Receiver::grpc();
    child
        .with(ENDPOINT, &receiver.url())
        .with(PROTOCOL, "grpc")
        .run();
    assert_order_and_risk(&receiver.wait_for_spans(2));
}

#[test]
fn location_is_exported_where_it_is_wanted() {
    for route in [tickspan::Route::Lane, tickspan::Route::Tracing] {
        let child = Child::of("location_is_exported_where_it_is_wanted", || {
            let route = match std::env::var("ROUTE").as_deref() {
                Ok("Tracing") => tickspan::Route::Tracing,
                _ => tickspan::Route::Lane,
            };
            let _telemetry = tickspan::builder()
                .with_location(true)
                .with_route(route)
                .init()
                .unwrap();
            make_spans();
        });
        let receiver = Receiver::http();
        child
            .with(ENDPOINT, &receiver.url())
            .with("ROUTE", &format!("{route:?}"))
            .run();
        let spans = receiver.wait_for_spans(2);
        let order = the_span(&spans, "order");
        assert_eq!(order.attribute("code.file.path"), Some(&text(file!())));
        assert!(matches!(
            order.attribute("code.line.number"),
            Some(Value::IntValue(_))
        ));
        assert!(matches!(
            order.attribute("thread.id"),
            Some(Value::IntValue(_))
        ));
    }
}

#[test]
fn http_delivers_to_the_traces_path() {
    let child = Child::of("http_delivers_to_the_traces_path", init_and_make_spans);
    let receiver = Receiver::http();
    child.with(ENDPOINT, &receiver.url()).run();
    assert_order_and_risk(&receiver.wait_for_spans(2));
    assert_eq!(receiver.requests()[0].path, "/v1/traces");
}

#[test]
fn traces_endpoint_is_used_as_it_is() {
    let child = Child::of("traces_endpoint_is_used_as_it_is", init_and_make_spans);
    let receiver = Receiver::http();
    child
        .with(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            &format!("{}/take/this", receiver.url()),
        )
        .with(ENDPOINT, "http://127.0.0.1:1")
        .run();
    receiver.wait_for_spans(2);
    assert_eq!(receiver.requests()[0].path, "/take/this");
}

#[test]
fn builder_wins_over_the_variables() {
    const URL: &str = "TEST_URL";
    let child = Child::of("builder_wins_over_the_variables", || {
        let _telemetry = tickspan::builder()
            .with_endpoint(std::env::var(URL).unwrap())
            .with_protocol(Protocol::Grpc)
            .with_service_name("builder")
            .init()
            .unwrap();
        make_spans();
    });
    let receiver = Receiver::grpc();
    child
        .with(URL, &receiver.url())
        .with(ENDPOINT, "http://127.0.0.1:1")
        .with(PROTOCOL, "http/protobuf")
        .with("OTEL_SERVICE_NAME", "variable")
        .run();
    let spans = receiver.wait_for_spans(2);
    assert_eq!(
        spans[0].resource_attribute("service.name"),
        Some(&text("builder"))
    );
}

#[test]
fn resource_attributes_arrive() {
    let child = Child::of("resource_attributes_arrive", init_and_make_spans);
    let receiver = Receiver::grpc();
    child
        .with(ENDPOINT, &receiver.url())
        .with(PROTOCOL, "grpc")
        .with("OTEL_SERVICE_NAME", "market-maker")
        .with(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test,desk=a%2Cb",
        )
        .run();
    let spans = receiver.wait_for_spans(2);
    assert_eq!(
        spans[0].resource_attribute("service.name"),
        Some(&text("market-maker"))
    );
    assert_eq!(
        spans[0].resource_attribute("deployment.environment.name"),
        Some(&text("test"))
    );
    assert_eq!(spans[0].resource_attribute("desk"), Some(&text("a,b")));
    assert_eq!(
        spans[0].resource_attribute("telemetry.sdk.language"),
        Some(&text("rust"))
    );
    assert_eq!(spans[0].scope, "tickspan");
}

#[test]
fn service_has_a_name_without_any_setting() {
    let child = Child::of(
        "service_has_a_name_without_any_setting",
        init_and_make_spans,
    );
    let receiver = Receiver::http();
    child.with(ENDPOINT, &receiver.url()).run();
    let spans = receiver.wait_for_spans(2);
    let Some(Value::StringValue(name)) = spans[0].resource_attribute("service.name") else {
        panic!("no service name in {:?}", spans[0].resource);
    };
    assert!(name.starts_with("unknown_service:otlp_receiver"), "{name}");
}

#[test]
fn headers_arrive_over_grpc() {
    let child = Child::of("headers_arrive_over_grpc", init_and_make_spans);
    let receiver = Receiver::grpc();
    child
        .with(ENDPOINT, &receiver.url())
        .with(PROTOCOL, "grpc")
        .with(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Basic%20abc==,x-desk=fx",
        )
        .run();
    receiver.wait_for_spans(2);
    let headers = &receiver.requests()[0].headers;
    assert_eq!(headers["authorization"], "Basic abc==");
    assert_eq!(headers["x-desk"], "fx");
}

#[test]
fn headers_for_traces_arrive_over_http() {
    let child = Child::of("headers_for_traces_arrive_over_http", init_and_make_spans);
    let receiver = Receiver::http();
    child
        .with(ENDPOINT, &receiver.url())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-desk=fx")
        .with("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=secret")
        .run();
    receiver.wait_for_spans(2);
    let headers = &receiver.requests()[0].headers;
    assert_eq!(headers["authorization"], "secret");
    assert!(!headers.contains_key("x-desk"));
}

#[test]
fn flush_delivers_while_telemetry_goes_on() {
    // The receiver is in the child, so that the body sees what has arrived before it ends
    // telemetry.
    let child = Child::of("flush_delivers_while_telemetry_goes_on", || {
        let receiver = Receiver::http();
        let telemetry = tickspan::builder()
            .with_endpoint(receiver.url())
            .init()
            .unwrap();
        make_spans();
        telemetry.flush(SOON).unwrap();
        assert_eq!(receiver.spans().len(), 2);
        make_spans();
        let report = telemetry.shutdown(SOON);
        assert_eq!(receiver.spans().len(), 4);
        assert_exported(&report, 4);
    });
    child.run();
}

fn assert_exported(report: &Report, spans: u64) {
    assert_eq!(
        (
            report.made,
            report.open,
            report.lost(),
            report.deadline_passed
        ),
        (spans, 0, 0, false),
        "{report}"
    );
    assert_eq!(report.exporters.len(), 1);
    assert_eq!(report.exporters[0].exported, spans);
}

#[test]
fn init_works_in_a_current_thread_runtime() {
    let child = Child::of("init_works_in_a_current_thread_runtime", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { init_and_make_spans() });
    });
    assert_both_protocols_deliver(&child);
}

#[test]
fn init_works_in_a_multi_thread_runtime() {
    let child = Child::of("init_works_in_a_multi_thread_runtime", || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        // On the only worker: if anything needed the caller's runtime, it would wait for ever.
        runtime.block_on(async { tokio::spawn(async { init_and_make_spans() }).await.unwrap() });
    });
    assert_both_protocols_deliver(&child);
}

#[test]
fn init_works_in_a_blocking_task() {
    let child = Child::of("init_works_in_a_blocking_task", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::task::spawn_blocking(init_and_make_spans)
                .await
                .unwrap();
        });
    });
    assert_both_protocols_deliver(&child);
}

/// The runtime that a guard outlives is gone when the guard needs one: it has its own.
#[test]
fn guard_may_outlive_the_runtime_it_was_made_in() {
    let child = Child::of("guard_may_outlive_the_runtime_it_was_made_in", || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _telemetry = runtime.block_on(async { tickspan::init().unwrap() });
        runtime.block_on(async { make_spans() });
        drop(runtime);
    });
    assert_both_protocols_deliver(&child);
}

fn assert_both_protocols_deliver(child: &Child) {
    // One body for both: `OTEL_EXPORTER_OTLP_PROTOCOL` decides in the child.
    for (receiver, protocol) in [
        (Receiver::grpc(), "grpc"),
        (Receiver::http(), "http/protobuf"),
    ] {
        child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .run();
        assert_order_and_risk(&receiver.wait_for_spans(2));
    }
}

/// Shutting down within 3 s must take less than [`SOON`], and count the two spans as lost.
fn shut_down_soon() -> Report {
    let telemetry = tickspan::init().unwrap();
    make_spans();
    let start = Instant::now();
    let report = telemetry.shutdown(Duration::from_secs(3));
    assert!(
        start.elapsed() < SOON,
        "the shutdown took {:?}",
        start.elapsed()
    );
    assert_eq!((report.made, report.lost()), (2, 2), "{report}");
    report
}

#[test]
fn dead_endpoint_costs_counters_only() {
    let child = Child::of("dead_endpoint_costs_counters_only", || {
        shut_down_soon();
    });
    let nobody = Nobody::new();
    let address = nobody.address();
    for protocol in ["grpc", "http/protobuf"] {
        let finished = child
            .with(ENDPOINT, &format!("http://desk:hunter2@{address}"))
            .with(PROTOCOL, protocol)
            .run();
        let told: Vec<_> = finished
            .stderr
            .lines()
            .filter(|line| line.contains("tickspan: spans and metrics do not reach"))
            .collect();
        assert_eq!(told.len(), 1, "{}", finished.stderr);
        assert!(
            told[0].contains(&format!("http://***@{address}")),
            "{}",
            told[0]
        );
        assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
    }
}

#[test]
fn silent_endpoint_does_not_hold_up_the_end() {
    let child = Child::of("silent_endpoint_does_not_hold_up_the_end", || {
        let report = shut_down_soon();
        assert!(report.deadline_passed, "{report}");
        assert_eq!(report.exporters[0].failed, 2, "{report}");
    });
    // The kernel accepts the connection; nobody answers on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for protocol in ["grpc", "http/protobuf"] {
        child.with(ENDPOINT, &url).with(PROTOCOL, protocol).run();
    }
}

#[test]
fn silent_endpoint_fails_by_its_own_timeout() {
    let child = Child::of("silent_endpoint_fails_by_its_own_timeout", || {
        let telemetry = tickspan::init().unwrap();
        make_spans();
        let error = telemetry.flush(SOON * 2).unwrap_err().to_string();
        assert!(error.contains("2 spans failed"), "{error}");
        assert!(!telemetry.shutdown(SOON).deadline_passed);
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for protocol in ["grpc", "http/protobuf"] {
        child
            .with(ENDPOINT, &url)
            .with(PROTOCOL, protocol)
            .with("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
            .run();
    }
}

/// Everything is traced, the exporter's own libraries too; were they exported, each export would
/// make spans for the next.
#[test]
fn export_does_not_trace_itself() {
    let child = Child::of("export_does_not_trace_itself", || {
        let telemetry = tickspan::builder().with_console(false).init().unwrap();
        make_spans();
        telemetry.flush(SOON).unwrap();
        telemetry.flush(SOON).unwrap();
        assert_exported(&telemetry.shutdown(SOON), 2);
    });
    for (receiver, protocol) in [
        (Receiver::grpc(), "grpc"),
        (Receiver::http(), "http/protobuf"),
    ] {
        child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with("RUST_LOG", "trace")
            .run();
        assert_order_and_risk(&receiver.wait_for_spans(2));
    }
}
