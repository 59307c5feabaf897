//! The current stage of a thread, and how it is handed to another.

use core::fmt;
use core::pin::Pin;
use core::task::{self, Poll};
#[cfg(feature = "init")]
use std::sync::Arc;

use pin_project_lite::pin_project;
use tracing::Span;
use tracing::dispatcher::{self, DefaultGuard};

#[cfg(feature = "init")]
use super::lane::{self, Handed};
use super::latency::Entered;
use super::latency::slots::{self, ClockRef};
use super::parent::Parent;
use super::thread::{self, Frame};
use super::tracing_route::close_span;
#[cfg(feature = "init")]
use crate::propagate::Carried;

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
/// Where no span is current, a context is empty, and a stage with an empty context as its parent starts a
/// trace.
///
/// After [`init`](crate::init) a context is a copy of the span's ids: it costs nothing to keep, and the span ends
/// with its stage. Where stages are `tracing` spans, a context keeps its span alive: the span closes, and is
/// exported, when its stage has ended and the last context of it is dropped. What is exported then says when the
/// span was last left: by its stage, or by [`run`](Self::run) and [`attach`](Self::attach), which enter it
/// again.
///
/// The [`StageClock`](crate::StageClock) that is current goes along: what [`run`](Self::run) and
/// [`attach`](Self::attach) run marks it, for as long as its scope goes on. `parent = ..` alone does not hand it on.
#[derive(Clone, Default)]
pub struct Context {
    held: Held,
    /// The current latency clock, or that there was none. Nothing where it is not known.
    clock: Option<ClockRef>,
}

#[derive(Clone, Default)]
enum Held {
    #[default]
    Nothing,
    Span(Span),
    #[cfg(feature = "init")]
    Lane(Handed),
    /// A span of `tracing`'s, with baggage of this context's own.
    #[cfg(feature = "init")]
    With(Span, Arc<Carried>),
}

impl Held {
    fn current() -> Self {
        #[cfg(feature = "init")]
        if let Some(handed) = crate::context::current() {
            lane::hand_on();
            return Self::Lane(handed);
        }
        #[cfg(feature = "init")]
        if matches!(lane::mode(), lane::Mode::Lane | lane::Mode::Ended) {
            return Self::Nothing;
        }
        let span = Span::current();
        if span.is_disabled() {
            Self::Nothing
        } else {
            Self::Span(span)
        }
    }
}

impl Context {
    /// Captures the current span, and the current latency clock.
    pub fn current() -> Self {
        Self {
            held: Held::current(),
            clock: Some(slots::current().handed()),
        }
    }

    #[cfg(feature = "init")]
    pub(crate) fn of_handed(handed: Handed) -> Self {
        Self {
            held: Held::Lane(handed),
            clock: None,
        }
    }

    /// What is handed on, where that is no span of `tracing`'s.
    #[cfg(feature = "init")]
    pub(crate) fn handed(&self) -> Option<&Handed> {
        match &self.held {
            Held::Lane(handed) => Some(handed),
            _ => None,
        }
    }

    /// This context as OpenTelemetry knows it.
    #[cfg(feature = "init")]
    pub(crate) fn to_otel(&self) -> opentelemetry::Context {
        match &self.held {
            Held::Nothing => opentelemetry::Context::new(),
            Held::Span(span) => crate::context::of_span(span),
            Held::Lane(handed) => crate::context::of_handed(handed),
            Held::With(span, carried) => carried.on(&crate::context::of_span(span)),
        }
    }

    /// This context, whose trace carries something else.
    #[cfg(feature = "init")]
    pub(crate) fn carrying(mut self, carried: Arc<Carried>) -> Self {
        self.held = match core::mem::take(&mut self.held) {
            Held::Nothing => Held::Lane(Handed {
                ids: lane::Ids::NONE,
                carried: Some(carried),
            }),
            Held::Span(span) | Held::With(span, _) => Held::With(span, carried),
            Held::Lane(handed) => Held::Lane(Handed {
                carried: Some(carried),
                ..handed
            }),
        };
        self
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
        let _current = Current::of(self);
        f()
    }

