//! Exporters that misbehave, and what the guard does about them.

use std::fmt;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData, SpanExporter};
use tickspan::{Report, Telemetry, traced_stage};
use tickspan_tests::child::Child;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

const SHORT: Duration = Duration::from_secs(1);

fn make_spans(count: usize) {
    for _ in 0..count {
        tracing::info_span!("risk").in_scope(|| {});
    }
}

fn init_with(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_summary(false)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

/// Shuts down with a short deadline, which must not take long.
fn shut_down_soon(telemetry: Telemetry) -> Report {
    let start = Instant::now();
    let report = telemetry.shutdown(SHORT);
    assert!(
        start.elapsed() < SOON,
        "the shutdown took {:?}",
        start.elapsed()
    );
    report
}

/// Panics with each batch until it has seen `panics` of them.
#[derive(Debug)]
struct Panicking {
    panics: Mutex<usize>,
}

impl SpanExporter for Panicking {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        let mut panics = self
            .panics
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(left) = panics.checked_sub(1) {
            *panics = left;
            panic!("no more");
        }
        Ok(())
    }
}

#[test]
fn panicking_exporter_is_counted_and_used_again() {
    let finished = Child::of("panicking_exporter_is_counted_and_used_again", || {
        let telemetry = init_with(Panicking {
            panics: Mutex::new(1),
        });
        make_spans(2);
        let error = telemetry.flush(SOON).unwrap_err().to_string();
        assert!(error.contains("the exporter panicked: no more"), "{error}");
        make_spans(3);
        telemetry.flush(SOON).unwrap();
        let report = telemetry.shutdown(SOON);
        assert!(!report.deadline_passed);
        let exporter = &report.exporters[0];
        assert_eq!(
            (exporter.exported, exporter.failed, exporter.dropped),
            (3, 2, 0),
            "{report}"
        );
    })
    .run();
    assert_eq!(
        finished.stderr.matches("tickspan: ").count(),
        1,
        "{}",
        finished.stderr
    );
}

/// Fails with each batch.
#[derive(Debug)]
struct Failing;

impl SpanExporter for Failing {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Err(OTelSdkError::InternalFailure("out of\norder".to_owned()))
    }
}

#[test]
fn failure_is_told_once_and_the_loss_at_the_end() {
    let finished = Child::of("failure_is_told_once_and_the_loss_at_the_end", || {
        let telemetry = init_with(Failing);
        for _ in 0..3 {
            make_spans(1);
            telemetry.flush(SOON).unwrap_err();
        }
    })
    .run();
    let told: Vec<_> = finished.stderr.lines().collect();
    assert_eq!(told.len(), 3, "{}", finished.stderr);
    assert!(
        told[0]
            .starts_with("tickspan: spans do not reach setup_exporters::Failing: out of order; "),
        "{}",
        told[0]
    );
    assert_eq!(told[1], "tickspan: spans were lost: 3 spans ended");
    assert_eq!(
        told[2],
        "setup_exporters::Failing: 0 exported, 3 failed, 0 dropped (last failure: out of order)"
    );
}

/// Never resolves.
#[derive(Debug)]
struct Hanging;

impl SpanExporter for Hanging {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        std::future::pending().await
    }
}

#[test]
fn hanging_exporter_is_given_up_at_the_deadline() {
    Child::of("hanging_exporter_is_given_up_at_the_deadline", || {
        let telemetry = init_with(Hanging);
        make_spans(2);
        let error = telemetry.flush(SHORT).unwrap_err().to_string();
        assert!(error.contains("the deadline passed"), "{error}");
        let report = shut_down_soon(telemetry);
        assert!(report.deadline_passed);
        let exporter = &report.exporters[0];
        assert_eq!(
            (exporter.exported, exporter.failed, exporter.dropped),
            (0, 2, 0),
            "{report}"
        );
    })
    .run();
}

#[test]
fn hanging_exporter_fails_by_the_export_timeout() {
    let child = Child::of("hanging_exporter_fails_by_the_export_timeout", || {
        let telemetry = init_with(Hanging);
        make_spans(2);
        let error = telemetry.flush(SOON).unwrap_err().to_string();
        assert!(error.contains("no answer in 100ms"), "{error}");
        assert!(!telemetry.shutdown(SOON).deadline_passed);
    });
    child.with("OTEL_BSP_EXPORT_TIMEOUT", "100").run();
}

/// Blocks its thread until the sender is gone.
#[derive(Debug)]
struct Blocking(Mutex<mpsc::Receiver<()>>);

impl SpanExporter for Blocking {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        let _ = self.0.lock().unwrap().recv();
        Ok(())
    }
}

