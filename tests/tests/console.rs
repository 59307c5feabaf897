//! Console lines of what stages emit and of what other code says, in each format, on both routes.

use serde_json::Value;
use tickspan::{Console, Route, event, traced_stage};
use tickspan_tests::child::Child;

const ROUTES: [Route; 2] = [Route::Lane, Route::Tracing];
/// Says which route the child takes.
const ROUTE: &str = "ROUTE_OF_THIS_TEST";
const CONSOLE: &str = "TICKSPAN_CONSOLE";

#[derive(Debug)]
struct TooLarge;

#[traced_stage(err(level = "warn"))]
fn check_risk(symbol: &str, quantity: u64) -> Result<u64, TooLarge> {
    let _ = symbol;
    event!(level: "debug", "limit_read", limit = 1_000);
    if quantity > 1_000 {
        return Err(TooLarge);
    }
    Ok(quantity)
}

fn trade(route: Route) {
    let _telemetry = tickspan::builder().with_route(route).init().unwrap();
    let _ = check_risk("AAPL", 5_000);
    event!("market_closed", orders = 3);
}

/// Events of other code, in a stage and in a span of its own, with all sorts of fields.
#[traced_stage]
fn quote(quantity: u64) {
    let _ = quantity;
    let span = tracing::info_span!("decode", bytes = 12);
    span.in_scope(|| {
        tracing::info!(
            venue = "XNAS",
            retry = true,
            spread = 0.5,
            order = ?Some("7\u{1b}"),
            big = u64::MAX,
            password = "hunter2",
            "a \"line\"\nand \u{1b}[31manother"
        );
    });
}

fn route() -> Route {
    match std::env::var(ROUTE).as_deref() {
        Ok("tracing") => Route::Tracing,
        _ => Route::Lane,
    }
}

/// The child on one route after the other.
fn on_routes(child: &Child) -> [Child; 2] {
    ROUTES.map(|route| match route {
        Route::Tracing => child.with(ROUTE, "tracing"),
        _ => child.clone(),
    })
}

/// The lines that name this test's target, without their times and the ids at their ends.
fn lines(stderr: &str) -> Vec<String> {
    stderr
        .lines()
        .filter(|line| line.contains("console: "))
        .filter_map(|line| line.split_once("Z "))
        .map(|(_, line)| line.split_once(" trace_id=").map_or(line, |(line, _)| line))
        .map(ToOwned::to_owned)
        .collect()
}

