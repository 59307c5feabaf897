//! Futures whose stages lie in several lanes: they move between threads, end on another, or never.

use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context as Task, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::future::poll_fn;
use futures::stream::{Stream, StreamExt as _};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::{Telemetry, event, health, record, stage, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, integer, is_child};
use tokio::task::JoinSet;
use tracing::Instrument as _;

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

/// More than any test here makes.
const QUEUE: (&str, &str) = ("OTEL_BSP_MAX_QUEUE_SIZE", "100000");

const POLLS: u64 = 8;

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_summary(false)
        .with_console(false)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

fn poll(future: &mut Boxed) -> Poll<()> {
    future.as_mut().poll(&mut Task::from_waker(Waker::noop()))
}

/// Is pending once.
async fn once() {
    let mut polled = false;
    poll_fn(move |_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Polls futures to their ends, each poll on another thread than the one before.
fn poll_around(futures: Vec<Boxed>) {
    const THREADS: usize = 4;
    let (finish, finished) = mpsc::channel();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS)
        .map(|_| mpsc::channel::<Option<Boxed>>())
        .unzip();
    let threads: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(place, receiver)| {
            let (next, finish) = (senders[(place + 1) % THREADS].clone(), finish.clone());
            thread::spawn(move || {
                while let Ok(Some(mut future)) = receiver.recv() {
                    match poll(&mut future) {
                        Poll::Ready(()) => finish.send(()).unwrap(),
                        Poll::Pending => next.send(Some(future)).unwrap(),
                    }
                }
            })
        })
        .collect();
    let count = futures.len();
    for (future, sender) in futures.into_iter().zip(senders.iter().cycle()) {
        sender.send(Some(future)).unwrap();
    }
    for _ in 0..count {
        finished.recv().unwrap();
    }
    for sender in &senders {
        sender.send(None).unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

/// The numbers that the events of a span say, in their order.
fn numbers(span: &SpanData) -> Vec<i64> {
    let number = |value: &opentelemetry::Value| value.to_string().parse().unwrap();
    span.events
        .iter()
        .map(|event| number(&event.attributes[0].value))
        .collect()
}

#[traced_stage]
async fn order(order_id: u64) {
    for step in 0..POLLS {
        event!("step", step);
        if step == 3 {
            record!(halfway = true);
        }
        once().await;
    }
    record!(filled = order_id);
}

#[test]
fn a_stage_that_moves_between_threads_is_whole() {
    const ORDERS: u64 = 500;
    let child = Child::of("a_stage_that_moves_between_threads_is_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        for _ in 0..4 {
            let orders = (0..ORDERS).map(|id| Box::pin(order(id)) as Boxed);
            poll_around(orders.collect());
            telemetry.flush(SOON).unwrap();
            let mut spans = kept.take();
            spans.sort_by_key(|span| integer(span, "order_id"));
            assert_eq!(spans.len() as u64, ORDERS);
            for (id, span) in (0..).zip(&spans) {
                assert_eq!(integer(span, "order_id"), Some(id));
                assert_eq!(integer(span, "filled"), Some(id));
                assert_eq!(attribute(span, "halfway"), Some(&true.into()));
                assert_eq!(numbers(span), [0, 1, 2, 3, 4, 5, 6, 7]);
                assert_eq!(attribute(span, "tickspan.outcome"), None);
            }
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (4 * ORDERS, 0, 0),
            "{report}"
        );
        assert_eq!((health().parts_lost, health().too_late), (0, 0));
    });
    child.with(QUEUE.0, QUEUE.1).run();
}

/// A span of another library, which is told of links, attributes and events in each poll.
#[test]
fn a_tracing_span_that_moves_between_threads_is_whole() {
    const ORDERS: u64 = 500;
    let child = Child::of("a_tracing_span_that_moves_between_threads_is_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let followed: Vec<_> = (0..POLLS)
            .map(|_| tracing::info_span!("followed"))
            .collect();
        let orders = (0..ORDERS).map(|id| {
            let followed = followed.clone();
            let span = tracing::info_span!("order", id, halfway = tickspan::Empty);
            let order = async move {
                for (step, followed) in (0..).zip(followed) {
                    let span = tracing::Span::current();
                    span.follows_from(&followed);
                    if step == 3 {
                        span.record("halfway", true);
                    }
                    tracing::info!(step, "step");
                    once().await;
                }
            };
            Box::pin(order.instrument(span)) as Boxed
        });
        poll_around(orders.collect());
        drop(followed);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (ORDERS + POLLS, 0, 0),
            "{report}"
        );
        let mut spans = kept.named("order");
        spans.sort_by_key(|span| integer(span, "id"));
        for (id, span) in (0..).zip(&spans) {
            assert_eq!(integer(span, "id"), Some(id));
            assert_eq!(numbers(span), [0, 1, 2, 3, 4, 5, 6, 7]);
            assert_eq!(attribute(span, "halfway"), Some(&true.into()));
            assert_eq!(span.links.len() as u64, POLLS);
        }
    });
    child.with(QUEUE.0, QUEUE.1).run();
}

