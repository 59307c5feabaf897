//! A program that has tickspan emit all that it can: each metric, each attribute, each event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use futures::FutureExt as _;
use futures::executor::block_on;
use opentelemetry::KeyValue;
use opentelemetry_sdk::logs::InMemoryLogExporter;
use opentelemetry_sdk::metrics::InMemoryMetricExporter;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Metric, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::trace::SpanData;
use tempfile::TempDir;
use tickspan::tower::{ClientLayer, ServerLayer};
use tickspan::trade::{EventReceived, OrdType, OrderRequest, Side, TimeInForce};
use tickspan::{
    EdgeBreakdown, LatencyStages, SafeError, StageClock, TradeEvent, stage, traced_stage,
};
use tickspan_tests::exported::Kept;
use tower::{Layer as _, ServiceExt as _};

use super::model::Instrument;

/// What has arrived.
#[derive(Debug, Default)]
pub(crate) struct Everything {
    pub(crate) metrics: BTreeMap<String, EmittedMetric>,
    pub(crate) spans: Vec<SpanData>,
    /// The page for Prometheus.
    pub(crate) page: String,
}

/// What the instruments of one name say.
#[derive(Debug)]
pub(crate) struct EmittedMetric {
    pub(crate) instrument: Instrument,
    pub(crate) description: String,
    /// The unit, and that of the edge for which there is an instrument of its own.
    pub(crate) units: BTreeSet<(String, Option<String>)>,
    /// The values of each attribute.
    pub(crate) attributes: BTreeMap<String, BTreeSet<String>>,
}

/// What is a program's own begins so, in this one.
pub(crate) const OWN: &str = "own";

#[derive(Debug, SafeError)]
enum Rejected {
    TooLarge,
}

#[traced_stage(name = "own_price", metric(labels(own_label)), err, ret)]
fn price(own_label: u64) -> Result<u64, Rejected> {
    match own_label {
        0 => Err(Rejected::TooLarge),
        1 => panic!("no price"),
        price => Ok(price),
    }
}

#[traced_stage(name = "own_wait")]
async fn wait() {
    std::future::pending::<()>().await;
}

#[derive(LatencyStages, Clone, Copy)]
#[latency(name = "own_path", budget = "1ns")]
enum Path {
    Received,
    Sent,
}

#[derive(EdgeBreakdown)]
#[edge(name = "own_edge")]
struct Edge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(threshold)]
    threshold: f64,
    #[edge(context)]
    own_context: u64,
}

