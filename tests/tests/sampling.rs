//! Which traces are exported, decided at their start or at their end, and that each span counts all the same.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::thread;
use std::time::{Duration, Instant};

use http::{Request, Response};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::tower::ServerLayer;
use tickspan::{
    Context, Report, TailSampling, Telemetry, event, health, record, stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, integer};
use tower::{Layer as _, ServiceExt as _};

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

const ROOTS: u64 = 20_000;

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_console(false)
        .with_lane_capacity(8 << 20)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

#[traced_stage]
fn tick(number: u64) -> Result<u64, &'static str> {
    event!("seen", number);
    signal(number);
    record!(done = number);
    if number % 100 == 99 {
        Err("too late")
    } else {
        Ok(number)
    }
}

#[traced_stage]
fn signal(number: u64) {
    let _ = number;
}

/// How often each stage was seen, and how often it failed.
fn counts(telemetry: &Telemetry) -> HashMap<String, (u64, u64)> {
    telemetry.flush(SOON).unwrap();
    telemetry
        .summary()
        .stages
        .into_iter()
        .map(|stage| (stage.name, (stage.count, stage.errors)))
        .collect()
}

/// The names of the spans of each trace, sorted.
fn traces(spans: &[SpanData]) -> HashMap<TraceId, Vec<&str>> {
    let mut traces: HashMap<_, Vec<_>> = HashMap::new();
    for span in spans {
        let trace = span.span_context.trace_id();
        traces.entry(trace).or_default().push(&*span.name);
    }
    for names in traces.values_mut() {
        names.sort_unstable();
    }
    traces
}

#[test]
fn requests_that_are_not_sampled_are_counted_by_their_names() {
    Child::of(
        "requests_that_are_not_sampled_are_counted_by_their_names",
        || {
            let telemetry = start(Kept::default());
            let answer = async |_: Request<()>| {
                Ok::<_, Infallible>(Response::builder().status(503).body(String::new()).unwrap())
            };
            let server = ServerLayer::new()
                .with_route(|request| Some(request.uri.path().to_owned().into()))
                .layer(tower::service_fn(answer));
            for path in ["/orders", "/orders", "/status"] {
                let request = Request::get(path).body(()).unwrap();
                futures::executor::block_on(server.clone().oneshot(request)).unwrap();
            }
            let expected = [("GET /orders", (2, 2)), ("GET /status", (1, 1))];
            let expected = expected.map(|(name, counts)| (name.to_owned(), counts));
            assert_eq!(counts(&telemetry), expected.into());
        },
    )
    .with("OTEL_TRACES_SAMPLER", "always_off")
    .run();
}

#[test]
fn a_tenth_of_the_traces_is_exported_whole_and_all_of_them_count() {
    let child = Child::of(
        "a_tenth_of_the_traces_is_exported_whole_and_all_of_them_count",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            for number in 0..ROOTS {
                _ = tick(number);
                if number % 1_000 == 0 {
                    telemetry.flush(SOON).unwrap();
                }
            }
            assert_eq!(
                counts(&telemetry),
                HashMap::from([
                    ("tick".to_owned(), (ROOTS, ROOTS / 100)),
                    ("signal".to_owned(), (ROOTS, 0)),
                ])
            );
            let report = telemetry.shutdown(SOON);
            let spans = kept.take();
            assert_eq!((report.made, report.lost()), (2 * ROOTS, 0), "{report}");
            assert_eq!(
                report.sampled_away + spans.len() as u64,
                report.made,
                "{report}"
            );
            // Nine standard deviations from 2,000.
            let traces = traces(&spans);
            assert!((1_620..=2_380).contains(&traces.len()), "{}", traces.len());
            for names in traces.values() {
                assert_eq!(names, &["signal", "tick"]);
            }
            assert!(spans.iter().all(|span| span.span_context.is_sampled()));
        },
    );
    // Of one process the trace id alone decides, whether a child follows its parent or is asked itself.
    for sampler in ["parentbased_traceidratio", "traceidratio"] {
        child
            .with("OTEL_TRACES_SAMPLER", sampler)
            .with("OTEL_TRACES_SAMPLER_ARG", "0.1")
            .with("OTEL_BSP_MAX_QUEUE_SIZE", "50000")
            .run();
    }
}

/// What another process sent: the trace of this number, sampled or not.
fn remote(trace: u128, sampled: bool) -> Context {
    Context::from_span_context(&SpanContext::new(
        TraceId::from(trace),
        SpanId::from(7),
        if sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::NOT_SAMPLED
        },
        true,
        TraceState::default(),
    ))
}

/// Of these trace ids, `0.5` keeps the first and not the second.
const LOW: u128 = 1 << 64 | 1;
const HIGH: u128 = 1 << 64 | 0xffff_ffff_ffff_fff0;

