//! The second form: OTLP as JSON lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::InMemorySpanExporter;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tickspan::recorder::{Compression, Form, Recorder};
use tickspan::replay::Replay;
use tickspan::{EdgeBreakdown, TradeEvent, event, traced_stage};
use tickspan_tests::child::Child;

use super::{numbers, read_whole};

const SOON: Duration = Duration::from_mins(1);

#[derive(EdgeBreakdown)]
#[edge(unit = "USD")]
struct Spread {
    #[edge(gross)]
    gross: Decimal,
    #[edge(cost)]
    fees: Decimal,
}

#[derive(TradeEvent)]
struct QuotePulled {
    price: Decimal,
}

#[traced_stage(kind = "client", fields(ratio, venue, levels = &[1_i64, 2][..]))]
fn submit(quantity: i64, ratio: f64, venue: &str) -> Result<(), std::fmt::Error> {
    check(quantity);
    event!("acknowledged", attempt = i64::MAX);
    let edge = Spread {
        gross: Decimal::new(2_500, 3),
        fees: Decimal::new(2_500, 4),
    };
    edge.record(&edge.decide());
    let price = Decimal::new(585_330, 3);
    QuotePulled { price }.record();
    Err(std::fmt::Error)
}

#[traced_stage]
fn check(quantity: i64) {
    let _ = quantity;
}

fn dir_of_child() -> PathBuf {
    std::env::var_os("RECORDING")
        .expect("the parent says where")
        .into()
}

/// The lines of OTLP, of all files.
fn lines(dir: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for day in fs::read_dir(dir).unwrap() {
        for file in fs::read_dir(day.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with("traces") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with('\n'), "{}", path.display());
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    lines
}

fn spans(resources: impl IntoIterator<Item = ResourceSpans>) -> Vec<Span> {
    let scopes = resources.into_iter().flat_map(|it| it.scope_spans);
    let mut spans: Vec<Span> = scopes.flat_map(|it| it.spans).collect();
    spans.sort_by(|one, other| one.span_id.cmp(&other.span_id));
    spans
}

fn read_requests(dir: &Path) -> Vec<Span> {
    spans(lines(dir).iter().flat_map(|line| {
        let request: ExportTraceServiceRequest = serde_json::from_str(line).unwrap();
        request.resource_spans
    }))
}

/// The value of an attribute as it stands in JSON.
fn attribute<'a>(of: &'a Json, key: &str) -> &'a Json {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|it| it["key"] == key);
    &found.unwrap_or_else(|| panic!("{key}: {of}"))["value"]
}

fn is_hex(value: &Json, digits: usize) -> bool {
    let text = value.as_str().unwrap();
    text.len() == digits
        && text
            .bytes()
            .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

#[test]
fn otlp_lines_hold_what_was_exported() {
    let child = Child::of("otlp::otlp_lines_hold_what_was_exported", || {
        let exported = InMemorySpanExporter::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(exported.clone())
            .with_recorder(dir_of_child())
            .with_recorder(Recorder::new(dir_of_child()).with_form(Form::OtlpJson))
            .init()
            .unwrap();
        submit(i64::MIN, 0.1 + 0.2, "NASDAQ\n\"q\"").unwrap_err();
        telemetry.flush(SOON).unwrap();
        let exported = exported.get_finished_spans().unwrap();
        let resource = ResourceAttributesWithSchema::from(&Resource::builder_empty().build());
        let exported = group_spans_by_resource_and_scope(exported, &resource);
        let read = read_requests(&dir_of_child());
        assert_eq!(read.len(), 2);
        assert_eq!(read, spans(exported));
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.exporters.len(), report.lost()), (3, 0), "{report}");
    });
    let dir = TempDir::new().unwrap();
    child
        .with("RECORDING", dir.path().to_str().unwrap())
        .with("OTEL_SERVICE_NAME", "desk")
        .run();
    check_json(&lines(dir.path()));
    // The replay reads the lines of the first form, and passes by the others.
    let events = read_whole(dir.path());
    assert_eq!(numbers(&events, "check", "quantity"), [i64::MIN]);
    assert_eq!(events.len(), 4, "two spans, an edge, a trade event");
}

