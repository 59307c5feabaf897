//! Which traces are kept once it is known how they went.
//!
//! Works on the spans of this process: a trace is complete here when its root in this process has ended. What
//! other processes do with their part of it is theirs to decide.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;

#[cfg(feature = "recorder")]
use super::FinishedClock;
use super::{Sink, summary};
use crate::record::lane::sampling;

/// Keeps the traces that are worth keeping, when they have ended: those with an error, those whose root in this
/// process was slow, those in which a [latency path](macro@crate::LatencyStages) took longer than its budget, those with
/// an edge that was accepted or rejected if that is asked for, and a share of the others.
///
/// ```
/// use std::time::Duration;
/// use tickspan::TailSampling;
///
/// let tail = TailSampling::keep_ratio(0.01)
///     .slower_than(Duration::from_millis(5))
///     .hold_at_most(50_000);
/// let builder = tickspan::builder().with_tail_sampling(tail);
/// ```
///
/// Spans are held until the root of their trace in this process has ended: the one without a parent, or whose
/// parent is in another process. What comes after that, of a message that was handed to another task, decides nothing
/// unless [`decide_after`](Self::decide_after) waits for it: a span, an edge or a clock then follows the decision for as long as
/// that is remembered, for the last 16,384 traces. Where more spans are held than allowed, the trace whose root ended first, or
/// else the one that has been held longest, is decided by what is known of it.
///
/// Counts and durations in the [`Summary`](crate::Summary) are those of all traces. Only traces that
/// `OTEL_TRACES_SAMPLER` lets through can be kept. On the tracing route it has no effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailSampling {
    ratio: f64,
    slow: Option<Duration>,
    accepted_edges: bool,
    rejected_edges: bool,
    after: Duration,
    most: usize,
}

impl TailSampling {
    /// Keeps traces with an error, and of the others the share `ratio`, from 0 to 1, by trace id.
    pub fn keep_ratio(ratio: f64) -> Self {
        Self {
            ratio,
            slow: None,
            accepted_edges: false,
            rejected_edges: false,
            after: Duration::ZERO,
            most: 65_536,
        }
    }

    /// Keeps traces whose root in this process took longer, too.
    #[must_use]
    pub fn slower_than(mut self, duration: Duration) -> Self {
        self.slow = Some(duration);
        self
    }

    /// Keeps traces in which an [edge](crate::EdgeBreakdown) was accepted, too: the trades that were taken.
    #[must_use]
    pub fn with_accepted_edges(mut self) -> Self {
        self.accepted_edges = true;
        self
    }

    /// Keeps traces in which an [edge](crate::EdgeBreakdown) was rejected, too: the trades that were not taken.
    #[must_use]
    pub fn with_rejected_edges(mut self) -> Self {
        self.rejected_edges = true;
        self
    }

    /// Sets how long after its root has ended a trace is decided about; at once unless set. It is to be longer than a message
    /// is under way behind the root, where the root hands it on by a channel and ends. Spans are held for so much longer, also while
    /// [`flush`](crate::Telemetry::flush) waits; when telemetry ends, all that are held are decided about.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickspan::TailSampling;
    ///
    /// let tail = TailSampling::keep_ratio(0.01)
    ///     .with_accepted_edges()
    ///     .decide_after(Duration::from_secs(1));
    /// ```
    #[must_use]
    pub fn decide_after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// Sets how many spans may be held; 65,536 unless set. A span takes about 1 KiB.
    #[must_use]
    pub fn hold_at_most(mut self, spans: usize) -> Self {
        self.most = spans.max(1);
        self
    }

    /// Whether the ratio is one.
    pub(crate) fn is_valid(&self) -> bool {
        (0.0..=1.0).contains(&self.ratio)
    }
}

/// How many decisions are remembered.
const REMEMBERED: usize = 16_384;

/// So few decided traces may stay in the order.
const FEW: usize = 1_024;

