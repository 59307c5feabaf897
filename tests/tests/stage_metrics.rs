//! The metrics that a stage has by itself, on both routes, sampled or not.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::tower::{ClientLayer, ServerLayer};
use tickspan::{Empty, Route, record, traced_stage};
use tickspan_tests::child::Child;
use tower::{Layer as _, ServiceExt as _};

#[traced_stage(metric(labels(symbol, filled)), fields(filled = Empty))]
fn submit(symbol: &str, quantity: u64) -> Result<u64, Rejected> {
    record!(filled = quantity > 10);
    if quantity > 100 {
        return Err(Rejected);
    }
    price();
    Ok(quantity)
}

#[derive(Debug)]
struct Rejected;

#[traced_stage(name = "price")]
fn price() {}

#[traced_stage(metric(labels(venue)))]
async fn connect(venue: &str) {
    tokio::task::yield_now().await;
}

struct Order {
    symbol: String,
    levels: Vec<u64>,
}

/// A key with dots; an argument that nobody but the label names; and one of which the body records something else.
#[traced_stage(fields(order.symbol), metric(labels(order.symbol, levels, book)))]
fn quote(order: &Order, levels: &[u64], book: &Order) {
    record!(book = book.levels.len());
    let _ = (order, levels);
}

/// The attributes of a point, sorted.
fn words<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let mut words: Vec<String> = attributes
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    words.sort();
    words.join(" ")
}

/// How often each attribute set was counted, by metric.
fn counts(metrics: &InMemoryMetricExporter) -> BTreeMap<String, u64> {
    let finished = metrics.get_finished_metrics().unwrap();
    let scopes = finished.last().unwrap().scope_metrics();
    let mut counts = BTreeMap::new();
    for metric in scopes.flat_map(ScopeMetrics::metrics) {
        let name = metric.name().strip_prefix("tickspan.stage.");
        match (name, metric.data()) {
            (Some(name), AggregatedMetrics::U64(MetricData::Sum(sum))) => {
                for point in sum.data_points() {
                    counts.insert(
                        format!("{name} {}", words(point.attributes())),
                        point.value(),
                    );
                }
            }
            (Some(name), AggregatedMetrics::F64(MetricData::Histogram(histogram))) => {
                assert_eq!(metric.unit(), "s");
                for point in histogram.data_points() {
                    assert!(point.sum() >= 0.0 && point.sum() < 60.0);
                    counts.insert(
                        format!("{name} {}", words(point.attributes())),
                        point.count(),
                    );
                }
            }
            (Some(name), other) => panic!("{name}: {other:?}"),
            (None, _) => {}
        }
    }
    counts
}

fn run(route: Route) {
    let metrics = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(metrics.clone())
        .build();
    let telemetry = tickspan::builder()
        .with_meter_provider(provider.clone())
        .with_route(route)
        .with_span_exporter(InMemorySpanExporter::default())
        .with_console(false)
        .init()
        .unwrap();
    for quantity in [1, 2, 50, 500] {
        _ = submit("AAPL", quantity);
    }
    _ = submit("MSFT", 5);
    let order = Order {
        symbol: "AAPL".to_owned(),
        levels: vec![1, 2],
    };
    quote(&order, &order.levels, &order);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(connect("XNAS"));
    let mut dropped = Box::pin(connect("XNYS"));
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    assert!(dropped.as_mut().poll(&mut context).is_pending());
    drop(dropped);
    telemetry.flush(Duration::from_mins(1)).unwrap();
    provider.force_flush().unwrap();

    let expected = [
        (
            "calls filled=false symbol=AAPL tickspan.outcome=ok tickspan.stage=submit",
            2,
        ),
        (
            "calls filled=false symbol=MSFT tickspan.outcome=ok tickspan.stage=submit",
            1,
        ),
        (
            "calls filled=true symbol=AAPL tickspan.outcome=error tickspan.stage=submit",
            1,
        ),
        (
            "calls filled=true symbol=AAPL tickspan.outcome=ok tickspan.stage=submit",
            1,
        ),
        (
            "calls tickspan.outcome=cancelled tickspan.stage=connect venue=XNYS",
            1,
        ),
        (
            "calls tickspan.outcome=ok tickspan.stage=connect venue=XNAS",
            1,
        ),
        (
            "calls book=2 levels=[1,2] order.symbol=AAPL tickspan.outcome=ok tickspan.stage=quote",
            1,
        ),
        (
            "duration book=2 levels=[1,2] order.symbol=AAPL tickspan.stage=quote",
            1,
        ),
        ("calls tickspan.outcome=ok tickspan.stage=price", 4),
        ("duration filled=false symbol=AAPL tickspan.stage=submit", 2),
        ("duration filled=false symbol=MSFT tickspan.stage=submit", 1),
        ("duration filled=true symbol=AAPL tickspan.stage=submit", 2),
        ("duration tickspan.stage=connect venue=XNAS", 1),
        ("duration tickspan.stage=connect venue=XNYS", 1),
        ("duration tickspan.stage=price", 4),
    ];
    let expected: BTreeMap<String, u64> = expected
        .map(|(words, count)| (words.to_owned(), count))
        .into();
    assert_eq!(counts(&metrics), expected);
}

