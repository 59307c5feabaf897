//! Latency as metrics, through a real receiver: names, units, buckets and values of a scripted run.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use tickspan::{LatencyStages, Protocol, StageClock};
use tickspan_tests::child::Child;
use tickspan_tests::receiver::Receiver;

#[derive(LatencyStages, Clone, Copy)]
#[latency(name = "order", budget = "10us")]
enum Path {
    Received,
    #[latency(budget = "2us")]
    Updated,
    Sent,
}

/// A clock of another process, with marks at these nanoseconds; 0 is none. So the durations are exact.
fn clock(at: [u64; 3]) -> StageClock<Path> {
    const BASE: u64 = 1_700_000_000_000_000_000;
    let mut marked = StageClock::new();
    for (mark, _) in [Path::Received, Path::Updated, Path::Sent]
        .into_iter()
        .zip(at)
        .filter(|(_, at)| *at > 0)
    {
        marked.mark(mark);
    }
    let mut bytes = marked.to_bytes().to_vec();
    let made = at.iter().filter(|at| **at > 0);
    for (place, at) in made.enumerate() {
        bytes[10 + 8 * place..18 + 8 * place].copy_from_slice(&(BASE + at).to_be_bytes());
    }
    StageClock::from_bytes(&bytes).expect("it is one of ours")
}

fn words(attributes: &[KeyValue]) -> String {
    let mut words: Vec<String> = attributes
        .iter()
        .map(|attribute| {
            let value = attribute
                .value
                .as_ref()
                .and_then(|value| value.value.as_ref());
            let Some(Value::StringValue(value)) = value else {
                panic!("{attribute:?} is no text");
            };
            let key = attribute.key.strip_prefix("tickspan.latency.");
            format!("{}={value}", key.expect("one of ours"))
        })
        .collect();
    words.sort();
    words.join(" ")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some seconds"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

#[test]
fn a_scripted_run_arrives_with_its_names_units_buckets_and_values() {
    Child::of(
        "a_scripted_run_arrives_with_its_names_units_buckets_and_values",
        scripted_run,
    )
    .run();
}

fn scripted_run() {
    let receiver = Receiver::http();
    let telemetry = tickspan::builder()
        .with_endpoint(receiver.url())
        .with_protocol(Protocol::HttpProtobuf)
        .init()
        .unwrap();
    clock([1_000, 2_500, 4_500]).finish();
    clock([1_000, 4_000, 9_000]).finish();
    clock([1_000, 0, 31_000]).finish();
    clock([5_000, 3_000, 0]).finish();
    drop(clock([1_000, 0, 0]).enter());
    // What metrics are told of is what the collector has read.
    telemetry.flush(Duration::from_mins(1)).unwrap();
    assert_eq!(telemetry.summary().paths[0].finished, 4);
    telemetry.flush(Duration::from_mins(1)).unwrap();
    receiver.wait_for_metric("tickspan.latency.duration");

    let mut counts = BTreeMap::new();
    let mut durations = BTreeMap::new();
    for received in receiver.metrics() {
        let metric = received.metric;
        let Some(name) = metric.name.strip_prefix("tickspan.latency.") else {
            continue;
        };
        match metric.data.expect("it has data") {
            Data::Histogram(histogram) => {
                assert_eq!((name, &*metric.unit), ("duration", "s"));
                for point in histogram.data_points {
                    // 1, 2, 5, 10, .. from 100 ns to 60 s.
                    let bounds = &point.explicit_bounds;
                    assert_eq!(bounds.len(), 28);
                    assert!((bounds[0] - 1e-7).abs() < 1e-16 && (bounds[27] - 60.0).abs() < 1e-9);
                    let sum = nanoseconds(point.sum.expect("it has a sum"));
                    let filled = point.bucket_counts.iter().enumerate();
                    let filled: Vec<(u64, u64)> = filled
                        .filter(|(_, count)| **count > 0)
                        // The bound above, in nanoseconds.
                        .map(|(place, count)| (nanoseconds(bounds[place]), *count))
                        .collect();
                    durations.insert(words(&point.attributes), (point.count, sum, filled));
                }
            }
            Data::Sum(sum) => {
                assert!(sum.is_monotonic);
                for point in sum.data_points {
                    let Some(number_data_point::Value::AsInt(value)) = point.value else {
                        panic!("{point:?} is no integer");
                    };
                    if value > 0 {
                        let key = format!("{name} {} {}", metric.unit, words(&point.attributes));
                        counts.insert(key, value);
                    }
                }
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    let expected = [
        (
            "hop=end_to_end path=order",
            (3, 41_500, vec![(5_000, 1), (10_000, 1), (50_000, 1)]),
        ),
        (
            "hop=received_to_sent path=order",
            (1, 30_000, vec![(50_000, 1)]),
        ),
        (
            "hop=received_to_updated path=order",
            (2, 4_500, vec![(2_000, 1), (5_000, 1)]),
        ),
        (
            "hop=updated_to_sent path=order",
            (2, 7_000, vec![(2_000, 1), (5_000, 1)]),
        ),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value));
    assert_eq!(durations, BTreeMap::from(expected));
    let expected = [
        ("clocks {clock} end=dropped path=order", 1),
        ("clocks {clock} end=finished path=order", 4),
        ("faults {mark} fault=backwards mark=updated path=order", 1),
        ("faults {mark} fault=unmarked mark=sent path=order", 1),
        ("faults {mark} fault=unmarked mark=updated path=order", 1),
        ("over_budget {hop} hop=end_to_end path=order", 1),
        ("over_budget {hop} hop=received_to_updated path=order", 1),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value));
    assert_eq!(counts, BTreeMap::from(expected));
    // The same in the summary, within its three digits.
    let summary = telemetry.summary();
    let whole = summary.path("order").unwrap().hop("end_to_end").unwrap();
    assert_eq!(whole.all.max, Duration::from_micros(30));
    let p50 = Duration::from_micros(8);
    assert!(
        whole.all.p50.abs_diff(p50) <= p50 / 1_000,
        "{:?}",
        whole.all.p50
    );
}
