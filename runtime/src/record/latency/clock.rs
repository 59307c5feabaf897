//! A clock as plain data.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use super::bytes::{self, ClockBytes, ClockBytesError};
use super::path::{LatencyStages, Ticks};
use super::scope::{AttachedClock, ClockScope};
use super::tick::{self, Anchor};
use super::{end, slots};

/// The most marks of a path.
pub(crate) const MOST_MARKS: usize = 16;

/// When a message passed the marks of its path: plain data that rides in the message.
///
/// ```
/// use tickspan::{LatencyStages, StageClock, traced_stage};
///
/// #[derive(LatencyStages)]
/// enum Path { WsReceived, BookUpdated, SignalFound }
///
/// struct Message { price: f64, clock: StageClock<Path> }
///
/// fn on_frame(price: f64) -> Message {
///     let mut clock = StageClock::new();
///     clock.mark(Path::WsReceived);
///     Message { price, clock }
/// }
///
/// #[traced_stage(mark = Path::BookUpdated)]
/// fn update_book(price: f64) {}
///
/// #[traced_stage(mark = Path::SignalFound)]
/// fn find_signal(price: f64) -> Option<f64> {
///     (price > 585.0).then_some(price)
/// }
///
/// let message = on_frame(585.33); // perhaps on another thread
/// let scope = message.clock.enter();
/// update_book(message.price);
/// find_signal(message.price);
/// scope.finish();
/// ```
///
/// A clock is an array of ticks, as many as its path has marks, and copying it is copying data: marks that are made on
/// one copy are not on the other. What measures is [`finish`](Self::finish), or
/// [`ClockScope::finish`]: one record in the lane of the thread, after [`init`](crate::init). Before it, or where nobody
/// calls it, finishing does nothing; marks, [`elapsed`](Self::elapsed) and [`to_bytes`](Self::to_bytes) work all the
/// same.
///
/// The first mark that is made counts. Another of the same name is counted as repeated.
///
/// A mark takes one read of the tick counter and one store. A clock that is dropped is no longer there, and not counted; one
/// in a [`ClockScope`] is.
pub struct StageClock<P: LatencyStages> {
    pub(super) ticks: P::Ticks,
    /// Marks whose tick is nanoseconds since 1970: they were made in another process.
    pub(super) foreign: u16,
    /// Marks that were made more than once.
    pub(super) repeated: u16,
    path: PhantomData<fn() -> P>,
}

impl<P: LatencyStages> StageClock<P> {
    /// A clock without a mark.
    #[inline]
    pub const fn new() -> Self {
        Self {
            ticks: P::Ticks::NONE,
            foreign: 0,
            repeated: 0,
            path: PhantomData,
        }
    }

    /// A copy of the innermost clock of this path that is current: with the marks that were made until now.
    ///
    /// ```
    /// # #[derive(tickspan::LatencyStages)] enum Path { Received, Sent }
    /// use tickspan::StageClock;
    ///
    /// let mut scope = StageClock::new().enter();
    /// scope.mark(Path::Received);
    /// let clock = StageClock::<Path>::current().unwrap();
    /// assert!(clock.is_marked(Path::Received));
    /// ```
    pub fn current() -> Option<Self> {
        slots::copy_current(P::__tickspan_path()).map(|marks| Self::of(&marks))
    }

    /// Marks this moment.
    #[inline]
    pub fn mark(&mut self, mark: P) {
        if cfg!(tickspan_off) {
            return;
        }
        let place = mark.__tickspan_place();
        if let Some(tick) = self.ticks.all_mut().get_mut(place) {
            if *tick == 0 {
                *tick = tick::now();
            } else {
                self.repeated |= bit(place);
            }
        }
    }

    /// Whether a mark has been made.
    pub fn is_marked(&self, mark: P) -> bool {
        self.tick(mark).is_some()
    }

    /// The time from one mark to another. None where one of them has not been made, or they were made in the other order;
    /// under `--cfg tickspan_off` no mark is made.
    ///
    /// Between marks of one process it comes from ticks. From one process to another it comes from the times of day of
    /// both, and is as good as these agree.
    ///
    /// ```
    /// # #[derive(tickspan::LatencyStages)] enum Path { Received, Sent }
    /// use tickspan::StageClock;
    ///
    /// let mut clock = StageClock::new();
    /// clock.mark(Path::Received);
    /// assert_eq!(clock.elapsed(Path::Received, Path::Sent), None);
    /// clock.mark(Path::Sent);
    /// assert!(clock.elapsed(Path::Received, Path::Sent).is_some());
    /// assert_eq!(clock.elapsed(Path::Sent, Path::Sent).map(|hop| hop.as_nanos()), Some(0));
    /// ```
    pub fn elapsed(&self, from: P, to: P) -> Option<Duration> {
        let (from, to) = (self.tick(from)?, self.tick(to)?);
        let nanoseconds = match (from, to) {
            (Tick::Own(from), Tick::Own(to)) if from <= to => tick::nanoseconds(from, to),
            (Tick::Own(_), Tick::Own(_)) => return None,
            (from, to) => {
                let anchor = Anchor::now();
                to.unix(anchor).checked_sub(from.unix(anchor))?
            }
        };
        Some(Duration::from_nanos(nanoseconds))
    }

    /// Makes this clock the current one of the thread, until the scope ends: stages with `mark = ..` mark it, and
    /// [`mark`](crate::mark()).
    pub fn enter(self) -> ClockScope<P> {
        ClockScope::around(self)
    }

