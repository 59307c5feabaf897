//! How fast the feed is followed.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// So many messages a second, or as many as can be read.
pub(crate) struct Pace {
    began: Instant,
    rate: Option<NonZeroU32>,
}

impl Pace {
    pub(crate) fn new(rate: Option<NonZeroU32>) -> Self {
        Self {
            began: Instant::now(),
            rate,
        }
    }

    /// Waits until this row is due. Sleeps are a millisecond long at least: rows that came due meanwhile come at once.
    pub(crate) async fn wait_for(&self, row: u64) {
        let Some(rate) = self.rate else { return };
        let due = self.began + Duration::from_secs(row) / rate.get();
        if due > Instant::now() {
            sleep_until(due).await;
        }
    }
}
