//! What durations add up to.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::output::{Cell, Column};

/// Durations, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Durations {
    count: u64,
    errors: u64,
    sum: u128,
    min: u64,
    max: u64,
    histogram: Histogram<u64>,
}

/// What is told of durations besides their count and errors, with its quantile.
pub(crate) const QUANTILES: [(&str, &str, f64); 5] = [
    ("p50_ns", "p50", 0.5),
    ("p90_ns", "p90", 0.9),
    ("p95_ns", "p95", 0.95),
    ("p99_ns", "p99", 0.99),
    ("p999_ns", "p99.9", 0.999),
];

/// A duration in nanoseconds; one of more than 584 years is told as that.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How far from what was measured the truth may lie: chance goes beyond once in 370.
const STANDARD_ERRORS: f64 = 3.0;

impl Durations {
    /// Percentiles have so many significant digits.
    pub(crate) fn new(digits: u8) -> Self {
        let mut histogram = Histogram::new(digits)
            .unwrap_or_else(|_| unreachable!("a histogram has from 0 to 5 significant digits"));
        histogram.auto(true);
        Self {
            count: 0,
            errors: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            histogram,
        }
    }

    pub(crate) fn add(&mut self, nanoseconds: u64, failed: bool) {
        self.count += 1;
        self.errors += u64::from(failed);
        self.sum += u128::from(nanoseconds);
        self.min = self.min.min(nanoseconds);
        self.max = self.max.max(nanoseconds);
        // Cannot be out of range: the histogram grows by itself, and has room for all of 63 bits.
        _ = self.histogram.record(nanoseconds.min(u64::MAX >> 1));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        // Cannot be out of range, as above.
        _ = self.histogram.add(&other.histogram);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn errors(&self) -> u64 {
        self.errors
    }

    /// All together.
    pub(crate) fn sum(&self) -> u128 {
        self.sum
    }

    /// The shortest; zero where there is none.
    pub(crate) fn min(&self) -> u64 {
        self.min.min(self.max)
    }

    /// The mean; zero where there is none.
    pub(crate) fn mean(&self) -> u64 {
        let mean = self.sum / u128::from(self.count.max(1));
        u64::try_from(mean).unwrap_or(u64::MAX)
    }

    /// The longest.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// How many there were of each, as exact as percentiles are, the shortest first.
    pub(crate) fn distribution(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let recorded = self.histogram.iter_recorded();
        recorded.map(|it| (it.value_iterated_to(), it.count_at_value()))
    }

    /// The duration that this part did not exceed.
    pub(crate) fn quantile(&self, quantile: f64) -> u64 {
        // The histogram answers with the upper end of a bucket, which may lie just above what was measured.
        self.histogram
            .value_at_quantile(quantile)
            .clamp(self.min(), self.max)
    }

    /// Between which durations the one lies that this part of all would not exceed, but for chance: three standard errors around it.
    /// None where fewer than ten lie beyond it.
    pub(super) fn interval(&self, quantile: f64) -> Option<(u64, u64)> {
        const BEYOND: f64 = 10.0;
        #[expect(clippy::cast_precision_loss, reason = "statistics")]
        let count = self.count as f64;
        if count * (1.0 - quantile) < BEYOND {
            return None;
        }
        // The number of those below is distributed binomially, whatever the distribution of durations.
        let error = STANDARD_ERRORS * (quantile * (1.0 - quantile) / count).sqrt();
        Some((
            self.quantile((quantile - error).max(0.0)),
            self.quantile((quantile + error).min(1.0)),
        ))
    }

    /// Between which shares that of errors lies, but for chance: the interval of Wilson (1927), of three standard errors.
    pub(super) fn error_interval(&self) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "statistics")]
        let (count, errors) = (self.count.max(1) as f64, self.errors as f64);
        let share = errors / count;
        let squared = STANDARD_ERRORS * STANDARD_ERRORS;
        let scale = 1.0 + squared / count;
        let centre = (share + squared / (2.0 * count)) / scale;
        let variance = share * (1.0 - share) / count + squared / (4.0 * count * count);
        let half = STANDARD_ERRORS * variance.sqrt() / scale;
        (centre - half, centre + half)
    }

    /// The columns of [`cells`](Self::cells).
    pub(crate) fn columns() -> Vec<Column> {
        let rank = |key| match key {
            "p50_ns" | "p99_ns" => 1,
            "p999_ns" => 3,
            "p90_ns" => 6,
            _ => 7,
        };
        let mut columns = vec![
            Column::number("min_ns", "min", 8),
            Column::number("mean_ns", "mean", 5),
        ];
        let quantiles = QUANTILES.iter();
        columns.extend(quantiles.map(|(key, heading, _)| Column::number(key, *heading, rank(key))));
        columns.push(Column::number("max_ns", "max", 2));
        columns
    }

    /// Least, mean, percentiles, greatest.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        if self.count == 0 {
            return vec![Cell::None; QUANTILES.len() + 3];
        }
        let mut cells = vec![
            Cell::Nanoseconds(self.min()),
            Cell::Nanoseconds(self.mean()),
        ];
        let quantiles = QUANTILES.iter();
        cells.extend(quantiles.map(|(.., quantile)| Cell::Nanoseconds(self.quantile(*quantile))));
        cells.push(Cell::Nanoseconds(self.max));
        cells
    }
}
