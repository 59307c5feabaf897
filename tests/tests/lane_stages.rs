//! Stages that do not behave: values that run code, guards in any order, spans that never end.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanExporter;
use tickspan::{
    Context, TailSampling, Telemetry, event, health, public, record, stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, integer, is_child};

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_summary(false)
        .with_console(false)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

/// Its text is made by a stage with an event, and by another of itself.
struct Chatty(u64);

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _stage = stage!("format", left = self.0);
        event!("formatting", left = self.0);
        record!(width = 2 * self.0);
        if let Some(less) = self.0.checked_sub(1) {
            let _inner = stage!(
                "inner",
                memo = public!(Chatty(less), reason = "text of the public trade tape")
            );
        }
        write!(f, "chatty {}", self.0)
    }
}

#[test]
fn a_display_may_start_stages() {
    Child::of("a_display_may_start_stages", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let outer = stage!(
            "outer",
            memo = public!(Chatty(2), reason = "text of the public trade tape")
        );
        event!(
            "said",
            memo = public!(Chatty(0), reason = "text of the public trade tape")
        );
        record!(late = public!(Chatty(0), reason = "text of the public trade tape"));
        drop(outer);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (8, 0, 0),
            "{report}"
        );
        let outer = kept.the("outer");
        assert_eq!(attribute(&outer, "memo"), Some(&"chatty 2".into()));
        assert_eq!(attribute(&outer, "late"), Some(&"chatty 0".into()));
        assert_eq!(outer.events.len(), 1);
        assert_eq!(
            outer.events.events[0].attributes[0].value,
            "chatty 0".into()
        );
        for span in kept.named("format") {
            let left = integer(&span, "left").unwrap();
            assert_eq!(integer(&span, "width"), Some(2 * left));
            assert_eq!(span.events.len(), 1);
        }
        let memos: Vec<_> = kept.named("inner");
        assert_eq!(attribute(&memos[0], "memo"), Some(&"chatty 0".into()));
        assert_eq!(attribute(&memos[1], "memo"), Some(&"chatty 1".into()));
        assert_eq!(health().busy, 0);
    })
    .run();
}

/// Panics with a stage open.
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _stage = stage!("format");
        std::panic::resume_unwind(Box::new("no words"))
    }
}

/// The panic is the user's own, as it is in a line of text.
#[test]
fn a_display_that_panics_leaves_other_stages_whole() {
    Child::of("a_display_that_panics_leaves_other_stages_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let outer = stage!("outer", quantity = 1);
        let ways: [fn(); 3] = [
            || {
                drop(stage!(
                    "never",
                    memo = public!(Unspeakable, reason = "text of the public trade tape")
                ));
            },
            || {
                event!(
                    "never",
                    memo = public!(Unspeakable, reason = "text of the public trade tape")
                );
            },
            || record!(never = public!(Unspeakable, reason = "text of the public trade tape")),
        ];
        for way in ways {
            assert!(catch_unwind(AssertUnwindSafe(way)).is_err());
        }
        event!("after");
        record!(filled = 2);
        drop(outer);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (4, 0, 0),
            "{report}"
        );
        let outer = kept.the("outer");
        assert_eq!(
            (integer(&outer, "quantity"), integer(&outer, "filled")),
            (Some(1), Some(2))
        );
        assert_eq!(outer.events.len(), 1);
        assert_eq!(outer.attributes.len(), 2);
        for span in kept.named("format") {
            assert!(is_child(&span, &outer));
            assert_eq!(
                attribute(&span, "tickspan.outcome"),
                Some(&"panicked".into())
            );
        }
    })
    .run();
}

/// Each time they leave the thread as they found it.
#[test]
fn guards_may_cross_for_as_long_as_a_program_runs() {
    const TIMES: u64 = 20_000;
    Child::of("guards_may_cross_for_as_long_as_a_program_runs", || {
        let kept = Kept::default();
        // The end of a chunk is not like most: far away.
        let telemetry = tickspan::builder()
            .with_summary(false)
            .with_console(false)
            .with_lane_capacity(64 << 20)
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        let around = stage!("around");
        for time in 0..TIMES {
            let outer = stage!("outer", time);
            let inner = stage!("inner", time);
            drop(outer);
            event!("between");
            drop(inner);
            if time % 500 == 0 {
                // On another thread: this one is to do nothing else.
                std::thread::scope(|scope| {
                    scope.spawn(|| telemetry.flush(SOON).unwrap());
                });
            }
        }
        drop(around);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (2 * TIMES + 1, 0, 0),
            "{report}"
        );
        let (around, outers) = (kept.the("around"), kept.named("outer"));
        assert_eq!(outers.len() as u64, TIMES);
        assert!(outers.iter().all(|outer| is_child(outer, &around)));
        assert!(
            kept.named("inner")
                .iter()
                .all(|inner| inner.events.len() == 1)
        );
    })
    .run();
}

/// Tidies up in a stage.
struct Tidy;

impl Drop for Tidy {
    fn drop(&mut self) {
        let _stage = stage!("tidy");
        event!("tidied");
    }
}

