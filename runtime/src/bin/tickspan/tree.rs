//! The lines of one trace, put together: its spans as a tree, and what happened in each.
//!
//! Lines may come in any order, twice, or not at all, and parents may name each other: every span that came is in the tree once.

use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, TraceId};
use serde::Serialize;
use tickspan::recorded::{Data, Edge, Latency, Line, Span, SpanEvent, Trade};

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
    left_out: u64,
    left_out_items: u64,
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
            left_out: 0,
            left_out_items: 0,
        }
    }

    /// Adds a line of the trace.
    pub(crate) fn add(&mut self, line: Line<'static>) {
        let what = match line.data {
            Data::Span(mut span) => {
                for (number, event) in std::mem::take(&mut span.events).into_iter().enumerate() {
                    self.item(line.span_id, event.timestamp, number, What::Event(event));
                }
                self.span(line.span_id, span);
                return;
            }
            Data::Edge(edge) => What::Edge(edge),
            Data::Trade(trade) => What::Trade(trade),
            Data::Latency(latency) => What::Latency(latency),
            _ => return,
        };
        self.item(line.span_id, line.timestamp, 0, what);
    }

    fn span(&mut self, id: Option<SpanId>, span: Box<Span<'static>>) {
        let bytes = size(&span);
        self.span_bytes += bytes;
        self.spans.push(Came {
            id: id.unwrap_or(SpanId::INVALID),
            bytes,
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
            self.span_bytes -= self.spans.pop().map_or(0, |it| it.bytes);
            self.left_out += 1;
        }
        while self.items.len() > count || self.item_bytes > bytes {
            self.item_bytes -= self.items.pop().map_or(0, |it| it.bytes);
            self.left_out_items += 1;
        }
    }

    /// Adds the lines that another has met.
    pub(crate) fn merge(&mut self, other: Self) {
        self.spans.extend(other.spans);
        self.items.extend(other.items);
        self.span_bytes += other.span_bytes;
        self.item_bytes += other.item_bytes;
        self.left_out += other.left_out;
        self.left_out_items += other.left_out_items;
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
        // One that overflows was not measured.
        let ends = spans
            .iter()
            .filter_map(|it| it.span.start.checked_add(it.span.duration));
        let end = ends.chain(happened()).max().unwrap_or(begin);
        let order = order(&spans);
        let mut nodes = place(spans, &order, begin);
        fill(&mut nodes, items, begin);
        Trace {
            id: self.id,
            nodes,
            begin,
            took: end.duration_since(begin).unwrap_or_default(),
            left_out: self.left_out,
            left_out_items: self.left_out_items,
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

    /// How many of its spans failed.
    pub(crate) fn failed(&self) -> usize {
        let failed = |node: &&Node| node.failure().is_some();
        self.nodes.iter().filter(failed).count()
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
