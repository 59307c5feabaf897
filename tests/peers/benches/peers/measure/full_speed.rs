//! What becomes of the spans when ticks follow each other without a pause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Effort;
use crate::library::{Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::pace::at_once;

/// Ticks between two looks at the clock.
const BATCH: u64 = 100;

/// A run at full speed.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct FullSpeed {
    /// Ticks in each second, as the caller made them.
    pub(crate) ticks_per_second: f64,
    /// Spans that were made.
    pub(crate) made: u64,
    /// Spans that did not arrive.
    pub(crate) lost: Option<u64>,
    /// Lost spans that the library itself told of, if it tells.
    pub(crate) told_lost: Option<u64>,
}

/// Makes ticks for some seconds, then waits until all that is left is delivered.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn measure<L: Library>(effort: Effort) -> FullSpeed {
    let length = effort.of(Duration::from_millis(500), Duration::from_secs(3));
    let running = L::start();
    let on_thread = L::enter_thread();
    let mut feed = Feed::new();

    let (mut ticks, mut elapsed) = (0, Duration::ZERO);
    while elapsed < length {
        elapsed += at_once::<L>(&mut feed, BATCH);
        ticks += BATCH;
    }

    drop(on_thread);
    let made = ticks * SPANS_PER_TICK;
    let delivered = L::finish(running);
    FullSpeed {
        ticks_per_second: ticks as f64 / elapsed.as_secs_f64(),
        made,
        lost: delivered.map(|delivered| made.abs_diff(delivered.spans)),
        told_lost: delivered.and_then(|delivered| delivered.told_lost),
    }
}
