//! The guard that `init` returns: it keeps telemetry running, and ends it within a deadline.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;

use super::report::Made;
use super::subscriber::SeenBy;
use super::{Error, Report};
use crate::collect::{self, Collector, Held, Statistics, Summary};
use crate::console::{self, notice};
use crate::export::{Export, Items, Queues, SpanCounts};
use crate::instrument::{maker, registry};
use crate::record::lane::health::{Loss, counted};
use crate::record::lane::{self, Mode, ends};

/// How long shutdown waits for the collector at least: it waits for nobody, and needs some milliseconds.
const DRAIN: Duration = Duration::from_millis(100);

/// How long the end waits at least for what is said on stderr.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// How long a summary waits for the collector.
const SUMMARY_WAIT: Duration = Duration::from_millis(250);

/// Keeps telemetry running; dropping it ends telemetry.
///
/// Bind it in `main` to a name (`let _telemetry = …`, not `let _ = …`), so that it lives as long as
/// the program works.
///
/// Dropped, it does what [`shutdown`](Self::shutdown) does with the builder's deadline (5 s unless
/// set), then prints on stderr the summary of the stages, if it is on and there are any, and what
/// was lost, if something was. A stderr that takes none of it is waited for until the deadline, and
/// 100 ms at least. It may be dropped anywhere: in an async context, in a thread that panics. A program
/// that ends with [`std::process::exit`], by a signal or by an abort drops nothing, and loses what was
/// queued.
///
/// Spans that are still open when telemetry ends are not exported, nor are spans that end
/// afterwards; log lines go on. Telemetry cannot be initialised again.
#[must_use = "dropped at once it shuts telemetry down; bind it: `let _telemetry = …`"]
#[derive(Debug)]
pub struct Telemetry {
    /// Taken when telemetry ends.
    running: Option<Running>,
    statistics: Statistics,
    shutdown_deadline: Duration,
}

/// What runs: nothing but the subscriber, if nothing wants spans.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) source: Source,
    pub(super) export: Option<Export>,
}

/// Where spans come from.
#[derive(Debug, Default)]
pub(super) enum Source {
    #[default]
    Nothing,
    Tracing {
        provider: SdkTracerProvider,
        counts: Arc<SpanCounts>,
        queues: Arc<Queues>,
    },
    Lane {
        collector: Collector,
        queues: Arc<Queues>,
        held: Arc<Held>,
    },
}

impl Source {
    /// Lets stages take the lane route, if it is that.
    pub(super) fn open(&self) {
        if let Self::Lane { .. } = self {
            lane::set_mode(Mode::Lane);
        }
    }

    /// What was made until now.
    fn made(&self) -> Made {
        match self {
            Self::Nothing => Made::default(),
            Self::Tracing { counts, .. } => Made {
                ended: counts.ended(),
                open: counts.open(),
                given: counts.ended(),
                ..Made::default()
            },
            Self::Lane { queues, held, .. } => made_on_lanes(queues, held),
        }
    }
}

impl Telemetry {
    pub(super) fn new(
        running: Running,
        statistics: Statistics,
        shutdown_deadline: Duration,
    ) -> Self {
        Self {
            running: Some(running),
            statistics,
            shutdown_deadline,
        }
    }

