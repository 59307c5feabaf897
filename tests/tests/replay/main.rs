//! Recordings that were made up: in every order, damaged in every way.

mod damage;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt as _;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use tempfile::TempDir;
use tickspan::recorded::{Attributes, Data, Line, Trade, Value};
use tickspan::replay::{Clock, Damage, Event, Fault, Replay, Speed};

/// 2026-11-21T00:00:00Z.
const MIDNIGHT: u64 = 1_795_219_200;

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(MIDNIGHT) + Duration::from_millis(milliseconds)
}

fn line(milliseconds: u64, number: i64) -> String {
    let line = Line {
        timestamp: at(milliseconds),
        trace_id: None,
        span_id: None,
        data: Data::Trade(Trade {
            name: "filled".into(),
            attributes: Attributes(vec![("number".into(), Value::I64(number))]),
        }),
    };
    line.to_json().unwrap()
}

fn number(event: &Event) -> i64 {
    let Data::Trade(trade) = &event.line.data else {
        panic!("{event:?}")
    };
    trade.attributes.get("number").unwrap().as_i64().unwrap()
}

fn write(dir: &Path, day: &str, name: &str, content: &[u8]) {
    fs::create_dir_all(dir.join(day)).unwrap();
    let path = dir.join(day).join(name);
    if Path::new(name).extension().is_some_and(|it| it == "gz") {
        let mut packed = GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap();
    } else if Path::new(name).extension().is_some_and(|it| it == "zst") {
        fs::write(path, zstd::encode_all(content, 0).unwrap()).unwrap();
    } else {
        fs::write(path, content).unwrap();
    }
}

