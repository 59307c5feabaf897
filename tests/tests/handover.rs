//! A context captured once and handed on: to a task, a thread, a pool's job, a message.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use tickspan::{Context, Telemetry, event, health, record, stage, traced_stage};
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

#[traced_stage]
fn price(leg: u64) {
    inner();
    record!(priced = leg);
}

#[traced_stage]
fn inner() {}

/// Each of so many `price`s is below `parent`, with its own late attribute and its own child.
#[track_caller]
fn assert_priced(kept: &Kept, legs: i64, parent: &SpanData) {
    let mut prices = kept.named("price");
    prices.sort_by_key(|span| integer(span, "leg"));
    let inners = kept.named("inner");
    assert_eq!(
        (prices.len(), inners.len()),
        (legs.try_into().unwrap(), prices.len())
    );
    for (leg, price) in (0..legs).zip(&prices) {
        assert_eq!(
            (integer(price, "leg"), integer(price, "priced")),
            (Some(leg), Some(leg))
        );
        assert!(is_child(price, parent));
        assert_eq!(
            inners.iter().filter(|inner| is_child(inner, price)).count(),
            1
        );
    }
}

#[test]
fn stages_of_tasks_threads_and_pools_are_children_of_the_context() {
    Child::of(
        "stages_of_tasks_threads_and_pools_are_children_of_the_context",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let order = stage!("order");
            let context = Context::current();

            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap();
            runtime.block_on(async {
                for leg in 0..100 {
                    let task = async move {
                        tokio::task::yield_now().await;
                        price(leg);
                    };
                    tokio::spawn(context.clone().attach(task)).await.unwrap();
                }
            });
            let threads = [100, 101].map(|leg| {
                let context = context.clone();
                thread::spawn(move || context.run(|| price(leg)))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            (102..1_000_u64)
                .into_par_iter()
                .for_each(|leg| context.run(|| price(leg)));

            drop(order);
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (2_001, 0, 0),
                "{report}"
            );
            assert_priced(&kept, 1_000, &kept.the("order"));
        },
    )
    .run();
}

struct Message {
    leg: u64,
    context: Context,
}

#[traced_stage(kind = "consumer", parent = &message.context)]
fn receive(message: &Message) {
    record!(leg = message.leg);
}

/// The sender's stage may have ended long before.
#[test]
fn a_message_carries_its_context() {
    Child::of("a_message_carries_its_context", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let (outbox, inbox) = mpsc::channel();
        for leg in 0..100 {
            let _send = stage!("send", leg);
            let context = Context::current();
            outbox.send(Message { leg, context }).unwrap();
        }
        drop(outbox);
        telemetry.flush(SOON).unwrap();
        let consumer = thread::spawn(move || {
            let _around = stage!("around");
            for message in inbox {
                receive(&message);
            }
        });
        consumer.join().unwrap();
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.lost()), (201, 0), "{report}");
        let (sends, receives) = (kept.named("send"), kept.named("receive"));
        assert_eq!(sends.len(), receives.len());
        for (sent, received) in sends.iter().zip(&receives) {
            assert_eq!(integer(sent, "leg"), integer(received, "leg"));
            assert!(is_child(received, sent));
        }
    })
    .run();
}

#[test]
fn an_empty_context_starts_a_trace() {
    Child::of("an_empty_context_starts_a_trace", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let context = Context::current();
        {
            let _around = stage!("around");
            receive(&Message { leg: 1, context });
        }
        telemetry.flush(SOON).unwrap();
        let (around, received) = (kept.the("around"), kept.the("receive"));
        assert_eq!(received.parent_span_id, SpanId::INVALID);
        assert_ne!(
            received.span_context.trace_id(),
            around.span_context.trace_id()
        );
    })
    .run();
}

#[test]
fn late_attributes_stay_with_the_stages_inside_a_context() {
    Child::of(
        "late_attributes_stay_with_the_stages_inside_a_context",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let order = stage!("order");
            let context = Context::current();
            let around = stage!("around");
            // On the thread of both stages, on another, and where the context is no span.
            context.run(|| record!(stray = 1));
            Context::default().run(|| record!(stray = 2));
            let there = context.clone();
            let thread = thread::spawn(move || {
                let _foreign = stage!("foreign");
                there.run(|| {
                    record!(stray = 3);
                    let _own = stage!("own");
                    record!(kept = 4);
                });
                record!(kept = 5);
            });
            thread.join().unwrap();
            record!(kept = 6);
            drop((around, order));
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (4, 0), "{report}");
            for (name, number) in [
                ("order", None),
                ("around", Some(6)),
                ("foreign", Some(5)),
                ("own", Some(4)),
            ] {
                let span = kept.the(name);
                assert_eq!(
                    (integer(&span, "kept"), attribute(&span, "stray")),
                    (number, None),
                    "{name}"
                );
            }
            assert!(is_child(&kept.the("own"), &kept.the("order")));
        },
    )
    .run();
}

