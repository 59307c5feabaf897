//! Spans as lines of OTLP in JSON: what a Collector's `file` exporter writes and its `otlpjsonfile` receiver reads.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use crate::export::otlp_json::spelled;

/// The receiver cuts longer lines, unless its `max_log_size` says otherwise.
const LONGEST: usize = 1 << 20;

/// Makes lines.
#[derive(Debug)]
pub(super) struct Requests {
    resource: ResourceAttributesWithSchema,
}

impl Requests {
    pub(super) fn new(resource: &Resource) -> Self {
        Self {
            resource: resource.into(),
        }
    }

    /// The lines of spans: one, unless it would be too long.
    pub(super) fn lines(&self, batch: Vec<SpanData>) -> Vec<u8> {
        // Some 900 bytes a span, measured on the example.
        let mut lines = Vec::with_capacity(batch.len() * 1_024);
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let request = ExportTraceServiceRequest {
            resource_spans: spelled(resource_spans),
        };
        append(request, &mut lines);
        lines
    }
}

/// Appends a request, in halves where its line would be too long. One span has a line, however long.
fn append(mut request: ExportTraceServiceRequest, lines: &mut Vec<u8>) {
    let before = lines.len();
    if serde_json::to_writer(&mut *lines, &request).is_err() {
        // Writing into memory cannot fail, nor can what was made of a span.
        lines.truncate(before);
        return;
    }
    if lines.len() - before >= LONGEST {
        if let Some(rest) = split(&mut request) {
            lines.truncate(before);
            append(request, lines);
            append(rest, lines);
            return;
        }
    }
    lines.push(b'\n');
}

/// Takes half of the spans away. `None` where there is but one.
fn split(request: &mut ExportTraceServiceRequest) -> Option<ExportTraceServiceRequest> {
    // There is one resource, that of the process.
    let resource = request.resource_spans.first_mut()?;
    let mut rest = resource.clone();
    let scopes = resource.scope_spans.len();
    if scopes > 1 {
        rest.scope_spans.drain(..scopes / 2);
        resource.scope_spans.truncate(scopes / 2);
    } else {
        let scope = resource.scope_spans.first_mut()?;
        let spans = scope.spans.len();
        if spans < 2 {
            return None;
        }
        rest.scope_spans.first_mut()?.spans.drain(..spans / 2);
        scope.spans.truncate(spans / 2);
    }
    Some(ExportTraceServiceRequest {
        resource_spans: vec![rest],
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    fn span(scope: &'static str, number: i64, bytes: usize) -> SpanData {
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: number.to_string().into(),
            start_time: SystemTime::UNIX_EPOCH,
            end_time: SystemTime::UNIX_EPOCH,
            attributes: vec![
                KeyValue::new("text", "x".repeat(bytes)),
                KeyValue::new("ratio", f64::NEG_INFINITY),
            ],
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::builder(scope).build(),
        }
    }

    fn lines(batch: Vec<SpanData>) -> Vec<(usize, ExportTraceServiceRequest)> {
        let resource = Resource::builder_empty().with_service_name("desk").build();
        let lines = Requests::new(&resource).lines(batch);
        assert_eq!(lines.last(), Some(&b'\n'));
        let lines = lines[..lines.len() - 1].split(|byte| *byte == b'\n');
        lines
            .map(|line| (line.len(), serde_json::from_slice(line).unwrap()))
            .collect()
    }

    fn names(requests: &[(usize, ExportTraceServiceRequest)]) -> Vec<i64> {
        let resources = requests.iter().flat_map(|(_, it)| &it.resource_spans);
        let scopes = resources.flat_map(|it| {
            assert_eq!(it.resource.as_ref().unwrap().attributes.len(), 1);
            &it.scope_spans
        });
        let spans = scopes.flat_map(|it| {
            assert!(!it.scope.as_ref().unwrap().name.is_empty());
            &it.spans
        });
        spans.map(|span| span.name.parse().unwrap()).collect()
    }

    #[test]
    fn batch_is_one_line() {
        let requests = lines((0..100).map(|number| span("one", number, 10)).collect());
        assert_eq!(requests.len(), 1);
        assert_eq!(names(&requests), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn line_that_is_too_long_for_the_receiver_is_several() {
        let of = |number: i64| {
            let scope = if number < 20 { "one" } else { "other" };
            // One is too long by itself.
            span(scope, number, if number == 7 { LONGEST } else { 20_000 })
        };
        let requests = lines((0..100).map(of).collect());
        assert!(requests.len() > 2, "{}", requests.len());
        assert_eq!(names(&requests), (0..100).collect::<Vec<_>>());
        for (len, request) in &requests {
            let alone = names(&[(*len, request.clone())]) == [7];
            assert!(*len < LONGEST || alone, "{len}");
        }
    }

    #[test]
    fn number_that_json_does_not_know_is_text() {
        let requests = lines(vec![span("one", 1, 1)]);
        let json = serde_json::to_value(&requests[0].1).unwrap();
        let attributes = json
            .pointer("/resourceSpans/0/scopeSpans/0/spans/0/attributes/1/value")
            .unwrap();
        assert_eq!(attributes, &serde_json::json!({"stringValue": "-Infinity"}));
    }
}
