//! The end of telemetry: from anywhere, beside threads that go on recording, and in time.

use std::io::Write as _;
use std::net::TcpStream;
#[cfg(unix)]
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{InMemoryLogExporter, LogBatch, LogExporter};
use opentelemetry_sdk::metrics::InMemoryMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::opentelemetry::metrics::MeterProvider as _;
use tickspan::{EdgeBreakdown, Report, Telemetry, event, health, stage, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::Gate;

/// The deadline of each shutdown here.
const DEADLINE: Duration = Duration::from_secs(20);

/// What it may take beyond its deadline, on a machine with much else to do.
const SLACK: Duration = Duration::from_secs(5);

/// Small, so that three full ones are read in no time.
const LANE: usize = 128 << 10;

/// Counts what it is given.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<AtomicU64>);

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

#[traced_stage]
fn tick(symbol: &str, quantity: u64) {
    let _ = (symbol, quantity);
}

/// Threads that record at full speed, whether or not there is telemetry.
struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    /// They have begun to record when this returns.
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..3)
            .map(|_| {
                let stop = Arc::clone(&stop);
                thread::spawn(move || {
                    let mut quantity = 0;
                    while !stop.load(Ordering::Relaxed) {
                        quantity += 1;
                        tick("AAPL", quantity);
                    }
                })
            })
            .collect();
        while health().ended < 10_000 {
            thread::yield_now();
        }
        Self { stop, threads }
    }

    /// Ends them; none has panicked.
    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

/// Every span is accounted for, by those who counted.
#[track_caller]
fn assert_exact(report: &Report, exported: &Counting) {
    let there = &report.exporters[0];
    assert!(!report.deadline_passed, "{report}");
    assert_eq!(
        there.exported,
        exported.0.load(Ordering::Relaxed),
        "{report}"
    );
    assert_eq!(there.failed, 0, "{report}");
    assert_eq!(
        there.exported + there.dropped + report.lost_in_lanes,
        report.made,
        "{report}"
    );
    assert!(there.exported > 0, "{report}");
    // One that ended while the last look was taken is lost in its lane, which was not full.
    let between = report.lost_in_lanes - health().lane_full;
    assert!(between <= 3, "{between} spans of three threads; {report}");
}

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_lane_capacity(LANE)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

/// Ends telemetry while threads record, where `end` says.
fn end_beside_busy_threads(end: impl FnOnce(Telemetry) -> Report) {
    let exported = Counting::default();
    let telemetry = start(exported.clone());
    let busy = Busy::start();
    let begun = Instant::now();
    let report = end(telemetry);
    assert!(begun.elapsed() < DEADLINE + SLACK, "{:?}", begun.elapsed());
    assert_exact(&report, &exported);
    let ended = health().ended;
    // What begins and ends from now on is nobody's; those that were open are counted.
    tick("AAPL", 1);
    let open = report.open;
    busy.stop();
    assert_eq!(health().ended, ended);
    assert!(open <= 4, "{open} of three threads, and where it ended");
    assert!(health().after_end <= 4, "{}", health());
}

#[test]
fn it_ends_on_the_thread_that_began_it() {
    Child::of("it_ends_on_the_thread_that_began_it", || {
        end_beside_busy_threads(|telemetry| telemetry.shutdown(DEADLINE));
    })
    .run();
}

/// Its stage is exported by nobody, and has a lane that nobody reads.
#[test]
fn what_a_stage_emits_after_the_end_is_a_line() {
    let finished = Child::of("what_a_stage_emits_after_the_end_is_a_line", || {
        let telemetry = start(Counting::default());
        let logged = stage!("logged");
        let symbol = "x".repeat(2_000);
        let opened = stage!("opened", symbol);
        telemetry.shutdown(DEADLINE);
        event!("late_in_opened");
        let basis = Basis {
            gross: 2.0,
            funding: 1.0,
        };
        basis.record(&basis.decide());
        drop(opened);
        event!("late_in_logged");
        drop(logged);
    })
    .run();
    for word in ["late_in_opened", "late_in_logged", "funding"] {
        assert!(finished.stderr.contains(word), "{}", finished.stderr);
    }
}

#[test]
fn a_thread_that_begins_after_the_end_takes_no_lane() {
    Child::of("a_thread_that_begins_after_the_end_takes_no_lane", || {
        let telemetry = start(Counting::default());
        telemetry.shutdown(DEADLINE);
        thread::spawn(|| tick("AAPL", 1)).join().unwrap();
        assert_eq!(health().lanes, 0);
    })
    .run();
}

#[test]
fn it_ends_on_another_thread() {
    Child::of("it_ends_on_another_thread", || {
        end_beside_busy_threads(|telemetry| {
            thread::spawn(move || telemetry.shutdown(DEADLINE))
                .join()
                .unwrap()
        });
    })
    .run();
}

#[test]
fn it_ends_inside_a_stage() {
    Child::of("it_ends_inside_a_stage", || {
        end_beside_busy_threads(|telemetry| {
            let _stage = stage!("end_of_day");
            telemetry.shutdown(DEADLINE)
        });
    })
    .run();
}

