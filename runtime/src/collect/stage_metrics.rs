//! The metrics that each stage has by itself: how long it took, and how it ended.
//!
//! Fed by the collector, and on the tracing route by the thread that ends a span. Every stage counts, whether its
//! trace is sampled or not. An attribute set is bound once: then a stage costs two additions.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Histogram, MeterProvider};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::exemplars::{Buckets, Exemplar, Exemplars};
use super::summary;
use crate::record::lane::health::{Loss, count};
use crate::record::lane::sites::{self, Site};
use crate::record::lane::wire::outcome;

/// So many attribute sets may a metric have; of those beyond, the metrics of a stage are told together. The SDK's own
/// limit is 2,000, and what is beyond that it does not tell by stage.
const MOST_SETS: usize = 1_900;

const DURATION: &str = "tickspan.stage.duration";

/// The values of `tickspan.outcome`, by code.
const OUTCOMES: [&str; 4] = ["ok", "error", "panicked", "cancelled"];

/// The bounds of buckets for durations, in seconds: 1, 2, 5, 10, .. from 100 ns to 60 s.
pub(crate) fn duration_bounds() -> Vec<f64> {
    // Divided, so that each is the nearest number: a duration of exactly 5 µs is in the bucket up to 5 µs.
    let parts = (0..=7).rev().map(|exponent| 10_f64.powi(exponent));
    let mut bounds: Vec<f64> = parts
        .flat_map(|parts| [1.0 / parts, 2.0 / parts, 5.0 / parts])
        .collect();
    bounds.extend([10.0, 20.0, 50.0, 60.0]);
    bounds
}

/// The metrics of all stages.
pub(crate) struct StageMetrics {
    duration: Histogram<f64>,
    calls: Counter<u64>,
    stages: Vec<Stage>,
    /// Attribute sets that have been bound.
    sets: usize,
    /// The label values of the stage at hand.
    key: Vec<u8>,
    by_name: HashMap<&'static str, Row>,
    sites: Vec<Site>,
    /// Where somebody reads them.
    exemplars: Option<Exemplars>,
}

/// The metrics of one stage.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    labels: &'static [&'static str],
    /// That of a stage without labels.
    only: Option<Series>,
    /// By the values of the labels.
    series: HashMap<Vec<u8>, Series>,
    /// Of the sets of values that were too many.
    others: Option<Series>,
}

/// The metrics of one set of label values.
#[derive(Debug)]
struct Series {
    attributes: Vec<KeyValue>,
    duration: BoundHistogram<f64>,
    exemplars: Option<Buckets>,
    calls: [Option<BoundCounter<u64>>; OUTCOMES.len()],
}

/// The place of a stage, for whoever counts many of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row(usize);

impl fmt::Debug for StageMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageMetrics")
            .field("sets", &self.sets)
            .finish_non_exhaustive()
    }
}

impl StageMetrics {
    pub(crate) fn new(provider: &dyn MeterProvider, exemplars: Option<Exemplars>) -> Self {
        let meter = provider.meter("tickspan");
        Self {
            duration: meter
                .f64_histogram(DURATION)
                .with_unit("s")
                .with_description("How long stages took.")
                .with_boundaries(duration_bounds())
                .build(),
            calls: meter
                .u64_counter("tickspan.stage.calls")
                .with_unit("{call}")
                .with_description("Stages that ended, by outcome.")
                .build(),
            stages: Vec::new(),
            sets: 0,
            key: Vec::new(),
            by_name: HashMap::new(),
            sites: Vec::new(),
            exemplars,
        }
    }