#[test]
fn events_inside_a_context_reach_its_span_while_it_is_open() {
    Child::of(
        "events_inside_a_context_reach_its_span_while_it_is_open",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for _ in 0..200 {
                let order = stage!("order");
                let context = Context::current();
                let (say, said) = mpsc::channel();
                let (end, ended) = mpsc::channel::<()>();
                let thread = thread::spawn(move || {
                    context.run(|| {
                        event!("filled", quantity = 100);
                        say.send(()).unwrap();
                        // The context is current for longer than its span is open.
                        ended.recv().unwrap_err();
                    });
                });
                said.recv().unwrap();
                event!("told");
                drop(order);
                telemetry.flush(SOON).unwrap();
                drop(end);
                thread.join().unwrap();
                let span = kept.the("order");
                kept.take();
                let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
                assert_eq!(events, ["filled", "told"]);
            }
            assert_eq!(telemetry.shutdown(SOON).lost(), 0);
        },
    )
    .run();
}

#[test]
fn what_others_record_waits_for_the_end_of_a_span_however_late_that_is() {
    Child::of(
        "what_others_record_waits_for_the_end_of_a_span_however_late_that_is",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let run = |attempts: u64| {
                let _run = stage!("run", attempts);
                let context = Context::current();
                thread::spawn(move || context.run(|| event!("filled")))
                    .join()
                    .unwrap();
                for _ in 0..5_000 {
                    telemetry.flush(SOON).unwrap();
                }
                event!("stopped");
            };
            run(1);
            // One of which nothing is in the lane before its end.
            let caller = Context::from_span_context(&SpanContext::new(
                TraceId::from(1),
                SpanId::from(2),
                TraceFlags::SAMPLED,
                true,
                TraceState::from_key_value([("vendor", "1")]).unwrap(),
            ));
            caller.run(|| run(2));
            telemetry.flush(SOON).unwrap();
            assert_eq!(health().too_late, 0);
            for run in kept.named("run") {
                let events: Vec<_> = run.events.iter().map(|event| &*event.name).collect();
                assert_eq!(events, ["filled", "stopped"]);
                assert!(integer(&run, "attempts").is_some());
            }
            assert_eq!(kept.named("run").len(), 2);
            assert_eq!(telemetry.shutdown(SOON).lost(), 0);
        },
    )
    .run();
}

#[test]
fn events_inside_a_context_whose_span_has_ended_are_counted() {
    Child::of(
        "events_inside_a_context_whose_span_has_ended_are_counted",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let order = stage!("order");
            let context = Context::current();
            drop(order);
            telemetry.flush(SOON).unwrap();
            thread::spawn(move || context.run(|| event!("late")))
                .join()
                .unwrap();
            drop(stage!("next"));
            // They are kept for a time, in case that the span goes on: a number of passes, not of seconds.
            let until = Instant::now() + SOON;
            while health().too_late == 0 {
                assert!(Instant::now() < until);
                telemetry.flush(SOON).unwrap();
            }
            assert_eq!(health().too_late, 1);
            assert!(kept.the("order").events.is_empty());
            assert!(kept.the("next").events.is_empty());
            // What came last is counted when telemetry ends.
            let next = stage!("next");
            let context = Context::current();
            drop(next);
            telemetry.flush(SOON).unwrap();
            context.run(|| {
                event!("late");
                event!("later");
            });
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (3, 0), "{report}");
            assert_eq!(health().too_late, 3);
        },
    )
    .run();
}

#[test]
fn an_event_in_the_context_that_opentelemetry_got_reaches_its_span() {
    Child::of(
        "an_event_in_the_context_that_opentelemetry_got_reaches_its_span",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let order = stage!("order");
            let given = tickspan::otel_context();
            thread::spawn(move || {
                Context::from_span_context(given.span().span_context()).run(|| event!("filled"));
            })
            .join()
            .unwrap();
            drop(order);
            telemetry.flush(SOON).unwrap();
            assert_eq!(kept.the("order").events.len(), 1);
            assert_eq!(telemetry.shutdown(SOON).lost(), 0);
            assert_eq!(health().too_late, 0);
        },
    )
    .run();
}

#[test]
fn an_event_in_a_context_of_another_process_goes_nowhere() {
    Child::of(
        "an_event_in_a_context_of_another_process_goes_nowhere",
        || {
            let telemetry = start(Kept::default());
            let (trace, span) = (TraceId::from(7), SpanId::from(9));
            let state = TraceState::default();
            let far = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, state);
            Context::from_span_context(&far).run(|| {
                event!("priced");
                tracing::info!("priced");
            });
            assert_eq!(telemetry.shutdown(SOON).made, 0);
            assert_eq!(health().too_late, 0, "it was not late");
        },
    )
    .run();
}
