//! The current stage of a thread, and how it is handed to another.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::pin::Pin;
use core::task::{self, Poll};

use pin_project_lite::pin_project;
use tracing::dispatcher::{self, DefaultGuard};
use tracing::instrument::Instrumented;
use tracing::span::Id;
use tracing::{Dispatch, Instrument, Span};

use super::Callsite;

/// A stage that is current on a thread: late attributes go to the innermost.
#[derive(Clone)]
pub(super) struct Frame {
    /// The span and its subscriber. The stage lives as long as its frame, so the span is open.
    pub(super) span: Id,
    pub(super) dispatch: Dispatch,
    pub(super) callsite: &'static Callsite,
}

/// Which frame of a thread it is.
#[derive(Clone, Copy)]
pub(super) struct Token(u64);

thread_local! {
    /// The innermost is the last. A place without a frame takes late attributes and drops them.
    static FRAMES: RefCell<Vec<(u64, Option<Frame>)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// The thread's innermost stage, if there is one and somebody wants it.
pub(super) fn current() -> Option<Frame> {
    // Cloned, for whoever records to it may come back here.
    FRAMES
        .try_with(|frames| frames.try_borrow().ok()?.last()?.1.clone())
        .ok()
        .flatten()
}

/// Puts a frame above the others. None where the thread's storage has been destroyed: then nothing is
/// current.
pub(super) fn push(frame: Option<Frame>) -> Option<Token> {
    let token = NEXT
        .try_with(|next| next.replace(next.get().wrapping_add(1)))
        .ok()?;
    FRAMES
        .try_with(|frames| {
            frames
                .try_borrow_mut()
                .ok()
                .map(|mut frames| frames.push((token, frame)))
        })
        .ok()
        .flatten()?;
    Some(Token(token))
}

/// Takes a frame away, wherever it is: guards may be dropped in any order.
pub(super) fn remove(token: Option<Token>) {
    let Some(Token(token)) = token else { return };
    let removed = FRAMES.try_with(|frames| {
        let mut frames = frames.try_borrow_mut().ok()?;
        let place = frames.iter().rposition(|(other, _)| *other == token)?;
        Some(frames.remove(place))
    });
    // Dropped here, when the frames can be borrowed again: a subscriber may go with it.
    drop(removed);
}

/// The span that is current, captured to be handed on: in a message, to a task, to a thread.
///
/// ```
/// use tickspan::{Context, traced_stage};
///
/// struct Order { quantity: u64, context: Context }
///
/// #[traced_stage]
/// fn submit(quantity: u64) -> Order {
///     Order { quantity, context: Context::current() }
/// }
///
/// #[traced_stage(kind = "consumer", parent = &order.context, skip(order))]
/// fn execute(order: &Order) -> u64 {
///     order.quantity
/// }
///
/// let order = submit(100);
/// let filled = std::thread::spawn(move || execute(&order)).join();
/// # assert_eq!(filled.unwrap(), 100);
/// ```
///
/// A context keeps its span alive, so that it can be a parent at any time: the span closes, and is
/// exported, when its stage has ended and the last context of it is dropped. What is exported says when the
/// span was last left: by its stage, or by [`run`](Self::run) and [`attach`](Self::attach), which enter it
/// again. Where no span is current, a context is empty, and a stage with an empty context as its parent
/// starts a trace.
#[derive(Clone, Default)]
pub struct Context {
    span: Option<Span>,
}

impl Context {
    /// Captures the current span.
    pub fn current() -> Self {
        let span = Span::current();
        Self {
            span: (!span.is_disabled()).then_some(span),
        }
    }

    /// Runs `f` with this context current: the stages in it are children of the captured span.
    ///
    /// Late attributes go to the stages inside, and to no other.
    ///
    /// ```
    /// let context = tickspan::Context::current();
    /// let worker = std::thread::spawn(move || context.run(|| 2 + 2));
    /// # assert_eq!(worker.join().unwrap(), 4);
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _apart = Apart::new(self.span.as_ref());
        match &self.span {
            Some(span) => span.in_scope(f),
            None => f(),
        }
    }

    /// A future in which this context is current whenever it is polled.
    ///
    /// ```
    /// # fn spawn(_: impl Future<Output = ()> + Send + 'static) {}
    /// async fn manage_position() {}
    ///
    /// let task = tickspan::Context::current().attach(manage_position());
    /// spawn(task); // tokio's, say
    /// ```
    pub fn attach<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        Attached {
            inner: future.instrument(self.into_span().unwrap_or_else(Span::none)),
        }
    }

    pub(super) fn into_span(mut self) -> Option<Span> {
        self.span.take()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(span) = self.span.take() {
            close(span);
        }
    }
}

/// Drops a span that may be another subscriber's than the thread's: under its own, for where it closes,
/// `tracing_subscriber` closes its parent in whichever is the thread's, and panics if that does not know it.
pub(super) fn close(span: Span) {
    let dispatch = span.with_subscriber(|(_, dispatch)| dispatch.clone());
    match dispatch {
        Some(dispatch) => dispatcher::with_default(&dispatch, || drop(span)),
        None => drop(span),
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.span.as_ref().and_then(Span::id);
        f.debug_tuple("Context").field(&id).finish()
    }
}

/// While this lives, the stages around are not current, and the subscriber is that of the span.
struct Apart {
    place: Option<Token>,
    _subscriber: Option<DefaultGuard>,
}

impl Apart {
    fn new(span: Option<&Span>) -> Self {
        Self {
            place: push(None),
            _subscriber: span.and_then(|span| {
                span.with_subscriber(|(_, dispatch)| dispatcher::set_default(dispatch))
            }),
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        remove(self.place);
    }
}

pin_project! {
    struct Attached<F> {
        #[pin]
        inner: Instrumented<F>,
    }
}

impl<F: Future> Future for Attached<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let _apart = Apart::new(Some(self.inner.span()));
        self.project().inner.poll(cx)
    }
}
