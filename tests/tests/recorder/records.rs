//! What a program records.

use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use rust_decimal::Decimal;
use tempfile::TempDir;
use tickspan::recorded::{Data, Kind, Outcome, Span, Status, Value};
use tickspan::recorder::Recorder;
use tickspan::replay::Replay;
use tickspan::{Empty, event, record, traced_stage};
use tickspan_tests::child::Child;

use super::{numbers, read_whole};

const SOON: Duration = Duration::from_mins(1);

#[traced_stage(kind = "client", fields(price, ratio, venue, levels = &[1_i64, 2][..], filled = Empty))]
fn submit(quantity: i64, price: Decimal, ratio: f64, venue: &str) -> Result<(), std::fmt::Error> {
    check(quantity);
    event!("acknowledged", attempt = 1);
    record!(filled = true);
    Err(std::fmt::Error)
}

#[traced_stage]
fn check(quantity: i64) {
    let _ = quantity;
}

fn dir_of_child() -> std::path::PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

fn spans(dir: &Path) -> Vec<(Option<TraceId>, Option<SpanId>, SystemTime, Span<'static>)> {
    read_whole(dir)
        .into_iter()
        .filter_map(|event| {
            let record = event.line;
            match record.data {
                Data::Span(span) => {
                    Some((record.trace_id, record.span_id, record.timestamp, *span))
                }
                _ => None,
            }
        })
        .collect()
}

#[test]
fn spans_are_read_as_they_were_exported() {
    let child = Child::of("records::spans_are_read_as_they_were_exported", || {
        let exported = InMemorySpanExporter::default();
        let telemetry = tickspan::builder()
            .with_service_name("desk")
            .with_span_exporter(exported.clone())
            .with_recorder(dir_of_child())
            .init()
            .unwrap();
        submit(
            5,
            Decimal::from_str("585.3300").unwrap(),
            0.1 + 0.2,
            "NASDAQ\n\"q\"",
        )
        .unwrap_err();
        telemetry.flush(SOON).unwrap();
        let exported = exported.get_finished_spans().unwrap();
        let recorded = spans(&dir_of_child());
        assert_eq!(recorded.len(), 2);
        for (trace, id, time, span) in &recorded {
            let exported = exported.iter().find(|it| it.name == span.name).unwrap();
            assert_eq!(*trace, Some(exported.span_context.trace_id()));
            assert_eq!(*id, Some(exported.span_context.span_id()));
            assert_eq!(
                (*time, span.start),
                (exported.end_time, exported.start_time)
            );
            let took = exported
                .end_time
                .duration_since(exported.start_time)
                .unwrap();
            assert_eq!(span.duration, took);
        }
        let submit = &recorded.iter().find(|it| it.3.name == "submit").unwrap().3;
        let check = &recorded.iter().find(|it| it.3.name == "check").unwrap().3;
        assert_eq!(
            check.parent_span_id,
            recorded.iter().find(|it| it.3.name == "submit").unwrap().1
        );
        assert_eq!(
            (&submit.kind, &submit.status, &submit.outcome),
            (&Kind::Client, &Status::Error, &Outcome::Error)
        );
        for (key, value) in [
            ("quantity", Value::I64(5)),
            ("price", Value::Text("585.3300".into())),
            ("ratio", Value::F64(0.1 + 0.2)),
            ("venue", Value::Text("NASDAQ\n\"q\"".into())),
            ("levels", Value::I64s(vec![1, 2])),
            ("filled", Value::Bool(true)),
            ("error.type", Value::Text("core::fmt::Error".into())),
        ] {
            assert_eq!(
                submit.attributes.get(key),
                Some(&value),
                "{key}: {submit:?}"
            );
        }
        assert_eq!(submit.attributes.get("tickspan.outcome"), None);
        assert_eq!(submit.events.len(), 1);
        assert_eq!(submit.events[0].name, "acknowledged");
        assert_eq!(
            submit.events[0].attributes.get("attempt"),
            Some(&Value::I64(1))
        );
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.lost(), 0, "{report}");
    });
    let dir = TempDir::new().unwrap();
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    let events = read_whole(dir.path());
    let recording = events[0].recording.as_ref().unwrap();
    assert_eq!(
        recording.resource.get("service.name"),
        Some(&Value::Text("desk".into()))
    );
}

