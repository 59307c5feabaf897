//! Stages of futures and streams: current whenever they are polled, and at no other time. So is the latency clock that was
//! current where they began.

use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::latency::slots::{self, ClockRef};
use super::outcome::Outcome;
use super::{Stage, StageGuard, thread};

/// Takes what the body being polled has begun, and puts another token there.
fn replace_begun(token: u32) -> u32 {
    thread::with(|thread| core::mem::replace(&mut thread.begun, token)).unwrap_or(0)
}

/// What a future knows of its stage.
pub(crate) enum State {
    /// Not polled yet: its body will begin a stage, or not.
    Unpolled,
    /// Nobody wants the stage, or it is over, or it is current.
    Off,
    /// It is going on.
    Open(Stage),
}

impl State {
    /// That of a stage which is current until now, and goes on whenever its future or stream is polled.
    fn of(stage: Option<StageGuard>) -> Self {
        stage.map_or(Self::Off, |stage| Self::Open(stage.suspend()))
    }
}

/// The latency clock of a future.
enum Clock {
    /// Not polled yet: that which was current where its stage began, or none. Whoever polls it first may have another.
    Begun(ClockRef),
    /// That which was current where its last poll ended.
    Polled(ClockRef),
}

impl Clock {
    const NONE: Self = Self::Begun(ClockRef::NONE);

    /// Of a stage that began with a call. Whoever polls it need not be who called.
    fn begun() -> Self {
        Self::Begun(slots::current().handed())
    }

    /// Makes it current for a poll.
    #[inline]
    fn enter(&mut self) -> Ticking<'_> {
        let around = slots::current();
        let own = match *self {
            Self::Begun(_) if around != ClockRef::NONE => around,
            // Where the owner itself polls, what is current is not from somebody else.
            Self::Polled(clock) if clock == around.handed() || !clock.is_current() => around,
            Self::Begun(clock) | Self::Polled(clock) => clock,
        };
        slots::replace_current(own);
        Ticking {
            clock: self,
            around,
        }
    }
}

/// While this lives, the clock of a future is current.
struct Ticking<'a> {
    clock: &'a mut Clock,
    around: ClockRef,
}

impl Drop for Ticking<'_> {
    #[inline]
    fn drop(&mut self) {
        let clock = slots::replace_current(self.around);
        *self.clock = Clock::Polled(clock.handed());
    }
}

/// One poll: the stage is current while this lives. Where the poll unwinds, the stage has panicked.
pub(crate) struct Polling<'a> {
    state: &'a mut State,
    stage: Option<StageGuard>,
    /// Whether it is the first poll, and then what the poll around this one has begun.
    first: bool,
    around: u32,
    unwinding: bool,
}

impl<'a> Polling<'a> {
    #[inline]
    pub(crate) fn start(state: &'a mut State) -> Self {
        let (first, going_on) = match core::mem::replace(state, State::Off) {
            State::Unpolled => (true, None),
            State::Off => (false, None),
            State::Open(open) => match open.resume() {
                Ok(guard) => (false, Some(guard)),
                Err(open) => {
                    *state = State::Open(open);
                    (false, None)
                }
            },
        };
        Self {
            state,
            stage: going_on,
            first,
            around: if first { replace_begun(0) } else { 0 },
            unwinding: std::thread::panicking(),
        }
    }

    /// The stage, which in the first poll the body has begun.
    pub(crate) fn stage(&mut self) -> Option<&mut StageGuard> {
        if core::mem::replace(&mut self.first, false) {
            self.stage = match replace_begun(self.around) {
                0 => None,
                token => Some(StageGuard::begun(token)),
            };
        }
        self.stage.as_mut()
    }

    /// Ends the stage: nothing of it is left when the poll is over.
    pub(crate) fn over(mut self) {
        self.stage();
        self.stage = None;
        *self.state = State::Off;
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let panicked = std::thread::panicking() && !self.unwinding;
        self.stage();
        if let Some(mut stage) = self.stage.take() {
            if panicked {
                stage.end(&Outcome::Panicked);
            } else {
                *self.state = State::Open(stage.suspend());
            }
        }
    }
}

pin_project! {
    /// A future with a stage around it.
    ///
    /// The stage is current during each poll. It ends when the future is done, unwinds, or is dropped
    /// before: cancelled. What the future holds is dropped within the stage.
    #[must_use = "a future does nothing unless it is awaited or polled"]
    pub struct StageFuture<F, S> {
        #[pin]
        inner: Option<F>,
        state: AssertUnwindSafe<State>,
        clock: Clock,
        say: Option<S>,
    }

    impl<F, S> PinnedDrop for StageFuture<F, S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            release(this.state, this.clock, || this.inner.set(None));
        }
    }
}

impl<F, S> StageFuture<F, S>
where
    F: Future,
    S: FnOnce(&F::Output, &mut StageGuard),
{
    /// Around the body of an `async fn`, which will [begin](StageGuard::begin) the stage itself.
    #[inline]
    pub fn around(body: F, say: S) -> Self {
        Self {
            inner: Some(body),
            state: AssertUnwindSafe(State::Unpolled),
            clock: Clock::NONE,
            say: Some(say),
        }
    }

    /// Around a future that a function returns; its stage started with the call, and is current until here. The future
    /// is made first: what makes it is within the stage, and may return another, with the same stage.
    #[inline]
    pub fn of(future: F, stage: Option<StageGuard>, say: S) -> Self {
        Self {
            inner: Some(future),
            state: AssertUnwindSafe(State::of(stage)),
            clock: Clock::begun(),
            say: Some(say),
        }
    }
}

impl<F, S> Future for StageFuture<F, S>
where
    F: Future,
    S: FnOnce(&F::Output, &mut StageGuard),
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        if cfg!(tickspan_off) {
            return inner.poll(cx);
        }
        let _ticking = this.clock.enter();
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
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct StageStream<S> {
        #[pin]
        inner: Option<S>,
        state: AssertUnwindSafe<State>,
        clock: Clock,
    }

    impl<S> PinnedDrop for StageStream<S> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            release(this.state, this.clock, || this.inner.set(None));
        }
    }
}

impl<S: Stream> StageStream<S> {
    /// Around a stream that a function returns, and which is made first; as [`StageFuture::of`].
    #[inline]
    pub fn of(stream: S, stage: Option<StageGuard>) -> Self {
        Self {
            inner: Some(stream),
            state: AssertUnwindSafe(State::of(stage)),
            clock: Clock::begun(),
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
        if cfg!(tickspan_off) {
            return inner.poll_next(cx);
        }
        let _ticking = this.clock.enter();
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

/// Drops what a future or stream holds, while its clock is current; within its stage, if that goes on.
fn release(state: &mut State, clock: &mut Clock, mut release: impl FnMut()) {
    if cfg!(not(tickspan_off)) {
        let _ticking = clock.enter();
        cancel(state, &mut release);
        release();
    }
}

/// Ends a stage whose future or stream goes before its end; `release` drops it within the stage.
pub(crate) fn cancel(state: &mut State, release: impl FnOnce()) {
    if cfg!(not(tickspan_off)) && matches!(state, State::Open(_)) {
        let mut polling = Polling::start(state);
        if let Some(stage) = polling.stage() {
            stage.end(&Outcome::Cancelled);
        }
        release();
        polling.over();
    }
}
