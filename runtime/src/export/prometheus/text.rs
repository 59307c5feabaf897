//! Metrics of the SDK as text for Prometheus: `OpenMetrics` 1.0, or the older text format 0.0.4.
//!
//! Written here and not by `prometheus-client`, whose encoder takes no exemplars but those of its own histograms.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::UNIX_EPOCH;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, HistogramDataPoint, Metric, MetricData, ResourceMetrics,
};

use super::names::{Family, label};
use crate::collect::{Exemplar, Exemplars};

/// What the reader understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `OpenMetrics` 1.0, with units and exemplars.
    OpenMetrics,
    /// The text format of Prometheus.
    Plain,
}

impl Format {
    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes all metrics.
pub(super) fn write(metrics: &ResourceMetrics, exemplars: &Exemplars, format: Format) -> String {
    let mut page = Page {
        text: String::new(),
        format,
        exemplars,
    };
    page.target(metrics);
    // A family stands in one place, and several scopes may have instruments of one name.
    let mut families: BTreeMap<String, (Family, Vec<Instrument<'_>>)> = BTreeMap::new();
    for scope in metrics.scope_metrics() {
        let name = scope.scope().name();
        for metric in scope.metrics() {
            let instrument = Instrument {
                metric,
                scope: (!name.starts_with("tickspan")).then_some(name),
            };
            let family = family(metric);
            let known = families.entry(family.name.clone());
            let (_, instruments) = known.or_insert_with(|| (family, Vec::new()));
            instruments.push(instrument);
        }
    }
    for (family, instruments) in families.values() {
        page.family(family, instruments);
    }
    if format == Format::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

/// A metric, and the scope that has to tell it apart.
#[derive(Clone, Copy)]
struct Instrument<'a> {
    metric: &'a Metric,
    scope: Option<&'a str>,
}

/// The types of the text format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Counter,
    Gauge,
    Histogram,
}

fn kind<T>(data: &MetricData<T>) -> Type {
    match data {
        MetricData::Sum(sum) if sum.is_monotonic() => Type::Counter,
        MetricData::Sum(_) | MetricData::Gauge(_) => Type::Gauge,
        MetricData::Histogram(_) | MetricData::ExponentialHistogram(_) => Type::Histogram,
    }
}

fn kind_of(metric: &Metric) -> Type {
    match metric.data() {
        AggregatedMetrics::F64(data) => kind(data),
        AggregatedMetrics::U64(data) => kind(data),
        AggregatedMetrics::I64(data) => kind(data),
    }
}

fn family(metric: &Metric) -> Family {
    Family::of(metric.name(), metric.unit(), kind_of(metric))
}

/// A number of the SDK.
trait Number: Copy {
    fn written(self) -> String;
}

impl Number for f64 {
    fn written(self) -> String {
        if self.is_nan() {
            "NaN".to_owned()
        } else if self.is_infinite() {
            if self > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
        } else {
            format!("{self:?}")
        }
    }
}

impl Number for u64 {
    fn written(self) -> String {
        self.to_string()
    }
}

impl Number for i64 {
    fn written(self) -> String {
        self.to_string()
    }
}

/// The labels of a point, sorted; of keys that become one label the values stand together.
fn labels<'a>(
    attributes: impl Iterator<Item = &'a KeyValue>,
    scope: Option<&str>,
) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for attribute in attributes {
        let value = attribute.value.to_string();
        labels
            .entry(label(attribute.key.as_str()))
            .and_modify(|known| {
                known.push(';');
                known.push_str(&value);
            })
            .or_insert(value);
    }
    if let Some(scope) = scope {
        labels.insert("otel_scope_name".to_owned(), scope.to_owned());
    }
    labels
}

/// The labels of a histogram: `le` is the bound of a bucket, and nobody else's.
fn labels_of_buckets<'a>(
    attributes: impl Iterator<Item = &'a KeyValue>,
    scope: Option<&str>,
) -> BTreeMap<String, String> {
    let mut labels = labels(attributes, scope);
    if let Some(value) = labels.remove("le") {
        labels.insert("exported_le".to_owned(), value);
    }
    labels
}

struct Page<'a> {
    text: String,
    format: Format,
    exemplars: &'a Exemplars,
}

