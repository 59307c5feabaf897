//! Metrics over real sockets: where they go, when, and what becomes of the program when nobody takes them.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, metric::Data};
use opentelemetry_sdk::metrics::InMemoryMetricExporter;
use opentelemetry_sdk::metrics::data::{Metric, ScopeMetrics};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::{Counter, EdgeBreakdown, Histogram, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::Gate;
use tickspan_tests::receiver::{ReceivedMetric, Receiver, text, value_of};

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

#[traced_stage]
fn price(quantity: u64) -> u64 {
    quantity
}

fn trade() {
    let telemetry = tickspan::init().unwrap();
    price(1);
    price(2);
    let meters = telemetry.meter_provider().unwrap();
    let engine = meters.meter("engine");
    engine.u64_counter("engine.fills").build().add(3, &[]);
    engine
        .f64_histogram("engine.wait")
        .with_unit("s")
        .build()
        .record(0.25, &[]);
    assert_eq!(telemetry.shutdown(SOON).metrics[0].lost(), 0);
}

fn named<'a>(metrics: &'a [ReceivedMetric], name: &str) -> &'a ReceivedMetric {
    metrics
        .iter()
        .rfind(|metric| metric.metric.name == name)
        .unwrap_or_else(|| panic!("no metric `{name}` in {metrics:#?}"))
}

fn sum(metric: &ReceivedMetric) -> (i64, AggregationTemporality) {
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
    let Some(Data::Sum(sum)) = &metric.metric.data else {
        panic!("{metric:?} is no sum");
    };
    let value = match sum.data_points[0].value {
        Some(Value::AsInt(value)) => value,
        other => panic!("{other:?} is no integer"),
    };
    (value, sum.aggregation_temporality())
}

#[test]
fn metrics_go_where_spans_go_in_each_protocol() {
    let child = Child::of("metrics_go_where_spans_go_in_each_protocol", trade);
    for (receiver, protocol, path) in [
        (
            Receiver::grpc(),
            "grpc",
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        ),
        (Receiver::http(), "http/protobuf", "/v1/metrics"),
        (Receiver::http(), "http/json", "/v1/metrics"),
    ] {
        child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with("OTEL_SERVICE_NAME", "market-maker")
            .with("OTEL_EXPORTER_OTLP_HEADERS", "x-desk=fx")
            .run();
        let metrics = receiver.wait_for_metric("engine.fills");
        let fills = named(&metrics, "engine.fills");
        assert_eq!(sum(fills), (3, AggregationTemporality::Cumulative));
        assert_eq!(fills.scope, "engine");
        assert_eq!(
            value_of(&fills.resource, "service.name"),
            Some(&text("market-maker"))
        );
        // Read when the spans were through: it tells what became of them.
        assert_eq!(sum(named(&metrics, "tickspan.span.ended")).0, 2);
        let requests = receiver.metric_requests();
        assert_eq!(requests.len(), 1, "once, at the end");
        assert_eq!(requests[0].path, path);
        assert_eq!(requests[0].header("x-desk"), Some("fx"));
        receiver.wait_for_spans(2);
    }
}

#[test]
fn metrics_come_at_each_interval() {
    Child::of("metrics_come_at_each_interval", || {
        let receiver = Receiver::http();
        let telemetry = tickspan::builder()
            .with_endpoint(receiver.url())
            .with_metric_interval(Duration::from_millis(20))
            .init()
            .unwrap();
        let until = Instant::now() + SOON;
        while receiver.metric_requests().len() < 3 {
            assert!(Instant::now() < until, "metrics do not come again");
            thread::yield_now();
        }
        drop(telemetry);
    })
    .run();
}

