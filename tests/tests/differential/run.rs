//! Runs a program.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Waker, Poll};
use std::thread;

use futures::StreamExt as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use tickspan::{Context, StageGuard};
use tracing::instrument::Instrument as _;
use tracing::span::{EnteredSpan, Id};
use tracing::{Span, dispatcher};

use crate::program::{Below, Foreign, Made, Op, Ops, Origin, SLOTS, Site, Step, Task, Turn};
use crate::sites;
use crate::values::Values;

/// Runs a program to its end, however it ends. Nothing of it is left.
pub(crate) fn run(program: &Ops) {
    let world = Arc::new(World::default());
    _ = catch_unwind(AssertUnwindSafe(|| on_thread(|| world.ops(program))));
}

/// What unwinds. No hook is run for it, so nothing is printed.
struct Panic;

/// A guard that is kept on its thread.
#[expect(dead_code, reason = "they are kept to be dropped")]
enum Open {
    Stage(StageGuard),
    Foreign(EnteredSpan),
}

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

fn keep_open(guard: Open) {
    OPEN.with_borrow_mut(|open| open.push(guard));
}

/// Drops one of the guards that are kept, if there are any.
fn close(choice: usize) {
    let closed = OPEN.with_borrow_mut(|open| {
        let place = choice.checked_rem(open.len())?;
        Some(open.remove(place))
    });
    drop(closed);
}

/// Runs `f`, and drops the guards that it leaves on the thread, also when it unwinds.
fn on_thread(f: impl FnOnce()) {
    struct Closing;
    impl Drop for Closing {
        fn drop(&mut self) {
            for guard in OPEN.take() {
                drop(guard);
            }
        }
    }
    let _closing = Closing;
    f();
}

/// Runs `f` on a thread of its own, under this thread's subscriber. What unwinds there goes on here.
fn elsewhere(f: impl FnOnce() + Send) {
    let subscriber = dispatcher::get_default(Clone::clone);
    deep(|| dispatcher::with_default(&subscriber, || on_thread(f)));
}

/// Runs `f` on a thread whose stack holds any program, unoptimised.
pub(crate) fn deep<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    const STACK: usize = 32 << 20;
    let ended = thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, f)
            .expect("a thread can be started")
            .join()
    });
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}

type Future = Pin<Box<dyn core::future::Future<Output = ()> + Send>>;

/// What a program keeps.
#[derive(Default)]
struct World {
    last: AtomicI64,
    contexts: Mutex<[Option<Context>; SLOTS]>,
    spans: Mutex<[Option<Span>; SLOTS]>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// The number of the next span.
    fn next(&self) -> i64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    fn context(&self, origin: Origin) -> Context {
        match origin {
            Origin::Kept(slot) => lock(&self.contexts)[slot]
                .clone()
                .unwrap_or_else(Context::current),
            Origin::Remote(number) => Context::from_span_context(&remote(number)),
            Origin::Empty => Context::default(),
        }
    }

    fn contexts(&self, origins: &[Origin]) -> Vec<Context> {
        origins.iter().map(|origin| self.context(*origin)).collect()
    }

    fn span(&self, slot: usize) -> Option<Span> {
        lock(&self.spans)[slot].clone()
    }

    fn keep_span(&self, slot: usize, span: &Span) {
        let before = lock(&self.spans)[slot].replace(span.clone());
        drop(before);
    }

    fn ops(self: &Arc<Self>, ops: &[Op]) {
        for op in ops {
            self.op(op);
        }
    }

