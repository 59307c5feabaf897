//! Finished clocks as lines.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};

use crate::collect::FinishedClock;
use crate::collect::latency::WHOLE;
use crate::record::latency::LatencyPath;
use crate::recorded::{Data, Hop, Latency, Line, Mark};

/// The line of a clock.
pub(super) fn line(clock: &FinishedClock) -> Line<'static> {
    Line {
        timestamp: clock.time,
        trace_id: Some(clock.trace).filter(|id| *id != TraceId::INVALID),
        span_id: Some(clock.span).filter(|id| *id != SpanId::INVALID),
        data: Data::Latency(latency(clock)),
    }
}

fn latency(clock: &FinishedClock) -> Latency<'static> {
    let path = clock.path;
    let measured = clock.measured();
    let budget = budget(path.budget_nanoseconds);
    let end_to_end = measured.end_to_end.map(Duration::from_nanos);
    let hops: Vec<Hop<'static>> = measured
        .hops()
        .iter()
        .map(|hop| {
            let (name, budget_nanoseconds) = clock.of_hop(hop);
            Hop {
                name: Cow::Owned(name),
                duration: Duration::from_nanos(hop.nanoseconds),
                budget: self::budget(budget_nanoseconds),
            }
        })
        .collect();
    let is_over =
        |took: Duration, budget: Option<Duration>| budget.is_some_and(|budget| took > budget);
    let over_hops = hops.iter().filter(|hop| is_over(hop.duration, hop.budget));
    let over_whole = end_to_end.filter(|took| is_over(*took, budget));
    let start = clock.times.iter().flatten().next().copied();
    Latency {
        name: Cow::Borrowed(path.name),
        start: start.map_or(clock.time, |unix| UNIX_EPOCH + Duration::from_nanos(unix)),
        marks: marks(clock, start.unwrap_or_default()),
        over_budget: over_hops
            .map(|hop| hop.name.clone())
            .chain(over_whole.map(|_| Cow::Borrowed(WHOLE)))
            .collect(),
        hops,
        end_to_end,
        budget,
        unmarked: names(path, measured.unmarked),
        repeated: names(path, clock.repeated),
        backwards: names(path, measured.backwards),
    }
}

/// The marks that were made, counted from `start`.
fn marks(clock: &FinishedClock, start: u64) -> Vec<Mark<'static>> {
    let marks = clock.path.marks.iter().zip(&clock.times);
    marks
        .filter_map(|(mark, time)| {
            let offset = i128::from((*time)?) - i128::from(start);
            Some(Mark {
                name: Cow::Borrowed(mark.name),
                // Within 292 years either way.
                offset_ns: i64::try_from(offset).unwrap_or(i64::MAX),
            })
        })
        .collect()
}

fn budget(nanoseconds: u64) -> Option<Duration> {
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

/// The names of marks whose bits are set.
fn names(path: &'static LatencyPath, marks: u16) -> Vec<Cow<'static, str>> {
    let places = path.marks.iter().enumerate();
    places
        .filter(|(place, _)| marks >> place & 1 != 0)
        .map(|(_, mark)| Cow::Borrowed(mark.name))
        .collect()
}