#[traced_stage]
async fn settle(order_id: u64) -> u64 {
    tokio::task::yield_now().await;
    event!("settling");
    let settled = confirm(order_id).await;
    tokio::task::yield_now().await;
    record!(settled);
    settled
}

#[traced_stage]
async fn confirm(order_id: u64) -> u64 {
    tokio::task::yield_now().await;
    order_id
}

#[test]
fn thousands_of_tasks_of_a_join_set_are_whole() {
    const TASKS: u64 = 3_000;
    let child = Child::of("thousands_of_tasks_of_a_join_set_are_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut tasks: JoinSet<_> = (0..TASKS).map(settle).collect();
            while let Some(settled) = tasks.join_next().await {
                settled.unwrap();
            }
        });
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (2 * TASKS, 0, 0),
            "{report}"
        );
        let [mut settled, mut confirmed] = ["settle", "confirm"].map(|name| kept.named(name));
        for spans in [&mut settled, &mut confirmed] {
            spans.sort_by_key(|span| integer(span, "order_id"));
        }
        assert_eq!((settled.len(), confirmed.len()), (3_000, 3_000));
        for (id, (settled, confirmed)) in (0..).zip(settled.iter().zip(&confirmed)) {
            assert_eq!(integer(settled, "order_id"), Some(id));
            assert_eq!(integer(settled, "settled"), Some(id));
            assert_eq!(settled.events.len(), 1);
            assert!(is_child(confirmed, settled));
        }
    });
    child.with(QUEUE.0, QUEUE.1).run();
}

/// Emits an event when it is dropped.
struct Released;

impl Drop for Released {
    fn drop(&mut self) {
        event!("released");
    }
}

#[traced_stage]
async fn waits(order_id: u64) {
    let _released = Released;
    event!("waiting");
    std::future::pending::<()>().await;
    record!(done = order_id);
}

#[test]
fn a_future_dropped_on_another_thread_is_cancelled_with_all_that_it_said() {
    Child::of(
        "a_future_dropped_on_another_thread_is_cancelled_with_all_that_it_said",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for id in 0..200 {
                let mut future = Box::pin(waits(id)) as Boxed;
                assert!(poll(&mut future).is_pending());
                thread::spawn(move || drop(future)).join().unwrap();
            }
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (200, 0, 0),
                "{report}"
            );
            for (id, span) in (0..).zip(kept.take()) {
                assert_eq!(integer(&span, "order_id"), Some(id));
                assert_eq!(
                    attribute(&span, "tickspan.outcome"),
                    Some(&"cancelled".into())
                );
                let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
                assert_eq!(events, ["waiting", "released"]);
            }
        },
    )
    .run();
}

#[traced_stage]
fn answers(order_id: u64) -> impl Future<Output = u64> {
    std::future::ready(order_id)
}

#[test]
fn a_future_that_is_never_polled_has_the_stage_of_its_call_only() {
    Child::of(
        "a_future_that_is_never_polled_has_the_stage_of_its_call_only",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            drop(order(1));
            drop(stage!("block", async {}));
            drop(answers(2));
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (2, 0, 0),
                "{report}"
            );
            for name in ["block", "answers"] {
                let span = kept.the(name);
                assert_eq!(
                    attribute(&span, "tickspan.outcome"),
                    Some(&"cancelled".into())
                );
            }
        },
    )
    .run();
}

#[traced_stage]
fn route(order_id: u64) -> impl Future<Output = ()> {
    record!(legs = 2);
    event!("routed");
    drop(stage!("check_limits"));
    stage!("send", order_id, async {})
}

