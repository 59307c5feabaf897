//! What `init` starts, refuses and leaves alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::{Error, traced_stage};
use tickspan_tests::child::Child;

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

/// Telemetry has no thread in this process, or will have none soon: a thread that was waited for
/// still takes the kernel a moment to remove.
fn assert_no_telemetry_threads() {
    assert_telemetry_threads(&[]);
}

/// Telemetry has these threads, or will have soon.
#[cfg(target_os = "linux")]
fn assert_telemetry_threads(expected: &[&str]) {
    let until = Instant::now() + SOON;
    loop {
        // Names are cut at 15 bytes by the kernel.
        let names: Vec<_> = std::fs::read_dir("/proc/self/task")
            .unwrap()
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.starts_with("tickspan-") || name.starts_with("OpenTelemetry"))
            .collect();
        if names == expected {
            return;
        }
        assert!(Instant::now() < until, "{names:?}");
        std::thread::yield_now();
    }
}

#[cfg(not(target_os = "linux"))]
fn assert_telemetry_threads(_: &[&str]) {}

#[test]
fn without_variables_it_logs_measures_and_sends_nothing() {
    let finished = Child::of(
        "without_variables_it_logs_measures_and_sends_nothing",
        || {
            let telemetry = tickspan::init().unwrap();
            assert_telemetry_threads(&["tickspan-lines\n", "tickspan-collec\n"]);
            for _ in 0..3 {
                tracing::info_span!("risk").in_scope(|| tracing::info!("checked"));
            }
            tracing::debug!("not shown");
            telemetry.flush(SOON).unwrap();
            let summary = telemetry.summary();
            assert_eq!(summary.stages.len(), 1);
            assert_eq!(
                (summary.stages[0].name.as_str(), summary.stages[0].count),
                ("risk", 3)
            );
        },
    )
    .run();
    assert_eq!(
        finished.stderr.matches("checked").count(),
        3,
        "{}",
        finished.stderr
    );
    assert!(
        !finished.stderr.contains("not shown"),
        "{}",
        finished.stderr
    );
    // Printed by the guard: a header and a row.
    assert!(
        finished.stderr.contains("\nstage  count  errors  "),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains("\nrisk       3       0  "),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains("lost"), "{}", finished.stderr);
}

#[test]
fn console_and_summary_can_be_off() {
    let finished = Child::of("console_and_summary_can_be_off", || {
        let telemetry = tickspan::builder()
            .with_console(false)
            .with_summary(false)
            .init()
            .unwrap();
        tracing::info_span!("risk").in_scope(|| tracing::info!("checked"));
        assert!(telemetry.summary().stages.is_empty());
    })
    .run();
    assert_eq!(finished.stderr, "");
}

#[test]
fn second_init_is_refused() {
    Child::of("second_init_is_refused", || {
        let first = tickspan::init().unwrap();
        let error = tickspan::init().unwrap_err();
        assert!(matches!(error, Error::AlreadyInitialised), "{error}");
        assert!(
            error
                .to_string()
                .contains("already initialised in this process"),
            "{error}"
        );
        // Ending telemetry does not make room for another: the subscriber stays.
        drop(first);
        assert!(matches!(
            tickspan::init().unwrap_err(),
            Error::AlreadyInitialised
        ));
    })
    .run();
}

#[test]
fn of_two_at_once_one_is_refused() {
    Child::of("of_two_at_once_one_is_refused", || {
        let inits = [(); 2].map(|()| std::thread::spawn(tickspan::init));
        let inits = inits.map(|init| init.join().unwrap());
        assert_eq!(inits.iter().filter(|init| init.is_ok()).count(), 1);
        assert!(
            inits
                .iter()
                .any(|init| matches!(init, Err(Error::AlreadyInitialised)))
        );
    })
    .run();
}

#[test]
fn foreign_subscriber_is_left_in_place_and_nothing_runs() {
    Child::of(
        "foreign_subscriber_is_left_in_place_and_nothing_runs",
        || {
            tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
            let exporter = InMemorySpanExporter::default();
            let start = Instant::now();
            let error = tickspan::builder()
                .with_endpoint("http://127.0.0.1:1")
                .with_span_exporter(exporter)
                .init()
                .unwrap_err();
            assert!(
                matches!(error, Error::SubscriberInstalled { .. }),
                "{error}"
            );
            assert!(std::error::Error::source(&error).is_some());
            assert!(start.elapsed() < SOON);
            assert_no_telemetry_threads();
        },
    )
    .run();
}

#[test]
fn failed_init_leaves_nothing_and_can_be_tried_again() {
    Child::of("failed_init_leaves_nothing_and_can_be_tried_again", || {
        let exporter = InMemorySpanExporter::default();
        for builder in [
            tickspan::builder().with_endpoint("nowhere"),
            tickspan::builder().with_certificate("/no/such/file"),
            tickspan::builder().with_filter("feed=loud"),
        ] {
            builder
                .with_span_exporter(exporter.clone())
                .init()
                .unwrap_err();
            assert_no_telemetry_threads();
        }
        let telemetry = tickspan::builder()
            .with_span_exporter(exporter.clone())
            .init()
            .unwrap();
        tracing::info_span!("risk").in_scope(|| {});
        telemetry.flush(SOON).unwrap();
        assert_eq!(exporter.get_finished_spans().unwrap().len(), 1);
    })
    .run();
}

