//! The lines of one trace, put together: its spans as a tree, and what happened in each.
//!
//! Lines may come in any order, twice, or not at all, and parents may name each other: every span that came is in the tree once.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, TraceId};
use serde::Serialize;
use tickspan::recorded::{Data, Edge, Latency, Line, Recording, Span, SpanEvent, Trade};

/// The lines of a trace that have come.
#[derive(Debug)]
pub(crate) struct Lines {
    id: TraceId,
    limit: Limit,
    /// Those that began first.
    spans: BinaryHeap<Came>,
    /// Those that happened first.
    items: BinaryHeap<Happened>,
    span_bytes: usize,
    item_bytes: usize,
    left_out: LeftOut,
}

/// What is known of lines beyond the limit.
#[derive(Debug, Default)]
struct LeftOut {
    spans: u64,
    failed: u64,
    items: u64,
    /// When the last of it ended.
    end: Option<SystemTime>,
}

/// How much of a trace is kept: of its spans, and as much of its events. What began first is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) count: usize,
    /// Of their JSON.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
struct Happened {
    at: SystemTime,
    span: Option<SpanId>,
    /// Which of its line it is.
    number: usize,
    bytes: usize,
    what: What,
}

#[derive(Debug)]
struct Came {
    id: SpanId,
    bytes: usize,
    by: Option<Arc<Recording<'static>>>,
    span: Box<Span<'static>>,
}

/// A trace, as a tree.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// In the order of a waterfall: each before its children, those of one parent by their beginning.
    pub(crate) nodes: Vec<Node>,
    /// When the first of it began.
    pub(crate) begin: SystemTime,
    /// From then until the last of it ended.
    pub(crate) took: Duration,
    /// How many of its spans failed, those beyond the limit included.
    pub(crate) failed: u64,
    /// Spans beyond the limit.
    pub(crate) left_out: u64,
    /// Events, edges and the like beyond the limit.
    pub(crate) left_out_items: u64,
}

/// A place in the tree.
#[derive(Debug)]
pub(crate) struct Node {
    /// 0 for a root.
    pub(crate) depth: usize,
    /// Whether no sibling comes after it.
    pub(crate) is_last: bool,
    /// From the beginning of the trace to that of the span.
    pub(crate) at: Duration,
    /// None where something happened in a span that was not recorded.
    pub(crate) span: Option<Box<Span<'static>>>,
    pub(crate) span_id: Option<SpanId>,
    /// Which process recorded it.
    pub(crate) by: Option<Arc<Recording<'static>>>,
    /// What happened in it, by time.
    pub(crate) items: Vec<Item>,
}

