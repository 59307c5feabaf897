//! Edges in recordings, and their audit.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rust_decimal::Decimal;
use tempfile::TempDir;
use tickspan::recorded::{Data, Edge as RecordedEdge, Value};
use tickspan::recorder::{Audited, Durability, Recorder, audited};
use tickspan::replay::Event;
use tickspan::trade::OrderSubmitted;
use tickspan::{Acknowledgement, EdgeBreakdown, Route, TradeEvent, event, traced_stage};
use tickspan_tests::child::Child;

use super::{read, read_whole};

const SOON: Duration = Duration::from_mins(1);

#[derive(EdgeBreakdown)]
#[edge(unit = "USD")]
struct Spread {
    #[edge(gross)]
    gross: Decimal,
    #[edge(cost)]
    fees: Decimal,
    #[edge(threshold)]
    min_edge: Decimal,
    #[edge(context)]
    number: i64,
}

fn spread(number: i64) -> Spread {
    Spread {
        gross: Decimal::new(number * 1_000 + 500, 3),
        fees: Decimal::new(2_500, 4),
        min_edge: Decimal::ONE,
        number,
    }
}

#[traced_stage]
fn decide(number: i64) -> Acknowledgement {
    let edge = spread(number);
    edge.record(&edge.decide())
}

fn dir_of_child() -> PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

fn edges(events: &[Event]) -> Vec<&RecordedEdge<'static>> {
    events
        .iter()
        .filter_map(|event| match &event.line.data {
            Data::Edge(edge) => Some(edge),
            _ => None,
        })
        .collect()
}

/// The number of each edge, in order.
fn decided(events: &[Event]) -> Vec<i64> {
    let mut numbers: Vec<i64> = edges(events)
        .iter()
        .map(|edge| edge.context.get("number").unwrap().as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text.into())
}

