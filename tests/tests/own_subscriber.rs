//! A program that brings its own subscriber, with the layer in it, and OpenTelemetry's own spans among stages.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tickspan::{
    Console, Context, ForeignData, Route, Telemetry, event, record, stage, traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, integer, is_child};
use tracing::{Dispatch, Metadata, Subscriber};
use tracing_error::SpanTrace;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, layer, reload};

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_global_subscriber(false)
        .with_summary(false)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

/// The lines that a subscriber writes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[traced_stage]
fn price(quantity: u64) {
    tracing::info!(quantity, "priced");
    tracing::info_span!("lookup", quantity).in_scope(|| {
        tracing::info!("looking up");
        event!("looked_up");
        record!(found = true);
        confirm(quantity);
    });
    tracing::info!("done");
}

#[traced_stage]
fn confirm(quantity: u64) {
    let _ = quantity;
}

#[test]
fn stages_and_spans_are_each_others_parents_in_a_users_registry() {
    Child::of(
        "stages_and_spans_are_each_others_parents_in_a_users_registry",
        || {
            let kept = Kept::default();
            let lines = Lines::default();
            let telemetry = start(kept.clone());
            tracing_subscriber::registry()
                .with(EnvFilter::new("info"))
                .with(tickspan::layer())
                .with(
                    tracing_subscriber::fmt::layer()
                        .with_writer(lines.clone())
                        .with_ansi(false),
                )
                .init();
            tracing::info_span!("request").in_scope(|| price(7));
            tracing::info!("outside of any");
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (4, 0, 0),
                "{report}"
            );

            let [request, price, lookup, confirm] =
                ["request", "price", "lookup", "confirm"].map(|name| kept.the(name));
            assert_eq!(request.parent_span_id, SpanId::INVALID);
            assert!(
                is_child(&price, &request)
                    && is_child(&lookup, &price)
                    && is_child(&confirm, &lookup)
            );
            let events = |span: &opentelemetry_sdk::trace::SpanData| -> Vec<String> {
                span.events
                    .iter()
                    .map(|event| event.name.to_string())
                    .collect()
            };
            assert_eq!(events(&price), ["priced", "done"]);
            assert_eq!(price.events.events[0].attributes[0].value, 7.into());
            assert_eq!(events(&lookup), ["looking up", "looked_up"]);
            assert_eq!(
                attribute(&price, "found"),
                Some(&true.into()),
                "the stage takes it, not the span"
            );
            assert_eq!(integer(&lookup, "quantity"), Some(7));
            assert_eq!((events(&request).len(), events(&confirm).len()), (0, 0));
            // The other layer goes on as before.
            let lines = lines.text();
            assert_eq!(lines.lines().count(), 4, "{lines}");
            assert!(
                lines.contains("request:lookup{quantity=7}: own_subscriber: looking up"),
                "{lines}"
            );
        },
    )
    .run();
}

#[traced_stage(target = "feed", level = "debug")]
fn decode() {}

#[traced_stage(target = "book", level = "debug")]
fn update() {}

#[traced_stage(target = "book", level = "warn")]
fn reset() {}

fn each_once() {
    decode();
    update();
    reset();
    tracing::debug_span!(target: "feed", "fetch").in_scope(|| {});
    tracing::debug_span!(target: "book", "sort").in_scope(|| {});
}

/// The names of what has been exported since the last call, sorted.
fn names(telemetry: &Telemetry, kept: &Kept) -> Vec<String> {
    telemetry.flush(SOON).unwrap();
    let mut names: Vec<_> = kept
        .take()
        .iter()
        .map(|span| span.name.to_string())
        .collect();
    names.sort();
    names
}

/// Callsites remember what the filter said, until it changes.
#[test]
fn a_users_filter_applies_to_stages_by_target_and_level_and_can_be_reloaded() {
    Child::of(
        "a_users_filter_applies_to_stages_by_target_and_level_and_can_be_reloaded",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            each_once();
            assert!(
                names(&telemetry, &kept).is_empty(),
                "there is no subscriber yet"
            );
            let (filter, handle) = reload::Layer::new(EnvFilter::new("info,book=debug"));
            tracing_subscriber::registry()
                .with(filter)
                .with(tickspan::layer())
                .init();
            for _ in 0..2 {
                each_once();
                assert_eq!(names(&telemetry, &kept), ["reset", "sort", "update"]);
            }
            for (directives, expected) in [
                ("off", &[][..]),
                ("debug", &["decode", "fetch", "reset", "sort", "update"]),
                ("feed=debug", &["decode", "fetch"]),
                ("warn", &["reset"]),
                ("book=error", &[]),
                ("info,book=debug", &["reset", "sort", "update"]),
            ] {
                handle.reload(EnvFilter::new(directives)).unwrap();
                for _ in 0..2 {
                    each_once();
                    assert_eq!(names(&telemetry, &kept), expected, "{directives}");
                }
            }
            assert_eq!(telemetry.shutdown(SOON).lost(), 0);
        },
    )
    .run();
}

