//! Log records over real sockets: only where they are asked for, with the ids of their stage, bounded like spans.

use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_sdk::logs::InMemoryLogExporter;
use tickspan::{event, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::misbehaving::{Misbehaviour, misbehave};
use tickspan_tests::receiver::{Answer, Receiver, text};

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const LOGS: &str = "OTEL_LOGS_EXPORTER";

#[traced_stage]
fn submit() {
    tracing::warn!(
        attempt = 2,
        delay = f64::INFINITY,
        password = "hunter2",
        "venue answered late"
    );
    event!("order_submitted", quantity = 5);
}

fn trade() {
    let telemetry = tickspan::builder()
        .with_summary(false)
        .with_metrics(false)
        .init()
        .unwrap();
    submit();
    let start = Instant::now();
    let report = telemetry.shutdown(SOON);
    assert!(start.elapsed() < SOON * 2, "{:?}", start.elapsed());
    for logs in &report.logs {
        println!("log records: {logs}");
    }
}

#[test]
fn log_records_arrive_with_the_ids_of_their_stage() {
    let child = Child::of("log_records_arrive_with_the_ids_of_their_stage", trade);
    for (receiver, protocol, path) in [
        (
            Receiver::grpc(),
            "grpc",
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        ),
        (Receiver::http(), "http/protobuf", "/v1/logs"),
        (Receiver::http(), "http/json", "/v1/logs"),
    ] {
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with(LOGS, "otlp")
            .run();
        let spans = receiver.wait_for_spans(1);
        let logs = receiver.logs();
        assert_eq!(logs.len(), 1, "{logs:#?}");
        let log = &logs[0];
        assert_eq!(log.severity_text, "WARN");
        assert_eq!(log.trace_id, spans[0].span.trace_id);
        assert_eq!(log.span_id, spans[0].span.span_id);
        let body = log.body.as_ref().and_then(|body| body.value.clone());
        assert_eq!(body, Some(text("venue answered late")));
        let attempt = log.attributes.iter().find(|a| a.key == "attempt").unwrap();
        let attempt = attempt.value.as_ref().and_then(|value| value.value.clone());
        assert_eq!(attempt, Some(Value::IntValue(2)));
        let delay = log.attributes.iter().find(|a| a.key == "delay").unwrap();
        let delay = delay.value.as_ref().and_then(|value| value.value.clone());
        // In JSON it is spelled: no number says it there.
        let infinite = match protocol {
            "http/json" => text("Infinity"),
            _ => Value::DoubleValue(f64::INFINITY),
        };
        assert_eq!(delay, Some(infinite));
        assert!(!format!("{logs:?}").contains("hunter2"), "{logs:#?}");
        assert_eq!(receiver.log_requests()[0].path, path);
        assert!(
            finished.stdout.contains("1 exported, 0 failed, 0 dropped"),
            "{}",
            finished.stdout
        );
    }
}

#[test]
fn nothing_but_their_own_settings_asks_for_log_records() {
    let child = Child::of("nothing_but_their_own_settings_asks_for_log_records", trade);
    let receiver = Receiver::http();
    child.with(ENDPOINT, &receiver.url()).run();
    receiver.wait_for_spans(1);
    assert!(receiver.log_requests().is_empty());
    let own = Receiver::http();
    child
        .with(
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            &format!("{}/my/logs", own.url()),
        )
        .run();
    assert_eq!(own.log_requests()[0].path, "/my/logs");
    assert!(own.spans().is_empty());
}

#[test]
fn console_writes_a_line_for_each_record() {
    let child = Child::of("console_writes_a_line_for_each_record", trade);
    let finished = child.with(LOGS, "console").run();
    let line = finished
        .stdout
        .lines()
        .find(|line| line.starts_with("log WARN logs "))
        .unwrap_or_else(|| panic!("{}", finished.stdout));
    for part in ["\"venue answered late\"", " attempt=2", " trace_id="] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn records_that_fill_no_batch_are_sent_after_the_delay() {
    Child::of(
        "records_that_fill_no_batch_are_sent_after_the_delay",
        || {
            let logs = InMemoryLogExporter::default();
            let _telemetry = tickspan::builder()
                .with_console(false)
                .with_log_exporter(logs.clone())
                .with_log_batch_delay(Duration::from_millis(20))
                .init()
                .unwrap();
            for count in 1..4 {
                // The exporter waits for its next batch by then.
                thread::sleep(Duration::from_millis(100));
                tracing::info!("one");
                let start = Instant::now();
                while logs.get_emitted_logs().unwrap().len() < count {
                    assert!(start.elapsed() < SOON, "record {count} was not sent");
                    thread::sleep(Duration::from_millis(1));
                }
            }
        },
    )
    .run();
}

#[test]
fn an_exporter_of_the_sdk_gets_records_and_the_queue_is_bounded() {
    let child = Child::of(
        "an_exporter_of_the_sdk_gets_records_and_the_queue_is_bounded",
        || {
            let logs = InMemoryLogExporter::default();
            let telemetry = tickspan::builder()
                .with_console(false)
                .with_log_exporter(logs.clone())
                .init()
                .unwrap();
            assert!(telemetry.logger_provider().is_some());
            tracing::info!("one");
            telemetry.flush(SOON).unwrap();
            assert_eq!(logs.get_emitted_logs().unwrap().len(), 1);
            for _ in 0..100 {
                tracing::info!("more");
            }
            let report = telemetry.shutdown(SOON);
            let records = &report.logs[0];
            assert_eq!(records.exported + records.dropped, 101, "{report}");
            assert_eq!(records.failed, 0, "{report}");
            // Afterwards they are nobody's, and nothing panics.
            tracing::info!("late");
        },
    );
    child
        .with("OTEL_BLRP_MAX_QUEUE_SIZE", "10")
        .with("OTEL_BLRP_SCHEDULE_DELAY", "60000")
        .run();
}

/// Logs when it is dropped.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        tracing::info!("the last of its thread");
    }
}

