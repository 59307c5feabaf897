//! Threads that come and go, and how they end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceContextExt as _};
use opentelemetry::{Context as OtelContext, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::{
    EdgeBreakdown, Histogram, LatencyStages, StageClock, StageGuard, Telemetry, event, health,
    stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, integer, is_child};

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

const SMALL: usize = 128 << 10;

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_lane_capacity(SMALL)
        .with_summary(false)
        .with_location(true)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

#[traced_stage]
fn work(number: u64) {
    let _ = number;
}

/// Notes which numbers came from the thread that they say, and keeps nothing else.
#[derive(Clone, Debug)]
struct Roll(Arc<Mutex<Vec<bool>>>);

impl SpanExporter for Roll {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut roll = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for span in batch {
            let number = integer(&span, "number").unwrap_or(-1);
            let name = format!("worker-{number}");
            if attribute(&span, "thread.name") == Some(&name.into()) {
                roll[usize::try_from(number).unwrap()] = true;
            }
        }
        Ok(())
    }
}

/// Starts threads that each end one stage, eight at a time.
fn come_and_go(numbers: std::ops::Range<u64>) {
    let numbers: Vec<u64> = numbers.collect();
    for some in numbers.chunks(8) {
        let threads: Vec<_> = some
            .iter()
            .map(|&number| {
                thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .spawn(move || work(number))
                    .unwrap()
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// The memory that the process has in use.
#[cfg(target_os = "linux")]
fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(not(target_os = "linux"))]
fn resident_kilobytes() -> u64 {
    0
}

#[test]
fn ten_thousand_threads_leave_memory_flat_and_lose_nothing() {
    const THREADS: u64 = 10_000;
    let child = Child::of(
        "ten_thousand_threads_leave_memory_flat_and_lose_nothing",
        || {
            let roll = Roll(Arc::new(Mutex::new(vec![false; 10_000])));
            let telemetry = start(roll.clone());
            come_and_go(0..2_000);
            let (before, lanes_before) = (resident_kilobytes(), health().lanes);
            come_and_go(2_000..THREADS);
            let after = resident_kilobytes();
            let health = health();
            telemetry.flush(SOON).unwrap();
            assert!((1..=8).contains(&lanes_before), "{lanes_before}");
            assert!(health.lanes <= 8, "{health:?}");
            assert_eq!(health.lane_bytes, health.lanes * SMALL as u64);
            assert!(after < before + 4_096, "{before} KiB, then {after} KiB");
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (THREADS, 0), "{report}");
            let roll = roll.0.lock().unwrap();
            let missing: Vec<_> = (0..roll.len()).filter(|&number| !roll[number]).collect();
            assert!(
                missing.is_empty(),
                "without a span of their own: {missing:?}"
            );
        },
    );
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "20000").run();
}

/// Notes how many spans say another thread than their own.
#[derive(Clone, Debug, Default)]
struct Strangers(Arc<Mutex<(u64, u64)>>);

impl SpanExporter for Strangers {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut strangers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for span in batch {
            let number = integer(&span, "number").unwrap_or(-1);
            if attribute(&span, "thread.name") != Some(&long_name(number).into()) {
                strangers.0 += 1;
            }
            strangers.1 += 1;
        }
        Ok(())
    }
}

/// Longer than what a span says: there may be room for a span, and none for the name.
fn long_name(number: impl std::fmt::Display) -> String {
    format!("{number:0>500}")
}

/// A thread takes the lane of one that has ended, which may be full.
#[test]
fn a_lane_that_is_full_does_not_mix_up_its_threads() {
    let child = Child::of("a_lane_that_is_full_does_not_mix_up_its_threads", || {
        let strangers = Strangers::default();
        let telemetry = start(strangers.clone());
        for number in 0..300 {
            let thread = thread::Builder::new()
                .name(long_name(number))
                .spawn(move || (0..2_000).for_each(|_| work(number)));
            thread.unwrap().join().unwrap();
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, health().lanes), (600_000, 1), "{report}");
        assert!(report.lost_in_lanes > 0, "{report}");
        let (strangers, all) = *strangers.0.lock().unwrap();
        assert_eq!(
            (strangers, all),
            (0, report.made - report.lost()),
            "{report}"
        );
    });
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "1048576").run();
}

#[traced_stage]
fn below(root: u64, depth: u64, symbol: &str) {
    event!("seen", root);
    if depth < 4 {
        below(root, depth + 1, symbol);
    }
    if depth == 2 {
        // Beside the others.
        below(root, 4, symbol);
    }
}

/// Notes what of each span is not its own.
#[derive(Clone, Debug, Default)]
struct Relatives(Arc<Mutex<Vec<(i64, i64, SpanData)>>>);

impl SpanExporter for Relatives {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for span in batch {
            let number = |key| integer(&span, key).unwrap_or(-1);
            all.push((number("root"), number("depth"), span));
        }
        Ok(())
    }
}