    /// A future in which this clock is current whenever it is polled; it gives the clock back beside its output.
    ///
    /// ```
    /// # use tickspan::{LatencyStages, StageClock, traced_stage};
    /// # #[derive(LatencyStages)] enum Path { Received, RiskPassed }
    /// #[traced_stage(mark = Path::RiskPassed)]
    /// async fn check_risk(quantity: u64) -> Result<u64, String> {
    ///     Ok(quantity)
    /// }
    ///
    /// async fn on_order(mut clock: StageClock<Path>) {
    ///     clock.mark(Path::Received);
    ///     let (checked, clock) = clock.attach(check_risk(100)).await;
    ///     assert!(checked.is_ok() && clock.is_marked(Path::RiskPassed));
    ///     clock.finish();
    /// }
    /// # futures::executor::block_on(on_order(StageClock::new()));
    /// ```
    ///
    /// A future that is dropped before its end takes the clock with it: that is counted, as for a [`ClockScope`] that is
    /// dropped unfinished.
    pub fn attach<F: Future>(self, future: F) -> impl Future<Output = (F::Output, Self)> {
        AttachedClock::around(self, future)
    }

    /// Ends the path: the hops between the marks are measured.
    ///
    /// The hops belong to the trace of the stage in which this is called.
    pub fn finish(self) {
        if cfg!(not(tickspan_off)) {
            end::record(P::__tickspan_path(), &self.marks(), end::End::Finished);
        }
    }

    /// The clock for another process: its marks as nanoseconds since 1970, in at most [`ClockBytes::MOST`] bytes.
    ///
    /// [Its form](ClockBytes) is documented and versioned.
    pub fn to_bytes(&self) -> ClockBytes {
        bytes::write(P::__tickspan_path(), &self.marks(), Anchor::now())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) of this or another process wrote.
    ///
    /// # Errors
    ///
    /// [`ClockBytesError`] where the bytes are no clock of this path. `unwrap_or_default()` goes on with a clock without
    /// marks.
    ///
    /// ```
    /// # #[derive(tickspan::LatencyStages)] enum Path { Received, Sent }
    /// use tickspan::StageClock;
    ///
    /// let mut clock = StageClock::<Path>::new();
    /// clock.mark(Path::Received);
    /// let payload = clock.to_bytes().to_vec(); // travels
    /// let clock = StageClock::<Path>::from_bytes(&payload)?;
    /// assert!(clock.is_marked(Path::Received));
    /// assert!(StageClock::<Path>::from_bytes(&payload[1..]).is_err());
    /// # Ok::<(), tickspan::ClockBytesError>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ClockBytesError> {
        bytes::read(P::__tickspan_path(), bytes).map(|marks| Self::of(&marks))
    }

    fn tick(&self, mark: P) -> Option<Tick> {
        let place = mark.__tickspan_place();
        match *self.ticks.all().get(place)? {
            0 => None,
            tick if self.foreign & bit(place) != 0 => Some(Tick::Foreign(tick)),
            tick => Some(Tick::Own(tick)),
        }
    }

    /// The same without its type.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = Marks {
            foreign: self.foreign,
            repeated: self.repeated,
            ..Marks::default()
        };
        for (to, from) in marks.ticks.iter_mut().zip(self.ticks.all()) {
            *to = *from;
        }
        marks
    }

    pub(super) fn of(marks: &Marks) -> Self {
        let mut clock = Self::new();
        for (to, from) in clock.ticks.all_mut().iter_mut().zip(&marks.ticks) {
            *to = *from;
        }
        clock.foreign = marks.foreign;
        clock.repeated = marks.repeated;
        clock
    }
}

/// When a mark was made.
#[derive(Clone, Copy)]
enum Tick {
    Own(u64),
    /// Nanoseconds since 1970.
    Foreign(u64),
}

impl Tick {
    fn unix(self, anchor: Anchor) -> u64 {
        match self {
            Self::Own(tick) => anchor.unix_at(tick),
            Self::Foreign(unix) => unix,
        }
    }
}

/// The bit of a mark in a set of them.
#[inline]
pub(crate) fn bit(place: usize) -> u16 {
    1 << (place % MOST_MARKS)
}

/// The marks of a clock of whatever path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) foreign: u16,
    pub(crate) repeated: u16,
    /// In the order of the path; zero where a mark has not been made.
    pub(crate) ticks: [u64; MOST_MARKS],
}

impl<P: LatencyStages> Clone for StageClock<P> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: LatencyStages> Copy for StageClock<P> {}

impl<P: LatencyStages> Default for StageClock<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// The same marks at the same ticks.
impl<P: LatencyStages> PartialEq for StageClock<P> {
    fn eq(&self, other: &Self) -> bool {
        self.marks() == other.marks()
    }
}

impl<P: LatencyStages> Eq for StageClock<P> {}

/// The marks that were made, and when, from the first of them: `{ws_received: 0ns, book_updated: 412ns}`.
impl<P: LatencyStages> fmt::Debug for StageClock<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let anchor = Anchor::now();
        let marks = self.marks();
        let unix = |place: usize| {
            let tick = *marks.ticks.get(place).filter(|tick| **tick != 0)?;
            Some(if marks.foreign & bit(place) == 0 {
                anchor.unix_at(tick)
            } else {
                tick
            })
        };
        let first = (0..MOST_MARKS).find_map(unix).unwrap_or_default();
        let mut map = f.debug_map();
        for (place, mark) in P::__tickspan_path().marks.iter().enumerate() {
            if let Some(at) = unix(place) {
                let after = Duration::from_nanos(at.saturating_sub(first));
                map.entry(&format_args!("{}", mark.name), &after);
            }
        }
        map.finish()
    }
}
