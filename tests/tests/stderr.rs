//! A stderr that nobody reads, or nobody in time.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tickspan::{event, health, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::receiver::{Answer, Receiver};

/// The deadline of each end here.
const DEADLINE: Duration = Duration::from_secs(1);

/// What it may take beyond its deadline, on a machine with much else to do.
const SLACK: Duration = Duration::from_secs(10);

/// Much longer than what is asked for here takes.
const SOON: Duration = Duration::from_secs(30);

/// Names the pipe that stderr is.
const PIPE: &str = "PIPE_OF_THIS_TEST";
const CONSOLE: &str = "TICKSPAN_CONSOLE";

/// Stderr is a pipe, which the program keeps open at both ends.
const UNREAD: &str =
    r#"mkfifo "$PIPE_OF_THIS_TEST" && exec 2<>"$PIPE_OF_THIS_TEST" && exec "$0" "$@""#;

/// The pipe is full: what is written does not end well.
const FULL: &str = r#"
mkfifo "$PIPE_OF_THIS_TEST" && exec 2<>"$PIPE_OF_THIS_TEST" || exit 1
dd if=/dev/zero of="$PIPE_OF_THIS_TEST" bs=4096 count=4096 oflag=nonblock 2>/dev/null && exit 1
exec "$0" "$@"
"#;

#[traced_stage]
fn tick(number: u64) {
    event!("ticked", number = number);
}

/// Ticks without filling a lane.
fn ticks(count: u64, telemetry: &tickspan::Telemetry) {
    for number in 0..count {
        tick(number);
        if number % 500 == 0 {
            telemetry.flush(SOON).unwrap();
        }
    }
    telemetry.flush(SOON).unwrap();
}

/// Runs the child with such a stderr. What it found is on stdout: it cannot panic where nobody reads the message.
fn run(child: &Child, stderr: &str) -> String {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("stderr");
    child
        .with(PIPE, pipe.to_str().unwrap())
        .in_shell(stderr)
        .run()
        .stdout
}

/// The number that the child printed after `name`.
fn number(stdout: &str, name: &str) -> u64 {
    stdout
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        .unwrap_or_else(|| panic!("{name}: {stdout}"))
}

#[test]
fn a_full_one_costs_the_end_its_deadline_and_no_more() {
    let child = Child::of("a_full_one_costs_the_end_its_deadline_and_no_more", || {
        let telemetry = tickspan::builder()
            .with_shutdown_deadline(DEADLINE)
            .init()
            .unwrap();
        ticks(20_000, &telemetry);
        let begun = Instant::now();
        drop(telemetry);
        println!("took {}", begun.elapsed().as_millis());
    });
    for console in ["off", "lines", "json"] {
        let stdout = run(&child.with(CONSOLE, console), FULL);
        let took = Duration::from_millis(number(&stdout, "took"));
        assert!(took < DEADLINE + SLACK, "{console}: {took:?}");
    }
}

#[test]
fn a_full_one_does_not_stop_an_exporter_that_has_something_to_say() {
    let child = Child::of(
        "a_full_one_does_not_stop_an_exporter_that_has_something_to_say",
        || {
            let telemetry = tickspan::builder()
                .with_lane_capacity(8 << 20)
                .init()
                .unwrap();
            (0..6_000).for_each(tick);
            let flushed = telemetry.flush(SOON).is_ok();
            let report = telemetry.shutdown(DEADLINE);
            println!("flushed {}", u64::from(flushed));
            println!("exported {}", report.exporters[0].exported);
        },
    );
    let receiver = Receiver::http().answering([Answer::Status(503)]);
    let child = child
        .with(CONSOLE, "off")
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url())
        .with("OTEL_BSP_MAX_QUEUE_SIZE", "10000");
    let stdout = run(&child, FULL);
    assert_eq!(number(&stdout, "exported"), 6_000, "{stdout}");
    assert_eq!(number(&stdout, "flushed"), 1, "{stdout}");
}

#[test]
fn lines_that_it_does_not_take_by_the_end_are_counted() {
    let child = Child::of("lines_that_it_does_not_take_by_the_end_are_counted", || {
        let telemetry = tickspan::init().unwrap();
        ticks(20_000, &telemetry);
        let report = telemetry.shutdown(DEADLINE);
        println!("dropped {}", health().lines_dropped);
        println!("passed {}", u64::from(report.deadline_passed));
    });
    let stdout = run(&child, FULL);
    assert_eq!(number(&stdout, "dropped"), 20_000);
    assert_eq!(number(&stdout, "passed"), 1);
}

#[test]
fn lines_that_it_took_are_not_counted() {
    let child = Child::of("lines_that_it_took_are_not_counted", || {
        let telemetry = tickspan::init().unwrap();
        ticks(20_000, &telemetry);
        telemetry.shutdown(DEADLINE);
        println!("dropped {}", health().lines_dropped);
        // Only now somebody reads.
        let pipe = File::open(std::env::var(PIPE).unwrap()).unwrap();
        std::thread::spawn(|| eprintln!("the end"));
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        let told = lines.take_while(|line| line != "the end");
        let told = told.filter(|line| line.contains("ticked")).count();
        println!("told {told}");
    });
    let stdout = run(&child, UNREAD);
    let (dropped, told) = (number(&stdout, "dropped"), number(&stdout, "told"));
    // What was being written when it was given up is both.
    let both = (dropped + told).checked_sub(20_000);
    assert!(
        told > 0 && dropped > 0 && both.is_some_and(|both| both < 100),
        "{stdout}"
    );
}

/// All that a program says that ends at once, in the order in which it was said.
#[test]
fn the_summary_follows_the_lines() {
    let child = Child::of("the_summary_follows_the_lines", || {
        let telemetry = tickspan::init().unwrap();
        ticks(2_000, &telemetry);
        tick(2_000);
    });
    let stderr = child.run().stderr;
    let told: Vec<&str> = stderr.lines().collect();
    let (lines, summary) = told.split_at(told.len() - 2);
    assert_eq!(lines.len(), 2_001, "{stderr}");
    assert!(lines.iter().all(|line| line.contains("ticked")), "{stderr}");
    assert!(summary[0].starts_with("stage "), "{stderr}");
    assert!(summary[1].starts_with("tick "), "{stderr}");
}
