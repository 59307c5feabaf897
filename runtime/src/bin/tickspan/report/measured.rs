//! How long something took: percentiles and the distribution.

use std::time::Duration;

use super::model;
use crate::named::Merge;
use crate::summary::durations::{Durations, nanoseconds};
use crate::top::Id;

/// How many bars a chart has for a tenfold duration.
pub(super) const BINS_PER_DECADE: u32 = 10;

/// Durations of a stage or a hop.
#[derive(Debug)]
pub(super) struct Measured {
    durations: Durations,
    /// What it may take, and how often it took longer.
    pub(super) budget: Option<u64>,
    pub(super) over: u64,
    /// The trace with the longest.
    slowest: Option<(u64, Id)>,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            // As many digits as the summary has.
            durations: Durations::new(3),
            budget: None,
            over: 0,
            slowest: None,
        }
    }
}

impl Measured {
    pub(super) fn record(&mut self, duration: Duration, failed: bool, trace: Option<Id>) {
        let nanoseconds = nanoseconds(duration);
        self.durations.add(nanoseconds, failed);
        self.slowest = self.slowest.max(trace.map(|trace| (nanoseconds, trace)));
    }

    pub(super) fn count(&self) -> u64 {
        self.durations.count()
    }

    /// All durations together.
    pub(super) fn total(&self) -> u128 {
        self.durations.sum()
    }

    pub(super) fn slowest(&self) -> Option<Id> {
        self.slowest.map(|(_, trace)| trace)
    }

    pub(super) fn model(&self, name: &str) -> model::Measured {
        let durations = &self.durations;
        model::Measured {
            name: model::short(name),
            count: durations.count(),
            errors: durations.errors(),
            min: durations.min(),
            mean: durations.mean(),
            p50: durations.quantile(0.5),
            p90: durations.quantile(0.9),
            p95: durations.quantile(0.95),
            p99: durations.quantile(0.99),
            p999: durations.quantile(0.999),
            max: durations.max(),
            budget: self.budget,
            over: self.over,
            distribution: self.distribution(),
            series: Vec::new(),
            slowest: self.slowest().map(|id| format!("{id:032x}")),
        }
    }

    fn distribution(&self) -> Vec<model::Bin> {
        let mut bins: Vec<model::Bin> = Vec::new();
        for (value, count) in self.durations.distribution() {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to 193"
            )]
            let bin = ((value.max(1) as f64).log10() * f64::from(BINS_PER_DECADE)) as u32;
            match bins.last_mut() {
                Some((last, counted)) if *last == bin => *counted += count,
                _ => bins.push((bin, count)),
            }
        }
        bins
    }
}

impl Merge for Measured {
    fn merge(&mut self, other: Self) {
        self.durations.merge(&other.durations);
        self.budget = self.budget.max(other.budget);
        self.over += other.over;
        self.slowest = self.slowest.max(other.slowest);
    }
}
