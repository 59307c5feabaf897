//! `tickspan trace` and `tickspan traces`.

use std::path::Path;

use tickspan::recorded::{
    Attributes, Data, Kind, Latency, Line, Mark, Outcome, SpanEvent, Status, Value,
};

use crate::program::{err, json, out, run, run_on, run_unread};
use crate::traced::{at, begins, edge, span, text, with};

/// The trace that is looked at. Another one begins like it.
const TRACE: u128 = 0x2f58_1398_e541_9f71_a66d_53f0_9054_5c27;
const OTHER: u128 = 0x2f58_ffff_e541_9f71_a66d_53f0_9054_5c27;

/// Two traces, of which the lines do not come in their order.
fn lines() -> Vec<Line<'static>> {
    let venue = with(span(TRACE, (3, 2), "execute_order", 500, 200_000), |span| {
        span.kind = Kind::Consumer;
        (span.status, span.outcome) = (Status::Error, Outcome::Error);
        span.attributes = Attributes(vec![(
            "error.type".into(),
            Value::Text("venue::Closed".into()),
        )]);
        (span.dropped_attributes, span.dropped_links) = (1_200, 1);
        span.status_message = Some("the venue is closed".into());
        span.events = vec![SpanEvent {
            name: "retried".into(),
            timestamp: at(600),
            attributes: Attributes(vec![("attempt".into(), Value::I64(2))]),
            dropped_attributes: 0,
        }];
    });
    let latency = Line {
        data: Data::Latency(Latency {
            name: "order".into(),
            start: at(10),
            marks: vec![
                Mark {
                    name: "received".into(),
                    offset_ns: 0,
                },
                Mark {
                    name: "sent".into(),
                    offset_ns: 480_000,
                },
            ],
            hops: Vec::new(),
            end_to_end: None,
            budget: None,
            over_budget: Vec::new(),
            unmarked: vec!["filled".into()],
            repeated: vec!["received".into()],
            backwards: vec!["sent".into()],
        }),
        ..venue.clone()
    };
    let mut decided = edge(TRACE, 50, 1.5, 0.5, Some("below_threshold"));
    if let Data::Edge(edge) = &mut decided.data {
        edge.context = Attributes(vec![("symbol".into(), Value::Text("BTC-USD".into()))]);
    }
    vec![
        venue,
        span(TRACE, (2, 1), "submit_order", 100, 800_000),
        decided,
        latency,
        span(OTHER, (1, 0), "on_message", 2_000, 40_000),
        span(TRACE, (4, 1), "handle_fill", 950, 10_000),
        span(TRACE, (1, 0), "on_message", 0, 1_000_000),
    ]
}

