//! A program's own counters, gauges and histograms.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use tickspan::{AttributeValue, Counter, Gauge, Histogram, Labels, Route, Telemetry};
use tickspan_tests::child::Child;

#[derive(AttributeValue, Clone, Copy)]
enum Status {
    Succeeded,
    Failed,
}

#[derive(Labels, Clone, Copy)]
struct Execution<'a> {
    status: Status,
    pipeline: &'a str,
    #[label(rename = "trigger.mode")]
    manual: Option<bool>,
}

/// Of a field with a mark a label is what the mark leaves.
#[derive(Labels)]
struct Client<'a> {
    venue: &'a str,
    #[sensitive]
    pin: u32,
    #[pii(Email, export = domain)]
    email: &'a str,
}

#[derive(Labels)]
struct Numbered<T> {
    number: T,
}

static EXECUTIONS: Counter<Execution> = Counter::new("pipeline.executions")
    .with_unit("{execution}")
    .with_description("Pipelines that ran to their end.");
static LOGINS: Counter<Client> = Counter::new("logins");
static LAG: Gauge<Numbered<u64>> = Gauge::new("consumer.lag").with_unit("s");
static SIZES: Histogram = Histogram::new("fill.size").with_bounds(&[1.0, 10.0]);
static WAITS: Histogram<Execution> = Histogram::new("pipeline.wait").with_unit("s");
static CALLS: Counter = Counter::new("calls");
static DEPTHS: Histogram = Histogram::new("call.depth").with_bounds(&[1.0, 10.0]);
static MANY: Counter<Numbered<u64>> = Counter::new("many");

const HEDGE: Execution<'static> = Execution {
    status: Status::Succeeded,
    pipeline: "hedge",
    manual: Some(true),
};

fn start(route: Route) -> (Telemetry, SdkMeterProvider, InMemoryMetricExporter) {
    let metrics = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(metrics.clone())
        .build();
    let telemetry = tickspan::builder()
        .with_meter_provider(provider.clone())
        .with_route(route)
        .with_console(false)
        .init()
        .unwrap();
    (telemetry, provider, metrics)
}

fn words<'a>(name: &str, attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut words: Vec<String> = attributes
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    words.sort();
    words.insert(0, name.to_owned());
    words.join(" ")
}

/// Each point of the program's own instruments, as text.
fn points(
    telemetry: &Telemetry,
    provider: &SdkMeterProvider,
    metrics: &InMemoryMetricExporter,
) -> BTreeMap<String, String> {
    telemetry.flush(Duration::from_mins(1)).unwrap();
    provider.force_flush().unwrap();
    let finished = metrics.get_finished_metrics().unwrap();
    let scopes = finished.last().unwrap().scope_metrics();
    let own = scopes.filter(|scope| scope.scope().name() == "tickspan.instruments");
    let mut points = BTreeMap::new();
    for metric in own.flat_map(ScopeMetrics::metrics) {
        let name = metric.name();
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                assert!(sum.is_monotonic());
                for point in sum.data_points() {
                    points.insert(words(name, point.attributes()), point.value().to_string());
                }
            }
            AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                for point in gauge.data_points() {
                    points.insert(words(name, point.attributes()), point.value().to_string());
                }
            }
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                for point in histogram.data_points() {
                    let counts: Vec<u64> = point.bucket_counts().collect();
                    let told = if counts.len() == 3 {
                        format!("{counts:?} {}", point.sum())
                    } else {
                        format!("{} in {} buckets", point.count(), counts.len())
                    };
                    points.insert(words(name, point.attributes()), told);
                }
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    points
}

