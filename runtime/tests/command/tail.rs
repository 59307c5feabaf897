//! `tickspan tail`: a process that goes on, beside one that writes.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use tickspan::recorded::{Attributes, Data, Line, Outcome, Recording, Status, VERSION, Value};

use crate::program::{err, out, run_on, tickspan};
use crate::traced::{edge, span, text, with};

/// Only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Tail {
    process: Child,
    lines: Receiver<String>,
}

impl Tail {
    fn of(arguments: &[&str], recording: &Path) -> Self {
        let mut process = tickspan()
            .arg("tail")
            .args(arguments)
            .arg(recording)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (give, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = give.send(line);
            }
        });
        Self { process, lines }
    }

    #[track_caller]
    fn says(&self, wanted: &str) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        assert!(line.contains(wanted), "`{wanted}` is missing in `{line}`");
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let more: Vec<String> = self.lines.try_iter().collect();
        assert!(more.is_empty() || std::thread::panicking(), "{more:?}");
    }
}

fn append(dir: &Path, file: &str, content: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

/// What begins lines of this version.
fn begin() -> Line<'static> {
    Line {
        timestamp: SystemTime::UNIX_EPOCH,
        trace_id: None,
        span_id: None,
        data: Data::Recording(Recording {
            schema_version: VERSION.into(),
            process_id: 1,
            tickspan_version: "1".into(),
            resource: Attributes::default(),
        }),
    }
}

fn line(number: u64) -> Line<'static> {
    span(
        u128::from(number),
        (number, 0),
        &format!("stage_{number}"),
        number,
        1_000,
    )
}

#[test]
fn it_follows_over_full_packed_and_torn_files_and_midnight() {
    let dir = TempDir::new().unwrap();
    append(dir.path(), "20261120/events.jsonl", &text(&[line(1)]));
    append(
        dir.path(),
        "20261121/events.jsonl",
        &text(&[line(2), line(3), line(4)]),
    );
    let tail = Tail::of(&["-n", "2"], dir.path());
    // The last that are there.
    tail.says("stage_3 1.00 µs");
    tail.says("stage_4");
    append(dir.path(), "20261121/events.jsonl", &text(&[line(5)]));
    tail.says("stage_5");
    // In two pieces.
    let whole = text(&[line(6)]);
    append(dir.path(), "20261121/events.jsonl", &whole[..40]);
    append(dir.path(), "20261121/events.1.jsonl", &text(&[line(7)]));
    tail.says("stage_7");
    append(dir.path(), "20261121/events.jsonl", &whole[40..]);
    tail.says("stage_6");
    // Full, packed, and deleted: nothing comes twice.
    let packed = File::create(dir.path().join("20261121/events.jsonl.gz")).unwrap();
    let mut packed = GzEncoder::new(packed, Compression::fast());
    let content = fs::read(dir.path().join("20261121/events.jsonl")).unwrap();
    packed.write_all(&content).unwrap();
    packed.finish().unwrap();
    fs::remove_file(dir.path().join("20261121/events.jsonl")).unwrap();
    append(dir.path(), "20261121/events.1.jsonl", "no line\n");
    append(dir.path(), "20261121/events.1.jsonl", &text(&[line(8)]));
    tail.says("stage_8");
    // The next day.
    append(dir.path(), "20261122/events.jsonl", &text(&[line(9)]));
    tail.says("stage_9");
}

#[test]
fn it_goes_on_where_the_folder_was_gone_and_a_file_was_made_anew() {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("recording");
    append(&inner, "20261121/events.jsonl", &text(&[line(1)]));
    append(&inner, "20261121/events.1.jsonl", &text(&[line(2)]));
    let tail = Tail::of(&[], &inner);
    tail.says("stage_1");
    tail.says("stage_2");
    // Gone, and back.
    let away = dir.path().join("away");
    fs::rename(&inner, &away).unwrap();
    append(&away, "20261121/events.jsonl", &text(&[line(3)]));
    tail.says("stage_3");
    fs::rename(&away, &inner).unwrap();
    append(&inner, "20261121/events.jsonl", &text(&[line(4)]));
    tail.says("stage_4");
    // Another file under a name that is known.
    fs::remove_file(inner.join("20261121/events.1.jsonl")).unwrap();
    append(&inner, "20261121/events.1.jsonl", &text(&[line(5)]));
    tail.says("stage_5");
}