#[test]
fn stages_are_counted_by_outcome_and_label() {
    Child::of("stages_are_counted_by_outcome_and_label", || {
        run(Route::Lane);
    })
    .run();
}

#[test]
fn what_is_not_sampled_is_counted_with_its_labels() {
    Child::of("what_is_not_sampled_is_counted_with_its_labels", || {
        run(Route::Lane);
    })
    .with("OTEL_TRACES_SAMPLER", "always_off")
    .run();
}

/// It is read for its labels, and goes nowhere.
#[test]
fn what_is_not_sampled_loses_nothing_to_the_limits_of_spans() {
    Child::of(
        "what_is_not_sampled_loses_nothing_to_the_limits_of_spans",
        || {
            run(Route::Lane);
            assert_eq!(tickspan::health().items_lost, 0);
        },
    )
    .with("OTEL_TRACES_SAMPLER", "always_off")
    .with("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0")
    .run();
}

#[test]
fn labels_are_whole_whatever_spans_may_hold() {
    Child::of("labels_are_whole_whatever_spans_may_hold", || {
        run(Route::Lane);
    })
    .with("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0")
    .with("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1")
    .run();
}

#[test]
fn stages_that_are_tracing_spans_are_counted_too() {
    Child::of("stages_that_are_tracing_spans_are_counted_too", || {
        run(Route::Tracing);
    })
    .run();
}

/// A client of a server, without the network between them.
fn request() {
    let metrics = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_periodic_exporter(metrics.clone())
        .build();
    let telemetry = tickspan::builder()
        .with_meter_provider(provider.clone())
        .with_span_exporter(InMemorySpanExporter::default())
        .with_console(false)
        .init()
        .unwrap();
    let order = |path: &str| {
        path.starts_with("/orders/")
            .then_some("/orders/{id}".into())
    };
    let answer = async |request: Request<Body>| {
        let halted = request.uri().path() == "/orders/halted";
        let answer = Response::builder().status(if halted { 503 } else { 200 });
        Ok::<_, Infallible>(answer.body(Body::from("filled")).unwrap())
    };
    let server = ServerLayer::new()
        .with_route(move |request| order(request.uri.path()))
        .layer(tower::service_fn(answer));
    let client = ClientLayer::new()
        .with_template(move |request| order(request.uri.path()))
        .with_servers(["venue.test"])
        .layer(server);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for path in ["orders/1", "orders/2", "orders/halted", "status"] {
            let request = Request::get(format!("http://venue.test/{path}"));
            let request = request.body(Body::empty()).unwrap();
            let response = client.clone().oneshot(request).await.unwrap();
            let body = Body::new(response.into_body());
            axum::body::to_bytes(body, 100).await.unwrap();
        }
    });
    telemetry.flush(Duration::from_mins(1)).unwrap();
    provider.force_flush().unwrap();

    let mut counts = counts(&metrics);
    counts.retain(|words, _| words.starts_with("calls "));
    let expected = [
        (
            "calls http.request.method=GET http.response.status_code=200 http.route=/orders/{id} tickspan.outcome=ok \
             tickspan.stage=HTTP server",
            2,
        ),
        (
            "calls http.request.method=GET http.response.status_code=503 http.route=/orders/{id} \
             tickspan.outcome=error tickspan.stage=HTTP server",
            1,
        ),
        (
            "calls http.request.method=GET http.response.status_code=200 tickspan.outcome=ok tickspan.stage=HTTP server",
            1,
        ),
        (
            "calls http.request.method=GET http.response.status_code=200 server.address=venue.test \
             tickspan.outcome=ok tickspan.stage=HTTP client url.template=/orders/{id}",
            2,
        ),
        (
            "calls http.request.method=GET http.response.status_code=503 server.address=venue.test \
             tickspan.outcome=error tickspan.stage=HTTP client url.template=/orders/{id}",
            1,
        ),
        (
            "calls http.request.method=GET http.response.status_code=200 server.address=venue.test \
             tickspan.outcome=ok tickspan.stage=HTTP client",
            1,
        ),
    ];
    let expected: BTreeMap<String, u64> = expected
        .map(|(words, count)| (words.to_owned(), count))
        .into();
    assert_eq!(counts, expected);
}

#[test]
fn requests_are_counted_by_side_route_and_status() {
    Child::of("requests_are_counted_by_side_route_and_status", || {
        request();
    })
    .run();
}