fn everything(route: Route) {
    // What was counted before telemetry began counts.
    let hedges = EXECUTIONS.bind(&HEDGE);
    hedges.add(1);
    let (telemetry, provider, metrics) = start(route);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let hedges = hedges.clone();
            thread::spawn(move || {
                for _ in 0..1_000 {
                    hedges.add(1);
                    SIZES.record(5.0, &());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let name = String::from("quote");
    let failed = Execution {
        status: Status::Failed,
        pipeline: &name,
        manual: None,
    };
    EXECUTIONS.add(2, &failed);
    EXECUTIONS.add(3, &failed);
    let client = Client {
        venue: "nasdaq",
        pin: 4_711,
        email: "alice@example.com",
    };
    LOGINS.add(1, &client);
    assert_eq!(client.pin, 4_711);
    LAG.set(0.5, &Numbered { number: 7 });
    LAG.set(0.25, &Numbered { number: 7 });
    _ = LAG.bind(&Numbered { number: 8 });
    WAITS.record(0.001, &failed);
    let points = points(&telemetry, &provider, &metrics);
    let expected: BTreeMap<String, String> = [
        ("consumer.lag number=7", "0.25"),
        ("fill.size", "[0, 4000, 0] 20000"),
        ("logins email=example.com venue=nasdaq", "1"),
        (
            "pipeline.executions pipeline=hedge status=Succeeded trigger.mode=true",
            "4001",
        ),
        ("pipeline.executions pipeline=quote status=Failed", "5"),
        (
            "pipeline.wait pipeline=quote status=Failed",
            "1 in 29 buckets",
        ),
    ]
    .map(|(words, value)| (words.to_owned(), value.to_owned()))
    .into();
    assert_eq!(points, expected);
}

#[test]
fn what_is_recorded_arrives_from_every_thread() {
    Child::of("what_is_recorded_arrives_from_every_thread", || {
        everything(Route::Lane);
    })
    .run();
}

#[test]
fn the_tracing_route_makes_no_difference() {
    Child::of("the_tracing_route_makes_no_difference", || {
        everything(Route::Tracing);
    })
    .run();
}

/// The meter that would make the instruments is held while it is read.
fn in_a_callback(route: Route) {
    let (telemetry, provider, metrics) = start(route);
    let _gauge = provider
        .meter("engine")
        .u64_observable_gauge("depth")
        .with_callback(|_| {
            CALLS.add(1, &());
            DEPTHS.record(5.0, &());
        })
        .build();
    assert_eq!(points(&telemetry, &provider, &metrics), BTreeMap::new());
    let points = points(&telemetry, &provider, &metrics);
    assert_eq!(points["calls"], "2");
    // On the lane route what the second reading recorded may be read after it.
    let depths = &points["call.depth"];
    assert!(
        ["[0, 1, 0] 5", "[0, 2, 0] 10"].contains(&depths.as_str()),
        "{depths}"
    );
}

#[test]
fn a_callback_may_be_the_first_to_use_an_instrument() {
    Child::of("a_callback_may_be_the_first_to_use_an_instrument", || {
        in_a_callback(Route::Lane);
    })
    .run();
}

#[test]
fn a_callback_may_be_the_first_on_the_tracing_route() {
    Child::of("a_callback_may_be_the_first_on_the_tracing_route", || {
        in_a_callback(Route::Tracing);
    })
    .run();
}

/// How many label sets are thrown at one metric.
const SETS: u64 = 10_000_000;

#[test]
fn ten_million_label_sets_take_no_more_memory_and_are_counted() {
    Child::of(
        "ten_million_label_sets_take_no_more_memory_and_are_counted",
        || {
            let (telemetry, provider, metrics) = start(Route::Lane);
            let count = |from: u64, to: u64| {
                let info = allocation_counter::measure(|| {
                    for number in from..to {
                        MANY.add(1, &Numbered { number });
                    }
                });
                usize::try_from(info.bytes_current).unwrap_or(0)
            };
            count(0, 2_000);
            let more = count(2_000, SETS);
            assert!(more < 4_096, "{more} bytes");
            let points = points(&telemetry, &provider, &metrics);
            assert_eq!(
                points["many otel.metric.overflow=true"],
                (SETS - 1_900).to_string()
            );
            let total: u64 = points
                .values()
                .map(|value| value.parse::<u64>().unwrap())
                .sum();
            assert_eq!(total, SETS);
            assert_eq!(tickspan::health().labels_overflowed, SETS - 1_900);
        },
    )
    .run();
}

#[test]
fn to_count_and_to_record_allocates_nothing() {
    Child::of("to_count_and_to_record_allocates_nothing", || {
        let (telemetry, provider, _metrics) = start(Route::Lane);
        let (hedges, sizes) = (EXECUTIONS.bind(&HEDGE), SIZES.bind(&()));
        let lag = LAG.bind(&Numbered { number: 1 });
        sizes.record(1.0);
        let info = allocation_counter::measure(|| {
            for number in 0..1_000 {
                hedges.add(1);
                lag.set(f64::from(number));
                sizes.record(f64::from(number));
            }
        });
        assert_eq!(info.count_total, 0);
        drop((telemetry, provider));
    })
    .run();
}
