//! How fast a replay goes, and what time it is in it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How fast a replay goes.
///
/// ```
/// use tickspan::replay::Speed;
///
/// let ten_times = Speed::times(10.0).expect("a number above zero");
/// assert_eq!(Speed::times(1.0), Some(Speed::ORIGINAL));
/// assert_eq!(Speed::times(0.0), None);
/// # let _ = ten_times;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(Option<f64>);

impl Speed {
    /// Without waiting.
    pub const FULL: Self = Self(None);
    /// As it happened.
    pub const ORIGINAL: Self = Self(Some(1.0));

    /// So many times as fast as it happened. `None` for what is not a finite number above zero.
    pub fn times(factor: f64) -> Option<Self> {
        (factor.is_finite() && factor > 0.0).then_some(Self(Some(factor)))
    }
}

/// A clock by which a replay waits.
///
/// ```
/// use std::sync::Mutex;
/// use std::time::Duration;
/// use tickspan::replay::Clock;
///
/// /// Nobody waits, and each wait is over.
/// struct Impatient(Mutex<Duration>);
///
/// impl Clock for Impatient {
///     fn now(&self) -> Duration {
///         *self.0.lock().expect("nobody panics")
///     }
///     fn sleep(&self, time: Duration) {
///         *self.0.lock().expect("nobody panics") += time;
///     }
/// }
/// ```
pub trait Clock: Send {
    /// How long it has run since a point that stays the same.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// What time it is in a replay: that of the latest event it has given. For code under test that asks for the time.
#[derive(Clone, Debug, Default)]
pub struct ReplayClock(
    /// Nanoseconds since the Unix epoch. Relaxed: the event itself is handed over by other means.
    Arc<AtomicU64>,
);

impl ReplayClock {
    /// The time of the latest event; the Unix epoch before the first. It never goes back.
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn advance(&self, to: SystemTime) {
        let since = to
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(nanoseconds, Ordering::Relaxed);
    }
}

/// Waits until events are due.
pub(super) struct Pace {
    pub(super) speed: Speed,
    pub(super) clock: Box<dyn Clock>,
    pub(super) time: ReplayClock,
    /// When the first event was given, and its time.
    began: Option<(Duration, SystemTime)>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            speed: Speed::FULL,
            clock: Box::new(SystemClock::default()),
            time: ReplayClock::default(),
            began: None,
        }
    }
}

/// The longest wait without a look whether anybody still wants to know.
const NAP: Duration = Duration::from_millis(100);

impl Pace {
    /// Waits until an event is due. False where nobody wants it any more.
    pub(super) fn wait(&mut self, time: SystemTime, is_wanted: &dyn Fn() -> bool) -> bool {
        if let Speed(Some(factor)) = self.speed {
            let (began, first) = *self.began.get_or_insert_with(|| (self.clock.now(), time));
            // One that comes too late for its order is due at once.
            let since = time.duration_since(first).unwrap_or_default();
            let due = Duration::try_from_secs_f64(since.as_secs_f64() / factor)
                .ok()
                .and_then(|wait| began.checked_add(wait))
                .unwrap_or(Duration::MAX);
            loop {
                let left = due.saturating_sub(self.clock.now());
                if left.is_zero() {
                    break;
                }
                if !is_wanted() {
                    return false;
                }
                self.clock.sleep(left.min(NAP));
            }
        }
        self.time.advance(time);
        true
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}
