//! Secrets and personal data, put into everything that tickspan sees, are searched for in the bytes that leave the
//! process: OTLP over gRPC and over HTTP, lines on stdout and stderr, files of the recorder in both of its forms, metrics, the page for
//! Prometheus, log records, and what an exporter of the user is given.

mod derived;
mod forms;
mod others;
mod stages;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::panic;
use std::path::Path;
use std::time::Duration;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::InMemoryMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::recorder::{Form, Recorder};
use tickspan::{Builder, Route, Sensitive};
use tickspan_tests::child::{Child, Finished};
use tickspan_tests::receiver::Receiver;
use tickspan_tests::tap::Tap;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

use forms::assert_clean;

const ROUTE: &str = "CANARY_ROUTE";
const POLICY: &str = "TICKSPAN_FOREIGN_DATA";
const HMAC_KEY: (&str, &str) = ("TICKSPAN_HMAC_KEY", "0123456789abcdef0123456789abcdef");
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// Prints what an exporter of the user is given.
#[derive(Debug)]
struct Print;

impl SpanExporter for Print {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        println!("{batch:?}");
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        println!("{resource:?}");
    }
}

fn route() -> Route {
    match env::var(ROUTE).as_deref() {
        Ok("tracing") => Route::Tracing,
        _ => Route::Lane,
    }
}

fn is_strict() -> bool {
    env::var(POLICY).is_ok_and(|policy| policy != "checked")
}

/// Lets every secret loose.
fn exercise() {
    stages::exercise();
    derived::exercise();
    others::under_sensitive_keys();
    if is_strict() {
        others::under_innocent_keys();
    }
}

/// What a program does that has a secret everywhere, and tells all that it can.
fn program(builder: Builder) {
    // The message of a panic is not telemetry.
    panic::set_hook(Box::new(|_| ()));
    let metrics = InMemoryMetricExporter::default();
    let telemetry = builder
        .with_route(route())
        .with_location(true)
        .with_prometheus_page()
        .with_span_exporter(Print)
        .with_metric_exporter(metrics.clone())
        .init()
        .unwrap();
    exercise();
    telemetry.flush(Duration::from_mins(1)).unwrap();
    println!("{:?}", metrics.get_finished_metrics().unwrap());
    let page = telemetry.prometheus().expect("it was asked for");
    for accept in ["text/plain", "application/openmetrics-text; version=1.0.0"] {
        let (_, page) = page.write(accept);
        assert!(page.contains("clients_total"), "{page}");
        println!("{page}");
    }
    println!("{:?} {}", tickspan::withheld(), tickspan::health());
    println!("{} {}", telemetry.summary(), telemetry.report());
    drop(telemetry);
}

/// The names of all spans that were let loose.
fn spans() -> impl Iterator<Item = &'static &'static str> + Clone {
    stages::SPANS
        .iter()
        .chain(derived::SPANS)
        .chain(others::SPANS)
}

/// Whether each of these was exported, by the text that an exporter prints.
#[track_caller]
fn assert_exported<'a>(seen: &BTreeSet<&str>, names: impl IntoIterator<Item = &'a &'static str>) {
    for name in names {
        assert!(seen.contains(*name), "no span `{name}` in {seen:?}");
    }
}

fn assert_streams_clean(finished: &Finished) {
    assert_clean("stdout", finished.stdout.as_bytes());
    assert_clean("stderr", finished.stderr.as_bytes());
}

/// The bytes of all files in a folder, which is then removed.
fn contents(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                bytes.extend(path.to_string_lossy().as_bytes());
                bytes.extend(fs::read(&path).expect("the file can be read"));
            }
        }
    }
    fs::remove_dir_all(folder).expect("the folder can be removed");
    bytes
}

#[test]
fn nothing_leaves_over_any_route_protocol_and_policy() {
    let child = Child::of("nothing_leaves_over_any_route_protocol_and_policy", || {
        let folder = env::var("RECORDING").expect("the parent says where");
        let otlp = Recorder::new(&folder).with_form(Form::OtlpJson);
        program(
            tickspan::builder()
                .with_recorder(folder)
                .with_recorder(otlp),
        );
    })
    .with("OTEL_TRACES_EXPORTER", "otlp,console")
    .with("OTEL_METRICS_EXPORTER", "otlp,console")
    .with(HMAC_KEY.0, HMAC_KEY.1)
    .with("OTEL_LOGS_EXPORTER", "otlp,console")
    .with("RUST_LOG", "trace,h2=off,hyper=off")
    .with(
        "OTEL_RESOURCE_ATTRIBUTES",
        &format!(
            "service.name=canaries,api_key={0},exception.message={0}",
            forms::CANARY
        ),
    );
    for route in ["lane", "tracing"] {
        for policy in ["checked", "allow-list", "none"] {
            for (protocol, receiver) in [
                ("grpc", Receiver::grpc as fn() -> Receiver),
                ("http/protobuf", Receiver::http),
                ("http/json", Receiver::http),
            ] {
                let receiver = receiver();
                let tap = Tap::to(&receiver.url());
                let folder = env::temp_dir().join(format!(
                    "tickspan-canaries-{}-{route}-{policy}-{}",
                    std::process::id(),
                    protocol.replace('/', "-")
                ));
                let finished = child
                    .with("RECORDING", &folder.to_string_lossy())
                    .with(ROUTE, route)
                    .with(POLICY, policy)
                    .with(PROTOCOL, protocol)
                    .with(ENDPOINT, &tap.url())
                    .run();
                println!("{route}, {policy}, {protocol}");
                let exported = receiver.wait_for_spans(spans().count());
                let names = exported.iter().map(|it| it.span.name.as_str()).collect();
                assert_exported(&names, spans());
                assert_clean(protocol, &tap.seen());
                let recorded = contents(&folder);
                let text = String::from_utf8_lossy(&recorded);
                for name in spans() {
                    let name = format!("\"name\":\"{name}\"");
                    for form in ["\"event_type\":\"span\"", "\"resourceSpans\":"] {
                        let is_in = |line: &str| line.contains(form) && line.contains(&name);
                        assert!(text.lines().any(is_in), "{form} {name} in {text}");
                    }
                }
                assert!(text.contains("\"event_type\":\"latency\""), "{text}");
                assert_clean("the recorder", &recorded);
                receiver.wait_for_metric("tickspan.withheld");
                let logs = receiver.logs();
                let of_others = |it: &LogRecord| format!("{it:?}").contains("redacted");
                let has_some = logs.iter().any(of_others);
                assert_eq!(has_some, policy != "none", "{policy}: {logs:?}");
                assert_streams_clean(&finished);
                for text in [
                    "tickspan.span.ended",
                    "cancelled",
                    "password",
                    "sent on:",
                    "attempt=7",
                ]
                .iter()
                .chain(derived::LEFT)
                {
                    assert!(finished.stdout.contains(*text), "{text}");
                }
            }
        }
    }
}