#[test]
fn metrics_have_their_own_endpoint() {
    let child = Child::of("metrics_have_their_own_endpoint", trade);
    let (spans, metrics) = (Receiver::http(), Receiver::http());
    child
        .with(ENDPOINT, &spans.url())
        .with(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            &format!("{}/take/metrics", metrics.url()),
        )
        .run();
    metrics.wait_for_metric("engine.fills");
    assert_eq!(metrics.metric_requests()[0].path, "/take/metrics");
    assert!(metrics.spans().is_empty());
    spans.wait_for_spans(2);
    assert!(spans.metrics().is_empty());
}

#[test]
fn metrics_can_be_off() {
    let child = Child::of("metrics_can_be_off", || {
        let builder = tickspan::builder();
        let builder = match std::env::var("BUILDER") {
            Ok(_) => builder.with_metrics(false),
            Err(_) => builder,
        };
        let telemetry = builder.init().unwrap();
        assert!(telemetry.meter_provider().is_none());
        price(1);
    });
    let receiver = Receiver::http();
    let child = child.with(ENDPOINT, &receiver.url());
    child.with("OTEL_METRICS_EXPORTER", "none").run();
    child.with("BUILDER", "1").run();
    child.with("TICKSPAN_PRESET", "jaeger").run();
    assert_eq!(receiver.wait_for_spans(3).len(), 3);
    assert!(receiver.metric_requests().is_empty());
}

