//! Spans of traces, and edges in them, as lines.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};
use tickspan::recorded::{
    Attributes, Data, Edge, Kind, Line, Outcome, Recording, Span, Status, VERSION, Value,
};

use crate::program::BEGIN;

/// A point in time of a recording.
pub(crate) fn at(microseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGIN) + Duration::from_micros(microseconds)
}

/// A span with its own id and that of its parent, if that is not zero.
pub(crate) fn span(
    trace: u128,
    (id, parent): (u64, u64),
    name: &str,
    begin: u64,
    nanoseconds: u64,
) -> Line<'static> {
    let duration = Duration::from_nanos(nanoseconds);
    Line {
        timestamp: at(begin) + duration,
        trace_id: Some(TraceId::from(trace)),
        span_id: Some(SpanId::from(id)),
        data: Data::Span(Box::new(Span {
            name: Cow::Owned(name.to_owned()),
            kind: Kind::Internal,
            parent_span_id: (parent > 0).then(|| SpanId::from(parent)),
            parent_is_remote: false,
            start: at(begin),
            end: at(begin) + duration,
            duration,
            status: Status::Unset,
            status_message: None,
            outcome: Outcome::Ok,
            attributes: Attributes::default(),
            events: Vec::new(),
            links: Vec::new(),
            trace_state: None,
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        })),
    }
}

/// What a process says before its lines.
pub(crate) fn begins(service: &str, process_id: u32) -> Line<'static> {
    let attribute =
        |key: &str, value: &str| (key.to_owned().into(), Value::Text(value.to_owned().into()));
    Line {
        timestamp: at(0),
        trace_id: None,
        span_id: None,
        data: Data::Recording(Recording {
            schema_version: VERSION.into(),
            process_id,
            tickspan_version: "0.1.0".into(),
            resource: Attributes(vec![attribute("service.name", service)]),
        }),
    }
}

/// A span, changed.
pub(crate) fn with(
    mut line: Line<'static>,
    change: impl FnOnce(&mut Span<'static>),
) -> Line<'static> {
    if let Data::Span(span) = &mut line.data {
        change(span);
    }
    line
}

/// An edge in the first span of a trace, rejected where a reason is given.
pub(crate) fn edge(
    trace: u128,
    time: u64,
    gross: f64,
    fees: f64,
    reason: Option<&'static str>,
) -> Line<'static> {
    Line {
        timestamp: at(time),
        trace_id: Some(TraceId::from(trace)),
        span_id: Some(SpanId::from(1)),
        data: Data::Edge(Edge {
            name: "cross_venue".into(),
            unit: Some("USD".into()),
            total_cost: Some(Value::F64(fees)),
            net: Some(Value::F64(gross - fees)),
            decision: if reason.is_some() { "reject" } else { "accept" }.into(),
            reason: reason.map(Cow::Borrowed),
            amounts: Attributes(vec![
                ("gross".into(), Value::F64(gross)),
                ("fees".into(), Value::F64(fees)),
            ]),
            context: Attributes::default(),
        }),
    }
}

/// Lines, with their ends.
pub(crate) fn text(lines: &[Line<'_>]) -> String {
    lines
        .iter()
        .map(|line| line.to_json().unwrap() + "\n")
        .collect()
}