#[test]
fn what_makes_a_future_runs_inside_the_stage_of_the_call() {
    Child::of(
        "what_makes_a_future_runs_inside_the_stage_of_the_call",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let around = stage!("around");
            let made = route(7);
            drop(stage!("meanwhile"));
            drop(around);
            futures::executor::block_on(made);
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.open, report.lost()), (0, 0), "{report}");
            let (around, route) = (kept.the("around"), kept.the("route"));
            assert!(is_child(&route, &around));
            assert!(is_child(&kept.the("meanwhile"), &around));
            for inside in ["check_limits", "send"] {
                assert!(is_child(&kept.the(inside), &route), "{inside}");
            }
            assert_eq!(attribute(&route, "legs"), Some(&2.into()));
            assert_eq!(route.events[0].name, "routed");
            assert!(around.events.is_empty() && around.attributes.is_empty());
        },
    )
    .run();
}

#[test]
fn the_loser_of_a_select_is_cancelled_and_the_winner_is_not() {
    Child::of(
        "the_loser_of_a_select_is_cancelled_and_the_winner_is_not",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap();
            runtime.block_on(async {
                for id in 0..100 {
                    let race = async move {
                        tokio::select! {
                            () = waits(id) => unreachable!("it never ends"),
                            settled = settle(id) => settled,
                        }
                    };
                    assert_eq!(tokio::spawn(race).await.unwrap(), id);
                }
            });
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.open, report.lost()), (0, 0), "{report}");
            let settled = kept.named("settle");
            assert_eq!(settled.len(), 100);
            for span in settled {
                assert_eq!(attribute(&span, "tickspan.outcome"), None);
            }
            // One that the race did not poll had not begun.
            for span in kept.named("polled") {
                assert_eq!(
                    attribute(&span, "tickspan.outcome"),
                    Some(&"cancelled".into())
                );
            }
        },
    )
    .run();
}

#[traced_stage]
fn quotes(order_id: u64) -> impl Stream<Item = u64> + Send {
    async_stream::stream! {
        for step in 0..POLLS {
            event!("step", step);
            once().await;
            yield step;
        }
        record!(filled = order_id);
    }
}

#[test]
fn a_stream_that_moves_between_threads_is_whole_and_one_that_is_dropped_is_cancelled() {
    const ORDERS: u64 = 200;
    let child = Child::of(
        "a_stream_that_moves_between_threads_is_whole_and_one_that_is_dropped_is_cancelled",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let consumers = (0..ORDERS).map(|id| {
                let consume = async move {
                    let mut quotes = pin!(quotes(id));
                    // Every second is left after three.
                    let most = if id % 2 == 0 { 3 } else { usize::MAX };
                    let taken = quotes.as_mut().take(most).count().await;
                    assert_eq!(taken as u64, if id % 2 == 0 { 3 } else { POLLS });
                };
                Box::pin(consume) as Boxed
            });
            poll_around(consumers.collect());
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (ORDERS, 0, 0),
                "{report}"
            );
            for span in kept.take() {
                let id = integer(&span, "order_id").unwrap();
                let outcome = attribute(&span, "tickspan.outcome");
                if id % 2 == 0 {
                    assert_eq!(numbers(&span), [0, 1, 2]);
                    assert_eq!(outcome, Some(&"cancelled".into()));
                } else {
                    assert_eq!(numbers(&span), [0, 1, 2, 3, 4, 5, 6, 7]);
                    assert_eq!((outcome, integer(&span, "filled")), (None, Some(id)));
                }
            }
        },
    );
    child.with(QUEUE.0, QUEUE.1).run();
}

#[traced_stage]
async fn panics(order_id: u64) {
    tokio::task::yield_now().await;
    event!("wrong");
    settle(order_id).await;
    std::panic::resume_unwind(Box::new(order_id));
}

#[test]
fn a_task_that_panics_is_panicked_and_its_neighbours_are_not() {
    Child::of(
        "a_task_that_panics_is_panicked_and_its_neighbours_are_not",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut tasks = JoinSet::new();
                for id in 0..100 {
                    tasks.spawn(panics(id));
                    tasks.spawn(async move { _ = settle(1_000 + id).await });
                }
                let mut failed = 0;
                while let Some(ended) = tasks.join_next().await {
                    failed += u64::from(ended.is_err());
                }
                assert_eq!(failed, 100);
            });
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (500, 0, 0),
                "{report}"
            );
            let panicked = kept.named("panics");
            assert_eq!(panicked.len(), 100);
            for span in panicked {
                assert_eq!(
                    attribute(&span, "tickspan.outcome"),
                    Some(&"panicked".into())
                );
                assert_eq!(span.events.len(), 1);
            }
            for span in kept.named("settle") {
                assert_eq!(attribute(&span, "tickspan.outcome"), None);
            }
        },
    )
    .run();
}

