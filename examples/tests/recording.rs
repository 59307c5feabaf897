//! What the trading pipeline records over a feed is what it counts itself.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tickspan::recorded::{Data, Latency};
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
    telemetry.flush(Duration::from_mins(2)).unwrap();
    let summary = telemetry.summary();
    let report = telemetry.shutdown(Duration::from_mins(2));
    assert_eq!(report.lost(), 0, "{report}");
    assert_eq!(report.clocks[0].lost(), 0, "{report}");

    let mut spans = BTreeMap::<String, u64>::new();
    let mut failed = BTreeMap::<String, u64>::new();
    let mut clocks = BTreeMap::<String, Vec<Latency<'static>>>::new();
    // A feed without pauses fills lanes faster than they are read in turn, so that events may come late.
    let (mut latest, mut late) = (SystemTime::UNIX_EPOCH, 0);
    let mut events = Replay::open(dir.path()).unwrap().into_iter();
    for event in events.by_ref() {
        let line = event.unwrap().line;
        late += u64::from(line.timestamp < latest);
        latest = latest.max(line.timestamp);
        match line.data {
            Data::Span(span) => {
                *spans.entry(span.name.clone().into_owned()).or_default() += 1;
                *failed.entry(span.name.into_owned()).or_default() +=
                    u64::from(span.outcome.as_str() == "error");
            }
            Data::Latency(latency) => {
                let of_path = clocks.entry(latency.name.clone().into_owned());
                of_path.or_default().push(latency);
            }
            _ => {}
        }
    }
    assert_eq!(events.late(), late);
    assert_eq!(spans.values().sum::<u64>(), report.made);
    assert_eq!(spans.get("on_message"), Some(&tally.messages));
    assert_eq!(spans.get("execute_order"), Some(&tally.orders.sent()));
    assert!(!summary.paths.is_empty());
    for path in &summary.paths {
        let clocks = &clocks[&path.name];
        assert_eq!(clocks.len() as u64, path.finished, "{}", path.name);
        for hop in &path.hops {
            let took: Vec<Duration> = clocks
                .iter()
                .flat_map(|clock| {
                    let hops = clock.hops.iter().map(|it| (&*it.name, it.duration));
                    hops.chain(clock.end_to_end.map(|took| ("end_to_end", took)))
                })
                .filter_map(|(name, took)| (name == hop.name).then_some(took))
                .collect();
            assert_eq!(took.len() as u64, hop.all.count, "{}", hop.name);
            assert_eq!(took.iter().max(), Some(&hop.all.max), "{}", hop.name);
            let over = clocks
                .iter()
                .filter(|it| it.over_budget.iter().any(|over| *over == hop.name));
            assert_eq!(over.count() as u64, hop.over_budget, "{}", hop.name);
        }
    }
    for stage in summary.stages {
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
