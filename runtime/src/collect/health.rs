//! How telemetry itself is doing.

use std::fmt;

use super::human;
use crate::record::lane::ends;
use crate::record::lane::health::{Loss, counted};

/// How telemetry of this process is doing: what was made, and what was lost before it reached an exporter's
/// queue, by kind.
///
/// All numbers count from the start of the process. What exporters and their queues lost is in the
/// [`Report`](crate::Report) of [`Telemetry::report`](crate::Telemetry::report).
///
/// ```
/// let health = tickspan::health();
/// assert_eq!(health.lost(), 0);
/// println!("{health}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Spans that started on the lane route.
    pub started: u64,
    /// Spans that ended.
    pub ended: u64,
    /// Spans whose lane was full when they ended.
    pub lane_full: u64,
    /// Spans of threads without a lane, because the lanes together had reached their cap.
    pub no_lane: u64,
    /// Spans that could not start, because telemetry was at work on their thread or the thread's storage was gone.
    pub busy: u64,
    /// Spans that lay more than 4,096 deep on their thread.
    pub too_deep: u64,
    /// Spans and latency clocks that ended after telemetry.
    pub after_end: u64,
    /// Parts of spans, that is attributes and events of a stage that had begun, whose lane was full.
    pub parts_lost: u64,
    /// Attributes, events and links that a span could not hold, on its way or by
    /// [its limits](crate::Builder::with_span_limits): of events, edges and trade events among them, 128 unless set.
    pub items_lost: u64,
    /// Attributes and events that came after their span was exported.
    pub too_late: u64,
    /// Texts over 1 KiB, which were cut.
    pub texts_cut: u64,
    /// Console lines of stages that stderr did not take: too many waited, it failed, or telemetry ended.
    pub lines_dropped: u64,
    /// Stages, and series of your own metrics, that are told without their labels, because a metric had too many sets of
    /// them.
    pub labels_overflowed: u64,
    /// Edges that were not counted, because the lane was full.
    pub edges_lost: u64,
    /// Latency clocks that ended, and whose record did not fit into a lane.
    pub latency_lost: u64,
    /// Latency clocks that stages did not find, because 8,192 others were current.
    pub clocks_unseen: u64,
    /// Values of [histograms](crate::Histogram) whose lane was full, or of which too many came before the meters had their
    /// histogram.
    pub values_lost: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// Values of other crates that the policy keeps in the process: [`withheld`](crate::withheld()) tells them by key.
    /// No loss.
    pub withheld: u64,
    /// Values marked `export = hmac` for which there was no key: the marker of their class stands for them.
    pub values_without_key: u64,
    /// Times that the clock jumped, or began anew.
    pub clock_steps: u64,
    /// Requests and messages whose `traceparent` was malformed: they started new traces.
    pub traceparents_malformed: u64,
    /// Requests and messages whose `tracestate` was malformed and left out, or too long and shortened.
    pub tracestates_dropped: u64,
    /// Members of baggage that were malformed, or beyond the limits of W3C, and left out.
    pub baggage_dropped: u64,
    /// Lanes, which are as many as threads that recorded at the same time.
    pub lanes: u64,
    /// Bytes of all lanes.
    pub lane_bytes: u64,
}

/// How telemetry of this process is doing.
pub fn health() -> Health {
    let totals = ends::totals();
    let (lanes, lane_bytes) = ends::size();
    Health {
        started: totals.started,
        ended: totals.ended,
        lane_full: counted(Loss::LaneFull),
        no_lane: counted(Loss::NoLane),
        busy: counted(Loss::Busy),
        too_deep: counted(Loss::TooDeep),
        after_end: counted(Loss::AfterEnd),
        parts_lost: counted(Loss::PartLost) + counted(Loss::OpenForgotten),
        items_lost: counted(Loss::ItemTooMany),
        too_late: counted(Loss::TooLate),
        texts_cut: counted(Loss::TextCut),
        lines_dropped: counted(Loss::LineDropped),
        labels_overflowed: counted(Loss::LabelSets),
        edges_lost: counted(Loss::EdgeLost),
        latency_lost: counted(Loss::LatencyLost),
        clocks_unseen: counted(Loss::ClockUnseen),
        values_lost: counted(Loss::ValueLost),
        unreadable: counted(Loss::Unreadable),
        withheld: crate::policy::total(),
        values_without_key: counted(Loss::NoKey),
        clock_steps: counted(Loss::ClockStep),
        traceparents_malformed: counted(Loss::TraceparentMalformed),
        tracestates_dropped: counted(Loss::TracestateDropped),
        baggage_dropped: counted(Loss::BaggageDropped),
        lanes: lanes as u64,
        lane_bytes: lane_bytes as u64,
    }
}

impl Health {
    /// Spans that were lost before they reached an exporter's queue.
    pub fn lost(&self) -> u64 {
        self.lane_full + self.no_lane + self.busy + self.too_deep + self.unreadable
    }

    /// Each count that is a loss, with its name.
    pub(crate) fn losses(&self) -> [(&'static str, u64); 20] {
        [
            ("lane_full", self.lane_full),
            ("no_lane", self.no_lane),
            ("busy", self.busy),
            ("too_deep", self.too_deep),
            ("after_end", self.after_end),
            ("parts_lost", self.parts_lost),
            ("items_lost", self.items_lost),
            ("too_late", self.too_late),
            ("texts_cut", self.texts_cut),
            ("lines_dropped", self.lines_dropped),
            ("labels_overflowed", self.labels_overflowed),
            ("edges_lost", self.edges_lost),
            ("latency_lost", self.latency_lost),
            ("clocks_unseen", self.clocks_unseen),
            ("values_lost", self.values_lost),
            ("unreadable", self.unreadable),
            ("values_without_key", self.values_without_key),
            ("traceparents_malformed", self.traceparents_malformed),
            ("tracestates_dropped", self.tracestates_dropped),
            ("baggage_dropped", self.baggage_dropped),
        ]
    }
}

/// `1,234 spans ended, 3 open; lane_full 12, texts_cut 4`: losses that did not happen are left out.
impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} spans ended", human::count(self.ended))?;
        let open = self.started.saturating_sub(self.ended);
        if open > 0 {
            write!(f, ", {} open", human::count(open))?;
        }
        let mut separator = ';';
        for (name, number) in self.losses() {
            if number > 0 {
                write!(f, "{separator} {name} {}", human::count(number))?;
                separator = ',';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_loss_is_told_under_the_name_of_its_field() {
        let health = Health {
            started: 101,
            ended: 102,
            lane_full: 103,
            no_lane: 104,
            busy: 105,
            too_deep: 106,
            after_end: 107,
            parts_lost: 108,
            items_lost: 109,
            too_late: 110,
            texts_cut: 111,
            lines_dropped: 112,
            labels_overflowed: 113,
            edges_lost: 114,
            latency_lost: 115,
            clocks_unseen: 116,
            values_lost: 117,
            unreadable: 118,
            withheld: 119,
            values_without_key: 120,
            clock_steps: 121,
            traceparents_malformed: 122,
            tracestates_dropped: 123,
            baggage_dropped: 124,
            lanes: 125,
            lane_bytes: 126,
        };
        let fields = format!("{health:?}");
        let losses = BTreeMap::from(health.losses());
        assert_eq!(losses.len(), health.losses().len(), "{losses:?}");
        for (name, number) in losses {
            assert!(fields.contains(&format!(" {name}: {number},")), "{name}");
        }
        assert_eq!(health.lost(), 103 + 104 + 105 + 106 + 118);
    }
}