    fn op(self: &Arc<Self>, op: &Op) {
        match op {
            Op::Call(site, values, ops) => self.call(site, &Values::of(values), || self.ops(ops)),
            Op::Block(values, ops) => {
                let _stage = sites::guard(self.next(), &Values::of(values));
                self.ops(ops);
            }
            Op::Open(values) => {
                keep_open(Open::Stage(sites::guard(self.next(), &Values::of(values))));
            }
            Op::Close(choice) => close(*choice),
            Op::Event(tone, values) => sites::emit(*tone, &Values::of(values)),
            Op::Record(values) => sites::record_values(&Values::of(values)),
            Op::Keep(slot) => {
                let before = lock(&self.contexts)[*slot].replace(Context::current());
                drop(before);
            }
            Op::Run(origin, values, ops) => self.context(*origin).run(|| {
                sites::plain(self.next(), &Values::of(values), || self.ops(ops));
            }),
            Op::Thread(slot, ops) => {
                let context = self.context(Origin::Kept(*slot));
                elsewhere(|| context.run(|| self.ops(ops)));
            }
            Op::Panic => resume_unwind(Box::new(Panic)),
            Op::Catch(ops) => _ = catch_unwind(AssertUnwindSafe(|| self.ops(ops))),
            Op::Tasks(tasks, turns, finish) => self.tasks(tasks, turns, *finish),
            of_others => self.foreign_op(of_others),
        }
    }

    /// What other libraries do.
    fn foreign_op(self: &Arc<Self>, op: &Op) {
        match op {
            Op::Enter(slot, foreign, ops) => {
                let span = self.foreign(foreign);
                span.in_scope(|| {
                    self.keep_span(*slot, &span);
                    self.ops(ops);
                });
            }
            Op::OpenForeign(foreign) => {
                keep_open(Open::Foreign(self.foreign(foreign).entered()));
            }
            Op::Reenter(slot, values, ops) => {
                let span = self.span(*slot).unwrap_or_else(Span::none);
                span.in_scope(|| sites::plain(self.next(), &Values::of(values), || self.ops(ops)));
            }
            Op::ForeignEvent(tone, below, fields) => match below {
                Below::Current => sites::foreign_event(*tone, fields),
                Below::Nothing => sites::foreign_event_below(*tone, fields, None),
                Below::Kept(slot) => {
                    sites::foreign_event_below(*tone, fields, id(self.span(*slot)));
                }
            },
            Op::ForeignRecord(slot, late) => {
                if let Some(span) = self.span(*slot) {
                    sites::record_foreign(&span, late);
                }
            }
            Op::ForeignFollows(from, to) => {
                if let (Some(from), Some(to)) = (self.span(*from), self.span(*to)) {
                    from.follows_from(&to);
                }
            }
            _ => unreachable!("run by `op`"),
        }
    }

    fn foreign(&self, foreign: &Foreign) -> Span {
        let seq = self.next();
        match foreign.below {
            Below::Current => sites::foreign(seq, foreign),
            Below::Nothing => sites::foreign_below(seq, foreign, None),
            Below::Kept(slot) => sites::foreign_below(seq, foreign, id(self.span(slot))),
        }
    }

    fn call(&self, site: &Site, values: &Values, body: impl FnOnce()) {
        let seq = self.next();
        match site {
            Site::Plain => sites::plain(seq, values, body),
            Site::Kind(kind) => sites::of_kind(*kind, seq, values, body),
            Site::Ret => _ = sites::giving(seq, values, body),
            Site::Fallible(fault) => _ = sites::fallible(seq, values, *fault, body),
            Site::Err(fault) => _ = sites::erring(seq, values, *fault, body),
            Site::Mapped(fault) => _ = sites::mapped(seq, values, *fault, body),
            Site::Root => sites::rooted(seq, values, body),
            Site::Parent(origin) => sites::under(seq, values, &self.context(*origin), body),
            Site::SpanParent(slot) => {
                sites::under_span(seq, values, self.span(*slot).as_ref(), body);
            }
            Site::Follows(origins) => {
                sites::following(seq, values, &self.contexts(origins), body);
            }
            Site::SpanFollows(slots) => {
                let spans: Vec<_> = slots.iter().map(|slot| self.span(*slot)).collect();
                sites::following_spans(seq, values, &spans, body);
            }
        }
    }

