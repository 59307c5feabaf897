//! Disks that refuse, and processes that are killed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

use tempfile::TempDir;
use tickspan::recorder::Recorder;
use tickspan::replay::Fault;
use tickspan::traced_stage;
use tickspan_tests::child::Child;

use super::{await_refusal, numbers, read};

const SOON: Duration = Duration::from_mins(1);

#[traced_stage]
fn tick(number: i64) {
    let _ = number;
}

fn dir_of_child() -> std::path::PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

#[test]
fn folder_that_cannot_be_written_costs_lines_and_is_told_once() {
    let child = Child::of(
        "faults::folder_that_cannot_be_written_costs_lines_and_is_told_once",
        || {
            let telemetry = tickspan::builder()
                .with_recorder(dir_of_child())
                .with_shutdown_deadline(Duration::from_millis(200))
                .init()
                .unwrap();
            (0..1_000).for_each(tick);
            await_refusal(&telemetry, "directory");
            let report = telemetry.shutdown(Duration::from_secs(3));
            let exporter = &report.exporters[0];
            assert_eq!((exporter.exported, exporter.lost()), (0, 1_000), "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    let blocked = dir.path().join("events");
    fs::write(&blocked, "a file, not a folder").unwrap();
    let finished = child.with("RECORDING", blocked.to_str().unwrap()).run();
    let told: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("spans do not reach the recorder in ") && told[0].contains("directory"),
        "{told:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn recorder_goes_on_when_a_full_disk_has_room_again() {
    let child = Child::of(
        "faults::recorder_goes_on_when_a_full_disk_has_room_again",
        || {
            let dir = dir_of_child();
            let recorder = Recorder::new(&dir).with_flush_every(Duration::from_millis(10));
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            (0..1_000).for_each(tick);
            await_refusal(&telemetry, "No space left");
            for day in fs::read_dir(&dir).unwrap() {
                fs::remove_dir_all(day.unwrap().path()).unwrap();
            }
            telemetry.flush(SOON).unwrap();
            (1_000..2_000).for_each(tick);
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    // Today's, and that of tomorrow, should the test run at midnight.
    let now = jiff::Timestamp::now();
    for day in [now, now + jiff::SignedDuration::from_hours(24)] {
        let folder = dir.path().join(day.strftime("%Y%m%d").to_string());
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.join("events.jsonl")).unwrap();
    }
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    let (events, damages) = read(dir.path());
    assert!(damages.is_empty(), "{damages:?}");
    let mut found = numbers(&events, "tick", "number");
    found.sort_unstable();
    assert_eq!(found, (0..2_000).collect::<Vec<_>>());
}

#[test]
fn removed_folder_costs_what_it_held_and_nothing_else() {
    let child = Child::of(
        "faults::removed_folder_costs_what_it_held_and_nothing_else",
        || {
            let telemetry = tickspan::builder()
                .with_recorder(dir_of_child())
                .init()
                .unwrap();
            (0..1_000).for_each(tick);
            telemetry.flush(SOON).unwrap();
            fs::remove_dir_all(dir_of_child()).unwrap();
            (1_000..2_000).for_each(tick);
            telemetry.flush(SOON).unwrap();
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("events");
    child.with("RECORDING", inner.to_str().unwrap()).run();
    let (events, damages) = read(&inner);
    assert!(damages.is_empty(), "{damages:?}");
    let mut found = numbers(&events, "tick", "number");
    found.sort_unstable();
    assert_eq!(found, (1_000..2_000).collect::<Vec<_>>());
}

/// The shell refuses files beyond 32 KiB, and has the signal for it ignored: writes then stop in the middle of a line.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_doubled_or_lost_where_writes_stop_in_the_middle() {
    let child = Child::of(
        "faults::nothing_is_doubled_or_lost_where_writes_stop_in_the_middle",
        || {
            let telemetry = tickspan::builder()
                .with_recorder(dir_of_child())
                .init()
                .unwrap();
            (0..2_000).for_each(tick);
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    child
        .with("RECORDING", dir.path().to_str().unwrap())
        .in_shell("trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"")
        .run();
    let (events, damages) = read(dir.path());
    assert!(damages.is_empty(), "{damages:?}");
    let mut found = numbers(&events, "tick", "number");
    found.sort_unstable();
    assert_eq!(found, (0..2_000).collect::<Vec<_>>());
    let files: usize = fs::read_dir(dir.path())
        .unwrap()
        .map(|day| fs::read_dir(day.unwrap().path()).unwrap().count())
        .sum();
    assert!(files > 5, "the limit was not met: {files} files");
}

#[cfg(target_os = "linux")]
#[test]
fn file_that_is_too_large_to_go_on_with_is_followed_by_the_next() {
    let child = Child::of(
        "faults::file_that_is_too_large_to_go_on_with_is_followed_by_the_next",
        || {
            let telemetry = tickspan::builder()
                .with_recorder(dir_of_child())
                .init()
                .unwrap();
            let first: i64 = std::env::var("FIRST").unwrap().parse().unwrap();
            (first..first + 500).for_each(tick);
            let report = telemetry.shutdown(Duration::from_secs(5));
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    let child = child.with("RECORDING", dir.path().to_str().unwrap());
    child.with("FIRST", "0").run();
    child
        .with("FIRST", "500")
        .in_shell("trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"")
        .run();
    let (events, damages) = read(dir.path());
    assert!(damages.is_empty(), "{damages:?}");
    let mut found = numbers(&events, "tick", "number");
    found.sort_unstable();
    assert_eq!(found, (0..1_000).collect::<Vec<_>>());
}

/// How many processes are killed. By hand: `TICKSPAN_KILLS=100`.
fn kills() -> u64 {
    std::env::var("TICKSPAN_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

#[test]
fn killed_process_leaves_whole_lines_but_the_last() {
    let child = Child::of(
        "faults::killed_process_leaves_whole_lines_but_the_last",
        || {
            let recorder = Recorder::new(dir_of_child())
                .with_flush_every(Duration::from_millis(1))
                .with_file_size(200_000);
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            let first: i64 = std::env::var("FIRST").unwrap().parse().unwrap();
            let mut stdout = std::io::stdout();
            for number in first.. {
                tick(number);
                if number % 500 == 0 {
                    telemetry.flush(SOON).unwrap();
                    // All up to here is written.
                    writeln!(stdout, "{number}").unwrap();
                    stdout.flush().unwrap();
                }
            }
        },
    );
    let dir = TempDir::new().unwrap();
    let mut known = Vec::new();
    for round in 0..kills() {
        let first = round * 10_000_000;
        let mut process = child
            .with("RECORDING", dir.path().to_str().unwrap())
            .with("FIRST", &first.to_string())
            .start();
        let flushed = process.stdout.take().unwrap();
        // The harness's own lines are on stdout as well. At another point each time.
        let lines = BufReader::new(flushed).lines();
        let numbers = lines.filter_map(|line| line.unwrap().parse().ok());
        let last: u64 = numbers
            .take(2 + usize::try_from(round % 7).unwrap())
            .last()
            .unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(last > first, "nothing was flushed");
        known.push((first, last));
    }
    let (events, damages) = read(dir.path());
    // A torn line is told, one a process at most, and costs nothing but itself.
    assert!(damages.len() as u64 <= kills(), "{damages:?}");
    for damage in &damages {
        assert!(
            matches!(damage.fault, Fault::Torn | Fault::Unreadable(_)),
            "{damage}"
        );
    }
    let mut found = numbers(&events, "tick", "number");
    let all = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), all, "lines are doubled");
    for (first, last) in known {
        let of = |number: u64| i64::try_from(number).unwrap();
        let missing: Vec<_> = (of(first)..=of(last))
            .filter(|number| found.binary_search(number).is_err())
            .collect();
        assert_eq!(missing, Vec::<i64>::new(), "written lines are missing");
    }
}
