//! The record of a latency clock that has ended.

use super::health::{Loss, count};
use super::wire::{Parts as _, clock_end};
use super::{Mode, NOTHING, is_off, mode};
use crate::record::latency::{End, LatencyPath, Marks};
use crate::record::thread::{self, Thread};

/// Writes the record of a clock that has ended. False where clocks take the tracing route.
pub(in crate::record) fn clock_ended(path: &'static LatencyPath, marks: &Marks, end: End) -> bool {
    if is_off() {
        return false;
    }
    let site = path.number();
    let ticks = marks.ticks.get(..path.marks.len()).unwrap_or_default();
    // Nothing where this thread's storage has gone, or it is at work already.
    let written = thread::with(|thread| thread.write_clock(site, marks, ticks, end));
    if written != Some(true) {
        count(Loss::LatencyLost);
    }
    true
}

impl Thread {
    fn write_clock(&mut self, site: u32, marks: &Marks, ticks: &[u64], end: End) -> bool {
        if self.quiet > 0 {
            return true;
        }
        let mut head = NOTHING;
        if let Some((current, flags)) = self.current_ids().zip(self.current_flags()) {
            head.set_flags(flags);
            head.set_capture(current.capture);
            head.set_trace_high(current.trace[0]);
            head.set_trace_low(current.trace[1]);
            head.set_parent(current.span);
        }
        if head.capture() == 0 && mode() != Mode::Lane {
            count(Loss::AfterEnd);
            return true;
        }
        let lane = self.lane.made();
        head.set_span(lane.span_id());
        head.set_site(site);
        head.set_outcome(match end {
            End::Finished => clock_end::FINISHED,
            End::Dropped => clock_end::DROPPED,
        });
        // Behind the stages, for as long as it takes to write it.
        let at = lane.scratch.len();
        lane.scratch.put(head);
        lane.scratch.put(marks.repeated.to_le_bytes());
        lane.scratch.put(marks.foreign.to_le_bytes());
        for tick in ticks {
            lane.scratch.put(tick.to_le_bytes());
        }
        let written = lane.write_clock(at);
        lane.scratch.truncate(at);
        written
    }
}
