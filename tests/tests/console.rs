//! Console lines of what stages emit, on both routes.

use tickspan::{Route, event, traced_stage};
use tickspan_tests::child::Child;

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

/// The lines that name this test's target, without their times.
fn lines(stderr: &str) -> Vec<String> {
    stderr
        .lines()
        .filter(|line| line.contains("console: "))
        .filter_map(|line| line.split_once("Z ").map(|(_, line)| line.to_owned()))
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
            " WARN check_risk{symbol=\"AAPL\" quantity=5000}: console: error.type=\"console::TooLarge\"",
            " INFO console: market_closed orders=3",
        ]
    );
}
