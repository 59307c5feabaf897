//! The health of telemetry, as metrics of the OpenTelemetry SDK.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::traced_stage;
use tickspan_tests::child::Child;

#[traced_stage]
fn price(quantity: u64) -> u64 {
    quantity
}

/// Each number, by the instrument and the attributes that tell it apart.
fn numbers(metrics: &InMemoryMetricExporter) -> BTreeMap<String, u64> {
    let mut numbers = BTreeMap::new();
    let finished = metrics.get_finished_metrics().unwrap();
    let scopes = finished.last().unwrap().scope_metrics();
    for metric in scopes.flat_map(ScopeMetrics::metrics) {
        let mut tell = |attributes: String, value| {
            numbers.insert(format!("{}{attributes}", metric.name()), value);
        };
        let words = |attributes: &mut dyn Iterator<Item = &opentelemetry::KeyValue>| {
            attributes.fold(String::new(), |words, attribute| {
                words + " " + &attribute.value.to_string()
            })
        };
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                for point in sum.data_points() {
                    tell(words(&mut point.attributes()), point.value());
                }
            }
            AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
                for point in gauge.data_points() {
                    tell(words(&mut point.attributes()), point.value());
                }
            }
            // Those of the stages themselves, and of the process.
            AggregatedMetrics::F64(_) | AggregatedMetrics::I64(_) => {}
            other @ AggregatedMetrics::U64(_) => panic!("{}: {other:?}", metric.name()),
        }
    }
    numbers
}

#[test]
fn health_is_observed_by_the_meters_of_the_program() {
    Child::of("health_is_observed_by_the_meters_of_the_program", || {
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
        for quantity in 0..10 {
            price(quantity);
        }
        telemetry.flush(Duration::from_mins(1)).unwrap();
        provider.force_flush().unwrap();
        let numbers = numbers(&metrics);
        let number = |name: &str| numbers.get(name).copied();
        assert_eq!(number("tickspan.span.started"), Some(10), "{numbers:#?}");
        assert_eq!(number("tickspan.span.ended"), Some(10));
        assert_eq!(number("tickspan.span.unsampled"), Some(0));
        assert_eq!(number("tickspan.loss lane_full"), Some(0));
        assert_eq!(number("tickspan.lane.memory"), Some(1 << 20));
        let exporter = std::any::type_name::<InMemorySpanExporter>();
        let sent = numbers
            .iter()
            .find(|(name, _)| name.contains(exporter) && name.contains("exported"));
        assert_eq!(sent.map(|(_, number)| *number), Some(10), "{numbers:#?}");
        assert_eq!(
            number(&format!("tickspan.export.queue {exporter}")),
            Some(0)
        );
    })
    .run();
}
