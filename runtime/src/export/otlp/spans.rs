//! Spans as a request of OTLP, written straight from what they are.
//!
//! The types of `opentelemetry-proto` own each text and each list that they hold: a span was copied into some thirty
//! pieces of memory, measured, written, and the pieces freed. That took three quarters of the processor time
//! of an export. What is written here are the same bytes, which a property test holds.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use opentelemetry_proto::tonic::resource::v1;
use opentelemetry_proto::tonic::trace::v1::{SpanFlags, span::SpanKind, status::StatusCode};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;

use super::wire::{Room, Wire};
use crate::propagate::tracestate;

/// So many bytes a span takes, more or less.
const SPAN_BYTES: usize = 384;

/// What stands before and behind the spans of a process.
#[derive(Debug)]
pub(super) struct Envelope {
    resource: Vec<u8>,
    schema_url: String,
}

impl Envelope {
    pub(super) fn new(resource: &ResourceAttributesWithSchema) -> Self {
        let message = v1::Resource {
            attributes: resource.attributes.0.clone(),
            ..v1::Resource::default()
        };
        Self {
            resource: message.encode_to_vec(),
            schema_url: resource.schema_url.clone().unwrap_or_default(),
        }
    }

    /// An `ExportTraceServiceRequest` with these spans.
    pub(super) fn request(&self, spans: &[SpanData]) -> Vec<u8> {
        let mut wire = Wire(Vec::with_capacity(
            self.resource.len() + spans.len() * SPAN_BYTES,
        ));
        wire.message(1, Room::Large, |wire| {
            wire.any_bytes(1, &self.resource);
            for (scope, spans) in by_scope(spans) {
                wire.message(2, Room::Large, |wire| {
                    wire.message(1, Room::Small, |wire| write_scope(wire, scope));
                    for span in spans {
                        wire.message(2, Room::Medium, |wire| write_span(wire, span));
                    }
                    wire.bytes(3, scope.schema_url().unwrap_or_default().as_bytes());
                });
            }
            wire.bytes(3, self.schema_url.as_bytes());
        });
        wire.0
    }
}

/// The spans of each scope, in the order in which the first of each stands.
fn by_scope(spans: &[SpanData]) -> Vec<(&InstrumentationScope, Vec<&SpanData>)> {
    let mut groups: Vec<(_, Vec<_>)> = Vec::new();
    for span in spans {
        let scope = &span.instrumentation_scope;
        // Most processes have one.
        let known = groups.iter().position(|(known, _)| *known == scope);
        let place = known.unwrap_or_else(|| {
            groups.push((scope, Vec::with_capacity(spans.len())));
            groups.len() - 1
        });
        groups[place].1.push(span);
    }
    groups
}

fn write_scope(wire: &mut Wire, scope: &InstrumentationScope) {
    wire.bytes(1, scope.name().as_bytes());
    wire.bytes(2, scope.version().unwrap_or_default().as_bytes());
    write_attributes(wire, 3, scope.attributes());
}

fn write_span(wire: &mut Wire, span: &SpanData) {
    write_ids(wire, &span.span_context);
    if span.parent_span_id != SpanId::INVALID {
        wire.bytes(4, &span.parent_span_id.to_bytes());
    }
    wire.bytes(5, span.name.as_bytes());
    wire.number(6, code(SpanKind::from(span.span_kind.clone()) as i32));
    wire.fixed_64(7, nanoseconds(span.start_time));
    wire.fixed_64(8, nanoseconds(span.end_time));
    write_attributes(wire, 9, &span.attributes);
    wire.number(10, span.dropped_attributes_count.into());
    for event in &span.events.events {
        wire.message(11, Room::Small, |wire| write_event(wire, event));
    }
    wire.number(12, span.events.dropped_count.into());
    for link in &span.links.links {
        wire.message(13, Room::Small, |wire| write_link(wire, link));
    }
    wire.number(14, span.links.dropped_count.into());
    wire.message(15, Room::Small, |wire| {
        if let Status::Error { description } = &span.status {
            wire.bytes(2, description.as_bytes());
        }
        wire.number(3, code(StatusCode::from(&span.status) as i32));
    });
    wire.fixed_32(16, flags(&span.span_context, span.parent_span_is_remote));
}