#[test]
fn temporality_and_histograms_are_as_the_variables_say() {
    let child = Child::of(
        "temporality_and_histograms_are_as_the_variables_say",
        || {
            let telemetry = tickspan::init().unwrap();
            let meters = telemetry.meter_provider().unwrap();
            let meter = meters.meter("engine");
            let fills = meter.u64_counter("engine.fills").build();
            let wait = meter.f64_histogram("engine.wait").build();
            for count in [3, 4] {
                fills.add(count, &[]);
                wait.record(0.5, &[]);
                telemetry.flush(SOON).unwrap();
            }
        },
    );
    let receiver = Receiver::http();
    child
        .with(ENDPOINT, &receiver.url())
        .with("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
        .with(
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "base2_exponential_bucket_histogram",
        )
        .run();
    let metrics = receiver.metrics();
    let fills: Vec<_> = metrics
        .iter()
        .filter(|metric| metric.metric.name == "engine.fills")
        .map(sum)
        .collect();
    assert_eq!(
        fills,
        [
            (3, AggregationTemporality::Delta),
            (4, AggregationTemporality::Delta)
        ]
    );
    assert!(
        matches!(
            named(&metrics, "engine.wait").metric.data,
            Some(Data::ExponentialHistogram(_))
        ),
        "{metrics:#?}"
    );
}

#[test]
fn console_writes_a_line_for_each_point() {
    let child = Child::of("console_writes_a_line_for_each_point", trade);
    let finished = child.with("OTEL_METRICS_EXPORTER", "console").run();
    for line in [
        "metric engine.fills = 3\n",
        "metric engine.wait = count 1 sum 0.25 min 0.25 max 0.25 s\n",
        "metric tickspan.span.ended = 2 {span}\n",
    ] {
        assert!(finished.stdout.contains(line), "{}", finished.stdout);
    }
}

/// Two of one type have one name, and so one series.
#[test]
fn exporters_of_one_name_are_counted_together() {
    let finished = Child::of("exporters_of_one_name_are_counted_together", || {
        let telemetry = tickspan::builder()
            .with_span_exporter(InMemorySpanExporter::default())
            .with_span_exporter(InMemorySpanExporter::default())
            .init()
            .unwrap();
        price(1);
        telemetry.shutdown(SOON);
    })
    .with("OTEL_METRICS_EXPORTER", "console")
    .run();
    let exported = finished.stdout.lines().find(|line| {
        line.starts_with("metric tickspan.export.span ") && line.contains("\"exported\"")
    });
    let line = exported.unwrap_or_default();
    assert!(line.ends_with(" = 2 {span}"), "{line}");
}

#[test]
fn an_exporter_of_the_sdk_gets_metrics_and_ends_with_the_guard() {
    Child::of(
        "an_exporter_of_the_sdk_gets_metrics_and_ends_with_the_guard",
        || {
            let metrics = InMemoryMetricExporter::default();
            let telemetry = tickspan::builder()
                .with_metric_exporter(metrics.clone())
                .init()
                .unwrap();
            price(1);
            telemetry.flush(SOON).unwrap();
            assert_eq!(metrics.get_finished_metrics().unwrap().len(), 1);
            let meters = telemetry.meter_provider().unwrap();
            let report = telemetry.shutdown(SOON);
            assert!(!report.deadline_passed && report.metrics[0].exported > 0);
            assert_eq!(metrics.get_finished_metrics().unwrap().len(), 2);
            // What the program keeps does nothing from now on.
            meters
                .meter("engine")
                .u64_counter("late")
                .build()
                .add(1, &[]);
        },
    )
    .run();
}

#[test]
fn a_callback_that_panics_costs_metrics_only() {
    let finished = Child::of("a_callback_that_panics_costs_metrics_only", || {
        let metrics = InMemoryMetricExporter::default();
        let telemetry = tickspan::builder()
            .with_metric_exporter(metrics)
            .init()
            .unwrap();
        let meters = telemetry.meter_provider().unwrap();
        let _gauge = meters
            .meter("engine")
            .u64_observable_gauge("engine.depth")
            .with_callback(|_| panic!("no book"))
            .build();
        price(1);
        // The SDK does not read meters again of which a callback has panicked.
        for lost in 1..3 {
            assert!(telemetry.flush(SOON).is_err());
            assert_eq!(telemetry.report().metrics[0].failed, lost);
        }
        let report = telemetry.shutdown(SOON);
        assert!(!report.deadline_passed, "{report}");
        let reason = report.metrics[0].last_failure.as_deref().unwrap();
        assert!(reason.contains("lock"), "{reason}");
    })
    .run();
    let told = &finished.stderr;
    assert!(told.contains("tickspan: metrics do not reach"), "{told}");
    assert!(told.contains("the exporter panicked: no book"), "{told}");
}

static KNOWN: Histogram = Histogram::new("known");
static NEW: Counter = Counter::new("new");
static ALSO_NEW: Histogram = Histogram::new("also.new");

#[derive(EdgeBreakdown)]
struct Basis {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fee: f64,
}

/// Neither whoever uses an instrument for the first time nor the collector waits until the meters have been read.
#[test]
fn a_callback_that_is_stuck_costs_no_spans() {
    Child::of("a_callback_that_is_stuck_costs_no_spans", || {
        let read = InMemoryMetricExporter::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(InMemorySpanExporter::default())
            .with_metric_exporter(read.clone())
            .with_metric_interval(Duration::from_millis(10))
            .init()
            .unwrap();
        let known = KNOWN.bind(&());
        let gate = Gate::default();
        let (stuck, (entered, called)) = (gate.clone(), mpsc::channel());
        let meters = telemetry.meter_provider().unwrap();
        let _gauge = meters
            .meter("engine")
            .u64_observable_gauge("engine.depth")
            .with_callback(move |_| {
                let _ = entered.send(());
                stuck.pass();
            })
            .build();
        called.recv_timeout(SOON).unwrap();
        NEW.add(1, &());
        ALSO_NEW.record(1.0, &());
        let basis = Basis {
            gross: 1.0,
            fee: 0.5,
        };
        basis.record(&basis.decide());
        known.record(1.0);
        price(1);
        assert!(telemetry.flush(Duration::from_secs(2)).is_err());
        assert_eq!(telemetry.report().exporters[0].exported, 1);
        gate.open();
        telemetry.flush(SOON).unwrap();
        let read = read.get_finished_metrics().unwrap();
        let last = read.last().unwrap().scope_metrics();
        let names: Vec<_> = last
            .flat_map(ScopeMetrics::metrics)
            .map(Metric::name)
            .collect();
        for new in ["new", "also.new", "tickspan.edge.net"] {
            assert!(names.contains(&new), "{new} in {names:?}");
        }
    })
    .run();
}

#[test]
fn silent_endpoint_of_metrics_does_not_hold_up_the_end() {
    let child = Child::of(
        "silent_endpoint_of_metrics_does_not_hold_up_the_end",
        || {
            let telemetry = tickspan::init().unwrap();
            price(1);
            let start = Instant::now();
            let report = telemetry.shutdown(Duration::from_secs(3));
            assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
            assert!(report.deadline_passed, "{report}");
            assert!(report.metrics[0].failed > 0, "{report}");
        },
    );
    // The kernel accepts the connection; nobody answers on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
    for protocol in ["grpc", "http/protobuf"] {
        child
            .with("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &url)
            .with(PROTOCOL, protocol)
            .run();
    }
}

#[test]
fn a_provider_of_the_program_is_used_instead() {
    let child = Child::of("a_provider_of_the_program_is_used_instead", || {
        let metrics = InMemoryMetricExporter::default();
        let provider = opentelemetry_sdk::metrics::SdkMeterProvider::builder()
            .with_periodic_exporter(metrics.clone())
            .build();
        let refused = tickspan::builder()
            .with_meter_provider(provider.clone())
            .with_metric_exporter(InMemoryMetricExporter::default())
            .init()
            .unwrap_err()
            .to_string();
        assert!(refused.contains("`with_metric_exporter`"), "{refused}");
        let telemetry = tickspan::builder()
            .with_meter_provider(provider.clone())
            .init()
            .unwrap();
        assert!(telemetry.meter_provider().is_none());
        price(1);
        telemetry.flush(SOON).unwrap();
        provider.force_flush().unwrap();
        assert!(!metrics.get_finished_metrics().unwrap().is_empty());
    });
    let receiver = Receiver::http();
    child.with(ENDPOINT, &receiver.url()).run();
    receiver.wait_for_spans(1);
    assert!(receiver.metric_requests().is_empty());
}

/// All three signals, from wherever `init` is called: on the only thread of a runtime, on its only worker, in a blocking
/// task, and in a thread that panics.
#[test]
fn every_signal_arrives_from_wherever_init_is_called() {
    fn body() {
        let _telemetry = tickspan::init().unwrap();
        price(1);
        tracing::info!("priced");
    }
    let child =
        Child::of(
            "every_signal_arrives_from_wherever_init_is_called",
            || match std::env::var("PLACE").unwrap().as_str() {
                "current_thread" => tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
                    .block_on(async { body() }),
                "multi_thread" => tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .build()
                    .unwrap()
                    .block_on(async { tokio::spawn(async { body() }).await.unwrap() }),
                "blocking" => tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap()
                    .block_on(async { tokio::task::spawn_blocking(body).await.unwrap() }),
                "panic" => {
                    let thread = thread::spawn(|| {
                        let _telemetry = tickspan::init().unwrap();
                        price(1);
                        tracing::info!("priced");
                        panic!("the strategy is wrong");
                    });
                    assert!(thread.join().is_err());
                }
                _ => body(),
            },
        );
    for place in [
        "none",
        "current_thread",
        "multi_thread",
        "blocking",
        "panic",
    ] {
        for (receiver, protocol) in [
            (Receiver::grpc(), "grpc"),
            (Receiver::http(), "http/protobuf"),
        ] {
            child
                .with("PLACE", place)
                .with(ENDPOINT, &receiver.url())
                .with(PROTOCOL, protocol)
                .with("OTEL_LOGS_EXPORTER", "otlp")
                .run();
            assert_eq!(receiver.spans().len(), 1, "{place} over {protocol}");
            assert_eq!(receiver.logs().len(), 1, "{place} over {protocol}");
            assert!(!receiver.metrics().is_empty(), "{place} over {protocol}");
        }
    }
}
