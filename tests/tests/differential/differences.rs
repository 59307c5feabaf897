//! Where the routes differ, as `docs/routes.md` says, and that they do.

use std::fmt;
use std::sync::Barrier;
use std::thread;

use opentelemetry::trace::Status;
use opentelemetry::{Key, Value};
use opentelemetry_sdk::trace::SpanData;
use tickspan::{AttributeValue, Context, Empty, event, public, record, stage, traced_stage};
use tracing::field::Empty as Later;
use tracing::info_span;

use crate::routes;

/// The spans of both routes, in the order of their ends.
fn both(f: impl Fn()) -> [Vec<SpanData>; 2] {
    [routes::lane(&f), routes::oracle(&f)]
}

/// The one span of each route.
fn one(f: impl Fn()) -> [SpanData; 2] {
    both(f).map(|spans| <[SpanData; 1]>::try_from(spans).expect("one span")[0].clone())
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let mut named = spans.iter().filter(|span| span.name == name);
    named.next().expect("a span of this name")
}

/// All values under a key.
fn values(span: &SpanData, key: &'static str) -> Vec<Value> {
    let key = Key::from_static_str(key);
    let of_key = span.attributes.iter().filter(|it| it.key == key);
    of_key.map(|it| it.value.clone()).collect()
}

fn text(text: &str) -> Vec<Value> {
    vec![Value::from(text.to_owned())]
}

fn event_names(span: &SpanData) -> Vec<&str> {
    span.events.iter().map(|event| &*event.name).collect()
}

#[traced_stage]
fn step(body: impl FnOnce()) {
    body();
}

#[test]
fn a_parent_outlived_by_its_child_ends_at_its_own_end() {
    let [lane, oracle] = both(|| {
        let mut child = None;
        step(|| child = Some(stage!("child")));
        thread::sleep(std::time::Duration::from_millis(1));
        drop(child);
    });
    // Both give the parent the end of its stage; the oracle exports it after its child.
    for spans in [&lane, &oracle] {
        assert!(named(spans, "step").end_time < named(spans, "child").end_time);
    }
    assert_eq!(oracle[0].name, "child");
}

#[test]
fn a_parent_whose_context_is_entered_again_ends_at_its_own_end() {
    let [lane, oracle] = both(|| {
        let mut context = Context::default();
        step(|| context = Context::current());
        thread::sleep(std::time::Duration::from_millis(1));
        context.run(|| drop(stage!("child")));
    });
    let ends_before_child =
        |spans: &[SpanData]| named(spans, "step").end_time < named(spans, "child").start_time;
    assert!(ends_before_child(&lane));
    assert!(!ends_before_child(&oracle));
}

#[test]
fn a_key_that_is_recorded_twice_has_its_last_value() {
    let [lane, oracle] = one(|| {
        let _stage = stage!("match_levels", filled = Empty);
        record!(filled = 1);
        record!(filled = 2);
    });
    assert_eq!(values(&lane, "filled"), [Value::I64(2)]);
    assert_eq!(values(&oracle, "filled"), [Value::I64(1), Value::I64(2)]);
}

#[test]
fn a_key_that_no_stage_declares_is_kept() {
    let [lane, oracle] = one(|| {
        let _stage = stage!("match_levels");
        record!(filled = 1);
    });
    assert_eq!(values(&lane, "filled"), [Value::I64(1)]);
    assert_eq!(values(&oracle, "filled"), []);
}

#[test]
fn long_text_is_cut() {
    let long = "x".repeat(2_000);
    let [lane, oracle] = one(|| {
        let _stage = stage!(
            "trade",
            memo = public!(long, reason = "text of the public trade tape")
        );
    });
    assert_eq!(values(&lane, "memo"), text(&long[..1_024]));
    assert_eq!(values(&oracle, "memo"), text(&long));
}

#[test]
fn a_collection_is_an_array() {
    let [lane, oracle] = one(|| {
        let _stage = stage!("levels", prices = vec![1.5, 2.5]);
    });
    assert!(matches!(values(&lane, "prices")[..], [Value::Array(_)]));
    assert_eq!(values(&oracle, "prices"), text("[1.5,2.5]"));
}