/// A filter of one layer decides what that layer is told, and what nobody wants is not made.
#[test]
fn a_filter_of_the_layer_alone_applies_to_spans_of_others() {
    Child::of(
        "a_filter_of_the_layer_alone_applies_to_spans_of_others",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            tracing_subscriber::registry()
                .with(tickspan::layer().with_filter(EnvFilter::new("book=debug")))
                .init();
            for _ in 0..2 {
                each_once();
                assert_eq!(names(&telemetry, &kept), ["reset", "sort", "update"]);
            }
            drop(telemetry);
        },
    )
    .run();
}

/// A stage is run where it is written.
struct Depth;

impl fmt::Debug for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        update();
        f.write_str("2")
    }
}

/// What a filter of one layer said of a stage holds for no other: the next line is written, and by that layer alone that
/// wants it.
#[test]
fn a_stage_that_another_layer_does_not_want_takes_nothing_from_it() {
    Child::of(
        "a_stage_that_another_layer_does_not_want_takes_nothing_from_it",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let lines = Lines::default();
            let written = tracing_subscriber::fmt::layer()
                .with_writer(lines.clone())
                .with_ansi(false)
                .with_level(false)
                .with_target(false)
                .without_time();
            tracing_subscriber::registry()
                .with(tickspan::layer())
                .with(written.with_filter(LevelFilter::INFO))
                .init();
            // By now all threads of telemetry run, which have a subscriber of their own: none.
            telemetry.flush(SOON).unwrap();
            for _ in 0..2 {
                let _of_debug = stage!(level: "debug", "book_update");
                tracing::info!("after a stage");
                event!(level: "debug", "queue_read");
                tracing::info!("after an event");
                tracing::debug!(depth = ?Depth, "not for lines");
                let _of_debug = stage!(level: "debug", "book_sort");
                tracing::info_span!("decode").in_scope(|| tracing::info!("inside"));
            }
            event!(level: "debug", "outside_of_a_stage");
            tracing::info!("at the end");
            telemetry.shutdown(SOON);
            let _ended = stage!(level: "debug", "book_update");
            tracing::info!("after the end");
            event!(level: "debug", "outside_of_telemetry");

            let each = "after a stage\nafter an event\ndecode: inside\n";
            let all = [each, each, "at the end\nafter the end\n"].concat();
            assert_eq!(lines.text(), all);
        },
    )
    .run();
}

/// A layer with a filter of its own, behind the one that keeps events from it: the next line is written.
fn written(lines: &Lines) -> impl Layer<Registry> + use<> {
    tracing_subscriber::fmt::layer()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_level(false)
        .with_target(false)
        .without_time()
        .with_filter(LevelFilter::INFO)
}

#[test]
fn what_log_records_keep_from_a_layer_with_a_filter_takes_nothing_from_it() {
    let child = Child::of(
        "what_log_records_keep_from_a_layer_with_a_filter_takes_nothing_from_it",
        || {
            let is_on_lane = std::env::var_os("ON_LANE").is_some();
            let telemetry = tickspan::builder()
                .with_route(if is_on_lane {
                    Route::Lane
                } else {
                    Route::Tracing
                })
                .with_global_subscriber(false)
                .with_summary(false)
                .with_span_exporter(Kept::default())
                .init()
                .unwrap();
            let lines = Lines::default();
            // Another wants all of it.
            let all = Lines::default();
            let of_all = tracing_subscriber::fmt::layer().with_writer(all.clone());
            tracing_subscriber::registry()
                .with(tickspan::log_records(written(&lines)))
                .with(tickspan::layer().with_events(false))
                .with(of_all)
                .init();
            for _ in 0..2 {
                tracing::debug_span!("request").in_scope(|| {
                    let _stage = stage!(level: "debug", "book_update");
                    event!(level: "debug", "queue_read");
                    tracing::info!("after an event");
                });
            }
            telemetry.shutdown(SOON);
            assert_eq!(
                lines.text(),
                "after an event\nafter an event\n",
                "{}",
                all.text()
            );
        },
    );
    child.run();
    child.with("ON_LANE", "1").run();
}