/// What unwinds is around it.
#[test]
fn a_stage_that_begins_while_its_thread_unwinds_ends_ok() {
    Child::of(
        "a_stage_that_begins_while_its_thread_unwinds_ends_ok",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            drop(Tidy);
            let unwound = catch_unwind(|| {
                let _outer = stage!("outer");
                let _tidy = Tidy;
                std::panic::resume_unwind(Box::new("halted"))
            });
            assert!(unwound.is_err());
            telemetry.shutdown(SOON);
            let outer = kept.the("outer");
            let panicked = Some(&"panicked".into());
            assert_eq!(attribute(&outer, "tickspan.outcome"), panicked);
            let tidied = kept.named("tidy");
            assert_eq!(tidied.len(), 2);
            assert!(is_child(&tidied[1], &outer));
            for span in tidied {
                assert_eq!(attribute(&span, "tickspan.outcome"), None);
                assert_eq!(span.events.len(), 1);
            }
        },
    )
    .run();
}

#[traced_stage(parent = context)]
fn handed(context: &Context, innermost: Option<usize>) {
    let _ = innermost;
}

/// All 120 orders in which five guards can be dropped.
#[test]
fn guards_may_be_dropped_in_any_order() {
    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn orders(left: &mut Vec<usize>, order: &mut Vec<usize>, each: &mut impl FnMut(&[usize])) {
        if left.is_empty() {
            return each(order);
        }
        for place in 0..left.len() {
            let taken = left.remove(place);
            order.push(taken);
            orders(left, order, each);
            order.pop();
            left.insert(place, taken);
        }
    }

    Child::of("guards_may_be_dropped_in_any_order", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        orders(&mut (0..5).collect(), &mut Vec::new(), &mut |order| {
            let mut guards = [
                Some(stage!("a", place = 0)),
                Some(stage!("b", place = 1)),
                Some(stage!("c", place = 2)),
                Some(stage!("d", place = 3)),
                Some(stage!("e", place = 4)),
            ];
            let mut open = [true; 5];
            for &next in order {
                guards[next] = None;
                open[next] = false;
                // What is recorded now is of the innermost that is left.
                let innermost = open.iter().rposition(|open| *open);
                event!("left", innermost = innermost);
                record!(below = innermost);
                drop(stage!("between", innermost = innermost));
                handed(&Context::current(), innermost);
            }
            telemetry.flush(SOON).unwrap();
            let spans = NAMES.map(|name| kept.the(name));
            for (place, span) in spans.iter().enumerate() {
                assert_eq!(
                    integer(span, "place"),
                    i64::try_from(place).ok(),
                    "{order:?}"
                );
                assert!(place == 0 || is_child(span, &spans[place - 1]), "{order:?}");
                for event in span.events.iter() {
                    assert_eq!(
                        event.attributes[0].value,
                        (i64::try_from(place).unwrap()).into(),
                        "{order:?}"
                    );
                }
            }
            let events: usize = spans.iter().map(|span| span.events.len()).sum();
            assert_eq!(events, 4, "{order:?}");
            for between in [kept.named("between"), kept.named("handed")].concat() {
                match integer(&between, "innermost") {
                    Some(place) => assert!(
                        is_child(&between, &spans[usize::try_from(place).unwrap()]),
                        "{order:?}"
                    ),
                    None => assert_eq!(between.parent_span_id, SpanId::INVALID, "{order:?}"),
                }
            }
            for span in spans {
                let below = integer(&span, "below");
                assert!(
                    below.is_none() || below == integer(&span, "place"),
                    "{order:?}"
                );
            }
            kept.take();
        });
        assert_eq!(telemetry.shutdown(SOON).open, 0);
    })
    .run();
}

#[traced_stage]
async fn waits(quantity: u64) -> u64 {
    std::future::pending::<()>().await;
    quantity
}

#[test]
fn what_waits_for_the_end_of_its_trace_is_not_told_as_lost_in_lanes() {
    Child::of(
        "what_waits_for_the_end_of_its_trace_is_not_told_as_lost_in_lanes",
        || {
            let telemetry = tickspan::builder()
                .with_summary(false)
                .with_console(false)
                .with_tail_sampling(TailSampling::keep_ratio(1.0))
                .with_span_exporter(Kept::default())
                .init()
                .unwrap();
            let root = stage!("root");
            drop(stage!("held"));
            let report = telemetry.report();
            assert_eq!(
                (
                    report.made,
                    report.lost_in_lanes,
                    report.exporters[0].dropped
                ),
                (1, 0, 1),
                "{report}"
            );
            drop(root);
            assert_eq!(telemetry.shutdown(SOON).lost(), 0);
        },
    )
    .run();
}

#[test]
fn stages_open_at_the_end_are_counted_and_what_ends_afterwards_too() {
    Child::of(
        "stages_open_at_the_end_are_counted_and_what_ends_afterwards_too",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let mut future = Box::pin(waits(1));
            let polled = future.as_mut().poll(&mut Task::from_waker(Waker::noop()));
            assert_eq!(polled, Poll::Pending);
            let guard = stage!("guarded");
            drop(stage!("ended"));
            assert_eq!((telemetry.report().made, telemetry.report().open), (1, 2));
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (1, 2, 0),
                "{report}"
            );
            drop(future);
            drop(guard);
            let health = health();
            assert_eq!((health.after_end, health.started, health.ended), (2, 3, 1));
            // Stages that begin afterwards are nobody's.
            let ran = Cell::new(0);
            let _stage = stage!(
                "late",
                quantity = {
                    ran.set(ran.get() + 1);
                    1
                }
            );
            record!(quantity = 2);
            event!("late", quantity = 3);
            assert_eq!(tickspan::health(), health);
            assert_eq!(kept.take().len(), 1);
        },
    )
    .run();
}
