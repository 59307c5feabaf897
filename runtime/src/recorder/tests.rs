//! The files of a recorder: on a real disk, at times that are made up.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant, SystemTime};

use flate2::read::MultiGzDecoder;
use tempfile::TempDir;

use super::desk::{Desk, MOST_AUDITED};
use super::file::Written;
use super::keeper::Keeper;
use super::names::Day;
use super::notices::Notices;
use super::settings::{Compression, Durability, Recorder};
use super::store::Store;
use crate::record::Acknowledgement;

const FIRST: &[u8] = b"{\"first\":true}\n";

/// Generous: only a thread that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(20);

fn noon() -> SystemTime {
    Day::parse("20261121").unwrap().start() + Duration::from_secs(12 * 3_600)
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn store(recorder: &Recorder) -> Store {
    let notices = Arc::new(Notices::new(&recorder.dir));
    let keeper = Keeper::start(recorder, Arc::clone(&notices)).unwrap();
    let first = Box::new(|_| FIRST.to_vec());
    Store::new(recorder, first, keeper, notices)
}

fn recorder(dir: &TempDir) -> Recorder {
    Recorder::new(dir.path()).with_compression(Compression::None)
}

fn file(dir: &TempDir, day: &str, name: &str) -> PathBuf {
    dir.path().join(day).join(name)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

fn all_written(written: &Written, bytes: usize) {
    assert!(written.error.is_none(), "{written:?}");
    assert_eq!(written.bytes, bytes);
}

#[test]
fn each_day_has_a_folder_and_each_file_a_first_line() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&recorder(&dir));
    all_written(&store.write(b"1\n2\n", noon()), 4);
    all_written(&store.write(b"3\n", noon() + days(1)), 2);
    assert_eq!(
        text(&file(&dir, "20261121", "events.jsonl")),
        "{\"first\":true}\n1\n2\n"
    );
    assert_eq!(
        text(&file(&dir, "20261122", "events.jsonl")),
        "{\"first\":true}\n3\n"
    );
}

#[test]
fn full_file_is_followed_by_the_next_number() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&recorder(&dir).with_file_size(4_096));
    let line = [b"x".repeat(2_999), b"\n".to_vec()].concat();
    for _ in 0..3 {
        all_written(&store.write(&line, noon()), 3_000);
    }
    for name in ["events.jsonl", "events.1.jsonl", "events.2.jsonl"] {
        assert_eq!(
            text(&file(&dir, "20261121", name)).len(),
            FIRST.len() + 3_000
        );
    }
    // A batch that is longer than a file is not cut.
    all_written(&store.write(&line.repeat(3), noon()), 9_000);
    assert_eq!(
        text(&file(&dir, "20261121", "events.3.jsonl")).len(),
        FIRST.len() + 9_000
    );
}

#[test]
fn next_process_goes_on_in_the_file_of_the_day() {
    let dir = TempDir::new().unwrap();
    for line in [b"1\n", b"2\n"] {
        let mut store = store(&recorder(&dir));
        all_written(&store.write(line, noon()), 2);
        store.end();
    }
    assert_eq!(
        text(&file(&dir, "20261121", "events.jsonl")),
        "{\"first\":true}\n1\n{\"first\":true}\n2\n"
    );
}

#[test]
fn two_at_once_write_files_of_their_own() {
    let dir = TempDir::new().unwrap();
    let (mut one, mut other) = (store(&recorder(&dir)), store(&recorder(&dir)));
    all_written(&one.write(b"1\n", noon()), 2);
    all_written(&other.write(b"2\n", noon()), 2);
    all_written(&one.write(b"3\n", noon()), 2);
    assert_eq!(
        text(&file(&dir, "20261121", "events.jsonl")),
        "{\"first\":true}\n1\n3\n"
    );
    assert_eq!(
        text(&file(&dir, "20261121", "events.1.jsonl")),
        "{\"first\":true}\n2\n"
    );
}

#[test]
fn torn_line_is_left_and_a_new_one_begins() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261121")).unwrap();
    let path = file(&dir, "20261121", "events.jsonl");
    fs::write(&path, "whole\n{\"tor").unwrap();
    all_written(&store(&recorder(&dir)).write(b"1\n", noon()), 2);
    assert_eq!(text(&path), "whole\n{\"tor\n{\"first\":true}\n1\n");
}