impl Page<'_> {
    /// The resource, as the info metric that Prometheus joins with.
    fn target(&mut self, metrics: &ResourceMetrics) {
        let attributes: Vec<KeyValue> = metrics
            .resource()
            .iter()
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
            .collect();
        let labels = labels(attributes.iter(), None);
        let kind = match self.format {
            Format::OpenMetrics => "# HELP target What is measured.\n# TYPE target info\n",
            Format::Plain => "# HELP target_info What is measured.\n# TYPE target_info gauge\n",
        };
        self.text.push_str(kind);
        self.sample("target_info", &labels, None, "1");
        self.text.push('\n');
    }

    fn family(&mut self, family: &Family, instruments: &[Instrument<'_>]) {
        let Some(first) = instruments.first() else {
            return;
        };
        let kind = kind_of(first.metric);
        let total = if kind == Type::Counter { "_total" } else { "" };
        let name = match self.format {
            Format::OpenMetrics => family.name.clone(),
            Format::Plain => format!("{}{total}", family.name),
        };
        let help = first.metric.description();
        let help = if help.is_empty() {
            first.metric.name()
        } else {
            help
        };
        self.text.push_str("# HELP ");
        self.text.push_str(&name);
        self.text.push(' ');
        self.escaped(help, self.format == Format::OpenMetrics);
        let word = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        _ = write!(self.text, "\n# TYPE {name} {word}\n");
        if self.format == Format::OpenMetrics && !family.unit.is_empty() {
            _ = writeln!(self.text, "# UNIT {name} {}", family.unit);
        }
        let samples = format!("{}{total}", family.name);
        for instrument in instruments {
            // Two types of one name: the first is told.
            if kind_of(instrument.metric) == kind {
                match instrument.metric.data() {
                    AggregatedMetrics::F64(data) => self.points(&samples, data, *instrument),
                    AggregatedMetrics::U64(data) => self.points(&samples, data, *instrument),
                    AggregatedMetrics::I64(data) => self.points(&samples, data, *instrument),
                }
            }
        }
    }

    fn points<T: Number>(&mut self, name: &str, data: &MetricData<T>, of: Instrument<'_>) {
        match data {
            MetricData::Sum(sum) => {
                for point in sum.data_points() {
                    let labels = labels(point.attributes(), of.scope);
                    self.sample(name, &labels, None, &point.value().written());
                    self.text.push('\n');
                }
            }
            MetricData::Gauge(gauge) => {
                for point in gauge.data_points() {
                    let labels = labels(point.attributes(), of.scope);
                    self.sample(name, &labels, None, &point.value().written());
                    self.text.push('\n');
                }
            }
            MetricData::Histogram(histogram) => {
                for point in histogram.data_points() {
                    let exemplars = self.exemplars(of.metric.name(), point);
                    let distribution = Distribution {
                        bounds: point.bounds().collect(),
                        counts: point.bucket_counts().collect(),
                        count: point.count(),
                        sum: point.sum().written(),
                    };
                    let labels = labels_of_buckets(point.attributes(), of.scope);
                    self.histogram(name, &labels, &distribution, &exemplars);
                }
            }
            MetricData::ExponentialHistogram(histogram) => {
                for point in histogram.data_points() {
                    let base = (-f64::from(point.scale())).exp2().exp2();
                    let buckets = point.positive_bucket();
                    let zero = point.zero_count();
                    let mut bounds = vec![point.zero_threshold()];
                    let mut counts = vec![zero + point.negative_bucket().counts().sum::<u64>()];
                    for (place, number) in (buckets.offset()..).zip(buckets.counts()) {
                        bounds.push(base.powi(place + 1));
                        counts.push(number);
                    }
                    counts.push(0);
                    let distribution = Distribution {
                        bounds,
                        counts,
                        count: point.count() as u64,
                        sum: point.sum().written(),
                    };
                    let labels = labels_of_buckets(point.attributes(), of.scope);
                    self.histogram(name, &labels, &distribution, &[]);
                }
            }
        }
    }

    fn exemplars<T: Number>(
        &self,
        instrument: &str,
        point: &HistogramDataPoint<T>,
    ) -> Vec<Option<Exemplar>> {
        match self.format {
            Format::OpenMetrics => self.exemplars.of(instrument, &mut point.attributes()),
            Format::Plain => Vec::new(),
        }
    }

    fn histogram(
        &mut self,
        name: &str,
        labels: &BTreeMap<String, String>,
        distribution: &Distribution,
        exemplars: &[Option<Exemplar>],
    ) {
        let bucket = format!("{name}_bucket");
        let bounds = distribution.bounds.iter().copied();
        let mut below = 0;
        for (place, (bound, count)) in bounds
            .chain([f64::INFINITY])
            .zip(&distribution.counts)
            .enumerate()
        {
            below += count;
            let bound = bound.written();
            self.sample(&bucket, labels, Some(("le", &bound)), &below.to_string());
            if let Some(Some(exemplar)) = exemplars.get(place) {
                self.exemplar(exemplar);
            }
            self.text.push('\n');
        }
        self.sample(&format!("{name}_sum"), labels, None, &distribution.sum);
        self.text.push('\n');
        let count = distribution.count.to_string();
        self.sample(&format!("{name}_count"), labels, None, &count);
        self.text.push('\n');
    }

    /// Writes a sample, without the end of its line.
    fn sample(
        &mut self,
        name: &str,
        labels: &BTreeMap<String, String>,
        last: Option<(&str, &str)>,
        value: &str,
    ) {
        self.text.push_str(name);
        let labels = labels.iter().map(|(key, value)| (&key[..], &value[..]));
        let mut separator = '{';
        for (key, value) in labels.chain(last) {
            self.text.push(separator);
            self.text.push_str(key);
            self.text.push_str("=\"");
            self.escaped(value, true);
            self.text.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.text.push('}');
        }
        self.text.push(' ');
        self.text.push_str(value);
    }

    fn exemplar(&mut self, exemplar: &Exemplar) {
        let Exemplar {
            trace,
            span,
            value,
            time,
        } = exemplar;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        _ = write!(
            self.text,
            " # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {} {}.{:03}",
            value.written(),
            since.as_secs(),
            since.subsec_millis(),
        );
    }

    fn escaped(&mut self, text: &str, quotes: bool) {
        for c in text.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '"' if quotes => self.text.push_str("\\\""),
                c => self.text.push(c),
            }
        }
    }
}

