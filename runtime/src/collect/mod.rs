//! What is made of records inside the process: spans, statistics of stages, and the decision which traces to keep.
//!
//! On the lane route the collector thread drains the lanes ([`collector`]), joins records to spans ([`join`]) and
//! hands them on. On the tracing route the span processor in [`crate::export`] feeds the statistics. Nothing here
//! sends or prints.

mod anchor;
mod collector;
mod decode;
mod distribution;
mod edges;
mod exemplars;
mod health;
pub(crate) mod human;
mod join;
pub(crate) mod latency;
mod lines;
mod log;
mod open;
mod stage_metrics;
mod statistics;
pub(crate) mod stock;
mod summary;
mod table;
mod tail;
mod texts;

use opentelemetry_sdk::trace::SpanData;

use anchor::{Anchors, Moment};
pub(crate) use collector::{Collector, Sink};
use decode::Decoder;
pub(crate) use decode::{SpanShape, as_attribute};
pub use edges::{EdgeCost, EdgeSummary};
pub(crate) use edges::{EdgeTable, observe_edge, observe_edges_in};
#[cfg(feature = "prometheus")]
pub(crate) use exemplars::Exemplar;
pub(crate) use exemplars::Exemplars;
pub use health::{Health, health};
pub(crate) use join::{Joiner, hop_spans_made, unsampled};
#[cfg(feature = "recorder")]
pub(crate) use latency::FinishedClock;
pub(crate) use latency::LatencyTable;
pub use latency::{HopSummary, MarkSummary, PathSummary, Percentiles};
pub(crate) use lines::Lines;
pub(crate) use stage_metrics::{StageMetrics, duration_bounds, write_key};
pub(crate) use statistics::Statistics;
pub(crate) use summary::StageTable;
pub(crate) use summary::duration as span_duration;
pub use summary::{StageSummary, Summary};
pub use tail::TailSampling;
pub(crate) use tail::{Held, Tail};

use crate::outputs::Gate;
use crate::record::lane::clock;
use crate::record::lane::wire::Header;

/// The spans of records that lie all together.
pub(crate) fn joined(records: &[Vec<u8>]) -> Vec<SpanData> {
    let mut joiner = joiner(
        SpanShape::default(),
        None,
        Statistics::default(),
        None,
        None,
    );
    let mut author = decode::Author::default();
    let mut spans = Vec::new();
    for record in records {
        if let Some((header, behind)) = Header::split(record) {
            joiner.take(&header, behind, &mut author, &mut spans);
        }
    }
    for _ in 0..2 {
        joiner.end_pass(&mut spans);
    }
    spans
}

/// Makes what joins records to spans.
pub(crate) fn joiner(
    shape: SpanShape,
    lines: Option<Lines>,
    statistics: Statistics,
    metrics: Option<StageMetrics>,
    gate: Option<Gate>,
) -> Joiner {
    let clock = clock();
    let now = Moment::now(&clock);
    let anchors = Anchors::new(
        Box::new(move |start, end| clock.delta_as_nanos(start, end)),
        now,
    );
    let mut decoder = Decoder::new(anchors, shape);
    decoder.lines = lines;
    decoder.gate = gate;
    Joiner::new(decoder, statistics, metrics)
}
