//! What tickspan keeps up for a long time: an even rate of ticks, an exporter that counts, and nothing
//! lost.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::libraries::with_tickspan::{Tickspan, start_tickspan, stop_tickspan};
use crate::library::{Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::sink::Count;

/// Ticks are made in this rhythm, as many at once as the rate asks for.
const BEAT: Duration = Duration::from_micros(500);

/// Ticks between two looks at the clock, where the rate is not reached and nothing but ticks is made.
const BATCH: u64 = 1_000;

/// A run at an even rate.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Sustained {
    /// Ticks in each second that were asked for.
    pub(crate) rate: u32,
    /// Ticks in each second that were made.
    pub(crate) achieved: f64,
    /// How long, in seconds.
    pub(crate) seconds: f64,
    /// Spans that were made: five for each tick.
    pub(crate) made: u64,
    /// Spans that the exporter counted.
    pub(crate) exported: u64,
    /// Spans that tickspan says were lost.
    pub(crate) lost: u64,
}

impl Sustained {
    /// Whether the rate was reached and nothing was lost.
    pub(crate) fn held(&self) -> bool {
        self.made == self.exported && self.achieved > 0.98 * f64::from(self.rate)
    }
}

/// Makes `rate` ticks a second for so long, with lanes of this size or the default.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn measure(rate: u32, length: Duration, lane_bytes: Option<usize>) -> Sustained {
    let (exporter, reached) = Count::new();
    let telemetry = start_tickspan(exporter, lane_bytes);
    let mut feed = Feed::new();

    let start = Instant::now();
    let mut ticks = 0_u64;
    while start.elapsed() < length {
        let due = ticks_due(rate, start.elapsed());
        for _ in ticks..due.min(ticks + BATCH) {
            black_box(Tickspan::tick(feed.next()));
        }
        if due <= ticks + BATCH {
            thread::sleep(BEAT);
        }
        ticks = due.min(ticks + BATCH);
    }
    let elapsed = start.elapsed().as_secs_f64();

    let report = stop_tickspan(telemetry);
    Sustained {
        rate,
        achieved: ticks as f64 / elapsed,
        seconds: elapsed,
        made: ticks * SPANS_PER_TICK,
        exported: reached.spans(),
        lost: report.lost(),
    }
}

/// How many ticks there are to be by then.
fn ticks_due(rate: u32, elapsed: Duration) -> u64 {
    let due = elapsed.as_nanos() * u128::from(rate) / 1_000_000_000;
    u64::try_from(due).unwrap_or(u64::MAX)
}
