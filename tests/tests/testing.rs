//! `tickspan::testing::capture`: what it sees, what it leaves alone, and what it leaves behind.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier};
use std::thread;

use futures::FutureExt as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::InMemorySpanExporter;
use rayon::prelude::*;
use tickspan::testing::{Captured, capture, capture_async};
use tickspan::{Context, Empty, event, record, stage, traced_stage};
use tickspan_tests::capture::{Capture, Value};
use tickspan_tests::child::Child;
use tokio::runtime::Builder;
use tracing::instrument::WithSubscriber as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

#[traced_stage]
fn submit(order_id: u64) -> u64 {
    order_id
}

#[traced_stage]
async fn fill(order_id: u64) -> u64 {
    tokio::task::yield_now().await;
    event!("filled");
    order_id
}

#[traced_stage(parent = cause)]
fn settle(cause: &Context, order_id: u64) {
    let _ = order_id;
}

fn seen(f: impl FnOnce()) -> Captured {
    capture(f).1
}

fn tree(f: impl FnOnce()) -> String {
    seen(f).tree()
}

/// The lines of a tree in an order that does not depend on which thread was first.
fn sorted(tree: &str) -> Vec<&str> {
    let mut lines: Vec<_> = tree.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn tree_shows_all_that_is_compared() {
    #[traced_stage(kind = "client", fields(price = 585.33, live = true, note = Empty))]
    fn send(order_id: u64) -> Result<(), std::fmt::Error> {
        event!("sent", attempt = 1);
        submit(order_id);
        event!("answered");
        record!(note = 'x');
        Err(std::fmt::Error)
    }

    #[traced_stage(follows_from = [cause])]
    fn react(cause: &Context) {}

    let tree = tree(|| {
        let cause = {
            let _stage = stage!("decide", levels = vec![1, 2]);
            _ = send(7);
            Context::current()
        };
        react(&cause);
    });
    assert_eq!(
        tree,
        "decide levels=[1,2]\n\
         \x20 send (client) order_id=7 price=585.33 live=true note=\"x\" error.type=\"core::fmt::Error\" \
         tickspan.outcome=\"error\" [error]\n\
         \x20 - sent attempt=1\n\
         \x20 - answered\n\
         \x20   submit order_id=7\n\
         react follows:decide\n"
    );
}

#[test]
fn result_is_handed_back() {
    assert_eq!(capture(|| submit(7)).0, 7);
}

#[test]
#[should_panic(expected = "no span `cancel` in\nsubmit order_id=7\n")]
fn missing_span_is_told_with_the_tree() {
    seen(|| _ = submit(7)).span("cancel");
}

#[test]
#[should_panic(expected = "more than one span `submit` in\nsubmit order_id=7\nsubmit order_id=8\n")]
fn ambiguous_span_is_told_with_the_tree() {
    seen(|| _ = (submit(7), submit(8))).span("submit");
}

#[test]
fn parallel_captures_see_only_their_own() {
    const THREADS: u64 = 8;
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for number in 0..THREADS {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for round in 0..100 {
                    let order_id = number * 1_000 + round;
                    let tree = tree(|| {
                        let _stage = stage!("round", round);
                        submit(order_id);
                        event!("submitted");
                    });
                    assert_eq!(
                        tree,
                        format!("round round={round}\n- submitted\n  submit order_id={order_id}\n")
                    );
                }
            });
        }
    });
}

#[test]
fn threads_are_seen_that_got_the_context() {
    let tree = tree(|| {
        let _stage = stage!("spread");
        let context = Context::current();
        thread::scope(|scope| {
            scope.spawn(|| context.run(|| submit(1)));
            scope.spawn(|| settle(&context, 2));
            scope.spawn(|| submit(3));
        });
    });
    assert_eq!(
        sorted(&tree),
        ["  settle order_id=2", "  submit order_id=1", "spread"]
    );
}

#[test]
fn context_from_outside_of_any_stage_hands_the_capture_on() {
    let tree = tree(|| {
        let context = Context::current();
        thread::scope(|scope| {
            scope.spawn(|| context.run(|| submit(1)));
            scope.spawn(|| settle(&context, 2));
        });
    });
    assert_eq!(sorted(&tree), ["settle order_id=2", "submit order_id=1"]);
}