fn check_edges(dir: &Path) {
    let events = read_whole(dir);
    let edges = edges(&events);
    let accepted = edges
        .iter()
        .find(|edge| edge.context.get("number") == Some(&Value::I64(2)))
        .unwrap();
    assert_eq!(
        (accepted.name.as_ref(), accepted.unit.as_deref()),
        ("spread", Some("USD"))
    );
    assert_eq!(accepted.total_cost, Some(text("0.2500")));
    assert_eq!(accepted.net, Some(text("2.2500")));
    assert!(accepted.is_accepted() && accepted.reason.is_none());
    for (part, value) in [("gross", "2.500"), ("fees", "0.2500"), ("threshold", "1")] {
        assert_eq!(
            accepted.amounts.get(part),
            Some(&text(value)),
            "{part}: {accepted:?}"
        );
    }
    let rejected = edges
        .iter()
        .find(|edge| edge.context.get("number") == Some(&Value::I64(0)))
        .unwrap();
    assert!(!rejected.is_accepted());
    assert_eq!(rejected.reason.as_deref(), Some("below_threshold"));
    // Each lies in the span that decided, which does not tell it again.
    for event in &events {
        match &event.line.data {
            Data::Edge(_) => assert!(event.line.trace_id.is_some() && event.line.span_id.is_some()),
            Data::Span(span) => assert!(span.events.is_empty(), "{span:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn edge_has_a_line_of_its_own_with_every_digit() {
    let child = Child::of(
        "decisions::edge_has_a_line_of_its_own_with_every_digit",
        || {
            let _telemetry = tickspan::builder()
                .with_recorder(dir_of_child())
                .init()
                .unwrap();
            for number in 0..10 {
                assert_eq!(decide(number), Acknowledgement::NotAudited);
            }
        },
    );
    let dir = TempDir::new().unwrap();
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    check_edges(dir.path());
    assert_eq!(
        decided(&read_whole(dir.path())),
        (0..10).collect::<Vec<_>>()
    );
}

#[test]
fn audited_edge_is_the_same_and_is_written_when_it_is_acknowledged() {
    let child = Child::of(
        "decisions::audited_edge_is_the_same_and_is_written_when_it_is_acknowledged",
        || {
            let recorder = Recorder::new(dir_of_child())
                .with_flush_every(SOON)
                .with_audit(SOON);
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            for number in 0..10 {
                assert_eq!(decide(number), Acknowledgement::Kept);
                assert_eq!(
                    decided(&read(&dir_of_child()).0),
                    (0..=number).collect::<Vec<_>>()
                );
            }
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
            assert_eq!(decide(10), Acknowledgement::NotAudited);
        },
    );
    let dir = TempDir::new().unwrap();
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    check_edges(dir.path());
    assert_eq!(
        decided(&read_whole(dir.path())),
        (0..10).collect::<Vec<_>>()
    );
}

#[derive(TradeEvent)]
struct QuotePulled {
    number: i64,
    price: Decimal,
}

#[traced_stage]
fn pull(number: i64) -> Acknowledgement {
    let price = Decimal::new(number, 2);
    event!("looked", number = number);
    QuotePulled { number, price }.record()
}

/// What was pulled, as number and price.
fn pulled(dir: &Path) -> Vec<(i64, String)> {
    let mut all = Vec::new();
    for event in read_whole(dir) {
        match &event.line.data {
            Data::Trade(trade) => {
                assert_eq!(trade.name, "quote_pulled");
                let number = trade.attributes.get("number").unwrap().as_i64().unwrap();
                all.push((number, trade.attributes.get("price").unwrap().to_string()));
            }
            Data::Span(span) => {
                let names: Vec<_> = span
                    .events
                    .iter()
                    .map(|event| event.name.as_ref())
                    .collect();
                assert_eq!(names, ["looked"]);
            }
            other => panic!("{other:?}"),
        }
    }
    all.sort();
    all
}

#[test]
fn trade_event_has_a_line_of_its_own_and_can_be_audited() {
    let child = Child::of(
        "decisions::trade_event_has_a_line_of_its_own_and_can_be_audited",
        || {
            let recorder = Recorder::new(dir_of_child());
            let is_audited = std::env::var_os("AUDIT").is_some();
            let (recorder, wanted) = if is_audited {
                (recorder.with_audit(SOON), Acknowledgement::Kept)
            } else {
                (recorder, Acknowledgement::NotAudited)
            };
            let _telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            for number in 0..3 {
                assert_eq!(pull(number), wanted);
            }
        },
    );
    let wanted = [0, 1, 2].map(|number| (number, format!("0.0{number}")));
    let (plain, audited) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    child
        .with("RECORDING", plain.path().to_str().unwrap())
        .run();
    assert_eq!(pulled(plain.path()), wanted);
    child
        .with("RECORDING", audited.path().to_str().unwrap())
        .with("AUDIT", "1")
        .run();
    assert_eq!(pulled(audited.path()), wanted);
}

#[traced_stage]
fn pull_among_others() {
    event!("quote_pulled", number = 7);
    tracing::info!("quote_pulled");
    let pulled = QuotePulled {
        number: 1,
        price: Decimal::ONE,
    };
    pulled.record();
}

#[test]
fn other_events_of_a_trade_events_name_stay_in_their_span() {
    let child = Child::of(
        "decisions::other_events_of_a_trade_events_name_stay_in_their_span",
        || {
            let is = |what| std::env::var_os(what).is_some();
            let recorder = Recorder::new(dir_of_child());
            let recorder = if is("AUDIT") {
                recorder.with_audit(SOON)
            } else {
                recorder
            };
            let route = if is("TRACING") {
                Route::Tracing
            } else {
                Route::Lane
            };
            let _telemetry = tickspan::builder()
                .with_recorder(recorder)
                .with_route(route)
                .init()
                .unwrap();
            pull_among_others();
        },
    );
    for how in [&[][..], &["AUDIT"], &["TRACING"], &["TRACING", "AUDIT"]] {
        let dir = TempDir::new().unwrap();
        let child = child.with("RECORDING", dir.path().to_str().unwrap());
        how.iter()
            .fold(child, |child, what| child.with(what, "1"))
            .run();
        let (mut trades, mut others) = (0, 0);
        for event in read_whole(dir.path()) {
            match &event.line.data {
                Data::Trade(trade) => {
                    let number = trade.attributes.get("number");
                    assert_eq!(number, Some(&Value::I64(1)), "{how:?}");
                    trades += 1;
                }
                Data::Span(span) => {
                    for event in &span.events {
                        assert_eq!(event.name, "quote_pulled", "{how:?}");
                        assert_ne!(event.attributes.get("number"), Some(&Value::I64(1)));
                    }
                    others += span.events.len();
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((trades, others), (1, 2), "{how:?}");
    }
}

#[test]
fn audit_keeps_edges_of_traces_that_are_not_sampled() {
    let child = Child::of(
        "decisions::audit_keeps_edges_of_traces_that_are_not_sampled",
        || {
            let recorder = Recorder::new(dir_of_child()).with_audit(SOON);
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    scope.spawn(move || {
                        for number in thread * 100..thread * 100 + 100 {
                            assert_eq!(decide(number), Acknowledgement::Kept);
                        }
                    });
                }
            });
            assert_eq!(telemetry.shutdown(SOON).sampled_away, 400);
        },
    );
    let dir = TempDir::new().unwrap();
    child
        .with("RECORDING", dir.path().to_str().unwrap())
        .with("OTEL_TRACES_SAMPLER", "always_off")
        .run();
    let events = read_whole(dir.path());
    assert_eq!(decided(&events), (0..400).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.line.trace_id.is_some()));
}

#[test]
fn audit_ends_at_its_deadline_and_tells_what_is_not_kept() {
    let child = Child::of(
        "decisions::audit_ends_at_its_deadline_and_tells_what_is_not_kept",
        || {
            let recorder = Recorder::new(dir_of_child()).with_audit(Duration::from_millis(50));
            let telemetry = tickspan::builder()
                .with_recorder(recorder)
                .with_shutdown_deadline(Duration::ZERO)
                .init()
                .unwrap();
            for number in 0..3 {
                assert_eq!(decide(number), Acknowledgement::Late);
            }
            let Audited {
                kept, late, lost, ..
            } = audited();
            assert_eq!((kept, late, lost), (0, 3, 0));
            // What was late is written when there is a folder again.
            fs::remove_file(dir_of_child()).unwrap();
            while decide(3) != Acknowledgement::Kept {}
            let _ = telemetry.shutdown(SOON);
        },
    );
    let dir = TempDir::new().unwrap();
    let blocked = dir.path().join("events");
    fs::write(&blocked, "a file, not a folder").unwrap();
    let finished = child.with("RECORDING", blocked.to_str().unwrap()).run();
    assert!(
        finished
            .stderr
            .contains("audited decisions are not written in time"),
        "{}",
        finished.stderr
    );
    let mut found = decided(&read_whole(&blocked));
    found.dedup();
    assert_eq!(found, [0, 1, 2, 3]);
}

#[test]
fn audit_counts_and_tells_what_a_filter_leaves_out() {
    let child = Child::of(
        "decisions::audit_counts_and_tells_what_a_filter_leaves_out",
        || {
            let recorder = Recorder::new(dir_of_child()).with_audit(SOON);
            let _telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            assert_eq!(pull(1), Acknowledgement::Kept);
            for number in 2..4 {
                assert_eq!(decide(number), Acknowledgement::Kept);
                let _ = OrderSubmitted {
                    client_order_id: "o-17",
                    symbol: "AAPL",
                    venue: "XNAS",
                    sequence: None,
                    sending_time_unix_ns: None,
                }
                .record();
            }
            let Audited { kept, filtered, .. } = audited();
            assert_eq!((kept, filtered), (3, 2));
        },
    );
    let dir = TempDir::new().unwrap();
    let finished = child
        .with("RECORDING", dir.path().to_str().unwrap())
        .with("RUST_LOG", "recorder=info")
        .run();
    let told = "decisions are neither recorded nor audited: a filter";
    assert_eq!(
        finished.stderr.matches(told).count(),
        1,
        "{}",
        finished.stderr
    );
}

/// As often as processes are killed elsewhere. By hand: `TICKSPAN_KILLS=100`.
fn kills() -> i64 {
    std::env::var("TICKSPAN_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

#[test]
fn killed_process_has_written_what_it_acknowledged() {
    let child = Child::of(
        "decisions::killed_process_has_written_what_it_acknowledged",
        || {
            let recorder = Recorder::new(dir_of_child())
                .with_durability(Durability::EachBatch)
                .with_audit(SOON);
            let _telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            let first: i64 = std::env::var("FIRST").unwrap().parse().unwrap();
            std::thread::scope(|scope| {
                for thread in 0..2 {
                    scope.spawn(move || {
                        for number in (first + thread..).step_by(2) {
                            assert_eq!(decide(number), Acknowledgement::Kept);
                            // One write, so that lines of threads do not mix.
                            std::io::stdout()
                                .write_all(format!("\n{number}\n").as_bytes())
                                .unwrap();
                        }
                    });
                }
            });
        },
    );
    let dir = TempDir::new().unwrap();
    let mut acknowledged: Vec<i64> = Vec::new();
    for round in 0..kills() {
        let mut process = child
            .with("RECORDING", dir.path().to_str().unwrap())
            .with("FIRST", &(round * 10_000_000).to_string())
            .start();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut numbers = lines
            .map_while(Result::ok)
            .filter_map(|line| line.parse::<i64>().ok());
        // At another point each time; then whatever it still says.
        acknowledged.extend(
            numbers
                .by_ref()
                .take(5 + usize::try_from(round % 11 * 7).unwrap()),
        );
        process.kill().unwrap();
        acknowledged.extend(numbers);
        process.wait().unwrap();
    }
    assert!(acknowledged.len() >= usize::try_from(kills() * 5).unwrap());
    let found = decided(&read(dir.path()).0);
    let once: std::collections::BTreeSet<i64> = found.iter().copied().collect();
    assert_eq!(once.len(), found.len(), "lines are doubled");
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|number| !once.contains(number))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