#[test]
fn exporter_that_blocks_its_thread_does_not_hold_up_the_end() {
    Child::of(
        "exporter_that_blocks_its_thread_does_not_hold_up_the_end",
        || {
            let (_never_dropped, receiver) = mpsc::channel();
            let telemetry = init_with(Blocking(Mutex::new(receiver)));
            make_spans(2);
            telemetry.flush(SHORT).unwrap_err();
            let report = shut_down_soon(telemetry);
            assert!(report.deadline_passed);
            // Neither delivered nor refused: the exporter still has them.
            assert_eq!(
                (report.exporters[0].failed, report.exporters[0].dropped),
                (0, 2),
                "{report}"
            );
        },
    )
    .run();
}

/// Takes everything, and never comes to the end of being dropped.
#[derive(Debug)]
struct EndsNever(Mutex<mpsc::Receiver<()>>);

impl SpanExporter for EndsNever {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

impl Drop for EndsNever {
    fn drop(&mut self) {
        let _ = self.0.lock().unwrap().recv();
    }
}

#[test]
fn exporter_that_is_never_dropped_does_not_hold_up_the_end() {
    Child::of(
        "exporter_that_is_never_dropped_does_not_hold_up_the_end",
        || {
            let (_never_dropped, receiver) = mpsc::channel();
            let telemetry = init_with(EndsNever(Mutex::new(receiver)));
            make_spans(2);
            let report = shut_down_soon(telemetry);
            assert!(report.deadline_passed);
            assert_eq!(report.exporters[0].exported, 2, "{report}");
        },
    )
    .run();
}

#[traced_stage]
fn refresh() {
    tracing::info_span!("read").in_scope(|| {});
}

/// Is the first to use what the program uses as well.
#[derive(Debug, Default)]
struct Refreshing(InMemorySpanExporter);

impl SpanExporter for Refreshing {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        refresh();
        self.0.export(batch).await
    }
}

/// Written, it is the first to use what the program uses as well.
struct Order;

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info_span!("look_up").in_scope(|| f.write_str("18"))
    }
}

/// `tracing` remembers of each place in the source whether anybody wants what comes from there.
#[test]
fn what_telemetry_met_first_is_recorded_elsewhere() {
    let child = Child::of("what_telemetry_met_first_is_recorded_elsewhere", || {
        let refreshing = Refreshing::default();
        let exported = refreshing.0.clone();
        let is_own = std::env::var_os("OWN").is_some();
        let telemetry = tickspan::builder()
            .with_global_subscriber(!is_own)
            .with_span_exporter(refreshing)
            .init()
            .unwrap();
        if is_own {
            let written = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
            tracing_subscriber::registry()
                .with(tickspan::layer())
                .with(written.with_filter(LevelFilter::WARN))
                .init();
        }
        make_spans(1);
        telemetry.flush(SOON).unwrap();
        for _ in 0..2 {
            tracing::info_span!("send", order = ?Order).in_scope(refresh);
        }
        assert_eq!(format!("{Order:?}"), "18");
        telemetry.flush(SOON).unwrap();
        let spans = exported.get_finished_spans().unwrap();
        let count = |name| spans.iter().filter(|span| span.name == name).count();
        assert_eq!(["risk", "send", "refresh", "read"].map(count), [1, 2, 2, 2]);
        assert!(count("look_up") >= 1, "{spans:?}");
    });
    child.run();
    child.with("OWN", "1").run();
}

#[test]
fn one_bad_exporter_does_not_harm_another() {
    Child::of("one_bad_exporter_does_not_harm_another", || {
        let (_never_dropped, receiver) = mpsc::channel();
        let good = InMemorySpanExporter::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(Blocking(Mutex::new(receiver)))
            .with_span_exporter(Hanging)
            .with_span_exporter(Panicking {
                panics: Mutex::new(100),
            })
            .with_span_exporter(good)
            .init()
            .unwrap();
        make_spans(2);
        let report = shut_down_soon(telemetry);
        let exported: Vec<_> = report
            .exporters
            .iter()
            .map(|exporter| exporter.exported)
            .collect();
        assert_eq!(exported, [0, 0, 0, 2], "{report}");
        assert_eq!((report.made, report.lost()), (2, 6), "{report}");
    })
    .run();
}

