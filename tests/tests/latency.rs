//! What marks, clocks and scopes do: on one thread, in futures, across threads, on both routes.

use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context as Task, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::Stream;
use futures::executor::block_on;
use tickspan::{
    ClockScope, Context, LatencyStages, PathSummary, Route, StageClock, TailSampling, Telemetry,
    health, mark, stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::Kept;

#[derive(LatencyStages, Clone, Copy, Debug, PartialEq)]
enum Path {
    Received,
    Updated,
    Found,
    Sent,
}

#[derive(LatencyStages)]
#[latency(name = "ack", budget = "1ns")]
enum Ack {
    Sent,
    #[latency(name = "acknowledged", budget = "60s")]
    Acked,
}

const MARKS: [Path; 4] = [Path::Received, Path::Updated, Path::Found, Path::Sent];

/// Which of the marks a clock has.
fn made(clock: &StageClock<Path>) -> Vec<Path> {
    MARKS
        .into_iter()
        .filter(|mark| clock.is_marked(*mark))
        .collect()
}

/// The marks that are made while `f` runs.
fn marked<R>(f: impl FnOnce() -> R) -> Vec<Path> {
    let scope = StageClock::new().enter();
    f();
    made(&scope.into_clock())
}

#[traced_stage(mark = Path::Found)]
fn option(found: bool) -> Option<u8> {
    found.then_some(1)
}

#[traced_stage(mark = Path::Found, err)]
fn result(found: bool) -> Result<u8, &'static str> {
    if found { Ok(1) } else { Err("no") }
}

#[traced_stage(mark = Path::Found)]
fn both(found: Option<bool>) -> Result<Option<u8>, &'static str> {
    found.map_or(Err("no"), |found| Ok(found.then_some(1)))
}

#[traced_stage(mark = Path::Found, err(map = expected))]
fn expected_error() -> Result<u8, &'static str> {
    Err("no")
}

fn expected(_: &&'static str) -> Option<bool> {
    None
}

#[traced_stage(mark = Path::Found)]
fn early(found: bool) {
    if found {
        return;
    }
    panic!("as it was told");
}

#[traced_stage(mark = Path::Found)]
fn number(value: &u64) -> &u64 {
    value
}

#[traced_stage(mark = Path::Found)]
fn opaque() -> impl Iterator<Item = u8> {
    [1].into_iter()
}

#[traced_stage(mark = Path::Found)]
#[track_caller]
fn tracked(found: bool) -> Option<u8> {
    found.then_some(1)
}

#[traced_stage(mark(Path::Found, always), ret)]
fn always(value: Option<bool>) -> Result<bool, &'static str> {
    assert!(value.is_none_or(|value| value), "as it was told");
    value.ok_or("no")
}

#[traced_stage(mark(Path::Found, always))]
fn always_in_place(panics: bool) {
    assert!(!panics, "as it was told");
}

fn panicking(f: impl FnOnce()) -> Vec<Path> {
    marked(|| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    })
}

#[test]
fn a_stage_marks_where_it_did_what_it_is_for() {
    assert_eq!(marked(|| option(true)), [Path::Found]);
    assert_eq!(marked(|| option(false)), []);
    assert_eq!(marked(|| result(true)), [Path::Found]);
    assert_eq!(marked(|| result(false)), []);
    assert_eq!(marked(|| both(Some(true))), [Path::Found]);
    assert_eq!(marked(|| both(Some(false))), []);
    assert_eq!(marked(|| both(None)), []);
    assert_eq!(marked(expected_error), []);
    assert_eq!(marked(|| early(true)), [Path::Found]);
    assert_eq!(panicking(|| early(false)), []);
    assert_eq!(marked(|| _ = number(&1)), [Path::Found]);
    assert_eq!(marked(opaque), [Path::Found]);
    // What it returns is not looked at.
    assert_eq!(marked(|| tracked(false)), [Path::Found]);
}

#[test]
fn always_marks_however_a_stage_ends() {
    assert_eq!(marked(|| always(Some(true))), [Path::Found]);
    assert_eq!(marked(|| always(None)), [Path::Found]);
    assert_eq!(panicking(|| _ = always(Some(false))), [Path::Found]);
    assert_eq!(marked(|| always_in_place(false)), [Path::Found]);
    assert_eq!(panicking(|| always_in_place(true)), [Path::Found]);
}