/// What became of the spans that were held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    // Relaxed: statistics, written by the collector alone.
    pub(crate) dropped: AtomicU64,
    pub(crate) early: AtomicU64,
}

/// Holds spans back until it is decided about their trace.
pub(crate) struct Tail<S> {
    settings: TailSampling,
    counts: Arc<Held>,
    next: S,
    traces: HashMap<TraceId, Trace>,
    /// Traces in the order in which they were first heard of. Those that have been decided are passed.
    order: VecDeque<TraceId>,
    /// Those of which the root has ended, and when it did.
    ended: VecDeque<(Instant, TraceId)>,
    held: usize,
    decided: HashMap<TraceId, bool>,
    /// Decisions in their order.
    remembered: VecDeque<TraceId>,
    /// Spans that are kept, and have not been handed on.
    kept: Vec<SpanData>,
}

#[derive(Default)]
struct Trace {
    spans: Vec<SpanData>,
    /// Whether its root has ended.
    ended: bool,
    /// Whether it is kept in any case: for an error, a slow root, a latency path over its budget, or an edge.
    worth: bool,
    #[cfg(feature = "recorder")]
    clocks: Vec<FinishedClock>,
}

impl Trace {
    /// How much is held of it.
    fn held(&self) -> usize {
        #[cfg(feature = "recorder")]
        let clocks = self.clocks.len();
        #[cfg(not(feature = "recorder"))]
        let clocks = 0;
        self.spans.len() + clocks
    }
}

impl<S: Sink> Tail<S> {
    pub(crate) fn new(settings: TailSampling, counts: Arc<Held>, next: S) -> Self {
        Self {
            settings,
            counts,
            next,
            traces: HashMap::new(),
            order: VecDeque::new(),
            ended: VecDeque::new(),
            held: 0,
            decided: HashMap::new(),
            remembered: VecDeque::new(),
            kept: Vec::new(),
        }
    }

    fn decide(&mut self, id: TraceId) {
        let Some(trace) = self.traces.remove(&id) else {
            return;
        };
        self.held -= trace.held();
        let keep = trace.worth || self.is_in_share(id);
        if self.remembered.len() == REMEMBERED {
            if let Some(forgotten) = self.remembered.pop_front() {
                self.decided.remove(&forgotten);
            }
        }
        if self.decided.insert(id, keep).is_none() {
            self.remembered.push_back(id);
        }
        if keep {
            self.kept.extend(trace.spans);
            #[cfg(feature = "recorder")]
            for clock in trace.clocks {
                self.next.give_clock(clock);
            }
        } else {
            self.count_dropped(trace.spans.len());
        }
    }

    fn is_in_share(&self, id: TraceId) -> bool {
        let bytes = id.to_bytes();
        let low = bytes[8..].try_into().map_or(0, u64::from_be_bytes);
        sampling::is_in([0, low], self.settings.ratio)
    }

    fn count_dropped(&self, spans: usize) {
        self.counts
            .dropped
            .fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Decides about the traces whose roots ended so long before `now` that nothing more is waited for.
    fn decide_ended(&mut self, now: Instant) {
        while let Some(&(ended, id)) = self.ended.front() {
            if now.saturating_duration_since(ended) < self.settings.after {
                return;
            }
            self.ended.pop_front();
            self.decide(id);
        }
    }

    /// Decides about the trace whose root ended first, or else the one that has been held longest.
    fn decide_oldest(&mut self) {
        while let Some(id) = match self.ended.pop_front() {
            Some((_, id)) => Some(id),
            None => self.order.pop_front(),
        } {
            if self.traces.contains_key(&id) {
                self.counts.early.fetch_add(1, Ordering::Relaxed);
                self.decide(id);
                return;
            }
        }
    }
}

impl<S: Sink> Sink for Tail<S> {
    fn give_all(&mut self, spans: &mut Vec<SpanData>) {
        for span in spans.drain(..) {
            self.hold(span);
        }
        // With each pass of the collector, also one that found no span.
        if !self.ended.is_empty() {
            self.decide_ended(Instant::now());
        }
        self.next.give_all(&mut self.kept);
    }

