//! The statistics of each path so far.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};

use super::durations::Durations;
use super::told::{Told, ToldHop};
use super::{HopSummary, MarkSummary, PathSummary};
use crate::record::latency::hops::{Hop, Measured, Times, measure};
use crate::record::latency::{End, LatencyPath, MOST_MARKS};

/// The name of the whole path, as of a hop.
pub(crate) const WHOLE: &str = "end_to_end";

/// What the clocks of each path add up to.
#[derive(Debug)]
pub(crate) struct LatencyTable {
    window: Duration,
    began: Instant,
    // One lock for the table: it is held for as long as one clock is counted, or a path is read.
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    /// A handful: a path is an enum of the source.
    paths: Vec<Path>,
    /// Where durations are told, if that is wanted.
    told: Option<Told>,
}

#[derive(Debug)]
struct Path {
    of: &'static LatencyPath,
    finished: u64,
    dropped: u64,
    unmarked: [u64; MOST_MARKS],
    repeated: [u64; MOST_MARKS],
    backwards: [u64; MOST_MARKS],
    hops: Vec<HopRow>,
    whole: Option<Row>,
}

#[derive(Debug)]
struct HopRow {
    from: u8,
    to: u8,
    row: Row,
}

/// A hop, or the whole path.
#[derive(Debug)]
struct Row {
    name: String,
    budget_nanoseconds: u64,
    over_budget: u64,
    durations: Durations,
    told: Option<ToldHop>,
}

/// What one clock was counted as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) measured: Measured,
    /// Whether a hop, or the whole, took longer than it may.
    pub(crate) is_over_budget: bool,
}

impl LatencyTable {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            began: Instant::now(),
            rows: Mutex::default(),
        }
    }

    /// Tells durations to a histogram, too, from now on.
    pub(super) fn tell(&self, told: Told) {
        let mut rows = self.lock();
        for Path {
            of, hops, whole, ..
        } in &mut rows.paths
        {
            for row in hops.iter_mut().map(|hop| &mut hop.row).chain(whole) {
                row.told = Some(told.hop(of, &row.name));
            }
        }
        rows.told = Some(told);
    }

    /// Counts a clock that has ended: its marks were made at `times`, and some more than once. `around` is the span in
    /// which it ended, if its trace is sampled.
    pub(crate) fn observe(
        &self,
        path: &'static LatencyPath,
        end: End,
        times: &Times,
        repeated: u16,
        around: Option<(TraceId, SpanId)>,
    ) -> Counted {
        let now = self.began.elapsed();
        let measured = measure(times.get(..path.marks.len()).unwrap_or_default());
        let mut rows = self.lock();
        let Rows { paths, told } = &mut *rows;
        let known = paths.iter().position(|row| core::ptr::eq(row.of, path));
        let place = known.unwrap_or_else(|| {
            paths.push(Path::new(path));
            paths.len() - 1
        });
        let row = &mut paths[place];
        if end == End::Dropped {
            row.dropped += 1;
            return Counted {
                measured: Measured::default(),
                is_over_budget: false,
            };
        }
        row.finished += 1;
        add(&mut row.unmarked, measured.unmarked);
        add(&mut row.backwards, measured.backwards);
        add(&mut row.repeated, repeated);
        let mut is_over_budget = false;
        let told = told.as_ref();
        for hop in measured.hops() {
            let row = row.hop(hop, (path, told));
            is_over_budget |= row.record(hop.nanoseconds, now, self.window);
            row.tell(hop.nanoseconds, around, times[usize::from(hop.to)]);
        }
        if let Some(nanoseconds) = measured.end_to_end {
            let whole = row.whole.get_or_insert_with(|| {
                Row::new(WHOLE.to_owned(), path.budget_nanoseconds, path, told)
            });
            is_over_budget |= whole.record(nanoseconds, now, self.window);
            whole.tell(nanoseconds, around, times.iter().copied().max().flatten());
        }
        Counted {
            measured,
            is_over_budget,
        }
    }

    /// Reads every path, sorted by name.
    pub(crate) fn summary(&self) -> Vec<PathSummary> {
        let now = self.began.elapsed();
        let rows = self.lock();
        let mut paths: Vec<PathSummary> = rows
            .paths
            .iter()
            .map(|path| path.summary(now, self.window))
            .collect();
        paths.sort_by(|a, b| a.name.cmp(&b.name));
        paths
    }

    /// Calls `f` for each count of each path: its path, and what was counted.
    pub(super) fn counts(&self, mut f: impl FnMut(&'static LatencyPath, Count<'_>)) {
        for row in &self.lock().paths {
            f(row.of, Count::Ended("finished", row.finished));
            f(row.of, Count::Ended("dropped", row.dropped));
            for (place, mark) in row.of.marks.iter().enumerate() {
                for (fault, counts) in [
                    ("unmarked", &row.unmarked),
                    ("repeated", &row.repeated),
                    ("backwards", &row.backwards),
                ] {
                    f(row.of, Count::Fault(fault, mark.name, counts[place]));
                }
            }
            let hops = row.hops.iter().map(|hop| &hop.row);
            for hop in hops
                .chain(&row.whole)
                .filter(|hop| hop.budget_nanoseconds > 0)
            {
                f(row.of, Count::OverBudget(&hop.name, hop.over_budget));
            }
        }
    }

    /// A thread that panicked with the lock held leaves, at worst, one clock half counted.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is counted.
