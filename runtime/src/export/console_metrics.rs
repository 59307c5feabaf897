//! Metrics as lines on stdout, for looking at without a backend (`OTEL_METRICS_EXPORTER=console`).
//!
//! One line a data point, for people: the format may change.

use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Metric, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::console::{print, write_attribute};

#[derive(Debug)]
pub(crate) struct ConsoleMetrics;

impl PushMetricExporter for ConsoleMetrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut text = String::new();
        for metric in metrics.scope_metrics().flat_map(ScopeMetrics::metrics) {
            // Writing into a `String` cannot fail.
            let _ = write_metric(&mut text, metric);
        }
        print(&text)
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn write_metric(out: &mut String, metric: &Metric) -> fmt::Result {
    match metric.data() {
        AggregatedMetrics::F64(data) => write_points(out, metric, data),
        AggregatedMetrics::I64(data) => write_points(out, metric, data),
        AggregatedMetrics::U64(data) => write_points(out, metric, data),
    }
}

fn write_points<T: Display + Copy>(
    out: &mut String,
    metric: &Metric,
    data: &MetricData<T>,
) -> fmt::Result {
    let mut line = |attributes: &mut dyn Iterator<Item = &KeyValue>, value: &dyn Display| {
        write!(out, "metric {}", metric.name())?;
        for attribute in attributes {
            write_attribute(out, attribute)?;
        }
        write!(out, " = {value}")?;
        match metric.unit() {
            "" => out.write_char('\n'),
            unit => writeln!(out, " {unit}"),
        }
    };
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .try_for_each(|point| line(&mut point.attributes(), &point.value())),
        MetricData::Sum(sum) => sum
            .data_points()
            .try_for_each(|point| line(&mut point.attributes(), &point.value())),
        MetricData::Histogram(histogram) => histogram.data_points().try_for_each(|point| {
            let value = distribution(point.count(), point.sum(), point.min(), point.max());
            line(&mut point.attributes(), &value)
        }),
        MetricData::ExponentialHistogram(histogram) => {
            histogram.data_points().try_for_each(|point| {
                let value =
                    distribution(point.count() as u64, point.sum(), point.min(), point.max());
                line(&mut point.attributes(), &value)
            })
        }
    }
}

/// What fits on a line of a distribution.
fn distribution<T: Display>(count: u64, sum: T, min: Option<T>, max: Option<T>) -> String {
    let mut text = format!("count {count} sum {sum}");
    for (name, value) in [("min", min), ("max", max)] {
        if let Some(value) = value {
            // Writing into a `String` cannot fail.
            let _ = write!(text, " {name} {value}");
        }
    }
    text
}
