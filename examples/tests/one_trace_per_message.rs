//! The trace that a message leaves, from its row to the fill, through two tasks.

use std::time::Duration;

use opentelemetry::trace::SpanKind;
use tickspan_examples::feed::{Feed, Row};
use tickspan_examples::market::Symbol;
use tickspan_examples::one_trace::OneTrace;
use tickspan_examples::pipeline::{PATH_TO_A_FILL, Pipeline};
use tickspan_examples::trace::{Branch, Trace};
use tickspan_examples::venue;

#[tokio::test(flavor = "multi_thread")]
async fn venue_is_part_of_the_trace_of_the_message_that_it_serves() {
    let one_trace = OneTrace::with_all_of(&PATH_TO_A_FILL);
    let telemetry = tickspan::builder()
        .with_console(false)
        .with_span_exporter(one_trace.clone())
        .init()
        .unwrap();

    let messages = 2_000;
    let orders = trade(messages).await;

    telemetry.flush(Duration::from_mins(1)).unwrap();
    let stages = telemetry.summary().stages;
    let count = |name| {
        stages
            .iter()
            .find(|stage| stage.name == name)
            .map(|stage| stage.count)
    };
    assert_eq!(count("on_message"), Some(messages));
    assert_eq!(count("execute_order"), Some(orders));
    telemetry.shutdown(Duration::from_secs(5));

    let trace = one_trace.slowest().unwrap();
    assert_eq!(
        tree(&trace),
        [
            "on_message Internal",
            "  decode_message Internal",
            "  update_book Internal",
            "  find_signal Internal",
            "  check_risk Internal",
            "  submit_order Producer",
            "    execute_order Consumer",
            "      match_levels Internal",
            "  handle_fill Internal",
        ]
    );
}

/// Trades a made-up market and says how many orders were sent.
async fn trade(messages: u64) -> u64 {
    let (gateway, venue) = venue::open();
    let venue = tokio::spawn(venue.run());
    let mut pipeline = Pipeline::new(Symbol::new("AAPL"), gateway);
    let mut feed = Feed::generated(42, messages);
    let mut row = Row::default();
    while feed.next_row(&mut row).unwrap() {
        pipeline.on_message(&row).await.unwrap();
    }
    let tally = pipeline.finish();
    venue.await.unwrap();
    tally.orders.sent()
}

fn tree(trace: &Trace) -> Vec<String> {
    fn add(branch: &Branch, indent: &str, lines: &mut Vec<String>) {
        let kind: &SpanKind = &branch.span.span_kind;
        lines.push(format!("{indent}{} {kind:?}", branch.span.name));
        for child in &branch.children {
            add(child, &format!("{indent}  "), lines);
        }
    }
    let mut lines = Vec::new();
    add(trace.root(), "", &mut lines);
    lines
}
