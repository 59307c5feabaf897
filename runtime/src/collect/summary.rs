//! Per-stage statistics of finished spans: counts, errors, percentiles.
//!
//! [`StageTable`] is fed by the collector, or on the tracing route on the thread that ends a span, so it may neither block for long nor
//! panic: one lock, one hash look-up, one histogram increment. It never prints; the guard does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;

use super::distribution::Distribution;
use super::edges::{self, EdgeSummary};
use super::latency::PathSummary;
use super::{human, table};

/// Names beyond this many share one row: a name made from data must not eat the memory.
const NAMES_LIMIT: usize = 1_024;

/// The row of the names beyond [`NAMES_LIMIT`].
const OTHER_NAMES: &str = "(other names)";

/// The statistics of each stage so far.
///
/// [`Telemetry::summary`](crate::Telemetry::summary) takes it at run time, and the guard prints it
/// on stderr when it is dropped. A stage is a span name; spans that other libraries make with
/// `tracing` are counted like annotated functions.
///
/// Durations have three significant digits (0.1 %) from 1 ns to 60 s; longer ones count as 60 s in
/// percentiles, while [`max`](StageSummary::max) is exact. Spans of all traces are seen, but on
/// the tracing route only those of sampled ones; spans that were lost in lanes are not. After 1,024 different
/// names, further ones share the row `(other names)`. A name takes about 100 KB as long as its
/// durations stay below 1 ms, and 220 KB at most.
///
/// `Display` writes an aligned table, sorted by name:
///
/// ```text
/// stage          count  errors      p50      p90      p95      p99    p99.9      max
/// book::update  91,997       0   412 ns   633 ns   801 ns  1.92 µs  11.3 µs  84.1 µs
/// risk::check    1,204      17  2.11 µs  3.40 µs  3.91 µs  7.02 µs  15.8 µs  15.8 µs
/// ```
///
/// Below it stands what was counted of edges, and a table for each [latency path](PathSummary).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// One row a stage, sorted by name.
    pub stages: Vec<StageSummary>,
    /// What the edges of each name add up to, sorted by name.
    pub edges: Vec<EdgeSummary>,
    /// One for each latency path of which a clock has ended, sorted by name.
    pub paths: Vec<PathSummary>,
}

impl Summary {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty() && self.edges.is_empty() && self.paths.is_empty()
    }

    /// The latency path of this name. None while none of its clocks has ended.
    pub fn path(&self, name: &str) -> Option<&PathSummary> {
        self.paths.iter().find(|path| path.name == name)
    }
}

/// The row of one stage in a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageSummary {
    /// The span's name.
    pub name: String,
    /// Finished spans of this name.
    pub count: u64,
    /// Those that ended with the status `error`.
    pub errors: u64,
    /// The duration that half of the spans did not exceed.
    pub p50: Duration,
    /// The duration that 90 % of the spans did not exceed.
    pub p90: Duration,
    /// The duration that 95 % of the spans did not exceed.
    pub p95: Duration,
    /// The duration that 99 % of the spans did not exceed.
    pub p99: Duration,
    /// The duration that 99.9 % of the spans did not exceed.
    pub p999: Duration,
    /// The longest duration, exact.
    pub max: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.stages.is_empty() || self.is_empty() {
            let header = [
                "stage", "count", "errors", "p50", "p90", "p95", "p99", "p99.9", "max",
            ]
            .map(String::from);
            let rows: Vec<[String; 9]> = std::iter::once(header)
                .chain(self.stages.iter().map(StageSummary::cells))
                .collect();
            table::write(f, &rows)?;
        }
        if !self.edges.is_empty() {
            if !self.stages.is_empty() {
                f.write_str("\n\n")?;
            }
            edges::write(f, &self.edges)?;
        }
        for (index, path) in self.paths.iter().enumerate() {
            if index > 0 || !self.stages.is_empty() || !self.edges.is_empty() {
                f.write_str("\n\n")?;
            }
            path.fmt(f)?;
        }
        Ok(())
    }
}

impl StageSummary {
    fn cells(&self) -> [String; 9] {
        [
            self.name.clone(),
            human::count(self.count),
            human::count(self.errors),
            human::duration(self.p50),
            human::duration(self.p90),
            human::duration(self.p95),
            human::duration(self.p99),
            human::duration(self.p999),
            human::duration(self.max),
        ]
    }
}

/// What the spans of each name add up to.
#[derive(Debug, Default)]
pub(crate) struct StageTable {
    // One lock for the table: it is held for the 50 ns of a look-up and an increment.
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    places: HashMap<Cow<'static, str>, usize>,
    stages: Vec<Stage>,
}

/// The row of a name, for whoever counts many spans of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row(usize);

impl StageTable {
    /// Counts one finished span.
    pub(crate) fn observe(&self, span: &SpanData) {
        let row = self.row(&span.name);
        self.observe_in(row, duration(span), failed(span));
    }

