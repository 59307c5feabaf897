//! The page for Prometheus: read over a socket, as Prometheus reads it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::opentelemetry::metrics::MeterProvider as _;
use tickspan::{Counter, Gauge, Histogram, Telemetry, traced_stage};
use tickspan_tests::child::Child;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5";

static FILLS: Counter = Counter::new("fills").with_unit("{fill}");
static LAG: Gauge = Gauge::new("consumer.lag").with_unit("s");
static SIZES: Histogram = Histogram::new("fill.size").with_bounds(&[1.0, 10.0]);
static NEVER_SET: Gauge = Gauge::new("never.set");

#[traced_stage(metric(labels(symbol)))]
fn quote(symbol: &str) {
    let _ = symbol;
}

/// The status line and headers, and the body.
fn ask(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let request = format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn served(spans: InMemorySpanExporter) -> (Telemetry, SocketAddr) {
    let telemetry = tickspan::builder()
        .with_service_name("hedger")
        .with_prometheus("127.0.0.1:0")
        .with_span_exporter(spans)
        .with_console(false)
        .init()
        .unwrap();
    let address = telemetry.prometheus().unwrap().address().unwrap();
    (telemetry, address)
}

#[test]
fn everything_that_is_counted_is_on_the_page() {
    Child::of("everything_that_is_counted_is_on_the_page", || {
        FILLS.add(2, &());
        _ = NEVER_SET.bind(&());
        let spans = InMemorySpanExporter::default();
        let (telemetry, address) = served(spans.clone());
        FILLS.add(3, &());
        LAG.set(0.25, &());
        for size in [0.5, 5.0, 50.0] {
            SIZES.record(size, &());
        }
        for _ in 0..7 {
            quote("AAPL");
        }
        let meters = telemetry.meter_provider().unwrap();
        meters.meter("engine").u64_counter("orders").build().add(1, &[]);
        telemetry.flush(Duration::from_secs(10)).unwrap();

        let (head, page) = ask(address, &format!("GET /metrics HTTP/1.1\r\nAccept: {OPEN_METRICS}"));
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
        assert!(page.ends_with("# EOF\n"), "{page}");
        for line in [
            "fills_total 5\n",
            "consumer_lag_seconds 0.25\n",
            "fill_size_bucket{le=\"10.0\"} 2\n",
            "fill_size_sum 55.5\n",
            "orders_total{otel_scope_name=\"engine\"} 1\n",
            "tickspan_stage_calls_total{symbol=\"AAPL\",tickspan_outcome=\"ok\",tickspan_stage=\"quote\"} 7\n",
            "tickspan_stage_duration_seconds_count{symbol=\"AAPL\",tickspan_stage=\"quote\"} 7\n",
            "tickspan_span_ended_total 7\n",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
        assert!(page.contains("service_name=\"hedger\""), "{page}");
        assert!(!page.contains("never_set"), "{page}");

        // Each exemplar is a span that was exported.
        let exported = spans.get_finished_spans().unwrap();
        let exemplars: Vec<&str> = page
            .lines()
            .filter_map(|line| line.split_once("# {trace_id=\"").map(|(_, rest)| &rest[..32]))
            .collect();
        assert!(!exemplars.is_empty(), "{page}");
        for trace in exemplars {
            assert!(
                exported
                    .iter()
                    .any(|span| span.span_context.trace_id().to_string() == trace)
            );
        }
    })
    .run();
}

#[test]
fn a_reader_gets_the_format_that_it_accepts_and_nothing_else_is_served() {
    Child::of(
        "a_reader_gets_the_format_that_it_accepts_and_nothing_else_is_served",
        || {
            let (telemetry, address) = served(InMemorySpanExporter::default());
            quote("AAPL");
            telemetry.flush(Duration::from_secs(10)).unwrap();
            let (head, page) = ask(address, "GET /metrics HTTP/1.1");
            assert!(head.contains("text/plain; version=0.0.4"), "{head}");
            assert!(
                page.contains("# TYPE tickspan_stage_calls_total counter"),
                "{page}"
            );
            assert!(!page.contains("trace_id"), "{page}");
            let (head, page) = ask(address, "HEAD /metrics HTTP/1.1");
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            assert_eq!(page, "");
            assert!(ask(address, "GET / HTTP/1.1").0.starts_with("HTTP/1.1 404"));
            let (head, _) = ask(address, "POST /metrics HTTP/1.1\r\nContent-Length: 0");
            assert!(
                head.starts_with("HTTP/1.1 405") && head.contains("GET, HEAD"),
                "{head}"
            );
            assert!(ask(address, "nonsense").0.starts_with("HTTP/1.1 400"));
            drop(telemetry);
            assert!(
                TcpStream::connect(address).is_err(),
                "its port is given back"
            );
        },
    )
    .run();
}

#[test]
fn those_who_hold_connections_open_keep_nobody_from_ending() {
    Child::of(
        "those_who_hold_connections_open_keep_nobody_from_ending",
        || {
            let (telemetry, address) = served(InMemorySpanExporter::default());
            let held: Vec<TcpStream> = (0..64)
                .map(|_| TcpStream::connect(address).unwrap())
                .collect();
            quote("AAPL");
            let report = telemetry.shutdown(Duration::from_secs(10));
            assert!(!report.deadline_passed, "{report}");
            drop(held);
        },
    )
    .run();
}

#[test]
fn a_page_without_a_port_is_for_the_programs_own_server() {
    Child::of(
        "a_page_without_a_port_is_for_the_programs_own_server",
        || {
            let telemetry = tickspan::builder()
                .with_prometheus_page()
                .with_console(false)
                .init()
                .unwrap();
            quote("AAPL");
            telemetry.flush(Duration::from_secs(10)).unwrap();
            let page = telemetry.prometheus().unwrap();
            assert_eq!(page.address(), None);
            let (content_type, text) = page.write(OPEN_METRICS);
            assert!(content_type.starts_with("application/openmetrics-text"));
            assert!(text.contains("tickspan_stage_calls_total{"), "{text}");
            drop(telemetry);
            let (_, text) = page.write("");
            assert!(!text.contains("tickspan_stage_calls_total{"), "{text}");
        },
    )
    .run();
}

#[test]
fn a_port_that_is_taken_is_an_error_and_so_is_another_provider() {
    Child::of(
        "a_port_that_is_taken_is_an_error_and_so_is_another_provider",
        || {
            let taken = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = taken.local_addr().unwrap().to_string();
            let error = tickspan::builder()
                .with_prometheus(&*address)
                .init()
                .unwrap_err();
            assert!(error.to_string().contains(&address), "{error}");
            let error = tickspan::builder()
                .with_prometheus("no port")
                .init()
                .unwrap_err();
            assert!(error.to_string().contains("no port"), "{error}");
            let error = tickspan::builder()
                .with_prometheus("127.0.0.1:0")
                .with_meter_provider(SdkMeterProvider::default())
                .init()
                .unwrap_err();
            assert!(error.to_string().contains("with_meter_provider"), "{error}");
        },
    )
    .run();
}