    /// Polls and drops futures by turns.
    fn tasks(self: &Arc<Self>, tasks: &[Task], turns: &[Turn], finish: bool) {
        let mut futures: Vec<Option<Future>> =
            tasks.iter().map(|task| Some(self.future(task))).collect();
        for turn in turns {
            let (Turn::Poll(choice) | Turn::PollElsewhere(choice) | Turn::Drop(choice)) = *turn;
            let count = futures.len();
            let place = &mut futures[choice % count];
            match turn {
                Turn::Poll(_) => poll(place),
                Turn::PollElsewhere(_) => {
                    let context = Context::current();
                    elsewhere(|| context.run(|| poll(place)));
                }
                Turn::Drop(_) => *place = None,
            }
        }
        while finish && futures.iter().any(Option::is_some) {
            futures.iter_mut().for_each(poll);
        }
    }

    fn future(self: &Arc<Self>, task: &Task) -> Future {
        let (seq, values) = (self.next(), Values::of(&task.values));
        let body = self.steps(&task.steps);
        match &task.made {
            Made::Bare => body,
            Made::Async => Box::pin(sites::task(seq, values, body)),
            Made::AsyncErr(fault) => quietly(sites::erring_task(seq, values, *fault, body)),
            Made::AsyncRoot => Box::pin(sites::rooted_task(seq, values, body)),
            Made::AsyncParent(origin) => {
                Box::pin(sites::task_under(seq, values, self.context(*origin), body))
            }
            Made::AsyncFollows(origins) => Box::pin(sites::following_task(
                seq,
                values,
                self.contexts(origins),
                body,
            )),
            Made::Returned => Box::pin(sites::future(seq, &values, body)),
            Made::Boxed => quietly(sites::boxed(seq, &values, body)),
            Made::Block(fault) => quietly(sites::block(seq, &values, *fault, body)),
            Made::Attached(origin) => {
                Box::pin(self.context(*origin).attach(sites::task(seq, values, body)))
            }
            Made::Instrumented(foreign) => Box::pin(body.instrument(self.foreign(foreign))),
        }
    }

    fn steps(self: &Arc<Self>, steps: &[Step]) -> Future {
        let (world, steps) = (Arc::clone(self), steps.to_vec());
        Box::pin(async move {
            for step in &steps {
                world.step(step).await;
            }
        })
    }

    async fn step(self: &Arc<Self>, step: &Step) {
        match step {
            Step::Do(op) => self.op(op),
            Step::Yield => once_pending().await,
            Step::Await(task) => self.future(task).await,
            Step::Read(values, items, most) => {
                let mut items = VecDeque::from(items.clone());
                let world = Arc::clone(self);
                let next = move || {
                    let item = items.pop_front();
                    Poll::Ready(item.map(|ops| world.ops(&ops)))
                };
                let mut stream = sites::stream(self.next(), &Values::of(values), next);
                for _ in 0..*most {
                    if stream.next().await.is_none() {
                        break;
                    }
                    once_pending().await;
                }
            }
        }
    }
}

/// The id of a span that is kept, so that it stays open.
fn id(span: Option<Span>) -> Option<Id> {
    span?.id()
}

/// A future whose output nobody wants.
fn quietly<R>(future: impl core::future::Future<Output = R> + Send + 'static) -> Future {
    Box::pin(async move { _ = future.await })
}

/// Polls a future that is left; one that is done goes.
fn poll(place: &mut Option<Future>) {
    if let Some(future) = place {
        let mut waker = Waker::from_waker(std::task::Waker::noop());
        if future.as_mut().poll(&mut waker).is_ready() {
            *place = None;
        }
    }
}

/// Lets others run once.
async fn once_pending() {
    let mut waited = false;
    core::future::poll_fn(|_| {
        if core::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// A span of another process. The first has a trace state, the second a random trace id, and the last is not sampled.
pub(crate) fn remote(number: u8) -> SpanContext {
    const RANDOM: TraceFlags = TraceFlags::new(2);
    let (flags, state) = match number {
        0 => (TraceFlags::SAMPLED, "congo=t61rcWkgMzE,rojo=00f0"),
        1 => (TraceFlags::SAMPLED | RANDOM, ""),
        _ => (TraceFlags::NOT_SAMPLED, "congo=t61rcWkgMzE"),
    };
    SpanContext::new(
        TraceId::from(u128::from(number) + 1),
        SpanId::from(u64::from(number) + 1),
        flags,
        true,
        state.parse::<TraceState>().expect("a trace state"),
    )
}
