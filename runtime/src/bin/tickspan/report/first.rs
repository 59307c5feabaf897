//! The first reading: what can be counted, and which traces are worth showing.

use std::collections::BTreeSet;
use std::time::SystemTime;

use tickspan::recorded::{Data, Latency, Line, Mark, Recording, Span, Status};

use super::edges::Edges;
use super::measured::Measured;
use super::model;
use crate::edges::key;
use crate::named::{Merge, Named};
use crate::summary::durations::nanoseconds;
use crate::top::{Id, Top, chance, id};
use crate::tree::failure;

/// Names beyond so many share a row, as in the summary of a program.
const STAGES: usize = 1_024;
const EDGES: usize = 64;
const PATHS: usize = 64;
const HOPS: usize = 128;
const MARKS: usize = 16;
const TYPES: usize = 32;
const SERVICES: usize = 16;
const PROCESSES: usize = 4_096;

/// So many traces of each reason are kept.
pub(super) const KEPT: usize = 20;

/// What the first reading has counted.
#[derive(Debug, Default)]
pub(super) struct First {
    pub(super) lines: Named<u64, TYPES>,
    pub(super) services: BTreeSet<String>,
    /// By who they are among those of all hosts, and their number there: in a container that is mostly 1.
    pub(super) processes: BTreeSet<(String, u32)>,
    pub(super) period: Period,
    pub(super) totals: model::Totals,
    pub(super) stages: Named<Measured, STAGES>,
    pub(super) paths: Named<Path, PATHS>,
    pub(super) edges: Named<Edges, EDGES>,
    pub(super) traces: Traces,
    pub(super) dropped: Dropped,
}

/// From when until when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period(pub(super) Option<(SystemTime, SystemTime)>);

/// Traces worth showing.
#[derive(Debug)]
pub(super) struct Traces {
    /// By the longest of their spans.
    pub(super) slowest: Top<u64>,
    /// By when they failed.
    pub(super) failed: Top<SystemTime>,
    pub(super) sample: Top<u64>,
}

/// What spans could not hold.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    pub(super) attributes: u64,
    pub(super) events: u64,
    pub(super) links: u64,
}

/// A latency path.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) finished: u64,
    pub(super) over: u64,
    pub(super) budget: Option<u64>,
    pub(super) hops: Named<Hop, HOPS>,
    pub(super) end_to_end: Measured,
    pub(super) marks: Named<Faults, MARKS>,
}

#[derive(Debug, Default)]
pub(super) struct Hop {
    pub(super) measured: Measured,
    /// The places of its marks among those that were made, where most were: by this, hops are in the order of the path.
    pub(super) order: (usize, usize),
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) unmarked: u64,
    pub(super) repeated: u64,
    pub(super) backwards: u64,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            slowest: Top::new(KEPT),
            failed: Top::new(KEPT),
            sample: Top::new(KEPT),
        }
    }
}

impl First {
    /// Counts a line.
    pub(super) fn add(&mut self, line: &Line<'_>) {
        *self.lines.of(line.data.event_type()) += 1;
        let trace = line.trace_id.map(id);
        if let Data::Recording(recording) = &line.data {
            self.recording(recording);
            return;
        }
        self.period.extend(line.timestamp);
        if let Some(trace) = trace {
            self.traces.sample.offer(chance(trace), trace);
        }
        match &line.data {
            Data::Span(span) => self.span(span, line.timestamp, trace),
            Data::Latency(latency) => self.paths.of(&latency.name).add(latency, trace),
            Data::Edge(edge) => {
                self.totals.accepted += u64::from(edge.is_accepted());
                self.totals.rejected += u64::from(!edge.is_accepted());
                self.edges.of(&key(edge)).add(edge, line.timestamp, trace);
            }
            _ => {}
        }
    }

    fn recording(&mut self, recording: &Recording<'_>) {
        let service = recording.resource.get("service.name");
        if let Some(name) = service.and_then(|it| it.as_str()) {
            self.services.insert(model::short(name));
        }
        let who = ["service.instance.id", "host.name"]
            .into_iter()
            .find_map(|key| recording.resource.get(key)?.as_str())
            .map(model::short);
        self.processes
            .insert((who.unwrap_or_default(), recording.process_id));
        self.bound();
    }

