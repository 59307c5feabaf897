//! The page for Prometheus: read over a socket, as Prometheus reads it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::opentelemetry::metrics::MeterProvider as _;
use tickspan::{Counter, Gauge, Histogram, LatencyStages, StageClock, Telemetry, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::Gate;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0,text/plain;q=0.5";

static FILLS: Counter = Counter::new("fills").with_unit("{fill}");
static LAG: Gauge = Gauge::new("consumer.lag").with_unit("s");
static SIZES: Histogram = Histogram::new("fill.size").with_bounds(&[1.0, 10.0]);
static NEVER_SET: Gauge = Gauge::new("never.set");

#[traced_stage(metric(labels(symbol)))]
fn quote(symbol: &str) {
    let _ = symbol;
}

#[derive(LatencyStages, Clone, Copy)]
enum Tick {
    Received,
    Priced,
}

#[traced_stage]
fn tick() {
    let mut clock = StageClock::new();
    clock.mark(Tick::Received);
    clock.mark(Tick::Priced);
    clock.finish();
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
        tick();
        let meters = telemetry.meter_provider().unwrap();
        meters.meter("engine").u64_counter("orders").build().add(1, &[]);
        telemetry.flush(Duration::from_mins(1)).unwrap();

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
            "tickspan_span_ended_total 8\n",
            "tickspan_latency_duration_seconds_count{tickspan_latency_hop=\"end_to_end\",tickspan_latency_path=\"tick\"} 1\n",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
        assert!(page.contains("service_name=\"hedger\""), "{page}");
        assert!(!page.contains("never_set"), "{page}");

        // Each exemplar is a span that was exported.
        let exported = spans.get_finished_spans().unwrap();
        for histogram in ["tickspan_stage_duration_seconds", "tickspan_latency_duration_seconds"] {
            let exemplars: Vec<&str> = page
                .lines()
                .filter(|line| line.starts_with(histogram))
                .filter_map(|line| line.split_once("# {trace_id=\"").map(|(_, rest)| &rest[..32]))
                .collect();
            assert!(!exemplars.is_empty(), "{histogram}{page}");
            for trace in exemplars {
                assert!(
                    exported
                        .iter()
                        .any(|span| span.span_context.trace_id().to_string() == trace)
                );
            }
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
            telemetry.flush(Duration::from_mins(1)).unwrap();
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
            let report = telemetry.shutdown(Duration::from_mins(1));
            assert!(!report.deadline_passed, "{report}");
            drop(held);
        },
    )
    .run();
}

/// Prometheus waits for 10 s unless told otherwise.
#[test]
fn those_who_hold_connections_open_keep_nobody_from_the_page() {
    Child::of(
        "those_who_hold_connections_open_keep_nobody_from_the_page",
        || {
            let (telemetry, address) = served(InMemorySpanExporter::default());
            let begun = |request: &[u8]| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(request).unwrap();
                stream
            };
            // One is asked all the while.
            let meter = telemetry.meter_provider().unwrap().meter("engine");
            let gate = Gate::default();
            let closed = gate.clone();
            let _gauge = meter
                .u64_observable_gauge("depth")
                .with_callback(move |_| closed.pass())
                .build();
            let mut asked = begun(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let asks = Instant::now();
            let idle: Vec<TcpStream> = (0..24)
                .flat_map(|_| [begun(b""), begun(b"GET /met"), begun(b"POST /metrics")])
                .collect();
            assert!(ask(address, "GET / HTTP/1.1").0.starts_with("HTTP/1.1 404"));
            gate.open();
            let (head, page) = ask(address, "GET /metrics HTTP/1.1");
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            assert!(page.contains("target_info"), "{page}");
            assert!(
                asks.elapsed() < Duration::from_secs(5),
                "{:?}",
                asks.elapsed()
            );
            let mut text = String::new();
            asked.read_to_string(&mut text).unwrap();
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            drop(idle);
        },
    )
    .run();
}

/// What is stuck in an instrument of the program's is one thread, however often the page is asked for.
#[cfg(target_os = "linux")]
#[test]
fn a_callback_that_is_stuck_holds_one_thread() {
    Child::of("a_callback_that_is_stuck_holds_one_thread", || {
        let (telemetry, address) = served(InMemorySpanExporter::default());
        let meter = telemetry.meter_provider().unwrap().meter("engine");
        let _gauge = meter
            .u64_observable_gauge("depth")
            .with_callback(|_| Gate::default().pass())
            .build();
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        let _asked: Vec<TcpStream> = (0..6)
            .map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
                stream.write_all(request).unwrap();
                // Answered by the thread that has seen the request before.
                assert!(ask(address, "GET / HTTP/1.1").0.starts_with("HTTP/1.1 404"));
                stream
            })
            .collect();
        assert!(threads() <= before + 1, "{} of {before}", threads());
        // It is left behind.
        telemetry.shutdown(Duration::ZERO);
    })
    .run();
}