/// Starts, events and ends are lost one by one.
#[test]
fn a_lane_that_is_full_does_not_mix_up_stages_in_each_other() {
    const ROOTS: u64 = 10_000;
    let test = "a_lane_that_is_full_does_not_mix_up_stages_in_each_other";
    let child = Child::of(test, || {
        let relatives = Relatives::default();
        let telemetry = start(relatives.clone());
        let texts: Vec<_> = (0..300).map(|len| "x".repeat(len)).collect();
        for (root, symbol) in (0..ROOTS).zip(texts.iter().cycle()) {
            below(root, 1, symbol);
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.open), (ROOTS * 5, 0), "{report}");
        assert!(report.lost_in_lanes > 0, "{report}");
        let all = relatives.0.lock().unwrap();
        assert_eq!(all.len() as u64, report.made - report.lost(), "{report}");
        let by_id: HashMap<_, _> = all
            .iter()
            .map(|(root, depth, span)| (span.span_context.span_id(), (root, depth, span)))
            .collect();
        assert_eq!(by_id.len(), all.len());
        let mut children = 0;
        for (root, depth, span) in all.iter() {
            assert!(span.events.len() <= 1);
            for event in span.events.iter() {
                assert_eq!(event.attributes, [KeyValue::new("root", *root)]);
            }
            assert_eq!(span.parent_span_id == SpanId::INVALID, *depth == 1);
            if let Some((of, above, parent)) = by_id.get(&span.parent_span_id) {
                assert!(is_child(span, parent));
                assert_eq!(root, *of);
                assert!(*depth == *above + 1 || (**above, *depth) == (2, 4));
                children += 1;
            }
        }
        assert!(children > 0);
    });
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "1048576").run();
}

#[test]
fn threads_beyond_the_memory_cap_lose_and_count() {
    Child::of("threads_beyond_the_memory_cap_lose_and_count", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_lane_capacity(SMALL)
            .with_lane_memory(2 * SMALL)
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        let all = Arc::new(Barrier::new(5));
        let threads = [(); 5].map(|()| {
            let all = Arc::clone(&all);
            thread::spawn(move || {
                work(0);
                all.wait();
                (1..10).for_each(work);
                // One that has ended leaves its lane to the others.
                all.wait();
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        let health = health();
        assert_eq!((health.lanes, health.no_lane, health.lane_full), (2, 30, 0));
        // There is a lane again for those that come later.
        thread::spawn(|| work(10)).join().unwrap();
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.lost_in_lanes), (51, 30), "{report}");
        assert_eq!(kept.take().len(), 21);
    })
    .run();
}

#[derive(Clone, Copy, LatencyStages)]
enum Tick {
    Received,
    Sent,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
}

#[test]
fn what_a_thread_without_a_lane_makes_is_counted_by_kind() {
    static FILLED: Histogram = Histogram::new("filled");
    Child::of(
        "what_a_thread_without_a_lane_makes_is_counted_by_kind",
        || {
            let telemetry = tickspan::builder()
                .with_lane_capacity(SMALL)
                .with_lane_memory(SMALL)
                .with_span_exporter(Kept::default())
                .init()
                .unwrap();
            work(0);
            let other = thread::spawn(|| {
                for _ in 0..2 {
                    let edge = Edge {
                        gross: 2.0,
                        fees: 1.0,
                    };
                    _ = edge.record(&edge.decide());
                }
                for _ in 0..3 {
                    FILLED.record(1.0, &());
                }
                for _ in 0..4 {
                    let mut clock = StageClock::new().enter();
                    clock.mark(Tick::Received);
                    clock.mark(Tick::Sent);
                    clock.finish();
                }
                (0..5).for_each(work);
            });
            other.join().unwrap();
            let health = health();
            assert_eq!((health.edges_lost, health.values_lost), (2, 3), "{health}");
            assert_eq!((health.latency_lost, health.no_lane), (4, 5), "{health}");
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost_in_lanes), (6, 5), "{report}");
        },
    )
    .run();
}

#[test]
fn a_thread_without_a_lane_takes_one_that_becomes_free() {
    Child::of(
        "a_thread_without_a_lane_takes_one_that_becomes_free",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_lane_capacity(SMALL)
                .with_lane_memory(SMALL)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            let both = Arc::new(Barrier::new(2));
            let other = thread::spawn({
                let both = Arc::clone(&both);
                move || {
                    work(0);
                    both.wait();
                    both.wait();
                }
            });
            both.wait();
            work(1);
            assert_eq!(health().no_lane, 1);
            both.wait();
            other.join().unwrap();
            (2..10).for_each(work);
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost_in_lanes), (10, 1), "{report}");
            assert_eq!(kept.take().len(), 9);
        },
    )
    .run();
}

