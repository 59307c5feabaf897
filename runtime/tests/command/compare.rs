//! `tickspan summary --compare`: a stage that was slowed on purpose is found, in a recording of a real program.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tickspan::traced_stage;

use crate::program::{Lines, err, json, run, run_on};

/// Names, in the environment of the process that records, where to, and how long the second stage takes.
const RECORDING: &str = "TEST_RECORDING";
const PAUSE: &str = "TEST_PAUSE";

fn work(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[traced_stage]
fn decode() {
    work(Duration::from_micros(20));
}

#[traced_stage]
fn check_risk(time: Duration) {
    work(time);
}

/// The body of the process that records: it is a test to be found by its name, and does nothing otherwise.
#[test]
fn records_where_it_is_told() {
    let Ok(dir) = env::var(RECORDING) else {
        return;
    };
    let pause = env::var(PAUSE).unwrap().parse().unwrap();
    let telemetry = tickspan::builder()
        .with_console(false)
        .with_lane_capacity(16 << 20)
        .with_queue_size(1 << 16)
        .with_recorder(dir)
        .init()
        .unwrap();
    for _ in 0..2_000 {
        decode();
        check_risk(Duration::from_micros(pause));
    }
    assert_eq!(telemetry.shutdown(Duration::from_secs(60)).lost(), 0);
}

fn record(dir: &Path, pause: &str) {
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "compare::records_where_it_is_told",
            "--exact",
            "--nocapture",
        ])
        .env(RECORDING, dir)
        .env(PAUSE, pause)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
}

#[test]
fn a_stage_that_was_slowed_on_purpose_is_found_and_no_other() {
    let dir = TempDir::new().unwrap();
    let (before, after) = (dir.path().join("before"), dir.path().join("after"));
    record(&before, "20");
    record(&after, "60");
    let compare = |now: &Path, before: &Path, by: &str| {
        let before = before.to_str().unwrap();
        run(
            &["summary", "--json", "--worse-by", by, "--compare", before],
            now,
        )
    };
    let changes = json(&compare(&after, &before, "2"), 1);
    let worse: Vec<_> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["verdict"] == "worse")
        // A machine with much to do interrupts what it measures: the tails of both are its own.
        .filter(|change| change["measure"] == "p50")
        .map(|change| change["stage"].as_str().unwrap())
        .collect();
    assert_eq!(worse, ["check_risk"], "{changes}");
    let same = json(&compare(&before, &before, "1.01"), 0);
    assert_eq!((&same["compared"], &same["worse"]), (&2.into(), &0.into()));
}

#[test]
fn exit_code_and_table_tell_what_is_worse() {
    let lines = |nanoseconds: u64, failed: u64| {
        let mut lines = Lines::default();
        for number in 0..1_000 {
            lines.span_with(
                number,
                "risk::check",
                nanoseconds,
                number < failed,
                &[("venue", "XNAS")],
            );
            lines.latency(number, &[("received_to_sent", nanoseconds * 2)]);
        }
        lines.span(0, "rare", 1);
        lines.recording()
    };
    let ((before, _), (now, _)) = (lines(1_000, 10), lines(3_000, 50));
    let before = before.path().to_str().unwrap();
    let output = run(&["summary", "--compare", before], now.path());
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "\
verdict  path   stage or hop               before      now
worse           risk::check       errors    1.0 %    5.0 %  5.00×
worse           risk::check       p50     1.00 µs  3.00 µs  3.00×
worse           risk::check       p90     1.00 µs  3.00 µs  3.00×
worse           risk::check       p99     1.00 µs  3.00 µs  3.00×
worse    order  received_to_sent  p50     2.00 µs  6.00 µs  3.00×
worse    order  received_to_sent  p90     2.00 µs  6.00 µs  3.00×
worse    order  received_to_sent  p99     2.00 µs  6.00 µs  3.00×
few             rare              count         1        1

compared: 2
worse: 7
better: 0
"
    );
    let by = json(
        &run(
            &["summary", "--json", "--by", "venue", "--compare", before],
            now.path(),
        ),
        1,
    );
    assert_eq!(by["changes"][0]["by"], "XNAS");
    let windows = run(
        &["summary", "--window", "5m", "--compare", before],
        now.path(),
    );
    assert_eq!(windows.status.code(), Some(2));
    let nothing = TempDir::new().unwrap();
    let nothing = run(&["summary", "--compare", before], nothing.path());
    assert_eq!(nothing.status.code(), Some(4), "{}", err(&nothing));
}

#[test]
fn standard_input_is_one_recording() {
    let output = run_on(&["summary", "-", "--compare", "-"], b"");
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert_eq!(
        err(&output),
        "tickspan: standard input (`-`) is one recording: compare it with a file or a folder\n"
    );
}