pub(super) enum Count<'a> {
    /// Clocks, by how they ended.
    Ended(&'static str, u64),
    /// A kind of fault, at a mark.
    Fault(&'static str, &'static str, u64),
    /// Of a hop.
    OverBudget(&'a str, u64),
}

fn add(counts: &mut [u64; MOST_MARKS], marks: u16) {
    for (place, count) in counts.iter_mut().enumerate() {
        *count += u64::from(marks >> place & 1);
    }
}

impl Path {
    fn new(path: &'static LatencyPath) -> Self {
        Self {
            of: path,
            finished: 0,
            dropped: 0,
            unmarked: [0; MOST_MARKS],
            repeated: [0; MOST_MARKS],
            backwards: [0; MOST_MARKS],
            hops: Vec::new(),
            whole: None,
        }
    }

    fn hop(&mut self, hop: &Hop, (path, told): (&'static LatencyPath, Option<&Told>)) -> &mut Row {
        let key = (hop.from, hop.to);
        // In the order of the path, those that begin at the same mark by their end.
        let place = match self
            .hops
            .binary_search_by_key(&key, |row| (row.from, row.to))
        {
            Ok(place) => place,
            Err(place) => {
                let row = HopRow {
                    from: hop.from,
                    to: hop.to,
                    row: Row::new(hop_name(path, hop), hop_budget(path, hop), path, told),
                };
                self.hops.insert(place, row);
                place
            }
        };
        &mut self.hops[place].row
    }

    fn summary(&self, now: Duration, window: Duration) -> PathSummary {
        let marks = self.of.marks.iter().enumerate();
        let hops = self.hops.iter().map(|hop| &hop.row);
        PathSummary {
            name: self.of.name.to_owned(),
            finished: self.finished,
            dropped: self.dropped,
            hops: hops
                .chain(&self.whole)
                .map(|row| row.summary(now, window))
                .collect(),
            marks: marks
                .map(|(place, mark)| MarkSummary {
                    name: mark.name.to_owned(),
                    unmarked: self.unmarked[place],
                    repeated: self.repeated[place],
                    backwards: self.backwards[place],
                })
                .collect(),
            window,
        }
    }
}

/// `ws_received_to_book_updated`.
pub(super) fn hop_name(path: &LatencyPath, hop: &Hop) -> String {
    let name = |place: u8| {
        path.marks
            .get(usize::from(place))
            .map_or("", |mark| mark.name)
    };
    format!("{}_to_{}", name(hop.from), name(hop.to))
}

/// What a hop may take, or 0. One over a mark that does not count has no budget of its own.
pub(super) fn hop_budget(path: &LatencyPath, hop: &Hop) -> u64 {
    let mark = path.marks.get(usize::from(hop.to));
    mark.filter(|_| hop.from + 1 == hop.to)
        .map_or(0, |mark| mark.budget_nanoseconds)
}

impl Row {
    fn new(name: String, budget_nanoseconds: u64, path: &LatencyPath, told: Option<&Told>) -> Self {
        Self {
            told: told.map(|told| told.hop(path, &name)),
            name,
            budget_nanoseconds,
            over_budget: 0,
            durations: Durations::new(),
        }
    }

    /// Counts one. True where it took longer than it may.
    fn record(&mut self, nanoseconds: u64, now: Duration, window: Duration) -> bool {
        self.durations.record(nanoseconds, now, window);
        let is_over = self.budget_nanoseconds > 0 && nanoseconds > self.budget_nanoseconds;
        self.over_budget += u64::from(is_over);
        is_over
    }

    /// Tells one, which ended at `end`, in nanoseconds since 1970.
    fn tell(&self, nanoseconds: u64, around: Option<(TraceId, SpanId)>, end: Option<u64>) {
        if let Some(told) = &self.told {
            let end = UNIX_EPOCH + Duration::from_nanos(end.unwrap_or_default());
            told.tell(Duration::from_nanos(nanoseconds), around, end);
        }
    }

    fn summary(&self, now: Duration, window: Duration) -> HopSummary {
        HopSummary {
            name: self.name.clone(),
            budget: (self.budget_nanoseconds > 0)
                .then(|| Duration::from_nanos(self.budget_nanoseconds)),
            over_budget: self.over_budget,
            all: self.durations.percentiles(),
            recent: self.durations.recent(now, window),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry_sdk::metrics::data::{
        AggregatedMetrics, HistogramDataPoint, MetricData, ScopeMetrics,
    };
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};

    use super::*;
    use crate::record::latency::LatencyMark;

    static PATH: LatencyPath = LatencyPath::new(
        "order",
        900,
        &[
            LatencyMark::new("a", 0),
            LatencyMark::new("b", 500),
            LatencyMark::new("c", 0),
        ],
    );

    fn times(times: &[u64]) -> Times {
        let mut all = [None; MOST_MARKS];
        for (to, from) in all.iter_mut().zip(times) {
            *to = (*from > 0).then_some(*from);
        }
        all
    }

    fn table() -> LatencyTable {
        LatencyTable::new(Duration::from_secs(300))
    }

    #[test]
    fn budgets_are_checked_for_their_hop_and_for_the_whole() {
        let table = table();
        let observe = |marks: &[u64]| {
            table
                .observe(&PATH, End::Finished, &times(marks), 0, None)
                .is_over_budget
        };
        assert!(!observe(&[1, 501, 901]));
        assert!(observe(&[1, 502, 600]));
        assert!(observe(&[1, 2, 902]));
        // A hop over a mark that was not made has no budget of its own.
        assert!(!observe(&[1, 0, 800]));
        let summary = table.summary();
        let over = |hop: &str| summary[0].hop(hop).unwrap().over_budget;
        assert_eq!(
            (
                over("a_to_b"),
                over("b_to_c"),
                over("a_to_c"),
                over("end_to_end")
            ),
            (1, 0, 0, 1)
        );
    }

    #[test]
    fn paths_that_are_known_already_are_told() {
        let table = Arc::new(table());
        let observe = || table.observe(&PATH, End::Finished, &times(&[1, 501, 901]), 0, None);
        observe();
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_periodic_exporter(exporter.clone())
            .build();
        super::super::register(&provider, &table, None);
        observe();
        provider.force_flush().unwrap();
        let finished = exporter.get_finished_metrics().unwrap();
        let mut metrics = finished[0].scope_metrics().flat_map(ScopeMetrics::metrics);
        let durations = metrics.find(|metric| metric.name() == "tickspan.latency.duration");
        let AggregatedMetrics::F64(MetricData::Histogram(durations)) = durations.unwrap().data()
        else {
            panic!("{durations:?}");
        };
        let counts = durations.data_points().map(HistogramDataPoint::count);
        assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn faults_are_counted_by_mark() {
        let table = table();
        table.observe(&PATH, End::Finished, &times(&[5, 0, 9]), 0b101, None);
        table.observe(&PATH, End::Finished, &times(&[5, 9, 7]), 0b100, None);
        table.observe(&PATH, End::Dropped, &times(&[5, 0, 0]), 0b1, None);
        let path = table.summary().remove(0);
        assert_eq!((path.finished, path.dropped), (2, 1));
        let faults = path
            .marks
            .iter()
            .map(|mark| (mark.unmarked, mark.repeated, mark.backwards));
        assert_eq!(
            faults.collect::<Vec<_>>(),
            [(0, 1, 0), (1, 0, 0), (0, 2, 1)]
        );
        let hops = path.hops.iter().map(|hop| (&*hop.name, hop.all.count));
        assert_eq!(
            hops.collect::<Vec<_>>(),
            [("a_to_b", 1), ("a_to_c", 1), ("end_to_end", 1)]
        );
    }
}