#[test]
fn removed_folder_is_made_again() {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("events");
    let mut store = store(&Recorder::new(&inner).with_compression(Compression::None));
    all_written(&store.write(b"1\n", noon()), 2);
    fs::remove_dir_all(&inner).unwrap();
    all_written(&store.write(b"2\n", noon()), 2);
    assert_eq!(
        text(&inner.join("20261121/events.jsonl")),
        "{\"first\":true}\n2\n"
    );
}

#[test]
fn folder_that_cannot_be_made_is_tried_again() {
    let dir = TempDir::new().unwrap();
    let blocked = dir.path().join("events");
    fs::write(&blocked, "a file").unwrap();
    let mut store = store(&Recorder::new(&blocked).with_compression(Compression::None));
    let written = store.write(b"1\n", noon());
    assert_eq!(written.bytes, 0);
    assert!(written.error.is_some());
    fs::remove_file(&blocked).unwrap();
    all_written(&store.write(b"1\n", noon()), 2);
}

#[test]
fn audited_lines_that_no_disk_takes_are_bounded() {
    let dir = TempDir::new().unwrap();
    let in_the_way = dir.path().join("recording");
    fs::write(&in_the_way, "a file").unwrap();
    let recorder = Recorder::new(&in_the_way).with_compression(Compression::None);
    let desk = Arc::new(Desk::new());
    let thread = desk.serve(store(&recorder), Durability::Never).unwrap();
    let audit = |_| desk.audit(b"{}\n".to_vec(), Duration::ZERO);
    let late = (0..10 * MOST_AUDITED)
        .map(audit)
        .filter(|became| *became == Acknowledgement::Late)
        .count();
    assert!(
        (MOST_AUDITED..=2 * MOST_AUDITED).contains(&late),
        "{late} wait"
    );
    assert!(desk.end(thread, Instant::now() + PATIENCE));
}

#[test]
fn batch_that_was_given_up_is_not_written() {
    let dir = TempDir::new().unwrap();
    let recorder = recorder(&dir);
    let desk = Arc::new(Desk::new());
    let mut context = Context::from_waker(Waker::noop());
    let mut given_up = Box::pin(desk.write(b"1\n".to_vec()));
    assert!(given_up.as_mut().poll(&mut context).is_pending());
    drop(given_up);
    let mut wanted = Box::pin(desk.write(b"2\n".to_vec()));
    assert!(wanted.as_mut().poll(&mut context).is_pending());
    let thread = desk.serve(store(&recorder), Durability::Never).unwrap();
    assert!(desk.end(thread, Instant::now() + PATIENCE));
    let day = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
    assert_eq!(
        text(&day.path().join("events.jsonl")),
        "{\"first\":true}\n2\n"
    );
}

#[test]
fn restart_goes_on_behind_the_last_number_where_lower_ones_were_deleted() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261121")).unwrap();
    for name in ["events.4.jsonl.gz", "events.5.jsonl.gz"] {
        fs::write(file(&dir, "20261121", name), "packed").unwrap();
    }
    all_written(&store(&recorder(&dir)).write(b"1\n", noon()), 2);
    let last = file(&dir, "20261121", "events.6.jsonl");
    assert_eq!(text(&last), "{\"first\":true}\n1\n");
    // One that is not packed is gone on with.
    all_written(&store(&recorder(&dir)).write(b"2\n", noon()), 2);
    assert_eq!(text(&last), "{\"first\":true}\n1\n{\"first\":true}\n2\n");
    assert_eq!(
        fs::read_dir(dir.path().join("20261121")).unwrap().count(),
        3
    );
}

#[test]
fn file_that_cannot_be_opened_is_passed_by() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(file(&dir, "20261121", "events.jsonl")).unwrap();
    all_written(&store(&recorder(&dir)).write(b"1\n", noon()), 2);
    assert_eq!(
        text(&file(&dir, "20261121", "events.1.jsonl")),
        "{\"first\":true}\n1\n"
    );
}