/// Looks at what the types of `opentelemetry-proto` would read in more than one way.
fn check_json(lines: &[String]) {
    assert_eq!(lines.len(), 1, "one batch");
    let request: Json = serde_json::from_str(&lines[0]).unwrap();
    let resource = &request["resourceSpans"][0];
    assert_eq!(
        attribute(&resource["resource"], "service.name"),
        &json!({"stringValue": "desk"})
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let find = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let (submit, check) = (find("submit"), find("check"));
    for span in [submit, check] {
        assert!(
            is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16),
            "{span}"
        );
        for time in ["startTimeUnixNano", "endTimeUnixNano"] {
            let nanoseconds: u64 = span[time].as_str().unwrap().parse().unwrap();
            assert!(nanoseconds > 1_700_000_000_000_000_000, "{span}");
        }
    }
    assert_eq!(check["parentSpanId"], submit["spanId"]);
    assert_eq!(submit["kind"], 3, "a client");
    assert_eq!(submit["status"]["code"], 2, "an error");
    assert_eq!(
        attribute(submit, "quantity"),
        &json!({"intValue": "-9223372036854775808"})
    );
    assert_eq!(
        attribute(submit, "ratio"),
        &json!({"doubleValue": 0.1 + 0.2})
    );
    assert_eq!(
        attribute(submit, "venue"),
        &json!({"stringValue": "NASDAQ\n\"q\""})
    );
    assert_eq!(
        attribute(submit, "levels"),
        &json!({"arrayValue": {"values": [{"intValue": "1"}, {"intValue": "2"}]}})
    );
    let events = submit["events"].as_array().unwrap();
    let names: Vec<_> = events
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["acknowledged", "edge", "quote_pulled"]);
    assert_eq!(
        attribute(&events[0], "attempt"),
        &json!({"intValue": "9223372036854775807"})
    );
    assert!(events[0]["timeUnixNano"].is_string());
    // Decimals with every digit.
    assert_eq!(
        attribute(&events[1], "edge.net"),
        &json!({"stringValue": "2.2500"})
    );
    assert_eq!(
        attribute(&events[2], "price"),
        &json!({"stringValue": "585.330"})
    );
}

#[test]
fn number_that_json_does_not_know_costs_nothing_else() {
    let child = Child::of(
        "otlp::number_that_json_does_not_know_costs_nothing_else",
        || {
            let recorder = Recorder::new(dir_of_child()).with_form(Form::OtlpJson);
            let _telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            submit(1, f64::NAN, "NASDAQ").unwrap_err();
        },
    );
    let dir = TempDir::new().unwrap();
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    let lines = lines(dir.path());
    assert!(!lines[0].contains("null"), "{}", lines[0]);
    assert!(
        lines[0].contains(r#"{"key":"ratio","value":{"stringValue":"NaN"}}"#),
        "{}",
        lines[0]
    );
    assert_eq!(read_requests(dir.path()).len(), 2);
    // Lines of OTLP alone are no recording that could be replayed.
    assert_eq!(Replay::open(dir.path()).unwrap().into_iter().count(), 0);
    let day = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
    let error = Replay::open(day.path().join("traces.jsonl")).unwrap_err();
    assert!(error.to_string().contains("`events.jsonl`"), "{error}");
}

#[test]
fn otlp_files_are_rotated_and_hold_each_span_once() {
    let child = Child::of(
        "otlp::otlp_files_are_rotated_and_hold_each_span_once",
        || {
            let recorder = Recorder::new(dir_of_child())
                .with_form(Form::OtlpJson)
                .with_compression(Compression::None)
                .with_file_size(100_000);
            let telemetry = tickspan::builder().with_recorder(recorder).init().unwrap();
            for number in 0..5_000 {
                check(number);
                if number % 500 == 0 {
                    telemetry.flush(SOON).unwrap();
                }
            }
            let report = telemetry.shutdown(SOON);
            assert_eq!(report.lost(), 0, "{report}");
        },
    );
    let dir = TempDir::new().unwrap();
    child.with("RECORDING", dir.path().to_str().unwrap()).run();
    let spans = read_requests(dir.path());
    assert_eq!(spans.len(), 5_000);
    let mut ids: Vec<_> = spans.into_iter().map(|span| span.span_id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5_000, "they are sorted by it");
    let day = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
    assert!(fs::read_dir(day.path()).unwrap().count() > 5);
}

#[test]
fn audit_needs_lines_of_its_own() {
    let recorder = Recorder::new("unused")
        .with_form(Form::OtlpJson)
        .with_audit(SOON);
    let error = tickspan::builder()
        .with_recorder(recorder)
        .init()
        .unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("with_audit") && told.contains("`Form::Events`"),
        "{told}"
    );
}