#[test]
fn a_stage_that_runs_while_its_thread_unwinds_marks() {
    struct Marks;

    impl Drop for Marks {
        fn drop(&mut self) {
            early(true);
        }
    }

    let seen = panicking(|| {
        let _marks = Marks;
        panic!("as it was told");
    });
    assert_eq!(seen, [Path::Found]);
}

/// Is pending once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

#[traced_stage(mark = Path::Found)]
async fn later(found: bool) -> Option<u8> {
    Yield(false).await;
    mark(Path::Updated);
    found.then_some(1)
}

#[traced_stage(mark(Path::Found, always))]
async fn always_later() {
    Yield(false).await;
    Yield(false).await;
}

#[traced_stage(mark = Path::Found)]
fn boxed(found: bool) -> std::pin::Pin<Box<dyn Future<Output = Option<u8>> + Send>> {
    Box::pin(async move {
        Yield(false).await;
        found.then_some(1)
    })
}

#[traced_stage(mark = Path::Found)]
fn returned(found: bool) -> impl Future<Output = Option<u8>> {
    async move {
        Yield(false).await;
        found.then_some(1)
    }
}

#[traced_stage(mark = Path::Found)]
fn stream(items: u8) -> impl Stream<Item = u8> {
    futures::stream::iter(0..items)
}

#[traced_stage(mark = Path::Found)]
async fn never() -> ! {
    std::future::pending().await
}

fn poll_once(future: impl Future) -> bool {
    let mut cx = Task::from_waker(Waker::noop());
    pin!(future).poll(&mut cx).is_ready()
}

#[test]
fn a_future_marks_when_it_is_done() {
    let found = |future| made(&block_on(StageClock::new().attach(future)).1);
    assert_eq!(found(later(true)), [Path::Updated, Path::Found]);
    let found = |future| made(&block_on(StageClock::new().attach(future)).1);
    assert_eq!(found(boxed(true)), [Path::Found]);
    assert_eq!(found(boxed(false)), []);
    let found = |future| made(&block_on(StageClock::new().attach(future)).1);
    assert_eq!(found(returned(true)), [Path::Found]);
    let stream = async {
        use futures::StreamExt as _;
        stream(3).count().await
    };
    assert_eq!(
        made(&block_on(StageClock::new().attach(stream)).1),
        [Path::Found]
    );
}

#[test]
fn a_future_that_is_dropped_marks_only_always() {
    let dropped = |future: &mut dyn FnMut()| marked(future);
    assert_eq!(dropped(&mut || assert!(!poll_once(later(true)))), []);
    assert_eq!(
        dropped(&mut || assert!(!poll_once(always_later()))),
        [Path::Found]
    );
    assert_eq!(dropped(&mut || drop(always_later())), []);
    assert_eq!(dropped(&mut || assert!(!poll_once(never()))), []);
}

#[test]
fn a_future_keeps_the_clock_of_its_first_poll() {
    let mut future = pin!(later(true));
    let mut cx = Task::from_waker(Waker::noop());
    let mut first = StageClock::new().enter();
    assert!(future.as_mut().poll(&mut cx).is_pending());
    let second = marked(|| assert!(future.as_mut().poll(&mut cx).is_ready()));
    assert_eq!(second, []);
    first.mark(Path::Received);
    let expected = [Path::Received, Path::Updated, Path::Found];
    assert_eq!(made(&first.into_clock()), expected);
}

#[test]
fn a_future_that_a_function_returns_takes_the_clock_of_the_call_or_of_who_polls_it() {
    let called = StageClock::new().enter();
    let (alone, attached) = (boxed(true), boxed(true));
    thread::spawn(move || {
        block_on(alone);
        let clock = block_on(StageClock::new().attach(attached)).1;
        assert_eq!(made(&clock), [Path::Found]);
    })
    .join()
    .unwrap();
    assert_eq!(made(&called.into_clock()), [Path::Found]);
}

#[test]
fn a_future_that_waits_leaves_the_clock_of_others_alone() {
    let waits = async {
        let scope = StageClock::<Ack>::new().enter();
        Yield(false).await;
        scope.into_clock()
    };
    let mut waits = pin!(StageClock::<Ack>::new().attach(waits));
    let mut cx = Task::from_waker(Waker::noop());
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    // Neither the future's clock nor that of the scope in it.
    assert!(StageClock::<Ack>::current().is_none());
}