    /// The place of a stage.
    pub(super) fn row(&mut self, name: &'static str, labels: &'static [&'static str]) -> Row {
        self.stages.push(Stage {
            name,
            labels,
            only: None,
            series: HashMap::new(),
            others: None,
        });
        Row(self.stages.len() - 1)
    }

    /// Whether somebody reads exemplars.
    pub(super) fn wants_exemplars(&self) -> bool {
        self.exemplars.is_some()
    }

    /// Counts a stage that has ended; `outcome` is its code, and its labels are among `attributes`.
    pub(super) fn observe(
        &mut self,
        row: Row,
        outcome: u8,
        duration: Duration,
        attributes: &[KeyValue],
        exemplar: Option<Exemplar>,
    ) {
        let Some(stage) = self.stages.get_mut(row.0) else {
            return;
        };
        let place = usize::from(outcome).min(OUTCOMES.len() - 1);
        let series = if stage.labels.is_empty() {
            // Without a look-up: processors take 100 ns to compare no bytes where an empty list says that it lies.
            let series = stage.only.get_or_insert_with(|| {
                let attributes = vec![named(stage.name)];
                Series::new(attributes, &self.duration, self.exemplars.as_ref())
            });
            self.sets += usize::from(series.calls[place].is_none());
            series
        } else {
            self.key.clear();
            for label in stage.labels {
                write_key(&mut self.key, value_of(attributes, label));
            }
            let known = stage.series.get(&self.key[..]);
            let is_new = known.is_none_or(|series| series.calls[place].is_none());
            if is_new && self.sets >= MOST_SETS {
                count(Loss::LabelSets);
                stage.others.get_or_insert_with(|| {
                    let overflow = KeyValue::new("otel.metric.overflow", true);
                    Series::new(vec![named(stage.name), overflow], &self.duration, None)
                })
            } else {
                self.sets += usize::from(is_new);
                // Two look-ups for a new one, so that those that are known need no key of their own.
                if !stage.series.contains_key(&self.key[..]) {
                    let labels = stage.labels.iter().filter_map(|label| {
                        let value = value_of(attributes, label)?;
                        Some(KeyValue::new(*label, value.clone()))
                    });
                    let attributes = [named(stage.name)].into_iter().chain(labels).collect();
                    let series = Series::new(attributes, &self.duration, self.exemplars.as_ref());
                    stage.series.insert(self.key.clone(), series);
                }
                let Some(series) = stage.series.get_mut(&self.key[..]) else {
                    return;
                };
                series
            }
        };
        series.duration.record(duration.as_secs_f64());
        if let (Some(buckets), Some(exemplar)) = (&series.exemplars, exemplar) {
            buckets.keep(exemplar);
        }
        let Series {
            attributes, calls, ..
        } = series;
        calls[place]
            .get_or_insert_with(|| {
                let outcome = KeyValue::new("tickspan.outcome", OUTCOMES[place]);
                let attributes: Vec<_> = attributes.iter().cloned().chain([outcome]).collect();
                self.calls.bind(&attributes)
            })
            .add(1);
    }

    /// Counts a span of the tracing route, if it is a stage's.
    pub(crate) fn observe_span(&mut self, span: &SpanData) {
        let Some(row) = self.row_of(&span.name) else {
            return;
        };
        let outcome = match value_of(&span.attributes, "tickspan.outcome") {
            Some(Value::String(outcome)) => OUTCOMES
                .iter()
                .position(|known| *known == outcome.as_str())
                .and_then(|place| u8::try_from(place).ok())
                .unwrap_or(outcome::OK),
            _ => outcome::OK,
        };
        let duration = summary::duration(span);
        let exemplar = self.wants_exemplars().then(|| Exemplar {
            trace: span.span_context.trace_id(),
            span: span.span_context.span_id(),
            value: duration.as_secs_f64(),
            time: span.end_time,
        });
        self.observe(row, outcome, duration, &span.attributes, exemplar);
    }

    /// The place of the stage of a name: the first callsite that has it.
    fn row_of(&mut self, name: &str) -> Option<Row> {
        if let Some(row) = self.by_name.get(name) {
            return Some(*row);
        }
        let known = self.sites.len();
        sites::learn(&mut self.sites);
        for place in known..self.sites.len() {
            if let Site::Callsite(callsite) = self.sites[place] {
                let name = callsite.metadata().name();
                if !callsite.kind().is_event() && !self.by_name.contains_key(name) {
                    let row = self.row(name, callsite.labels());
                    self.by_name.insert(name, row);
                }
            }
        }
        self.by_name.get(name).copied()
    }
}

impl Series {
    fn new(
        attributes: Vec<KeyValue>,
        duration: &Histogram<f64>,
        exemplars: Option<&Exemplars>,
    ) -> Self {
        Self {
            duration: duration.bind(&attributes),
            exemplars: exemplars
                .map(|exemplars| exemplars.series(DURATION, &attributes, &duration_bounds())),
            attributes,
            calls: Default::default(),
        }
    }
}

fn named(stage: &'static str) -> KeyValue {
    KeyValue::new("tickspan.stage", stage)
}

fn value_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| &attribute.value)
}

