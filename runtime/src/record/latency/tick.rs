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

/// How often an anchor is read where the thread is interrupted in it.
const READINGS: usize = 3;

/// A reading that takes longer was interrupted, in nanoseconds.
const INTERRUPTED: u64 = 2_000;

impl Anchor {
    /// That of this moment.
    pub(crate) fn now() -> Self {
        Self::read(now, || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let unix = since.map_or(0, |since| since.as_nanos());
            u64::try_from(unix).unwrap_or(u64::MAX)
        })
    }

    /// Of some readings the quickest: where the thread is interrupted between its clocks, they lie apart by as long as that
    /// takes, and so would the marks of two processes.
    fn read(mut tick: impl FnMut() -> u64, mut unix: impl FnMut() -> u64) -> Self {
        let mut read = || {
            let before = tick();
            let unix = unix();
            let after = tick().max(before);
            let tick = before + (after - before) / 2;
            (nanoseconds(before, after), Self { tick, unix })
        };
        let mut quickest = read();
        for _ in 1..READINGS {
            if quickest.0 <= INTERRUPTED {
                break;
            }
            let next = read();
            if next.0 < quickest.0 {
                quickest = next;
            }
        }
        quickest.1
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What is read of clocks of which a tick and a nanosecond pass with each other, in a thread that is interrupted for so
    /// long behind each reading.
    fn read_while_interrupted(interruptions: &[u64]) -> Anchor {
        let passed = Cell::new(1_000);
        let mut interruptions = interruptions.iter();
        let read = |clock: u64, then: u64| {
            let at = clock + passed.get();
            passed.set(passed.get() + then);
            at
        };
        Anchor::read(
            || read(0, 1),
            || read(7_000_000_000, *interruptions.next().unwrap_or(&0)),
        )
    }

    #[test]
    fn an_anchor_is_of_a_reading_that_nothing_interrupted() {
        let interrupted = 1_000_000_000;
        let anchor = read_while_interrupted(&[interrupted, interrupted]);
        assert!(
            anchor.unix - 7_000_000_000 - anchor.tick <= 1,
            "{anchor:?}: the clocks were read together"
        );
        let anchor = read_while_interrupted(&[interrupted, interrupted / 2, interrupted]);
        let apart = (anchor.unix - 7_000_000_000).abs_diff(anchor.tick);
        assert!(apart <= interrupted / 4 + 1, "{apart}: the quickest counts");
    }
}