#[test]
fn an_unsigned_integer_of_another_library_is_an_integer() {
    let [lane, oracle] = one(|| drop(info_span!("request", bytes = 7_u64)));
    assert_eq!(values(&lane, "bytes"), [Value::I64(7)]);
    assert_eq!(values(&oracle, "bytes"), text("7"));
}

#[test]
fn a_name_and_a_kind_count_that_are_recorded_after_a_span_was_entered() {
    let [lane, oracle] = one(|| {
        let span = info_span!("request", otel.name = Later);
        span.in_scope(|| span.record("otel.name", "GET /orders"));
    });
    assert_eq!(lane.name, "GET /orders");
    assert_eq!(oracle.name, "request");
}

#[test]
fn a_status_rises_before_a_span_is_entered_too() {
    let [lane, oracle] = one(|| {
        let span = info_span!("request", otel.status_code = Later);
        span.record("otel.status_code", "ok");
        span.record("otel.status_code", "error");
    });
    assert_eq!(lane.status, Status::Ok);
    assert_eq!(oracle.status, Status::error(""));
}

#[test]
fn an_event_in_a_context_whose_span_is_current_already_goes_to_that_span() {
    let [lane, oracle] = both(|| {
        step(|| {
            let outer = Context::current();
            let _inner = stage!("inner");
            outer.run(|| event!("read"));
        });
    });
    assert_eq!(event_names(named(&lane, "step")), ["read"]);
    assert_eq!(event_names(named(&oracle, "inner")), ["read"]);
}

#[test]
fn an_event_in_a_context_of_another_process_belongs_to_no_span_of_this_one() {
    let [lane, oracle] = one(|| {
        step(|| Context::from_span_context(&crate::run::remote(0)).run(|| event!("read")));
    });
    assert_eq!(event_names(&lane), [""; 0]);
    assert_eq!(event_names(&oracle), ["read"]);
}

#[test]
fn what_another_thread_captures_changes_nothing_on_the_tracing_route() {
    let (is_going_on, ended) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            routes::lane(|| {
                is_going_on.wait();
                ended.wait();
            })
        });
        is_going_on.wait();
        let spans = routes::oracle(|| {
            step(|| Context::from_span_context(&crate::run::remote(0)).run(|| event!("read")));
        });
        ended.wait();
        assert_eq!(event_names(named(&spans, "step")), ["read"]);
    });
}

struct Level;

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        event!("level_written");
        f.write_str("best")
    }
}

#[derive(AttributeValue)]
#[public(reason = "level of the public order book", via = Display)]
struct Shown(Level);

#[test]
fn what_display_records_of_its_own_is_kept() {
    let [lane, oracle] = one(|| {
        step(|| event!("level_read", level = Shown(Level)));
    });
    assert_eq!(event_names(&lane), ["level_written", "level_read"]);
    assert_eq!(event_names(&oracle), ["level_read"]);
}

#[test]
fn a_tracing_span_lasts_until_it_is_closed() {
    let [lane, oracle] = both(|| {
        let span = info_span!("request");
        span.in_scope(|| ());
        step(|| ());
        drop(span);
    });
    let ends_before_step =
        |spans: &[SpanData]| named(spans, "request").end_time < named(spans, "step").start_time;
    assert!(!ends_before_step(&lane));
    assert!(ends_before_step(&oracle));
}

#[test]
fn a_description_before_a_status_code_is_kept() {
    let [lane, oracle] = one(|| {
        drop(info_span!(
            "request",
            otel.status_description = "refused",
            otel.status_code = "error"
        ));
    });
    assert_eq!(lane.status, Status::error("[redacted: error text]"));
    assert_eq!(oracle.status, Status::error(""));
}

#[test]
fn an_event_has_no_level_and_no_target() {
    let keys = |span: &SpanData| {
        let event = span.events.iter().next().expect("an event");
        let keys = event.attributes.iter().map(|it| it.key.to_string());
        keys.collect::<Vec<_>>()
    };
    let [lane, oracle] = one(|| step(|| event!("read", levels = 3)));
    assert_eq!(keys(&lane), ["levels"]);
    assert_eq!(keys(&oracle), ["level", "target", "levels"]);
}
