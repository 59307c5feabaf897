//! The current stage of a thread, and how it is handed to another.

use core::cell::Cell;
use core::fmt;

use tracing::span::Id;
use tracing::{Instrument, Span};

use super::Callsite;

/// The stage to which late attributes go.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The span's id; zero for a stage that nobody wants, whose late attributes go nowhere.
    pub(crate) span: u64,
    pub(crate) callsite: &'static Callsite,
}

thread_local! {
    static CURRENT: Cell<Option<Frame>> = const { Cell::new(None) };
}

/// The thread's innermost stage. None while the thread's storage is being destroyed.
pub(crate) fn current() -> Option<Frame> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

/// Makes `frame` the thread's innermost stage, and returns what was.
pub(crate) fn replace(frame: Option<Frame>) -> Option<Frame> {
    CURRENT
        .try_with(|current| current.replace(frame))
        .ok()
        .flatten()
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
/// A context keeps its span alive, so that it can be a parent at any time: a subscriber sees the span close
/// when its stage has ended and the last context of it is dropped. What is exported ends with the stage all
/// the same. Where no span is current, a context is empty, and a stage with an empty context as its
/// parent starts a trace.
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
    /// ```
    /// let context = tickspan::Context::current();
    /// let worker = std::thread::spawn(move || context.run(|| 2 + 2));
    /// # assert_eq!(worker.join().unwrap(), 4);
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let _restore = Restore(replace(None));
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
        future.instrument(self.span.unwrap_or_else(Span::none))
    }

    pub(crate) fn id(&self) -> Option<Id> {
        self.span.as_ref().and_then(Span::id)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.id()).finish()
    }
}

struct Restore(Option<Frame>);

impl Drop for Restore {
    fn drop(&mut self) {
        replace(self.0);
    }
}
