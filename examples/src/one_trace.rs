//! An exporter that keeps one trace, to be shown when the program ends.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::TraceId;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::trace::Trace;

/// Unfinished traces that are remembered. The spans of a trace come from two threads, some milliseconds apart,
/// and most traces never reach a fill.
const UNFINISHED_TRACES: usize = 16_384;

/// Keeps the slowest complete trace of all that are exported.
///
/// Spans may be lost on their way here. So a trace is complete only when it has a span of every
/// name in a list, and can be put together as a [`Trace`]. Clones share what they keep.
#[derive(Clone, Debug)]
pub struct OneTrace {
    names: &'static [&'static str],
    traces: Arc<Mutex<Traces>>,
}

#[derive(Debug, Default)]
struct Traces {
    unfinished: HashMap<TraceId, Vec<SpanData>>,
    /// In which order they were first heard of, the oldest first.
    order: VecDeque<TraceId>,
    slowest: Option<Trace>,
}

impl OneTrace {
    /// Keeps a trace that has a span of each of these names.
    pub fn with_all_of(names: &'static [&'static str]) -> Self {
        Self {
            names,
            traces: Arc::default(),
        }
    }

    /// The slowest complete trace until now.
    pub fn slowest(&self) -> Option<Trace> {
        self.lock().slowest.clone()
    }

    fn has_all_names(&self, spans: &[SpanData]) -> bool {
        self.names
            .iter()
            .all(|name| spans.iter().any(|span| span.name == *name))
    }

    /// A panic with the lock held leaves, at worst, one trace incomplete.
    fn lock(&self) -> MutexGuard<'_, Traces> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanExporter for OneTrace {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut traces = self.lock();
        for span in batch {
            let id = span.span_context.trace_id();
            let spans = traces.unfinished_of(id);
            spans.push(span);
            if self.has_all_names(spans) {
                if let Some(trace) = Trace::of(spans.clone()) {
                    traces.unfinished.remove(&id);
                    traces.keep_if_slower(trace);
                }
            }
        }
        Ok(())
    }
}

impl Traces {
    /// The spans of this trace until now.
    fn unfinished_of(&mut self, id: TraceId) -> &mut Vec<SpanData> {
        if !self.unfinished.contains_key(&id) {
            if self.order.len() == UNFINISHED_TRACES {
                if let Some(oldest) = self.order.pop_front() {
                    self.unfinished.remove(&oldest);
                }
            }
            self.order.push_back(id);
        }
        self.unfinished.entry(id).or_default()
    }

    fn keep_if_slower(&mut self, trace: Trace) {
        if self
            .slowest
            .as_ref()
            .is_none_or(|slowest| trace.duration() > slowest.duration())
        {
            self.slowest = Some(trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::span;

    async fn slowest_of(batches: Vec<Vec<SpanData>>) -> Option<TraceId> {
        let one_trace = OneTrace::with_all_of(&["message", "fill"]);
        for batch in batches {
            one_trace.export(batch).await.unwrap();
        }
        one_trace.slowest().map(|trace| trace.id())
    }

    fn filled(trace: u128, nanos: u64) -> Vec<SpanData> {
        vec![
            span(trace, (2, 1), "fill", 0..1),
            span(trace, (1, 0), "message", 0..nanos),
        ]
    }

    #[tokio::test]
    async fn slowest_of_the_complete_traces_is_kept() {
        let batches = vec![filled(1, 10), filled(2, 30), filled(3, 20)];
        assert_eq!(slowest_of(batches).await, Some(TraceId::from(2)));
    }

    #[tokio::test]
    async fn trace_without_every_name_is_not_complete() {
        assert_eq!(
            slowest_of(vec![vec![span(1, (1, 0), "message", 0..10)]]).await,
            None
        );
    }

    #[tokio::test]
    async fn trace_with_a_lost_parent_is_not_complete() {
        let mut spans = filled(1, 10);
        spans.push(span(1, (9, 8), "orphan", 0..1));
        spans.rotate_right(1);
        assert_eq!(slowest_of(vec![spans]).await, None);
    }

    #[tokio::test]
    async fn trace_may_come_in_pieces_between_others() {
        let mut first = filled(1, 10);
        let rest = first.split_off(1);
        assert_eq!(
            slowest_of(vec![first, filled(2, 5), rest]).await,
            Some(TraceId::from(1))
        );
    }

    #[tokio::test]
    async fn unfinished_traces_do_not_pile_up() {
        let one_trace = OneTrace::with_all_of(&["message", "fill"]);
        for trace in 1..=UNFINISHED_TRACES as u128 + 1_000 {
            one_trace
                .export(vec![span(trace, (1, 0), "message", 0..10)])
                .await
                .unwrap();
        }
        assert_eq!(one_trace.lock().unfinished.len(), UNFINISHED_TRACES);
    }
}