#[test]
fn the_innermost_clock_of_a_path_is_marked() {
    let mut outer = StageClock::new().enter();
    let ack = StageClock::<Ack>::new().enter();
    mark(Path::Received);
    let inner = StageClock::new().enter();
    mark(Path::Updated);
    mark(Ack::Sent);
    assert_eq!(made(&inner.into_clock()), [Path::Updated]);
    outer.mark(Path::Sent);
    assert!(ack.into_clock().is_marked(Ack::Sent));
    assert_eq!(made(&outer.into_clock()), [Path::Received, Path::Sent]);
    mark(Path::Found); // nowhere
    assert!(StageClock::<Path>::current().is_none());
}

#[test]
fn scopes_may_end_in_any_order() {
    let outer = StageClock::<Path>::new().enter();
    let inner = StageClock::<Ack>::new().enter();
    drop(outer);
    mark(Path::Found);
    mark(Ack::Sent);
    assert!(inner.into_clock().is_marked(Ack::Sent));
    assert!(StageClock::<Path>::current().is_none());
    let again = StageClock::<Path>::new().enter();
    mark(Path::Found);
    assert_eq!(made(&again.into_clock()), [Path::Found]);
}

#[test]
fn a_clock_is_found_behind_one_that_ended_first() {
    let around = StageClock::<Path>::new().enter();
    let outer = StageClock::<Ack>::new().enter();
    let inner = StageClock::<Ack>::new().enter();
    drop(outer);
    mark(Path::Received);
    drop(inner);
    mark(Path::Found);
    assert_eq!(made(&around.into_clock()), [Path::Received, Path::Found]);
    assert!(StageClock::<Path>::current().is_none());
}

#[test]
fn a_clock_rides_through_threads_in_a_message() {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        let clock: StageClock<Path> = receiver.recv().unwrap();
        let mut scope = clock.enter();
        option(true);
        scope.mark(Path::Sent);
        scope.into_clock()
    });
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    sender.send(clock).unwrap();
    let clock = worker.join().unwrap();
    assert_eq!(made(&clock), [Path::Received, Path::Found, Path::Sent]);
    let whole = clock.elapsed(Path::Received, Path::Sent).unwrap();
    let hops = [Path::Received, Path::Found].map(|from| {
        let to = if from == Path::Found {
            Path::Sent
        } else {
            Path::Found
        };
        clock.elapsed(from, to).unwrap()
    });
    assert!(whole.abs_diff(hops.iter().sum()) <= Duration::from_nanos(2));
    assert_eq!(clock.elapsed(Path::Sent, Path::Received), None);
    assert_eq!(clock.elapsed(Path::Received, Path::Updated), None);
}

#[test]
fn a_context_takes_the_clock_to_other_threads() {
    let scope = StageClock::new().enter();
    let context = Context::current();
    let threads = [false, true].map(|found| {
        let context = context.clone();
        thread::spawn(move || {
            context.run(|| {
                option(found);
                if found {
                    mark(Path::Updated);
                }
                StageClock::<Path>::current().unwrap()
            })
        })
    });
    let seen = threads.map(|thread| thread.join().unwrap());
    assert!(seen[1].is_marked(Path::Found));
    let tasks = Context::current().attach(later(true));
    let task = thread::spawn(|| block_on(tasks));
    task.join().unwrap();
    assert_eq!(made(&scope.into_clock()), [Path::Updated, Path::Found]);
    // The scope has ended: whoever still has the context marks nothing.
    context.run(|| {
        option(true);
        assert!(StageClock::<Path>::current().is_none());
    });
}