/// The numbers of a histogram.
struct Distribution {
    bounds: Vec<f64>,
    /// One more than bounds.
    counts: Vec<u64>,
    count: u64,
    sum: String,
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};
    use std::time::Duration;

    use opentelemetry::metrics::{Meter, MeterProvider as _};
    use opentelemetry::trace::{SpanId, TraceId};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::metrics::reader::MetricReader;
    use opentelemetry_sdk::metrics::{
        Aggregation, Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream,
        Temporality,
    };

    use super::*;

    #[derive(Clone, Debug)]
    struct Reader(Arc<ManualReader>);

    impl MetricReader for Reader {
        fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
            self.0.register_pipeline(pipeline);
        }

        fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
            self.0.collect(metrics)
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
            self.0.shutdown_with_timeout(timeout)
        }

        fn temporality(&self, kind: InstrumentKind) -> Temporality {
            self.0.temporality(kind)
        }
    }

    fn page(
        view: impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static,
        format: Format,
    ) -> String {
        let reader = Reader(Arc::new(ManualReader::builder().build()));
        let resource = Resource::builder_empty()
            .with_attribute(KeyValue::new("service.name", "hedger"))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(reader.clone())
            .with_view(view)
            .build();
        let meter = provider.meter("tickspan");
        let calls = meter
            .u64_counter("stage.calls")
            .with_unit("{call}")
            .with_description("Stages\nthat \"ended\".")
            .build();
        calls.add(3, &[KeyValue::new("venue", "a\\b\"c\nd")]);
        let took = meter
            .f64_histogram("stage.duration")
            .with_unit("s")
            .with_boundaries(vec![0.1, 0.2])
            .build();
        for value in [0.05, 0.15, 0.15, 7.0] {
            took.record(value, &[KeyValue::new("stage.name", "quote")]);
        }
        let others = provider.meter("somebody.else");
        let lag = others.f64_gauge("lag").build();
        lag.record(f64::INFINITY, &[]);
        lag.record(-2.5, &[KeyValue::new("a.b", 1), KeyValue::new("a_b", true)]);
        let mut metrics = ResourceMetrics::default();
        reader.collect(&mut metrics).unwrap();
        let exemplars = Exemplars::default();
        let series = exemplars.series(
            "stage.duration",
            &[KeyValue::new("stage.name", "quote")],
            &[0.1, 0.2],
        );
        series.keep(Exemplar {
            trace: TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
            span: SpanId::from(0xb7ad_6b71_6920_3331),
            value: 0.15,
            time: UNIX_EPOCH + Duration::from_millis(1_520_879_607_789),
        });
        write(&metrics, &exemplars, format)
    }

    #[test]
    fn open_metrics_has_units_exemplars_and_an_end() {
        let page = page(|_: &Instrument| None, Format::OpenMetrics);
        assert_eq!(
            page,
            "# HELP target What is measured.\n\
             # TYPE target info\n\
             target_info{service_name=\"hedger\"} 1\n\
             # HELP lag lag\n\
             # TYPE lag gauge\n\
             lag{a_b=\"1;true\",otel_scope_name=\"somebody.else\"} -2.5\n\
             # HELP stage_calls Stages\\nthat \\\"ended\\\".\n\
             # TYPE stage_calls counter\n\
             stage_calls_total{venue=\"a\\\\b\\\"c\\nd\"} 3\n\
             # HELP stage_duration_seconds stage.duration\n\
             # TYPE stage_duration_seconds histogram\n\
             # UNIT stage_duration_seconds seconds\n\
             stage_duration_seconds_bucket{stage_name=\"quote\",le=\"0.1\"} 1\n\
             stage_duration_seconds_bucket{stage_name=\"quote\",le=\"0.2\"} 3 \
             # {trace_id=\"0af7651916cd43dd8448eb211c80319c\",span_id=\"b7ad6b7169203331\"} 0.15 1520879607.789\n\
             stage_duration_seconds_bucket{stage_name=\"quote\",le=\"+Inf\"} 4\n\
             stage_duration_seconds_sum{stage_name=\"quote\"} 7.35\n\
             stage_duration_seconds_count{stage_name=\"quote\"} 4\n\
             # EOF\n"
        );
    }

    fn page_of(record: impl FnOnce(&Meter)) -> String {
        let reader = Reader(Arc::new(ManualReader::builder().build()));
        let provider = SdkMeterProvider::builder()
            .with_reader(reader.clone())
            .build();
        record(&provider.meter("tickspan"));
        let mut metrics = ResourceMetrics::default();
        reader.collect(&mut metrics).unwrap();
        write(&metrics, &Exemplars::default(), Format::OpenMetrics)
    }

    #[test]
    fn a_name_is_one_family_with_or_without_its_unit() {
        let page = page_of(|meter| {
            let lag = |name, unit, topic| {
                let gauge = meter.f64_gauge(name).with_unit(unit).build();
                gauge.record(1.0, &[KeyValue::new("topic", topic)]);
            };
            lag("lag", "s", "fills");
            lag("lag.seconds", "", "quotes");
        });
        assert_eq!(page.matches("# TYPE lag_seconds ").count(), 1, "{page}");
        for topic in ["fills", "quotes"] {
            let line = format!("\nlag_seconds{{topic=\"{topic}\"}} 1.0\n");
            assert!(page.contains(&line), "{page}");
        }
    }

    /// Prometheus takes nothing of a page on which a sample has a label twice.
    #[test]
    fn a_label_of_the_programs_is_not_the_bound_of_a_bucket() {
        let page = page_of(|meter| {
            let sizes = meter.f64_histogram("size").with_boundaries(vec![1.0]);
            sizes.build().record(0.5, &[KeyValue::new("le", "here")]);
        });
        for line in [
            "\nsize_bucket{exported_le=\"here\",le=\"1.0\"} 1\n",
            "\nsize_count{exported_le=\"here\"} 1\n",
        ] {
            assert!(page.contains(line), "{page}");
        }
    }

    #[test]
    fn the_older_format_has_neither_and_names_counters_whole() {
        let page = page(|_: &Instrument| None, Format::Plain);
        assert!(
            page.contains("# TYPE stage_calls_total counter\nstage_calls_total{"),
            "{page}"
        );
        assert!(
            page.contains("# HELP stage_calls_total Stages\\nthat \"ended\".\n"),
            "{page}"
        );
        for absent in ["# UNIT", "# EOF", "trace_id"] {
            assert!(!page.contains(absent), "{page}");
        }
    }

    #[test]
    fn exponential_histograms_have_the_bounds_of_their_buckets() {
        let page = page(
            |_: &Instrument| {
                let aggregation = Aggregation::Base2ExponentialHistogram {
                    max_size: 4,
                    max_scale: 20,
                    record_min_max: true,
                };
                Stream::builder().with_aggregation(aggregation).build().ok()
            },
            Format::Plain,
        );
        let buckets: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("stage_duration_seconds_bucket"))
            .collect();
        let bounds: Vec<f64> = buckets
            .iter()
            .map(|line| {
                let (_, bound) = line.split_once("le=\"").unwrap();
                let bound = bound.split_once('"').unwrap().0;
                bound.trim_start_matches('+').parse().unwrap()
            })
            .collect();
        assert!(bounds.is_sorted(), "{buckets:#?}");
        let below_1 = bounds.iter().rposition(|bound| *bound <= 1.0).unwrap();
        assert!(buckets[below_1].ends_with(" 3"), "{buckets:#?}");
        assert!(
            buckets[buckets.len() - 1].ends_with("le=\"+Inf\"} 4"),
            "{buckets:#?}"
        );
    }
}