    /// The row of the stages of a name.
    pub(crate) fn row(&self, name: &str) -> Row {
        let mut rows = self.lock();
        if let Some(place) = rows.places.get(name) {
            return Row(*place);
        }
        let name = if rows.stages.len() < NAMES_LIMIT {
            Cow::Owned(name.to_owned())
        } else {
            Cow::Borrowed(OTHER_NAMES)
        };
        let Rows { places, stages } = &mut *rows;
        let place = places.entry(name).or_insert_with(|| {
            stages.push(Stage::new());
            stages.len() - 1
        });
        Row(*place)
    }

    /// Counts one stage that has ended.
    pub(crate) fn observe_in(&self, row: Row, duration: Duration, failed: bool) {
        if let Some(stage) = self.lock().stages.get_mut(row.0) {
            stage.observe(duration, failed);
        }
    }

    /// Reads every row.
    pub(crate) fn summary(&self) -> Vec<StageSummary> {
        let rows = self.lock();
        let mut stages: Vec<StageSummary> = rows
            .places
            .iter()
            .map(|(name, place)| rows.stages[*place].summary(name.to_string()))
            .collect();
        // A row is made when its name is first met, and filled a moment later.
        stages.retain(|stage| stage.count > 0);
        stages.sort_by(|a, b| a.name.cmp(&b.name));
        stages
    }

    /// A thread that panicked with the lock held leaves, at worst, one span half counted: the table
    /// stays usable.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a span took. A clock set back while it ran makes it end before its start: that is no duration, so zero.
pub(crate) fn duration(span: &SpanData) -> Duration {
    span.end_time
        .duration_since(span.start_time)
        .unwrap_or_default()
}

pub(super) fn failed(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
}

#[derive(Debug)]
struct Stage {
    errors: u64,
    durations: Distribution,
}

impl Stage {
    fn new() -> Self {
        Self {
            errors: 0,
            durations: Distribution::new(),
        }
    }

    fn observe(&mut self, duration: Duration, failed: bool) {
        self.errors += u64::from(failed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.durations.record(nanoseconds);
    }

    fn summary(&self, name: String) -> StageSummary {
        let durations = self.durations.percentiles();
        StageSummary {
            name,
            count: durations.count,
            errors: self.errors,
            p50: durations.p50,
            p90: durations.p90,
            p95: durations.p95,
            p99: durations.p99,
            p999: durations.p999,
            max: durations.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    fn span(name: impl Into<Cow<'static, str>>, duration: Duration, status: Status) -> SpanData {
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: SystemTime::UNIX_EPOCH,
            end_time: SystemTime::UNIX_EPOCH + duration,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let table = StageTable::default();
        for microseconds in 1..=1_000 {
            table.observe(&span(
                "s",
                Duration::from_micros(microseconds),
                Status::Unset,
            ));
        }
        let summary = table.summary();
        let stage = &summary[0];
        assert_eq!((stage.count, stage.errors), (1_000, 0));
        for (measured, expected) in [
            (stage.p50, 500),
            (stage.p90, 900),
            (stage.p95, 950),
            (stage.p99, 990),
            (stage.p999, 999),
        ] {
            let expected = Duration::from_micros(expected);
            assert!(
                measured.abs_diff(expected) <= expected / 1_000,
                "{measured:?} is not {expected:?}"
            );
        }
        assert_eq!(stage.max, Duration::from_millis(1));
    }

    #[test]
    fn errors_are_counted_by_status() {
        let table = StageTable::default();
        table.observe(&span("s", Duration::ZERO, Status::error("no")));
        table.observe(&span("s", Duration::ZERO, Status::Ok));
        let summary = table.summary();
        assert_eq!((summary[0].count, summary[0].errors), (2, 1));
    }

    #[test]
    fn a_span_that_ends_before_its_start_counts_as_zero() {
        let table = StageTable::default();
        let mut backwards = span("s", Duration::ZERO, Status::Unset);
        backwards.start_time += Duration::from_secs(1);
        table.observe(&backwards);
        assert_eq!(table.summary()[0].max, Duration::ZERO);
    }

    #[test]
    fn names_beyond_the_limit_share_a_row() {
        let table = StageTable::default();
        for index in 0..NAMES_LIMIT + 3 {
            table.observe(&span(format!("s{index}"), Duration::ZERO, Status::Unset));
        }
        let summary = table.summary();
        assert_eq!(summary.len(), NAMES_LIMIT + 1);
        let other = summary.iter().find(|stage| stage.name == OTHER_NAMES);
        assert_eq!(other.map(|stage| stage.count), Some(3));
    }

    #[test]
    fn table_is_aligned_and_keeps_control_characters_out() {
        let table = StageTable::default();
        table.observe(&span(
            "long::name",
            Duration::from_nanos(1_500),
            Status::Unset,
        ));
        table.observe(&span(
            "a\x1b[2J",
            Duration::from_nanos(20),
            Status::error(""),
        ));
        assert_eq!(
            Summary {
                stages: table.summary(),
                edges: Vec::new(),
                paths: Vec::new(),
            }
            .to_string(),
            "stage       count  errors      p50      p90      p95      p99    p99.9      max\n\
             a [2J           1       1    20 ns    20 ns    20 ns    20 ns    20 ns    20 ns\n\
             long::name      1       0  1.50 µs  1.50 µs  1.50 µs  1.50 µs  1.50 µs  1.50 µs"
        );
    }
}