#[test]
fn a_context_without_a_clock_hides_that_of_its_thread() {
    let without = Context::current();
    let scope = StageClock::new().enter();
    without.run(|| mark(Path::Found));
    // It says nothing of clocks.
    Context::default().run(|| mark(Path::Sent));
    assert_eq!(made(&scope.into_clock()), [Path::Sent]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_many_messages_each_mark_their_own_clock() {
    async fn on_message(marks: bool) -> StageClock<Path> {
        let body = async {
            let task = tokio::spawn(Context::current().attach(later(marks)));
            tokio::task::yield_now().await;
            if marks {
                mark(Path::Sent);
            }
            task.await.unwrap();
        };
        StageClock::new().attach(body).await.1
    }
    let tasks: Vec<_> = (0..200)
        .map(|message| tokio::spawn(on_message(message % 2 == 0)))
        .collect();
    for (message, task) in tasks.into_iter().enumerate() {
        let expected: &[Path] = if message % 2 == 0 {
            &[Path::Updated, Path::Found, Path::Sent]
        } else {
            &[Path::Updated]
        };
        assert_eq!(made(&task.await.unwrap()), expected);
    }
}

#[test]
fn a_clock_goes_to_another_process_and_back() {
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    let mut there = StageClock::<Path>::from_bytes(&clock.to_bytes()).unwrap();
    there.mark(Path::Received);
    there.mark(Path::Updated);
    let back = StageClock::<Path>::from_bytes(&there.to_bytes()).unwrap();
    assert_eq!(made(&back), [Path::Received, Path::Updated]);
    let between = |clock: &StageClock<Path>| clock.elapsed(Path::Received, Path::Updated).unwrap();
    // Ticks of one clock are compared with times of day of another: both count nanoseconds.
    assert!(between(&back) < Duration::from_secs(10));
    assert!(between(&there).abs_diff(between(&back)) < Duration::from_secs(5));
    assert!(StageClock::<Ack>::from_bytes(&clock.to_bytes()).is_err());
    assert!(format!("{back:?}").starts_with("{received: 0ns, updated: "));
}

#[test]
fn a_clock_is_plain_data() {
    fn is_plain<T: Copy + Send + Sync + 'static>() {}
    is_plain::<StageClock<Path>>();
    assert_eq!(size_of::<StageClock<Path>>(), 40);
    assert_eq!(StageClock::<Path>::default(), StageClock::new());
    let bytes = StageClock::<Path>::new().to_bytes();
    assert_eq!(bytes.len(), 10);
    drop(sent(StageClock::new()));
}

fn sent(clock: StageClock<Path>) -> impl Future + Send {
    clock.attach(std::future::ready(()))
}

fn path<'a>(paths: &'a [PathSummary], name: &str) -> &'a PathSummary {
    paths.iter().find(|path| path.name == name).unwrap()
}

/// Each kind of end and of fault, once.
fn program() {
    let mut clock = StageClock::new();
    for mark in MARKS {
        clock.mark(mark);
    }
    clock.finish();

    let mut skipping = StageClock::new();
    skipping.mark(Path::Received);
    skipping.mark(Path::Found);
    skipping.mark(Path::Found);
    skipping.mark(Path::Sent);
    skipping.finish();

    let mut backwards = StageClock::new();
    backwards.mark(Path::Sent);
    // Another tick, whatever the clock's resolution.
    while {
        let mut probe = backwards;
        probe.mark(Path::Received);
        probe
            .elapsed(Path::Sent, Path::Received)
            .is_none_or(|hop| hop.is_zero())
    } {}
    backwards.mark(Path::Received);
    backwards.finish();

    drop(StageClock::<Path>::new().enter());
    assert!(!poll_once(StageClock::<Path>::new().attach(Yield(false))));
    drop(StageClock::<Path>::new().attach(Yield(false)));
    _ = StageClock::<Path>::new().enter().into_clock();
    let mut ack: ClockScope<Ack> = StageClock::new().enter();
    ack.mark(Ack::Sent);
    while ack
        .clock()
        .elapsed(Ack::Sent, Ack::Acked)
        .is_none_or(|hop| hop.as_nanos() < 2)
    {
        let mut probe = ack.clock();
        probe.mark(Ack::Acked);
        if probe
            .elapsed(Ack::Sent, Ack::Acked)
            .is_some_and(|hop| hop.as_nanos() >= 2)
        {
            ack.mark(Ack::Acked);
        }
    }
    ack.finish();
}

