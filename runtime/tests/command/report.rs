//! The command `tickspan report`: what stands in the page, and what it makes of any input. What a browser makes of the page is tested by
//! `.ci/report`.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;
use tickspan::recorded::{Attributes, Data, Kind, Line, Outcome, Status, Value};

use crate::program::{run_on, tickspan as program};
use crate::traced::{at, begins, edge, span, text, with};

/// A file of lines that the command is to read.
fn recording(content: impl AsRef<[u8]>) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("events.jsonl"), content).unwrap();
    dir
}

fn tickspan(dir: &Path, arguments: &[&str]) -> Output {
    program().args(arguments).current_dir(dir).output().unwrap()
}

/// The page of a recording, and the exit code.
fn page_of(dir: &TempDir) -> (String, Option<i32>) {
    let output = tickspan(dir.path(), &["report", "events.jsonl", "-o", "page.html"]);
    let page = fs::read_to_string(dir.path().join("page.html"));
    (
        page.unwrap_or_else(|_| panic!("{output:?}")),
        output.status.code(),
    )
}

fn data(page: &str) -> Json {
    let begin = r#"<script type="application/json" id="data">"#;
    let (_, rest) = page.split_once(begin).unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

/// `messages` messages, a millisecond apart, of a root and two stages; the second stage is slower from the half on.
fn messages(messages: u64) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for message in 0..messages {
        let trace = u128::from(message + 1) << 64 | 7;
        let begin = message * 1_000;
        let slow = if message >= messages / 2 {
            400_000
        } else {
            4_000
        };
        lines.push(span(trace, (2, 1), "decode", begin + 1, 1_000 + message));
        let risk = with(
            span(trace, (3, 1), "check_risk", begin + 5, slow + message),
            |span| {
                if message % 10 == 9 {
                    (span.status, span.outcome) = (Status::Error, Outcome::Error);
                }
            },
        );
        lines.push(risk);
        let reason = (message % 4 > 0).then_some("below_threshold");
        lines.push(edge(trace, begin + 6, 0.1, 0.03, reason));
        lines.push(span(trace, (1, 0), "on_message", begin, slow + 20_000));
    }
    lines
}

#[test]
fn page_tells_of_each_span_which_process_recorded_it() {
    let dir = recording(text(&[
        span(1, (3, 2), "from_nobody", 200, 1_000),
        begins("feed", 11),
        span(1, (1, 0), "on_tick", 0, 1_000_000),
        begins("hedger", 12),
        span(1, (2, 1), "hedge", 100, 500_000),
    ]));
    let (page, _) = page_of(&dir);
    let spans = &data(&page)["traces"][0]["spans"];
    let processes: Vec<_> = (0..3).map(|place| &spans[place]["process"]).collect();
    assert_eq!(
        processes,
        ["feed 11", "hedger 12", ""]
            .map(|it| if it.is_empty() { Json::Null } else { it.into() })
            .each_ref()
    );
}

#[test]
fn page_tells_what_the_summary_tells() {
    let dir = recording(text(&messages(400)));
    let (page, code) = page_of(&dir);
    assert_eq!(code, Some(0));
    let data = data(&page);
    let summary = tickspan(dir.path(), &["summary", "events.jsonl", "--json"]);
    let summary: Json = serde_json::from_slice(&summary.stdout).unwrap();
    let told = |stage: &Json, keys: [&str; 9]| keys.map(|key| stage[key].as_u64().unwrap());
    for stage in summary["stages"].as_array().unwrap() {
        let shown = data["stages"].as_array().unwrap().iter();
        let shown = shown
            .clone()
            .find(|it| it["name"] == stage["stage"])
            .unwrap();
        assert_eq!(
            told(
                shown,
                [
                    "count", "errors", "min", "mean", "p50", "p90", "p95", "p999", "max"
                ]
            ),
            told(
                stage,
                [
                    "count", "errors", "min_ns", "mean_ns", "p50_ns", "p90_ns", "p95_ns",
                    "p999_ns", "max_ns"
                ]
            ),
            "{stage}"
        );
    }
    // Hops of paths, of which the first lines lack some.
    let mut paths = crate::program::Lines::default();
    paths.latency(1, &[("received_to_checked", 900)]);
    for time in 2..50 {
        paths.latency(
            time,
            &[
                ("received_to_checked", time * 100),
                ("checked_to_sent", time * 70),
            ],
        );
    }
    let of_paths = recording(&paths.0);
    let shown = self::data(&page_of(&of_paths).0)["paths"][0].clone();
    let wanted = tickspan(of_paths.path(), &["summary", "events.jsonl", "--json"]);
    let wanted: Json = serde_json::from_slice(&wanted.stdout).unwrap();
    assert_eq!(
        (&shown["name"], &shown["finished"]),
        (&"order".into(), &49.into())
    );
    let hops = shown["hops"].as_array().unwrap();
    assert_eq!(hops.len(), 3);
    for (hop, wanted) in hops.iter().zip(wanted["hops"].as_array().unwrap()) {
        assert_eq!(
            (&hop["name"], &hop["over"]),
            (&wanted["hop"], &wanted["over_budget"])
        );
        for (key, told) in [
            ("count", "count"),
            ("p50", "p50_ns"),
            ("p99", "p99_ns"),
            ("max", "max_ns"),
        ] {
            assert_eq!(hop[key], wanted[told], "{wanted}");
        }
    }
    assert_eq!(data["totals"]["spans"], 1_200);
    assert_eq!(data["totals"]["errors"], 40);
    assert_eq!(data["totals"]["accepted"], 100);
    let edge = &data["edges"][0];
    assert_eq!(
        (&edge["name"], &edge["unit"]),
        (&"cross_venue".into(), &"USD".into())
    );
    assert_eq!(
        edge["reasons"],
        serde_json::json!([["below_threshold", 300]])
    );
    let near = |value: &Json, wanted: f64| {
        assert!((value.as_f64().unwrap() - wanted).abs() < 1e-9, "{edge}");
    };
    near(&edge["accepted"]["gross"], 10.0);
    near(&edge["accepted"]["net"], 7.0);
    near(&edge["rejected"]["costs"][0][1], 9.0);
}