#[traced_stage(parent = caller)]
fn serve(caller: &Context, number: u64) {
    signal(number);
}

/// Four requests: each trace id, sampled and not. Tells which arrive, by their numbers, and how many were made.
fn serve_four() -> (Vec<i64>, Report) {
    let kept = Kept::default();
    let telemetry = start(kept.clone());
    serve(&remote(LOW, true), 1);
    serve(&remote(LOW, false), 2);
    serve(&remote(HIGH, true), 3);
    remote(HIGH, false).run(|| serve(&Context::current(), 4));
    let report = telemetry.shutdown(SOON);
    for span in kept.named("serve") {
        assert_eq!(span.parent_span_id, SpanId::from(7));
        assert!(span.parent_span_is_remote);
    }
    let served = kept.named("serve");
    assert_eq!(served.len(), kept.named("signal").len(), "traces are whole");
    let numbers = served.iter().filter_map(|span| integer(span, "number"));
    (numbers.collect(), report)
}

#[test]
fn a_remote_parent_is_followed_or_not_as_the_sampler_says() {
    let child = Child::of(
        "a_remote_parent_is_followed_or_not_as_the_sampler_says",
        || {
            let expected: Vec<i64> = std::env::var("TEST_EXPECTED")
                .unwrap()
                .split_whitespace()
                .map(|number| number.parse().unwrap())
                .collect();
            let (numbers, report) = serve_four();
            assert_eq!(numbers, expected);
            let away = 8 - 2 * expected.len() as u64;
            assert_eq!(
                (report.made, report.sampled_away, report.lost()),
                (8, away, 0),
                "{report}"
            );
        },
    );
    for (sampler, ratio, expected) in [
        ("parentbased_always_on", "", "1 3"),
        ("parentbased_traceidratio", "0", "1 3"),
        ("parentbased_always_off", "", "1 3"),
        ("traceidratio", "0.5", "1 2"),
        ("always_on", "", "1 2 3 4"),
        ("always_off", "", ""),
    ] {
        child
            .with("OTEL_TRACES_SAMPLER", sampler)
            .with("OTEL_TRACES_SAMPLER_ARG", ratio)
            .with("TEST_EXPECTED", expected)
            .run();
    }
}

/// The same holds where a context hands the decision on within the process.
#[test]
fn what_is_handed_on_follows_the_decision_of_its_trace() {
    let child = Child::of(
        "what_is_handed_on_follows_the_decision_of_its_trace",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let threads: Vec<_> = (0..200)
                .map(|number| {
                    let _tick = stage!("tick", number);
                    let context = Context::current();
                    thread::spawn(move || context.run(|| signal(number)))
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            let report = telemetry.shutdown(SOON);
            let spans = kept.take();
            assert_eq!((report.made, report.lost()), (400, 0), "{report}");
            assert_eq!(report.sampled_away + spans.len() as u64, 400);
            let traces = traces(&spans);
            assert!((40..=160).contains(&traces.len()), "{}", traces.len());
            for names in traces.values() {
                let names: HashSet<_> = names.iter().copied().collect();
                assert_eq!(names, HashSet::from(["tick", "signal"]));
            }
        },
    );
    child
        .with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        .with("OTEL_TRACES_SAMPLER_ARG", "0.5")
        .run();
}

fn start_with_tail(tail: TailSampling, exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_console(false)
        .with_lane_capacity(8 << 20)
        .with_tail_sampling(tail)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

#[test]
fn traces_with_an_error_and_a_share_of_the_others_are_kept_whole() {
    let child = Child::of(
        "traces_with_an_error_and_a_share_of_the_others_are_kept_whole",
        || {
            let kept = Kept::default();
            let telemetry = start_with_tail(TailSampling::keep_ratio(0.1), kept.clone());
            for number in 0..10_000 {
                _ = tick(number);
                if number % 1_000 == 0 {
                    telemetry.flush(SOON).unwrap();
                }
            }
            assert_eq!(
                counts(&telemetry)["tick"],
                (10_000, 100),
                "all of them count"
            );
            let report = telemetry.shutdown(SOON);
            let spans = kept.take();
            assert_eq!((report.made, report.lost()), (20_000, 0), "{report}");
            assert_eq!(health().lost(), 0);
            assert_eq!(
                report.sampled_away + spans.len() as u64,
                report.made,
                "{report}"
            );
            let traces = traces(&spans);
            for names in traces.values() {
                assert_eq!(names, &["signal", "tick"]);
            }
            let failed = spans.iter().filter(|span| {
                span.name == "tick"
                    && integer(span, "number").is_some_and(|number| number % 100 == 99)
            });
            assert_eq!(failed.count(), 100);
            // The failed, and a tenth of the others: nine standard deviations from 990.
            assert!((820..=1_360).contains(&traces.len()), "{}", traces.len());
        },
    );
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "50000").run();
}

#[test]
fn slow_roots_keep_their_traces_and_slow_children_do_not() {
    // What is not slow takes less, even where it has to wait for a busy machine.
    const SLOW: Duration = Duration::from_millis(500);

    fn pass(time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {}
    }

    Child::of(
        "slow_roots_keep_their_traces_and_slow_children_do_not",
        || {
            let kept = Kept::default();
            let tail = TailSampling::keep_ratio(0.0).slower_than(SLOW);
            let telemetry = start_with_tail(tail, kept.clone());
            {
                let _slow = stage!("slow");
                let _child = stage!("child_of_slow");
                pass(SLOW);
            }
            // Slow, and the root in this process, though not of its trace.
            remote(LOW, true).run(|| {
                let _slow = stage!("slow_server");
                pass(SLOW);
            });
            // Its child goes on for longer than itself.
            let quick = stage!("quick");
            let context = Context::current();
            drop(quick);
            context.run(|| {
                let _child = stage!("slow_child");
                pass(SLOW);
            });
            let report = telemetry.shutdown(SOON);
            let names: HashSet<_> = kept
                .take()
                .iter()
                .map(|span| span.name.to_string())
                .collect();
            let expected = ["slow", "child_of_slow", "slow_server"].map(ToOwned::to_owned);
            assert_eq!(names, HashSet::from(expected));
            assert_eq!(
                (report.made, report.sampled_away, report.lost()),
                (5, 2, 0),
                "{report}"
            );
        },
    )
    .run();
}

/// Roots that do not end: what is held of their traces is bounded.
#[test]
fn spans_that_wait_for_their_root_are_bounded() {
    let child = Child::of("spans_that_wait_for_their_root_are_bounded", || {
        let kept = Kept::default();
        let tail = TailSampling::keep_ratio(1.0).hold_at_most(100);
        let telemetry = start_with_tail(tail, kept.clone());
        let root = stage!("root");
        (0..5_000).for_each(signal);
        telemetry.flush(SOON).unwrap();
        // Those beyond the bound have been let go, as the ratio says.
        assert!(
            kept.named("signal").len() >= 4_900,
            "{}",
            kept.named("signal").len()
        );
        drop(root);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.sampled_away, report.lost()),
            (5_001, 0, 0),
            "{report}"
        );
        assert_eq!(kept.take().len(), 5_001);
    });
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "50000").run();
}

