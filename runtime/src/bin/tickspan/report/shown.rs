//! What of a recording is on the page: a bounded part, whatever there is.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::value::RawValue;

use super::edges::Edges;
use super::first::{First, Path, Traces};
use super::measured::{self, Measured};
use super::second::{END_TO_END, Second, Wanted};
use super::series::Axis;
use super::{model, page, trace};
use crate::damage::Damages;
use crate::top::Id;

/// So many stages, and so many hops, are on the page, and so many of the stages over time: those that take the most time in all.
const STAGES: usize = 200;
const STAGES_OVER_TIME: usize = 60;
const HOPS: usize = 60;

/// So many stages have their slowest trace on the page.
const STAGES_WITH_TRACE: usize = 30;

/// So many bytes of traces are on the page.
const BYTES_OF_TRACES: usize = 5 << 19;

/// And so many of edges.
const BYTES_OF_EDGES: usize = 1 << 19;

/// So many edges, and paths, are on the page.
const ROWS: usize = 20;

/// What is on the page.
pub(super) struct Shown {
    pub(super) report: model::Report,
    /// Why each trace is shown, in the order in which they are.
    why: Vec<(Id, Vec<&'static str>)>,
}

impl Shown {
    /// What the first reading has counted, and what the second is to look for.
    pub(super) fn of(first: First, damages: &Damages) -> Result<(Self, Wanted), serde_json::Error> {
        let (begin, end) = first
            .period
            .0
            .unwrap_or((SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH));
        let axis = Axis::of(begin, end);
        let mut stages = first.stages.into_sorted();
        stages.sort_by_key(|(_, stage)| std::cmp::Reverse(stage.total()));
        let stages_left_out = stages.len().saturating_sub(STAGES);
        stages.truncate(STAGES);
        let mut wanted = Wanted {
            axis,
            stages: stages
                .iter()
                .take(STAGES_OVER_TIME)
                .enumerate()
                .map(|(place, (name, _))| (name.clone(), place))
                .collect(),
            hops: HashMap::new(),
            traces: HashSet::new(),
        };
        let edges = first.edges.into_sorted();
        let why = why(&first.traces, &stages, &edges);
        wanted.traces = why.iter().map(|(trace, _)| *trace).collect();
        let (paths, paths_left_out) = paths(first.paths.into_sorted(), &mut wanted);
        let dropped = first.dropped;
        let all_edges = edges.into_iter().map(|(key, edges)| edges.model(&key));
        let (shown_edges, edges_left_out) = fitting(all_edges, BYTES_OF_EDGES)?;
        let report = model::Report {
            version: env!("CARGO_PKG_VERSION"),
            services: first.services.into_iter().collect(),
            processes: first.processes.len(),
            from: first.period.0.map(|(begin, _)| model::time(begin)),
            until: first.period.0.map(|(_, end)| model::time(end)),
            took: end.duration_since(begin).unwrap_or_default().as_secs_f64() * 1_000.0,
            time: axis.model(),
            lines: first
                .lines
                .into_sorted()
                .into_iter()
                .map(|(name, count)| (model::short(&name), count))
                .collect(),
            totals: first.totals,
            bins_per_decade: measured::BINS_PER_DECADE,
            stages: stages
                .iter()
                .map(|(name, stage)| stage.model(name))
                .collect(),
            stages_left_out,
            paths,
            paths_left_out,
            edges: shown_edges,
            edges_left_out,
            traces: Vec::new(),
            traces_left_out: 0,
            losses: vec![
                model::Loss {
                    what: "attributes dropped",
                    count: dropped.attributes,
                    means: "a span held as many as its limit allows",
                },
                model::Loss {
                    what: "events dropped",
                    count: dropped.events,
                    means: "a span held as many as its limit allows",
                },
                model::Loss {
                    what: "links dropped",
                    count: dropped.links,
                    means: "a span held as many as its limit allows",
                },
            ],
            damaged: damages.count(),
            damage: damages.told().iter().map(|it| model::short(it)).collect(),
        };
        Ok((Self { report, why }, wanted))
    }