#[derive(EdgeBreakdown)]
#[edge(name = "own_edge_in_usd", unit = "USD")]
struct EdgeInUsd {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

/// Runs it, in a process that does nothing else.
pub(crate) fn emitted() -> Everything {
    let (spans, metrics) = (Kept::default(), InMemoryMetricExporter::default());
    let folder = TempDir::new().unwrap();
    let telemetry = tickspan::builder()
        .with_location(true)
        .with_hop_spans(true)
        .with_span_exporter(spans.clone())
        .with_metric_exporter(metrics.clone())
        .with_log_exporter(InMemoryLogExporter::default())
        .with_recorder(folder.path())
        .with_prometheus_page()
        .with_summary(false)
        .with_console(false)
        .init()
        .unwrap();
    trade();
    serve();
    telemetry.flush(Duration::from_mins(1)).unwrap();
    let page = telemetry.prometheus().unwrap();
    let page = page.write("application/openmetrics-text; version=1.0.0").1;
    let mut everything = Everything {
        page,
        spans: spans.take(),
        ..Everything::default()
    };
    let finished = metrics.get_finished_metrics().unwrap();
    for scope in finished.iter().flat_map(ResourceMetrics::scope_metrics) {
        everything.add(scope);
    }
    everything
}

fn trade() {
    let _ = price(0);
    let _ = price(2);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    assert!(std::panic::catch_unwind(|| price(1)).is_err());
    std::panic::set_hook(hook);
    assert!(wait().now_or_never().is_none());
    let _stage = stage!("own_stage");
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    clock.mark(Path::Sent);
    clock.finish();
    for fees in [1.0, 10.0] {
        let edge = Edge {
            gross: 5.0,
            fees,
            threshold: 1.0,
            own_context: 1,
        };
        edge.record(&edge.decide());
        let edge = EdgeInUsd { gross: 5.0, fees };
        edge.record(&edge.decide());
    }
    EventReceived {
        source: "XNAS",
        event_type: "X",
        symbol: Some("AAPL"),
        sequence: Some(1),
        sending_time_unix_ns: Some(1),
        transact_time_unix_ns: Some(1),
    }
    .record();
    OrderRequest {
        client_order_id: "o-17",
        symbol: "AAPL",
        venue: Some("XNAS"),
        side: Side::Buy,
        order_type: OrdType::Limit,
        quantity: 200_u64,
        price: Some(58_533),
        time_in_force: TimeInForce::ImmediateOrCancel,
    }
    .record();
    // What another crate says, and the policy keeps.
    let fault = std::io::Error::other("no");
    tracing::info!(
        password = "p",
        error = &fault as &dyn std::error::Error,
        anything = "a",
        "own"
    );
}

/// Requests, of which one fails and one is of gRPC, through a client and a server.
fn serve() {
    let headers_of_grpc = [("content-type", "application/grpc"), ("grpc-status", "0")];
    let server = || {
        Router::new()
            .route("/orders/{id}", get(async || "filled"))
            .route("/broken", get(async || StatusCode::BAD_GATEWAY))
            .route("/Orders/Get", get(async move || headers_of_grpc))
            .layer(ServerLayer::new())
    };
    let client = ClientLayer::new().with_servers(["venue.example"]);
    let client = client.with_template(|head| {
        let is_order = head.uri.path().starts_with("/orders/");
        is_order.then_some("/orders/{id}".into())
    });
    for path in ["/orders/7", "/broken", "/Orders/Get"] {
        let request = Request::get(format!("http://venue.example:8080{path}"));
        let request = request.body(Body::empty()).unwrap();
        let response = block_on(client.layer(server()).oneshot(request)).unwrap();
        block_on(axum::body::to_bytes(Body::new(response.into_body()), 100)).unwrap();
    }
}

impl Everything {
    fn add(&mut self, scope: &ScopeMetrics) {
        let mut of_scope = scope.scope().attributes();
        let unit_of_edge = of_scope
            .find(|attribute| attribute.key.as_str() == "edge.unit")
            .map(|attribute| attribute.value.to_string());
        for metric in scope.metrics() {
            let emitted = self
                .metrics
                .entry(metric.name().to_owned())
                .or_insert_with(|| EmittedMetric {
                    instrument: instrument(metric),
                    description: metric.description().to_owned(),
                    units: BTreeSet::new(),
                    attributes: BTreeMap::new(),
                });
            assert_eq!(emitted.instrument, instrument(metric), "{}", metric.name());
            let unit = (metric.unit().to_owned(), unit_of_edge.clone());
            emitted.units.insert(unit);
            each_attribute(metric, |attribute| {
                let values = emitted.attributes.entry(attribute.key.to_string());
                values.or_default().insert(attribute.value.to_string());
            });
        }
    }
}

fn instrument(metric: &Metric) -> Instrument {
    fn of<T>(data: &MetricData<T>) -> Instrument {
        match data {
            MetricData::Sum(sum) if sum.is_monotonic() => Instrument::Counter,
            MetricData::Sum(_) => Instrument::UpDownCounter,
            MetricData::Gauge(_) => Instrument::Gauge,
            MetricData::Histogram(_) | MetricData::ExponentialHistogram(_) => Instrument::Histogram,
        }
    }
    match metric.data() {
        AggregatedMetrics::F64(data) => of(data),
        AggregatedMetrics::U64(data) => of(data),
        AggregatedMetrics::I64(data) => of(data),
    }
}

fn each_attribute(metric: &Metric, mut take: impl FnMut(&KeyValue)) {
    fn of<T>(data: &MetricData<T>, take: &mut dyn FnMut(&KeyValue)) {
        match data {
            MetricData::Sum(sum) => sum
                .data_points()
                .for_each(|point| point.attributes().for_each(&mut *take)),
            MetricData::Gauge(gauge) => gauge
                .data_points()
                .for_each(|point| point.attributes().for_each(&mut *take)),
            MetricData::Histogram(histogram) => histogram
                .data_points()
                .for_each(|point| point.attributes().for_each(&mut *take)),
            MetricData::ExponentialHistogram(histogram) => histogram
                .data_points()
                .for_each(|point| point.attributes().for_each(&mut *take)),
        }
    }
    match metric.data() {
        AggregatedMetrics::F64(data) => of(data, &mut take),
        AggregatedMetrics::U64(data) => of(data, &mut take),
        AggregatedMetrics::I64(data) => of(data, &mut take),
    }
}