fn lines(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

fn read(replay: Replay) -> (Vec<i64>, Vec<Damage>) {
    let (mut numbers, mut damages) = (Vec::new(), Vec::new());
    for next in replay {
        match next {
            Ok(event) => numbers.push(number(&event)),
            Err(damage) => damages.push(damage),
        }
    }
    (numbers, damages)
}

fn open(dir: &TempDir) -> Replay {
    Replay::open(dir.path()).unwrap()
}

#[test]
fn order_is_that_of_time_across_files_days_and_packings() {
    let dir = TempDir::new().unwrap();
    let day = 86_400_000;
    let of = |first: u64, count: u64, step: u64| -> Vec<u8> {
        let line = |place| {
            let time = first + place * step;
            line(time, i64::try_from(time).unwrap())
        };
        lines(&(0..count).map(line).collect::<Vec<_>>())
    };
    // Two processes at once, the second over midnight; one after the other in packed files.
    write(dir.path(), "20261121", "events.jsonl.gz", &of(0, 1_000, 10));
    write(
        dir.path(),
        "20261121",
        "events.1.jsonl.zst",
        &of(3, 1_000, 10),
    );
    write(
        dir.path(),
        "20261121",
        "events.2.jsonl",
        &of(20_000, 500, 7),
    );
    write(
        dir.path(),
        "20261121",
        "events.3.jsonl",
        &of(day - 5_000, 400, 10),
    );
    write(
        dir.path(),
        "20261122",
        "events.jsonl",
        &of(day - 1_000, 400, 10),
    );
    write(dir.path(), "20261122", "notes.txt", b"not ours");
    let (numbers, damages) = read(open(&dir));
    assert!(damages.is_empty(), "{damages:?}");
    assert_eq!(numbers.len(), 1_000 + 1_000 + 500 + 400 + 400);
    assert!(numbers.is_sorted());
    // One day, and one file, by themselves.
    let (one_day, _) = read(Replay::open(dir.path().join("20261122")).unwrap());
    assert_eq!(one_day.len(), 400);
    assert_eq!(open(&dir).files().len(), 5);
    assert_eq!(open(&dir).from(at(2 * day)).files().len(), 1);
    let (one_file, _) = read(Replay::open(dir.path().join("20261121/events.1.jsonl.zst")).unwrap());
    assert_eq!(one_file.len(), 1_000);
    // Of a folder only what is named as a recording is read; a file that is named may have any name.
    let (notes, not_lines) = read(Replay::open(dir.path().join("20261122/notes.txt")).unwrap());
    assert_eq!((notes.len(), not_lines.len()), (0, 1));
    Replay::open(dir.path().join("nothing")).unwrap_err();
}

#[test]
fn several_recordings_are_one() {
    let dir = TempDir::new().unwrap();
    let of = |first: u64| -> Vec<u8> {
        let times = (0..100).map(|place| first + place * 10);
        lines(
            &times
                .map(|time| line(time, i64::try_from(time).unwrap()))
                .collect::<Vec<_>>(),
        )
    };
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    write(&one, "20261121", "events.jsonl.gz", &of(3));
    write(&other, "20261121", "events.jsonl.zst", &of(0));
    let file = dir.path().join("a copy");
    fs::write(&file, of(500)).unwrap();
    let files = Replay::open_all([&one, &other, &file]).unwrap().files();
    assert_eq!(files.len(), 3);
    let (numbers, damages) = read(Replay::open_all([&one, &other, &file]).unwrap());
    assert!(damages.is_empty(), "{damages:?}");
    assert!(numbers.len() == 300 && numbers.is_sorted(), "{numbers:?}");
    // What is open already is told from its first bytes, too.
    for file in files {
        let open = fs::File::open(&file).unwrap();
        assert_eq!(read(Replay::read("it", open)).0.len(), 100);
    }
    let nothing = Replay::open_all([&one, &dir.path().join("nothing")]).unwrap_err();
    assert!(nothing.to_string().contains("nothing: "), "{nothing}");
}

#[test]
fn file_that_is_named_more_than_once_is_read_once() {
    let dir = TempDir::new().unwrap();
    write(
        dir.path(),
        "20261121",
        "events.jsonl",
        &lines(&[line(0, 1)]),
    );
    write(
        dir.path(),
        "20261121",
        "events.jsonl.gz",
        &lines(&[line(0, 1)]),
    );
    write(
        dir.path(),
        "20261122",
        "events.jsonl",
        &lines(&[line(1, 2)]),
    );
    let day = dir.path().join("20261121");
    fs::write(day.join("events.jsonl.gz.tmp"), "half").unwrap();
    let named = [
        day.join("events.jsonl.gz.tmp"),
        day.join("events.jsonl"),
        dir.path().to_owned(),
        day.join("events.jsonl.gz"),
        day.join("../20261122/events.jsonl"),
    ];
    let (numbers, damages) = read(Replay::open_all(named).unwrap());
    assert!(damages.is_empty(), "{damages:?}");
    assert_eq!(numbers, [1, 2]);
}

#[cfg(unix)]
#[test]
fn folder_of_a_day_that_cannot_be_read_is_damage_and_a_link_to_one_is_read() {
    let (dir, archive) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(
        archive.path(),
        "20261120",
        "events.jsonl",
        &lines(&[line(0, 1)]),
    );
    write(
        dir.path(),
        "20261122",
        "events.jsonl",
        &lines(&[line(1, 2)]),
    );
    let link = |to: &Path, day: &str| {
        std::os::unix::fs::symlink(to, dir.path().join(day)).unwrap();
    };
    link(&archive.path().join("20261120"), "20261120");
    // It leads to itself.
    link(&dir.path().join("20261121"), "20261121");
    // What was deleted is none.
    link(&archive.path().join("20261119"), "20261119");
    let (numbers, damages) = read(open(&dir));
    assert_eq!(numbers, [1, 2]);
    assert_eq!(damages.len(), 1, "{damages:?}");
    assert!(matches!(damages[0].fault, Fault::File(_)), "{damages:?}");
    assert_eq!(*damages[0].place.file, dir.path().join("20261121"));
    Replay::open(dir.path().join("20261121")).unwrap_err();
}

#[test]
fn recording_may_be_named_as_a_day_is() {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("20261120");
    write(&inner, "20261121", "events.jsonl", &lines(&[line(0, 1)]));
    assert_eq!(read(Replay::open(&inner).unwrap()).0, [1]);
    assert_eq!(read(Replay::open(inner.join("20261121")).unwrap()).0, [1]);
}

#[test]
fn event_that_is_later_than_the_window_comes_at_once_and_is_counted() {
    let dir = TempDir::new().unwrap();
    let times = [0, 8_000, 3_000, 20_000, 4_000, 21_000];
    let all: Vec<String> = times
        .iter()
        .map(|time| line(*time, i64::try_from(*time).unwrap()))
        .collect();
    write(dir.path(), "20261121", "events.jsonl", &lines(&all));
    let mut events = open(&dir).with_window(Duration::from_secs(6)).into_iter();
    let numbers: Vec<i64> = events
        .by_ref()
        .map(|event| number(&event.unwrap()))
        .collect();
    assert_eq!(numbers, [0, 3_000, 8_000, 4_000, 20_000, 21_000]);
    assert_eq!(events.late(), 1);
}

#[test]
fn packed_file_counts_where_the_plain_one_is_still_there() {
    let dir = TempDir::new().unwrap();
    write(
        dir.path(),
        "20261121",
        "events.jsonl",
        &lines(&[line(1, 1)]),
    );
    write(
        dir.path(),
        "20261121",
        "events.jsonl.gz",
        &lines(&[line(1, 1)]),
    );
    assert_eq!(read(open(&dir)).0, [1]);
}

#[test]
fn file_that_is_packed_meanwhile_is_read_as_it_is_packed() {
    for suffix in ["gz", "zst"] {
        let dir = TempDir::new().unwrap();
        let first = lines(&[line(0, 1), line(60_000, 2)]);
        write(dir.path(), "20261121", "events.jsonl", &first);
        let second = lines(&[line(120_000, 3)]);
        write(dir.path(), "20261121", "events.1.jsonl", &second);
        let mut events = open(&dir).into_iter();
        assert_eq!(number(&events.next().unwrap().unwrap()), 1);
        let packed = format!("events.1.jsonl.{suffix}");
        write(dir.path(), "20261121", &packed, &second);
        fs::remove_file(dir.path().join("20261121/events.1.jsonl")).unwrap();
        let rest: Vec<_> = events.map(|event| number(&event.unwrap())).collect();
        assert_eq!(rest, [2, 3]);
    }
}

#[test]
fn lines_of_another_version_are_refused_and_of_an_unknown_type_given() {
    let dir = TempDir::new().unwrap();
    let begin = |version: &str| {
        format!(
            r#"{{"event_type":"recording","timestamp":"2026-11-21T00:00:00Z","data":{{"schema_version":"{version}","process_id":1,"tickspan_version":"9","resource":{{}}}}}}"#
        )
    };
    // Nothing in it is as it was but the version.
    let much_later =
        r#"{"event_type":"recording","time":1,"data":{"schema_version":"3.0","process_id":"one"}}"#;
    let later = r#"{"event_type":"position","timestamp":"2026-11-21T00:00:05Z","data":{"size":7}}"#;
    let content = [
        begin("2.0"),
        line(1, 1),
        much_later.to_owned(),
        line(1, 1),
        begin("1.9"),
        line(2, 2),
        later.to_owned(),
    ];
    write(dir.path(), "20261121", "events.jsonl", &lines(&content));
    let all: Vec<_> = open(&dir).into_iter().collect();
    assert_eq!(all.len(), 4, "{all:?}");
    for (place, wanted) in [(0, "2.0"), (1, "3.0")] {
        let damage = all[place].as_ref().unwrap_err();
        assert!(
            matches!(&damage.fault, Fault::Version(version) if version == wanted),
            "{damage}"
        );
    }
    assert_eq!(number(all[2].as_ref().unwrap()), 2);
    let event = all[3].as_ref().unwrap();
    assert_eq!(event.line.data.event_type(), "position");
    assert_eq!(
        event.line.to_json().unwrap(),
        later.replace("05Z", "05.000000000Z")
    );
    assert_eq!(event.place.line, 7);
}

#[test]
fn last_line_without_an_end_is_torn_or_whole() {
    let dir = TempDir::new().unwrap();
    let (first, last) = (line(1, 1), line(2, 2));
    let of = |content: &str| {
        write(dir.path(), "20261121", "events.jsonl", content.as_bytes());
        read(open(&dir))
    };
    let (numbers, damages) = of(&format!("{first}\n{last}"));
    assert_eq!((numbers, damages.len()), (vec![1, 2], 0));
    let (numbers, damages) = of(&format!("{first}\n{}", &last[..20]));
    assert_eq!(numbers, [1]);
    assert!(matches!(damages[0].fault, Fault::Torn), "{damages:?}");
    assert_eq!(damages[0].place.line, 2);
    assert!(
        damages[0]
            .to_string()
            .ends_with("events.jsonl:2: the last line is cut short")
    );
}

#[test]
fn broken_packing_ends_its_file_and_no_other() {
    let dir = TempDir::new().unwrap();
    let many: Vec<String> = (0..2_000)
        .map(|it| line(it, i64::try_from(it).unwrap()))
        .collect();
    write(dir.path(), "20261121", "events.jsonl.gz", &lines(&many));
    write(dir.path(), "20261121", "events.1.jsonl.zst", &lines(&many));
    for name in ["events.jsonl.gz", "events.1.jsonl.zst"] {
        let path = dir.path().join("20261121").join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    }
    write(dir.path(), "20261121", "events.2.jsonl.gz", b"");
    fs::write(dir.path().join("20261121/events.3.jsonl.gz"), b"no gzip").unwrap();
    write(dir.path(), "20261121", "events.4.jsonl", &lines(&many));
    let (numbers, damages) = read(open(&dir));
    assert!(numbers.len() > 2_000, "{}", numbers.len());
    assert_eq!(damages.len(), 3, "{damages:?}");
    // What is not packed is read as it is, whatever its name.
    let is_torn = |damage: &&Damage| matches!(damage.fault, Fault::Torn);
    let (torn, cut): (Vec<_>, Vec<_>) = damages.iter().partition(is_torn);
    assert_eq!((torn.len(), cut.len()), (1, 2), "{damages:?}");
    assert!(
        cut.iter()
            .all(|damage| matches!(damage.fault, Fault::File(_))),
        "{damages:?}"
    );
}

/// Whoever waits moves it on.
#[derive(Clone, Default)]
struct MadeUp(Arc<Mutex<Duration>>);

impl Clock for MadeUp {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

#[test]
fn speed_is_that_of_the_recording_times_a_factor() {
    let dir = TempDir::new().unwrap();
    let all: Vec<String> = [0, 1_000, 1_000, 61_000]
        .iter()
        .zip(1..)
        .map(|(time, number)| line(*time, number))
        .collect();
    write(dir.path(), "20261121", "events.jsonl", &lines(&all));
    for (speed, due) in [
        (Speed::ORIGINAL, [0, 1_000, 1_000, 61_000]),
        (Speed::times(10.0).unwrap(), [0, 100, 100, 6_100]),
        (Speed::times(0.5).unwrap(), [0, 2_000, 2_000, 122_000]),
        (Speed::FULL, [0, 0, 0, 0]),
    ] {
        let clock = MadeUp::default();
        let replay = open(&dir).with_speed(speed).with_clock(clock.clone());
        let time = replay.clock();
        assert_eq!(time.now(), UNIX_EPOCH);
        let mut waited = Vec::new();
        for event in replay {
            assert_eq!(time.now(), event.unwrap().line.timestamp);
            waited.push(u64::try_from(clock.now().as_millis()).unwrap());
        }
        assert_eq!(waited, due, "{speed:?}");
    }
}

#[test]
fn stream_gives_the_same_without_a_runtime() {
    let dir = TempDir::new().unwrap();
    let all: Vec<String> = (0..1_000)
        .map(|it| line(it, i64::try_from(it).unwrap()))
        .collect();
    let content = [lines(&all), b"torn".to_vec()].concat();
    write(dir.path(), "20261121", "events.jsonl", &content);
    let stream = open(&dir).stream().unwrap();
    let all: Vec<_> = futures::executor::block_on(stream.collect());
    assert_eq!(all.iter().filter(|next| next.is_ok()).count(), 1_000);
    assert_eq!(all.iter().filter(|next| next.is_err()).count(), 1);
}

#[test]
fn dropped_stream_ends_its_thread() {
    /// Tells when it is dropped, which its thread does last.
    struct Watched(std::sync::mpsc::Sender<()>, MadeUp);

    impl Clock for Watched {
        fn now(&self) -> Duration {
            // It never comes to the second event.
            Duration::ZERO
        }

        fn sleep(&self, time: Duration) {
            self.1.sleep(time);
            std::thread::yield_now();
        }
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            _ = self.0.send(());
        }
    }

    let dir = TempDir::new().unwrap();
    write(
        dir.path(),
        "20261121",
        "events.jsonl",
        &lines(&[line(0, 1), line(60_000, 2)]),
    );
    let (ended, has_ended) = std::sync::mpsc::channel();
    let replay = open(&dir)
        .with_speed(Speed::ORIGINAL)
        .with_clock(Watched(ended, MadeUp::default()));
    let mut stream = replay.stream().unwrap();
    let first = futures::executor::block_on(stream.next()).unwrap().unwrap();
    assert_eq!(number(&first), 1);
    drop(stream);
    has_ended.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[cfg(unix)]
#[test]
fn dropped_stream_ends_its_thread_where_nothing_is_wanted() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            // It is open when somebody reads it.
            let mut pipe = fs::File::options().write(true).open(path).unwrap();
            begun.send(()).unwrap();
            let line = line(0, 1) + "\n";
            // Until nobody reads it any more.
            while pipe.write_all(line.as_bytes()).is_ok() {}
        }
    });
    let replay = Replay::open(&path).unwrap().event_types(["edge"]);
    let stream = replay.stream().unwrap();
    has_begun.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(stream);
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while !writer.is_finished() {
        assert!(std::time::Instant::now() < until, "it reads on");
        std::thread::yield_now();
    }
}

