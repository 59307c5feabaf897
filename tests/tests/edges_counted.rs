//! Edges, counted: the table of the summary and the metrics, on both routes, whatever is sampled.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as PointValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use rust_decimal::Decimal;
use tickspan::{
    AttributeValue, EdgeBreakdown, LatencyStages, Route, StageClock, TailSampling, Telemetry,
    stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, integer};
use tickspan_tests::receiver::{Receiver, text, value_of};
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(EdgeBreakdown)]
#[edge(name = "cross_venue", unit = "USD")]
struct Edge {
    #[edge(gross)]
    gross: Decimal,
    #[edge(cost)]
    fees: Decimal,
    #[edge(cost)]
    slippage: Decimal,
    #[edge(threshold)]
    least: Decimal,
    #[edge(context)]
    symbol: &'static str,
}

#[derive(EdgeBreakdown)]
#[edge(unit = "bps")]
struct Basis {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    funding: f64,
}

/// The SDK takes no such unit for an instrument.
#[derive(EdgeBreakdown)]
#[edge(unit = "€")]
struct Euro {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fee: f64,
}

#[derive(AttributeValue)]
enum Refused {
    Halted,
}

#[traced_stage]
fn check(gross: i64, slippage: i64) {
    let edge = Edge {
        gross: Decimal::new(gross, 1),
        fees: Decimal::new(25, 1),
        slippage: Decimal::new(slippage, 1),
        least: Decimal::new(100, 1),
        symbol: "AAPL",
    };
    edge.record(&edge.decide());
}

/// Two accepted, three refused for three reasons, one of which has no sums; and another unit outside of any stage.
fn script() {
    check(200, 10);
    check(300, -5);
    check(100, 0);
    let halted = Edge {
        gross: Decimal::ONE_HUNDRED,
        fees: Decimal::TEN,
        slippage: Decimal::ZERO,
        least: Decimal::ZERO,
        symbol: "AAPL",
    };
    halted.record(&halted.decide_with(|_| Err(Refused::Halted)));
    let edge = Edge {
        gross: Decimal::MAX,
        fees: -Decimal::MAX,
        ..halted
    };
    edge.record(&edge.decide());
    let basis = Basis {
        gross: 4.0,
        funding: 1.0,
    };
    basis.record(&basis.decide());
    let euro = Euro {
        gross: 2.0,
        fee: 0.5,
    };
    euro.record(&euro.decide());
}

fn start(route: Route, metrics: &SdkMeterProvider) -> Telemetry {
    tickspan::builder()
        .with_route(route)
        .with_meter_provider(metrics.clone())
        .with_span_exporter(InMemorySpanExporter::default())
        .with_console(false)
        .init()
        .expect("nothing else is installed")
}

/// Each number, by the instrument, its unit and the values of its attributes.
fn numbers(metrics: &InMemoryMetricExporter) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::new();
    let finished = metrics.get_finished_metrics().expect("metrics");
    for scope in finished.last().expect("one reading").scope_metrics() {
        let edges = scope.metrics().filter(|it| it.name().contains("edge"));
        for metric in edges {
            let mut tell = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>,
                            value| {
                let mut words: Vec<_> = attributes
                    .map(|a| format!("{}={}", a.key, a.value))
                    .collect();
                words.sort();
                let name = format!("{} {} {}", metric.name(), metric.unit(), words.join(" "));
                assert_eq!(numbers.insert(name.clone(), value), None, "twice: {name}");
            };
            match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    assert!(sum.is_monotonic());
                    for point in sum.data_points() {
                        tell(
                            &mut point.attributes(),
                            f64::from(u32::try_from(point.value()).expect("few")),
                        );
                    }
                }
                AggregatedMetrics::F64(MetricData::Sum(sum)) if metric.name().contains("edge") => {
                    assert!(!sum.is_monotonic());
                    for point in sum.data_points() {
                        tell(&mut point.attributes(), point.value());
                    }
                }
                _ => {}
            }
        }
    }
    numbers
}

const TABLE: &str = "\
edge               count  of gross   total
basis (bps)            1
  accepted             1
  gross                    100.0 %   4.000
  funding                   25.0 %   1.000
  net                       75.0 %   3.000
cross_venue (USD)      5
  accepted             2
  Halted               1
  below_threshold      1
  overflow             1
  gross                    100.0 %   160.0
  fees                      10.9 %   17.50
  slippage                   0.3 %  0.5000
  net                       88.8 %   142.0
euro (€)               1
  accepted             1
  gross                    100.0 %   2.000
  fee                       25.0 %  0.5000
  net                       75.0 %   1.500";

