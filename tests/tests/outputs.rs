//! A level filter for each output: spans and their events, console lines, log records.

use std::time::Duration;

use opentelemetry_sdk::logs::InMemoryLogExporter;
use opentelemetry_sdk::trace::InMemorySpanExporter;
use tickspan::{Route, event, traced_stage};
use tickspan_tests::child::Child;

/// Says which route the child takes.
const ROUTE: &str = "ROUTE_OF_THIS_TEST";
const SPAN: &str = "TICKSPAN_SPAN_FILTER";
const CONSOLE: &str = "TICKSPAN_CONSOLE_FILTER";
const LOG: &str = "TICKSPAN_LOG_FILTER";

/// One of each level, of a stage and of other code.
#[traced_stage]
fn trade() {
    event!(level: "debug", "own_debug");
    event!(level: "info", "own_info");
    event!(level: "warn", "own_warn");
    tracing::debug!("foreign_debug");
    tracing::info!("foreign_info");
    tracing::warn!("foreign_warn");
    detail();
}

#[traced_stage(level = "debug")]
fn detail() {
    event!(level: "warn", "detail_warn");
}

/// What reached each output.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    spans: String,
    events: String,
    logs: String,
    console: String,
}

fn run(builder: tickspan::Builder) {
    let route = match std::env::var(ROUTE) {
        Ok(_) => Route::Tracing,
        Err(_) => Route::Lane,
    };
    let (spans, logs) = (
        InMemorySpanExporter::default(),
        InMemoryLogExporter::default(),
    );
    let telemetry = builder
        .with_route(route)
        .with_summary(false)
        .with_span_exporter(spans.clone())
        .with_log_exporter(logs.clone())
        .init()
        .unwrap();
    trade();
    telemetry.flush(Duration::from_mins(1)).unwrap();
    let mut spans = spans.get_finished_spans().unwrap();
    spans.sort_by_key(|span| span.start_time);
    let names: Vec<_> = spans.iter().map(|span| span.name.to_string()).collect();
    println!("spans {}", names.join(" "));
    let events = spans.iter().flat_map(|span| span.events.iter());
    let mut events: Vec<_> = events.map(|event| event.name.to_string()).collect();
    events.sort();
    println!("events {}", events.join(" "));
    let logs = logs.get_emitted_logs().unwrap();
    let bodies: Vec<_> = logs
        .iter()
        .map(|log| match log.record.body() {
            Some(opentelemetry::logs::AnyValue::String(text)) => text.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    println!("logs {}", bodies.join(" "));
    telemetry.shutdown(Duration::from_mins(1));
}

fn told(child: &Child) -> Told {
    let finished = child.run();
    let line = |name: &str| {
        let mut lines = finished.stdout.lines();
        let found = lines.find_map(|line| line.strip_prefix(name));
        found
            .unwrap_or_else(|| panic!("{finished:?}"))
            .trim()
            .to_owned()
    };
    let mut console: Vec<&str> = finished
        .stderr
        .lines()
        .filter_map(|line| line.split_once("outputs: "))
        .filter_map(|(_, line)| line.split(' ').next())
        .collect();
    console.sort_unstable();
    Told {
        spans: line("spans"),
        events: line("events"),
        logs: line("logs"),
        console: console.join(" "),
    }
}

fn on_routes(child: &Child) -> [Child; 2] {
    [child.clone(), child.with(ROUTE, "tracing")]
}

#[test]
fn each_output_has_a_filter_of_its_own() {
    let child = Child::of("each_output_has_a_filter_of_its_own", || {
        run(tickspan::builder());
    });
    let expected = || Told {
        spans: "trade".to_owned(),
        events: "detail_warn foreign_info foreign_warn own_info own_warn".to_owned(),
        logs: "foreign_debug foreign_info foreign_warn".to_owned(),
        console: "detail_warn foreign_warn own_warn".to_owned(),
    };
    for child in on_routes(&child) {
        let by_variables = child
            .with("RUST_LOG", "info")
            .with(CONSOLE, "warn")
            .with(LOG, "debug");
        assert_eq!(told(&by_variables), expected());
    }
    // The other way round: the console wants more than is exported.
    for child in on_routes(&child) {
        let child = child
            .with("RUST_LOG", "off")
            .with(SPAN, "outputs=warn,outputs=info")
            .with(CONSOLE, "outputs=debug");
        assert_eq!(
            told(&child),
            Told {
                spans: "trade".to_owned(),
                events: "detail_warn foreign_info foreign_warn own_info own_warn".to_owned(),
                logs: String::new(),
                console: "detail_warn foreign_debug foreign_info foreign_warn own_debug own_info own_warn"
                    .to_owned(),
            }
        );
    }
}

#[test]
fn a_record_of_the_log_crate_is_filtered_by_its_own_target() {
    let child = Child::of(
        "a_record_of_the_log_crate_is_filtered_by_its_own_target",
        || {
            let telemetry = tickspan::builder().with_summary(false).init().unwrap();
            log::info!(target: "feed::session", "wanted");
            log::warn!(target: "noisy", "unwanted");
            log::warn!("by that for all");
            log::info!("below that for all");
            telemetry.shutdown(Duration::from_mins(1));
        },
    );
    let lines = child
        .with("RUST_LOG", "info")
        .with(CONSOLE, "warn,feed=info,noisy=off")
        .run()
        .stderr;
    let is_told = |text| lines.contains(text);
    assert!(
        is_told(" feed::session: wanted\n") && is_told(" outputs: by that for all\n"),
        "{lines}"
    );
    assert!(
        !is_told("unwanted") && !is_told("below that for all"),
        "{lines}"
    );
}

/// A logger as a program may have one.
struct Stdout;

impl log::Log for Stdout {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        println!("{}", record.args());
    }

    fn flush(&self) {}
}

#[test]
fn a_logger_of_the_programs_own_stays() {
    let child = Child::of("a_logger_of_the_programs_own_stays", || {
        log::set_logger(&Stdout).unwrap();
        log::set_max_level(log::LevelFilter::Debug);
        let telemetry = tickspan::init().unwrap();
        log::debug!("logon accepted");
        telemetry.shutdown(Duration::from_mins(1));
    });
    let finished = child.run();
    assert!(finished.stdout.contains("logon accepted\n"));
    assert!(!finished.stderr.contains("logon accepted"));
}

#[test]
fn an_output_without_one_follows_that_for_all() {
    let child = Child::of("an_output_without_one_follows_that_for_all", || {
        run(tickspan::builder());
    });
    for child in on_routes(&child) {
        let told = told(&child.with("RUST_LOG", "warn,outputs=warn"));
        assert_eq!(
            (&*told.spans, &*told.logs, &*told.console),
            // What stages emit outside of any span is a log record, as it is a line.
            (
                "",
                "own_warn foreign_warn detail_warn",
                "detail_warn foreign_warn own_warn"
            )
        );
    }
}

#[test]
fn the_builder_wins_and_its_own_for_an_output_before_that_for_all() {
    let child = Child::of(
        "the_builder_wins_and_its_own_for_an_output_before_that_for_all",
        || {
            run(tickspan::builder()
                .with_filter("info")
                .with_console_filter("error")
                .with_log_filter("warn"));
        },
    );
    for child in on_routes(&child) {
        let child = child
            .with("RUST_LOG", "trace")
            .with(SPAN, "off")
            .with(CONSOLE, "trace")
            .with(LOG, "trace");
        assert_eq!(
            told(&child),
            Told {
                spans: "trade".to_owned(),
                events: "detail_warn foreign_info foreign_warn own_info own_warn".to_owned(),
                logs: "foreign_warn".to_owned(),
                console: String::new(),
            }
        );
    }
}

#[test]
fn directives_about_the_spans_around_hold_for_one_output() {
    let child = Child::of(
        "directives_about_the_spans_around_hold_for_one_output",
        || {
            let telemetry = tickspan::builder().with_summary(false).init().unwrap();
            tracing::info_span!("decode", bytes = 12).in_scope(|| tracing::debug!("inside"));
            tracing::debug!("outside");
            drop(telemetry);
        },
    );
    let told = child
        .with("RUST_LOG", "info")
        .with(CONSOLE, "warn,[decode]=debug")
        .run()
        .stderr;
    assert!(
        told.contains("inside") && !told.contains("outside"),
        "{told}"
    );
}

#[test]
fn a_wrong_filter_is_named_with_its_directive() {
    let child = Child::of("a_wrong_filter_is_named_with_its_directive", || {
        // Also where another setting wins.
        let error = tickspan::builder().with_filter("info").init().unwrap_err();
        println!("{error}");
    });
    for name in ["RUST_LOG", SPAN, CONSOLE, LOG] {
        let told = child.with(name, "info,feed=loud").run().stdout;
        assert!(
            told.contains(&format!("`{name}`")) && told.contains("`feed=loud`"),
            "{told}"
        );
    }
}

#[test]
fn a_wrong_filter_of_the_builder_is_named() {
    Child::of("a_wrong_filter_of_the_builder_is_named", || {
        let wrong = "info,feed=loud";
        for (name, builder) in [
            ("with_filter", tickspan::builder().with_filter(wrong)),
            (
                "with_span_filter",
                tickspan::builder().with_span_filter(wrong),
            ),
            (
                "with_console_filter",
                tickspan::builder().with_console_filter(wrong),
            ),
            (
                "with_log_filter",
                tickspan::builder().with_log_filter(wrong),
            ),
        ] {
            let told = builder.init().unwrap_err().to_string();
            assert!(
                told.contains(&format!("`{name}`")) && told.contains("`feed=loud`"),
                "{told}"
            );
        }
    })
    .run();
}
