//! What the recorder costs: `cargo bench -p tickspan-tests --bench recorder`.
//!
//! Each measurement is a process of its own, because `init` works once in one. `docs/recorder.md` has the numbers of one machine.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tempfile::TempDir;
use tickspan::recorder::{Compression, Durability, Form, Recorder};
use tickspan::replay::Replay;
use tickspan::{Builder, EdgeBreakdown, Telemetry, traced_stage};

const LONG: Duration = Duration::from_mins(2);

/// Stages of which the caller's thread is measured: fewer than fit into the lane.
const CALLS: i64 = 100_000;

/// How often that is done.
const ROUNDS: usize = 9;

/// Stages that are written.
const SPANS: i64 = 1_000_000;

const DECISIONS: i64 = 2_000;

#[derive(Debug)]
struct Nothing;

impl SpanExporter for Nothing {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

#[derive(EdgeBreakdown)]
struct Spread {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(threshold)]
    min_edge: f64,
}

#[traced_stage]
fn find_signal(symbol: &str, price: f64, quantity: i64) {
    let _ = (symbol, price, quantity);
}

fn start(builder: Builder) -> Telemetry {
    builder
        .with_console(false)
        .with_summary(false)
        .with_lane_capacity(512 << 20)
        .with_lane_memory(1 << 30)
        .with_queue_size(1 << 20)
        .init()
        .expect("telemetry starts")
}

#[expect(clippy::cast_precision_loss, reason = "to be read by people")]
fn each(time: Duration, count: i64) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

fn run_stages(count: i64) -> Duration {
    let begin = Instant::now();
    for number in 0..count {
        find_signal("AAPL", 585.33, number);
    }
    begin.elapsed()
}

/// On the thread of the stages.
fn caller(builder: Builder) -> String {
    let telemetry = start(builder);
    let mut times: Vec<Duration> = (0..=ROUNDS)
        .map(|_| {
            let time = run_stages(CALLS);
            telemetry.flush(LONG).expect("spans arrive");
            time
        })
        // The first warms up.
        .skip(1)
        .collect();
    times.sort_unstable();
    let [first, middle, last] = [0, ROUNDS / 2, ROUNDS - 1].map(|place| each(times[place], CALLS));
    format!("{middle:.0} ns a stage, from {first:.0} to {last:.0}")
}

#[expect(clippy::cast_precision_loss, reason = "to be read by people")]
fn throughput(dir: &Path, form: Form) -> String {
    let recorder = Recorder::new(dir)
        .with_form(form)
        .with_compression(Compression::None);
    let telemetry = start(tickspan::builder().with_recorder(recorder));
    let begin = Instant::now();
    run_stages(SPANS);
    telemetry.flush(LONG).expect("spans arrive");
    let time = begin.elapsed().as_secs_f64();
    let report = telemetry.shutdown(LONG);
    assert_eq!(report.lost(), 0, "{report}");
    let bytes: u64 = fs::read_dir(dir)
        .expect("a folder")
        .flat_map(|day| fs::read_dir(day.expect("a day").path()).expect("a folder"))
        .map(|file| file.expect("a file").metadata().expect("a file").len())
        .sum();
    let written = format!(
        "{:.0} MB/s written, {:.0} k spans/s, {} bytes a span",
        bytes as f64 / time / 1e6,
        SPANS as f64 / time / 1e3,
        bytes / SPANS.unsigned_abs(),
    );
    if form != Form::Events {
        return written;
    }
    let begin = Instant::now();
    let read = Replay::open(dir)
        .expect("a recording")
        .into_iter()
        .flatten()
        .count();
    let reading = begin.elapsed().as_secs_f64();
    assert_eq!(i64::try_from(read).ok(), Some(SPANS));
    format!(
        "{written}; {:.0} MB/s replayed, {:.0} k lines/s",
        bytes as f64 / reading / 1e6,
        SPANS as f64 / reading / 1e3,
    )
}

fn audit(dir: &Path, durability: Durability) -> String {
    let recorder = Recorder::new(dir)
        .with_durability(durability)
        .with_audit(Duration::from_secs(5));
    let _telemetry = start(tickspan::builder().with_recorder(recorder));
    let edge = Spread {
        gross: 2.0,
        fees: 0.5,
        min_edge: 1.0,
    };
    let mut times: Vec<Duration> = (0..DECISIONS)
        .map(|_| {
            let begin = Instant::now();
            let decision = edge.decide();
            edge.record(&decision);
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    format!(
        "p50 {:?}, p99 {:?} a decision",
        times[times.len() / 2],
        times[times.len() / 100 * 99]
    )
}

const MEASUREMENTS: [&str; 6] = [
    "caller, exporter that does nothing",
    "caller, recorder",
    "throughput",
    "throughput, OTLP",
    "audit, no fsync",
    "audit, fsync each batch",
];

fn main() {
    let wanted = env::var("MEASUREMENT");
    let Ok(wanted) = wanted else {
        for name in MEASUREMENTS {
            let program = env::current_exe().expect("this program");
            let status = Command::new(program).env("MEASUREMENT", name).status();
            assert!(status.expect("it starts").success(), "{name}");
        }
        return;
    };
    let dir = TempDir::new().expect("a folder");
    let result = match wanted.as_str() {
        "caller, exporter that does nothing" => {
            caller(tickspan::builder().with_span_exporter(Nothing))
        }
        "caller, recorder" => caller(tickspan::builder().with_recorder(dir.path())),
        "throughput" => throughput(dir.path(), Form::Events),
        "throughput, OTLP" => throughput(dir.path(), Form::OtlpJson),
        "audit, no fsync" => audit(dir.path(), Durability::Never),
        _ => audit(dir.path(), Durability::EachBatch),
    };
    println!("{wanted}: {result}");
}