fn assert_program(telemetry: &Telemetry) {
    telemetry.flush(Duration::from_mins(1)).unwrap();
    let paths = telemetry.summary().paths;
    let order = path(&paths, "path");
    assert_eq!((order.finished, order.dropped), (3, 3));
    let counts: Vec<_> = order
        .hops
        .iter()
        .map(|hop| (&*hop.name, hop.all.count, hop.recent.count))
        .collect();
    assert_eq!(
        counts,
        [
            ("received_to_updated", 1, 1),
            ("received_to_found", 1, 1),
            ("updated_to_found", 1, 1),
            ("found_to_sent", 2, 2),
            ("end_to_end", 2, 2),
        ]
    );
    let faults: Vec<_> = order
        .marks
        .iter()
        .map(|mark| (&*mark.name, mark.unmarked, mark.repeated, mark.backwards))
        .collect();
    assert_eq!(
        faults,
        [
            ("received", 0, 0, 0),
            ("updated", 2, 0, 0),
            ("found", 1, 1, 0),
            ("sent", 0, 0, 1),
        ]
    );
    let ack = path(&paths, "ack");
    let over: Vec<_> = ack
        .hops
        .iter()
        .map(|hop| (&*hop.name, hop.over_budget))
        .collect();
    assert_eq!(over, [("sent_to_acknowledged", 0), ("end_to_end", 1)]);
}

fn counted_on(route: Route) {
    let telemetry = tickspan::builder().with_route(route).init().unwrap();
    program();
    assert_program(&telemetry);
    drop(telemetry);
    assert_eq!(health().latency_lost, 0);
    // What ends after telemetry is not counted with it.
    program();
}

#[test]
fn clocks_are_counted_on_the_lane_route() {
    let finished = Child::of("clocks_are_counted_on_the_lane_route", || {
        counted_on(Route::Lane);
        assert_eq!(health().after_end, 7);
    })
    .run();
    let table: Vec<&str> = finished.stderr.lines().collect();
    let line = |start: &str| table.iter().any(|line| line.starts_with(start));
    assert!(line("path ack"), "{}", finished.stderr);
    assert!(line("received_to_found"), "{}", finished.stderr);
    assert!(
        line(
            "3 finished, 3 dropped; unmarked: updated 2, found 1; repeated: found 1; backwards: sent 1"
        ),
        "{}",
        finished.stderr
    );
}

