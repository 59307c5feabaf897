//! Durations over all time, and over a sliding window.

use std::time::Duration;

use super::Percentiles;
use crate::collect::distribution::Distribution;

/// The window moves on by this part of it.
const SLICES: u64 = 10;

/// The durations of one hop.
#[derive(Debug)]
pub(super) struct Durations {
    all: Distribution,
    /// Those of the window, by the time in which they came: a place is used again when the window has passed it.
    slices: Vec<Slice>,
}

#[derive(Debug)]
struct Slice {
    /// Which slice of all time it is.
    number: u64,
    /// The counts of a slice fit into 32 bits, which halves its memory.
    durations: Distribution<u32>,
}

impl Durations {
    pub(super) fn new() -> Self {
        Self {
            all: Distribution::new(),
            slices: Vec::new(),
        }
    }

    /// Counts one that came at `now`, since some beginning.
    pub(super) fn record(&mut self, nanoseconds: u64, now: Duration, window: Duration) {
        self.all.record(nanoseconds);
        let number = slice(now, window);
        let place = match self.slices.iter().position(|slice| slice.number == number) {
            Some(place) => place,
            None => self.begin(number),
        };
        self.slices[place].durations.record(nanoseconds);
    }

    /// Begins a slice: in the place of one that the window has passed, if there is one.
    fn begin(&mut self, number: u64) -> usize {
        let passed = |slice: &Slice| slice.number + SLICES <= number;
        if let Some(place) = self.slices.iter().position(passed) {
            let slice = &mut self.slices[place];
            slice.number = number;
            slice.durations.clear();
            return place;
        }
        self.slices.push(Slice {
            number,
            durations: Distribution::new(),
        });
        self.slices.len() - 1
    }

    /// Over all time.
    pub(super) fn percentiles(&self) -> Percentiles {
        self.all.percentiles()
    }

    /// Over the window that ends at `now`.
    pub(super) fn recent(&self, now: Duration, window: Duration) -> Percentiles {
        let number = slice(now, window);
        let mut sum: Distribution = Distribution::new();
        for slice in &self.slices {
            if slice.number + SLICES > number {
                sum.add(&slice.durations);
            }
        }
        sum.percentiles()
    }
}

/// Which slice of all time a moment lies in.
fn slice(now: Duration, window: Duration) -> u64 {
    let slice = (window.as_nanos() / u128::from(SLICES)).max(1);
    u64::try_from(now.as_nanos() / slice).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::collect::distribution::LONGEST;

    const WINDOW: Duration = Duration::from_secs(300);

    fn counted(durations: &Durations, seconds: u64) -> u64 {
        durations.recent(Duration::from_secs(seconds), WINDOW).count
    }

    #[test]
    fn window_slides_in_tenths() {
        let mut durations = Durations::new();
        for seconds in 0..600 {
            durations.record(1_000, Duration::from_secs(seconds), WINDOW);
        }
        assert_eq!(durations.percentiles().count, 600);
        assert_eq!(counted(&durations, 599), 300);
        assert_eq!(counted(&durations, 600), 270);
        assert_eq!(counted(&durations, 869), 30);
        assert_eq!(counted(&durations, 870), 0);
        assert_eq!(durations.slices.len(), 10);
    }

    #[test]
    fn maximum_of_the_window_is_that_of_what_is_in_it() {
        let mut durations = Durations::new();
        durations.record(9_000, Duration::ZERO, WINDOW);
        durations.record(5_000, Duration::from_secs(200), WINDOW);
        let recent = durations.recent(Duration::from_secs(320), WINDOW);
        assert_eq!(recent.max, Duration::from_micros(5));
        assert_eq!(durations.percentiles().max, Duration::from_micros(9));
    }

    proptest! {
        #[test]
        fn percentiles_agree_with_sorted_samples(
            samples in prop::collection::vec(prop_oneof![0_u64..100, 0_u64..1_000_000, 0_u64..LONGEST], 1..400),
        ) {
            let mut durations = Durations::new();
            for sample in &samples {
                durations.record(*sample, Duration::ZERO, WINDOW);
            }
            let mut sorted = samples;
            sorted.sort_unstable();
            let (all, recent) = (durations.percentiles(), durations.recent(Duration::ZERO, WINDOW));
            for percentiles in [&all, &recent] {
                prop_assert_eq!(percentiles.count, sorted.len() as u64);
                prop_assert_eq!(percentiles.max, Duration::from_nanos(sorted[sorted.len() - 1]));
            }
            for (quantile, of_all, of_recent) in [
                (0.5, all.p50, recent.p50),
                (0.9, all.p90, recent.p90),
                (0.95, all.p95, recent.p95),
                (0.99, all.p99, recent.p99),
                (0.999, all.p999, recent.p999),
            ] {
                // The least sample that so many do not exceed.
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "a few hundred"
                )]
                let place = ((quantile * sorted.len() as f64).ceil() as usize).max(1) - 1;
                let expected = Duration::from_nanos(sorted[place]);
                for measured in [of_all, of_recent] {
                    prop_assert!(
                        measured.abs_diff(expected) <= expected / 1_000,
                        "{} of {:?}: {:?} is not {:?}", quantile, sorted, measured, expected
                    );
                }
            }
        }
    }
}
