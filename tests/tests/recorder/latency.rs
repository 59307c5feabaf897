//! Finished latency clocks in recordings.

use std::path::{Path as FilePath, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tickspan::recorded::{Data, Latency, Line};
use tickspan::replay::Replay;
use tickspan::{LatencyStages, Route, StageClock, Telemetry, traced_stage};
use tickspan_tests::child::Child;

use super::read_whole;

const SOON: Duration = Duration::from_mins(1);

#[derive(LatencyStages, Clone, Copy)]
#[latency(name = "order", budget = "60s")]
enum Path {
    Received,
    #[latency(budget = "1ns")]
    Decided,
    #[latency(budget = "60s")]
    Checked,
    Sent,
}

fn dir_of_child() -> PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

/// Runs what a test is about in a process of its own, and gives the lines of latency that it left.
fn lines_of(child: &Child, variables: &[(&str, &str)]) -> Vec<Line<'static>> {
    let dir = TempDir::new().unwrap();
    let mut child = child.with("RECORDING", dir.path().to_str().unwrap());
    for (name, value) in variables {
        child = child.with(name, value);
    }
    child.run();
    lines(dir.path())
}

fn lines(dir: &FilePath) -> Vec<Line<'static>> {
    let all = read_whole(dir).into_iter().map(|event| event.line);
    let lines: Vec<_> = all
        .filter(|line| matches!(line.data, Data::Latency(_)))
        .collect();
    let filtered = Replay::open(dir).unwrap().event_types(["latency"]);
    assert_eq!(filtered.into_iter().count(), lines.len());
    lines
}

fn lines_of_type(dir: &FilePath, event_type: &str) -> usize {
    Replay::open(dir).map_or(0, |replay| {
        replay.event_types([event_type]).into_iter().count()
    })
}

fn latency<'a>(line: &'a Line<'static>) -> &'a Latency<'static> {
    match &line.data {
        Data::Latency(latency) => latency,
        other => panic!("{other:?}"),
    }
}

fn start() -> Telemetry {
    let route = match std::env::var("ROUTE").as_deref() {
        Ok("tracing") => Route::Tracing,
        _ => Route::Lane,
    };
    tickspan::builder()
        .with_route(route)
        .with_recorder(dir_of_child())
        .init()
        .unwrap()
}

#[traced_stage]
fn finish_inside(clock: StageClock<Path>) {
    clock.finish();
}

fn whole_clock() -> StageClock<Path> {
    let mut clock = StageClock::new();
    for mark in [Path::Received, Path::Decided, Path::Checked, Path::Sent] {
        clock.mark(mark);
        // At least a nanosecond later, by the clock of the machine.
        let before = Instant::now();
        while before.elapsed() < Duration::from_micros(1) {}
    }
    clock
}

#[test]
fn finished_clock_is_a_line_with_its_marks_and_hops() {
    let child = Child::of(
        "latency::finished_clock_is_a_line_with_its_marks_and_hops",
        || {
            let telemetry = start();
            finish_inside(whole_clock());
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.clocks.len(), 1, "{report}");
            let clocks = &report.clocks[0];
            assert_eq!((clocks.exported, clocks.lost()), (1, 0), "{report}");
        },
    );
    for route in ["lane", "tracing"] {
        let dir = TempDir::new().unwrap();
        let before = SystemTime::now();
        child
            .with("RECORDING", dir.path().to_str().unwrap())
            .with("ROUTE", route)
            .run();
        let lines = lines(dir.path());
        assert_eq!(lines.len(), 1, "{route}: {lines:?}");
        let line = &lines[0];
        let latency = latency(line);
        assert_eq!(latency.name, "order");
        let names: Vec<_> = latency.marks.iter().map(|mark| &*mark.name).collect();
        assert_eq!(names, ["received", "decided", "checked", "sent"]);
        let offsets: Vec<_> = latency.marks.iter().map(|mark| mark.offset_ns).collect();
        assert!(offsets[0] == 0 && offsets.is_sorted(), "{offsets:?}");
        let hops: Vec<_> = latency
            .hops
            .iter()
            .map(|hop| (&*hop.name, hop.budget))
            .collect();
        let long = Some(Duration::from_mins(1));
        assert_eq!(
            hops,
            [
                ("received_to_decided", Some(Duration::from_nanos(1))),
                ("decided_to_checked", long),
                ("checked_to_sent", None),
            ]
        );
        for (hop, ends) in latency.hops.iter().zip(offsets.windows(2)) {
            let took = u64::try_from(ends[1] - ends[0]).unwrap();
            assert_eq!(hop.duration, Duration::from_nanos(took));
        }
        let whole = Duration::from_nanos(u64::try_from(offsets[3]).unwrap());
        assert_eq!((latency.end_to_end, latency.budget), (Some(whole), long));
        assert_eq!(latency.over_budget, ["received_to_decided"]);
        assert!(
            latency.unmarked.is_empty()
                && latency.repeated.is_empty()
                && latency.backwards.is_empty(),
            "{latency:?}"
        );
        // The time of the line is that of the last mark, and it lies in the span that finished the clock.
        assert_eq!(line.timestamp, latency.start + whole);
        let minute = Duration::from_mins(1);
        assert!(before - minute < latency.start && latency.start < SystemTime::now() + minute);
        let span = read_whole(dir.path())
            .into_iter()
            .find(|event| matches!(&event.line.data, Data::Span(_)))
            .unwrap()
            .line;
        assert_eq!(
            (line.trace_id, line.span_id),
            (span.trace_id, span.span_id),
            "{route}"
        );
        assert!(line.trace_id.is_some());
    }
}