fn recording(lines: &[Line<'_>]) -> (tempfile::TempDir, std::path::PathBuf) {
    crate::program::Lines(text(lines).into_bytes()).recording()
}

fn trace(id: &str, recording: &Path) -> std::process::Output {
    run(&["trace", id, "--width", "80"], recording)
}

#[test]
fn trace_is_a_waterfall_with_what_happened_in_it() {
    let (dir, _) = recording(&lines());
    // Its beginning is enough.
    let output = trace("2F581", dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(
        out(&output),
        "\
trace 2f581398e5419f71a66d53f090545c27
2026-11-21T05:43:44.000Z, 1.00 ms, 4 spans, 1 failed

span                              begins      took
on_message                          0 ns   1.00 ms █████████████████████████████
│  $ edge cross_venue at 50.0 µs: rejected: below_threshold, net 1.0 USD
│    (gross=1.5, fees=0.5): symbol=BTC-USD
├─ submit_order                   100 µs    800 µs   ████████████████████████
│  └─ execute_order (consumer)    500 µs    200 µs               ██████
│        ✗ error venue::Closed: the venue is closed
│        dropped: 1,200 attributes, 1 links
│        · retried at 600 µs: attempt=2
│        ◆ path order
│          ◇ received +0 ns
│          ◇ sent +480 µs
│          unmarked: filled
│          repeated: received
│          backwards: sent
└─ handle_fill                    950 µs   10.0 µs                            █
"
    );
}

#[test]
fn trace_through_several_processes_says_where_it_comes_to_another() {
    let lines = [
        begins("feed", 11),
        span(TRACE, (1, 0), "on_tick", 0, 1_000_000),
        begins("hedger", 12),
        span(TRACE, (2, 1), "hedge", 100, 500_000),
        span(TRACE, (3, 2), "check_risk", 200, 100_000),
        // The file of another process of the same service, and one of the first again.
        begins("hedger", 13),
        span(TRACE, (4, 2), "send", 400, 100_000),
        begins("feed", 11),
        span(TRACE, (5, 1), "told", 700, 100_000),
    ];
    let (dir, _) = recording(&lines);
    let told = out(&trace("2f581", dir.path()));
    assert_eq!(
        told,
        "\
trace 2f581398e5419f71a66d53f090545c27
2026-11-21T05:43:44.000Z, 1.00 ms, 5 spans

span                       begins      took
on_tick in feed 11           0 ns   1.00 ms ████████████████████████████████████
├─ hedge in hedger 12      100 µs    500 µs    ██████████████████
│  ├─ check_risk           200 µs    100 µs        ███
│  └─ send in hedger 13    400 µs    100 µs               ████
└─ told                    700 µs    100 µs                          ███
"
    );
    let json = json(&run(&["trace", "2f581", "--json"], dir.path()), 0);
    let of = |place: usize| {
        (
            json["spans"][place]["service"].clone(),
            json["spans"][place]["process_id"].clone(),
        )
    };
    assert_eq!(of(2), ("hedger".into(), 12.into()));
    assert_eq!(of(3), ("hedger".into(), 13.into()));
    assert_eq!(of(4), ("feed".into(), 11.into()));
}

#[test]
fn beginning_of_several_traces_is_refused_and_they_are_named() {
    let (dir, _) = recording(&lines());
    let output = trace("2f58", dir.path());
    assert_eq!(output.status.code(), Some(2));
    let told = err(&output);
    assert!(
        told.contains("2f581398e5419f71a66d53f090545c27 2f58ffffe5419f71a66d53f090545c27"),
        "{told}"
    );
    let output = trace("abc", dir.path());
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("no trace begins with `abc`"));
    for wrong in ["", "xyz", "2f581398e5419f71a66d53f090545c271"] {
        assert_eq!(trace(wrong, dir.path()).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn trace_for_programs_has_every_value() {
    let (dir, _) = recording(&lines());
    let json = json(&run(&["trace", "2f581", "--json"], dir.path()), 0);
    assert_eq!(json["took_ns"], 1_000_000);
    assert_eq!(
        (&json["spans_left_out"], &json["happened_left_out"]),
        (&0.into(), &0.into())
    );
    let spans = json["spans"].as_array().unwrap();
    let names: Vec<&str> = spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["on_message", "submit_order", "execute_order", "handle_fill"]
    );
    assert_eq!(
        (&spans[2]["depth"], &spans[2]["parent_span_id"]),
        (&2.into(), &"0000000000000002".into())
    );
    assert_eq!(
        (&spans[2]["status_message"], &spans[2]["dropped"]),
        (&"the venue is closed".into(), &1_201.into())
    );
    let edge: serde_json::Value =
        serde_json::from_str(json["happened"][0]["data"].as_str().unwrap()).unwrap();
    assert_eq!(edge["reason"], "below_threshold");
    let csv = out(&run(&["trace", "2f581", "--csv"], dir.path()));
    assert!(
        csv.lines()
            .nth(3)
            .unwrap()
            .starts_with("spans,execute_order,0000000000000003,"),
        "{csv}"
    );
}

#[test]
fn trace_that_makes_no_sense_is_shown_all_the_same() {
    let lines = [
        span(1, (1, 2), "one", 0, 10),
        span(1, (2, 1), "other", 0, 10),
        span(1, (3, 3), "itself", 0, 0),
        span(1, (3, 3), "itself", 0, 0),
        span(1, (4, 99), "orphan\u{1b}[2J\n", 0, u64::MAX),
        edge(1, 5, f64::NAN, 1.0, None),
    ];
    let (dir, _) = recording(&lines);
    let shown = out(&trace("0", dir.path()));
    for name in ["one", "other", "itself", "orphan"] {
        assert!(shown.contains(name), "{shown}");
    }
    assert_eq!(shown.matches("itself").count(), 2);
    assert!(!shown.contains('\u{1b}'));
    // An edge of a span that was not recorded.
    let (dir, _) = recording(&[edge(1, 5, 2.0, 1.0, None)]);
    let shown = out(&trace("0", dir.path()));
    assert!(
        shown.contains("(span was not recorded)") && shown.contains("accepted, net 1.0 USD"),
        "{shown}"
    );
    // Deeper than there is room.
    let deep: Vec<Line<'_>> = (1..=5_000)
        .map(|id| span(1, (id, id - 1), "deep", id, 10))
        .collect();
    let (dir, _) = recording(&deep);
    let shown = out(&run(&["trace", "0", "--width", "40"], dir.path()));
    assert_eq!(
        shown.lines().filter(|line| line.contains("deep")).count(),
        5_000
    );
    assert!(
        shown
            .lines()
            .all(|line| console::measure_text_width(line) <= 40)
    );
}

/// `count` traces; each is a microsecond longer than the one before it, and one in ten failed.
fn many(count: u64) -> Vec<Line<'static>> {
    let trace = |number: u64| {
        let root = with(
            span(
                u128::from(number + 1),
                (1, 0),
                "on_message",
                number * 10,
                10_000 + number * 1_000,
            ),
            |span| {
                if number % 10 == 0 {
                    (span.status, span.outcome) = (Status::Error, Outcome::Error);
                }
            },
        );
        [
            span(
                u128::from(number + 1),
                (2, 1),
                "decode",
                number * 10 + 1,
                9_000 - number,
            ),
            root,
        ]
    };
    (0..count).flat_map(trace).collect()
}

fn ids(arguments: &[&str], recording: &Path) -> Vec<u64> {
    let json = json(
        &run(&[&["traces", "--json"], arguments].concat(), recording),
        0,
    );
    let traces = json["traces"].as_array().unwrap();
    let id = |trace: &serde_json::Value| {
        u64::from_str_radix(trace["trace_id"].as_str().unwrap(), 16).unwrap()
    };
    traces.iter().map(id).collect()
}

#[test]
fn traces_are_listed_by_what_is_asked() {
    let (dir, _) = recording(&many(100));
    assert_eq!(ids(&["-n", "3"], dir.path()), [100, 99, 98]);
    assert_eq!(ids(&["--slowest", "-n", "2"], dir.path()), [100, 99]);
    assert_eq!(ids(&["--failed", "-n", "3"], dir.path()), [91, 81, 71]);
    assert_eq!(ids(&["--latest", "-n", "2"], dir.path()), [100, 99]);
    assert_eq!(ids(&["--name", "decode", "-n", "2"], dir.path()), [1, 2]);
    // How long they took is told of what they are listed by.
    let named = json(
        &run(
            &["traces", "--name", "decode", "-n", "2", "--json"],
            dir.path(),
        ),
        0,
    );
    assert_eq!(named["traces"][0]["longest_ns"], 9_000);
    assert_eq!(named["traces"][1]["longest_ns"], 8_999);
    assert_eq!(named["traces"][0]["spans"], 2);
    let output = run(&["traces", "-n", "1", "--width", "120"], dir.path());
    assert_eq!(
        out(&output),
        "\
trace                             first span    took  began                     spans  failed
00000000000000000000000000000064  on_message  109 µs  2026-11-21T05:43:44.000Z      2       0
"
    );
    // What comes from a pipe is read twice as well.
    let piped = run_on(
        &["traces", "-", "-n", "1", "--width", "120"],
        text(&many(100)).as_bytes(),
    );
    assert_eq!(out(&piped), out(&output));
    assert_eq!(
        run(&["traces", "--latest", "--failed"], dir.path())
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(&["traces", "--name", "nothing"], dir.path())
            .status
            .code(),
        Some(4)
    );
}

#[test]
fn every_input_has_its_answer() {
    let (dir, _) = recording(&lines());
    let code = |arguments: &[&str], input: &[u8]| run_on(arguments, input).status.code();
    let binary: Vec<u8> = (0..50_000_u32)
        .map(|it| it.wrapping_mul(2_654_435_761).to_le_bytes()[3])
        .collect();
    let whole = text(&lines());
    let torn = &whole.as_bytes()[..whole.len() - 9];
    for (input, listed, shown) in [(&b""[..], 4, 4), (&binary[..], 1, 1), (torn, 1, 1)] {
        assert_eq!(code(&["traces", "-"], input), Some(listed));
        assert_eq!(code(&["trace", "2f581", "-"], input), Some(shown));
    }
    for command in [&["traces"][..], &["trace", "2f581"]] {
        let missing = run(command, &dir.path().join("missing"));
        assert_eq!(missing.status.code(), Some(3));
        assert!(err(&missing).contains("missing"));
        let output = run_unread(command, dir.path());
        assert_eq!(
            (output.status.code(), output.stderr.len()),
            (Some(0), 0),
            "{output:?}"
        );
    }
}
