//! The measurements, each made in a process of its own.

use std::time::Duration;

pub(crate) mod caller;
pub(crate) mod cpu;
pub(crate) mod disabled;
pub(crate) mod exporter_alone;
pub(crate) mod full_speed;
pub(crate) mod paced;
pub(crate) mod sent;
pub(crate) mod sustained;
pub(crate) mod threads;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effort {
    /// Enough to see that it works: about a second for each measurement.
    Quick,
    /// Enough to be told.
    Full,
}

impl Effort {
    /// One of two numbers.
    pub(crate) fn of<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// What is measured several times. The least of each cost is told: what else goes on on a machine adds to some.
pub(crate) trait Repeated {
    /// The least that two of them cost; all that was made and delivered in both.
    fn least(self, other: Self) -> Self;
}

/// The least of what was measured so far and what was measured now, if either was.
pub(crate) fn least<T: Repeated>(so_far: Option<T>, now: Option<T>) -> Option<T> {
    match (so_far, now) {
        (Some(so_far), Some(now)) => Some(so_far.least(now)),
        (so_far, now) => so_far.or(now),
    }
}

/// Nanoseconds for each of `count`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn nanoseconds_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// The value in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