/// Each variable's values are tested where it is read; here, that the process's own environment is
/// what is read.
#[test]
fn wrong_variable_is_named() {
    let child = Child::of("wrong_variable_is_named", || {
        println!("{}", tickspan::init().unwrap_err());
    });
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "perhaps"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/xml"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "none"),
        ("OTEL_RESOURCE_ATTRIBUTES", "desk"),
        ("RUST_LOG", "feed=loud"),
    ] {
        let finished = child.with(name, value).run();
        assert!(
            finished.stdout.contains(&format!("`{name}`")),
            "{}",
            finished.stdout
        );
        assert!(
            finished.stdout.contains(&format!("`{value}`")),
            "{}",
            finished.stdout
        );
        assert!(
            finished.stdout.contains("accepted: "),
            "{}",
            finished.stdout
        );
    }
    let finished = child.with("OTEL_EXPORTER_OTLP_HEADERS", "hunter2").run();
    assert!(
        finished.stdout.contains("`OTEL_EXPORTER_OTLP_HEADERS`"),
        "{}",
        finished.stdout
    );
    assert!(!finished.stdout.contains("hunter2"), "{}", finished.stdout);
}

#[test]
fn a_wrong_value_is_told_in_short_and_drives_no_terminal() {
    let child = Child::of(
        "a_wrong_value_is_told_in_short_and_drives_no_terminal",
        || {
            let error = tickspan::init().unwrap_err();
            println!("{error}\n{error:?}");
        },
    );
    let value = format!("\x1b[31mred\nline{}", "é".repeat(50_000));
    for name in ["OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY", "RUST_LOG"] {
        let told = child.with(name, &value).run().stdout;
        let short = format!(r"`\u{{1b}}[31mred\nline{}..`", "é".repeat(87));
        assert!(told.contains(&short), "{told}");
        assert!(!told.contains('\x1b') && told.len() < 3_000, "{told}");
    }
}

#[test]
fn disabled_sdk_logs_and_does_nothing_else() {
    let child = Child::of("disabled_sdk_logs_and_does_nothing_else", || {
        let exporter = InMemorySpanExporter::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(exporter.clone())
            .init()
            .unwrap();
        assert_no_telemetry_threads();
        tracing::info_span!("risk").in_scope(|| tracing::info!("checked"));
        telemetry.flush(SOON).unwrap();
        assert!(telemetry.summary().stages.is_empty());
        assert_eq!(telemetry.shutdown(SOON).made, 0);
        assert!(exporter.get_finished_spans().unwrap().is_empty());
    });
    let finished = child
        .with("OTEL_SDK_DISABLED", "true")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")
        .run();
    assert!(finished.stderr.contains("checked"), "{}", finished.stderr);
}

#[test]
fn stage_is_made_only_where_an_output_is_on() {
    static MADE: AtomicU64 = AtomicU64::new(0);

    #[traced_stage(fields(number = MADE.fetch_add(1, Ordering::Relaxed)))]
    fn decode() {}

    let child = Child::of("stage_is_made_only_where_an_output_is_on", || {
        let telemetry = tickspan::builder().with_summary(false).init().unwrap();
        decode();
        println!("made {}", MADE.load(Ordering::Relaxed));
        // What a piece of code records is told all the same.
        let ((), seen) = tickspan::testing::capture(decode);
        assert_eq!(seen.spans().len(), 1);
        drop(telemetry);
    });
    for (console, made) in [("off", "made 0\n"), ("lines", "made 1\n")] {
        let child = child.with("TICKSPAN_CONSOLE", console);
        for finished in [child.run(), child.with("OTEL_SDK_DISABLED", "true").run()] {
            assert!(finished.stdout.contains(made), "{}", finished.stdout);
        }
    }
}

#[test]
fn filter_applies_to_spans_and_lines() {
    let child = Child::of("filter_applies_to_spans_and_lines", || {
        let telemetry = tickspan::init().unwrap();
        tracing::info_span!(target: "feed", "quiet")
            .in_scope(|| tracing::info!(target: "feed", "not shown"));
        tracing::debug_span!(target: "book", "loud")
            .in_scope(|| tracing::debug!(target: "book", "shown"));
        telemetry.flush(SOON).unwrap();
        let names: Vec<_> = telemetry
            .summary()
            .stages
            .into_iter()
            .map(|stage| stage.name)
            .collect();
        assert_eq!(names, ["loud"]);
    });
    let finished = child.with("RUST_LOG", "warn,book=debug").run();
    assert!(finished.stderr.contains(": shown"), "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("not shown"),
        "{}",
        finished.stderr
    );
}