#[test]
fn traces_that_have_not_ended_are_decided_at_the_end() {
    Child::of("traces_that_have_not_ended_are_decided_at_the_end", || {
        let kept = Kept::default();
        let telemetry = start_with_tail(TailSampling::keep_ratio(0.0), kept.clone());
        std::mem::forget(stage!("root"));
        _ = tick(99);
        signal(1);
        let report = telemetry.shutdown(SOON);
        // One trace, with an error in it.
        assert_eq!(
            (report.made, report.sampled_away, report.open),
            (3, 0, 1),
            "{report}"
        );
        assert_eq!((report.lost(), kept.take().len()), (0, 3));
    })
    .run();
}

/// A feed that hands its messages on by a channel: each root has ended before what decides about its trace.
#[test]
fn what_is_handed_on_by_a_root_that_ends_decides_about_its_trace() {
    Child::of(
        "what_is_handed_on_by_a_root_that_ends_decides_about_its_trace",
        || {
            let kept = Kept::default();
            let tail = TailSampling::keep_ratio(0.0).decide_after(Duration::from_secs(3));
            let telemetry = start_with_tail(tail, kept.clone());
            let handed = [98, 99].map(|number| {
                let _root = stage!(parent: None, "on_frame", number);
                (number, Context::current())
            });
            telemetry.flush(SOON).unwrap();
            for (number, context) in handed {
                _ = context.run(|| tick(number));
            }
            // It is decided when the time has passed, though no span comes any more.
            let until = Instant::now() + SOON;
            while kept.named("on_frame").is_empty() && Instant::now() < until {
                telemetry.flush(SOON).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
            let spans = kept.take();
            let traces = traces(&spans);
            assert_eq!(
                traces.into_values().collect::<Vec<_>>(),
                [["on_frame", "signal", "tick"]]
            );
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.sampled_away, report.lost()),
                (6, 3, 0),
                "{report}"
            );
        },
    )
    .run();
}

#[test]
fn a_ratio_that_is_none_is_an_error() {
    Child::of("a_ratio_that_is_none_is_an_error", || {
        for ratio in [-0.1, 1.1, f64::NAN] {
            let error = tickspan::builder()
                .with_tail_sampling(TailSampling::keep_ratio(ratio))
                .init()
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("`with_tail_sampling` is "), "{error}");
            assert!(error.contains("a ratio from 0 to 1"), "{error}");
        }
        assert!(tickspan::init().is_ok());
    })
    .run();
}
