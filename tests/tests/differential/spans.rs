//! What of a span is compared, in a form that is the same for both routes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use crate::routes;

/// How what `f` exports over the lane route differs from what it exports over the other; nothing where it does not.
pub(crate) fn difference(f: impl Fn()) -> String {
    let (lane, oracle) = (routes::lane(&f), routes::oracle(&f));
    lane.iter().for_each(assert_no_key_twice);
    let (lane, oracle) = (normalised(&lane), normalised(&oracle));
    let numbers: BTreeSet<_> = lane.keys().chain(oracle.keys()).collect();
    let mut difference = String::new();
    for number in numbers {
        let (lane, oracle) = (lane.get(number), oracle.get(number));
        if lane != oracle {
            let [lane, oracle] = [lane, oracle].map(|span| span.map_or("none", String::as_str));
            _ = write!(
                difference,
                "\nspan {number} over the lane route: {lane}\nand over the tracing route: {oracle}\n"
            );
        }
    }
    difference
}

/// The oracle exports a key as often as it was recorded, the lane route once.
fn assert_no_key_twice(span: &SpanData) {
    let keys: BTreeSet<_> = span.attributes.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(
        keys.len(),
        span.attributes.len(),
        "a key twice in {:?}",
        span.attributes
    );
}

/// The spans by their numbers, each as text. Neither ids nor times are in it, but for those of other processes.
fn normalised(spans: &[SpanData]) -> BTreeMap<i64, String> {
    let known = Known::of(spans);
    spans
        .iter()
        .map(|span| (number(span), known.describe(span)))
        .collect()
}

/// The numbers of spans, and for each trace that of its first.
struct Known {
    spans: HashMap<SpanId, i64>,
    traces: HashMap<TraceId, i64>,
}

impl Known {
    fn of(spans: &[SpanData]) -> Self {
        let mut known = Self {
            spans: HashMap::new(),
            traces: HashMap::new(),
        };
        for span in spans {
            let number = number(span);
            let twice = known.spans.insert(span.span_context.span_id(), number);
            assert_eq!(twice, None, "a span is exported twice: {number}");
            let trace = span.span_context.trace_id();
            if !is_remote(&trace.to_bytes()) {
                let first = known.traces.entry(trace).or_insert(number);
                *first = number.min(*first);
            }
        }
        known
    }

    fn describe(&self, span: &SpanData) -> String {
        let mut text = format!("{} {:?}", span.name, span.span_kind);
        let trace = span.span_context.trace_id();
        _ = write!(
            text,
            "\n  trace {} {:?} {:?}\n  parent {}{}\n  {:?}",
            self.trace(trace),
            flags(&span.span_context),
            span.span_context.trace_state().header(),
            self.span(span.parent_span_id),
            if span.parent_span_is_remote {
                ", remote"
            } else {
                ""
            },
            span.status,
        );
        for (key, value) in last_of_each(&span.attributes) {
            _ = write!(text, "\n  {key}={value}");
        }
        for event in span.events.iter() {
            _ = write!(text, "\n  - {}", event.name);
            for attribute in event.attributes.iter().filter(|it| !is_extra(it)) {
                _ = write!(text, " {}={}", attribute.key, plain(attribute));
            }
        }
        for link in span.links.iter() {
            _ = write!(text, "\n  follows {}", self.target(&link.span_context));
        }
        let dropped = [
            span.dropped_attributes_count,
            span.events.dropped_count,
            span.links.dropped_count,
        ];
        if dropped != [0; 3] {
            _ = write!(text, "\n  dropped {dropped:?}");
        }
        text
    }

    /// A span of this process by its number, if it was exported; one of another by its id.
    fn span(&self, id: SpanId) -> String {
        match self.spans.get(&id) {
            Some(number) => number.to_string(),
            None if id == SpanId::INVALID => "none".to_owned(),
            None if is_remote(&id.to_bytes()) => format!("remote {id}"),
            None => "not exported".to_owned(),
        }
    }

    fn trace(&self, id: TraceId) -> String {
        match self.traces.get(&id) {
            Some(first) => format!("of {first}"),
            None if is_remote(&id.to_bytes()) => format!("remote {id}"),
            None => "not exported".to_owned(),
        }
    }

    fn target(&self, context: &SpanContext) -> String {
        format!(
            "{} in trace {} {:?} {:?}{}",
            self.span(context.span_id()),
            self.trace(context.trace_id()),
            flags(context),
            context.trace_state().header(),
            if context.is_remote() { ", remote" } else { "" },
        )
    }
}

/// The flags. That a trace id is random is said of traces that start on the lane route, and not by the SDK.
fn flags(context: &SpanContext) -> TraceFlags {
    const RANDOM: TraceFlags = TraceFlags::new(2);
    let flags = context.trace_flags();
    if is_remote(&context.trace_id().to_bytes()) {
        flags
    } else {
        flags & !RANDOM
    }
}

/// Whether an id is that of another process: those that a program knows are small.
fn is_remote(id: &[u8]) -> bool {
    id.starts_with(&[0; 7])
}

fn number(span: &SpanData) -> i64 {
    match span.attributes.iter().find(|it| it.key.as_str() == "seq") {
        Some(KeyValue {
            value: Value::I64(number),
            ..
        }) => *number,
        other => panic!("`{}` has no number but {other:?}", span.name),
    }
}

/// `tracing-opentelemetry` keeps each value that a key had, the lane route the last.
fn last_of_each(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), plain(attribute)))
        .collect()
}

/// `tracing-opentelemetry` puts these on each event. No event of a program has a key of its own by these names.
fn is_extra(attribute: &KeyValue) -> bool {
    matches!(attribute.key.as_str(), "level" | "target")
}

/// A value as text. An array of the lane route is text on the other; so is an unsigned integer of another library,
/// here under the key `natural`.
fn plain(attribute: &KeyValue) -> String {
    match &attribute.value {
        Value::Array(array) => format!("{:?}", elements(array)),
        Value::I64(value) if attribute.key.as_str() == "natural" => {
            format!("{:?}", value.to_string())
        }
        Value::String(text) => format!("{:?}", text.as_str()),
        other => format!("{other:?}"),
    }
}

fn elements(array: &Array) -> String {
    let texts: Vec<String> = match array {
        Array::Bool(values) => values.iter().map(ToString::to_string).collect(),
        Array::I64(values) => values.iter().map(ToString::to_string).collect(),
        Array::F64(values) => values.iter().map(|value| format!("{value:?}")).collect(),
        Array::String(values) => values
            .iter()
            .map(|value| format!("{:?}", value.as_str()))
            .collect(),
        other => panic!("an array of another type: {other:?}"),
    };
    format!("[{}]", texts.join(","))
}