#[test]
fn lines_that_fill_no_batch_are_written_after_the_delay() {
    let child = Child::of(
        "latency::lines_that_fill_no_batch_are_written_after_the_delay",
        || {
            let _telemetry = start();
            // The exporters wait for their next batches by then.
            thread::sleep(Duration::from_millis(100));
            finish_inside(whole_clock());
            let begun = Instant::now();
            let types = ["span", "latency"];
            while types.map(|it| lines_of_type(&dir_of_child(), it)) != [1, 1] {
                assert!(begun.elapsed() < SOON, "they were not written");
                thread::sleep(Duration::from_millis(10));
            }
        },
    );
    for route in ["lane", "tracing"] {
        assert_eq!(lines_of(&child, &[("ROUTE", route)]).len(), 1, "{route}");
    }
}

#[test]
fn marks_that_are_wrong_are_told_by_name() {
    let child = Child::of("latency::marks_that_are_wrong_are_told_by_name", || {
        let telemetry = start();
        let mut clock = StageClock::new();
        // In the wrong order, one twice, one not at all.
        for mark in [Path::Checked, Path::Received, Path::Sent, Path::Sent] {
            clock.mark(mark);
            let before = Instant::now();
            while before.elapsed() < Duration::from_micros(1) {}
        }
        finish_inside(clock);
        finish_inside(StageClock::new());
        drop(whole_clock().enter());
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.clocks[0].exported, 2, "{report}");
    });
    for route in ["lane", "tracing"] {
        let lines = lines_of(&child, &[("ROUTE", route)]);
        // One that is dropped was not finished.
        assert_eq!(lines.len(), 2, "{lines:?}");
        let (wrong, empty) = (latency(&lines[0]), latency(&lines[1]));
        assert_eq!(wrong.unmarked, ["decided"]);
        assert_eq!(wrong.repeated, ["sent"]);
        assert_eq!(wrong.backwards, ["checked"]);
        let hops: Vec<_> = wrong.hops.iter().map(|hop| &*hop.name).collect();
        assert_eq!(hops, ["received_to_sent"]);
        let offsets: Vec<_> = wrong.marks.iter().map(|mark| mark.offset_ns).collect();
        assert!(offsets[1] < 0 && offsets[2] > 0, "{offsets:?}");
        assert!(empty.marks.is_empty() && empty.hops.is_empty() && empty.end_to_end.is_none());
        assert_eq!(empty.unmarked, ["received", "decided", "checked", "sent"]);
        assert_eq!(empty.start, lines[1].timestamp);
    }
}

#[test]
fn clocks_of_traces_that_are_not_sampled_are_not_recorded() {
    let child = Child::of(
        "latency::clocks_of_traces_that_are_not_sampled_are_not_recorded",
        || {
            let _telemetry = start();
            finish_inside(whole_clock());
            // Nobody has decided about this one.
            whole_clock().finish();
        },
    );
    for route in ["lane", "tracing"] {
        for (sampler, traces) in [("always_on", 1), ("always_off", 0)] {
            let lines = lines_of(
                &child,
                &[("ROUTE", route), ("OTEL_TRACES_SAMPLER", sampler)],
            );
            let in_traces = lines.iter().filter(|line| line.trace_id.is_some());
            assert_eq!(
                (lines.len(), in_traces.count()),
                (traces + 1, traces),
                "{route}, {sampler}: {lines:?}"
            );
        }
    }
}

#[test]
fn every_clock_of_many_threads_is_recorded_once() {
    let child = Child::of(
        "latency::every_clock_of_many_threads_is_recorded_once",
        || {
            let telemetry = tickspan::builder()
                .with_queue_size(1 << 16)
                .with_recorder(dir_of_child())
                .init()
                .unwrap();
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..1_000 {
                            finish_inside(whole_clock());
                        }
                    });
                }
            });
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.clocks[0].exported, 4_000, "{report}");
        },
    );
    let lines = lines_of(&child, &[]);
    assert_eq!(lines.len(), 4_000);
    let mut spans: Vec<_> = lines
        .iter()
        .map(|line| line.span_id.unwrap().to_bytes())
        .collect();
    spans.sort_unstable();
    spans.dedup();
    assert_eq!(spans.len(), 4_000, "each in a span of its own");
}