/// Something that happened in a span.
#[derive(Debug)]
pub(crate) struct Item {
    /// From the beginning of the trace.
    pub(crate) at: Duration,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Event(SpanEvent<'static>),
    Edge(Edge<'static>),
    Trade(Trade<'static>),
    Latency(Latency<'static>),
}

impl Lines {
    /// Nothing yet of a trace.
    pub(crate) fn new(id: TraceId, limit: Limit) -> Self {
        Self {
            id,
            limit,
            spans: BinaryHeap::new(),
            items: BinaryHeap::new(),
            span_bytes: 0,
            item_bytes: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Adds a line of the trace, which a process has written.
    pub(crate) fn add(&mut self, line: Line<'static>, by: Option<&Arc<Recording<'static>>>) {
        let what = match line.data {
            Data::Span(mut span) => {
                for (number, event) in std::mem::take(&mut span.events).into_iter().enumerate() {
                    self.item(line.span_id, event.timestamp, number, What::Event(event));
                }
                self.span(line.span_id, span, by);
                return;
            }
            Data::Edge(edge) => What::Edge(edge),
            Data::Trade(trade) => What::Trade(trade),
            Data::Latency(latency) => What::Latency(latency),
            _ => return,
        };
        self.item(line.span_id, line.timestamp, 0, what);
    }

    fn span(
        &mut self,
        id: Option<SpanId>,
        span: Box<Span<'static>>,
        by: Option<&Arc<Recording<'static>>>,
    ) {
        let bytes = size(&span);
        self.span_bytes += bytes;
        self.spans.push(Came {
            id: id.unwrap_or(SpanId::INVALID),
            bytes,
            by: by.cloned(),
            span,
        });
        self.bound();
    }

    fn item(&mut self, span: Option<SpanId>, at: SystemTime, number: usize, what: What) {
        let bytes = match &what {
            What::Event(event) => size(event),
            What::Edge(edge) => size(edge),
            What::Trade(trade) => size(trade),
            What::Latency(latency) => size(latency),
        };
        self.item_bytes += bytes;
        self.items.push(Happened {
            at,
            span,
            number,
            bytes,
            what,
        });
        self.bound();
    }

    fn bound(&mut self) {
        let Limit { count, bytes } = self.limit;
        while self.spans.len() > count || self.span_bytes > bytes {
            let Some(came) = self.spans.pop() else { break };
            self.span_bytes -= came.bytes;
            self.left_out.spans += 1;
            self.left_out.failed += u64::from(failure(&came.span).is_some());
            self.left_out.end = self.left_out.end.max(came.end());
        }
        while self.items.len() > count || self.item_bytes > bytes {
            let Some(happened) = self.items.pop() else {
                break;
            };
            self.item_bytes -= happened.bytes;
            self.left_out.items += 1;
            self.left_out.end = self.left_out.end.max(Some(happened.at));
        }
    }

    /// Adds the lines that another has met.
    pub(crate) fn merge(&mut self, other: Self) {
        self.spans.extend(other.spans);
        self.items.extend(other.items);
        self.span_bytes += other.span_bytes;
        self.item_bytes += other.item_bytes;
        self.left_out.spans += other.left_out.spans;
        self.left_out.failed += other.left_out.failed;
        self.left_out.items += other.left_out.items;
        self.left_out.end = self.left_out.end.max(other.left_out.end);
        self.bound();
    }

    /// Whether nothing has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.items.is_empty()
    }

    /// Puts the lines together.
    pub(crate) fn into_trace(self) -> Trace {
        let (spans, items) = (self.spans.into_sorted_vec(), self.items.into_sorted_vec());
        let happened = || items.iter().map(|it| it.at);
        let begins = spans.iter().map(|it| it.span.start).chain(happened());
        let begin = begins.min().unwrap_or(SystemTime::UNIX_EPOCH);
        let ends = spans.iter().filter_map(Came::end);
        let ends = ends.chain(happened()).chain(self.left_out.end);
        let end = ends.max().unwrap_or(begin);
        let failed = spans.iter().filter(|it| failure(&it.span).is_some());
        let failed = failed.count() as u64 + self.left_out.failed;
        let order = order(&spans);
        let mut nodes = place(spans, &order, begin);
        fill(&mut nodes, items, begin);
        Trace {
            id: self.id,
            nodes,
            begin,
            took: end.duration_since(begin).unwrap_or_default(),
            failed,
            left_out: self.left_out.spans,
            left_out_items: self.left_out.items,
        }
    }
}

/// How long something is as JSON.
fn size(what: &impl Serialize) -> usize {
    serde_json::to_vec(what).map_or(0, |json| json.len())
}

/// A place in the order: the span, its depth, and whether it is the last of its siblings.
type Placed = (usize, usize, bool);

/// The order of a waterfall. `spans` are sorted by their beginning.
fn order(spans: &[Came]) -> Vec<Placed> {
    let mut places = HashMap::with_capacity(spans.len());
    for (place, came) in spans.iter().enumerate() {
        // Of two with one id, the first is the parent.
        places.entry(came.id).or_insert(place);
    }
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for (place, came) in spans.iter().enumerate() {
        let parent = came.span.parent_span_id.and_then(|id| places.get(&id));
        match parent {
            Some(parent) if *parent != place => children.entry(*parent).or_default().push(place),
            _ => roots.push(place),
        }
    }
    let mut order: Vec<Placed> = Vec::with_capacity(spans.len());
    let mut is_placed = vec![false; spans.len()];
    let mut walk = |roots: &[usize], is_placed: &mut Vec<bool>| {
        let mut ahead: Vec<Placed> = Vec::new();
        let push = |ahead: &mut Vec<Placed>, places: &[usize], depth| {
            let reversed = places.iter().rev().enumerate();
            ahead.extend(reversed.map(|(from_end, place)| (*place, depth, from_end == 0)));
        };
        push(&mut ahead, roots, 0);
        while let Some(next @ (place, depth, _)) = ahead.pop() {
            if std::mem::replace(&mut is_placed[place], true) {
                continue;
            }
            order.push(next);
            if let Some(children) = children.get(&place) {
                push(&mut ahead, children, depth + 1);
            }
        }
    };
    walk(&roots, &mut is_placed);
    // Spans that are each other's parents are reached from no root.
    for place in 0..spans.len() {
        if !is_placed[place] {
            walk(&[place], &mut is_placed);
        }
    }
    order
}

fn place(spans: Vec<Came>, order: &[Placed], begin: SystemTime) -> Vec<Node> {
    let mut spans: Vec<Option<Came>> = spans.into_iter().map(Some).collect();
    let node = |(place, depth, is_last): &Placed| {
        let came = spans[*place].take()?;
        Some(Node {
            depth: *depth,
            is_last: *is_last,
            at: came.span.start.duration_since(begin).unwrap_or_default(),
            span_id: Some(came.id).filter(|id| *id != SpanId::INVALID),
            by: came.by,
            span: Some(came.span),
            items: Vec::new(),
        })
    };
    order.iter().filter_map(node).collect()
}

/// Gives each item to its span; those of spans that did not come to a place of their own.
fn fill(nodes: &mut Vec<Node>, items: Vec<Happened>, begin: SystemTime) {
    let mut places = HashMap::new();
    for (place, node) in nodes.iter().enumerate() {
        if let Some(id) = node.span_id {
            places.entry(id).or_insert(place);
        }
    }
    let mut lost = Vec::new();
    for Happened { at, span, what, .. } in items {
        let at = at.duration_since(begin).unwrap_or_default();
        let item = Item { at, what };
        match span.and_then(|id| places.get(&id)) {
            Some(place) => nodes[*place].items.push(item),
            None => lost.push(item),
        }
    }
    if let Some(first) = lost.iter().map(|item| item.at).min() {
        nodes.push(Node {
            depth: 0,
            is_last: true,
            at: first,
            span: None,
            span_id: None,
            by: None,
            items: lost,
        });
    }
}

impl Node {
    /// The name of its span.
    pub(crate) fn name(&self) -> &str {
        self.span
            .as_ref()
            .map_or("(span was not recorded)", |span| span.name.as_ref())
    }

    /// How long its span took.
    pub(crate) fn took(&self) -> Duration {
        self.span.as_ref().map_or(Duration::ZERO, |it| it.duration)
    }

    /// The service that recorded it.
    pub(crate) fn service(&self) -> Option<&str> {
        self.by.as_ref()?.resource.get("service.name")?.as_str()
    }

    /// The same, and the number of the process.
    pub(crate) fn process(&self) -> Option<String> {
        let number = self.by.as_ref()?.process_id;
        Some(format!("{} {number}", self.service().unwrap_or("process")))
    }

    /// How its span ended, unless well.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.span.as_ref().and_then(|span| failure(span))
    }
}

/// How a span ended, unless well.
pub(crate) fn failure<'a>(span: &'a Span<'_>) -> Option<&'a str> {
    use tickspan::recorded::{Outcome, Status};
    match (&span.outcome, &span.status) {
        (Outcome::Ok, Status::Error) => Some("error"),
        (Outcome::Ok, _) => None,
        (other, _) => Some(other.as_str()),
    }
}

impl Trace {
    /// The name of the first span.
    pub(crate) fn root(&self) -> Option<&str> {
        self.nodes.first().map(Node::name)
    }
}

impl What {
    /// Of two at the same time, this comes first.
    fn order(&self) -> (u8, &str) {
        match self {
            Self::Latency(latency) => (0, &latency.name),
            Self::Event(event) => (1, &event.name),
            Self::Edge(edge) => (2, &edge.name),
            Self::Trade(trade) => (3, &trade.name),
        }
    }
}

impl Came {
    /// When it ended. A time that overflows was not measured.
    fn end(&self) -> Option<SystemTime> {
        self.span.start.checked_add(self.span.duration)
    }

    fn order(&self) -> (SystemTime, [u8; 8]) {
        (self.span.start, self.id.to_bytes())
    }
}

impl Happened {
    fn order(&self) -> (SystemTime, Option<[u8; 8]>, usize, (u8, &str)) {
        let span = self.span.map(SpanId::to_bytes);
        (self.at, span, self.number, self.what.order())
    }
}

/// By their `order`, and where that is the same by what they hold: what is kept must not depend on what came first.
macro_rules! ordered {
    ($($type:ident)+) => {$(
        impl Ord for $type {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                let order = self.order().cmp(&other.order());
                order.then_with(|| format!("{self:?}").cmp(&format!("{other:?}")))
            }
        }

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $type {}
    )+};
}

ordered!(Came Happened);

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u64, begins: u64, took: u64, outcome: &str) -> Line<'static> {
        let time = |nanoseconds| format!("2026-11-21T05:43:44.{nanoseconds:09}Z");
        let (start, end) = (time(begins), time(begins + took));
        Line::from_json(&format!(
            r#"{{"event_type":"span","timestamp":"{end}","trace_id":"{:032x}","span_id":"{id:016x}","data":{{"name":"s","kind":"internal","start":"{start}","end":"{end}","duration_ns":{took},"status":"unset","outcome":"{outcome}"}}}}"#,
            1
        ))
        .unwrap()
    }

    #[test]
    fn what_is_beyond_the_limit_counts_all_the_same() {
        let limit = Limit {
            count: 2,
            bytes: usize::MAX,
        };
        let lines = [
            span(4, 300, 900, "panicked"),
            span(1, 0, 10, "ok"),
            span(3, 200, 50, "error"),
            span(2, 100, 10, "error"),
        ];
        let of = |lines: &[Line<'static>]| {
            let mut all = Lines::new(TraceId::from(1), limit);
            for line in lines {
                all.add(line.clone(), None);
            }
            all
        };
        let mut halves = of(&lines[..1]);
        halves.merge(of(&lines[1..]));
        for trace in [of(&lines).into_trace(), halves.into_trace()] {
            assert_eq!((trace.nodes.len(), trace.left_out), (2, 2));
            assert_eq!(trace.failed, 3);
            assert_eq!(trace.took, Duration::from_nanos(1_200));
        }
    }
}