fn write_event(wire: &mut Wire, event: &Event) {
    wire.fixed_64(1, nanoseconds(event.timestamp));
    wire.bytes(2, event.name.as_bytes());
    write_attributes(wire, 3, &event.attributes);
    wire.number(4, event.dropped_attributes_count.into());
}

fn write_link(wire: &mut Wire, link: &Link) {
    write_ids(wire, &link.span_context);
    write_attributes(wire, 4, &link.attributes);
    wire.number(5, link.dropped_attributes_count.into());
    wire.fixed_32(6, flags(&link.span_context, link.span_context.is_remote()));
}

/// What a span and a link begin with.
fn write_ids(wire: &mut Wire, span: &SpanContext) {
    wire.bytes(1, &span.trace_id().to_bytes());
    wire.bytes(2, &span.span_id().to_bytes());
    wire.bytes(3, tracestate::format(span.trace_state()).as_bytes());
}

fn write_attributes<'a>(
    wire: &mut Wire,
    field: u8,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for KeyValue { key, value, .. } in attributes {
        wire.message(field, Room::Small, |wire| {
            wire.bytes(1, key.as_str().as_bytes());
            wire.message(2, Room::Small, |wire| write_value(wire, value));
        });
    }
}

fn write_value(wire: &mut Wire, value: &Value) {
    match value {
        Value::Bool(value) => write_bool(wire, *value),
        Value::I64(value) => write_integer(wire, *value),
        Value::F64(value) => write_float(wire, *value),
        Value::String(text) => write_text(wire, text.as_str()),
        Value::Array(array) => write_array(wire, array),
        // There is none today.
        other => write_text(wire, &other.as_str()),
    }
}

fn write_array(wire: &mut Wire, array: &Array) {
    match array {
        Array::Bool(values) => write_list(wire, values, |wire, it| write_bool(wire, *it)),
        Array::I64(values) => write_list(wire, values, |wire, it| write_integer(wire, *it)),
        Array::F64(values) => write_list(wire, values, |wire, it| write_float(wire, *it)),
        Array::String(values) => write_list(wire, values, |wire, it| write_text(wire, it.as_str())),
        // There is none today.
        other => write_text(wire, &other.to_string()),
    }
}

// A value says what it is even where it is zero, or empty.

fn write_text(wire: &mut Wire, text: &str) {
    wire.any_bytes(1, text.as_bytes());
}

fn write_bool(wire: &mut Wire, value: bool) {
    wire.any_number(2, value.into());
}

fn write_integer(wire: &mut Wire, value: i64) {
    wire.any_number(3, u64::from_ne_bytes(value.to_ne_bytes()));
}

fn write_float(wire: &mut Wire, value: f64) {
    wire.any_fixed_64(4, value.to_bits());
}

fn write_list<T>(wire: &mut Wire, values: &[T], write: impl Fn(&mut Wire, &T)) {
    wire.message(5, Room::Small, |wire| {
        for value in values {
            wire.message(1, Room::Small, |wire| write(wire, value));
        }
    });
}

/// The number of a kind or status.
fn code(of: i32) -> u64 {
    of.unsigned_abs().into()
}

