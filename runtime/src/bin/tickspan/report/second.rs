//! The second reading: how what takes the most time went over time, and every line of the traces that are shown.

use std::collections::HashMap;
use std::sync::Arc;

use tickspan::recorded::{Data, Line, Recording, Status};

use super::series::{Axis, Series};
use crate::named::Merge;
use crate::summary::durations::nanoseconds;
use crate::top::{Id, id};
use crate::tree::{Limit, Lines};

/// So much of a trace is shown.
const LIMIT: Limit = Limit {
    count: 300,
    bytes: 256 << 10,
};

/// What the second reading looks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) axis: Axis,
    /// The places of stages in what is shown.
    pub(super) stages: HashMap<String, usize>,
    /// The places of hops, by path and hop.
    pub(super) hops: HashMap<String, HashMap<String, usize>>,
    pub(super) traces: std::collections::HashSet<Id>,
}

/// What it has found.
#[derive(Debug)]
pub(super) struct Second {
    wanted: Arc<Wanted>,
    pub(super) stages: HashMap<usize, Series>,
    pub(super) hops: HashMap<usize, Series>,
    pub(super) traces: HashMap<Id, Lines>,
    /// Who wrote the lines that come.
    pub(super) by: Option<Arc<Recording<'static>>>,
}

impl Second {
    pub(super) fn of(wanted: Arc<Wanted>) -> Self {
        Self {
            wanted,
            by: None,
            stages: HashMap::new(),
            hops: HashMap::new(),
            traces: HashMap::new(),
        }
    }

    pub(super) fn add(&mut self, line: Line<'static>) {
        let axis = self.wanted.axis;
        match &line.data {
            Data::Span(span) => {
                if let Some(place) = self.wanted.stages.get(span.name.as_ref()) {
                    let failed = span.status == Status::Error;
                    let series = self.stages.entry(*place).or_default();
                    series.record(axis, line.timestamp, nanoseconds(span.duration), failed);
                }
            }
            Data::Latency(latency) => {
                let hops = self.wanted.hops.get(latency.name.as_ref());
                let end_to_end = latency.end_to_end.map(|duration| (END_TO_END, duration));
                let all = latency
                    .hops
                    .iter()
                    .map(|hop| (hop.name.as_ref(), hop.duration));
                for (name, duration) in all.chain(end_to_end) {
                    if let Some(place) = hops.and_then(|hops| hops.get(name)) {
                        let series = self.hops.entry(*place).or_default();
                        series.record(axis, line.timestamp, nanoseconds(duration), false);
                    }
                }
            }
            _ => {}
        }
        let Some(trace) = line.trace_id else { return };
        if self.wanted.traces.contains(&id(trace)) {
            let lines = self.traces.entry(id(trace));
            let lines = lines.or_insert_with(|| Lines::new(trace, LIMIT));
            lines.add(line, self.by.as_ref());
        }
    }
}

/// The whole path, among its hops.
pub(super) const END_TO_END: &str = "end_to_end";

impl Second {
    pub(super) fn merge(&mut self, other: Self) {
        for (place, series) in other.stages {
            self.stages.entry(place).or_default().merge(series);
        }
        for (place, series) in other.hops {
            self.hops.entry(place).or_default().merge(series);
        }
        for (trace, lines) in other.traces {
            match self.traces.entry(trace) {
                std::collections::hash_map::Entry::Occupied(mut own) => own.get_mut().merge(lines),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(lines);
                }
            }
        }
    }
}