/// Lines of a file, some of them damaged, in nearly the order of time.
fn file() -> impl Strategy<Value = Vec<Result<u64, Vec<u8>>>> {
    let line = prop_oneof![
        4 => (0..2_000_u64).prop_map(Ok),
        1 => vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 1..60)
            .prop_filter("an object may be a line", |bytes| bytes[0] != b'{')
            .prop_map(Err),
    ];
    (0..30_000_u64, vec(line, 0..80)).prop_map(|(first, steps)| {
        let mut time = first;
        steps
            .into_iter()
            .map(|step| {
                step.map(|jitter| {
                    time += 100;
                    // At most two seconds before what stands there already.
                    time + 2_000 - jitter
                })
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn every_line_comes_once_in_order_and_every_damage_is_told(
        files in vec((file(), prop_oneof![Just(""), Just(".gz"), Just(".zst")]), 1..5),
    ) {
        let dir = TempDir::new().unwrap();
        let (mut written, mut broken) = (Vec::new(), 0);
        for (place, (file, packing)) in files.iter().enumerate() {
            let mut content = Vec::new();
            for next in file {
                match next {
                    Ok(time) => {
                        written.push(*time);
                        content.extend_from_slice(line(*time, i64::try_from(*time).unwrap()).as_bytes());
                    }
                    Err(bytes) => {
                        broken += 1;
                        content.extend_from_slice(bytes);
                    }
                }
                content.push(b'\n');
            }
            let name = if place == 0 { String::new() } else { format!(".{place}") };
            write(dir.path(), "20261121", &format!("events{name}.jsonl{packing}"), &content);
        }
        let (numbers, damages) = read(open(&dir));
        prop_assert_eq!(damages.len(), broken, "{:?}", damages);
        prop_assert!(numbers.is_sorted(), "{:?}", numbers);
        written.sort_unstable();
        let numbers: Vec<u64> = numbers.into_iter().map(|it| u64::try_from(it).unwrap()).collect();
        prop_assert_eq!(numbers, written);
    }
}
