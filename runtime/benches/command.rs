//! How fast a recording is summarised: `cargo bench -p tickspan --all-features --bench command`.
//!
//! Beside `tickspan summary`: `jq`, a plain loop of `serde_json`, and the replay, which puts events into their order. `docs/command.md` has the
//! numbers of one machine. With `--quick` the file has 64 MB instead of 1 GB; `--recording DIR` takes a recording that is there.

use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tempfile::TempDir;
use tickspan::recorded::Data;
use tickspan::replay::{Replay, unpack};

/// The best of so many runs counts.
const RUNS: usize = 3;

/// What is slow is measured on the beginning of the file, of so many bytes.
const PART: u64 = 128 << 20;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|it| it == "--quick");
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let recording = arguments
        .iter()
        .position(|it| it == "--recording")
        .and_then(|place| arguments.get(place + 1))
        .map_or_else(|| record(dir.path()), PathBuf::from);
    let (whole, part) = (
        dir.path().join("whole.jsonl"),
        dir.path().join("part.jsonl"),
    );
    multiply(
        &recording,
        &whole,
        if is_quick { 64 << 20 } else { 1_000_000_000 },
    );
    multiply(
        &recording,
        &part,
        PART.min(fs::metadata(&whole).expect("a file").len()),
    );

    println!(
        "{} cores",
        thread::available_parallelism().map_or(1, Into::into)
    );
    let summary = Command::new(env!("CARGO_BIN_EXE_tickspan"));
    tell("tickspan summary", &whole, || {
        run(summary_of(&summary), &whole)
    });
    let one = pinned();
    match &one {
        Some(taskset) => tell("tickspan summary, one core", &whole, || {
            run(summary_of(taskset), &whole)
        }),
        None => println!("tickspan summary, one core: there is no taskset"),
    }
    tell("serde_json::Value, a loop", &part, || values(&part));
    tell("tickspan::replay, a loop", &part, || replayed(&part));
    if Command::new("jq").arg("--version").output().is_ok() {
        tell("jq", &part, || {
            let mut jq = Command::new("jq");
            jq.args([
                "-c",
                r#"select(.event_type == "span").data | [.name, .duration_ns]"#,
            ]);
            run(jq, &part)
        });
    } else {
        println!("jq: NOT RUN, there is none");
    }
}

/// The same command again: a `Command` starts one process after the other, but its arguments add up.
fn summary_of(command: &Command) -> Command {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args());
    if again.get_program() != env!("CARGO_BIN_EXE_tickspan") {
        again.arg(env!("CARGO_BIN_EXE_tickspan"));
    }
    again.arg("summary");
    again
}

/// What keeps a program on one core, where that can be done.
fn pinned() -> Option<Command> {
    let mut taskset = Command::new("taskset");
    taskset.args(["-c", "0"]);
    Command::new("taskset").arg("--version").output().ok()?;
    Some(taskset)
}

/// A recording of the example.
fn record(dir: &Path) -> PathBuf {
    let recording = dir.join("recording");
    let status = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "-p", "tickspan-examples"])
        .args(["--example", "trading_pipeline", "--", "--record"])
        .arg(&recording)
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|it| it.success()), "the example runs");
    recording
}

/// Writes the lines of a recording again and again, until the file has so many bytes.
fn multiply(recording: &Path, to: &Path, bytes: u64) {
    let mut lines = Vec::new();
    for file in Replay::open(recording).expect("a recording").files() {
        let file = File::open(file).expect("a file");
        let mut unpacked = unpack(file).expect("a file of lines");
        std::io::Read::read_to_end(&mut unpacked, &mut lines).expect("a file of lines");
    }
    let mut file = BufWriter::new(File::create(to).expect("a file"));
    let mut left = usize::try_from(bytes).expect("a size");
    while left >= lines.len() {
        file.write_all(&lines).expect("room on the disk");
        left -= lines.len();
    }
    let end = lines[..left].iter().rposition(|byte| *byte == b'\n');
    file.write_all(&lines[..end.map_or(0, |it| it + 1)])
        .expect("room on the disk");
}

/// The best of some runs, of each its peak of memory where that is known.
fn tell(name: &str, file: &Path, work: impl Fn() -> Option<u64>) {
    let mut best = Duration::MAX;
    let mut memory = None;
    for _ in 0..RUNS {
        let begin = Instant::now();
        memory = memory.max(work());
        best = best.min(begin.elapsed());
    }
    let bytes = fs::metadata(file).expect("a file").len();
    #[expect(clippy::cast_precision_loss, reason = "to be read by people")]
    let megabytes = bytes as f64 / 1e6;
    print!(
        "{name}: {:.0} MB/s, {megabytes:.0} MB in {:.2} s",
        megabytes / best.as_secs_f64(),
        best.as_secs_f64()
    );
    match memory {
        Some(kilobytes) => println!(", {} MB of memory", kilobytes / 1024),
        None => println!(),
    }
}

/// Runs a program on a file; its peak of memory in kilobytes, where the system tells.
fn run(mut command: Command, file: &Path) -> Option<u64> {
    let mut process = command
        .arg(file)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = PathBuf::from(format!("/proc/{}/status", process.id()));
    let mut peak = None;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let read = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(read);
        if let Some(status) = process.try_wait().expect("it runs") {
            assert!(status.success(), "{status}");
            return peak;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What one writes first.
fn values(file: &Path) -> Option<u64> {
    let mut stages: HashMap<String, Histogram<u64>> = HashMap::new();
    for line in BufReader::new(File::open(file).expect("a file")).lines() {
        let line: serde_json::Value =
            serde_json::from_str(&line.expect("text")).expect("a line of JSON");
        if line["event_type"] == "span" {
            let name = line["data"]["name"].as_str().expect("a name");
            let duration = line["data"]["duration_ns"].as_u64().expect("a duration");
            count(&mut stages, name, duration);
        }
    }
    assert!(!stages.is_empty());
    None
}

fn replayed(file: &Path) -> Option<u64> {
    let mut stages: HashMap<String, Histogram<u64>> = HashMap::new();
    for event in Replay::open(file).expect("a file") {
        if let Data::Span(span) = event.expect("no damage").line.data {
            let duration = u64::try_from(span.duration.as_nanos()).expect("short");
            count(&mut stages, &span.name, duration);
        }
    }
    assert!(!stages.is_empty());
    None
}

fn count(stages: &mut HashMap<String, Histogram<u64>>, name: &str, nanoseconds: u64) {
    if !stages.contains_key(name) {
        stages.insert(name.to_owned(), Histogram::new(3).expect("three digits"));
    }
    let stage = stages.get_mut(name).expect("it is there");
    stage.record(nanoseconds).expect("it grows");
}
