//! What the trading pipeline records over a feed is what it counts itself.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tickspan::recorded::Data;
use tickspan::replay::Replay;
use tickspan_examples::feed::{Feed, Row};
use tickspan_examples::market::Symbol;
use tickspan_examples::pipeline::Pipeline;
use tickspan_examples::tally::Tally;
use tickspan_examples::venue;

async fn trade(mut feed: Feed) -> Tally {
    let (gateway, venue) = venue::open();
    let venue = tokio::spawn(venue.run());
    let mut pipeline = Pipeline::new(Symbol::new("AAPL"), gateway);
    let mut row = Row::default();
    while feed.next_row(&mut row).unwrap() {
        pipeline.on_message(&row).await.unwrap();
    }
    let tally = pipeline.finish();
    venue.await.unwrap();
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_counts_what_the_program_counted() {
    let dir = TempDir::new().unwrap();
    let telemetry = tickspan::builder()
        .with_console(false)
        .with_lane_capacity(64 << 20)
        .with_queue_size(1 << 20)
        .with_recorder(dir.path())
        .init()
        .unwrap();
    let tally = trade(Feed::generated(42, 5_000)).await;
    let stages = telemetry.summary().stages;
    let report = telemetry.shutdown(Duration::from_mins(2));
    assert_eq!(report.lost(), 0, "{report}");

    let mut spans = BTreeMap::<String, u64>::new();
    let mut failed = BTreeMap::<String, u64>::new();
    // A feed without pauses fills lanes faster than they are read in turn, so that events may come late.
    let (mut latest, mut late) = (SystemTime::UNIX_EPOCH, 0);
    let mut events = Replay::open(dir.path()).unwrap().into_iter();
    for event in events.by_ref() {
        let line = event.unwrap().line;
        late += u64::from(line.timestamp < latest);
        latest = latest.max(line.timestamp);
        if let Data::Span(span) = line.data {
            *spans.entry(span.name.clone().into_owned()).or_default() += 1;
            *failed.entry(span.name.into_owned()).or_default() +=
                u64::from(span.outcome.as_str() == "error");
        }
    }
    assert_eq!(events.late(), late);
    assert_eq!(spans.values().sum::<u64>(), report.made);
    assert_eq!(spans.get("on_message"), Some(&tally.messages));
    assert_eq!(spans.get("execute_order"), Some(&tally.orders.sent()));
    for stage in stages {
        assert_eq!(
            spans.get(stage.name.as_str()),
            Some(&stage.count),
            "{}",
            stage.name
        );
        assert_eq!(
            failed.get(stage.name.as_str()),
            Some(&stage.errors),
            "{}",
            stage.name
        );
    }
}