thread_local! {
    static LAST: Last = const { Last };
}

/// There a log record cannot ask which span it is of. Its line needs nobody.
#[test]
fn a_destructor_of_a_thread_local_may_log() {
    let finished = Child::of("a_destructor_of_a_thread_local_may_log", || {
        let exporter = InMemoryLogExporter::default();
        let telemetry = tickspan::builder()
            .with_log_exporter(exporter.clone())
            .init()
            .unwrap();
        thread::spawn(|| {
            // What `tracing` keeps for the thread goes after it, and what OpenTelemetry keeps before.
            tracing::dispatcher::get_default(|_| {});
            LAST.with(|_| {});
            tracing::info!("another");
        })
        .join()
        .unwrap();
        telemetry.flush(SOON).unwrap();
        assert_eq!(exporter.get_emitted_logs().unwrap().len(), 1);
    })
    .run();
    assert!(finished.stderr.contains("the last of its thread"));
}

#[test]
fn backends_that_misbehave_cost_counters() {
    let child = Child::of("backends_that_misbehave_cost_counters", trade);
    for protocol in ["grpc", "http/protobuf"] {
        let child = child.with(PROTOCOL, protocol).with(LOGS, "otlp");
        let receiver = match protocol {
            "grpc" => Receiver::grpc(),
            _ => Receiver::http(),
        };
        receiver.always(Answer::Partly(1, "too old"));
        let finished = child.with(ENDPOINT, &receiver.url()).run();
        assert!(
            finished
                .stdout
                .contains("the backend rejected 1 of 1: too old"),
            "{}",
            finished.stdout
        );
        let url = format!("http://{}", misbehave(Misbehaviour::IsSilent));
        let finished = child
            .with(ENDPOINT, &url)
            .with("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")
            .run();
        assert!(
            finished.stdout.contains("0 exported, 1 failed, 0 dropped"),
            "{}",
            finished.stdout
        );
        assert!(
            finished
                .stderr
                .contains("tickspan: spans and log records do not reach"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn variables_of_log_records_are_named_when_they_are_wrong() {
    let child = Child::of(
        "variables_of_log_records_are_named_when_they_are_wrong",
        || println!("{}", tickspan::init().unwrap_err()),
    );
    for (name, value) in [
        ("OTEL_LOGS_EXPORTER", "syslog"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "4096"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "1s"),
        ("OTEL_BLRP_EXPORT_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "localhost"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "tcp"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "rar"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/no/file"),
    ] {
        let told = child.with(name, value).run().stdout;
        assert!(
            told.contains(&format!("`{name}` is `{value}`")) && told.contains("accepted: "),
            "{told}"
        );
    }
}

/// The text between `before` and the next blank or quote.
fn after<'a>(text: &'a str, before: &str) -> &'a str {
    let start = text
        .find(before)
        .unwrap_or_else(|| panic!("`{before}` is missing in\n{text}"));
    text[start + before.len()..]
        .split([' ', '"', '\n'])
        .next()
        .unwrap()
}

fn hex_of(trace: &[u8], span: &[u8]) -> (String, String) {
    let trace = TraceId::from_bytes(trace.try_into().unwrap());
    let span = SpanId::from_bytes(span.try_into().unwrap());
    (trace.to_string(), span.to_string())
}

#[test]
fn a_line_its_span_and_its_trace_are_found_by_one_id() {
    let child = Child::of("a_line_its_span_and_its_trace_are_found_by_one_id", || {
        let route = match std::env::var("ROUTE_OF_THIS_TEST") {
            Ok(_) => tickspan::Route::Tracing,
            Err(_) => tickspan::Route::Lane,
        };
        let telemetry = tickspan::builder()
            .with_route(route)
            .with_summary(false)
            .with_metrics(false)
            .init()
            .unwrap();
        submit();
        telemetry.shutdown(SOON);
    });
    for child in [child.clone(), child.with("ROUTE_OF_THIS_TEST", "tracing")] {
        for (format, [trace_key, span_key]) in [
            ("lines", [" trace_id=", " span_id="]),
            ("pretty", [" trace_id=", " span_id="]),
            ("json", ["\"trace_id\":\"", "\"span_id\":\""]),
        ] {
            let receiver = Receiver::http();
            let folder = tempfile::tempdir().unwrap();
            let finished = child
                .with(ENDPOINT, &receiver.url())
                .with(LOGS, "otlp,console")
                .with("OTEL_TRACES_EXPORTER", "otlp,console")
                .with("TICKSPAN_RECORDER", folder.path().to_str().unwrap())
                .with("TICKSPAN_CONSOLE", format)
                .run();
            let span = &receiver.wait_for_spans(1)[0].span;
            let (trace, id) = hex_of(&span.trace_id, &span.span_id);

            // OTLP
            let logs = receiver.logs();
            assert_eq!(logs.len(), 1, "{logs:#?}");
            assert_eq!(
                hex_of(&logs[0].trace_id, &logs[0].span_id),
                (trace.clone(), id.clone())
            );
            // The line, whoever says it: other code, and the stage itself.
            for said in ["venue answered late", "order_submitted"] {
                let at = finished.stderr.find(said);
                let at = at.unwrap_or_else(|| panic!("{}", finished.stderr));
                let line = &finished.stderr[at..];
                assert_eq!(after(line, trace_key), trace, "{format}: {line}");
                assert_eq!(after(line, span_key), id, "{format}: {line}");
            }
            // The span and the record on stdout.
            for start in ["span submit", "log WARN"] {
                let line = &finished.stdout[finished.stdout.find(start).unwrap()..];
                assert_eq!(after(line, " trace_id="), trace, "{line}");
                assert_eq!(after(line, " span_id="), id, "{line}");
            }
            // The span in the files.
            let recorded: Vec<_> = tickspan::replay::Replay::open(folder.path())
                .unwrap()
                .into_iter()
                .map(|event| format!("{event:?}"))
                .collect();
            let is_it = |line: &String| line.contains(&trace) && line.contains(&id);
            assert!(recorded.iter().any(is_it), "{recorded:#?}");
        }
    }
}