#[test]
fn delay_is_a_day_at_most() {
    let dir = TempDir::new().unwrap();
    let fault = |delay| {
        let fault = recorder(&dir).with_flush_every(delay).fault();
        fault.map(|(setting, ..)| setting)
    };
    assert_eq!(fault(days(1)), None);
    for wrong in [Duration::ZERO, days(2), Duration::MAX] {
        assert_eq!(fault(wrong), Some("with_flush_every"), "{wrong:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_told_and_written_to_again() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261121")).unwrap();
    let path = file(&dir, "20261121", "events.jsonl");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut store = store(&recorder(&dir).with_durability(Durability::EachBatch));
    for _ in 0..3 {
        let written = store.write(b"1\n", noon());
        assert_eq!(written.bytes, 0);
        let error = written.error.unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
    }
    fs::remove_file(&path).unwrap();
    all_written(&store.write(b"1\n", noon()), 2);
    assert_eq!(text(&path), "{\"first\":true}\n1\n");
}

#[test]
fn closed_file_is_packed_and_holds_the_same() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&recorder(&dir).with_compression(Compression::Gzip));
    all_written(&store.write(b"1\n", noon()), 2);
    store.close_past_day(noon() + days(1));
    let plain = file(&dir, "20261121", "events.jsonl");
    wait_for("the packed file", || !plain.exists());
    let packed = file(&dir, "20261121", "events.jsonl.gz");
    assert_eq!(unpacked(&packed), "{\"first\":true}\n1\n");
    // Its name is taken from now on.
    all_written(&store.write(b"2\n", noon()), 2);
    assert_eq!(
        text(&file(&dir, "20261121", "events.1.jsonl")),
        "{\"first\":true}\n2\n"
    );
}

#[cfg(feature = "zstd")]
#[test]
fn closed_file_can_be_packed_with_zstd() {
    let dir = TempDir::new().unwrap();
    let mut store = store(&recorder(&dir).with_compression(Compression::Zstd));
    all_written(&store.write(b"1\n", noon()), 2);
    store.close_past_day(noon() + days(1));
    let plain = file(&dir, "20261121", "events.jsonl");
    wait_for("the packed file", || !plain.exists());
    let packed = fs::File::open(file(&dir, "20261121", "events.jsonl.zst")).unwrap();
    assert_eq!(zstd::decode_all(packed).unwrap(), b"{\"first\":true}\n1\n");
}

#[test]
fn files_of_days_past_that_a_process_left_are_packed() {
    let dir = TempDir::new().unwrap();
    for day in ["20261119", "20261120", "20261121"] {
        fs::create_dir(dir.path().join(day)).unwrap();
        fs::write(file(&dir, day, "events.jsonl"), day).unwrap();
        fs::write(file(&dir, day, "notes.txt"), "not ours").unwrap();
    }
    // Another process still writes this one.
    let locked = super::file::lock(&file(&dir, "20261120", "events.jsonl")).unwrap();
    let store = store(&recorder(&dir).with_compression(Compression::Gzip));
    store.look_after_old(noon());
    let left = file(&dir, "20261119", "events.jsonl");
    wait_for("the packed file", || !left.exists());
    assert_eq!(
        unpacked(&file(&dir, "20261119", "events.jsonl.gz")),
        "20261119"
    );
    for (day, name) in [
        ("20261120", "events.jsonl"),
        ("20261121", "events.jsonl"),
        ("20261119", "notes.txt"),
    ] {
        assert!(file(&dir, day, name).exists(), "{day}/{name}");
    }
    drop(locked);
}

#[test]
fn old_files_are_deleted_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    for day in ["20261101", "20261118", "20261119", "20261120", "20261121"] {
        fs::create_dir(dir.path().join(day)).unwrap();
        fs::write(file(&dir, day, "events.jsonl"), [b'x'; 100]).unwrap();
    }
    fs::write(file(&dir, "20261118", "notes.txt"), "not ours").unwrap();
    fs::create_dir(dir.path().join("reports")).unwrap();
    let locked = super::file::lock(&file(&dir, "20261101", "events.jsonl")).unwrap();
    let store = store(&recorder(&dir).with_max_age(days(2)));
    store.look_after_old(noon());
    let gone = file(&dir, "20261118", "events.jsonl");
    wait_for("the deletion", || !gone.exists());
    for left in [
        "20261101/events.jsonl",
        "20261118/notes.txt",
        "20261119/events.jsonl",
        "20261120/events.jsonl",
        "20261121/events.jsonl",
        "reports",
    ] {
        assert!(dir.path().join(left).exists(), "{left}");
    }
    drop(locked);
}

