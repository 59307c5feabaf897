//! Real file systems that are full, cannot be written, or do not let us: `.ci/disks` makes them and runs these tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tickspan::recorder::{Durability, Recorder, audited};
use tickspan::{Acknowledgement, Telemetry, TradeEvent, traced_stage};
use tickspan_tests::child::{Child, Finished};

use super::{await_refusal, numbers, read_whole};

const SOON: Duration = Duration::from_mins(1);

const FULL: &str = "No space left";

/// Records of a child fill the rest of a disk many times over.
const SPANS: i64 = 5_000;

#[traced_stage]
fn tick(number: i64) {
    let _ = number;
}

#[derive(TradeEvent)]
struct Filled {
    number: i64,
}

/// The file system of 4 MiB that `.ci/disks` made for this test run.
fn disk() -> PathBuf {
    let disk = std::env::var_os("SMALL_DISK");
    disk.expect("`.ci/disks` makes a disk and runs this").into()
}

/// A folder on the disk, which no other test has.
fn folder() -> TempDir {
    TempDir::new_in(disk()).unwrap()
}

fn dir_of_child() -> PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

fn start() -> Telemetry {
    let recorder = Recorder::new(dir_of_child())
        .with_flush_every(Duration::from_millis(10))
        .with_durability(Durability::EachBatch);
    tickspan::builder().with_recorder(recorder).init().unwrap()
}