#[test]
fn a_variable_is_enough() {
    let child = Child::of("records::a_variable_is_enough", || {
        let _telemetry = tickspan::init().unwrap();
        (0..2_000).for_each(check);
    });
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("data/events");
    child
        .with("TICKSPAN_RECORDER", inner.to_str().unwrap())
        .run();
    let mut found = numbers(&read_whole(&inner), "check", "quantity");
    found.sort_unstable();
    assert_eq!(found, (0..2_000).collect::<Vec<_>>());
}

#[test]
fn lines_are_written_when_a_batch_is_full_or_has_waited() {
    let child = Child::of(
        "records::lines_are_written_when_a_batch_is_full_or_has_waited",
        || {
            let variable = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
            let recorder = Recorder::new(dir_of_child())
                .with_flush_every(Duration::from_millis(variable("WAIT")));
            let _telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            let spans = i64::try_from(variable("SPANS")).unwrap();
            (0..spans).for_each(check);
            // Nobody flushes.
            let until = Instant::now() + SOON;
            while super::read(&dir_of_child()).0.len() < usize::try_from(spans).unwrap() {
                assert!(Instant::now() < until, "the lines are not written");
                std::thread::yield_now();
            }
        },
    );
    for (wait, spans) in [("10", "1"), ("3600000", "512")] {
        let dir = TempDir::new().unwrap();
        child
            .with("RECORDING", dir.path().to_str().unwrap())
            .with("WAIT", wait)
            .with("SPANS", spans)
            .run();
    }
}

#[test]
fn many_processes_record_into_one_folder() {
    let child = Child::of("records::many_processes_record_into_one_folder", || {
        let telemetry = tickspan::init().unwrap();
        let first: i64 = std::env::var("FIRST").unwrap().parse().unwrap();
        for number in first..first + 500 {
            check(number);
            if number % 100 == 0 {
                telemetry.flush(SOON).unwrap();
            }
        }
    });
    let dir = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for process in 0..3 {
            let (child, path) = (child.clone(), dir.path());
            scope.spawn(move || {
                child
                    .with("TICKSPAN_RECORDER", path.to_str().unwrap())
                    .with("FIRST", &(process * 1_000).to_string())
                    .run();
            });
        }
    });
    let events = read_whole(dir.path());
    let mut found = numbers(&events, "check", "quantity");
    found.sort_unstable();
    let wanted: Vec<i64> = (0..3)
        .flat_map(|process| process * 1_000..process * 1_000 + 500)
        .collect();
    assert_eq!(found, wanted);
    assert!(events.is_sorted_by_key(|event| event.line.timestamp));
    for event in &events {
        let recording = event.recording.as_ref().unwrap();
        assert_eq!(recording.schema_version, tickspan::recorded::VERSION);
    }
}

#[test]
fn replay_is_filtered_by_time_type_and_trace() {
    let child = Child::of("records::replay_is_filtered_by_time_type_and_trace", || {
        let _telemetry = tickspan::init().unwrap();
        (0..100).for_each(check);
    });
    let dir = TempDir::new().unwrap();
    child
        .with("TICKSPAN_RECORDER", dir.path().to_str().unwrap())
        .run();
    let all = read_whole(dir.path());
    assert_eq!(all.len(), 100);
    let count = |replay: Replay| replay.into_iter().map(Result::unwrap).count();
    let open = || Replay::open(dir.path()).unwrap();
    let middle = all[40].line.timestamp;
    let before = all
        .iter()
        .filter(|event| event.line.timestamp < middle)
        .count();
    assert_eq!(count(open().until(middle)), before);
    assert_eq!(count(open().from(middle)), 100 - before);
    assert_eq!(count(open().trace(all[7].line.trace_id.unwrap())), 1);
    assert_eq!(count(open().event_types(["span"])), 100);
    assert_eq!(count(open().event_types(["edge", "trade"])), 0);
    assert_eq!(count(open().from(SystemTime::now() + SOON * 10_000)), 0);
}