    /// The statistics of each stage, edge and latency path until now; without rows of stages if the summary is off.
    ///
    /// Spans count when they end. Reading is safe at any time from any thread; it holds up the
    /// collector, and on the tracing route spans that end meanwhile, for some microseconds a stage.
    /// On the lane route it waits for the collector to read what has ended, a quarter of a second
    /// at most.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let telemetry = tickspan::init()?;
    /// // trade
    /// for stage in telemetry.summary().stages {
    ///     println!("{}: {} times, p99 {:?}", stage.name, stage.count, stage.p99);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self) -> Summary {
        if let Some(Running {
            source: Source::Lane { collector, .. },
            ..
        }) = &self.running
        {
            // So that what has ended before this call is in it.
            collector.flush(until(SUMMARY_WAIT));
        }
        self.statistics.summary()
    }

    /// The loggers that tickspan exports, for a subscriber or an appender of the program's own; nothing where no log
    /// records are exported, and after a shutdown.
    ///
    /// The subscriber that `init` installs has an appender already. The [policy](crate::ForeignData) for other crates'
    /// data does not look at records that are emitted by hand: it holds for an appender inside
    /// [`log_records`](crate::log_records()).
    #[cfg(feature = "logs")]
    pub fn logger_provider(&self) -> Option<opentelemetry_sdk::logs::SdkLoggerProvider> {
        let export = self.running.as_ref()?.export.as_ref()?;
        export.logger_provider().cloned()
    }

    /// Sends what is queued and what the meters say now, and waits until every exporter has done so, `deadline` at
    /// most.
    ///
    /// Blocks the calling thread; in an async program where that matters, call it in
    /// `spawn_blocking`. It needs no runtime, and cannot deadlock with the caller's. Spans that are
    /// dropped because a queue was full before are not seen here, but in the [`Report`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let telemetry = tickspan::init()?;
    /// // end of the trading day
    /// telemetry.flush(Duration::from_secs(2))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Flush`] when spans failed meanwhile or the deadline passed, and then with why the last attempt
    /// failed, if one did. Telemetry goes on in either case.
    pub fn flush(&self, deadline: Duration) -> Result<(), Error> {
        let Some(running) = &self.running else {
            return Ok(());
        };
        let until = until(deadline);
        if let Source::Lane { collector, .. } = &running.source {
            if !collector.flush(until) {
                return Err(Error::Flush {
                    exporter: "the collector".to_owned(),
                    items: Items::Spans.word(),
                    reason: "the deadline passed".to_owned(),
                });
            }
        }
        // Whoever reads the program's own provider next reads all that was used before.
        maker::wait(until);
        let Some(export) = &running.export else {
            return Ok(());
        };
        export.flush(until).map_err(|failure| Error::Flush {
            exporter: failure.exporter,
            items: failure.items.word(),
            reason: failure.reason,
        })
    }

    /// The meters that tickspan exports, for instruments of the program's own; nothing where no metrics are exported,
    /// or where the program brought a provider, and after a shutdown.
    ///
    /// The [policy](crate::ForeignData) for other crates' data does not look at the attributes of these instruments.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use tickspan::opentelemetry::{global, metrics::MeterProvider as _};
    ///
    /// # fn main() -> Result<(), tickspan::Error> {
    /// let telemetry = tickspan::init()?;
    /// if let Some(meters) = telemetry.meter_provider() {
    ///     let fills = meters.meter("engine").u64_counter("engine.fills").build();
    ///     fills.add(1, &[]);
    ///     // for libraries that ask OpenTelemetry for meters
    ///     global::set_meter_provider(meters);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn meter_provider(&self) -> Option<SdkMeterProvider> {
        let export = self.running.as_ref()?.export.as_ref()?;
        export.meter_provider().cloned()
    }

    /// The page of metrics for Prometheus; nothing unless the builder asked for it, and after a shutdown.
    #[cfg(feature = "prometheus")]
    pub fn prometheus(&self) -> Option<crate::Prometheus> {
        let export = self.running.as_ref()?.export.as_ref()?;
        export.page().cloned()
    }

    /// What became of the spans until now; what waits, in lanes, for the end of its trace or in queues, counts as dropped, until
    /// it is exported.
    ///
    /// Empty after a shutdown.
    pub fn report(&self) -> Report {
        self.running
            .as_ref()
            .map(|running| {
                let ended = running.export.as_ref().map(Export::so_far);
                let made = running.source.made().waiting();
                Report::new(made, ended.unwrap_or_default())
            })
            .unwrap_or_default()
    }

    /// Ends telemetry: sends what is queued, for `deadline` at most, and says what became of
    /// everything.
    ///
    /// All exporters are served at once. What they have not taken when the deadline passes is given
    /// up and counted, and so are console lines that stderr has not taken. The call then returns at once;
    /// or within some 700 ms, where an exporter blocks its thread and is left behind with it, or nobody reads
    /// stderr.
    ///
    /// Blocks the calling thread; in an async program where that matters, call it in
    /// `spawn_blocking`. It needs no runtime, and cannot deadlock with the caller's.
    ///
    /// Prints nothing: the report is yours to show. Take [`summary`](Self::summary) before.
    pub fn shutdown(mut self, deadline: Duration) -> Report {
        self.end(deadline).unwrap_or_default()
    }

    /// Ends telemetry the first time it is called.
    fn end(&mut self, deadline: Duration) -> Option<Report> {
        let running = self.running.take()?;
        let report = running.shutdown(deadline);
        if let Some(edges) = &self.statistics.edges {
            // They hold the program's meters, which may be waiting to be dropped.
            edges.forget_listeners();
        }
        Some(report)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let until = until(self.shutdown_deadline);
        let Some(report) = self.end(self.shutdown_deadline) else {
            return;
        };
        let summary = self.summary();
        if !summary.is_empty() {
            notice(Level::INFO, &summary.to_string());
        }
        let warn = |words: String| notice(Level::WARN, &words);
        if report.lost() > 0 {
            warn(format!("tickspan: spans were lost: {report}"));
        } else if report
            .metrics
            .iter()
            .chain(&report.logs)
            .chain(&report.clocks)
            .any(|other| other.lost() > 0)
        {
            warn(format!(
                "tickspan: metrics, log records or latency clocks were lost: {report}"
            ));
        } else if report.open > 0 {
            warn(format!(
                "tickspan: spans had not ended, and are neither measured nor exported: {report}"
            ));
        }
        let health = collect::health();
        if health.lost() > 0 || health.lines_dropped > 0 {
            warn(format!("tickspan: {health}"));
        }
        console::finish(until.max(Instant::now() + LAST_WORDS));
    }
}

