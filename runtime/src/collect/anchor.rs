//! Ticks as time of day.
//!
//! A record holds raw ticks. An anchor is a tick and the time of day at that tick, taken again each second, so a
//! clock that drifts or is set shows in spans that start later, and in no span's duration: that comes from
//! ticks alone. Where a machine was suspended, ticks may have stood still or begun anew; the next anchor tells
//! the right time again.
//!
//! How long a tick is was measured in some milliseconds when the program started, perhaps on a machine that was busy: it may be
//! wrong by some hundred millionths. With each anchor it is measured again, against the steady clock of the operating
//! system, since the first. Else what lies on both sides of an anchor would be told some microseconds apart or into each other.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::record::lane::health::{Loss, count};

/// How often an anchor is taken.
const INTERVAL: Duration = Duration::from_secs(1);

/// When the second is.
const SOON: Duration = Duration::from_millis(10);

/// How many are kept: a span that started before the oldest is told by that one.
const KEPT: usize = 128;

/// By how much the time of day may differ from what the ticks say, from anchor to anchor, before it is called a
/// jump.
const TOLERANCE: Duration = Duration::from_millis(100);

/// A tick that is so many nanoseconds ahead of the last anchor is from before the ticks began anew, if they did.
const AHEAD: u64 = 60_000_000_000;

/// Nanoseconds between two ticks.
pub(super) type Delta = Box<dyn Fn(u64, u64) -> u64 + Send>;

/// A tick, and what the clocks of the operating system say at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) tick: u64,
    pub(super) steady: Instant,
    pub(super) time: SystemTime,
}

impl Moment {
    pub(super) fn now(clock: &quanta::Clock) -> Self {
        let read = || {
            let before = clock.raw();
            let (steady, time) = (Instant::now(), SystemTime::now());
            let took = clock.raw().saturating_sub(before);
            let tick = before + took / 2;
            (took, Self { tick, steady, time })
        };
        // Of some the quickest: nobody was interrupted between its readings.
        let (first, others) = (read(), [read(), read()]);
        let quicker =
            |one: (u64, Self), other: (u64, Self)| if other.0 < one.0 { other } else { one };
        others.into_iter().fold(first, quicker).1
    }
}

/// Converts ticks.
pub(super) struct Anchors {
    delta: Delta,
    /// Ticks and nanoseconds since 1970, the oldest first, ticks rising.
    taken: VecDeque<(u64, u64)>,
    /// The last before the ticks began anew.
    before: Option<(u64, u64)>,
    /// Since when the length of a tick is measured, and when it was measured last.
    measured: (Moment, Moment),
    /// By which part of it a nanosecond of `delta` is too short.
    short: f64,
}

impl Anchors {
    pub(super) fn new(delta: Delta, first: Moment) -> Self {
        Self {
            delta,
            taken: VecDeque::from([(first.tick, nanoseconds(first.time))]),
            before: None,
            measured: (first, first),
            short: 0.0,
        }
    }

    /// Whether the last anchor is so old that another has to be [taken](Self::retake) at this tick.
    pub(super) fn is_due(&self, tick: u64) -> bool {
        self.taken.back().is_none_or(|(last, _)| {
            let measured = self.between(self.measured.0.tick, *last);
            tick < *last || self.between(*last, tick) >= measured.clamp(SOON, INTERVAL)
        })
    }

    /// Takes an anchor.
    pub(super) fn retake(&mut self, moment: Moment) {
        let (tick, now) = (moment.tick, nanoseconds(moment.time));
        if let Some(&(last_tick, last)) = self.taken.back() {
            if tick < last_tick {
                // The ticks began anew.
                count(Loss::ClockStep);
                self.before = Some((last_tick, last));
                self.taken.clear();
                self.measured = (moment, moment);
            } else {
                let passed = self.nanoseconds(last_tick, tick);
                if u128::from(now.abs_diff(last.saturating_add(passed))) > TOLERANCE.as_nanos() {
                    count(Loss::ClockStep);
                }
                self.measure(moment);
            }
        }
        if self.taken.len() == KEPT {
            self.taken.pop_front();
        }
        self.taken.push_back((tick, now));
    }

