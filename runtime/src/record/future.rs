//! Stages of futures and streams: current whenever they are polled, and at no other time.

use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Stage;
use super::outcome::Outcome;
use super::stage::Current;

thread_local! {
    /// The stage that the body being polled for the first time has begun.
    static BEGUN: RefCell<Option<Begun>> = const { RefCell::new(None) };
}

/// A stage that the body of an `async fn` began, on its way to the future around the body.
struct Begun {
    stage: Stage,
    current: Current,
}

/// The stage itself, where the thread's storage has been destroyed.
fn hand_over(begun: Begun) -> Result<(), Begun> {
    let mut begun = Some(begun);
    _ = BEGUN.try_with(|slot| slot.replace(begun.take()));
    begun.map_or(Ok(()), Err)
}

fn replace_begun(begun: Option<Begun>) -> Option<Begun> {
    BEGUN.try_with(|slot| slot.replace(begun)).ok().flatten()
}

impl Stage {
    /// Makes the stage current and hands it to the [`StageFuture`] that polls the caller. The body of an
    /// `async fn` calls it first of all: there it can read the arguments before it moves them, and the
    /// future need not hold them twice.
    pub fn begin(self) {
        let current = self.make_current();
        let begun = Begun {
            stage: self,
            current,
        };
        if let Err(Begun { stage, current }) = hand_over(begun) {
            stage.leave(Some(current));
        }
    }
}

/// What a future knows of its stage.
enum State {
    /// Not polled yet: its body will begin a stage, or not.
    Unpolled,
    /// Nobody wants the stage, or it is over.
    Off,
    /// It is going on.
    Open(Stage),
}

/// One poll: the stage is current while this lives. Where the poll unwinds, the stage has panicked.
struct Polling<'a> {
    state: &'a mut State,
    current: Option<Current>,
    /// Whether it is the first poll, and then what the poll around this one has begun.
    first: bool,
    around: Option<Begun>,
    unwinding: bool,
}

impl<'a> Polling<'a> {
    #[inline]
    fn start(state: &'a mut State) -> Self {
        let first = matches!(state, State::Unpolled);
        Self {
            first,
            around: if first { replace_begun(None) } else { None },
            current: match state {
                State::Open(open) => Some(open.make_current()),
                State::Unpolled | State::Off => None,
            },
            state,
            unwinding: std::thread::panicking(),
        }
    }

    /// Takes the stage that the body began in its first poll. It is current already.
    fn take_begun(&mut self) {
        if core::mem::replace(&mut self.first, false) {
            *self.state = match replace_begun(self.around.take()) {
                Some(Begun { stage, current }) => {
                    self.current = Some(current);
                    State::Open(stage)
                }
                None => State::Off,
            };
        }
    }

    fn stage(&mut self) -> Option<&mut Stage> {
        self.take_begun();
        match self.state {
            State::Open(stage) => Some(stage),
            State::Unpolled | State::Off => None,
        }
    }

    /// Ends the stage: nothing of it is left when the poll is over.
    fn over(mut self) {
        if self.stage().is_some() {
            self.leave_for_good();
        }
    }

    fn leave_for_good(&mut self) {
        if let State::Open(stage) = core::mem::replace(self.state, State::Off) {
            stage.leave(self.current.take());
        }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let panicked = std::thread::panicking() && !self.unwinding;
        self.take_begun();
        match self.state {
            State::Open(stage) if panicked => {
                stage.end(&Outcome::Panicked);
                self.leave_for_good();
            }
            State::Open(stage) => stage.leave(self.current.take()),
            State::Unpolled | State::Off => {}
        }
    }
}

pin_project! {
    /// A future with a stage around it.
    ///
    /// The stage is current during each poll. It ends when the future is done, unwinds, or is dropped
    /// before: cancelled. What the future holds is dropped within the stage.
    pub struct StageFuture<F, S> {
        #[pin]
        inner: Option<F>,
        state: AssertUnwindSafe<State>,
        say: Option<S>,
    }

    impl<F, S> PinnedDrop for StageFuture<F, S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            cancel(this.state, || this.inner.set(None));
        }
    }
}

impl<F, S> StageFuture<F, S>
where
    F: Future,
    S: FnOnce(&F::Output, &mut Stage),
{
    /// Around the body of an `async fn`, which will [begin](Stage::begin) the stage itself.
    #[inline]
    pub fn around(body: F, say: S) -> Self {
        Self {
            inner: Some(body),
            state: AssertUnwindSafe(State::Unpolled),
            say: Some(say),
        }
    }

    /// Around a future that a function returns; its stage started with the call.
    #[inline]
    pub fn of(stage: Option<Stage>, future: F, say: S) -> Self {
        Self {
            inner: Some(future),
            state: AssertUnwindSafe(stage.map_or(State::Off, State::Open)),
            say: Some(say),
        }
    }
}

impl<F, S> Future for StageFuture<F, S>
where
    F: Future,
    S: FnOnce(&F::Output, &mut Stage),
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        let mut polling = Polling::start(this.state);
        let polled = inner.poll(cx);
        if let Poll::Ready(output) = &polled {
            if let (Some(stage), Some(say)) = (polling.stage(), this.say.take()) {
                say(output, stage);
                stage.end(&Outcome::Ok);
            }
            polling.over();
        }
        polled
    }
}

pin_project! {
    /// A stream with a stage around it, from the call that made it to its end. One that is dropped
    /// before its end was cancelled.
    pub struct StageStream<S> {
        #[pin]
        inner: Option<S>,
        state: AssertUnwindSafe<State>,
    }

    impl<S> PinnedDrop for StageStream<S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            cancel(this.state, || this.inner.set(None));
        }
    }
}

impl<S: Stream> StageStream<S> {
    /// Around a stream that a function returns.
    #[inline]
    pub fn of(stage: Option<Stage>, stream: S) -> Self {
        Self {
            inner: Some(stream),
            state: AssertUnwindSafe(stage.map_or(State::Off, State::Open)),
        }
    }
}

impl<S: Stream> Stream for StageStream<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        let polling = Polling::start(this.state);
        let polled = inner.poll_next(cx);
        if matches!(polled, Poll::Ready(None)) {
            polling.over();
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, None), S::size_hint)
    }
}

/// Ends a stage whose future or stream goes before its end; `release` drops it within the stage.
fn cancel(state: &mut State, release: impl FnOnce()) {
    if let State::Open(stage) = state {
        stage.end(&Outcome::Cancelled);
        let polling = Polling::start(state);
        release();
        polling.over();
    }
}
