//! Runs the program, and makes recordings for it.

use std::borrow::Cow;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};
use tempfile::TempDir;
use tickspan::recorded::{
    Attributes, Data, Edge, Hop, Kind, Latency, Line, Outcome, Span, Status, Value,
};

/// 2026-11-21T05:43:44Z.
pub(crate) const BEGIN: u64 = 1_795_239_824;

/// A point in time of a recording.
pub(crate) fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGIN) + Duration::from_millis(milliseconds)
}

/// The program, ready to be started.
pub(crate) fn tickspan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickspan"));
    command.env_clear();
    command
}

/// Runs the program with arguments, and a recording at the end.
pub(crate) fn run(arguments: &[&str], recording: &Path) -> Output {
    tickspan()
        .args(arguments)
        .arg(recording)
        .output()
        .expect("it starts")
}

/// Runs the program, and gives it bytes on standard input.
pub(crate) fn run_on(arguments: &[&str], input: &[u8]) -> Output {
    let mut process = tickspan()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = process.stdin.take().expect("a pipe");
    // It prints little before it has read all.
    stdin.write_all(input).expect("it reads");
    drop(stdin);
    process.wait_with_output().expect("it ends")
}

/// Runs the program with arguments, and a recording at the end; nobody reads what it prints.
pub(crate) fn run_unread(arguments: &[&str], recording: &Path) -> Output {
    let mut process = tickspan()
        .args(arguments)
        .arg(recording)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(process.stdout.take());
    process.wait_with_output().expect("it ends")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// What it printed as JSON, if it ended with this code.
#[track_caller]
pub(crate) fn json(output: &Output, code: i32) -> serde_json::Value {
    assert_eq!(output.status.code(), Some(code), "{}", err(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Lines of a recording.
#[derive(Debug, Default)]
pub(crate) struct Lines(pub(crate) Vec<u8>);

impl Lines {
    pub(crate) fn add(&mut self, time: SystemTime, trace: u128, data: Data<'_>) -> &mut Self {
        let line = Line {
            timestamp: time,
            trace_id: Some(TraceId::from(trace)),
            span_id: Some(SpanId::from(7)),
            data,
        };
        line.write_json(&mut self.0).expect("it is written");
        self.0.push(b'\n');
        self
    }

    /// A span that ended at a time.
    pub(crate) fn span(&mut self, milliseconds: u64, name: &str, nanoseconds: u64) -> &mut Self {
        self.span_with(milliseconds, name, nanoseconds, false, &[])
    }

    pub(crate) fn span_with(
        &mut self,
        milliseconds: u64,
        name: &str,
        nanoseconds: u64,
        failed: bool,
        attributes: &[(&str, &str)],
    ) -> &mut Self {
        let (end, duration) = (at(milliseconds), Duration::from_nanos(nanoseconds));
        let attributes = attributes.iter().map(|(key, value)| {
            let (key, value) = ((*key).to_owned(), (*value).to_owned());
            (Cow::Owned(key), Value::Text(Cow::Owned(value)))
        });
        let span = Span {
            name: Cow::Owned(name.to_owned()),
            kind: Kind::Internal,
            parent_span_id: None,
            parent_is_remote: false,
            start: end - duration,
            end,
            duration,
            status: if failed { Status::Error } else { Status::Unset },
            status_message: None,
            outcome: if failed { Outcome::Error } else { Outcome::Ok },
            attributes: Attributes(attributes.collect()),
            events: Vec::new(),
            links: Vec::new(),
            trace_state: None,
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        };
        self.add(end, 1, Data::Span(Box::new(span)))
    }

    /// A latency clock with these hops, of which the last mark was not made unless there are two.
    pub(crate) fn latency(&mut self, milliseconds: u64, hops: &[(&str, u64)]) -> &mut Self {
        let end = at(milliseconds);
        let hops: Vec<Hop<'_>> = hops
            .iter()
            .map(|(name, nanoseconds)| Hop {
                name: Cow::Borrowed(*name),
                duration: Duration::from_nanos(*nanoseconds),
                budget: None,
            })
            .collect();
        let whole: Duration = hops.iter().map(|hop| hop.duration).sum();
        let is_whole = hops.len() > 1;
        let latency = Latency {
            name: Cow::Borrowed("order"),
            start: end - whole,
            marks: Vec::new(),
            end_to_end: is_whole.then_some(whole),
            hops,
            budget: Some(Duration::from_micros(5)),
            over_budget: if is_whole && whole > Duration::from_micros(5) {
                vec![Cow::Borrowed("end_to_end")]
            } else {
                Vec::new()
            },
            unmarked: if is_whole {
                Vec::new()
            } else {
                vec![Cow::Borrowed("sent")]
            },
            repeated: Vec::new(),
            backwards: Vec::new(),
        };
        self.add(end, 2, Data::Latency(latency))
    }

    /// An edge with a gross amount and its fees, rejected where a reason is given.
    pub(crate) fn edge(
        &mut self,
        milliseconds: u64,
        trace: u128,
        (gross, fees): (&str, &str),
        reason: Option<&str>,
    ) -> &mut Self {
        let number = |text: &str| text.parse::<f64>().expect("a number");
        let decimal = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        let net = number(gross) - number(fees);
        let edge = Edge {
            name: Cow::Borrowed("spread"),
            unit: Some(Cow::Borrowed("USD")),
            total_cost: Some(decimal(fees)),
            net: Some(decimal(&format!("{net:.2}"))),
            decision: Cow::Borrowed(if reason.is_some() { "reject" } else { "accept" }),
            reason: reason.map(|reason| Cow::Owned(reason.to_owned())),
            amounts: Attributes(vec![
                (Cow::Borrowed("gross"), decimal(gross)),
                (Cow::Borrowed("fees"), decimal(fees)),
                (Cow::Borrowed("threshold"), decimal("1")),
            ]),
            context: Attributes::default(),
        };
        self.add(at(milliseconds), trace, Data::Edge(edge))
    }

    /// Bytes that are no line, with an end.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self.0.push(b'\n');
        self
    }

    /// As the file of a recording of one day: its folder, and the file.
    pub(crate) fn recording(&self) -> (TempDir, PathBuf) {
        let dir = TempDir::new().expect("a folder");
        let day = dir.path().join("20261121");
        fs::create_dir(&day).expect("a folder");
        let file = day.join("events.jsonl");
        fs::write(&file, &self.0).expect("a file");
        (dir, file)
    }
}
