//! How long a tick takes when ticks come in bursts: the usual case, and the rare ones.

use std::hint::black_box;

use hdrhistogram::Histogram;
use quanta::Clock;
use serde::{Deserialize, Serialize};

use super::Effort;
use crate::library::{Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::pace::in_bursts;

/// Ticks before any is looked at.
const WARM_UP: u64 = 2_000;

/// The longest time that is told apart: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Percentiles of a tick, as the caller sees it, in nanoseconds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Paced {
    /// Half take no longer.
    pub(crate) p50: u64,
    /// One in a hundred takes longer.
    pub(crate) p99: u64,
    /// One in a thousand takes longer.
    pub(crate) p999: u64,
    /// Spans that were made and did not arrive.
    pub(crate) lost: Option<u64>,
}

/// The smallest time that the clock of this measurement tells apart here, in nanoseconds.
pub(crate) fn resolution() -> u64 {
    let clock = Clock::new();
    (0..1_000)
        .map(|_| clock.delta_as_nanos(clock.raw(), clock.raw()))
        .filter(|&nanoseconds| nanoseconds > 0)
        .min()
        .unwrap_or(0)
}

/// Makes ticks in bursts and times each.
pub(crate) fn measure<L: Library>(effort: Effort) -> Paced {
    let ticks = effort.of(20_000, 100_000);
    let running = L::start();
    let on_thread = L::enter_thread();
    let clock = Clock::new();
    let mut feed = Feed::new();
    let mut times = Histogram::<u64>::new_with_bounds(1, LONGEST, 3).expect("sound bounds");

    in_bursts(&mut feed, WARM_UP, |message| {
        black_box(L::tick(message));
    });
    in_bursts(&mut feed, ticks, |message| {
        let start = clock.raw();
        black_box(L::tick(message));
        times.saturating_record(clock.delta_as_nanos(start, clock.raw()));
    });

    drop(on_thread);
    let made = (WARM_UP + ticks) * SPANS_PER_TICK;
    Paced {
        p50: times.value_at_quantile(0.5),
        p99: times.value_at_quantile(0.99),
        p999: times.value_at_quantile(0.999),
        lost: L::finish(running).map(|delivered| made.abs_diff(delivered.spans)),
    }
}