fn objects(stderr: &str) -> Vec<Value> {
    stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn lines_tell_what_stages_emit() {
    let child = Child::of("lines_tell_what_stages_emit", || trade(Route::Lane));
    let finished = child.with("RUST_LOG", "debug").run();
    // Sorted: the line of no stage is written at once, the others when theirs has ended.
    let mut told = lines(&finished.stderr);
    told.sort();
    assert_eq!(
        told,
        [
            " INFO console: market_closed orders=3",
            " WARN check_risk{symbol=\"AAPL\" quantity=5000 error.type=\"console::TooLarge\" \
             tickspan.outcome=\"error\"}: console: error error.type=\"console::TooLarge\"",
            "DEBUG check_risk{symbol=\"AAPL\" quantity=5000 error.type=\"console::TooLarge\" \
             tickspan.outcome=\"error\"}: console: limit_read limit=1000",
        ],
        "{}",
        finished.stderr
    );
}

#[test]
fn lines_are_filtered_like_the_others() {
    let child = Child::of("lines_are_filtered_like_the_others", || trade(Route::Lane));
    let finished = child.with("RUST_LOG", "warn,console=info").run();
    let told = lines(&finished.stderr);
    assert_eq!(told.len(), 2, "{}", finished.stderr);
    assert!(!finished.stderr.contains("limit_read"));
}

#[test]
fn tracing_route_has_its_lines_from_the_subscriber() {
    let child = Child::of("tracing_route_has_its_lines_from_the_subscriber", || {
        trade(Route::Tracing);
    });
    let told = lines(&child.run().stderr);
    assert_eq!(
        told,
        [
            " WARN check_risk{symbol=\"AAPL\" quantity=5000}: console: error error.type=\"console::TooLarge\"",
            " INFO console: market_closed orders=3",
        ]
    );
}

#[test]
fn lines_of_other_code_are_one_line_whatever_they_hold() {
    let child = Child::of(
        "lines_of_other_code_are_one_line_whatever_they_hold",
        || {
            let _telemetry = tickspan::builder().with_route(route()).init().unwrap();
            quote(5);
        },
    );
    for child in on_routes(&child) {
        let told = child.run().stderr;
        let line = lines(&told).pop().unwrap_or_else(|| panic!("{told}"));
        let end = "decode{bytes=12}: console: a \"line\"\\nand \\u{1b}[31manother venue=\"XNAS\" \
                   retry=true spread=0.5 order=Some(\"7\\u{1b}\") big=18446744073709551615 \
                   password=[redacted: secret]";
        assert!(line.ends_with(end), "{line}\nis not\n{end}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn json_is_an_object_a_line() {
    let child = Child::of("json_is_an_object_a_line", || {
        let telemetry = tickspan::builder()
            .with_summary(true)
            .with_route(route())
            .init()
            .unwrap();
        quote(5);
        let _ = check_risk("AA\"PL", 5_000);
        telemetry.shutdown(std::time::Duration::from_secs(5));
    });
    for child in on_routes(&child) {
        let finished = child.with(CONSOLE, "json").run();
        let told = objects(&finished.stderr);
        assert_eq!(told.len(), 2, "{}", finished.stderr);
        let of = |message: &str| {
            let mut told = told.iter();
            let found = told.find(|line| line["message"].as_str().unwrap().starts_with(message));
            found.unwrap_or_else(|| panic!("{}", finished.stderr))
        };
        let other = of("a \"line\"\nand");
        assert_eq!(other["level"], "INFO");
        assert_eq!(other["target"], "console");
        assert!(other["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!(
            other["fields"],
            serde_json::json!({
                "venue": "XNAS", "retry": true, "spread": 0.5, "order": "Some(\"7\\u{1b}\")",
                "big": "18446744073709551615", "password": "[redacted: secret]",
            })
        );
        let spans = other["spans"].as_array().unwrap();
        let inner = spans.last().unwrap();
        assert_eq!(inner["name"], "decode");
        assert_eq!(inner["fields"]["bytes"], 12);
        let rejected = of("error");
        assert_eq!(rejected["fields"]["error.type"], "console::TooLarge");
        assert_eq!(rejected["spans"][0]["name"], "check_risk");
        assert_eq!(rejected["spans"][0]["fields"]["symbol"], "AA\"PL");
        for line in [other, rejected] {
            assert_eq!(line["trace_id"].as_str().unwrap().len(), 32, "{line}");
            assert_eq!(line["span_id"].as_str().unwrap().len(), 16, "{line}");
        }
    }
}

#[test]
fn what_tickspan_says_is_json_where_lines_are() {
    let child = Child::of("what_tickspan_says_is_json_where_lines_are", || {
        let _telemetry = tickspan::builder()
            .with_endpoint("http://127.0.0.1:1")
            .with_shutdown_deadline(std::time::Duration::from_secs(1))
            .init()
            .unwrap();
        let _ = check_risk("AAPL", 5_000);
    });
    let finished = child.with(CONSOLE, "json").run();
    let told = objects(&finished.stderr);
    assert_eq!(
        told.len(),
        finished.stderr.lines().count(),
        "{}",
        finished.stderr
    );
    for words in ["do not reach", "check_risk  ", "spans were lost"] {
        let says = |line: &&Value| line["message"].as_str().unwrap().contains(words);
        let line = told.iter().find(says);
        let line = line.unwrap_or_else(|| panic!("{words}: {}", finished.stderr));
        assert_eq!(line["target"], "tickspan");
    }
}

#[test]
fn pretty_tells_one_thing_a_line() {
    let child = Child::of("pretty_tells_one_thing_a_line", || trade(route()));
    for child in on_routes(&child) {
        let told = child.with(CONSOLE, "pretty").run().stderr;
        let told: Vec<&str> = told.lines().collect();
        let at = told
            .iter()
            .position(|line| line.ends_with("  WARN console: error"))
            .unwrap_or_else(|| panic!("{told:#?}"));
        assert_eq!(told[at + 1], "    error.type: \"console::TooLarge\"");
        assert!(
            told[at + 2].starts_with("    in check_risk{symbol=\"AAPL\" quantity=5000"),
            "{told:#?}"
        );
        assert!(
            told[at + 3].contains("    at tests/tests/console.rs:"),
            "{told:#?}"
        );
        assert!(told[at + 4].starts_with("    trace_id="), "{told:#?}");
    }
}

#[traced_stage]
fn panics() {
    panic!("on purpose");
}

#[test]
fn operations_are_told_with_their_standard_fields() {
    let child = Child::of("operations_are_told_with_their_standard_fields", || {
        let _telemetry = tickspan::builder()
            .with_route(route())
            .with_console(Console::json().with_operations(true))
            .with_console_filter("info,console[decode]=warn")
            .init()
            .unwrap();
        let _ = check_risk("AAPL", 5);
        let _ = check_risk("AAPL", 5_000);
        // What the hook prints mixes with lines: they come from another thread.
        std::panic::set_hook(Box::new(|_| {}));
        let _ = std::panic::catch_unwind(panics);
        drop(std::panic::take_hook());
        drop(Box::pin(waits()));
        futures::executor::block_on(async {
            let mut waiting = Box::pin(waits());
            futures::future::poll_fn(|cx| {
                let _ = waiting.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
        });
        tracing::info_span!("decode", bytes = 12).in_scope(|| {});
    });
    let [lane, tracing] = on_routes(&child);
    let unsampled = lane.with("OTEL_TRACES_SAMPLER", "always_off");
    for child in [lane, tracing, unsampled] {
        let stderr = child.run().stderr;
        let told: Vec<_> = objects(&stderr)
            .into_iter()
            .filter(|line| line["message"] == "ended")
            .collect();
        let ended: Vec<(String, String)> = told
            .iter()
            .map(|line| {
                let text = |key: &str| line["fields"][key].as_str().unwrap().to_owned();
                assert_eq!(line["span_id"].as_str(), Some(&*text("operation.id")));
                assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
                let duration = line["fields"]["operation.duration"].as_f64().unwrap();
                assert!((0.0..60.0).contains(&duration), "{line}");
                (text("operation.type"), text("operation.status"))
            })
            .collect();
        let expected = [
            ("check_risk", "ok"),
            ("check_risk", "error"),
            ("panics", "panicked"),
            ("waits", "cancelled"),
            ("decode", "ok"),
        ];
        assert_eq!(
            ended,
            expected.map(|(name, status)| (name.to_owned(), status.to_owned())),
            "{stderr}"
        );
    }
}

#[traced_stage]
async fn waits() {
    std::future::pending::<()>().await;
}

#[test]
fn nothing_is_written_where_it_is_off_and_the_builder_wins() {
    let child = Child::of(
        "nothing_is_written_where_it_is_off_and_the_builder_wins",
        || {
            let builder = tickspan::builder().with_summary(false);
            let telemetry = match std::env::var("SET_BY_BUILDER") {
                Ok(_) => builder.with_console(true),
                Err(_) => builder,
            };
            let telemetry = telemetry.init().unwrap();
            tracing::warn!("said");
            drop(telemetry);
        },
    );
    let off = child.with(CONSOLE, "off");
    assert_eq!(off.run().stderr, "");
    assert!(
        off.with("SET_BY_BUILDER", "1")
            .run()
            .stderr
            .contains("said")
    );
}

#[test]
fn a_wrong_console_is_named() {
    let child = Child::of("a_wrong_console_is_named", || {
        println!("{}", tickspan::init().unwrap_err());
    });
    for wrong in ["yaml", "off,operations", "json,spans", "json,operations,"] {
        let told = child.with(CONSOLE, wrong).run().stdout;
        assert!(
            told.contains(&format!(
                "`TICKSPAN_CONSOLE` is `{wrong}`; accepted: `off`, `lines`"
            )),
            "{told}"
        );
    }
}
