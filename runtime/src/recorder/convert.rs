//! Spans of the SDK as lines: borrowed, so that making them copies nothing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use opentelemetry::Value as OtelValue;
use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, TraceId};
use opentelemetry_sdk::trace::SpanData;

use crate::collect::span_duration;
use crate::record::lane::sites::{self, Site};
use crate::record::{Kind as CallsiteKind, name_in_span};
use crate::recorded::{
    Attributes, Data, Edge, Kind, Line, Link, Outcome, Span, SpanEvent, Status, Trade, Value,
};

/// The attribute in which a stage says how it ended.
const OUTCOME: &str = "tickspan.outcome";

/// What the keys of an edge begin with, and those that are no amounts.
const OF_EDGE: &str = "edge.";
const EDGE_NAME: &str = "edge.name";
const EDGE_UNIT: &str = "edge.unit";
const EDGE_COST: &str = "edge.total_cost";
const EDGE_NET: &str = "edge.net";
const EDGE_DECISION: &str = "edge.decision";
const EDGE_REASON: &str = "edge.reason";

/// Gives each line of a span to `take`: those of its decisions, in their order, and its own.
pub(super) fn lines<'a>(
    span: &'a SpanData,
    trades: &Trades,
    is_audited: bool,
    mut take: impl FnMut(&Line<'a>),
) {
    let context = &span.span_context;
    // Whoever decided has had them written.
    let decided = if is_audited {
        &[]
    } else {
        &span.events.events[..]
    };
    for event in decided {
        if let Some(data) = decision(event, trades) {
            take(&Line {
                timestamp: event.timestamp,
                trace_id: trace_id(context),
                span_id: span_id(context),
                data,
            });
        }
    }
    take(&Line {
        timestamp: span.end_time,
        trace_id: trace_id(context),
        span_id: span_id(context),
        data: Data::Span(Box::new(of_span(span, trades))),
    });
}

pub(super) fn trace_id(context: &SpanContext) -> Option<TraceId> {
    Some(context.trace_id()).filter(|id| *id != TraceId::INVALID)
}

pub(super) fn span_id(context: &SpanContext) -> Option<SpanId> {
    Some(context.span_id()).filter(|id| *id != SpanId::INVALID)
}

fn of_span<'a>(span: &'a SpanData, trades: &Trades) -> Span<'a> {
    let attributes = &span.attributes;
    let said = attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == OUTCOME)
        .and_then(|attribute| text(&attribute.value));
    let (status, status_message) = match &span.status {
        opentelemetry::trace::Status::Unset => (Status::Unset, None),
        opentelemetry::trace::Status::Ok => (Status::Ok, None),
        opentelemetry::trace::Status::Error { description } => {
            let message = Some(Cow::Borrowed(description.as_ref()));
            (Status::Error, message.filter(|message| !message.is_empty()))
        }
    };
    let trace_state = span.span_context.trace_state().header();
    Span {
        name: Cow::Borrowed(span.name.as_ref()),
        kind: match span.span_kind {
            SpanKind::Client => Kind::Client,
            SpanKind::Server => Kind::Server,
            SpanKind::Producer => Kind::Producer,
            SpanKind::Consumer => Kind::Consumer,
            SpanKind::Internal => Kind::Internal,
        },
        parent_span_id: Some(span.parent_span_id).filter(|id| *id != SpanId::INVALID),
        parent_is_remote: span.parent_span_is_remote,
        start: span.start_time,
        end: span.end_time,
        duration: span_duration(span),
        outcome: match said {
            Some(word) => Outcome::from(word),
            None if status == Status::Error => Outcome::Error,
            None => Outcome::Ok,
        },
        status,
        status_message,
        attributes: attributes
            .iter()
            .filter(|attribute| attribute.key.as_str() != OUTCOME)
            .collect(),
        events: span
            .events
            .iter()
            .filter(|event| !is_edge(event) && !trades.has(event))
            .map(of_event)
            .collect(),
        links: span.links.iter().map(of_link).collect(),
        trace_state: Some(trace_state)
            .filter(|it| !it.is_empty())
            .map(Cow::Owned),
        dropped_attributes: span.dropped_attributes_count,
        dropped_events: span.events.dropped_count,
        dropped_links: span.links.dropped_count,
    }
}