/// The flags of a trace, and whether what the span or link points to is in another process.
fn flags(span: &SpanContext, is_remote: bool) -> u32 {
    let remote = if is_remote {
        SpanFlags::ContextIsRemoteMask as u32
    } else {
        0
    };
    u32::from(span.trace_flags().to_u8()) | SpanFlags::ContextHasIsRemoteMask as u32 | remote
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::time::Duration;

    use opentelemetry::trace::{SpanKind, TraceFlags, TraceId, TraceState};
    use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::message::TracesRequest;
    use super::*;

    fn text() -> impl Strategy<Value = String> {
        // Around the lengths at which a length takes a byte more.
        prop_oneof![Just(String::new()), ".{1,8}", "[a-z]{100,140}"]
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text().prop_map(Value::from),
            vec(any::<bool>(), 0..4).prop_map(|it| Value::Array(it.into())),
            vec(any::<i64>(), 0..20).prop_map(|it| Value::Array(it.into())),
            vec(any::<f64>(), 0..20).prop_map(|it| Value::Array(it.into())),
            vec(text(), 0..4).prop_map(|it| {
                let texts: Vec<opentelemetry::StringValue> =
                    it.into_iter().map(Into::into).collect();
                Value::Array(texts.into())
            }),
        ]
    }

    fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
        vec(
            (text(), value()).prop_map(|(key, value)| KeyValue::new(key, value)),
            0..5,
        )
    }

    fn time() -> impl Strategy<Value = SystemTime> {
        prop_oneof![
            Just(UNIX_EPOCH),
            Just(UNIX_EPOCH - Duration::from_secs(1)),
            (0..u64::MAX / 2).prop_map(|it| UNIX_EPOCH + Duration::from_nanos(it)),
        ]
    }

    prop_compose! {
        fn context()(
            trace: u128,
            span: u64,
            flags: u8,
            remote: bool,
            state in select(vec!["", "a=1", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"]),
        ) -> SpanContext {
            SpanContext::new(
                TraceId::from(trace),
                SpanId::from(span),
                TraceFlags::new(flags),
                remote,
                state.parse::<TraceState>().unwrap(),
            )
        }
    }

    prop_compose! {
        fn event()(name in text(), time in time(), attributes in attributes(), dropped: u32) -> Event {
            Event::new(name, time, attributes, dropped)
        }
    }

    prop_compose! {
        fn link()(context in context(), attributes in attributes(), dropped: u32) -> Link {
            Link::new(context, attributes, dropped)
        }
    }

    fn status() -> impl Strategy<Value = Status> {
        prop_oneof![
            Just(Status::Unset),
            Just(Status::Ok),
            text().prop_map(|it| Status::Error {
                description: Cow::Owned(it)
            }),
        ]
    }

    fn scope() -> impl Strategy<Value = InstrumentationScope> {
        select(vec![
            ("tickspan", None, None),
            ("other", Some("1.0"), Some("https://schema")),
            ("", None, None),
        ])
        .prop_map(|(name, version, schema)| {
            let mut scope = InstrumentationScope::builder(name);
            if let Some(version) = version {
                scope = scope
                    .with_version(version)
                    .with_attributes([KeyValue::new("a", 1)]);
            }
            if let Some(schema) = schema {
                scope = scope.with_schema_url(schema);
            }
            scope.build()
        })
    }

    prop_compose! {
        fn span()(
            (context, parent, remote) in (context(), any::<Option<u64>>(), any::<bool>()),
            name in text(),
            kind in select(vec![
                SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer,
            ]),
            times in (time(), time()),
            attributes in attributes(),
            dropped in any::<[u32; 3]>(),
            events in vec(event(), 0..3),
            links in vec(link(), 0..3),
            status in status(),
            scope in scope(),
        ) -> SpanData {
            let mut all_events = SpanEvents::default();
            (all_events.events, all_events.dropped_count) = (events, dropped[1]);
            let mut all_links = SpanLinks::default();
            (all_links.links, all_links.dropped_count) = (links, dropped[2]);
            SpanData {
                span_context: context,
                parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from),
                parent_span_is_remote: remote,
                span_kind: kind,
                name: name.into(),
                start_time: times.0,
                end_time: times.1,
                attributes,
                dropped_attributes_count: dropped[0],
                events: all_events,
                links: all_links,
                status,
                instrumentation_scope: scope,
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_are_those_of_the_published_types(
            spans in vec(span(), 0..6),
            service in text(),
            schema in select(vec!["", "https://opentelemetry.io/schemas/1.36.0"]),
        ) {
            let resource = Resource::builder_empty()
                .with_schema_url([KeyValue::new("service.name", service)], schema)
                .build();
            let resource = ResourceAttributesWithSchema::from(&resource);
            let written = Envelope::new(&resource).request(&spans);
            let published = TracesRequest {
                resource_spans: group_spans_by_resource_and_scope(spans, &resource),
            };
            prop_assert!(written == published.encode_to_vec(), "{published:?}");
        }
    }
}