/// Writes a value so that no two lists of values are the same bytes.
pub(crate) fn write_key(key: &mut Vec<u8>, value: Option<&Value>) {
    let mut text = |tag, text: &str| {
        key.push(tag);
        key.extend_from_slice(&(text.len() as u64).to_le_bytes());
        key.extend_from_slice(text.as_bytes());
    };
    match value {
        None => key.push(0),
        Some(Value::Bool(value)) => key.extend_from_slice(&[1, u8::from(*value)]),
        Some(Value::I64(value)) => {
            key.push(2);
            key.extend_from_slice(&value.to_le_bytes());
        }
        Some(Value::F64(value)) => {
            key.push(3);
            key.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Some(Value::String(value)) => text(4, value.as_str()),
        Some(other) => text(5, &other.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};

    use super::*;

    /// Each attribute set of the calls, and how often.
    fn calls(exporter: &InMemoryMetricExporter) -> Vec<(Vec<KeyValue>, u64)> {
        let finished = exporter.get_finished_metrics().unwrap();
        let metrics = finished.last().unwrap().scope_metrics();
        let metrics = metrics.flat_map(ScopeMetrics::metrics);
        let mut found = Vec::new();
        for metric in metrics.filter(|metric| metric.name() == "tickspan.stage.calls") {
            if let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() {
                found.extend(sum.data_points().map(|point| {
                    let attributes = point.attributes().cloned().collect();
                    (attributes, point.value())
                }));
            }
        }
        found
    }

    #[test]
    fn bounds_rise_from_100_ns_to_60_s() {
        let bounds = duration_bounds();
        assert!(bounds.is_sorted());
        assert_eq!((bounds[0], bounds[bounds.len() - 1]), (1e-7, 60.0));
    }

    #[test]
    fn ten_thousand_label_sets_are_bounded_told_by_stage_and_counted() {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_periodic_exporter(exporter.clone())
            .build();
        let mut metrics = StageMetrics::new(&provider, None);
        let row = metrics.row("quote", &["order_id"]);
        let before = crate::record::lane::health::counted(Loss::LabelSets);
        for number in 0..10_000 {
            let label = KeyValue::new("order_id", number);
            metrics.observe(row, outcome::OK, Duration::from_micros(1), &[label], None);
        }
        provider.force_flush().unwrap();
        let calls = calls(&exporter);
        assert_eq!(calls.len(), MOST_SETS + 1);
        assert_eq!(calls.iter().map(|(_, number)| number).sum::<u64>(), 10_000);
        let others = calls.iter().find(|(attributes, _)| {
            value_of(attributes, "otel.metric.overflow") == Some(&Value::Bool(true))
        });
        let (attributes, number) = others.unwrap();
        assert_eq!(*number, 10_000 - MOST_SETS as u64);
        assert_eq!(
            value_of(attributes, "tickspan.stage"),
            Some(&Value::from("quote"))
        );
        let counted = crate::record::lane::health::counted(Loss::LabelSets) - before;
        assert_eq!(counted, 10_000 - MOST_SETS as u64);
    }

    #[test]
    fn values_that_read_alike_are_told_apart() {
        let keys = [
            Some(Value::from("1")),
            Some(Value::I64(1)),
            Some(Value::F64(1.0)),
            Some(Value::Bool(true)),
            None,
        ]
        .map(|value| {
            let mut key = Vec::new();
            write_key(&mut key, value.as_ref());
            key
        });
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
    }
}