#[test]
fn it_ends_in_a_current_thread_runtime() {
    Child::of("it_ends_in_a_current_thread_runtime", || {
        end_beside_busy_threads(|telemetry| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::spawn(async { telemetry.shutdown(DEADLINE) })
                    .await
                    .unwrap()
            })
        });
    })
    .run();
}

#[test]
fn it_ends_in_the_only_worker_of_a_multi_thread_runtime() {
    Child::of(
        "it_ends_in_the_only_worker_of_a_multi_thread_runtime",
        || {
            end_beside_busy_threads(|telemetry| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    tokio::spawn(async { telemetry.shutdown(DEADLINE) })
                        .await
                        .unwrap()
                })
            });
        },
    )
    .run();
}

/// As services are stopped; the documentation has such a `main`.
#[cfg(unix)]
#[test]
fn it_ends_where_a_program_is_told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    Child::of("it_ends_where_a_program_is_told_to_stop", || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        end_beside_busy_threads(|telemetry| {
            runtime.block_on(async {
                let mut told_to_stop = signal(SignalKind::terminate()).unwrap();
                let ours = std::process::id().to_string();
                let mut kill = Command::new("kill").args(["-TERM", &ours]).spawn().unwrap();
                told_to_stop.recv().await.unwrap();
                assert!(kill.wait().unwrap().success());
                telemetry.shutdown(DEADLINE)
            })
        });
    })
    .run();
}

/// As the documentation has it: the guard stands outside of the runtime, and so is told how its tasks ended.
#[test]
fn tasks_that_end_with_the_runtime_are_cancelled_before_the_guard_ends() {
    let finished = Child::of(
        "tasks_that_end_with_the_runtime_are_cancelled_before_the_guard_ends",
        || {
            let _telemetry = start(Counting::default());
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(leave_a_session());
        },
    )
    .run();
    let told = &finished.stderr;
    assert!(told.contains("session") && !told.contains("open"), "{told}");
}

#[test]
fn a_guard_that_ends_before_its_tasks_tells_of_the_spans_that_are_open() {
    let finished = Child::of(
        "a_guard_that_ends_before_its_tasks_tells_of_the_spans_that_are_open",
        || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let _telemetry = start(Counting::default());
                leave_a_session().await;
            });
        },
    )
    .run();
    let told = &finished.stderr;
    for words in ["spans had not ended, and are neither", "1 still open"] {
        assert!(told.contains(words), "{told}");
    }
}

/// Spawns a task that goes on, and waits until its stage has begun.
async fn leave_a_session() {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    drop(tokio::spawn(async {
        stage!("session", async {
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        })
        .await;
    }));
    has_begun.await.unwrap();
}

/// Dropped by a panic, with the summary and without a word of its own.
#[test]
fn it_ends_in_a_thread_that_panics() {
    let finished = Child::of("it_ends_in_a_thread_that_panics", || {
        let exported = Counting::default();
        let (telemetry, busy) = (
            tickspan::builder()
                .with_lane_capacity(LANE)
                .with_shutdown_deadline(DEADLINE)
                .with_span_exporter(exported.clone())
                .init()
                .unwrap(),
            Busy::start(),
        );
        let begun = Instant::now();
        let thread = thread::spawn(move || {
            let _stage = stage!("end_of_day");
            let _telemetry = telemetry;
            panic!("the strategy is wrong");
        });
        assert!(thread.join().is_err());
        assert!(begun.elapsed() < DEADLINE + SLACK, "{:?}", begun.elapsed());
        busy.stop();
        assert!(exported.0.load(Ordering::Relaxed) > 0);
        tick("AAPL", 1);
    })
    .run();
    assert_eq!(
        finished.stderr.matches("panicked at").count(),
        1,
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.contains("\ntick "), "{}", finished.stderr);
}

/// Waits at a gate that nobody opens.
#[derive(Debug, Default)]
struct Stuck(Gate);

impl SpanExporter for Stuck {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.0.pass();
        Ok(())
    }
}

#[test]
fn an_exporter_that_is_stuck_costs_the_deadline_and_no_more() {
    Child::of(
        "an_exporter_that_is_stuck_costs_the_deadline_and_no_more",
        || {
            let telemetry = start(Stuck::default());
            let busy = Busy::start();
            let begun = Instant::now();
            let report = telemetry.shutdown(Duration::from_millis(200));
            assert!(begun.elapsed() < SLACK, "{:?}", begun.elapsed());
            assert!(report.deadline_passed);
            let there = &report.exporters[0];
            assert_eq!(there.exported, 0);
            assert_eq!(
                there.failed + there.dropped + report.lost_in_lanes,
                report.made,
                "{report}"
            );
            busy.stop();
        },
    )
    .run();
}