#[test]
fn it_passes_by_lines_of_another_version() {
    let dir = TempDir::new().unwrap();
    let foreign = r#"{"event_type":"recording","time":5,"data":{"schema_version":"2.0"}}"#;
    let content = [
        foreign.to_owned() + "\n",
        text(&[line(1)]),
        text(&[begin(), line(2)]),
    ]
    .concat();
    append(dir.path(), "20261121/events.jsonl", &content);
    Tail::of(&["--type", "span"], dir.path()).says("stage_2");
    let piped = run_on(&["tail", "--type", "span", "-"], content.as_bytes());
    assert_eq!(out(&piped).lines().count(), 1);
    assert!(err(&piped).contains("lines that cannot be read"));
}

#[test]
fn it_shows_what_is_asked_for() {
    let dir = TempDir::new().unwrap();
    let failed = with(span(0xabc << 108, (1, 0), "check_risk", 1, 2_000), |span| {
        (span.status, span.outcome) = (Status::Error, Outcome::Error);
        span.attributes = Attributes(vec![("error.type".into(), Value::Text("Rejected".into()))]);
    });
    let lines = [
        line(1),
        edge(1, 2, 2.0, 0.5, Some("below_threshold")),
        failed,
        line(2),
    ];
    append(dir.path(), "20261121/events.jsonl", &text(&lines));
    let errors = Tail::of(&["--errors"], dir.path());
    errors.says("05:43:44.000003 00abc000 span    check_risk 2.00 µs error Rejected");
    let edges = Tail::of(&["--type", "edge"], dir.path());
    edges.says("edge    cross_venue: rejected: below_threshold, net 1.5 USD (gross=2.0, fees=0.5)");
    let named = Tail::of(&["--name", "stage_2"], dir.path());
    named.says("stage_2");
    let traced = Tail::of(&["--trace", "00ABC", "--json"], dir.path());
    traced.says(r#""name":"check_risk""#);
    let narrow = Tail::of(&["--errors", "--width", "40"], dir.path());
    let shown = narrow.lines.recv_timeout(PATIENCE).unwrap();
    assert_eq!(console::measure_text_width(&shown), 40);
    append(
        dir.path(),
        "20261121/events.jsonl",
        &text(&[edge(2, 9, 2.0, 0.5, None)]),
    );
    edges.says("accepted, net 1.5 USD");
}

#[test]
fn it_ends_where_nobody_reads_it_and_with_standard_input() {
    let piped = run_on(
        &["tail", "-"],
        (text(&[line(1), line(2)]) + "torn").as_bytes(),
    );
    assert_eq!(piped.status.code(), Some(0));
    assert_eq!(out(&piped).lines().count(), 2);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text(&[line(1)]).as_bytes()).unwrap();
    let piped = run_on(&["tail", "-"], &packed.finish().unwrap());
    assert_eq!(out(&piped).lines().count(), 1);
    let dir = TempDir::new().unwrap();
    append(dir.path(), "20261121/events.jsonl", &text(&[line(1)]));
    let mut process = tickspan()
        .arg("tail")
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut lines = BufReader::new(process.stdout.take().unwrap());
    lines.read_line(&mut first).unwrap();
    drop(lines);
    // Where it can be told that nobody reads, it waits for no line.
    if cfg!(not(unix)) {
        append(dir.path(), "20261121/events.jsonl", &text(&[line(2)]));
    }
    let (give, ended) = channel();
    std::thread::spawn(move || give.send(process.wait().unwrap().code()));
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(Some(0)));
    for (arguments, code) in [(&["tail", "missing"][..], 3), (&["tail", "--csv", "-"], 2)] {
        let output = tickspan().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}