    /// Adds what the second reading has found.
    pub(super) fn add(&mut self, second: Second) -> Result<(), serde_json::Error> {
        for (place, series) in &second.stages {
            self.report.stages[*place].series = series.model();
        }
        let mut hops = self.report.paths.iter_mut().flat_map(|path| &mut path.hops);
        let mut series = second.hops;
        for place in 0..HOPS {
            let Some(hop) = hops.next() else { break };
            if let Some(series) = series.remove(&place) {
                hop.series = series.model();
            }
        }
        let mut lines = second.traces;
        let traces = std::mem::take(&mut self.why)
            .into_iter()
            .filter_map(|(id, why)| {
                let lines = lines.remove(&id).filter(|lines| !lines.is_empty())?;
                Some(trace::trace(&lines.into_trace(), why))
            });
        (self.report.traces, self.report.traces_left_out) = fitting(traces, BYTES_OF_TRACES)?;
        Ok(())
    }
}

/// As many as have room in so many bytes of the page, and how many have none.
fn fitting<T: Serialize>(
    all: impl Iterator<Item = T>,
    room: usize,
) -> Result<(Vec<Box<RawValue>>, usize), serde_json::Error> {
    let (mut fitting, mut bytes, mut left_out) = (Vec::new(), 0, 0);
    for one in all {
        let json = page::inert(&serde_json::to_string(&one)?);
        if bytes + json.len() > room {
            left_out += 1;
            continue;
        }
        bytes += json.len();
        fitting.push(RawValue::from_string(json)?);
    }
    Ok((fitting, left_out))
}

/// The traces that are shown, and why.
fn why(
    traces: &Traces,
    stages: &[(String, Measured)],
    edges: &[(String, Edges)],
) -> Vec<(Id, Vec<&'static str>)> {
    let mut all: Vec<(Id, Vec<&'static str>)> = Vec::new();
    let mut places: HashMap<Id, usize> = HashMap::new();
    let mut want = |trace: Id, why: &'static str| {
        let place = *places.entry(trace).or_insert_with(|| {
            all.push((trace, Vec::new()));
            all.len() - 1
        });
        let reasons = &mut all[place].1;
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    };
    traces
        .slowest
        .iter()
        .for_each(|(_, trace)| want(trace, "slowest"));
    traces
        .failed
        .iter()
        .for_each(|(_, trace)| want(trace, "failed"));
    for (_, edges) in edges.iter().take(ROWS) {
        let [best, worst] = edges.traces();
        for (traces, why) in [(best, "best"), (worst, "worst")] {
            for trace in traces {
                want(trace, why);
            }
        }
    }
    let slowest = stages.iter().take(STAGES_WITH_TRACE);
    slowest
        .filter_map(|(_, stage)| stage.slowest())
        .for_each(|trace| want(trace, "stage"));
    traces
        .sample
        .iter()
        .for_each(|(_, trace)| want(trace, "sample"));
    all
}

/// The paths that have room, and how many have none.
fn paths(paths: Vec<(String, Path)>, wanted: &mut Wanted) -> (Vec<model::Path>, usize) {
    let mut places = 0..HOPS;
    let (mut all, mut left_out) = (Vec::new(), 0);
    for (name, path) in paths {
        if all.len() == ROWS || places.is_empty() {
            left_out += 1;
            continue;
        }
        let mut hops = path.hops.into_sorted();
        hops.sort_by_key(|(_, hop)| hop.order);
        let mut hops: Vec<_> = hops
            .into_iter()
            .map(|(name, hop)| (name, hop.measured))
            .collect();
        let mut whole = path.end_to_end;
        whole.budget = path.budget;
        // It tells most, and stands last.
        let whole = (whole.count() > 0).then(|| (END_TO_END.to_owned(), whole));
        let room = places.len() - usize::from(whole.is_some());
        let hops_left_out = hops.len().saturating_sub(room);
        hops.truncate(room);
        hops.extend(whole);
        let of_path = hops
            .iter()
            .zip(&mut places)
            .map(|((hop, _), place)| (hop.clone(), place));
        wanted.hops.insert(name.clone(), of_path.collect());
        let marks = path.marks.into_sorted().into_iter();
        all.push(model::Path {
            name: model::short(&name),
            finished: path.finished,
            budget: path.budget,
            over: path.over,
            hops: hops.iter().map(|(name, hop)| hop.model(name)).collect(),
            hops_left_out,
            marks: marks
                .map(|(name, mark)| model::Mark {
                    name: model::short(&name),
                    unmarked: mark.unmarked,
                    repeated: mark.repeated,
                    backwards: mark.backwards,
                })
                .collect(),
        });
    }
    (all, left_out)
}
