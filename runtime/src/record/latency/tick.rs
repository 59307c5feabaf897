//! The ticks of a clock: those of the lanes where these are compiled in, else nanoseconds of the standard library's
//! clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// The tick of this moment. Never zero, which stands for a mark that was not made.
#[cfg(feature = "init")]
#[inline]
pub(super) fn now() -> u64 {
    crate::record::lane::ticks().raw().max(1)
}

/// Nanoseconds from one tick to a later one.
#[cfg(feature = "init")]
pub(super) fn nanoseconds(from: u64, to: u64) -> u64 {
    crate::record::lane::ticks().delta_as_nanos(from, to)
}

/// The tick of this moment. Never zero, which stands for a mark that was not made.
#[cfg(not(feature = "init"))]
pub(super) fn now() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static FIRST: OnceLock<Instant> = OnceLock::new();
    let since = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// Nanoseconds from one tick to a later one.
#[cfg(not(feature = "init"))]
pub(super) fn nanoseconds(from: u64, to: u64) -> u64 {
    to.saturating_sub(from)
}

/// A tick and the time of day at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(super) tick: u64,
    /// Nanoseconds since 1970.
    pub(super) unix: u64,
}

impl Anchor {
    /// That of this moment.
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix = since.map_or(0, |since| since.as_nanos());
        Self {
            tick: now(),
            unix: u64::try_from(unix).unwrap_or(u64::MAX),
        }
    }

    /// Nanoseconds since 1970 at another tick. Never zero.
    pub(crate) fn unix_at(self, tick: u64) -> u64 {
        let unix = if tick >= self.tick {
            self.unix.saturating_add(nanoseconds(self.tick, tick))
        } else {
            self.unix.saturating_sub(nanoseconds(tick, self.tick))
        };
        unix.max(1)
    }
}
