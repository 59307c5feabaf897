//! Records on their way through small lanes: none is lost in silence, none arrives in part.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq};
use proptest::test_runner::{Config, TestRunner};
use tickspan::{Context, event, health, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Gate, Kept, attribute};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

/// The smallest lane.
const SMALL: usize = 128 << 10;

#[traced_stage]
fn tick(symbol: &str, quantity: u64) {
    let _ = (symbol, quantity);
}

/// Waits with its first batch, and fails with every third.
#[derive(Clone, Debug, Default)]
struct Unreliable {
    gate: Gate,
    calls: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl SpanExporter for Unreliable {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.gate.pass();
        let spans = batch.len() as u64;
        if self.calls.fetch_add(1, Ordering::Relaxed) % 3 == 1 {
            self.refused.fetch_add(spans, Ordering::Relaxed);
            return Err(OTelSdkError::InternalFailure("every third".to_owned()));
        }
        self.taken.fetch_add(spans, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn at_full_speed_every_span_is_exported_or_counted() {
    const THREADS: u64 = 3;
    const EACH: u64 = 20_000;
    let child = Child::of("at_full_speed_every_span_is_exported_or_counted", || {
        let exporter = Unreliable::default();
        let telemetry = tickspan::builder()
            .with_lane_capacity(SMALL)
            .with_span_exporter(exporter.clone())
            .init()
            .unwrap();
        let text = "x".repeat(1_000);
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let text = text.clone();
                thread::spawn(move || {
                    for quantity in 0..EACH {
                        tick(
                            &text[..usize::try_from(quantity % 1_000).unwrap()],
                            quantity,
                        );
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        // The exporter holds up a flush, but not the collector.
        let until = Instant::now() + SOON;
        let mut seen = 0;
        while seen + health().lane_full < THREADS * EACH && Instant::now() < until {
            let stages = telemetry.summary().stages;
            seen = stages.iter().map(|stage| stage.count).sum();
        }
        // More has come than its queue holds: the lanes alone do.
        exporter.gate.open();
        let report = telemetry.shutdown(SOON);
        let health = health();
        let there = &report.exporters[0];
        // Each number is counted by another: the test, the callers' threads, the collector, the exporter.
        assert_eq!((report.made, report.open), (THREADS * EACH, 0), "{report}");
        assert_eq!(report.lost_in_lanes, health.lane_full, "{report}\n{health}");
        assert_eq!(report.made, seen + health.lane_full, "{report}\n{health}");
        assert_eq!(
            there.exported,
            exporter.taken.load(Ordering::Relaxed),
            "{report}"
        );
        assert_eq!(
            there.failed,
            exporter.refused.load(Ordering::Relaxed),
            "{report}"
        );
        assert_eq!(
            there.exported
                + there.failed
                + there.dropped
                + report.sampled_away
                + report.lost_in_lanes,
            report.made,
            "{report}"
        );
        assert!(!report.deadline_passed, "{report}");
        // There was something of each to count.
        assert!(
            [
                there.exported,
                there.failed,
                there.dropped,
                report.sampled_away,
                report.lost_in_lanes
            ]
            .iter()
            .all(|count| *count > 0),
            "{report}"
        );
    });
    child
        .with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        .with("OTEL_TRACES_SAMPLER_ARG", "0.8")
        .with("OTEL_BSP_MAX_QUEUE_SIZE", "300")
        .with("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100")
        .run();
}

#[traced_stage(fields(symbol = symbol, venue = venue, quantity = quantity))]
fn quote(symbol: &str, venue: &str, quantity: u64, with_event: bool) {
    if with_event {
        event!("quoted", venue = venue);
    }
}

/// A text of so many bytes in which a byte that is out of its place is seen.
fn text(len: usize, seed: usize) -> String {
    (b'a'..=b'z')
        .cycle()
        .skip(seed % 26)
        .map(char::from)
        .take(len)
        .collect()
}

/// Lanes end where they end: records of all lengths lie across it.
#[test]
fn records_of_any_length_arrive_whole() {
    Child::of("records_of_any_length_arrive_whole", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_lane_capacity(SMALL)
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        let config = Config {
            cases: 200,
            failure_persistence: None,
            ..Config::default()
        };
        // Forty of them fit into a lane: none is lost.
        let bytes = Cell::new(0);
        let quotes = vec((0..=1_024_usize, 0..=1_024_usize, any::<bool>()), 1..40);
        TestRunner::new(config)
            .run(&quotes, |quotes| {
                for (number, (symbol, venue, with_event)) in quotes.iter().enumerate() {
                    quote(
                        &text(*symbol, number),
                        &text(*venue, number + 7),
                        number as u64,
                        *with_event,
                    );
                }
                bytes.set(
                    bytes.get()
                        + quotes
                            .iter()
                            .map(|(symbol, venue, _)| symbol + venue)
                            .sum::<usize>(),
                );
                telemetry.flush(SOON).unwrap();
                let spans = kept.take();
                prop_assert_eq!(spans.len(), quotes.len());
                for (number, (span, (symbol, venue, with_event))) in
                    spans.iter().zip(&quotes).enumerate()
                {
                    let venue = text(*venue, number + 7);
                    prop_assert_eq!(
                        attribute(span, "symbol"),
                        Some(&text(*symbol, number).into())
                    );
                    prop_assert_eq!(attribute(span, "venue"), Some(&venue.clone().into()));
                    prop_assert_eq!(
                        attribute(span, "quantity"),
                        Some(&i64::try_from(number).unwrap().into())
                    );
                    prop_assert_eq!(span.events.len(), usize::from(*with_event));
                    for event in span.events.iter() {
                        prop_assert_eq!(&event.attributes[0].value, &venue.clone().into());
                    }
                }
                Ok(())
            })
            .unwrap();
        assert!(bytes.get() > 20 * SMALL, "many records lay across the end");
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.lost(), 0, "{report}");
        assert_eq!(health().unreadable, 0);
    })
    .run();
}

/// A context of another process makes its thread's lane before there is anybody to read it; so does the first try.
#[test]
fn a_lane_from_before_a_failed_init_is_read_after_the_next() {
    Child::of(
        "a_lane_from_before_a_failed_init_is_read_after_the_next",
        || {
            Context::from_span_context(&SpanContext::new(
                TraceId::from(1),
                SpanId::from(1),
                TraceFlags::SAMPLED,
                true,
                TraceState::default(),
            ))
            .run(|| {});
            tracing_subscriber::registry()
                .with(tickspan::layer())
                .init();
            tickspan::init().unwrap_err();
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_global_subscriber(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            tick("AAPL", 1);
            thread::spawn(|| tick("AAPL", 2)).join().unwrap();
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (2, 0), "{report}");
            assert_eq!(kept.take().len(), 2);
        },
    )
    .run();
}

#[test]
fn sizes_of_lanes_that_cannot_be_used_are_errors() {
    Child::of("sizes_of_lanes_that_cannot_be_used_are_errors", || {
        let refused = |builder: tickspan::Builder| builder.init().unwrap_err().to_string();
        for bytes in [0, SMALL - 1, (1 << 30) + 1, usize::MAX] {
            let error = refused(tickspan::builder().with_lane_capacity(bytes));
            assert!(
                error.starts_with(&format!(
                    "`with_lane_capacity` is `{bytes}`; accepted: from "
                )),
                "{error}"
            );
        }
        let error = refused(tickspan::builder().with_lane_memory(SMALL));
        assert_eq!(
            error,
            "`with_lane_memory` is `131072`; accepted: at least the 1048576 bytes of one lane"
        );
        assert!(
            tickspan::builder()
                .with_lane_capacity(SMALL)
                .with_lane_memory(SMALL)
                .init()
                .is_ok()
        );
    })
    .run();
}