    /// Of too many, the first by their names and numbers are kept.
    fn bound(&mut self) {
        while self.services.len() > SERVICES {
            self.services.pop_last();
        }
        while self.processes.len() > PROCESSES {
            self.processes.pop_last();
        }
    }

    fn span(&mut self, span: &Span<'_>, time: SystemTime, trace: Option<Id>) {
        let is_error = span.status == Status::Error;
        self.totals.spans += 1;
        self.totals.errors += u64::from(is_error);
        self.stages
            .of(&span.name)
            .record(span.duration, is_error, trace);
        self.dropped.attributes += u64::from(span.dropped_attributes);
        self.dropped.events += u64::from(span.dropped_events);
        self.dropped.links += u64::from(span.dropped_links);
        if let Some(trace) = trace {
            self.traces.slowest.offer(nanoseconds(span.duration), trace);
            if failure(span).is_some() {
                self.traces.failed.offer(time, trace);
            }
        }
    }
}

impl Path {
    fn add(&mut self, latency: &Latency<'_>, trace: Option<Id>) {
        let is_over = |name: &str| latency.over_budget.iter().any(|over| over == name);
        self.finished += 1;
        self.over += u64::from(latency.is_over_budget());
        self.budget = self.budget.max(latency.budget.map(nanoseconds));
        let counts = |mark: &Mark<'_>| !latency.backwards.contains(&mark.name);
        let marks = latency
            .marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| counts(mark));
        let marks: Vec<usize> = marks.map(|(place, _)| place).collect();
        for (number, hop) in latency.hops.iter().enumerate() {
            let mark = |number: usize| marks.get(number).copied().unwrap_or(number);
            let known = self.hops.of(&hop.name);
            known.order = known.order.max((mark(number), mark(number + 1)));
            known.measured.record(hop.duration, false, trace);
            known.measured.budget = known.measured.budget.max(hop.budget.map(nanoseconds));
            known.measured.over += u64::from(is_over(&hop.name));
        }
        if let Some(end_to_end) = latency.end_to_end {
            self.end_to_end.record(end_to_end, false, trace);
            self.end_to_end.over += u64::from(is_over("end_to_end"));
        }
        for name in &latency.unmarked {
            self.marks.of(name).unmarked += 1;
        }
        for name in &latency.repeated {
            self.marks.of(name).repeated += 1;
        }
        for name in &latency.backwards {
            self.marks.of(name).backwards += 1;
        }
    }
}

impl Period {
    fn extend(&mut self, time: SystemTime) {
        let (first, last) = self.0.unwrap_or((time, time));
        self.0 = Some((first.min(time), last.max(time)));
    }
}

impl Merge for First {
    fn merge(&mut self, other: Self) {
        self.lines.merge(other.lines);
        self.services.extend(other.services);
        self.processes.extend(other.processes);
        self.bound();
        if let Some((first, last)) = other.period.0 {
            self.period.extend(first);
            self.period.extend(last);
        }
        self.totals.spans += other.totals.spans;
        self.totals.errors += other.totals.errors;
        self.totals.accepted += other.totals.accepted;
        self.totals.rejected += other.totals.rejected;
        self.stages.merge(other.stages);
        self.paths.merge(other.paths);
        self.edges.merge(other.edges);
        self.traces.slowest.add(other.traces.slowest);
        self.traces.failed.add(other.traces.failed);
        self.traces.sample.add(other.traces.sample);
        self.dropped.attributes += other.dropped.attributes;
        self.dropped.events += other.dropped.events;
        self.dropped.links += other.dropped.links;
    }
}

impl Merge for Path {
    fn merge(&mut self, other: Self) {
        self.finished += other.finished;
        self.over += other.over;
        self.budget = self.budget.max(other.budget);
        self.hops.merge(other.hops);
        self.end_to_end.merge(other.end_to_end);
        self.marks.merge(other.marks);
    }
}

impl Merge for Hop {
    fn merge(&mut self, other: Self) {
        self.measured.merge(other.measured);
        self.order = self.order.max(other.order);
    }
}

impl Merge for Faults {
    fn merge(&mut self, other: Self) {
        self.unmarked += other.unmarked;
        self.repeated += other.repeated;
        self.backwards += other.backwards;
    }
}