#[test]
fn what_the_policy_keeps_from_a_layer_with_a_filter_takes_nothing_from_it() {
    Child::of(
        "what_the_policy_keeps_from_a_layer_with_a_filter_takes_nothing_from_it",
        || {
            let telemetry = tickspan::builder()
                .with_foreign_data(ForeignData::none())
                .with_global_subscriber(false)
                .with_summary(false)
                .with_span_exporter(Kept::default())
                .init()
                .unwrap();
            let (lines, all) = (Lines::default(), Lines::default());
            tracing_subscriber::registry()
                .with(tickspan::policed(written(&lines)))
                .with(tickspan::layer())
                .with(tracing_subscriber::fmt::layer().with_writer(all.clone()))
                .init();
            for _ in 0..2 {
                tracing::debug!("of another crate");
                event!("order_submitted");
                event!(level: "debug", "queue_read");
                event!("order_filled");
            }
            telemetry.shutdown(SOON);
            let each = "order_submitted\norder_filled\n";
            assert_eq!(lines.text(), each.repeat(2), "{}", all.text());
        },
    )
    .run();
}

#[traced_stage(parent = around, follows_from = [around])]
fn hedge(around: &tracing::Span) {}

#[test]
fn a_span_is_found_behind_a_layer_that_can_be_reloaded() {
    Child::of(
        "a_span_is_found_behind_a_layer_that_can_be_reloaded",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let (layer, handle) =
                reload::Layer::new(tickspan::layer().with_filter(LevelFilter::WARN));
            tracing_subscriber::registry().with(layer).init();
            let set = |filter| handle.modify(|layer| *layer.filter_mut() = filter).unwrap();
            set(LevelFilter::INFO);
            hedge(&tracing::info_span!("around"));
            telemetry.flush(SOON).unwrap();
            let (around, hedge) = (kept.the("around"), kept.the("hedge"));
            assert!(is_child(&hedge, &around));
            assert_eq!(hedge.links.len(), 1);
            telemetry.shutdown(SOON);
        },
    )
    .run();
}

#[test]
fn it_is_told_that_the_tracing_route_exports_nothing_without_the_subscriber_of_init() {
    let child = Child::of(
        "it_is_told_that_the_tracing_route_exports_nothing_without_the_subscriber_of_init",
        || {
            let is_on_lane = std::env::var_os("ON_LANE").is_some();
            let telemetry = tickspan::builder()
                .with_route(if is_on_lane {
                    Route::Lane
                } else {
                    Route::Tracing
                })
                .with_global_subscriber(false)
                .with_summary(false)
                .with_span_exporter(Kept::default())
                .init()
                .unwrap();
            telemetry.shutdown(SOON);
        },
    );
    let told = child.run().stderr;
    assert!(
        told.starts_with("tickspan: no span is exported: on the tracing route"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(child.with("ON_LANE", "1").run().stderr, "");
}

#[traced_stage(err)]
fn halt(quantity: u64) -> Result<(), fmt::Error> {
    event!(level: "debug", "halting", quantity);
    tracing::info!("said by `tracing`");
    Err(fmt::Error)
}

#[test]
fn what_stages_emit_has_lines_beside_a_users_where_they_are_asked_for() {
    let child = Child::of(
        "what_stages_emit_has_lines_beside_a_users_where_they_are_asked_for",
        || {
            let mut builder = tickspan::builder()
                .with_global_subscriber(false)
                .with_summary(false)
                .with_span_exporter(Kept::default());
            if std::env::var_os("IN_JSON").is_some() {
                builder = builder.with_console(Console::json());
            }
            let telemetry = builder.init().unwrap();
            let lines = Lines::default();
            tracing_subscriber::registry()
                .with(LevelFilter::INFO)
                .with(tickspan::layer())
                .with(tracing_subscriber::fmt::layer().with_writer(lines.clone()))
                .init();
            halt(7).unwrap_err();
            telemetry.shutdown(SOON);
            let said = lines.text();
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.contains("said by `tracing`"), "{said}");
        },
    );
    assert_eq!(child.run().stderr, "");
    let told = child.with("IN_JSON", "1").run().stderr;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains("\"message\":\"error\"") && told.contains("\"quantity\":7"),
        "{told}"
    );
    let told = child.with("TICKSPAN_CONSOLE", "lines").run().stderr;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("ERROR halt{quantity=7"), "{told}");
    assert_eq!(child.with("TICKSPAN_CONSOLE", "off").run().stderr, "");
}