#[test]
fn files_beyond_the_total_size_are_deleted_the_oldest_first() {
    let dir = TempDir::new().unwrap();
    for day in ["20261118", "20261119", "20261120"] {
        fs::create_dir(dir.path().join(day)).unwrap();
        fs::write(file(&dir, day, "events.jsonl"), [b'x'; 100]).unwrap();
    }
    let mut store = store(&recorder(&dir).with_max_total_size(250));
    all_written(&store.write(&[b'y'; 50], noon()), 0);
    store.look_after_old(noon());
    let gone = dir.path().join("20261118");
    wait_for("the deletion", || !gone.exists());
    assert!(file(&dir, "20261119", "events.jsonl").exists());
    assert!(file(&dir, "20261121", "events.jsonl").exists());
}

#[test]
fn packing_that_was_cut_short_is_done_again() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261120")).unwrap();
    fs::write(file(&dir, "20261120", "events.jsonl"), "1\n").unwrap();
    let mut unfinished = fs::File::create(file(&dir, "20261120", "events.jsonl.gz.tmp")).unwrap();
    unfinished.write_all(b"half").unwrap();
    let store = store(&recorder(&dir).with_compression(Compression::Gzip));
    store.look_after_old(noon());
    let left = file(&dir, "20261120", "events.jsonl");
    wait_for("the packed file", || !left.exists());
    assert_eq!(unpacked(&file(&dir, "20261120", "events.jsonl.gz")), "1\n");
    assert!(!file(&dir, "20261120", "events.jsonl.gz.tmp").exists());
}

#[test]
fn file_that_cannot_be_packed_stays_and_is_packed_later() {
    let dir = TempDir::new().unwrap();
    // In the way of what is being packed.
    let blocked = file(&dir, "20261121", "events.jsonl.gz.tmp");
    fs::create_dir_all(&blocked).unwrap();
    let mut store = store(&recorder(&dir).with_compression(Compression::Gzip));
    for (day, line) in [b"1\n", b"2\n"].into_iter().enumerate() {
        let now = noon() + days(day as u64);
        all_written(&store.write(line, now), 2);
        store.close_past_day(now + days(1));
    }
    let next = file(&dir, "20261122", "events.jsonl");
    wait_for("the file that was closed after it", || !next.exists());
    let plain = file(&dir, "20261121", "events.jsonl");
    assert_eq!(text(&plain), "{\"first\":true}\n1\n");
    fs::remove_dir(&blocked).unwrap();
    store.look_after_old(noon() + days(2));
    wait_for("the packed file", || !plain.exists());
    assert_eq!(
        unpacked(&file(&dir, "20261121", "events.jsonl.gz")),
        "{\"first\":true}\n1\n"
    );
}

#[test]
fn old_files_are_deleted_where_packing_fails() {
    let dir = TempDir::new().unwrap();
    for day in ["20261012", "20261120"] {
        fs::create_dir(dir.path().join(day)).unwrap();
        fs::write(file(&dir, day, "events.jsonl"), "1\n").unwrap();
    }
    // In the way of what is being packed.
    fs::create_dir(file(&dir, "20261120", "events.jsonl.gz.tmp")).unwrap();
    let recorder = recorder(&dir)
        .with_compression(Compression::Gzip)
        .with_max_age(days(30));
    store(&recorder).look_after_old(noon());
    let old = dir.path().join("20261012");
    wait_for("the deletion", || !old.exists());
    assert_eq!(text(&file(&dir, "20261120", "events.jsonl")), "1\n");
}

#[test]
fn one_file_that_cannot_be_deleted_keeps_no_other() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(file(&dir, "20261010", "events.jsonl")).unwrap();
    fs::create_dir(dir.path().join("20261012")).unwrap();
    fs::write(file(&dir, "20261012", "events.jsonl"), "1\n").unwrap();
    store(&recorder(&dir).with_max_age(days(30))).look_after_old(noon());
    let old = dir.path().join("20261012");
    wait_for("the deletion", || !old.exists());
}