impl Running {
    /// What sees the spans of the `tracing` crate.
    pub(super) fn layer(&self) -> SeenBy {
        match &self.source {
            Source::Nothing => SeenBy::Nobody,
            Source::Lane { .. } => SeenBy::Lanes,
            Source::Tracing { provider, .. } => SeenBy::Tracer(
                provider.tracer_with_scope(
                    InstrumentationScope::builder("tickspan")
                        .with_version(env!("CARGO_PKG_VERSION"))
                        .build(),
                ),
            ),
        }
    }

    /// Ends everything within `deadline`, and what [`Export::shutdown`] and [`LAST_WORDS`] take beyond it.
    pub(super) fn shutdown(self, deadline: Duration) -> Report {
        let until = until(deadline);
        let mut in_time = true;
        let made = match self.source {
            Source::Nothing => Made::default(),
            Source::Tracing { ref provider, .. } => {
                // Only makes the provider refuse further spans: its one processor leaves the queues
                // alone.
                let _ = provider.shutdown_with_timeout(Duration::ZERO);
                self.source.made()
            }
            Source::Lane {
                collector,
                queues,
                held,
            } => {
                if lane::mode() == Mode::Lane {
                    lane::set_mode(Mode::Ended);
                }
                let drained = until.max(Instant::now() + DRAIN);
                in_time = collector.stop(drained);
                made_on_lanes(&queues, &held)
            }
        };
        // As in a flush.
        maker::wait(until);
        let mut ended = self
            .export
            .map(|export| export.shutdown(until))
            .unwrap_or_default();
        registry::detach();
        // After the exporters, which a stderr that stands still would take all the time from.
        in_time &= console::finish(until.max(Instant::now() + LAST_WORDS));
        ended.in_time &= in_time;
        Report::new(made, ended)
    }
}

fn made_on_lanes(queues: &Queues, held: &Held) -> Made {
    let totals = ends::totals();
    // They never began for their lane, and end all the same.
    let refused = counted(Loss::Busy) + counted(Loss::TooDeep);
    Made {
        ended: totals.ended + refused + collect::hop_spans_made(),
        open: totals.started.saturating_sub(totals.ended),
        sampled_away: collect::unsampled() + held.dropped.load(Ordering::Relaxed),
        given: queues.given(),
    }
}

impl Made {
    /// While telemetry goes on: what has not been given to the queues and was not lost will be given.
    fn waiting(mut self) -> Self {
        let gone = self.sampled_away + collect::health().lost();
        self.given = self.given.max(self.ended.saturating_sub(gone));
        self
    }
}

/// When `deadline` passes. More than a day is a day, so that the clock cannot overflow.
pub(super) fn until(deadline: Duration) -> Instant {
    Instant::now() + deadline.min(Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guard_can_be_shared_and_sent() {
        fn is_shared_and_sent<T: Send + Sync>() {}
        is_shared_and_sent::<Telemetry>();
    }

    #[test]
    fn endless_deadline_does_not_overflow_the_clock() {
        assert!(until(Duration::MAX) > Instant::now());
    }
}
