//! How durations are spread: exact-enough percentiles, and the longest.

use std::time::Duration;

use hdrhistogram::{Counter, Histogram};

use super::Percentiles;

/// The longest duration that percentiles distinguish, in nanoseconds.
pub(super) const LONGEST: u64 = 60_000_000_000;

/// Durations, counted by `C`.
#[derive(Debug)]
pub(super) struct Distribution<C: Counter = u64> {
    nanoseconds: Histogram<C>,
    max: u64,
}

impl<C: Counter> Distribution<C> {
    pub(super) fn new() -> Self {
        let mut nanoseconds = Histogram::new(3)
            .unwrap_or_else(|_| unreachable!("a histogram has from 0 to 5 significant digits"));
        nanoseconds.auto(true);
        Self {
            nanoseconds,
            max: 0,
        }
    }

    pub(super) fn record(&mut self, nanoseconds: u64) {
        self.max = self.max.max(nanoseconds);
        // Cannot be out of range: the histogram grows by itself, and 60 s is far below its largest value.
        _ = self.nanoseconds.record(nanoseconds.min(LONGEST));
    }

    /// Adds what another has counted.
    pub(super) fn add<D: Counter + Into<C>>(&mut self, other: &Distribution<D>) {
        self.max = self.max.max(other.max);
        for bucket in other.nanoseconds.iter_recorded() {
            let (value, count) = (bucket.value_iterated_to(), bucket.count_at_value());
            _ = self.nanoseconds.record_n(value, count.into());
        }
    }

    /// Forgets what was counted, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.nanoseconds.reset();
        self.max = 0;
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        // The histogram answers with the upper end of a bucket, which may lie just above what was measured.
        let quantile =
            |q| Duration::from_nanos(self.nanoseconds.value_at_quantile(q).min(self.max));
        Percentiles {
            count: self.nanoseconds.len(),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: Duration::from_nanos(self.max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_durations_saturate_percentiles_but_not_the_maximum() {
        let mut durations = Distribution::<u64>::new();
        for _ in 0..2 {
            durations.record(3_600 * 1_000_000_000);
        }
        let all = durations.percentiles();
        let longest = Duration::from_nanos(LONGEST);
        assert!(all.p50.abs_diff(longest) <= longest / 1_000);
        assert_eq!(all.max, Duration::from_secs(3_600));
    }
}
