//! What a tick costs all threads together, until its spans are bytes or something else is done.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Effort, Repeated, nanoseconds_each};
use crate::clock::process_cpu;
use crate::library::{Delivered, Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::pace::in_bursts;

/// Ticks before the clock runs.
const WARM_UP: u64 = 1_000;

/// Long enough for the threads of a library to work off the warm-up.
const REST: Duration = Duration::from_millis(300);

/// The cost for all threads.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Cpu {
    /// Nanoseconds of all threads a tick. What the process uses without a library is still in it.
    pub(crate) tick_ns: f64,
    /// Ticks made, with those of the warm-up.
    pub(crate) ticks: u64,
    /// What arrived.
    pub(crate) delivered: Option<Delivered>,
}

impl Cpu {
    /// Spans that were made and did not arrive.
    pub(crate) fn lost(&self) -> Option<u64> {
        let made = self.ticks * SPANS_PER_TICK;
        self.delivered
            .map(|delivered| made.abs_diff(delivered.spans))
    }
}

impl Repeated for Cpu {
    fn least(self, other: Self) -> Self {
        Self {
            tick_ns: self.tick_ns.min(other.tick_ns),
            ticks: self.ticks + other.ticks,
            delivered: self.delivered.zip(other.delivered).map(|(a, b)| a + b),
        }
    }
}

/// Makes ticks until the exporter that encodes has all of them.
pub(crate) fn measure<L: Library>(effort: Effort) -> Cpu {
    let running = L::start();
    until::<L>(effort, || L::finish(running))
}

/// Makes ticks in bursts with a library that is on, waits until all is delivered, and looks at the process' clock.
pub(super) fn until<L: Library>(effort: Effort, finish: impl FnOnce() -> Option<Delivered>) -> Cpu {
    let ticks = effort.of(20_000, 100_000);
    let on_thread = L::enter_thread();
    let mut feed = Feed::new();

    in_bursts(&mut feed, WARM_UP, |message| {
        black_box(L::tick(message));
    });
    thread::sleep(REST);
    let before = process_cpu();
    in_bursts(&mut feed, ticks, |message| {
        black_box(L::tick(message));
    });
    drop(on_thread);
    let delivered = finish();
    let used = process_cpu().saturating_sub(before);

    Cpu {
        tick_ns: nanoseconds_each(used, ticks),
        ticks: WARM_UP + ticks,
        delivered,
    }
}