#[test]
fn sampler_is_obeyed() {
    let child = Child::of("sampler_is_obeyed", || {
        let telemetry = tickspan::init().unwrap();
        tracing::info_span!("risk").in_scope(|| {});
        telemetry.flush(SOON).unwrap();
        assert_eq!(telemetry.summary().stages[0].count, 1, "and is measured");
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.sampled_away, report.lost()), (1, 1, 0));
    });
    child.with("OTEL_TRACES_SAMPLER", "always_off").run();
}

#[test]
fn console_exporter_writes_spans_to_stdout() {
    let child = Child::of("console_exporter_writes_spans_to_stdout", || {
        let telemetry = tickspan::init().unwrap();
        tracing::info_span!("order", side = "buy \"now\"", quantity = 18_i64)
            .in_scope(|| tracing::info!(limit = 5_i64, "checked"));
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (
                report.exporters[0].exporter.as_str(),
                report.exporters[0].exported
            ),
            ("stdout", 1)
        );
    });
    let finished = child.with("OTEL_TRACES_EXPORTER", "console").run();
    let line = finished
        .stdout
        .lines()
        .find(|line| line.starts_with("span order "))
        .unwrap();
    for part in [
        " kind=internal ",
        " trace_id=",
        " side=\"buy \\\"now\\\"\"",
        " quantity=18",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(
        finished.stdout.contains("\n  event checked "),
        "{}",
        finished.stdout
    );
}

/// The four switches of the OpenTelemetry layer that copy error text are off.
#[test]
fn text_of_an_error_does_not_become_status_or_exception() {
    Child::of(
        "text_of_an_error_does_not_become_status_or_exception",
        || {
            let exporter = InMemorySpanExporter::default();
            let telemetry = tickspan::builder()
                .with_span_exporter(exporter.clone())
                .init()
                .unwrap();
            let error = std::io::Error::other("hunter2");
            let error: &(dyn std::error::Error + 'static) = &error;
            let span = tracing::info_span!("risk", error = tracing::field::Empty);
            span.in_scope(|| tracing::error!(error));
            span.record("error", error);
            drop(span);
            telemetry.flush(SOON).unwrap();
            let spans = exporter.get_finished_spans().unwrap();
            assert_eq!(spans[0].status, opentelemetry::trace::Status::error(""));
            let attributes = spans[0]
                .attributes
                .iter()
                .chain(spans[0].events.iter().flat_map(|event| &event.attributes));
            assert!(
                attributes
                    .clone()
                    .all(|attribute| !attribute.key.as_str().starts_with("exception.")),
                "{spans:?}"
            );
            assert!(
                spans[0]
                    .events
                    .iter()
                    .all(|event| event.name != "exception"),
                "{spans:?}"
            );
        },
    )
    .run();
}

#[test]
fn long_text_is_cut_as_the_variable_says() {
    let child = Child::of("long_text_is_cut_as_the_variable_says", || {
        let telemetry = tickspan::init().unwrap();
        tracing::info_span!("order", memo = "größer")
            .in_scope(|| tracing::info!(why = "late", "m"));
        telemetry.shutdown(SOON);
    });
    let child = child.with("OTEL_TRACES_EXPORTER", "console");
    let finished = child
        .with("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")
        .run();
    assert!(
        finished
            .stdout
            .contains(" memo=\"grö\"\n  event m why=\"lat\"\n"),
        "{}",
        finished.stdout
    );
}

#[test]
fn wrong_limit_is_named() {
    Child::of("wrong_limit_is_named", || {
        let error = tickspan::init().unwrap_err().to_string();
        assert!(
            error.contains("`OTEL_SPAN_EVENT_COUNT_LIMIT`") && error.contains("`many`"),
            "{error}"
        );
    })
    .with("OTEL_SPAN_EVENT_COUNT_LIMIT", "many")
    .run();
}

#[test]
fn a_variable_that_is_misspelt_is_told_and_one_of_tickspans_own_is_refused() {
    let child = Child::of(
        "a_variable_that_is_misspelt_is_told_and_one_of_tickspans_own_is_refused",
        || match tickspan::init() {
            Ok(_telemetry) => {}
            Err(error) => {
                assert_no_telemetry_threads();
                println!("refused: {error}");
            }
        },
    );
    let finished = child
        .with("OTEL_EXPORTER_OLTP_ENDPOINT", "http://localhost:4318")
        .run();
    let told = "`OTEL_EXPORTER_OLTP_ENDPOINT` is set and is no variable that is read; is `OTEL_EXPORTER_OTLP_ENDPOINT` meant?";
    assert_eq!(
        finished.stderr.matches(told).count(),
        1,
        "{}",
        finished.stderr
    );
    assert!(!finished.stdout.contains("refused"), "{}", finished.stdout);
    let finished = child.with("TICKSPAN_FOREIGN_DATE", "none").run();
    assert!(
        finished.stdout.contains("refused: `TICKSPAN_FOREIGN_DATE` is set and is no variable that is read; is `TICKSPAN_FOREIGN_DATA` meant?"),
        "{}",
        finished.stdout
    );
}
