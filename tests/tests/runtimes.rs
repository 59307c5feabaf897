//! Asynchronous stages under tokio: on one thread and on many, spawned, selected, timed out, moved.

use std::time::Duration;

use tickspan::{Context, event, record, traced_stage};
use tickspan_tests::capture::Capture;
use tokio::runtime::{Builder, Runtime};
use tracing::instrument::WithSubscriber as _;

fn current_thread() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap()
}

#[traced_stage(fields(filled = tickspan::Empty))]
async fn execute(order_id: u64) -> Result<u64, std::num::TryFromIntError> {
    tokio::task::yield_now().await;
    route(order_id).await;
    record!(filled = order_id);
    tokio::task::yield_now().await;
    event!("executed");
    u64::try_from(i64::try_from(order_id)?)
}

#[traced_stage]
async fn route(order_id: u64) -> u64 {
    tokio::task::yield_now().await;
    order_id
}

#[traced_stage(root)]
async fn on_message(count: u64) {
    let context = Context::current();
    let orders: Vec<_> = (0..count)
        .map(|order_id| {
            let context = context.clone();
            tokio::spawn(
                context
                    .attach(async move { execute(order_id).await })
                    .with_current_subscriber(),
            )
        })
        .collect();
    for order in orders {
        order.await.unwrap().unwrap();
    }
}

/// One order's part of the tree: its own late attribute, its own child, its own event.
fn order(id: u64) -> String {
    format!(
        "  execute order_id={id} filled={id}\n    route order_id={id}\n    - executed message=<executed>\n"
    )
}

fn spawned_tasks_keep_their_stages(runtime: &Runtime) {
    const ORDERS: u64 = 64;
    let capture = Capture::new();
    runtime.block_on(on_message(ORDERS).with_subscriber(capture.dispatch()));
    let tree = capture.tree();
    let mut lines = tree.lines().count();
    for id in 0..ORDERS {
        assert!(
            tree.contains(&order(id)),
            "order {id} is not whole in\n{tree}"
        );
        lines -= 3;
    }
    assert!(tree.starts_with("on_message count=64\n"));
    assert_eq!(lines, 1, "{tree}");
}

#[test]
fn spawned_tasks_keep_their_stages_on_one_thread() {
    spawned_tasks_keep_their_stages(&current_thread());
}

#[test]
fn spawned_tasks_keep_their_stages_on_many_threads() {
    spawned_tasks_keep_their_stages(&multi_thread());
}

#[traced_stage]
async fn never_answers(order_id: u64) -> u64 {
    std::future::pending::<()>().await;
    order_id
}

#[test]
fn a_timeout_cancels_the_stage() {
    let capture = Capture::new();
    let late = async { tokio::time::timeout(Duration::from_secs(1), never_answers(1)).await };
    current_thread()
        .block_on(late.with_subscriber(capture.dispatch()))
        .unwrap_err();
    assert_eq!(
        capture.tree(),
        "never_answers order_id=1 tickspan.outcome=\"cancelled\"\n"
    );
}

#[test]
fn the_loser_of_a_select_is_cancelled() {
    let capture = Capture::new();
    let race = async {
        tokio::select! {
            biased;
            _ = never_answers(1) => unreachable!("it never answers"),
            answer = route(2) => answer,
        }
    };
    assert_eq!(
        current_thread().block_on(race.with_subscriber(capture.dispatch())),
        2
    );
    assert_eq!(
        capture.tree(),
        "never_answers order_id=1 tickspan.outcome=\"cancelled\"\nroute order_id=2\n"
    );
}

#[test]
fn an_aborted_task_is_cancelled() {
    let capture = Capture::new();
    multi_thread().block_on(
        async {
            let task = tokio::spawn(never_answers(1).with_current_subscriber());
            tokio::task::yield_now().await;
            while capture.recorded().is_empty() {
                tokio::task::yield_now().await;
            }
            task.abort();
            task.await.unwrap_err();
        }
        .with_subscriber(capture.dispatch()),
    );
    assert_eq!(
        capture.tree(),
        "never_answers order_id=1 tickspan.outcome=\"cancelled\"\n"
    );
}

#[test]
fn a_panicking_task_is_panicked_and_its_neighbour_is_not() {
    #[traced_stage]
    async fn panics(order_id: u64) {
        tokio::task::yield_now().await;
        panic!("order {order_id}");
    }

    let capture = Capture::new();
    current_thread().block_on(
        async {
            let panicking = tokio::spawn(panics(1).with_current_subscriber());
            let neighbour = tokio::spawn(route(2).with_current_subscriber());
            panicking.await.unwrap_err();
            neighbour.await.unwrap();
        }
        .with_subscriber(capture.dispatch()),
    );
    assert_eq!(
        capture.tree(),
        "panics order_id=1 otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" error.type=\"panic\"\n\
         route order_id=2\n"
    );
}

#[traced_stage]
async fn quiet(order_id: u64) -> u64 {
    order_id
}

/// Futures with the attribute can be sent, shared and unwound as those without.
#[test]
fn stages_do_not_take_auto_traits_away() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    fn is_unwind_safe<T: std::panic::UnwindSafe>(_: &T) {}
    is_unwind_safe(&quiet(1));
    is_send_and_sync(&execute(1));
    is_send_and_sync(&on_message(1));
}