    fn wants_edges(&self, accepted: bool) -> bool {
        if accepted {
            self.settings.accepted_edges
        } else {
            self.settings.rejected_edges
        }
    }

    fn keep(&mut self, trace: TraceId) {
        if self.decided.contains_key(&trace) {
            return;
        }
        self.trace(trace).worth = true;
        // One of which no span comes holds no span, and has to end as well.
        while self.traces.len() > self.settings.most {
            self.decide_oldest();
        }
    }

    /// A clock goes the way of its trace.
    #[cfg(feature = "recorder")]
    fn give_clock(&mut self, clock: FinishedClock) {
        let id = clock.trace;
        match self.decided.get(&id) {
            Some(true) => return self.next.give_clock(clock),
            Some(false) => return,
            None if id == TraceId::INVALID => return self.next.give_clock(clock),
            None => {}
        }
        self.trace(id).clocks.push(clock);
        self.held += 1;
        while self.held > self.settings.most {
            self.decide_oldest();
        }
    }

    fn end(&mut self) {
        while let Some(id) = self.order.pop_front() {
            self.decide(id);
        }
        self.next.give_all(&mut self.kept);
        self.next.end();
    }
}

impl<S: Sink> Tail<S> {
    /// What is held of a trace.
    fn trace(&mut self, id: TraceId) -> &mut Trace {
        // Traces that have been decided must not pile up behind one that goes on.
        if self.order.len() > 2 * self.traces.len() + FEW {
            self.order.retain(|id| self.traces.contains_key(id));
        }
        self.traces.entry(id).or_insert_with(|| {
            self.order.push_back(id);
            Trace::default()
        })
    }