fn deep(stages: u64, then: &mut dyn FnMut()) {
    let _stage = stage!("deep");
    if stages > 1 {
        deep(stages - 1, then);
    } else {
        then();
    }
}

#[traced_stage]
async fn polled(times: u64) {
    for _ in 0..times {
        once().await;
    }
}

/// Where its stage cannot be current it goes on without, and its stage ends with it.
#[test]
fn a_future_that_is_polled_too_deep_keeps_its_stage() {
    let child = Child::of("a_future_that_is_polled_too_deep_keeps_its_stage", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let thread = thread::Builder::new().stack_size(256 << 20).spawn(|| {
            let mut futures: [Boxed; 2] = [Box::pin(polled(1)), Box::pin(polled(2))];
            for future in &mut futures {
                assert!(poll(future).is_pending());
            }
            let [short, long] = &mut futures;
            deep(4_096, &mut || {
                assert!(poll(short).is_ready());
                assert!(poll(long).is_pending());
            });
            assert!(poll(long).is_ready());
        });
        thread.unwrap().join().unwrap();
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (4_098, 0, 0),
            "{report}"
        );
        for span in kept.named("polled") {
            assert_eq!(attribute(&span, "tickspan.outcome"), None);
        }
    });
    child.with(QUEUE.0, QUEUE.1).run();
}

#[test]
fn a_flush_leaves_an_open_stage_open_and_whole() {
    Child::of("a_flush_leaves_an_open_stage_open_and_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let mut future = Box::pin(order(5)) as Boxed;
        for _ in 0..POLLS {
            assert!(poll(&mut future).is_pending());
            drop(stage!("other"));
            telemetry.flush(SOON).unwrap();
            assert_eq!(kept.take().len(), 1, "only what has ended is exported");
            assert_eq!(telemetry.report().open, 1);
        }
        assert!(poll(&mut future).is_ready());
        telemetry.flush(SOON).unwrap();
        let span = kept.the("order");
        assert_eq!(
            (integer(&span, "order_id"), integer(&span, "filled")),
            (Some(5), Some(5))
        );
        assert_eq!(numbers(&span), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(telemetry.shutdown(SOON).open, 0);
    })
    .run();
}

/// An attribute that is recorded in each poll, each on another thread: the last counts.
#[test]
fn the_last_of_late_attributes_counts_whichever_lane_is_read_first() {
    const ORDERS: u64 = 500;
    let child = Child::of(
        "the_last_of_late_attributes_counts_whichever_lane_is_read_first",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for _ in 0..4 {
                poll_around(
                    (0..ORDERS)
                        .map(|id| Box::pin(progresses(id)) as Boxed)
                        .collect(),
                );
                telemetry.flush(SOON).unwrap();
                for span in kept.take() {
                    assert_eq!(integer(&span, "progress"), Some(7));
                }
            }
        },
    );
    child.with(QUEUE.0, QUEUE.1).run();
}

#[traced_stage]
async fn progresses(order_id: u64) {
    for step in 0..POLLS {
        record!(progress = step);
        once().await;
    }
    _ = order_id;
}

/// Their ends are lost, on a thread without a lane: what was kept of them must not be in the way for ever.
#[test]
fn stages_whose_ends_were_lost_do_not_take_the_place_of_later_ones() {
    const LOST: u64 = 70_000;
    Child::of(
        "stages_whose_ends_were_lost_do_not_take_the_place_of_later_ones",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_lane_memory(1 << 20)
                .with_summary(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            drop(stage!("first"));
            let (send, receive) = mpsc::channel::<Boxed>();
            let without_lane = thread::spawn(move || receive.into_iter().for_each(drop));
            for id in 0..LOST {
                let mut future = Box::pin(settle_never(id)) as Boxed;
                assert!(poll(&mut future).is_pending());
                send.send(future).unwrap();
                if id % 5_000 == 0 {
                    telemetry.flush(SOON).unwrap();
                }
            }
            drop(send);
            without_lane.join().unwrap();
            assert_eq!(health().no_lane, LOST);
            let mut future = Box::pin(order(5)) as Boxed;
            while poll(&mut future).is_pending() {}
            telemetry.flush(SOON).unwrap();
            let span = kept.the("order");
            assert_eq!(integer(&span, "order_id"), Some(5));
            assert_eq!(numbers(&span), [0, 1, 2, 3, 4, 5, 6, 7]);
        },
    )
    .run();
}

#[traced_stage]
async fn settle_never(order_id: u64) {
    std::future::pending::<()>().await;
    record!(done = order_id);
}