/// What one exporter does not take keeps nobody from what goes to the others: neither log records nor metrics.
#[test]
fn a_flush_beside_an_exporter_that_is_stuck_serves_the_others() {
    Child::of(
        "a_flush_beside_an_exporter_that_is_stuck_serves_the_others",
        || {
            let (logs, metrics) = (
                InMemoryLogExporter::default(),
                InMemoryMetricExporter::default(),
            );
            let stuck = Stuck::default();
            let gate = stuck.0.clone();
            let telemetry = tickspan::builder()
                .with_span_exporter(stuck)
                .with_log_exporter(logs.clone())
                .with_log_batch_delay(Duration::from_hours(1))
                .with_metric_exporter(metrics.clone())
                .init()
                .unwrap();
            tick("AAPL", 1);
            tracing::info!("one");
            // Of which a quarter is left for the metrics.
            let error = telemetry.flush(Duration::from_secs(6)).unwrap_err();
            assert!(error.to_string().contains("deadline"), "{error}");
            assert_eq!(logs.get_emitted_logs().unwrap().len(), 1);
            assert_eq!(metrics.get_finished_metrics().unwrap().len(), 1);
            gate.open();
        },
    )
    .run();
}

/// Takes its time, and nothing in the end.
#[derive(Debug)]
struct Refusing {
    after: Duration,
    asked: Arc<AtomicU64>,
}

impl LogExporter for Refusing {
    async fn export(&self, _: LogBatch<'_>) -> OTelSdkResult {
        thread::sleep(self.after);
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(OTelSdkError::InternalFailure("not now".to_owned()))
    }
}

#[test]
fn a_flush_that_fails_has_waited_for_all() {
    Child::of("a_flush_that_fails_has_waited_for_all", || {
        let asked = Arc::default();
        let refusing = |milliseconds| Refusing {
            after: Duration::from_millis(milliseconds),
            asked: Arc::clone(&asked),
        };
        let telemetry = tickspan::builder()
            .with_log_exporter(refusing(0))
            .with_log_exporter(refusing(300))
            .init()
            .unwrap();
        tracing::info!("one");
        assert!(telemetry.flush(DEADLINE).is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    })
    .run();
}

/// In a unit that is met for the first time, so that an instrument is made.
#[derive(EdgeBreakdown)]
#[edge(unit = "bps")]
struct Basis {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    funding: f64,
}

/// Somebody reads the page for Prometheus, or the meters are being read to be sent: the end waits for neither, nor for
/// whoever waits for them.
#[test]
fn a_callback_that_is_stuck_costs_the_deadline_and_no_more() {
    let child = Child::of(
        "a_callback_that_is_stuck_costs_the_deadline_and_no_more",
        || {
            let builder = tickspan::builder().with_prometheus("127.0.0.1:0");
            let telemetry = if std::env::var_os("SENT").is_some() {
                let sent = InMemoryMetricExporter::default();
                builder.with_metric_exporter(sent)
            } else {
                builder
            }
            .init()
            .unwrap();
            let address = telemetry.prometheus().unwrap().address().unwrap();
            let (entered, called) = mpsc::channel();
            let meter = telemetry.meter_provider().unwrap().meter("engine");
            let _gauge = meter
                .u64_observable_gauge("depth")
                .with_callback(move |_| {
                    let _ = entered.send(());
                    Gate::default().pass();
                })
                .build();
            let mut scrape = TcpStream::connect(address).unwrap();
            let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
            scrape.write_all(request).unwrap();
            called.recv_timeout(DEADLINE).unwrap();
            let basis = Basis {
                gross: 2.0,
                funding: 1.0,
            };
            basis.record(&basis.decide());
            let begun = Instant::now();
            telemetry.shutdown(Duration::from_millis(200));
            assert!(begun.elapsed() < SLACK, "{:?}", begun.elapsed());
        },
    );
    child.run();
    child.with("SENT", "1").run();
}

#[test]
fn flushes_and_summaries_may_be_asked_for_at_once() {
    Child::of("flushes_and_summaries_may_be_asked_for_at_once", || {
        let exported = Counting::default();
        let telemetry = Arc::new(start(exported.clone()));
        let busy = Busy::start();
        let askers: Vec<_> = (0..4)
            .map(|number| {
                let telemetry = Arc::clone(&telemetry);
                thread::spawn(move || {
                    for _ in 0..5 {
                        if number % 2 == 0 {
                            telemetry.flush(DEADLINE).unwrap();
                        } else {
                            telemetry.summary();
                            assert_eq!(telemetry.report().exporters[0].failed, 0);
                        }
                    }
                })
            })
            .collect();
        for asker in askers {
            asker.join().unwrap();
        }
        let telemetry = Arc::into_inner(telemetry).unwrap();
        assert_exact(&telemetry.shutdown(DEADLINE), &exported);
        busy.stop();
    })
    .run();
}

/// A program that ends without dropping its guard ends, whatever its threads do.
#[test]
fn a_guard_that_is_never_dropped_holds_nothing_up() {
    let finished = Child::of("a_guard_that_is_never_dropped_holds_nothing_up", || {
        std::mem::forget(start(Stuck::default()));
        let _busy = Busy::start();
    })
    .run();
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
}