    /// A future in which this context is current whenever it is polled, and when it is dropped.
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
            inner: Some(future),
            context: self,
        }
    }

    pub(super) fn into_parent(mut self) -> Parent {
        match core::mem::take(&mut self.held) {
            Held::Nothing => Parent::Root,
            Held::Span(span) => Parent::Of(span),
            #[cfg(feature = "init")]
            Held::Lane(handed) => Parent::Lane(handed),
            #[cfg(feature = "init")]
            Held::With(span, carried) => Parent::With(span, carried),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        match core::mem::take(&mut self.held) {
            Held::Span(span) => close_span(span),
            #[cfg(feature = "init")]
            Held::With(span, _) => close_span(span),
            #[cfg(feature = "init")]
            Held::Lane(_) => {}
            Held::Nothing => {}
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut context = f.debug_tuple("Context");
        match &self.held {
            Held::Nothing => {}
            Held::Span(span) => _ = context.field(&span.id()),
            #[cfg(feature = "init")]
            Held::With(span, _) => _ = context.field(&span.id()),
            #[cfg(feature = "init")]
            Held::Lane(Handed { ids, .. }) if ids.trace == [0; 2] => {}
            #[cfg(feature = "init")]
            Held::Lane(Handed { ids, .. }) => {
                context.field(&format_args!(
                    "{:016x}{:016x}/{:016x}",
                    ids.trace[0], ids.trace[1], ids.span
                ));
            }
        }
        context.finish()
    }
}

/// While this lives, the context is current, the stages around are not, and the subscriber is that of the
/// context.
struct Current<'a> {
    span: Option<&'a Span>,
    token: u32,
    subscriber: Option<DefaultGuard>,
    /// A span of another process, or baggage, where stages are spans of `tracing`.
    #[cfg(feature = "init")]
    attached: Option<crate::context::Attached>,
    _clock: Option<Entered>,
}

impl<'a> Current<'a> {
    fn of(context: &'a Context) -> Self {
        let clock = context.clock.map(Entered::new);
        let held = &context.held;
        #[cfg(feature = "init")]
        if let Held::Lane(handed) = held {
            return Self {
                span: None,
                token: lane::hand(handed).unwrap_or(0),
                subscriber: None,
                attached: lane::is_off()
                    .then(|| crate::context::attach(crate::context::of_handed(handed)))
                    .flatten(),
                _clock: clock,
            };
        }
        let span = match held {
            Held::Span(span) => Some(span),
            #[cfg(feature = "init")]
            Held::With(span, _) => Some(span),
            #[cfg(feature = "init")]
            Held::Lane(_) => None,
            Held::Nothing => None,
        };
        let token = thread::with(|thread| thread.push(Frame::Boundary)).unwrap_or(0);
        let subscriber = span.and_then(|span| {
            span.with_subscriber(|(id, dispatch)| {
                let subscriber = dispatcher::set_default(dispatch);
                dispatch.enter(id);
                subscriber
            })
        });
        Self {
            span,
            token,
            subscriber,
            #[cfg(feature = "init")]
            attached: match held {
                Held::With(span, carried) => {
                    crate::context::attach(carried.on(&crate::context::of_span(span)))
                }
                _ => None,
            },
            _clock: clock,
        }
    }
}

impl Drop for Current<'_> {
    fn drop(&mut self) {
        #[cfg(feature = "init")]
        drop(self.attached.take());
        if let Some(span) = self.span {
            span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
        }
        #[cfg(feature = "init")]
        let popped = lane::finish(self.token);
        #[cfg(not(feature = "init"))]
        let popped = false;
        if !popped {
            thread::with(|thread| thread.pop(self.token));
        }
        drop(self.subscriber.take());
    }
}

pin_project! {
    struct Attached<F> {
        #[pin]
        inner: Option<F>,
        context: Context,
    }

    impl<F> PinnedDrop for Attached<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _current = Current::of(this.context);
            this.inner.set(None);
        }
    }
}

impl<F: Future> Future for Attached<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        let _current = Current::of(this.context);
        inner.poll(cx)
    }
}
