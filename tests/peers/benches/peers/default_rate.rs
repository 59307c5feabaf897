//! The highest rate that tickspan holds with the settings it has by itself.

use std::error::Error;
use std::time::Duration;

use crate::arguments::Measurement;
use crate::child;
use crate::measure::Effort;
use crate::measure::sustained::Sustained;

/// The first rate that is tried, in ticks a second.
const FIRST: u32 = 6_250;

/// No rate above this is tried.
const LAST: u32 = 12_800_000;

/// What was held, and what was not.
#[derive(Debug)]
pub(crate) struct DefaultRate {
    /// The highest rate that lost nothing.
    pub(crate) held: Option<Sustained>,
    /// The lowest rate that was not held.
    pub(crate) missed: Option<Sustained>,
}

/// Doubles the rate until spans are lost, then closes in on it.
pub(crate) fn find(effort: Effort) -> Result<DefaultRate, Box<dyn Error>> {
    let length = effort.of(Duration::from_secs(1), Duration::from_secs(8));
    let mut found = DefaultRate {
        held: None,
        missed: None,
    };
    let mut rate = FIRST;
    while found.missed.is_none() && rate <= LAST {
        found.try_rate(rate, length)?;
        rate *= 2;
    }
    for _ in 0..effort.of(1, 3) {
        if let Some(rate) = found.between() {
            found.try_rate(rate, length)?;
        }
    }
    Ok(found)
}

impl DefaultRate {
    fn try_rate(&mut self, rate: u32, length: Duration) -> Result<(), Box<dyn Error>> {
        let run = child::sustain(rate, length, Measurement::DefaultRate)?;
        if run.held() {
            self.held = Some(run);
        } else {
            self.missed = Some(run);
        }
        Ok(())
    }

    /// Half-way between the two; half the missed one while none was held.
    fn between(&self) -> Option<u32> {
        let missed = self.missed.as_ref()?.rate;
        let held = self.held.as_ref().map_or(0, |run| run.rate);
        Some(u32::midpoint(missed, held))
    }
}