#[test]
fn slowed_stage_shows_over_time_and_its_trace_is_kept() {
    let dir = recording(text(&messages(400)));
    let data = data(&page_of(&dir).0);
    let stage = |name: &str| {
        let stages = data["stages"].as_array().unwrap();
        stages.iter().find(|it| it["name"] == name).unwrap().clone()
    };
    let medians = |name| -> Vec<u64> {
        let series = stage(name)["series"].as_array().unwrap().clone();
        series
            .iter()
            .map(|piece| piece[3].as_u64().unwrap())
            .collect()
    };
    let slowed = medians("check_risk");
    assert!(
        slowed[0] < 10_000 && *slowed.last().unwrap() > 300_000,
        "{slowed:?}"
    );
    let same = medians("decode");
    assert!(same.iter().all(|median| *median < 2_000), "{same:?}");
    // What takes the most time stands first; its slowest trace is on the page, put together.
    assert_eq!(data["stages"][0]["name"], "on_message");
    let slowest = &stage("check_risk")["slowest"];
    let traces = data["traces"].as_array().unwrap();
    let trace = traces.iter().find(|it| it["id"] == *slowest).unwrap();
    let names: Vec<(&str, u64)> = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| {
            (
                span["name"].as_str().unwrap(),
                span["depth"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(names, [("on_message", 0), ("decode", 1), ("check_risk", 1)]);
    assert_eq!(trace["spans"][0]["items"][0]["what"], "edge");
    // A bounded number of traces of each reason.
    let of = |why: &str| {
        traces
            .iter()
            .filter(|it| it["why"].as_array().unwrap().contains(&why.into()))
            .count()
    };
    assert_eq!((of("slowest"), of("failed"), of("sample")), (20, 20, 20));
}

/// What tries to leave the place where data stands.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)>{{SCRIPT}}<!--\u{2028}&lt;";

#[test]
fn names_of_a_recording_are_inert() {
    let attributes = || Attributes(vec![(HOSTILE.into(), Value::Text(HOSTILE.into()))]);
    let mut hostile = with(span(1, (1, 0), HOSTILE, 0, 5_000), |span| {
        span.attributes = attributes();
        span.outcome = Outcome::Other(HOSTILE.into());
        span.kind = Kind::Other(HOSTILE.into());
    });
    let mut lines = vec![Line {
        data: Data::Recording(tickspan::recorded::Recording {
            schema_version: "1.0".into(),
            process_id: 1,
            tickspan_version: HOSTILE.into(),
            resource: Attributes(vec![("service.name".into(), Value::Text(HOSTILE.into()))]),
        }),
        ..hostile.clone()
    }];
    let mut decided = edge(1, 1, 1.0, 0.5, Some(HOSTILE));
    if let Data::Edge(edge) = &mut decided.data {
        (edge.name, edge.unit) = (HOSTILE.into(), Some(HOSTILE.into()));
        (edge.amounts, edge.context) = (attributes(), attributes());
    }
    lines.push(decided);
    if let Data::Span(span) = &mut hostile.data {
        span.events.push(tickspan::recorded::SpanEvent {
            name: HOSTILE.into(),
            timestamp: at(1),
            attributes: attributes(),
            dropped_attributes: 0,
        });
    }
    lines.push(hostile);
    let damaged = format!("{{\"event_type\":\"{HOSTILE}\n");
    let dir = recording(text(&lines) + &damaged);
    let (page, code) = page_of(&dir);
    assert_eq!(code, Some(1));
    // The page has two scripts, and nothing that was recorded ends one or begins an element.
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert_eq!(page.matches("\"use strict\"").count(), 1);
    let data = data(&page);
    let name = data["stages"][0]["name"].as_str().unwrap();
    assert_eq!(name, HOSTILE, "it is shown as it was");
    // Nothing but the page's own script may run, and nothing may be loaded.
    assert!(page.contains("default-src 'none'"));
    for wrong in ["http://", "https://", "@import", "url("] {
        let own = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains(wrong), "{wrong}");
    }
}

#[test]
fn processes_of_one_number_on_several_hosts_are_told_apart() {
    let recorded_by = |number: u32, who: &[(&'static str, &'static str)]| {
        let who = who
            .iter()
            .map(|(key, value)| ((*key).into(), Value::Text((*value).into())));
        Line {
            timestamp: at(1),
            trace_id: None,
            span_id: None,
            data: Data::Recording(tickspan::recorded::Recording {
                schema_version: tickspan::recorded::VERSION.into(),
                process_id: number,
                tickspan_version: "1".into(),
                resource: Attributes(who.collect()),
            }),
        }
    };
    let count = |lines: &[Line<'_>]| data(&page_of(&recording(text(lines))).0)["processes"].take();
    let (a, b) = ([("host.name", "a")], [("host.name", "b")]);
    let instances = [
        [("host.name", "a"), ("service.instance.id", "1")],
        [("host.name", "a"), ("service.instance.id", "2")],
    ];
    // Each of its files begins so.
    assert_eq!(count(&[recorded_by(1, &a), recorded_by(1, &a)]), 1);
    assert_eq!(count(&[recorded_by(1, &a), recorded_by(1, &b)]), 2);
    assert_eq!(count(&[recorded_by(1, &a), recorded_by(2, &a)]), 2);
    assert_eq!(count(&instances.map(|who| recorded_by(1, &who))), 2);
    assert_eq!(count(&[recorded_by(1, &[]), recorded_by(1, &[])]), 1);
}

#[test]
fn same_recording_gives_the_same_page() {
    // Large enough for several pieces, which threads take in any order.
    let dir = recording(text(&messages(2_500)));
    let (page, _) = page_of(&dir);
    for _ in 0..3 {
        assert!(page_of(&dir).0 == page);
    }
    // From standard input, too.
    let lines = fs::read(dir.path().join("events.jsonl")).unwrap();
    let piped = run_on(&["report", "-", "-o", "-"], &lines);
    assert_eq!(piped.status.code(), Some(0));
    assert!(piped.stdout == page.as_bytes());
}

#[test]
fn page_is_bounded_whatever_is_recorded() {
    let long = "<".repeat(130);
    let mut lines = Vec::new();
    for number in 0..900_u64 {
        let trace = u128::from(number % 150 + 1);
        let name = format!("{number}{long}");
        let mut line = with(
            span(
                trace,
                (number + 1, 0),
                &name,
                number * 60_000_000,
                number * 1_000,
            ),
            |span| {
                span.attributes = Attributes(
                    (0..40)
                        .map(|key| {
                            (
                                format!("{key}{long}").into(),
                                Value::Text(long.clone().into()),
                            )
                        })
                        .collect(),
                );
                span.outcome = Outcome::Error;
            },
        );
        if number % 3 == 0 {
            line = edge(trace, number * 60_000_000, 1.0, 0.5, Some("reason"));
            if let Data::Edge(edge) = &mut line.data {
                edge.name = name.clone().into();
                edge.reason = Some(name.into());
                edge.amounts = Attributes(
                    (0..40)
                        .map(|key| (format!("{key}{long}").into(), Value::F64(1.0)))
                        .collect(),
                );
            }
        }
        lines.push(line);
    }
    let dir = recording(text(&lines) + &"damage\n".repeat(5_000));
    let (page, code) = page_of(&dir);
    assert_eq!(code, Some(1));
    assert!(page.len() < 5 << 20, "{}", page.len());
    let data = data(&page);
    assert_eq!(data["totals"]["spans"], 600);
    assert_eq!(data["damaged"], 5_000);
    assert!(data["stages_left_out"].as_u64().unwrap() > 0);
    assert!(data["traces_left_out"].as_u64().unwrap() > 0);
    assert!(data["edges_left_out"].as_u64().unwrap() > 0);
}

#[test]
fn what_has_no_room_is_counted() {
    // A trace that fails where it is no longer shown.
    let mut lines: Vec<Line<'_>> = (1..=400)
        .map(|id| span(1, (id, 0), "poll", id, 10))
        .collect();
    if let Some(Data::Span(last)) = lines.last_mut().map(|line| &mut line.data) {
        last.outcome = Outcome::Error;
    }
    // 25 paths of three hops and the whole, and before them one of many hops.
    let latency = |name: &str, hops: u64| {
        let mut lines = crate::program::Lines::default();
        let names: Vec<String> = (0..hops).map(|hop| format!("hop_{hop}")).collect();
        let hops: Vec<(&str, u64)> = names.iter().map(|hop| (hop.as_str(), 1_000)).collect();
        lines.latency(1, &hops);
        String::from_utf8(lines.0)
            .unwrap()
            .replace(r#""order""#, &format!(r#""{name}""#))
    };
    let paths: String = (0..25)
        .map(|path| latency(&format!("path_{path:02}"), 3))
        .collect();
    let shown = |content: String| data(&page_of(&recording(content)).0);
    let all = shown(text(&lines) + &paths);
    let trace = &all["traces"][0];
    assert_eq!(
        (&trace["left_out"], &trace["failed"]),
        (&100.into(), &true.into())
    );
    let hops = |path: &Json| path["hops"].as_array().unwrap().len();
    let paths = all["paths"].as_array().unwrap();
    assert_eq!(all["paths_left_out"], 10);
    assert_eq!(paths.len(), 15);
    assert!(
        paths
            .iter()
            .all(|path| hops(path) == 4 && path["hops_left_out"] == 0)
    );
    // The whole stays.
    let long = shown(latency("long", 70));
    let path = &long["paths"][0];
    assert_eq!((hops(path), &path["hops_left_out"]), (60, &11.into()));
    assert_eq!(path["hops"][59]["name"], "end_to_end");
}

#[test]
fn every_input_has_its_answer() {
    // Nothing in it.
    let (page, code) = page_of(&recording(""));
    assert_eq!(
        (code, &data(&page)["totals"]["spans"]),
        (Some(4), &Json::from(0))
    );
    // Nothing of that day.
    let dir = recording(text(&messages(1)));
    let output = tickspan(
        dir.path(),
        &["report", "--since", "2026-11-22", "events.jsonl"],
    );
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    // No text at all.
    let binary: Vec<u8> = (0..200_000_u32)
        .map(|it| (it.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let (page, code) = page_of(&recording(binary));
    assert_eq!(code, Some(1));
    assert!(data(&page)["damaged"].as_u64().unwrap() > 100);
    // Cut short.
    let whole = text(&messages(10));
    let (page, code) = page_of(&recording(&whole[..whole.len() - 20]));
    assert_eq!(code, Some(1));
    let damage = data(&page)["damage"][0].as_str().unwrap().to_owned();
    assert_eq!(damage, "events.jsonl:40: the last line is cut short");
    // Spans that are each other's parents, and one of which the parent is missing.
    let lines = [
        span(1, (1, 2), "one", 0, 10),
        span(1, (2, 1), "other", 0, 10),
        span(1, (3, 3), "itself", 0, 10),
        span(1, (4, 99), "orphan", 0, 10),
    ];
    let (page, code) = page_of(&recording(text(&lines)));
    assert_eq!(code, Some(0));
    assert_eq!(
        data(&page)["traces"][0]["spans"].as_array().unwrap().len(),
        4
    );
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    let dir = recording(text(&messages(2)));
    let run = |arguments: &[&str]| {
        let output = tickspan(dir.path(), arguments);
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, told) = run(&["report", "missing"]);
    assert!(code == Some(3) && told.contains("missing"), "{told}");
    let (code, told) = run(&["report", "events.jsonl", "-o", "missing/page.html"]);
    assert!(
        code == Some(3) && told.contains("missing/page.html cannot be written"),
        "{told}"
    );
    // The recording is not replaced by its page.
    let before = fs::read(dir.path().join("events.jsonl")).unwrap();
    let (code, told) = run(&["report", "events.jsonl", "-o", "./events.jsonl"]);
    assert!(
        code == Some(2) && told.contains("would replace what is read"),
        "{told}"
    );
    assert_eq!(fs::read(dir.path().join("events.jsonl")).unwrap(), before);
}

#[test]
fn nobody_reading_the_page_is_no_fault() {
    let dir = recording(text(&messages(500)));
    let mut child = program()
        .args(["report", "events.jsonl", "-o", "-"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
