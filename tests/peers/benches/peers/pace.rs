//! Making ticks at a pace that leaves the other threads time to work.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use crate::library::Library;
use crate::message::{Feed, Message};

/// Ticks that arrive at once.
const BURST: u64 = 20;

/// From the end of a burst to the start of the next.
const GAP: Duration = Duration::from_micros(800);

/// What the slowest library's threads need for a tick. Waiting this long after each tick keeps every
/// queue short.
const DRAIN_PER_TICK: Duration = Duration::from_micros(40);

/// Gives `tick` as many messages as that, in bursts.
pub(crate) fn in_bursts(feed: &mut Feed, ticks: u64, mut tick: impl FnMut(&Message)) {
    for _ in 0..ticks / BURST {
        for _ in 0..BURST {
            tick(feed.next());
        }
        thread::sleep(GAP);
    }
}

/// Makes ticks back to back and says how long that took.
pub(crate) fn at_once<L: Library>(feed: &mut Feed, ticks: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..ticks {
        black_box(L::tick(feed.next()));
    }
    start.elapsed()
}

/// Waits until the other threads have worked off so many ticks.
pub(crate) fn let_drain(ticks: u64) {
    thread::sleep(DRAIN_PER_TICK * u32::try_from(ticks).unwrap_or(u32::MAX));
}
