//! What it costs to count, to set and to record, beside the SDK's own instruments, with two labels, on the lane route.
//!
//! `cargo bench -p tickspan --bench instruments`. Each number is the median of rounds; between two batches the collector
//! gets the time to empty the lane, and every batch runs once before the clock does.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use tickspan::{AttributeValue, Counter, Gauge, Histogram, Labels, health};

const BATCH: u32 = 5_000;

#[derive(AttributeValue, Clone, Copy)]
enum Status {
    Succeeded,
}

#[derive(Labels, Clone, Copy)]
struct Execution<'a> {
    status: Status,
    pipeline: &'a str,
}

static EXECUTIONS: Counter<Execution> = Counter::new("pipeline.executions");
static LAG: Gauge<Execution> = Gauge::new("consumer.lag");
static WAITS: Histogram<Execution> = Histogram::new("pipeline.wait").with_unit("s");

fn labels() -> Execution<'static> {
    Execution {
        status: Status::Succeeded,
        pipeline: black_box("hedge"),
    }
}

fn attributes() -> [KeyValue; 2] {
    [
        KeyValue::new("status", "Succeeded"),
        KeyValue::new("pipeline", black_box("hedge")),
    ]
}

/// Nanoseconds of one `work`.
fn nanoseconds(rounds: usize, work: Work<'_>) -> f64 {
    let batch = || {
        thread::sleep(Duration::from_millis(10));
        let start = Instant::now();
        for _ in 0..BATCH {
            work();
        }
        start.elapsed()
    };
    let mut each: Vec<f64> = (0..rounds)
        .map(|_| {
            batch();
            batch().as_secs_f64() * 1e9 / f64::from(BATCH)
        })
        .collect();
    each.sort_by(f64::total_cmp);
    each[each.len() / 2]
}

type Work<'a> = &'a dyn Fn();

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 101 } else { 1 };
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default())
        .with_interval(Duration::from_secs(3_600))
        .build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let telemetry = tickspan::builder()
        .with_meter_provider(provider.clone())
        .with_lane_capacity(8 << 20)
        .with_console(false)
        .init()
        .expect("nothing else is installed");

    let meter = provider.meter("sdk");
    let counter = meter.u64_counter("sdk.executions").build();
    let gauge = meter.f64_gauge("sdk.lag").build();
    let histogram = meter.f64_histogram("sdk.wait").with_unit("s").build();
    let (bound_counter, bound_histogram) =
        (counter.bind(&attributes()), histogram.bind(&attributes()));
    let executions = EXECUTIONS.bind(&labels());
    let lag = LAG.bind(&labels());
    let waits = WAITS.bind(&labels());

    let rows: [(&str, Work<'_>); 11] = [
        ("counter, tickspan, bound", &|| executions.add(black_box(1))),
        ("counter, SDK, bound", &|| bound_counter.add(black_box(1))),
        ("counter, tickspan, looked up", &|| {
            EXECUTIONS.add(black_box(1), &labels());
        }),
        ("counter, SDK, looked up", &|| {
            counter.add(black_box(1), &attributes());
        }),
        ("gauge, tickspan, bound", &|| lag.set(black_box(0.25))),
        ("gauge, tickspan, looked up", &|| {
            LAG.set(black_box(0.25), &labels());
        }),
        ("gauge, SDK, looked up", &|| {
            gauge.record(black_box(0.25), &attributes());
        }),
        ("histogram, tickspan, bound", &|| {
            waits.record(black_box(0.25));
        }),
        ("histogram, SDK, bound", &|| {
            bound_histogram.record(black_box(0.25));
        }),
        ("histogram, tickspan, looked up", &|| {
            WAITS.record(black_box(0.25), &labels());
        }),
        ("histogram, SDK, looked up", &|| {
            histogram.record(black_box(0.25), &attributes());
        }),
    ];
    for (what, work) in rows {
        println!("{:>8.1} ns  {what}", nanoseconds(rounds, work));
    }
    println!("{} values lost", health().values_lost);
    drop(telemetry.shutdown(Duration::from_secs(10)));
}