/// What other code asks a layer for, by its type.
#[test]
fn a_layer_is_found_inside_log_records_and_policed() {
    let traces = || tracing_error::ErrorLayer::default();
    let seen_under = |subscriber: Dispatch| {
        tracing::dispatcher::with_default(&subscriber, || {
            tracing::info_span!("request").in_scope(|| SpanTrace::capture().to_string())
        })
    };
    let registry = tracing_subscriber::registry;
    for trace in [
        seen_under(registry().with(traces()).into()),
        seen_under(registry().with(tickspan::policed(traces())).into()),
        seen_under(registry().with(tickspan::log_records(traces())).into()),
    ] {
        assert!(trace.contains("own_subscriber::request"), "{trace:?}");
    }
}

/// Counts how often it is asked.
struct Asked(Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for Asked {
    fn enabled(&self, _: &Metadata<'_>, _: layer::Context<'_, S>) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        true
    }
}

#[test]
fn a_subscriber_is_not_asked_about_each_stage() {
    let child = Child::of("a_subscriber_is_not_asked_about_each_stage", || {
        let asked = Arc::<AtomicU64>::default();
        let subscriber = tracing_subscriber::registry()
            .with(tickspan::layer())
            .with(Asked(Arc::clone(&asked)));
        let kept = Kept::default();
        let telemetry = if std::env::var_os("FIRST").is_some() {
            subscriber.init();
            start(kept)
        } else {
            let telemetry = start(kept);
            subscriber.init();
            telemetry
        };
        each_once();
        asked.store(0, Ordering::Relaxed);
        each_once();
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        telemetry.shutdown(SOON);
    });
    child.run();
    child.with("FIRST", "1").run();
}

/// Of which the filters let the same span through, now and then.
#[test]
fn of_two_layers_in_a_subscriber_one_makes_a_span() {
    Child::of("of_two_layers_in_a_subscriber_one_makes_a_span", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        tracing_subscriber::registry()
            .with(tickspan::layer().with_filter(EnvFilter::new("book=debug")))
            .with(tickspan::layer().with_filter(LevelFilter::WARN))
            .init();
        let sort = |level: &'static str| {
            tracing::debug_span!(target: "book", "sort", level).in_scope(|| {
                tracing::error_span!(target: "book", "cross").in_scope(reset);
            });
        };
        sort("first");
        sort("second");
        telemetry.flush(SOON).unwrap();
        let mut spans = kept.take();
        for _ in 0..2 {
            let [reset, cross, sort] = ["reset", "cross", "sort"].map(|name| {
                let place = spans.iter().position(|span| span.name == name);
                spans.remove(place.unwrap())
            });
            assert!(is_child(&reset, &cross) && is_child(&cross, &sort));
        }
        assert!(spans.is_empty(), "{spans:?}");
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.open), (6, 0));
    })
    .run();
}

#[test]
fn a_context_leads_from_stage_to_span_and_from_span_to_stage() {
    Child::of(
        "a_context_leads_from_stage_to_span_and_from_span_to_stage",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            tracing_subscriber::registry()
                .with(tickspan::layer())
                .init();
            let span = tracing::info_span!("request");
            let below = stage!(parent: &span, "below_span");
            let of_span = span.in_scope(Context::current);
            let of_stage = Context::current();
            std::thread::spawn(move || {
                of_span.run(|| drop(stage!("in_span")));
                of_stage.run(|| tracing::info_span!("in_stage").in_scope(|| {}));
            })
            .join()
            .unwrap();
            drop((below, span));
            telemetry.flush(SOON).unwrap();
            let [request, below_span, in_span, in_stage] =
                ["request", "below_span", "in_span", "in_stage"].map(|name| kept.the(name));
            assert!(is_child(&below_span, &request));
            assert!(is_child(&in_span, &request));
            assert!(is_child(&in_stage, &below_span));
        },
    )
    .run();
}

#[test]
fn otel_context_inside_a_stage_is_that_of_the_stage() {
    Child::of("otel_context_inside_a_stage_is_that_of_the_stage", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        tracing_subscriber::registry()
            .with(tickspan::layer())
            .init();
        let ids = || tickspan::otel_context().span().span_context().clone();
        assert_eq!(ids(), SpanContext::NONE);
        let outer = stage!("outer");
        let in_outer = ids();
        let in_span = tracing::info_span!("span").in_scope(ids);
        let in_inner = {
            let _inner = stage!("inner");
            ids()
        };
        assert_eq!(ids(), in_outer);
        assert!(
            !opentelemetry::Context::current()
                .span()
                .span_context()
                .is_valid(),
            "unless it is asked for"
        );
        drop(outer);
        assert_eq!(ids(), SpanContext::NONE);
        telemetry.flush(SOON).unwrap();
        for (name, seen) in [("outer", in_outer), ("inner", in_inner), ("span", in_span)] {
            let span = kept.the(name).span_context;
            assert_eq!(
                (seen.trace_id(), seen.span_id()),
                (span.trace_id(), span.span_id())
            );
            assert!(seen.is_sampled() && !seen.is_remote());
        }
    })
    .run();
}

