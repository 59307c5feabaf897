//! The questions of `docs/recorder.md`, asked with an implementation of `jq`.

use std::path::Path;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};
use tempfile::TempDir;
use tickspan::{EdgeBreakdown, LatencyStages, StageClock, traced_stage};
use tickspan_tests::child::Child;

#[derive(EdgeBreakdown)]
struct Spread {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[derive(LatencyStages)]
#[latency(name = "order", budget = "1ns")]
enum Order {
    Received,
    Decided,
}

#[traced_stage]
fn decide(gross: f64) -> Result<(), std::fmt::Error> {
    let mut clock = StageClock::new();
    clock.mark(Order::Received);
    let edge = Spread { gross, fees: 1.0 };
    let decision = edge.decide();
    edge.record(&decision);
    clock.mark(Order::Decided);
    clock.finish();
    if decision.is_accepted() {
        Ok(())
    } else {
        Err(std::fmt::Error)
    }
}

/// The lines with which the page calls `jq`, as flags and filter. All of them ask every file of a day.
fn questions(page: &str) -> Vec<(Vec<&str>, &str)> {
    page.lines()
        .filter_map(|line| line.strip_prefix("jq "))
        .map(|line| {
            let mut parts = line.split('\'');
            let flags = parts.next().expect("flags").split_whitespace().collect();
            let filter = parts.next().expect("a filter");
            assert_eq!(parts.next(), Some(" data/events/*/events*.jsonl"), "{line}");
            (flags, filter)
        })
        .collect()
}

/// What a filter gives: of each line, or of all at once.
fn ask(filter: &str, lines: &str, all_at_once: bool) -> Vec<String> {
    let loader = Loader::new(
        jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs()),
    );
    let arena = Arena::default();
    let modules = loader
        .load(
            &arena,
            File {
                code: filter,
                path: (),
            },
        )
        .unwrap_or_else(|errors| panic!("{filter}: {errors:?}"));
    let funs = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let compiled = Compiler::default()
        .with_funs(funs)
        .compile(modules)
        .unwrap_or_else(|errors| panic!("{filter}: {errors:?}"));
    let inputs: Vec<Val> = if all_at_once {
        let array = format!("[{}]", lines.trim_end().replace('\n', ","));
        vec![read::parse_single(array.as_bytes()).expect("lines are JSON")]
    } else {
        lines
            .lines()
            .map(|line| read::parse_single(line.as_bytes()).expect("a line is JSON"))
            .collect()
    };
    let mut answers = Vec::new();
    for input in inputs {
        let ctx = Ctx::<data::JustLut<Val>>::new(&compiled.lut, Vars::new([]));
        for answer in compiled.id.run((ctx, input)).map(unwrap_valr) {
            answers.push(
                answer
                    .unwrap_or_else(|error| panic!("{filter}: {error}"))
                    .to_string(),
            );
        }
    }
    answers
}

#[test]
fn every_question_has_an_answer() {
    let child = Child::of("questions::every_question_has_an_answer", || {
        let _telemetry = tickspan::init().unwrap();
        for gross in [0.5, 1.0, 1.5, 2.5] {
            _ = decide(gross);
        }
        // A clock without a hop: its line has none.
        let mut given_up = StageClock::new();
        given_up.mark(Order::Received);
        given_up.finish();
    });
    let dir = TempDir::new().unwrap();
    child
        .with("TICKSPAN_RECORDER", dir.path().to_str().unwrap())
        .run();
    let day = std::fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let lines = std::fs::read_to_string(day.join("events.jsonl")).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/recorder.md");
    let page = std::fs::read_to_string(page).unwrap();
    let questions = questions(&page);
    assert!(questions.len() >= 6, "{questions:?}");
    for (flags, filter) in &questions {
        let answers = ask(filter, &lines, flags.contains(&"-s"));
        assert!(!answers.is_empty(), "{filter}");
        assert!(
            answers.iter().all(|answer| !answer.contains("null")),
            "{filter}: {answers:?}"
        );
    }
    let answers = ask(questions[0].1, &lines, true);
    assert_eq!(
        answers,
        [r#"{"edge":4,"latency":5,"recording":1,"span":4}"#]
    );
    let hops = ask(questions[5].1, &lines, true);
    assert!(
        hops.len() == 1 && hops[0].contains(r#""hop":"received_to_decided","count":4"#),
        "{hops:?}"
    );
    let over = ask(questions[6].1, &lines, false);
    assert_eq!(over.len(), 4, "a nanosecond is not enough: {over:?}");
    let answers = ask(questions[2].1, &lines, true);
    assert_eq!(answers, [r#"[{"reason":"not_positive","count":2}]"#]);
}