#[test]
fn spans_beyond_the_queue_are_dropped_and_counted() {
    let child = Child::of("spans_beyond_the_queue_are_dropped_and_counted", || {
        let (go_on, receiver) = mpsc::channel();
        let telemetry = init_with(Blocking(Mutex::new(receiver)));
        make_spans(100);
        // By then all of them are in the queue, or did not fit.
        telemetry.flush(SHORT).unwrap_err();
        drop(go_on);
        let report = telemetry.shutdown(SOON);
        assert!(!report.deadline_passed);
        let exporter = &report.exporters[0];
        assert_eq!((report.made, exporter.failed), (100, 0), "{report}");
        assert_eq!(exporter.exported + exporter.dropped, 100, "{report}");
        assert!(exporter.dropped >= 80, "{report}");
    });
    // At most ten in the queue and ten with the exporter.
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "10").run();
}

/// Runs a runtime of its own in its export, and a task and a timer in whichever it finds.
#[derive(Debug)]
struct RuntimeUser;

impl SpanExporter for RuntimeUser {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        let own = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        own.block_on(async { tokio::task::yield_now().await });
        drop(own);
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::spawn(async {}).await.unwrap();
        Ok(())
    }
}

fn shut_down_with_runtime_user() {
    let telemetry = init_with(RuntimeUser);
    make_spans(2);
    let report = telemetry.shutdown(SOON);
    assert_eq!(
        (report.lost(), report.deadline_passed),
        (0, false),
        "{report}"
    );
}

#[test]
fn exporter_finds_a_runtime_and_may_bring_its_own() {
    Child::of(
        "exporter_finds_a_runtime_and_may_bring_its_own",
        shut_down_with_runtime_user,
    )
    .run();
}

#[test]
fn exporter_finds_a_runtime_inside_the_callers() {
    Child::of("exporter_finds_a_runtime_inside_the_callers", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { shut_down_with_runtime_user() });
    })
    .run();
}

#[test]
fn hanging_exporter_does_not_hold_up_any_runtime() {
    let child = Child::of("hanging_exporter_does_not_hold_up_any_runtime", || {
        let end = || {
            let telemetry = init_with(Hanging);
            make_spans(2);
            assert!(shut_down_soon(telemetry).deadline_passed);
        };
        match std::env::var("TEST_RUNTIME").unwrap().as_str() {
            "current" => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async { end() });
            }
            "multi" => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .build()
                    .unwrap();
                runtime.block_on(async { tokio::spawn(async move { end() }).await.unwrap() });
            }
            _ => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async { tokio::task::spawn_blocking(end).await.unwrap() });
            }
        }
    });
    for runtime in ["current", "multi", "blocking"] {
        child.with("TEST_RUNTIME", runtime).run();
    }
}

#[test]
fn guard_works_in_a_thread_that_panics() {
    let finished = Child::of("guard_works_in_a_thread_that_panics", || {
        let exported = Arc::new(Mutex::new(0));
        let thread = thread::spawn({
            let exported = Arc::clone(&exported);
            move || {
                let _telemetry = tickspan::builder()
                    .with_span_exporter(Counting(exported))
                    .init()
                    .unwrap();
                let _span = tracing::info_span!("risk").entered();
                panic!("the strategy is wrong");
            }
        });
        assert!(thread.join().is_err());
        assert_eq!(*exported.lock().unwrap(), 1);
    })
    .run();
    assert!(
        finished.stderr.contains("\nrisk       1 "),
        "{}",
        finished.stderr
    );
}

/// Counts spans.
#[derive(Debug)]
struct Counting(Arc<Mutex<usize>>);

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        *self.0.lock().unwrap() += batch.len();
        Ok(())
    }
}

#[test]
fn spans_open_at_the_end_are_counted_as_open() {
    Child::of("spans_open_at_the_end_are_counted_as_open", || {
        let telemetry = init_with(Counting(Arc::default()));
        let open = tracing::info_span!("long").entered();
        make_spans(1);
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            (report.made, report.open, report.lost()),
            (1, 1, 0),
            "{report}"
        );
        // Ends after telemetry: neither an error nor a panic.
        drop(open);
        make_spans(1);
    })
    .run();
}

#[test]
fn zero_deadline_gives_up_at_once() {
    Child::of("zero_deadline_gives_up_at_once", || {
        let telemetry = init_with(Hanging);
        make_spans(1);
        let report = telemetry.shutdown(Duration::ZERO);
        assert_eq!((report.made, report.lost()), (1, 1), "{report}");
    })
    .run();
}

#[test]
fn endless_deadline_is_accepted() {
    Child::of("endless_deadline_is_accepted", || {
        let telemetry = init_with(Counting(Arc::default()));
        make_spans(1);
        telemetry.flush(Duration::MAX).unwrap();
        assert_eq!(telemetry.shutdown(Duration::MAX).lost(), 0);
    })
    .run();
}