fn table(text: &str) -> String {
    text.lines()
        .skip_while(|line| !line.starts_with("edge "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Runs the script, and compares everything that was counted.
fn counts_on(route: Route) {
    let metrics = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(metrics.clone())
        .build();
    let telemetry = start(route, &provider);
    script();
    telemetry.flush(Duration::from_mins(1)).unwrap();
    let summary = telemetry.summary();
    assert_eq!(table(&summary.to_string()), TABLE);
    let edge = &summary.edges[1];
    assert_eq!((edge.count(), edge.accepted, edge.rejected()), (5, 2, 3));
    assert_eq!(
        (edge.gross, edge.net, edge.accepted_net),
        (160.0, 142.0, 44.5)
    );

    provider.force_flush().expect("it is read");
    let expected = [
        (
            "tickspan.edge.cost USD edge.component=fees edge.name=cross_venue",
            17.5,
        ),
        (
            "tickspan.edge.cost USD edge.component=slippage edge.name=cross_venue",
            0.5,
        ),
        (
            "tickspan.edge.cost bps edge.component=funding edge.name=basis",
            1.0,
        ),
        (
            "tickspan.edge.cost 1 edge.component=fee edge.name=euro",
            0.5,
        ),
        ("tickspan.edge.gross 1 edge.name=euro", 2.0),
        (
            "tickspan.edge.net 1 edge.decision=accept edge.name=euro",
            1.5,
        ),
        (
            "tickspan.edge.net 1 edge.decision=reject edge.name=euro",
            0.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=accept edge.name=euro",
            1.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=accept edge.name=basis",
            1.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=accept edge.name=cross_venue",
            2.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=reject edge.name=cross_venue edge.reason=Halted",
            1.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=reject edge.name=cross_venue edge.reason=below_threshold",
            1.0,
        ),
        (
            "tickspan.edge.decisions {decision} edge.decision=reject edge.name=cross_venue edge.reason=overflow",
            1.0,
        ),
        ("tickspan.edge.gross USD edge.name=cross_venue", 160.0),
        ("tickspan.edge.gross bps edge.name=basis", 4.0),
        (
            "tickspan.edge.net USD edge.decision=accept edge.name=cross_venue",
            44.5,
        ),
        (
            "tickspan.edge.net USD edge.decision=reject edge.name=cross_venue",
            97.5,
        ),
        (
            "tickspan.edge.net bps edge.decision=accept edge.name=basis",
            3.0,
        ),
        (
            "tickspan.edge.net bps edge.decision=reject edge.name=basis",
            0.0,
        ),
    ];
    let expected: BTreeMap<String, f64> = expected
        .map(|(name, number)| (name.to_owned(), number))
        .into();
    assert_eq!(numbers(&metrics), expected);
}

#[test]
fn edges_are_counted_on_the_lane_route() {
    let child = Child::of("edges_are_counted_on_the_lane_route", || {
        counts_on(Route::Lane);
    });
    // Whatever is sampled.
    for sampler in ["always_on", "always_off"] {
        let told = child.with("OTEL_TRACES_SAMPLER", sampler).run();
        assert_eq!(table(&told.stderr), TABLE, "{}", told.stderr);
    }
}

#[test]
fn edges_are_counted_on_the_tracing_route() {
    let child = Child::of("edges_are_counted_on_the_tracing_route", || {
        counts_on(Route::Tracing);
    });
    let told = child.run();
    assert_eq!(table(&told.stderr), TABLE, "{}", told.stderr);
}

/// A stage may go on as long as its program.
#[test]
fn an_edge_is_counted_while_its_stage_goes_on() {
    Child::of("an_edge_is_counted_while_its_stage_goes_on", || {
        let telemetry = tickspan::builder().with_console(false).init().unwrap();
        let going_on = stage!("run");
        let edge = Basis {
            gross: 3.0,
            funding: 1.0,
        };
        edge.record(&edge.decide());
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let edges = telemetry.summary().edges;
        assert_eq!(edges.iter().map(|edge| edge.accepted).sum::<u64>(), 1);
        drop(going_on);
    })
    .run();
}

#[test]
fn traces_are_kept_for_their_edges() {
    let child = Child::of("traces_are_kept_for_their_edges", || {
        let spans = Kept::default();
        let wanted = std::env::var("WANTED").expect("what is kept");
        let tail = match wanted.as_str() {
            "accept" => TailSampling::keep_ratio(0.0).with_accepted_edges(),
            "reject" => TailSampling::keep_ratio(0.0).with_rejected_edges(),
            _ => TailSampling::keep_ratio(0.0),
        };
        let telemetry = tickspan::builder()
            .with_tail_sampling(tail)
            .with_span_exporter(spans.clone())
            .with_summary(false)
            .with_console(false)
            .init()
            .expect("nothing else is installed");
        for gross in [200, 20, 300] {
            trade(gross);
        }
        telemetry.flush(Duration::from_mins(1)).expect("it is sent");
        let kept: Vec<_> = spans
            .take()
            .iter()
            .filter_map(|span| integer(span, "gross"))
            .collect();
        println!("kept {kept:?}");
    });
    for (wanted, kept) in [
        ("accept", "kept [200, 200, 300, 300]"),
        ("reject", "kept [20, 20]"),
        ("nothing", "kept []"),
    ] {
        let told = child.with("WANTED", wanted).run();
        assert!(told.stdout.contains(kept), "{wanted}: {}", told.stdout);
    }
}

#[traced_stage(root)]
fn trade(gross: i64) {
    check(gross, 0);
}

#[test]
fn edges_arrive_at_an_otlp_receiver_with_their_units_and_values() {
    let child = Child::of(
        "edges_arrive_at_an_otlp_receiver_with_their_units_and_values",
        || {
            let telemetry = tickspan::init().expect("nothing else is installed");
            script();
            drop(telemetry);
        },
    );
    for (receiver, protocol) in [
        (Receiver::grpc(), "grpc"),
        (Receiver::http(), "http/protobuf"),
    ] {
        child
            .with("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url())
            .with("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .run();
        let spans = receiver.wait_for_spans(3);
        let below = spans
            .iter()
            .flat_map(|span| &span.span.events)
            .find(|event| value_of(&event.attributes, "edge.decision") == Some(&text("reject")))
            .expect("one was rejected in a stage");
        assert_eq!(below.name, "edge");
        for (key, value) in [
            ("edge.name", "cross_venue"),
            ("edge.unit", "USD"),
            ("edge.gross", "10.0"),
            ("edge.fees", "2.5"),
            ("edge.slippage", "0.0"),
            ("edge.threshold", "10.0"),
            ("edge.total_cost", "2.5"),
            ("edge.net", "7.5"),
            ("edge.reason", "below_threshold"),
            ("symbol", "AAPL"),
        ] {
            assert_eq!(
                value_of(&below.attributes, key),
                Some(&text(value)),
                "{key}"
            );
        }
        let metrics = receiver.wait_for_metric("tickspan.edge.cost");
        let of = |name: &str, unit: &str| {
            let metric = metrics
                .iter()
                .rfind(|received| received.metric.name == name && received.metric.unit == unit)
                .unwrap_or_else(|| panic!("no {name} in {unit}: {metrics:#?}"));
            let Some(Data::Sum(sum)) = &metric.metric.data else {
                panic!("{metric:?} is no sum");
            };
            let mut points: Vec<_> = sum
                .data_points
                .iter()
                .map(|point| match point.value {
                    Some(PointValue::AsDouble(value)) => value,
                    other => panic!("{other:?}"),
                })
                .collect();
            points.sort_by(f64::total_cmp);
            (sum.is_monotonic, points)
        };
        assert_eq!(of("tickspan.edge.net", "USD"), (false, vec![44.5, 97.5]));
        assert_eq!(of("tickspan.edge.net", "bps"), (false, vec![0.0, 3.0]));
        assert_eq!(of("tickspan.edge.gross", "USD"), (false, vec![160.0]));
        assert_eq!(of("tickspan.edge.cost", "USD"), (false, vec![0.5, 17.5]));
    }
}

#[derive(LatencyStages)]
enum Path {
    Received,
    Sent,
}

/// What the first try would have counted in is there no more.
#[test]
fn after_a_failed_init_the_tracing_route_counts_edges_and_clocks() {
    Child::of(
        "after_a_failed_init_the_tracing_route_counts_edges_and_clocks",
        || {
            tracing_subscriber::registry().init();
            let builder = || tickspan::builder().with_route(Route::Tracing);
            builder().init().unwrap_err();
            let telemetry = builder().with_global_subscriber(false).init().unwrap();
            check(200, 5);
            let mut scope = StageClock::new().enter();
            scope.mark(Path::Received);
            scope.mark(Path::Sent);
            scope.finish();
            let summary = telemetry.summary();
            assert_eq!((summary.edges.len(), summary.paths.len()), (1, 1));
        },
    )
    .run();
}