#[test]
fn a_thread_that_panics_ends_its_stages_and_gives_its_lane_back() {
    Child::of(
        "a_thread_that_panics_ends_its_stages_and_gives_its_lane_back",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for _ in 0..100 {
                let thread = thread::spawn(|| {
                    let _outer = stage!("outer");
                    // It unwinds through a stage that begins while it does.
                    let _last = Defer(|| drop(stage!("clean_up")));
                    let _inner = stage!("inner");
                    std::panic::resume_unwind(Box::new("the strategy is wrong"));
                });
                thread.join().unwrap_err();
            }
            assert_eq!(health().lanes, 1);
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (300, 0, 0),
                "{report}"
            );
            let [outer, inner, clean_up] =
                ["outer", "inner", "clean_up"].map(|name| kept.named(name));
            let panicked = Some(&"panicked".into());
            for place in 0..100 {
                assert_eq!(attribute(&outer[place], "tickspan.outcome"), panicked);
                assert_eq!(attribute(&inner[place], "tickspan.outcome"), panicked);
                assert_eq!(attribute(&clean_up[place], "tickspan.outcome"), None);
                assert!(is_child(&inner[place], &outer[place]));
                assert!(is_child(&clean_up[place], &outer[place]));
            }
        },
    )
    .run();
}

/// Runs a closure when it is dropped.
struct Defer<F: FnMut()>(F);

impl<F: FnMut()> Drop for Defer<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

thread_local! {
    static EARLY: Defer<fn()> = const { Defer(|| work(1)) };
    static LATE: Defer<fn()> = const { Defer(|| work(2)) };
    static GUARD: RefCell<Option<StageGuard>> = const { RefCell::new(None) };
}

/// One of the two is destroyed before the thread's lane is given back, and one after.
#[test]
fn stages_in_destructors_of_thread_locals_are_recorded_or_counted() {
    Child::of(
        "stages_in_destructors_of_thread_locals_are_recorded_or_counted",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for _ in 0..100 {
                let thread = thread::spawn(|| {
                    EARLY.with(|_| {});
                    work(0);
                    LATE.with(|_| {});
                });
                thread.join().unwrap();
            }
            let report = telemetry.shutdown(SOON);
            let health = health();
            assert_eq!((report.made, report.open), (300, 0), "{report}");
            assert_eq!(report.lost(), health.busy, "{report}\n{health}");
            let spans = kept.take();
            assert_eq!(spans.len() as u64, report.made - report.lost());
            let own = spans
                .iter()
                .filter(|span| integer(span, "number") == Some(0));
            assert_eq!(own.count(), 100);
            assert_eq!(health.lanes, 1);
        },
    )
    .run();
}

#[test]
fn a_guard_in_a_thread_local_ends_its_stage_or_leaves_it_open() {
    Child::of(
        "a_guard_in_a_thread_local_ends_its_stage_or_leaves_it_open",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for created_before in [true, false] {
                let thread = thread::spawn(move || {
                    if created_before {
                        GUARD.with(|_| {});
                    } else {
                        work(0);
                    }
                    let guard = stage!("held");
                    GUARD.with(|held| *held.borrow_mut() = Some(guard));
                });
                thread.join().unwrap();
            }
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made + report.open, report.lost()),
                (3, 0),
                "{report}"
            );
            assert_eq!(kept.take().len() as u64, report.made);
        },
    )
    .run();
}

#[test]
fn leaked_guards_leave_their_stages_open_and_no_other() {
    Child::of("leaked_guards_leave_their_stages_open_and_no_other", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        for _ in 0..100 {
            let thread = thread::spawn(|| {
                std::mem::forget(stage!("leaked"));
                work(0);
                let unwound = catch_unwind(AssertUnwindSafe(|| {
                    let _stage = stage!("panicking");
                    std::panic::resume_unwind(Box::new(()));
                }));
                assert!(unwound.is_err());
            });
            thread.join().unwrap();
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (200, 100, 0),
            "{report}"
        );
        assert_eq!(
            health().lanes,
            1,
            "and the lanes of their threads are used again"
        );
        assert!(kept.named("leaked").is_empty());
    })
    .run();
}

thread_local! {
    /// Makes use of all that thread-locals of others hold.
    static LAST: Defer<fn()> = const {
        Defer(|| {
            work(3);
            let context = tickspan::Context::current();
            context.run(|| work(4));
            assert!(!tickspan::otel_context().span().span_context().is_valid());
        })
    };
}

/// OpenTelemetry's context goes before the thread's own storage, after it, or has gone before either was used.
#[test]
fn with_otel_context_threads_end_whatever_goes_first() {
    Child::of("with_otel_context_threads_end_whatever_goes_first", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_otel_context(true)
            .with_span_exporter(kept.clone())
            .init()
            .unwrap();
        let ends: [fn(); 4] = [
            || std::mem::forget(stage!("leaked")),
            || {
                _ = OtelContext::current();
                std::mem::forget(stage!("leaked"));
            },
            || {
                _ = tickspan::Context::current();
                LAST.with(|_| {});
                work(0);
            },
            || {
                LAST.with(|_| {});
                _ = OtelContext::current();
            },
        ];
        for end in ends {
            thread::spawn(end).join().unwrap();
        }
        let report = telemetry.shutdown(SOON);
        let numbers: Vec<_> = kept
            .take()
            .iter()
            .filter_map(|span| integer(span, "number"))
            .collect();
        assert_eq!(numbers, [0, 3, 4, 3, 4]);
        assert_eq!((report.made, report.open), (5, 2), "{report}");
    })
    .run();
}