    /// Holds a span, or lets it go where its trace is decided about.
    fn hold(&mut self, span: SpanData) {
        let id = span.span_context.trace_id();
        match self.decided.get(&id) {
            Some(true) => return self.kept.push(span),
            Some(false) => return self.count_dropped(1),
            None => {}
        }
        let root = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        let duration = summary::duration(&span);
        let TailSampling { slow, after, .. } = self.settings;
        let trace = self.trace(id);
        trace.worth |= summary::failed(&span) || root && slow.is_some_and(|slow| duration > slow);
        trace.spans.push(span);
        let ends = root && !trace.ended;
        trace.ended |= root;
        self.held += 1;
        if ends && after.is_zero() {
            self.decide(id);
        } else if ends {
            self.ended.push_back((Instant::now(), id));
        }
        while self.held > self.settings.most {
            self.decide_oldest();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    #[derive(Default)]
    struct Given(
        Vec<SpanData>,
        #[cfg(feature = "recorder")] Vec<FinishedClock>,
    );

    impl Sink for Given {
        fn give_all(&mut self, spans: &mut Vec<SpanData>) {
            self.0.append(spans);
        }

        #[cfg(feature = "recorder")]
        fn give_clock(&mut self, clock: FinishedClock) {
            self.1.push(clock);
        }
    }

    fn span(trace: u64, parent: u64, milliseconds: u64, status: Status) -> SpanData {
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(u128::from(trace)),
                SpanId::from(1),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "s".into(),
            start_time: SystemTime::UNIX_EPOCH,
            end_time: SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn tail(settings: TailSampling) -> Tail<Given> {
        Tail::new(settings, Arc::default(), Given::default())
    }

    fn kept(tail: &Tail<Given>) -> usize {
        tail.next.0.len()
    }

    #[test]
    fn a_trace_with_an_error_is_kept_whole() {
        let mut tail = tail(TailSampling::keep_ratio(0.0));
        tail.give_all(&mut vec![span(1, 5, 1, Status::Unset)]);
        tail.give_all(&mut vec![span(1, 5, 1, Status::error(""))]);
        assert_eq!(kept(&tail), 0, "its root goes on");
        tail.give_all(&mut vec![span(1, 0, 1, Status::Unset)]);
        assert_eq!(kept(&tail), 3);
        tail.give_all(&mut vec![span(1, 5, 1, Status::Unset)]);
        assert_eq!(kept(&tail), 4, "a late span follows");
    }

    #[test]
    fn a_slow_root_keeps_its_trace_and_a_slow_child_does_not() {
        let settings = TailSampling::keep_ratio(0.0).slower_than(Duration::from_millis(5));
        let mut tail = tail(settings);
        tail.give_all(&mut vec![span(1, 5, 9, Status::Unset)]);
        tail.give_all(&mut vec![span(1, 0, 5, Status::Unset)]);
        assert_eq!(kept(&tail), 0);
        tail.give_all(&mut vec![span(2, 0, 6, Status::Unset)]);
        assert_eq!(kept(&tail), 1);
        assert_eq!(tail.counts.dropped.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_trace_that_is_worth_it_is_kept() {
        let mut tail = tail(TailSampling::keep_ratio(0.0).hold_at_most(10));
        tail.give_all(&mut vec![span(1, 5, 1, Status::Unset)]);
        tail.keep(TraceId::from(1_u128 << 64 | 7));
        let id = span(1, 0, 1, Status::Unset).span_context.trace_id();
        tail.keep(id);
        tail.give_all(&mut vec![span(1, 0, 1, Status::Unset)]);
        assert_eq!(kept(&tail), 2);
        tail.give_all(&mut vec![span(2, 0, 1, Status::Unset)]);
        tail.keep(span(2, 0, 1, Status::Unset).span_context.trace_id());
        tail.give_all(&mut vec![span(2, 5, 1, Status::Unset)]);
        assert_eq!(kept(&tail), 2, "it came after the root");
        for trace in 3..1_000_u64 {
            tail.keep(TraceId::from(u128::from(trace) << 64));
            assert!(tail.traces.len() <= 10, "traces of which no span comes");
        }
    }

    #[test]
    fn what_comes_behind_a_root_decides_while_it_is_waited_for() {
        const TIME: Duration = Duration::from_secs(3_600);
        let root = |trace| span(trace, 0, 1, Status::Unset);
        let mut tail = tail(TailSampling::keep_ratio(0.0).decide_after(TIME));
        tail.give_all(&mut vec![root(1), root(2), root(3)]);
        tail.give_all(&mut vec![span(1, 5, 1, Status::error(""))]);
        tail.keep(root(2).span_context.trace_id());
        tail.decide_ended(Instant::now());
        assert_eq!(
            (kept(&tail), tail.held),
            (0, 4),
            "nothing is decided before its time"
        );
        tail.decide_ended(Instant::now() + TIME);
        tail.give_all(&mut Vec::new());
        assert_eq!((kept(&tail), tail.held, tail.ended.len()), (3, 0, 0));
    }

    #[test]
    fn what_waits_behind_its_root_makes_room_first() {
        let settings = TailSampling::keep_ratio(0.0)
            .decide_after(Duration::from_secs(3_600))
            .hold_at_most(2);
        let mut tail = tail(settings);
        tail.give_all(&mut vec![span(1, 5, 1, Status::error(""))]);
        tail.give_all(
            &mut (2..10)
                .map(|trace| span(trace, 0, 1, Status::Unset))
                .collect(),
        );
        assert_eq!((tail.held, tail.ended.len()), (2, 1));
        tail.end();
        assert_eq!(kept(&tail), 1, "the one whose root goes on");
    }

    #[test]
    fn traces_that_were_decided_do_not_pile_up_behind_one_that_goes_on() {
        let mut tail = tail(TailSampling::keep_ratio(0.0));
        tail.give_all(&mut vec![span(1, 5, 1, Status::Unset)]);
        for trace in 2..10_000 {
            tail.give_all(&mut vec![span(trace, 0, 1, Status::Unset)]);
        }
        assert!(tail.order.len() < 2_000, "{}", tail.order.len());
        tail.end();
        assert_eq!(tail.counts.dropped.load(Ordering::Relaxed), 9_999);
    }

    #[cfg(feature = "recorder")]
    #[test]
    fn a_clock_goes_the_way_of_its_trace() {
        use crate::record::latency::{LatencyPath, hops::Times};

        static PATH: LatencyPath = LatencyPath::new("p", 0, &[]);
        let clock = |trace: u64| {
            let ids = (TraceId::from(u128::from(trace)), SpanId::from(1));
            FinishedClock::new(&PATH, &Times::default(), 0, ids)
        };
        let given = |tail: &Tail<Given>| -> Vec<TraceId> {
            tail.next.1.iter().map(|clock| clock.trace).collect()
        };
        let of = |traces: &[u64]| -> Vec<TraceId> {
            let traces = traces.iter();
            traces.map(|id| TraceId::from(u128::from(*id))).collect()
        };
        let mut tail = tail(TailSampling::keep_ratio(0.0).hold_at_most(3));
        tail.give_clock(clock(0));
        assert_eq!(given(&tail), of(&[0]), "it is of no trace");
        tail.give_clock(clock(1));
        tail.give_clock(clock(2));
        assert_eq!(given(&tail), of(&[0]), "their roots go on");
        tail.give_all(&mut vec![span(1, 0, 1, Status::error(""))]);
        tail.give_all(&mut vec![span(2, 0, 1, Status::Unset)]);
        assert_eq!(given(&tail), of(&[0, 1]));
        tail.give_clock(clock(1));
        tail.give_clock(clock(2));
        assert_eq!(given(&tail), of(&[0, 1, 1]), "late ones follow");
        for trace in 3..1_000 {
            tail.give_clock(clock(trace));
            assert!(tail.held <= 3, "traces of which no span comes");
        }
    }

    #[test]
    fn edges_are_wanted_as_the_settings_say() {
        let settings = TailSampling::keep_ratio(0.0);
        for (settings, wanted) in [
            (settings, [false, false]),
            (settings.with_accepted_edges(), [true, false]),
            (settings.with_rejected_edges(), [false, true]),
        ] {
            let tail = tail(settings);
            assert_eq!(
                [true, false].map(|accepted| tail.wants_edges(accepted)),
                wanted
            );
        }
    }

    #[test]
    fn the_share_is_taken_by_trace_id() {
        let mut tail = tail(TailSampling::keep_ratio(0.25));
        for trace in 0..1_000_u64 {
            // The high bits decide.
            tail.give_all(&mut vec![span(
                1 + trace * (u64::MAX / 1_000),
                0,
                1,
                Status::Unset,
            )]);
        }
        assert!((245..=255).contains(&kept(&tail)), "{}", kept(&tail));
    }

    #[test]
    fn held_spans_are_bounded_and_the_oldest_trace_is_decided() {
        let mut tail = tail(TailSampling::keep_ratio(0.0).hold_at_most(10));
        tail.give_all(&mut vec![span(1, 5, 1, Status::error(""))]);
        for trace in 2..100 {
            tail.give_all(&mut vec![span(trace, 5, 1, Status::Unset)]);
            assert!(tail.held <= 10);
        }
        assert_eq!(kept(&tail), 1);
        assert_eq!(tail.counts.early.load(Ordering::Relaxed), 89);
        assert!(tail.order.len() <= 10);
    }

    #[test]
    fn what_is_held_at_the_end_is_decided() {
        let mut tail = tail(TailSampling::keep_ratio(1.0));
        tail.give_all(&mut vec![span(1, 5, 1, Status::Unset)]);
        tail.end();
        assert_eq!(kept(&tail), 1);
    }
}