#[test]
fn stage_that_is_handed_on_keeps_what_it_has_where_one_above_has_ended() {
    let tree = tree(|| {
        let _stage = stage!("decide", level = 1);
        event!("begun");
        let inner = stage!("inner", side = 2);
        event!("inside");
        Context::default().run(|| {
            drop(inner);
            let context = Context::current();
            thread::scope(|scope| {
                scope.spawn(|| context.run(|| event!("filled")));
            });
        });
        event!("ended");
    });
    assert_eq!(
        tree,
        "decide level=1\n- begun\n- filled\n- ended\n  inner side=2\n  - inside\n"
    );
}

#[test]
fn jobs_of_a_pool_are_seen_that_got_the_context() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    let tree = tree(|| {
        let _stage = stage!("batch");
        let context = Context::current();
        pool.install(|| {
            (0..20_u64)
                .into_par_iter()
                .for_each(|order_id| _ = context.run(|| submit(order_id)));
        });
    });
    assert_eq!(tree.lines().count(), 21, "{tree}");
    assert_eq!(
        tree.lines()
            .filter(|line| line.starts_with("  submit"))
            .count(),
        20
    );
}

#[test]
fn futures_and_tasks_are_seen() {
    let on_one = Builder::new_current_thread().build().unwrap();
    let on_many = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for runtime in [on_one, on_many] {
        let tree = tree(|| {
            runtime.block_on(async {
                let spread = stage!("spread", async {
                    let context = Context::current();
                    let tasks: Vec<_> = (1..4)
                        .map(|order_id| tokio::spawn(context.clone().attach(fill(order_id))))
                        .collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
                spread.await;
                fill(4).await;
            });
        });
        assert_eq!(
            sorted(&tree),
            [
                "  - filled",
                "  - filled",
                "  - filled",
                "  fill order_id=1",
                "  fill order_id=2",
                "  fill order_id=3",
                "- filled",
                "fill order_id=4",
                "spread",
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_are_captured_within_a_runtime_each_by_itself() {
    async fn batch(first: u64) {
        let context = Context::current();
        let own = tokio::spawn(context.attach(fill(first)));
        let others = tokio::spawn(fill(first + 100));
        fill(first + 1).await;
        tracing::info_span!("settled").in_scope(|| event!("read"));
        own.await.unwrap();
        others.await.unwrap();
    }

    let batches = (0..50).map(|round| async move {
        let first = round * 1_000;
        let captured = tokio::spawn(capture_async(batch(first)));
        let ((), seen) = captured.await.unwrap();
        assert_eq!(
            sorted(&seen.tree()),
            [
                "- filled".to_owned(),
                "- filled".to_owned(),
                "- read".to_owned(),
                format!("fill order_id={first}"),
                format!("fill order_id={}", first + 1),
                "settled".to_owned(),
            ]
        );
    });
    futures::future::join_all(batches).await;
}

#[tokio::test]
async fn what_follows_a_captured_future_is_no_part_of_it() {
    let own = Capture::new();
    async {
        submit(1);
        let (order_id, seen) = capture_async(fill(2)).await;
        assert_eq!(
            (order_id, &*seen.tree()),
            (2, "fill order_id=2\n- filled\n")
        );
        fill(3).await;
        // One that is dropped ends its capture.
        let mut given_up = Box::pin(capture_async(fill(4)));
        assert!((&mut given_up).now_or_never().is_none());
        drop(given_up);
        submit(5);
    }
    .with_subscriber(own.dispatch())
    .await;
    assert_eq!(
        own.tree(),
        "submit order_id=1\nfill order_id=3\n  - filled message=<filled>\nsubmit order_id=5\n"
    );
}

/// Tests beside each other use the same code; the first to do so may be one that captures nothing.
#[test]
fn what_a_thread_without_a_capture_met_first_is_seen() {
    Child::of("what_a_thread_without_a_capture_met_first_is_seen", || {
        fn query() {
            tracing::info_span!("query").in_scope(|| submit(7));
        }
        let tree = tree(|| {
            thread::spawn(query).join().unwrap();
            query();
        });
        assert_eq!(tree, "query\n  submit order_id=7\n");
    })
    .run();
}

#[test]
fn spans_and_events_of_other_libraries_are_seen() {
    let tree = tree(|| {
        let request = tracing::info_span!("request", status = Empty);
        request.in_scope(|| {
            submit(7);
            tracing::debug!(attempt = 2, "answered");
        });
        request.record("status", 200);
        let _stage = stage!("settle");
        tracing::info_span!("query").in_scope(|| event!("read"));
        tracing::info!("settled");
    });
    assert_eq!(
        tree,
        "request status=200\n\
         - answered attempt=2\n\
         \x20 submit order_id=7\n\
         settle\n\
         - settled\n\
         \x20 query\n\
         \x20 - read\n"
    );
}

#[test]
fn panic_in_a_capture_ends_it() {
    let before = Capture::new();
    before.run(|| {
        let unwound = catch_unwind(|| {
            capture(|| {
                let _stage = stage!("decide");
                submit(7);
                resume_unwind(Box::new("halted"))
            })
        });
        assert_eq!(*unwound.unwrap_err().downcast::<&str>().unwrap(), "halted");
        // The thread's subscriber is back, and what follows is no part of a capture.
        submit(8);
    });
    assert_eq!(before.tree(), "submit order_id=8\n");
    assert_eq!(tree(|| _ = submit(9)), "submit order_id=9\n");
}

#[test]
fn panic_that_is_caught_in_a_capture_is_seen() {
    let tree = tree(|| {
        _ = catch_unwind(AssertUnwindSafe(|| {
            let _stage = stage!("decide");
            resume_unwind(Box::new(()))
        }));
        submit(7);
    });
    assert_eq!(
        tree,
        "decide error.type=\"panic\" tickspan.outcome=\"panicked\" [error]\nsubmit order_id=7\n"
    );
}

#[test]
fn capture_within_a_capture_keeps_its_own() {
    let mut inner = String::new();
    let outer = tree(|| {
        let _stage = stage!("outer");
        submit(1);
        inner = tree(|| {
            submit(2);
            event!("in no span");
        });
        event!("captured");
        submit(3);
    });
    assert_eq!(inner, "submit order_id=2\n");
    assert_eq!(
        outer,
        "outer\n- captured\n  submit order_id=1\n  submit order_id=3\n"
    );
}

#[test]
fn filters_of_other_subscribers_do_not_matter() {
    #[traced_stage(level = "trace")]
    fn look(order_id: u64) {
        event!(level: "debug", "looked");
        record!(order_id = order_id + 1);
    }

    let nothing = || tracing_subscriber::registry().with(LevelFilter::OFF);
    let expected = "look order_id=8\n- looked\n";
    let around = tracing::subscriber::with_default(nothing(), || tree(|| look(7)));
    assert_eq!(around, expected);
    let inside = tree(|| tracing::subscriber::with_default(nothing(), || look(7)));
    assert_eq!(inside, expected);
    let elsewhere = tree(|| {
        let context = Context::current();
        thread::scope(|scope| {
            scope.spawn(|| {
                tracing::subscriber::with_default(nothing(), || context.run(|| look(7)));
            });
        });
    });
    assert_eq!(elsewhere, expected);
}

#[test]
fn filters_of_the_process_do_not_matter_to_a_stage_with_a_captured_parent() {
    Child::of(
        "filters_of_the_process_do_not_matter_to_a_stage_with_a_captured_parent",
        || {
            let own = Capture::up_to(tracing::Level::ERROR);
            tracing::dispatcher::set_global_default(own.dispatch()).unwrap();
            let tree = tree(|| {
                let _stage = stage!("spread");
                let context = Context::current();
                thread::scope(|scope| {
                    scope.spawn(|| {
                        settle(&context, 1);
                        submit(2);
                    });
                });
            });
            assert_eq!(tree, "spread\n  settle order_id=1\n");
            assert_eq!(own.tree(), "");
        },
    )
    .run();
}

#[test]
fn late_attributes_pass_a_stage_that_neither_is_captured_nor_wanted() {
    #[traced_stage(level = "debug")]
    fn plain(order_id: u64) {
        let _ = order_id;
        record_filled();
    }

    #[traced_stage(level = "debug", fields(filled = Empty))]
    fn declaring(order_id: u64) {
        let _ = order_id;
        record_filled();
    }

    #[traced_stage(fields(filled = Empty))]
    fn around(order_id: u64, body: fn(u64)) {
        body(order_id);
    }

    fn record_filled() {
        record!(filled = 100);
    }

    let own = Capture::up_to(tracing::Level::INFO);
    let going_on = capture(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                own.run(|| {
                    around(1, plain);
                    around(2, declaring);
                });
            });
        });
    });
    assert_eq!(going_on.1.tree(), "");
    assert_eq!(
        own.tree(),
        "around order_id=1 filled=100\naround order_id=2\n"
    );
}

#[test]
fn subscriber_of_the_test_sees_nothing_meanwhile() {
    let own = Capture::new();
    own.run(|| {
        submit(1);
        assert_eq!(tree(|| _ = submit(2)), "submit order_id=2\n");
        submit(3);
    });
    assert_eq!(own.tree(), "submit order_id=1\nsubmit order_id=3\n");
}

#[test]
fn what_ends_after_a_capture_is_not_seen() {
    let (stage, seen) = capture(|| {
        submit(1);
        stage!("left_open")
    });
    assert_eq!(seen.tree(), "submit order_id=1\n");
    record!(late = 1);
    drop(stage);
    assert_eq!(tree(|| _ = submit(2)), "submit order_id=2\n");
}

#[test]
fn future_that_outlives_a_capture_goes_on_unseen() {
    let (mut filling, seen) = capture(|| {
        let mut filling = Box::pin(fill(1));
        assert_eq!((&mut filling).now_or_never(), None);
        filling
    });
    assert_eq!(seen.spans().len(), 0);
    let own = Capture::new();
    own.run(|| {
        futures::executor::block_on(&mut filling);
        submit(2);
    });
    // Whether its event is seen depends on whether other tests capture.
    assert_eq!(own.one("submit").field("order_id"), Some(&Value::I64(2)));
    assert!(own.recorded().iter().all(|it| it.metadata.name() != "fill"));
}

/// A span of another process.
fn remote(flags: TraceFlags) -> Context {
    Context::from_span_context(&SpanContext::new(
        TraceId::from(1),
        SpanId::from(2),
        flags,
        true,
        TraceState::default(),
    ))
}

#[test]
fn what_other_processes_led_to_is_seen_if_they_sampled_it() {
    let led_to = |caller: &Context| {
        seen(|| {
            settle(caller, 1);
            caller.run(|| submit(2));
        })
    };
    let sampled = led_to(&remote(TraceFlags::SAMPLED));
    assert_eq!(sampled.tree(), "settle order_id=1\nsubmit order_id=2\n");
    for span in sampled.spans() {
        assert_eq!(span.span_context.trace_id(), TraceId::from(1));
        assert_eq!(span.parent_span_id, SpanId::from(2));
        assert!(span.parent_span_is_remote);
    }
    assert_eq!(led_to(&remote(TraceFlags::NOT_SAMPLED)).tree(), "");
}

#[test]
fn context_of_another_capture_leads_to_that() {
    let mut first = None;
    let mut second = String::new();
    let outer = tree(|| {
        let _stage = stage!("outer");
        first = Some(Context::current());
        second = tree(|| {
            submit(1);
            settle(first.as_ref().unwrap(), 2);
        });
    });
    assert_eq!(second, "submit order_id=1\n");
    assert_eq!(outer, "outer\n  settle order_id=2\n");
}

#[test]
fn init_makes_no_difference() {
    Child::of("init_makes_no_difference", || {
        let exporter = InMemorySpanExporter::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(exporter.clone())
            .init()
            .unwrap();
        submit(1);
        let tree = tree(|| {
            let _stage = stage!("captured");
            submit(2);
            tracing::debug!("seen");
        });
        assert_eq!(tree, "captured\n- seen\n  submit order_id=2\n");
        submit(3);
        telemetry.flush(std::time::Duration::from_mins(1)).unwrap();
        assert_eq!(exporter.get_finished_spans().unwrap().len(), 2);
    })
    .run();
}

#[test]
fn captures_of_many_threads_into_one_keep_each_span_whole() {
    const THREADS: u64 = 8;
    const ORDERS: u64 = 50;
    let seen = seen(|| {
        let context = Arc::new(Context::current());
        thread::scope(|scope| {
            for number in 0..THREADS {
                let context = Arc::clone(&context);
                scope.spawn(move || {
                    context.run(|| {
                        for order in 0..ORDERS {
                            let _stage = stage!("order", order = number * ORDERS + order);
                            event!("placed", order = number * ORDERS + order);
                        }
                    });
                });
            }
        });
    });
    assert_eq!(seen.spans().len() as u64, THREADS * ORDERS);
    for span in seen.spans() {
        let event = span.events.iter().next().unwrap();
        assert_eq!(span.attributes[0].value, event.attributes[0].value);
    }
}
