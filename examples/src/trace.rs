//! The spans of one trace as the tree that they form.

use std::mem;
use std::time::{Duration, SystemTime};

use opentelemetry::TraceId;
use opentelemetry_sdk::trace::SpanData;

/// A whole trace: one root, and every other span below its parent.
#[derive(Clone, Debug)]
pub struct Trace {
    root: Branch,
}

/// A span and the spans below it, in the order in which they began.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The span.
    pub span: SpanData,
    /// Its children, each with theirs.
    pub children: Vec<Branch>,
}

impl Trace {
    /// The trace that `spans` form. `None` unless all of them hang together below a single root.
    pub fn of(mut spans: Vec<SpanData>) -> Option<Self> {
        let is_root = |span: &SpanData| !spans.iter().any(|other| is_parent(other, span));
        let root = spans.iter().position(is_root)?;
        let root = spans.swap_remove(root);
        let root = Branch::grow(root, &mut spans);
        spans.is_empty().then_some(Self { root })
    }

    /// The root, and below it all the rest.
    pub fn root(&self) -> &Branch {
        &self.root
    }

    /// The trace's id.
    pub fn id(&self) -> TraceId {
        self.root.span.span_context.trace_id()
    }

    /// How long the root took.
    pub fn duration(&self) -> Duration {
        self.root.duration()
    }
}

impl Branch {
    /// Moves the spans below `span` out of `spans`.
    fn grow(span: SpanData, spans: &mut Vec<SpanData>) -> Self {
        let (mut children, others) = mem::take(spans)
            .into_iter()
            .partition::<Vec<_>, _>(|child| is_parent(&span, child));
        *spans = others;
        children.sort_by_key(|child| child.start_time);
        let children = children
            .into_iter()
            .map(|child| Self::grow(child, spans))
            .collect();
        Self { span, children }
    }

    /// From the start to the end of this span. Zero if the clock was set back meanwhile.
    pub fn duration(&self) -> Duration {
        self.span
            .end_time
            .duration_since(self.span.start_time)
            .unwrap_or_default()
    }

    /// When the last span ended, this one and all below.
    pub fn end(&self) -> SystemTime {
        let ends = self.children.iter().map(Self::end);
        ends.fold(self.span.end_time, SystemTime::max)
    }
}

fn is_parent(span: &SpanData, child: &SpanData) -> bool {
    span.span_context.span_id() == child.parent_span_id
}

#[cfg(test)]
pub(crate) mod tests {
    use std::ops::Range;

    use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry::{InstrumentationScope, SpanId};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    /// A span of trace `trace` that runs from and to so many nanoseconds. Parent 0 is none.
    pub(crate) fn span(
        trace: u128,
        (id, parent): (u64, u64),
        name: &'static str,
        nanos: Range<u64>,
    ) -> SpanData {
        let at = |nanos| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(trace),
                SpanId::from(id),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: at(nanos.start),
            end_time: at(nanos.end),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn spans_in_any_order_become_a_tree_in_order_of_time() {
        let trace = Trace::of(vec![
            span(1, (4, 2), "grandchild", 20..30),
            span(1, (3, 1), "second", 40..50),
            span(1, (1, 0), "root", 0..100),
            span(1, (2, 1), "first", 10..35),
        ])
        .unwrap();
        let root = trace.root();
        let names: Vec<_> = root.children.iter().map(|child| &child.span.name).collect();
        assert_eq!(root.span.name, "root");
        assert_eq!(names, ["first", "second"]);
        assert_eq!(root.children[0].children[0].span.name, "grandchild");
    }

    #[test]
    fn lost_parent_makes_no_trace() {
        assert!(
            Trace::of(vec![
                span(1, (1, 0), "root", 0..9),
                span(1, (3, 2), "orphan", 1..2)
            ])
            .is_none()
        );
        assert!(Trace::of(Vec::new()).is_none());
    }

    #[test]
    fn spans_that_are_each_others_parents_make_no_trace() {
        let spans =
            |ids: &[(u64, u64)]| ids.iter().map(|&ids| span(1, ids, "span", 0..1)).collect();
        assert!(Trace::of(spans(&[(1, 2), (2, 1)])).is_none());
        assert!(Trace::of(spans(&[(1, 0), (2, 3), (3, 2)])).is_none());
        assert!(Trace::of(spans(&[(1, 1)])).is_none());
    }

    #[test]
    fn trace_ends_with_its_last_span() {
        let spans = vec![
            span(1, (1, 0), "root", 0..100),
            span(1, (2, 1), "child", 50..170),
        ];
        let trace = Trace::of(spans).unwrap();
        assert_eq!(trace.duration(), Duration::from_nanos(100));
        assert_eq!(
            trace.root().end(),
            SystemTime::UNIX_EPOCH + Duration::from_nanos(170)
        );
    }
}
