//! The clock that is current: in a scope, and in a future.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::clock::{Marks, StageClock};
use super::end::{self, End};
use super::path::LatencyStages;
use super::slots::{self, ClockRef};

/// Marks this moment on the current clock of the mark's path, as `#[traced_stage(mark = ..)]` does where a stage ends.
///
/// Where no clock of the path is current, nothing happens. Of several, one in the other, it is the innermost.
///
/// ```
/// use tickspan::{LatencyStages, StageClock};
///
/// #[derive(LatencyStages)]
/// enum Path { Received, Sent }
///
/// fn write_frame() {
///     tickspan::mark(Path::Sent);
/// }
///
/// let mut scope = StageClock::new().enter();
/// scope.mark(Path::Received);
/// write_frame();
/// assert!(scope.clock().is_marked(Path::Sent));
/// scope.finish();
/// ```
#[inline]
pub fn mark<P: LatencyStages>(mark: P) {
    if cfg!(not(tickspan_off)) {
        slots::mark_current(P::__tickspan_path(), mark.__tickspan_place());
    }
}

/// A clock that is current on this thread, until the scope ends: stages with `mark = ..` mark it.
///
/// [`StageClock::enter`] makes one. It follows [`Context::current`](crate::Context::current) into threads and tasks: what
/// is marked there while the scope goes on is on this clock. It ends in one of three ways:
///
/// - [`finish`](Self::finish): the hops are measured.
/// - [`into_clock`](Self::into_clock): the clock goes on, in a message for example.
/// - dropped: the path was given up. That is counted, and its hops are not measured.
///
/// It cannot be sent to another thread: a future that holds one across an `.await` cannot be spawned on a
/// multi-thread runtime, where other tasks of the thread would mark this clock.
/// [`StageClock::attach`] is for futures.
#[must_use = "dropped at once it counts as a path that was given up; bind it: `let scope = clock.enter();`"]
pub struct ClockScope<P: LatencyStages> {
    held: Held<P>,
    /// What was current before.
    outer: ClockRef,
    thread_bound: PhantomData<*const ()>,
}

/// Where the clock is.
enum Held<P: LatencyStages> {
    Slot(ClockRef),
    /// Here, for no slot was free: stages do not find it.
    Here(StageClock<P>),
    Nowhere,
}

impl<P: LatencyStages> Held<P> {
    fn take(clock: StageClock<P>, outer: ClockRef) -> Self {
        if cfg!(tickspan_off) {
            return Self::Here(clock);
        }
        let taken = slots::take(P::__tickspan_path(), &clock.marks(), outer);
        taken.map_or_else(
            || {
                end::count_unseen();
                Self::Here(clock)
            },
            Self::Slot,
        )
    }

    /// What stages find while this is current.
    fn current(&self, outer: ClockRef) -> ClockRef {
        match self {
            Self::Slot(slot) => *slot,
            Self::Here(_) | Self::Nowhere => outer,
        }
    }

    fn release(&mut self) -> Option<Marks> {
        match core::mem::replace(self, Self::Nowhere) {
            Self::Slot(slot) => slot.release(),
            Self::Here(clock) => Some(clock.marks()),
            Self::Nowhere => None,
        }
    }

    /// Ends it as one that was given up, if it has not ended.
    fn give_up(&mut self) {
        if let (Some(marks), false) = (self.release(), cfg!(tickspan_off)) {
            end::record(P::__tickspan_path(), &marks, End::Dropped);
        }
    }
}

impl<P: LatencyStages> ClockScope<P> {
    pub(super) fn around(clock: StageClock<P>) -> Self {
        let outer = slots::current();
        let held = Held::take(clock, outer);
        slots::replace_current(held.current(outer));
        Self {
            held,
            outer,
            thread_bound: PhantomData,
        }
    }

    /// Marks this moment.
    #[inline]
    pub fn mark(&mut self, mark: P) {
        if cfg!(tickspan_off) {
            return;
        }
        match &mut self.held {
            Held::Slot(slot) => slot.mark_own(mark.__tickspan_place()),
            Held::Here(clock) => clock.mark(mark),
            Held::Nowhere => {}
        }
    }

    /// A copy of the clock, with the marks that were made until now.
    pub fn clock(&self) -> StageClock<P> {
        match &self.held {
            Held::Slot(slot) => slot
                .marks()
                .as_ref()
                .map(StageClock::of)
                .unwrap_or_default(),
            Held::Here(clock) => *clock,
            Held::Nowhere => StageClock::new(),
        }
    }

    /// Takes the clock out of those that are current, while it still is.
    fn leave(&self) {
        if let Held::Slot(clock) = self.held {
            slots::leave(clock, self.outer);
        }
    }

    /// Ends the scope, and hands the clock on.
    #[must_use = "without it the path ends here, and nothing is measured"]
    pub fn into_clock(mut self) -> StageClock<P> {
        self.leave();
        let marks = self.held.release();
        marks.as_ref().map(StageClock::of).unwrap_or_default()
    }

    /// Ends the scope and the path: the hops between the marks are measured.
    ///
    /// The hops belong to the trace of the stage in which this is called.
    pub fn finish(mut self) {
        self.leave();
        if let (Some(marks), false) = (self.held.release(), cfg!(tickspan_off)) {
            end::record(P::__tickspan_path(), &marks, End::Finished);
        }
    }
}

impl<P: LatencyStages> Drop for ClockScope<P> {
    fn drop(&mut self) {
        self.leave();
        self.held.give_up();
    }
}

impl<P: LatencyStages> fmt::Debug for ClockScope<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClockScope").field(&self.clock()).finish()
    }
}

/// While this lives, a clock is the current one of the thread.
pub(in crate::record) struct Entered {
    around: ClockRef,
}

impl Entered {
    #[inline]
    pub(in crate::record) fn new(clock: ClockRef) -> Self {
        Self {
            around: slots::replace_current(clock),
        }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        slots::replace_current(self.around);
    }
}

pin_project! {
    /// A future with a clock.
    pub(super) struct AttachedClock<P: LatencyStages, F> {
        #[pin]
        inner: Option<F>,
        // Nothing before the first poll.
        held: Option<Held<P>>,
        clock: StageClock<P>,
        done: bool,
    }

    impl<P: LatencyStages, F> PinnedDrop for AttachedClock<P, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if *this.done {
                return;
            }
            let mut held = this.held.take().unwrap_or(Held::Here(*this.clock));
            {
                let _entered = Entered::new(held.current(slots::current()));
                this.inner.set(None);
            }
            held.give_up();
        }
    }
}

impl<P: LatencyStages, F> AttachedClock<P, F> {
    pub(super) fn around(clock: StageClock<P>, inner: F) -> Self {
        Self {
            inner: Some(inner),
            held: None,
            clock,
            done: false,
        }
    }
}

impl<P: LatencyStages, F: Future> Future for AttachedClock<P, F> {
    type Output = (F::Output, StageClock<P>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        let outer = slots::current();
        let held = this
            .held
            .get_or_insert_with(|| Held::take(*this.clock, outer));
        let polled = {
            let _entered = Entered::new(held.current(outer));
            inner.poll(cx)
        };
        polled.map(|output| {
            let marks = held.release();
            *this.done = true;
            (
                output,
                marks.as_ref().map(StageClock::of).unwrap_or_default(),
            )
        })
    }
}
