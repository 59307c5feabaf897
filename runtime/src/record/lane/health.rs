//! What was lost on the way from a stage to its exporter, counted by kind.

use core::sync::atomic::{AtomicU64, Ordering};

/// A kind of loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A span's record did not fit into its lane.
    LaneFull,
    /// A span of a thread that has no lane, because of the cap on their memory.
    NoLane,
    /// A span that started while telemetry of its thread was at work or gone.
    Busy,
    /// A span below the deepest that is recorded.
    TooDeep,
    /// A span that ended after telemetry.
    AfterEnd,
    /// A record that tells a part of a span that goes on elsewhere: attributes, events or links are missing.
    PartLost,
    /// An attribute, event or link beyond what one span may hold, on its way or by the limits that are set.
    ItemTooMany,
    /// A text that was cut.
    TextCut,
    /// What was kept of an open span, forgotten because there were too many.
    OpenForgotten,
    /// Events and attributes that came after their span was exported.
    TooLate,
    /// A record that could not be read.
    Unreadable,
    /// A console line that found too many before it, could not be written, or was not by the end.
    LineDropped,
    /// A stage whose labels were too many for a metric.
    LabelSets,
    /// An edge that did not fit into its lane: it is not counted.
    EdgeLost,
    /// A value of a histogram that did not fit into its lane, or came too early with too many others.
    ValueLost,
    /// A value that was to be a pseudonym, and there was no key.
    NoKey,
    /// A jump of the clock.
    ClockStep,
    /// A `traceparent` that could not be read.
    TraceparentMalformed,
    /// A `tracestate` that could not be read, or was cut.
    TracestateDropped,
    /// A member of a `baggage` that could not be read, or was beyond the limits.
    BaggageDropped,
    /// A latency clock that ended, and whose record did not fit into its lane.
    LatencyLost,
    /// A latency clock that became current where no more could be: stages did not find it.
    ClockUnseen,
}

const KINDS: usize = Loss::ClockUnseen as usize + 1;

// Relaxed: independent statistics.
static COUNTS: [AtomicU64; KINDS] = [const { AtomicU64::new(0) }; KINDS];

/// Counts one.
#[cold]
pub(crate) fn count(loss: Loss) {
    count_many(loss, 1);
}

/// Counts several.
pub(crate) fn count_many(loss: Loss, number: u64) {
    COUNTS[loss as usize].fetch_add(number, Ordering::Relaxed);
}

/// How many there were.
pub(crate) fn counted(loss: Loss) -> u64 {
    COUNTS[loss as usize].load(Ordering::Relaxed)
}
