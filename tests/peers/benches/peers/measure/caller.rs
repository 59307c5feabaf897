//! What a tick and a bare span cost the thread that makes them, while they follow each other closely.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effort, Repeated, nanoseconds_each};
use crate::clock::thread_cpu;
use crate::library::{Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::pace::{at_once, let_drain};

/// Ticks in a batch, once before the clock runs, because the thread has just slept, and once while it
/// does: together as many as every library's buffers hold.
const BATCH: u64 = 500;

/// Batches in a round.
const BATCHES: u64 = 10;

/// The cost for the caller, each that of the round that took least.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Caller {
    /// Nanoseconds a tick.
    pub(crate) tick_ns: f64,
    /// Nanoseconds a span without attributes, in an open root.
    pub(crate) bare_ns: f64,
    /// Spans that were made and did not arrive.
    pub(crate) lost: Option<u64>,
}

impl Repeated for Caller {
    fn least(self, other: Self) -> Self {
        Self {
            tick_ns: self.tick_ns.min(other.tick_ns),
            bare_ns: self.bare_ns.min(other.bare_ns),
            lost: self.lost.zip(other.lost).map(|(a, b)| a + b),
        }
    }
}

/// How many rounds there are.
pub(crate) fn rounds(effort: Effort) -> usize {
    effort.of(3, 15)
}

/// How many rounds come before those that count, so that buffers that grow or go around have been used
/// to their ends.
fn first_rounds(effort: Effort) -> usize {
    effort.of(1, 20)
}

/// Makes ticks, then bare spans.
pub(crate) fn measure<L: Library>(effort: Effort) -> Caller {
    let running = L::start();
    let on_thread = L::enter_thread();
    let mut feed = Feed::new();
    let rounds = rounds(effort);
    let first_rounds = first_rounds(effort);

    let mut ticks = || {
        at_once::<L>(&mut feed, BATCH);
    };
    least_of(first_rounds, BATCH, &mut ticks);
    let tick_ns = least_of(rounds, BATCH, &mut ticks);
    let bare_ns = least_of(rounds, BATCH * SPANS_PER_TICK, || {
        L::in_root(|| (0..BATCH * SPANS_PER_TICK).for_each(|_| L::bare()));
    });

    drop(on_thread);
    let batches_of = |rounds: usize| rounds as u64 * BATCHES;
    let spans_of_a_batch = 2 * BATCH * SPANS_PER_TICK;
    let made_as_ticks = batches_of(first_rounds + rounds) * spans_of_a_batch;
    let made_bare = batches_of(rounds) * (spans_of_a_batch + 2);
    let lost =
        L::finish(running).map(|delivered| (made_as_ticks + made_bare).abs_diff(delivered.spans));
    Caller {
        tick_ns,
        bare_ns,
        lost,
    }
}

/// What one of the `counted` in a batch costs in the round that takes least: what else goes on on a machine adds to some.
/// The thread's own clock tells, so that it does not matter who else wants the processor.
fn least_of(rounds: usize, counted: u64, mut batch: impl FnMut()) -> f64 {
    let round = |_| {
        let mut used = Duration::ZERO;
        for _ in 0..BATCHES {
            batch();
            let before = thread_cpu();
            batch();
            used += thread_cpu().saturating_sub(before);
            let_drain(2 * BATCH);
        }
        nanoseconds_each(used, counted * BATCHES)
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}