#[test]
fn clocks_are_counted_on_the_tracing_route() {
    let finished = Child::of("clocks_are_counted_on_the_tracing_route", || {
        counted_on(Route::Tracing);
    })
    .run();
    assert!(
        finished.stderr.contains("received_to_updated"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_clock_that_comes_after_its_sender_is_measured_by_the_time_of_day() {
    Child::of(
        "a_clock_that_comes_after_its_sender_is_measured_by_the_time_of_day",
        || {
            let telemetry = tickspan::init().unwrap();
            // A second ago, and a minute ahead of us, by another's clock.
            for (ahead, at) in [(false, 1_000_000_000_i128), (true, -60_000_000_000)] {
                let mut bytes = {
                    let mut clock = StageClock::<Path>::new();
                    clock.mark(Path::Received);
                    clock.to_bytes().to_vec()
                };
                let unix = i128::from(u64::from_be_bytes(bytes[10..18].try_into().unwrap()));
                let unix = u64::try_from(unix - at).unwrap();
                bytes[10..18].copy_from_slice(&unix.to_be_bytes());
                let mut clock = StageClock::<Path>::from_bytes(&bytes).unwrap();
                clock.mark(Path::Updated);
                let elapsed = clock.elapsed(Path::Received, Path::Updated);
                assert_eq!(elapsed.is_none(), ahead);
                clock.finish();
            }
            telemetry.flush(Duration::from_mins(1)).unwrap();
            let paths = telemetry.summary().paths;
            let hop = paths[0].hop("received_to_updated").unwrap();
            assert_eq!(hop.all.count, 1);
            let (least, most) = (Duration::from_millis(999), Duration::from_secs(10));
            assert!((least..most).contains(&hop.all.p50), "{:?}", hop.all.p50);
            let backwards = paths[0].marks.iter().map(|mark| mark.backwards);
            assert_eq!(backwards.collect::<Vec<_>>(), [0, 1, 0, 0]);
        },
    )
    .run();
}

#[test]
fn hops_become_spans_if_they_are_asked_for() {
    Child::of("hops_become_spans_if_they_are_asked_for", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_hop_spans(true)
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        {
            let _stage = stage!("on_message");
            let mut clock = StageClock::new();
            clock.mark(Path::Received);
            clock.mark(Path::Updated);
            clock.mark(Path::Sent);
            clock.finish();
        }
        // Outside of any stage there is no span for a parent.
        let mut clock = StageClock::new();
        clock.mark(Path::Received);
        clock.mark(Path::Found);
        clock.finish();
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let parent = kept.the("on_message");
        let (first, second) = (kept.the("received_to_updated"), kept.the("updated_to_sent"));
        for hop in [&first, &second] {
            assert_eq!(hop.parent_span_id, parent.span_context.span_id());
            assert_eq!(hop.span_context.trace_id(), parent.span_context.trace_id());
            assert_eq!(hop.attributes.len(), 1);
            assert_eq!(hop.attributes[0].key.as_str(), "tickspan.latency.path");
        }
        assert_ne!(first.span_context.span_id(), second.span_context.span_id());
        assert_eq!(first.end_time, second.start_time);
        assert!(parent.start_time <= first.start_time && second.end_time <= parent.end_time);
        assert_eq!(kept.take().len(), 3);
        let report = telemetry.shutdown(Duration::from_mins(1));
        let exported = report.exporters[0].exported;
        assert_eq!(
            (report.made, exported, report.lost()),
            (3, 3, 0),
            "{report}"
        );
    })
    .run();
}

#[test]
fn a_path_over_its_budget_keeps_its_trace_whole() {
    Child::of("a_path_over_its_budget_keeps_its_trace_whole", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_tail_sampling(TailSampling::keep_ratio(0.0))
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        for slow in [false, true] {
            let _root = stage!("root", slow);
            drop(stage!("before"));
            let mut clock = StageClock::new();
            clock.mark(Ack::Sent);
            while slow && {
                let mut probe = clock;
                probe.mark(Ack::Acked);
                probe.elapsed(Ack::Sent, Ack::Acked) < Some(Duration::from_nanos(2))
            } {}
            if slow {
                clock.mark(Ack::Acked);
            }
            clock.finish();
            drop(stage!("after"));
        }
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let spans = kept.take();
        assert_eq!(spans.len(), 3, "{spans:#?}");
        assert_eq!(
            spans[0].span_context.trace_id(),
            spans[2].span_context.trace_id()
        );
    })
    .run();
}

#[test]
fn unsampled_traces_are_measured() {
    Child::of("unsampled_traces_are_measured", || {
        let telemetry = tickspan::builder()
            .with_hop_spans(true)
            .with_span_exporter(Kept::default())
            .init()
            .unwrap();
        {
            let _stage = stage!("on_message");
            program();
        }
        assert_program(&telemetry);
        let report = telemetry.shutdown(Duration::from_mins(1));
        assert_eq!(report.exporters[0].exported, 0, "{report}");
    })
    .with("OTEL_TRACES_SAMPLER", "always_off")
    .run();
}

#[test]
fn marks_do_not_depend_on_the_level_of_their_stage() {
    Child::of("marks_do_not_depend_on_the_level_of_their_stage", || {
        let _telemetry = tickspan::init().unwrap();
        assert_eq!(marked(|| option(true)), [Path::Found]);
        assert_eq!(marked(|| early(true)), [Path::Found]);
        let clock = block_on(StageClock::new().attach(later(true))).1;
        assert_eq!(made(&clock), [Path::Updated, Path::Found]);
    })
    .with("RUST_LOG", "off")
    .run();
}

#[test]
fn clocks_beyond_the_most_are_counted_and_marked_by_hand() {
    Child::of(
        "clocks_beyond_the_most_are_counted_and_marked_by_hand",
        || {
            let scopes: Vec<ClockScope<Ack>> =
                (0..8_192).map(|_| StageClock::new().enter()).collect();
            assert_eq!(health().clocks_unseen, 0);
            let mut scope = StageClock::new().enter();
            assert_eq!(health().clocks_unseen, 1);
            option(true);
            scope.mark(Path::Sent);
            assert_eq!(made(&scope.into_clock()), [Path::Sent]);
            drop(scopes);
            assert_eq!(marked(|| option(true)), [Path::Found]);
        },
    )
    .run();
}