/// Fills a disk until not a byte more fits.
fn fill(dir: &Path) -> PathBuf {
    let ballast = dir.join("ballast");
    let error = std::io::copy(
        &mut std::io::repeat(0),
        &mut fs::File::create(&ballast).unwrap(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
    ballast
}

/// Leaves so much room on a full disk.
fn leave(ballast: &Path, bytes: u64) {
    let file = fs::File::options().write(true).open(ballast).unwrap();
    file.set_len(file.metadata().unwrap().len() - bytes)
        .unwrap();
}

/// Runs a child that records into `dir`, and looks that it told its trouble once.
fn run(child: &Child, dir: &Path) -> Finished {
    let finished = child.with("RECORDING", dir.to_str().unwrap()).run();
    let told = finished.stderr.lines();
    let told = told.filter(|line| line.contains("do not reach the recorder"));
    assert_eq!(told.count(), 1, "{}", finished.stderr);
    finished
}

/// The number that a child told behind a word.
fn number_told(finished: &Finished, word: &str) -> i64 {
    let mut lines = finished.stdout.lines();
    let number = lines.find_map(|line| line.strip_prefix(word));
    number.unwrap().parse().unwrap()
}

fn found(dir: &Path) -> Vec<i64> {
    let mut found = numbers(&read_whole(dir), "tick", "number");
    found.sort_unstable();
    found
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn full_disk_costs_nothing_where_there_is_room_in_time() {
    let child = Child::of(
        "disks::full_disk_costs_nothing_where_there_is_room_in_time",
        || {
            let telemetry = start();
            (0..SPANS / 5).for_each(tick);
            await_refusal(&telemetry, FULL);
            fs::remove_file(dir_of_child().join("ballast")).unwrap();
            telemetry.flush(SOON).unwrap();
            (SPANS / 5..SPANS / 5 * 2).for_each(tick);
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = folder();
    // The disk is full in the middle of a batch.
    leave(&fill(dir.path()), 64 << 10);
    run(&child, dir.path());
    assert_eq!(found(dir.path()), (0..SPANS / 5 * 2).collect::<Vec<_>>());
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn full_disk_costs_what_does_not_fit_and_nothing_twice() {
    let child = Child::of(
        "disks::full_disk_costs_what_does_not_fit_and_nothing_twice",
        || {
            let telemetry = start();
            (0..SPANS).for_each(tick);
            await_refusal(&telemetry, FULL);
            let report = telemetry.shutdown(Duration::from_millis(300));
            let exporter = &report.exporters[0];
            assert_eq!(report.made, u64::try_from(SPANS).unwrap());
            assert!(exporter.lost() > 0, "{report}");
            println!("exported {}", exporter.exported);
        },
    );
    let dir = folder();
    let ballast = fill(dir.path());
    leave(&ballast, 512 << 10);
    let finished = run(&child, dir.path());
    let exported = usize::try_from(number_told(&finished, "exported ")).unwrap();
    // Whole lines, each once, at least all that count as exported: of a batch that failed, a part may stand there.
    let found = found(dir.path());
    assert!(
        exported <= found.len() && found.len() < 5_000,
        "{exported} of {}",
        found.len()
    );
    assert!(exported > 0 && found.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn audit_tells_that_a_disk_is_full_and_goes_on() {
    let child = Child::of("disks::audit_tells_that_a_disk_is_full_and_goes_on", || {
        let recorder = Recorder::new(dir_of_child())
            .with_durability(Durability::EachBatch)
            .with_audit(Duration::from_secs(1));
        let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
        let ballast = dir_of_child().join("ballast");
        let mut number = 0;
        // Until it is full.
        while (Filled { number }).record() == Acknowledgement::Kept {
            number += 1;
        }
        assert!(number > 0 && audited().late == 1, "{:?}", audited());
        fs::remove_file(ballast).unwrap();
        while (Filled { number: -1 }).record() != Acknowledgement::Kept {}
        println!("kept {number}");
        let _ = telemetry.shutdown(SOON);
    });
    let dir = folder();
    leave(&fill(dir.path()), 64 << 10);
    let finished = child.with("RECORDING", dir.path().to_str().unwrap()).run();
    let told = finished.stderr.lines();
    let told = told.filter(|line| line.contains("audited decisions are not written in time"));
    assert_eq!(told.count(), 1, "{}", finished.stderr);
    let kept = number_told(&finished, "kept ");
    let mut found: Vec<i64> = read_whole(dir.path())
        .iter()
        .filter_map(|event| match &event.line.data {
            tickspan::recorded::Data::Trade(trade) => trade.attributes.get("number")?.as_i64(),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.retain(|number| *number >= 0);
    // The one that was late is written, too.
    assert_eq!(found, (0..=kept).collect::<Vec<_>>());
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn file_system_that_cannot_be_written_is_tried_again() {
    let child = Child::of(
        "disks::file_system_that_cannot_be_written_is_tried_again",
        || {
            let telemetry = start();
            (0..SPANS).for_each(tick);
            await_refusal(&telemetry, "Read-only file system");
            remount("rw");
            telemetry.flush(SOON).unwrap();
            // Under way as well.
            (SPANS..SPANS + 10).for_each(tick);
            telemetry.flush(SOON).unwrap();
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new_in(read_only_disk()).unwrap();
    remount("ro");
    let finished = child
        .with("OTEL_BSP_MAX_QUEUE_SIZE", "10000")
        .with("RECORDING", dir.path().to_str().unwrap())
        .run();
    assert!(
        finished.stderr.contains("Read-only file system"),
        "{}",
        finished.stderr
    );
    assert_eq!(found(dir.path()), (0..SPANS + 10).collect::<Vec<_>>());
}

/// A file system of its own, for it is remounted.
fn read_only_disk() -> PathBuf {
    let disk = std::env::var_os("OTHER_DISK");
    disk.expect("`.ci/disks` makes a disk and runs this").into()
}

fn remount(how: &str) {
    let mut mount = Command::new("mount");
    mount.args(["-o", &format!("remount,{how}")]);
    assert!(mount.arg(read_only_disk()).status().unwrap().success());
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn folder_without_permission_is_tried_again() {
    let child = Child::of("disks::folder_without_permission_is_tried_again", || {
        let telemetry = start();
        (0..1_000).for_each(tick);
        await_refusal(&telemetry, "Permission denied");
        fs::set_permissions(dir_of_child(), Permissions::from_mode(0o700)).unwrap();
        telemetry.flush(SOON).unwrap();
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.lost(), 0, "{report}");
    });
    let dir = folder();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o500)).unwrap();
    let refused = fs::create_dir(dir.path().join("probe")).unwrap_err();
    assert_eq!(
        refused.kind(),
        std::io::ErrorKind::PermissionDenied,
        "permissions do not bind"
    );
    let finished = run(&child, dir.path());
    assert!(
        finished.stderr.contains("Permission denied"),
        "{}",
        finished.stderr
    );
    assert_eq!(found(dir.path()), (0..1_000).collect::<Vec<_>>());
}

#[test]
#[ignore = "run by `.ci/disks`"]
fn folder_that_refuses_to_be_synced_is_written_unless_each_batch_is_promised() {
    let child = Child::of(
        "disks::folder_that_refuses_to_be_synced_is_written_unless_each_batch_is_promised",
        || {
            let each_batch = std::env::var_os("EACH_BATCH").is_some();
            let durability = if each_batch {
                Durability::EachBatch
            } else {
                Durability::default()
            };
            let recorder = Recorder::new(dir_of_child()).with_durability(durability);
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            (0..100).for_each(tick);
            if each_batch {
                await_refusal(&telemetry, "Permission denied");
            }
            let report = telemetry.shutdown(Duration::from_secs(1));
            let lost = if each_batch { 100 } else { 0 };
            assert_eq!(report.lost(), lost, "{report}");
        },
    );
    for each_batch in [false, true] {
        let dir = folder();
        // Today's, and that of tomorrow, should the test run at midnight.
        let now = jiff::Timestamp::now();
        let days = [now, now + jiff::SignedDuration::from_hours(24)];
        let days = days.map(|day| dir.path().join(day.strftime("%Y%m%d").to_string()));
        let permit = |mode| {
            for day in &days {
                fs::set_permissions(day, Permissions::from_mode(mode)).unwrap();
            }
        };
        for day in &days {
            fs::create_dir(day).unwrap();
        }
        // It can be written, and not be opened.
        permit(0o300);
        let child = child.with("RECORDING", dir.path().to_str().unwrap());
        let finished = if each_batch {
            child.with("EACH_BATCH", "1").run()
        } else {
            child.run()
        };
        permit(0o700);
        let bytes = days.iter().flat_map(|day| fs::read_dir(day).unwrap());
        let bytes: u64 = bytes.map(|it| it.unwrap().metadata().unwrap().len()).sum();
        if each_batch {
            assert_eq!(bytes, 0, "attempts leave lines");
        } else {
            assert_eq!(found(dir.path()), (0..100).collect::<Vec<_>>());
            let told = finished.stderr.contains("may not be safe");
            assert!(told, "{}", finished.stderr);
        }
    }
}