    /// Measures how long a tick is.
    fn measure(&mut self, moment: Moment) {
        let (first, last) = self.measured;
        let since = |from: Moment| {
            let steady = moment.steady.saturating_duration_since(from.steady);
            let ticks = (self.delta)(from.tick, moment.tick);
            (u64::try_from(steady.as_nanos()).unwrap_or(u64::MAX), ticks)
        };
        let (steady, ticks) = since(last);
        if steady.abs_diff(ticks) > ticks / 100 {
            // The machine was suspended, and one of the two stood still.
            self.measured = (moment, moment);
            return;
        }
        self.measured.1 = moment;
        let (steady, ticks) = since(first);
        if ticks > 0 {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a part of a millionth is exact enough"
            )]
            {
                self.short = (steady as f64 - ticks as f64) / ticks as f64;
            }
        }
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
            at.saturating_add(self.nanoseconds(anchor, tick))
        } else {
            at.saturating_sub(self.nanoseconds(tick, anchor))
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
        let ticks = (self.delta)(start, end);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a small part of it, to the nanosecond"
        )]
        let missing = (ticks as f64 * self.short) as i64;
        ticks.saturating_add_signed(missing)
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// Two ticks a nanosecond.
    fn anchors() -> Anchors {
        Anchors::new(
            Box::new(|start, end| (end - start) / 2),
            moment(1_000, at(50)),
        )
    }

    /// One at which the steady clock says what the ticks say.
    fn moment(tick: u64, time: SystemTime) -> Moment {
        Moment {
            tick,
            steady: steady(Duration::from_nanos(tick / 2)),
            time,
        }
    }

    /// The steady clock, so long after the first tick.
    fn steady(since: Duration) -> Instant {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        *FIRST.get_or_init(Instant::now) + since
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const SECOND: u64 = 2_000_000_000;

    #[test]
    fn ticks_are_told_by_the_last_anchor_before_them() {
        let mut anchors = anchors();
        anchors.retake(moment(1_000 + 10 * SECOND, at(63)));
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
        anchors.retake(moment(1_000 + 10 * SECOND, at(30)));
        let known = (1_000 + 9 * SECOND, at(59));
        assert_eq!(anchors.time_beside(known, 1_000 + 11 * SECOND), at(61));
        assert_eq!(anchors.time_beside(known, 1_000 + 8 * SECOND), at(58));
    }

    #[test]
    fn an_anchor_is_taken_once_a_second_and_more_often_at_first() {
        let mut anchors = anchors();
        let mut taken = Vec::new();
        for milliseconds in 0..4_000 {
            let tick = 1_000 + milliseconds * SECOND / 1_000;
            if anchors.is_due(tick) {
                taken.push(milliseconds);
                anchors.retake(moment(tick, at(50) + Duration::from_millis(milliseconds)));
            }
        }
        assert_eq!(taken, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_280, 3_280]);
        assert!(anchors.is_due(10), "ticks that began anew");
    }

    /// Where a second has 184 µs more than the ticks say.
    fn longer(seconds: u64) -> Moment {
        longer_at(seconds * 1_000)
    }

    /// The same, after so many milliseconds of ticks.
    fn longer_at(milliseconds: u64) -> Moment {
        let since = Duration::from_nanos(milliseconds * 1_000_184);
        Moment {
            tick: 1_000 + milliseconds * SECOND / 1_000,
            steady: steady(since),
            time: at(50) + since,
        }
    }

    #[test]
    fn what_is_read_before_an_anchor_and_after_it_has_one_time_from_the_start() {
        let mut anchors = Anchors::new(Box::new(|start, end| (end - start) / 2), longer(0));
        for milliseconds in 0..3_000 {
            let moment = longer_at(milliseconds);
            if anchors.is_due(moment.tick) {
                let parent = moment.tick - 2_000;
                let before = anchors.unix(parent);
                anchors.retake(moment);
                let moved = anchors.unix(parent).abs_diff(before);
                assert!(moved < 2_000, "{moved} ns after {milliseconds} ms");
            }
        }
    }

    #[test]
    fn what_lies_on_both_sides_of_an_anchor_keeps_its_distance() {
        let mut anchors = Anchors::new(Box::new(|start, end| (end - start) / 2), longer(0));
        for seconds in 1..=5 {
            anchors.retake(longer(seconds));
        }
        let anchor = 1_000 + 5 * SECOND;
        let apart = anchors.unix(anchor) - anchors.unix(anchor - 20_000);
        assert_eq!(apart, 10_002);
        let day = anchors.between(anchor, anchor + 86_400 * SECOND);
        assert_eq!(day, 86_400 * Duration::from_micros(1_000_184));
    }

    #[test]
    fn a_machine_that_was_suspended_does_not_change_how_long_a_tick_is() {
        let mut anchors = Anchors::new(Box::new(|start, end| (end - start) / 2), longer(0));
        anchors.retake(longer(1));
        // The steady clock stood still for an hour.
        for seconds in 3_600..3_610 {
            let steady = longer(seconds - 3_598).steady;
            anchors.retake(Moment {
                steady,
                ..longer(seconds)
            });
            let second = anchors.between(1_000, 1_000 + SECOND);
            assert_eq!(second, Duration::from_micros(1_000_184));
        }
    }

    #[test]
    fn ticks_that_begin_anew_are_told_by_the_new_anchor() {
        let mut anchors = anchors();
        anchors.retake(moment(10, at(90)));
        assert_eq!(anchors.time(10 + SECOND), at(91));
        anchors.retake(moment(10 + 100 * SECOND, at(190)));
        assert_eq!(anchors.time(10 + 101 * SECOND), at(191));
        assert_eq!(anchors.between(1_000, 10), Duration::ZERO);
    }

    #[test]
    fn ticks_from_before_they_began_anew_are_told_by_the_last_anchor_then() {
        let mut anchors = anchors();
        let last = 1_000 + 1_000 * SECOND;
        anchors.retake(moment(last, at(1_050)));
        anchors.retake(moment(10, at(5_000)));
        assert_eq!(
            anchors.time(last + SECOND / 2),
            at(1_050) + Duration::from_millis(500)
        );
        assert_eq!(anchors.time(last - SECOND), at(1_049));
    }

    #[test]
    fn a_clock_that_was_set_and_ticks_that_begin_anew_are_counted() {
        let counted = || crate::record::lane::health::counted(Loss::ClockStep);
        let mut anchors = anchors();
        let steps = [
            moment(1_000 + SECOND, at(52)),
            moment(1_000 + 2 * SECOND, at(52)),
            moment(10, at(53)),
        ];
        for step in steps {
            let before = counted();
            anchors.retake(step);
            // Other tests count as well.
            assert!(counted() > before, "{step:?}");
        }
    }

    #[test]
    fn anchors_are_bounded() {
        let mut anchors = anchors();
        for second in 0..1_000 {
            anchors.retake(moment(1_000 + second * SECOND, at(50 + second)));
        }
        assert_eq!(anchors.taken.len(), KEPT);
        assert_eq!(anchors.time(1_000), at(50));
    }
}