fn of_event(event: &Event) -> SpanEvent<'_> {
    SpanEvent {
        name: Cow::Borrowed(event.name.as_ref()),
        timestamp: event.timestamp,
        attributes: event.attributes.iter().collect(),
        dropped_attributes: event.dropped_attributes_count,
    }
}

fn of_link(link: &opentelemetry::trace::Link) -> Link<'_> {
    Link {
        trace_id: link.span_context.trace_id(),
        span_id: link.span_context.span_id(),
        attributes: link.attributes.iter().collect(),
    }
}

fn decision<'a>(event: &'a Event, trades: &Trades) -> Option<Data<'a>> {
    let attributes = event.attributes.iter();
    let said = attributes.map(|it| (it.key.as_str(), Value::from(&it.value)));
    if is_edge(event) {
        Some(edge(said))
    } else if trades.has(event) {
        Some(trade(event.name.as_ref(), said))
    } else {
        None
    }
}

/// The names of trade events. Other events may have the same, but no event has its name at the same address.
#[derive(Default)]
pub(super) struct Trades {
    sites: Vec<Site>,
    names: HashSet<&'static str>,
}

impl Trades {
    /// Learns the names that were used since.
    pub(super) fn learn(&mut self) {
        let known = self.sites.len();
        sites::learn(&mut self.sites);
        for site in &self.sites[known..] {
            if let Site::Callsite(callsite) = site {
                if callsite.kind() == CallsiteKind::TradeEvent {
                    self.names.insert(name_in_span(callsite.metadata().name()));
                }
            }
        }
    }

    fn has(&self, event: &Event) -> bool {
        let known = self.names.get(event.name.as_ref());
        known.is_some_and(|name| core::ptr::eq(name.as_ptr(), event.name.as_ptr()))
    }
}

impl fmt::Debug for Trades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trades").field(&self.names).finish()
    }
}

/// The trade event of what it says.
pub(super) fn trade<'a>(
    name: &'a str,
    said: impl Iterator<Item = (&'a str, Value<'a>)>,
) -> Data<'a> {
    let said = said.map(|(key, value)| (Cow::Borrowed(key), value));
    Data::Trade(Trade {
        name: Cow::Borrowed(name),
        attributes: Attributes(said.collect()),
    })
}

fn is_edge(event: &Event) -> bool {
    event.name == "edge"
        && event
            .attributes
            .iter()
            .any(|it| it.key.as_str() == EDGE_DECISION)
}

/// The edge of what its event says.
pub(super) fn edge<'a>(said: impl Iterator<Item = (&'a str, Value<'a>)>) -> Data<'a> {
    let word = |value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    };
    let mut edge = Edge::default();
    for (key, value) in said {
        match key {
            EDGE_NAME => edge.name = word(value).unwrap_or_default(),
            EDGE_UNIT => edge.unit = word(value),
            EDGE_COST => edge.total_cost = Some(value),
            EDGE_NET => edge.net = Some(value),
            EDGE_DECISION => edge.decision = word(value).unwrap_or_default(),
            EDGE_REASON => edge.reason = word(value),
            _ => match key.strip_prefix(OF_EDGE) {
                Some(part) => edge.amounts.0.push((Cow::Borrowed(part), value)),
                None => edge.context.0.push((Cow::Borrowed(key), value)),
            },
        }
    }
    Data::Edge(edge)
}

fn text(value: &OtelValue) -> Option<Cow<'_, str>> {
    match value {
        OtelValue::String(text) => Some(Cow::Borrowed(text.as_str())),
        _ => None,
    }
}