/// No reader takes a page without metrics for a program that has none.
#[test]
fn meters_that_cannot_be_read_are_an_error_of_the_page() {
    Child::of(
        "meters_that_cannot_be_read_are_an_error_of_the_page",
        || {
            let (telemetry, address) = served(InMemorySpanExporter::default());
            let meter = telemetry.meter_provider().unwrap().meter("engine");
            let _gauge = meter
                .u64_observable_gauge("depth")
                .with_callback(|_| panic!("no book"))
                .build();
            // Meters of which a callback has panicked are not read again.
            for _ in 0..2 {
                let (head, _) = ask(address, "GET /metrics HTTP/1.1");
                assert!(head.starts_with("HTTP/1.1 500"), "{head}");
            }
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
            telemetry.flush(Duration::from_mins(1)).unwrap();
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

#[test]
fn a_variable_asks_for_the_page() {
    let child = Child::of("a_variable_asks_for_the_page", || {
        let telemetry = tickspan::init().unwrap();
        quote("AAPL");
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let address = telemetry.prometheus().unwrap().address().unwrap();
        assert_eq!(address.ip().to_string(), "127.0.0.1");
        let (_, page) = ask(address, "GET /metrics HTTP/1.1");
        assert!(page.contains("tickspan_stage_calls_total{"), "{page}");
    });
    let page = child
        .with("OTEL_METRICS_EXPORTER", "prometheus")
        .with("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
        .with("OTEL_EXPORTER_PROMETHEUS_PORT", "0");
    page.run();
    // Nothing else is asked for: OTLP would have found nobody there.
    let both = page
        .with("OTEL_METRICS_EXPORTER", "prometheus,console")
        .run();
    assert!(
        both.stdout.contains("metric tickspan.span.ended = 1"),
        "{}",
        both.stdout
    );
}

#[test]
fn a_host_that_is_none_is_an_error_that_names_it() {
    let child = Child::of("a_host_that_is_none_is_an_error_that_names_it", || {
        let error = tickspan::init().unwrap_err().to_string();
        assert!(error.contains("no-such-host.invalid:9464"), "{error}");
    });
    child
        .with("OTEL_METRICS_EXPORTER", "prometheus")
        .with("OTEL_EXPORTER_PROMETHEUS_HOST", "no-such-host.invalid")
        .run();
}

/// The value of the first sample whose name and labels begin so.
fn sample(page: &str, begin: &str) -> f64 {
    let line = page.lines().find(|line| line.starts_with(begin));
    let line = line.unwrap_or_else(|| panic!("no `{begin}` in {page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_tells_its_processor_memory_threads_and_descriptors() {
    const SECRET: &str = "k-of-the-command-line-123";
    let child = Child::of(
        "the_process_tells_its_processor_memory_threads_and_descriptors",
        || {
            let telemetry = tickspan::builder()
                .with_prometheus_page()
                .with_console(false)
                .init()
                .unwrap();
            let page = telemetry.prometheus().unwrap();
            let read = || page.write(OPEN_METRICS).1;
            let before = read();
            let held: Vec<_> = (0..100)
                .map(|_| std::fs::File::open("/dev/null").unwrap())
                .collect();
            let memory = vec![1_u8; 64 << 20];
            let (end, wait) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::spawn(move || wait.recv());
            let during = read();
            let grown = |begin: &str| sample(&during, begin) - sample(&before, begin);
            assert!(grown("process_unix_file_descriptor_count ") >= 100.0);
            assert!(grown("process_memory_usage_bytes ") >= f64::from(60 << 20));
            // Allocators give address space back when they like.
            let used = sample(&during, "process_memory_usage_bytes ");
            assert!(sample(&during, "process_memory_virtual_bytes ") >= used);
            assert!(grown("process_thread_count ") >= 1.0);
            assert!(grown("process_paging_faults_total{system_paging_fault_type=\"minor\"}") > 0.0);
            for mode in ["user", "system"] {
                assert!(
                    grown(&format!(
                        "process_cpu_time_seconds_total{{cpu_mode=\"{mode}\"}}"
                    )) >= 0.0
                );
            }
            assert!(
                !during.contains(SECRET) && !during.contains("the_process_tells"),
                "{during}"
            );
            drop((held, memory, end));
            _ = thread.join().unwrap();
        },
    );
    child.with("API_KEY", SECRET).run();
}
