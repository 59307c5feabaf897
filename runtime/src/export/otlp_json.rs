//! What OTLP as JSON needs beyond what the types of `opentelemetry-proto` write.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
#[cfg(all(feature = "logs", feature = "otlp-http-json"))]
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

/// Spells attributes that are not a number, or infinite, as text.
///
/// The types would write `null`, which OTLP does not know in that place: a Collector refuses the message with all that is in it. What
/// OTLP asks for, a text in the place of the number, these types cannot write, and others of them cannot read.
pub(crate) fn spelled(mut spans: Vec<ResourceSpans>) -> Vec<ResourceSpans> {
    let scopes = spans.iter_mut().flat_map(|it| &mut it.scope_spans);
    for span in scopes.flat_map(|it| &mut it.spans) {
        in_attributes(&mut span.attributes);
        let events = span.events.iter_mut().map(|it| &mut it.attributes);
        let links = span.links.iter_mut().map(|it| &mut it.attributes);
        events
            .chain(links)
            .for_each(|attributes| in_attributes(attributes));
    }
    spans
}

/// The same for log records.
#[cfg(all(feature = "logs", feature = "otlp-http-json"))]
pub(crate) fn spelled_logs(mut logs: Vec<ResourceLogs>) -> Vec<ResourceLogs> {
    let scopes = logs.iter_mut().flat_map(|it| &mut it.scope_logs);
    for record in scopes.flat_map(|it| &mut it.log_records) {
        in_attributes(&mut record.attributes);
        record.body.iter_mut().for_each(in_value);
    }
    logs
}

fn in_attributes(attributes: &mut [KeyValue]) {
    let values = attributes.iter_mut().filter_map(|it| it.value.as_mut());
    values.for_each(in_value);
}

fn in_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::DoubleValue(number)) if !number.is_finite() => {
            let word = if number.is_nan() {
                "NaN"
            } else if *number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            value.value = Some(Value::StringValue(word.to_owned()));
        }
        Some(Value::ArrayValue(list)) => list.values.iter_mut().for_each(in_value),
        Some(Value::KvlistValue(list)) => in_attributes(&mut list.values),
        _ => {}
    }
}
