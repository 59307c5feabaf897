//! Ticks as time of day.
//!
//! A record holds raw ticks. An anchor is a tick and the time of day at that tick, taken again each second, so a
//! clock that drifts or is set shows in spans that start later, and in no span's duration: that comes from
//! ticks alone. Where a machine was suspended, ticks may have stood still or begun anew; the next anchor tells
//! the right time again.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::record::lane::health::{Loss, count};

/// How often an anchor is taken.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// How many are kept: a span that started before the oldest is told by that one.
const KEPT: usize = 128;

/// By how much the time of day may differ from what the ticks say, from anchor to anchor, before it is called a
/// jump.
const TOLERANCE: Duration = Duration::from_millis(100);

/// A tick that is so many nanoseconds ahead of the last anchor is from before the ticks began anew, if they did.
const AHEAD: u64 = 60_000_000_000;

/// Nanoseconds between two ticks.
pub(super) type Delta = Box<dyn Fn(u64, u64) -> u64 + Send>;

/// Converts ticks.
pub(super) struct Anchors {
    delta: Delta,
    /// Ticks and nanoseconds since 1970, the oldest first, ticks rising.
    taken: VecDeque<(u64, u64)>,
    /// The last before the ticks began anew.
    before: Option<(u64, u64)>,
}

impl Anchors {
    pub(super) fn new(delta: Delta, tick: u64, now: SystemTime) -> Self {
        Self {
            delta,
            taken: VecDeque::from([(tick, nanoseconds(now))]),
            before: None,
        }
    }

    /// Takes an anchor if the last is old enough.
    pub(super) fn retake(&mut self, tick: u64, now: SystemTime) {
        let now = nanoseconds(now);
        if let Some(&(last_tick, last)) = self.taken.back() {
            if tick < last_tick {
                // The ticks began anew.
                count(Loss::ClockStep);
                self.before = Some((last_tick, last));
                self.taken.clear();
            } else {
                let passed = (self.delta)(last_tick, tick);
                if u128::from(passed) < INTERVAL.as_nanos() {
                    return;
                }
                if u128::from(now.abs_diff(last.saturating_add(passed))) > TOLERANCE.as_nanos() {
                    count(Loss::ClockStep);
                }
            }
        }
        if self.taken.len() == KEPT {
            self.taken.pop_front();
        }
        self.taken.push_back((tick, now));
    }

    /// The time of day at a tick.
    pub(super) fn time(&self, tick: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.unix(tick))
    }

    /// The same in nanoseconds since 1970.
    pub(super) fn unix(&self, tick: u64) -> u64 {
        // Most ticks are younger than all but the last.
        let place = self
            .taken
            .iter()
            .rposition(|(anchor, _)| *anchor <= tick)
            .unwrap_or(0);
        let Some(&known) = self.taken.get(place) else {
            return 0;
        };
        let (anchor, at) = self
            .before
            .filter(|_| self.nanoseconds(known.0, tick) > AHEAD)
            .unwrap_or(known);
        if anchor <= tick {
            at.saturating_add((self.delta)(anchor, tick))
        } else {
            at.saturating_sub((self.delta)(tick, anchor))
        }
    }

    /// The time of day at a tick, as it is beside another whose time of day is known: a clock that was set between the two
    /// changes neither their order nor what lies between them.
    pub(super) fn time_beside(&self, known: (u64, SystemTime), tick: u64) -> SystemTime {
        let (at, time) = known;
        if tick < at {
            time - self.between(tick, at)
        } else {
            time + self.between(at, tick)
        }
    }

    /// The time between two ticks; none where they run backwards.
    pub(super) fn between(&self, start: u64, end: u64) -> Duration {
        Duration::from_nanos(self.nanoseconds(start, end))
    }

    /// The same in nanoseconds.
    pub(super) fn nanoseconds(&self, start: u64, end: u64) -> u64 {
        if end <= start {
            return 0;
        }
        (self.delta)(start, end)
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ticks a nanosecond.
    fn anchors() -> Anchors {
        Anchors::new(Box::new(|start, end| (end - start) / 2), 1_000, at(50))
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const SECOND: u64 = 2_000_000_000;

    #[test]
    fn ticks_are_told_by_the_last_anchor_before_them() {
        let mut anchors = anchors();
        anchors.retake(1_000 + 10 * SECOND, at(63));
        assert_eq!(anchors.time(1_000 + 9 * SECOND), at(59));
        assert_eq!(anchors.time(1_000 + 11 * SECOND), at(64));
        assert_eq!(
            anchors.time(1_000 - 500),
            at(50) - Duration::from_nanos(250)
        );
        let across = anchors.between(1_000 + 9 * SECOND, 1_000 + 11 * SECOND);
        assert_eq!(
            across,
            Duration::from_secs(2),
            "what was set is no time that passed"
        );
    }

    #[test]
    fn beside_another_a_tick_does_not_see_that_the_clock_was_set() {
        let mut anchors = anchors();
        anchors.retake(1_000 + 10 * SECOND, at(30));
        let known = (1_000 + 9 * SECOND, at(59));
        assert_eq!(anchors.time_beside(known, 1_000 + 11 * SECOND), at(61));
        assert_eq!(anchors.time_beside(known, 1_000 + 8 * SECOND), at(58));
    }

    #[test]
    fn an_anchor_is_taken_once_a_second() {
        let mut anchors = anchors();
        anchors.retake(1_000 + SECOND / 2, at(70));
        assert_eq!(anchors.time(1_000 + SECOND), at(51));
    }

    #[test]
    fn ticks_that_begin_anew_are_told_by_the_new_anchor() {
        let mut anchors = anchors();
        anchors.retake(10, at(90));
        assert_eq!(anchors.time(10 + SECOND), at(91));
        anchors.retake(10 + 100 * SECOND, at(190));
        assert_eq!(anchors.time(10 + 101 * SECOND), at(191));
        assert_eq!(anchors.between(1_000, 10), Duration::ZERO);
    }

    #[test]
    fn ticks_from_before_they_began_anew_are_told_by_the_last_anchor_then() {
        let mut anchors = anchors();
        let last = 1_000 + 1_000 * SECOND;
        anchors.retake(last, at(1_050));
        anchors.retake(10, at(5_000));
        assert_eq!(
            anchors.time(last + SECOND / 2),
            at(1_050) + Duration::from_millis(500)
        );
        assert_eq!(anchors.time(last - SECOND), at(1_049));
    }

    #[test]
    fn anchors_are_bounded() {
        let mut anchors = anchors();
        for second in 0..1_000 {
            anchors.retake(1_000 + second * SECOND, at(50 + second));
        }
        assert_eq!(anchors.taken.len(), KEPT);
        assert_eq!(anchors.time(1_000), at(50));
    }
}