#[test]
fn log_records_and_lines_of_an_own_subscriber_are_clean() {
    let child = Child::of(
        "log_records_and_lines_of_an_own_subscriber_are_clean",
        || {
            panic::set_hook(Box::new(|_| ()));
            let logs = InMemoryLogExporter::default();
            let provider = SdkLoggerProvider::builder()
                .with_simple_exporter(logs.clone())
                .build();
            let telemetry = tickspan::builder()
                .with_global_subscriber(false)
                .with_span_exporter(Print)
                .init()
                .unwrap();
            let appender = OpenTelemetryTracingBridge::new(&provider);
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            tracing_subscriber::registry()
                .with(tickspan::layer())
                .with(tickspan::log_records(appender))
                .with(tickspan::policed(lines).with_filter(LevelFilter::TRACE))
                .init();
            exercise();
            let logs = logs.get_emitted_logs().unwrap();
            println!("{} log records: {logs:?}", logs.len());
            drop(telemetry);
        },
    );
    for (policy, records) in [("checked", 7), ("allow-list", 11), ("none", 0)] {
        let finished = child
            .with(HMAC_KEY.0, HMAC_KEY.1)
            .with(POLICY, policy)
            .run();
        assert_streams_clean(&finished);
        let counted = format!("{records} log records");
        assert!(
            finished.stdout.contains(&counted),
            "{policy}: {}",
            finished.stdout
        );
        let names = spans().filter(|name| finished.stdout.contains(&format!("name: \"{name}\"")));
        assert_eq!(names.count(), spans().count());
        assert_eq!(
            finished.stderr.contains("canaries::others"),
            policy != "none"
        );
    }
}

#[test]
fn what_settings_hold_is_not_told() {
    let child = Child::of("what_settings_hold_is_not_told", || {
        match tickspan::init() {
            Ok(telemetry) => {
                drop(tickspan::stage!("sent"));
                println!("{:?}", telemetry.flush(Duration::from_mins(1)));
                println!("{}", telemetry.report());
            }
            Err(error) => println!("refused: {error} {error:?}"),
        }
    });
    let canary = forms::CANARY;
    for protocol in ["grpc", "http/protobuf", "http/json"] {
        // Nobody listens there.
        let finished = child
            .with(PROTOCOL, protocol)
            .with(ENDPOINT, &format!("http://{canary}:{canary}@127.0.0.1:1"))
            .with(
                "OTEL_EXPORTER_OTLP_HEADERS",
                &format!("authorization={canary}"),
            )
            .run();
        assert!(finished.stdout.contains("1 failed"), "{}", finished.stdout);
        assert_streams_clean(&finished);
        for (name, value) in [
            (ENDPOINT, format!("htp://u:{canary}@h:1")),
            (ENDPOINT, format!("u:{canary}@h:1")),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("authorization {canary}"),
            ),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", format!("x=1,{canary}")),
        ] {
            let finished = child.with(PROTOCOL, protocol).with(name, &value).run();
            assert!(finished.stdout.contains("refused"), "{}", finished.stdout);
            assert_streams_clean(&finished);
        }
    }
}

#[test]
fn a_secret_that_cannot_be_deserialised_is_not_told() {
    #[derive(Debug, serde::Deserialize)]
    struct Config {
        #[expect(dead_code, reason = "it cannot be read")]
        pin: Sensitive<u64>,
    }
    let text = format!("{{\n  \"pin\": \"{}\"\n}}", forms::CANARY);
    let error = serde_json::from_str::<Config>(&text).unwrap_err();
    assert_clean("the error", error.to_string().as_bytes());
    assert_clean("the error", format!("{error:?}").as_bytes());
    assert_eq!(
        error.to_string(),
        "the secret cannot be read at line 3 column 1"
    );
}