#[test]
fn name_that_is_anothers_by_now_is_left() {
    let dir = TempDir::new().unwrap();
    let recorder = recorder(&dir).with_compression(Compression::Gzip);
    let (mut one, mut other) = (store(&recorder), store(&recorder));
    let path = file(&dir, "20261121", "events.jsonl");
    all_written(&one.write(b"1\n", noon()), 2);
    fs::remove_file(&path).unwrap();
    all_written(&other.write(b"2\n", noon()), 2);
    one.close_past_day(noon() + days(1));
    // What is closed after it is packed after it.
    all_written(&one.write(b"3\n", noon() + days(1)), 2);
    one.close_past_day(noon() + days(2));
    let next = file(&dir, "20261122", "events.jsonl");
    wait_for("the file that was closed after it", || !next.exists());
    all_written(&other.write(b"4\n", noon()), 2);
    assert_eq!(text(&path), "{\"first\":true}\n2\n4\n");
    assert!(!file(&dir, "20261121", "events.jsonl.gz").exists());
}

#[test]
fn files_of_today_that_others_follow_are_packed() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261121")).unwrap();
    for name in ["events.jsonl", "events.1.jsonl", "events.2.jsonl"] {
        fs::write(file(&dir, "20261121", name), "1\n").unwrap();
    }
    let locked = super::file::lock(&file(&dir, "20261121", "events.jsonl")).unwrap();
    store(&recorder(&dir).with_compression(Compression::Gzip)).look_after_old(noon());
    let followed = file(&dir, "20261121", "events.1.jsonl");
    wait_for("the packed file", || !followed.exists());
    for left in ["events.jsonl", "events.1.jsonl.gz", "events.2.jsonl"] {
        assert!(file(&dir, "20261121", left).exists(), "{left}");
    }
    drop(locked);
}

#[test]
fn half_packed_file_without_its_plain_one_is_deleted() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261120")).unwrap();
    fs::write(file(&dir, "20261120", "events.jsonl.gz.tmp"), "half").unwrap();
    store(&recorder(&dir)).look_after_old(noon());
    let folder = dir.path().join("20261120");
    wait_for("the deletion", || !folder.exists());
}

#[test]
fn clock_that_is_set_ahead_deletes_nothing() {
    let dir = TempDir::new().unwrap();
    for day in ["20261120", "20261121"] {
        fs::create_dir(dir.path().join(day)).unwrap();
        fs::write(file(&dir, day, "events.jsonl"), "1\n").unwrap();
    }
    let recorder = recorder(&dir)
        .with_compression(Compression::Gzip)
        .with_max_age(days(30));
    let store = store(&recorder);
    store.look_after_old(noon());
    store.look_after_old(noon() + days(365));
    let today = file(&dir, "20261121", "events.jsonl");
    wait_for("the second look", || !today.exists());
    for day in ["20261120", "20261121"] {
        assert!(file(&dir, day, "events.jsonl.gz").exists(), "{day}");
    }
}

#[cfg(unix)]
#[test]
fn linked_folder_of_a_day_is_left() {
    let (dir, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(archive.path().join("events.jsonl"), "1\n").unwrap();
    std::os::unix::fs::symlink(archive.path(), dir.path().join("20261010")).unwrap();
    fs::create_dir(dir.path().join("20261012")).unwrap();
    fs::write(file(&dir, "20261012", "events.jsonl"), "1\n").unwrap();
    store(&recorder(&dir).with_max_age(days(30))).look_after_old(noon());
    let old = dir.path().join("20261012");
    wait_for("the deletion", || !old.exists());
    assert_eq!(text(&archive.path().join("events.jsonl")), "1\n");
}

#[cfg(unix)]
#[test]
fn closed_files_that_wait_are_bounded() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("20261121")).unwrap();
    // The first to be packed waits until somebody reads what it is packed into.
    let pipe = file(&dir, "20261121", "events.jsonl.gz.tmp");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let recorder = recorder(&dir)
        .with_compression(Compression::Gzip)
        .with_file_size(4_096);
    let mut store = store(&recorder);
    let line = [b"x".repeat(4_000), b"\n".to_vec()].concat();
    for _ in 0..200 {
        all_written(&store.write(&line, noon()), 4_001);
    }
    let is_open = |number: &usize| {
        let path = file(&dir, "20261121", &format!("events.{number}.jsonl"));
        super::file::lock(&path).unwrap().is_none()
    };
    // Those that wait, and the last.
    let open = (1..200).filter(is_open).count();
    assert!((1..100).contains(&open), "{open} are open");
    drop(fs::File::open(&pipe).unwrap());
}
