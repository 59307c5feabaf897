//! What became of the spans, told when telemetry ends.

use std::fmt;

use crate::collect::human;
use crate::export::{Ended, Tally};

/// What was made, delivered and lost until telemetry was shut down.
///
/// A span counts when it passes the filter. What ended was sampled away, lost in lanes, or for each
/// exporter either exported, failed or dropped; no span is lost without being counted here. What
/// a backend says that it rejected of what it took (OTLP's partial success) counts as failed.
///
/// `Display` writes a line for the spans and one for each exporter.
///
/// # Examples
///
/// ```no_run
/// # use std::time::Duration;
/// # fn main() -> Result<(), tickspan::Error> {
/// let telemetry = tickspan::init()?;
/// // trade
/// let report = telemetry.shutdown(Duration::from_secs(2));
/// if report.lost() > 0 {
///     eprintln!("{report}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Spans that ended, and the spans of [hops](crate::Builder::with_hop_spans). On the tracing route, those of sampled traces.
    pub made: u64,
    /// Ended spans that were not meant to be exported: their trace was not sampled, or not kept when it had
    /// ended.
    pub sampled_away: u64,
    /// Ended spans that were lost before an exporter was asked: their thread had no lane, or it was full, or they were
    /// refused at their start (too deep, or where telemetry was at work). [`health`](crate::health()) tells which.
    pub lost_in_lanes: u64,
    /// Spans that had begun and not ended: they are not exported, and not in [`made`](Self::made).
    pub open: u64,
    /// What became of the ended spans at each exporter.
    pub exporters: Vec<ExporterReport>,
    /// What became of the data points of metrics at each exporter. None is ever dropped: what is not exported is in
    /// the next reading.
    pub metrics: Vec<ExporterReport>,
    /// What became of log records at each exporter.
    pub logs: Vec<ExporterReport>,
    /// What became of finished latency clocks at each recorder.
    pub clocks: Vec<ExporterReport>,
    /// Whether the deadline passed before every exporter was done, and everything written that is said on stderr.
    pub deadline_passed: bool,
}

/// What became of the ended spans, of the data points of metrics, of log records, or of latency clocks, at one exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterReport {
    /// The exporter: protocol and endpoint, `stdout`, or its type.
    pub exporter: String,
    /// Spans that it took without an error.
    pub exported: u64,
    /// Spans that it was given and failed to deliver: an error, a panic, a time-out, or given up at
    /// the deadline.
    pub failed: u64,
    /// Spans that it was never given, because its queue was full or it was still busy at the end.
    pub dropped: u64,
    /// Why the last of the failed ones failed.
    pub last_failure: Option<String>,
}

/// What there was before an exporter was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    pub(super) ended: u64,
    pub(super) open: u64,
    pub(super) sampled_away: u64,
    /// Spans that were given to the queues of the exporters.
    pub(super) given: u64,
}

impl Report {
    pub(super) fn new(made: Made, ended: Ended) -> Self {
        let of = |(given, tallies): (u64, Vec<Tally>)| {
            let tallies = tallies.into_iter();
            tallies
                .map(|tally| ExporterReport::new(tally, given))
                .collect()
        };
        Self {
            made: made.ended,
            open: made.open,
            sampled_away: made.sampled_away,
            lost_in_lanes: made.ended.saturating_sub(made.sampled_away + made.given),
            exporters: of((made.given, ended.spans)),
            // None is ever dropped.
            metrics: of((0, ended.metrics)),
            logs: of(ended.logs),
            clocks: of(ended.clocks),
            deadline_passed: !ended.in_time,
        }
    }

    /// Ended spans that were lost: in lanes, and at each exporter.
    pub fn lost(&self) -> u64 {
        self.lost_in_lanes + self.exporters.iter().map(ExporterReport::lost).sum::<u64>()
    }
}

impl ExporterReport {
    fn new(tally: Tally, given: u64) -> Self {
        Self {
            dropped: given.saturating_sub(tally.exported + tally.failed),
            exporter: tally.exporter,
            exported: tally.exported,
            failed: tally.failed,
            last_failure: tally.last_failure,
        }
    }

    fn given(&self) -> u64 {
        self.exported + self.lost()
    }

    /// Spans that failed or were dropped.
    pub fn lost(&self) -> u64 {
        self.failed + self.dropped
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spans ended", human::count(self.made))?;
        if self.open > 0 {
            write!(f, ", {} still open", human::count(self.open))?;
        }
        if self.sampled_away > 0 {
            write!(f, ", {} sampled away", human::count(self.sampled_away))?;
        }
        if self.lost_in_lanes > 0 {
            write!(f, ", {} lost in lanes", human::count(self.lost_in_lanes))?;
        }
        if self.deadline_passed {
            f.write_str("; the deadline of the shutdown passed")?;
        }
        for exporter in &self.exporters {
            write!(f, "\n{exporter}")?;
        }
        for metrics in &self.metrics {
            write!(f, "\nmetrics: {metrics}")?;
        }
        for logs in &self.logs {
            write!(f, "\nlog records: {logs}")?;
        }
        // A program without latency paths has none.
        for clocks in self.clocks.iter().filter(|it| it.given() > 0) {
            write!(f, "\nlatency clocks: {clocks}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ExporterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} exported, {} failed, {} dropped",
            self.exporter,
            human::count(self.exported),
            human::count(self.failed),
            human::count(self.dropped),
        )?;
        match &self.last_failure {
            Some(reason) => write!(f, " (last failure: {reason})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_neither_exported_nor_failed_was_dropped() {
        let tally = Tally {
            exporter: "OTLP over gRPC at http://h:1".to_owned(),
            exported: 900,
            failed: 512,
            last_failure: Some("no answer".to_owned()),
        };
        let made = Made {
            ended: 1_700,
            open: 2,
            sampled_away: 150,
            given: 1_500,
        };
        let ended = Ended {
            in_time: false,
            spans: vec![tally],
            ..Ended::default()
        };
        let report = Report::new(made, ended);
        assert_eq!((report.exporters[0].dropped, report.lost()), (88, 650));
        assert_eq!(
            report.to_string(),
            "1,700 spans ended, 2 still open, 150 sampled away, 50 lost in lanes; the deadline of the shutdown passed\n\
             OTLP over gRPC at http://h:1: 900 exported, 512 failed, 88 dropped (last failure: no answer)"
        );
    }
}