#[test]
fn spans_of_an_opentelemetry_tracer_and_stages_are_each_others_parents() {
    Child::of(
        "spans_of_an_opentelemetry_tracer_and_stages_are_each_others_parents",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_otel_context(true)
                .with_summary(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            let provider = SdkTracerProvider::builder()
                .with_simple_exporter(kept.clone())
                .build();
            let tracer = provider.tracer("client");
            for _ in 0..2 {
                tracer.in_span("request", |_| {
                    let outer = stage!("outer");
                    tracer.in_span("query", |_| {
                        drop(stage!("inner"));
                        tracing::info_span!("foreign").in_scope(|| {});
                    });
                    let out_of_order = stage!("first");
                    let last = stage!("last");
                    drop(out_of_order);
                    tracer.start("leaf").end();
                    drop(last);
                    drop(stage!("sibling"));
                    drop(outer);
                    tracer.start("after").end();
                });
                assert!(
                    !opentelemetry::Context::current()
                        .span()
                        .span_context()
                        .is_valid()
                );
                telemetry.flush(SOON).unwrap();
                for (child, parent) in [
                    ("outer", "request"),
                    ("query", "outer"),
                    ("inner", "query"),
                    ("foreign", "query"),
                    ("first", "outer"),
                    ("last", "first"),
                    ("leaf", "last"),
                    ("sibling", "outer"),
                    ("after", "request"),
                ] {
                    assert!(
                        is_child(&kept.the(child), &kept.the(parent)),
                        "{child} below {parent}"
                    );
                }
                assert_eq!(kept.the("request").parent_span_id, SpanId::INVALID);
                kept.take();
            }
        },
    )
    .run();
}

#[test]
fn what_leaves_an_opentelemetry_span_among_stages_has_its_ids() {
    Child::of(
        "what_leaves_an_opentelemetry_span_among_stages_has_its_ids",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_otel_context(true)
                .with_summary(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            let provider = SdkTracerProvider::builder()
                .with_simple_exporter(kept.clone())
                .build();
            let tracer = provider.tracer("client");
            let _outer = stage!("outer");
            tracer.in_span("query", |around| {
                let query = around.span().span_context().span_id();
                let current = tickspan::otel_context();
                assert_eq!(current.span().span_context().span_id(), query);
                let headers: Vec<_> = tickspan::propagate::headers().collect();
                assert!(headers[0].1.contains(&query.to_string()), "{headers:?}");
                let context = Context::current();
                std::thread::scope(|threads| {
                    threads.spawn(|| {
                        context.run(|| {
                            drop(stage!("stage_there"));
                            tracer.start("span_there").end();
                        });
                    });
                });
                drop(stage!(parent: &context, "below"));
            });
            telemetry.flush(SOON).unwrap();
            for child in ["stage_there", "span_there", "below"] {
                assert!(is_child(&kept.the(child), &kept.the("query")), "{child}");
            }
        },
    )
    .run();
}

#[traced_stage]
async fn fetch(tracer: opentelemetry_sdk::trace::SdkTracer) {
    for _ in 0..2 {
        tracer.start("leaf").end();
        tokio::task::yield_now().await;
    }
    stage!("block", async { tracer.start("deep").end() }).await;
}

#[test]
fn opentelemetry_spans_in_a_stages_future_are_its_children() {
    Child::of(
        "opentelemetry_spans_in_a_stages_future_are_its_children",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_otel_context(true)
                .with_summary(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            let provider = SdkTracerProvider::builder()
                .with_simple_exporter(kept.clone())
                .build();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                // Two at a time, so that each is left while the other goes on.
                tokio::join!(fetch(provider.tracer("a")), fetch(provider.tracer("b")));
            });
            telemetry.flush(SOON).unwrap();
            let (fetches, leaves) = (kept.named("fetch"), kept.named("leaf"));
            assert_eq!((fetches.len(), leaves.len()), (2, 4));
            for fetch in &fetches {
                assert_eq!(
                    leaves.iter().filter(|leaf| is_child(leaf, fetch)).count(),
                    2
                );
            }
            let blocks = kept.named("block");
            for deep in kept.named("deep") {
                assert!(blocks.iter().any(|block| is_child(&deep, block)));
            }
            assert!(
                !opentelemetry::Context::current()
                    .span()
                    .span_context()
                    .is_valid()
            );
        },
    )
    .run();
}
