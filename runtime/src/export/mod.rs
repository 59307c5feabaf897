//! Where finished spans go, and what became of each.
//!
//! Finished spans are put into the queue of each pipeline ([`Pipelines`]): by the collector, or on the tracing route by
//! [`Fanout`] on the thread that ended them. A pipeline is one exporter with a thread of its own, supervised;
//! [`ExportThread`] turns the I/O of those exporters. [`crate::setup`] builds all of it and is the only caller. Nothing
//! here may block the thread that ends a span, reach the caller's tokio runtime, or be traced
//! itself.

mod callsites;
mod compression;
mod console;
#[cfg(feature = "logs")]
mod console_logs;
mod console_metrics;
pub(crate) mod deliver;
mod edges;
mod fanout;
mod label;
mod ledger;
#[cfg(feature = "logs")]
mod log_pipelines;
mod meters;
mod metrics;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) mod otlp;
#[cfg(any(feature = "otlp-http-json", feature = "recorder-otlp"))]
pub(crate) mod otlp_json;
mod pipeline;
mod pipelines;
#[cfg(all(feature = "process", target_os = "linux"))]
mod process;
#[cfg(feature = "prometheus")]
mod prometheus;
mod queue;
mod quiet;
mod readings;
mod supervised;
mod target;
mod thread;

use std::io;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SpanData;

#[cfg(feature = "recorder")]
use crate::collect::FinishedClock;
pub(crate) use callsites::ask_all as ask_all_subscribers;
pub use compression::Compression;
pub(crate) use console::ConsoleExporter;
#[cfg(feature = "logs")]
pub(crate) use console_logs::ConsoleLogs;
pub(crate) use console_metrics::ConsoleMetrics;
#[cfg(feature = "logs")]
pub(crate) use deliver::SdkLogs;
pub(crate) use deliver::{Deliver, SdkMetrics, SdkSpans};
#[cfg(feature = "recorder")]
pub(crate) use deliver::{Delivered, Delivery, Job};
pub(crate) use edges::register as register_edges;
pub(crate) use fanout::{Fanout, Queues, SpanCounts};
pub(crate) use label::Label;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use label::Place;
pub(crate) use ledger::{Items, Tally};
pub use meters::HistogramKind;
use meters::Meters;
pub(crate) use meters::MetersBuilder;
#[cfg(all(feature = "cli", any(feature = "otlp-grpc", feature = "otlp-http")))]
pub(crate) use meters::reading_of_one;
pub(crate) use pipeline::FlushFailure;
use pipelines::Pipelines;
#[cfg(feature = "prometheus")]
pub use prometheus::Prometheus;
pub(crate) use queue::Batching;
pub(crate) use quiet::enter as quiet;
pub(crate) use readings::Reading;
pub(crate) use target::{Target, TlsFiles};
use thread::ExportThread;

/// How long shutdown waits, after the deadline, for exporters to notice that they were given up.
/// Their spans are then counted as failed, and why is told; it takes some microseconds, or as long as a busy machine lets
/// a thread wait. An exporter that blocks its thread does not notice, and is left behind.
const GRACE: Duration = Duration::from_millis(500);

/// How long shutdown waits, after the deadline, for the export thread's runtime to end.
const END: Duration = Duration::from_millis(100);

/// The exporters of this process and the thread that serves them.
#[derive(Debug)]
pub(crate) struct Export {
    thread: ExportThread,
    /// Where is sent over a network.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    places: Vec<Arc<Place>>,
    spans: Pipelines<SpanData>,
    meters: Option<Meters>,
    #[cfg(feature = "logs")]
    logs: log_pipelines::LogPipelines,
    #[cfg(feature = "recorder")]
    clocks: Pipelines<FinishedClock>,
}

impl Export {
    /// Starts the export thread, without exporters.
    pub(crate) fn start() -> io::Result<Self> {
        Ok(Self {
            thread: ExportThread::start()?,
            #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
            places: Vec::new(),
            spans: Pipelines::new(Items::Spans),
            meters: None,
            #[cfg(feature = "logs")]
            logs: log_pipelines::LogPipelines::new(),
            #[cfg(feature = "recorder")]
            clocks: Pipelines::new(Items::Clocks),
        })
    }

    /// Runs `make` in silence and where a tokio runtime can be found, as network clients want when they are made.
    pub(crate) fn in_runtime<T>(&self, make: impl FnOnce() -> T) -> T {
        let _quiet = quiet::enter();
        let _runtime = self.thread.handle().enter();
        make()
    }

    /// Counts those who wait for exporters right now.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(crate) fn hurry(&self) -> tokio::sync::watch::Receiver<usize> {
        self.thread.hurry()
    }

    /// What messages and reports call the exporter that sends to `target`.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(crate) fn label(&mut self, target: &Target) -> Label {
        let shared = format!("{} at {}", target.protocol, target.shown_origin());
        let known = self.places.iter().find(|place| place.is(&shared));
        let place = known.cloned().unwrap_or_else(|| {
            let place = Arc::new(Place::new(shared));
            self.places.push(Arc::clone(&place));
            place
        });
        Label {
            text: target.label(),
            place: Some(place),
        }
    }

    /// Adds an exporter of spans, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(crate) fn add<E: Deliver<Vec<SpanData>>>(
        &mut self,
        label: impl Into<Label>,
        exporter: E,
        batching: Batching,
    ) -> io::Result<()> {
        self.spans
            .add(label.into(), exporter, batching, &self.thread)
    }

    /// Adds an exporter of log records, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    #[cfg(feature = "logs")]
    pub(crate) fn add_logs<E: Deliver<Vec<deliver::LogItem>>>(
        &mut self,
        label: impl Into<Label>,
        exporter: E,
        batching: Batching,
    ) -> io::Result<()> {
        let logs = &mut self.logs.exporters;
        logs.add(label.into(), exporter, batching, &self.thread)
    }

    /// Adds an exporter of finished latency clocks, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    #[cfg(feature = "recorder")]
    pub(crate) fn add_clocks<E: Deliver<Vec<FinishedClock>>>(
        &mut self,
        label: impl Into<Label>,
        exporter: E,
        batching: Batching,
    ) -> io::Result<()> {
        self.clocks
            .add(label.into(), exporter, batching, &self.thread)
    }

    /// Makes the logger provider, when all exporters of log records are there.
    #[cfg(feature = "logs")]
    pub(crate) fn open_logs(&mut self, resource: &Resource) {
        self.logs.open(resource);
    }

    /// The loggers of this process, where log records are exported.
    #[cfg(feature = "logs")]
    pub(crate) fn logger_provider(&self) -> Option<&opentelemetry_sdk::logs::SdkLoggerProvider> {
        self.logs.provider()
    }

    /// Whether spans are exported.
    pub(crate) fn has_spans(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether there is an exporter of spans, or of log records, which tell the stage around.
    pub(crate) fn wants_stages(&self) -> bool {
        #[cfg(feature = "logs")]
        if self.logs.provider().is_some() {
            return true;
        }
        self.has_spans()
    }

    /// Starts the exporters of metrics.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub(crate) fn start_meters(
        &mut self,
        meters: MetersBuilder,
        resource: &Resource,
        histograms: HistogramKind,
    ) -> io::Result<()> {
        self.meters = meters.start(resource, histograms, &self.thread)?;
        Ok(())
    }

    /// The meters of this process, where metrics are exported.
    pub(crate) fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.meters.as_ref().map(Meters::provider)
    }

    /// The page for Prometheus, if there is one.
    #[cfg(feature = "prometheus")]
    pub(crate) fn page(&self) -> Option<&Prometheus> {
        self.meters.as_ref()?.page()
    }

    /// The queue of every exporter.
    pub(crate) fn queues(&self) -> Queues {
        Queues {
            spans: self.spans.fill(),
            #[cfg(feature = "recorder")]
            clocks: self.clocks.fill(),
        }
    }

    /// Has the health of telemetry, and the process, observed by the meters of `provider`.
    pub(crate) fn register_metrics(exporters: Option<&Self>, provider: &dyn MeterProvider) {
        let exporters = exporters.map(|export| {
            let mut accounts: Vec<_> = export.spans.accounts().collect();
            accounts.extend(export.meters.iter().flat_map(Meters::accounts));
            #[cfg(feature = "logs")]
            accounts.extend(export.logs.exporters.accounts());
            #[cfg(feature = "recorder")]
            accounts.extend(export.clocks.accounts());
            accounts
        });
        metrics::register(provider, exporters.unwrap_or_default());
        #[cfg(all(feature = "process", target_os = "linux"))]
        process::register(provider);
    }

    /// The account of every exporter until now.
    pub(crate) fn so_far(&self) -> Ended {
        let meters = self.meters.as_ref();
        Ended {
            in_time: true,
            spans: self.spans.tallies().1,
            metrics: meters.map(Meters::tallies).unwrap_or_default(),
            #[cfg(feature = "logs")]
            logs: self.logs.exporters.tallies(),
            #[cfg(not(feature = "logs"))]
            logs: (0, Vec::new()),
            #[cfg(feature = "recorder")]
            clocks: self.clocks.tallies(),
            #[cfg(not(feature = "recorder"))]
            clocks: (0, Vec::new()),
        }
    }

    /// Asks every exporter at once to send what there is, and waits.
    ///
    /// # Errors
    ///
    /// The first exporter that lost something or did not finish by `until`.
    pub(crate) fn flush(&self, until: Instant) -> Result<(), FlushFailure> {
        let _hurry = self.thread.hurried();
        let spans = self.spans.begin_flush();
        #[cfg(feature = "logs")]
        let logs = self.logs.exporters.begin_flush();
        #[cfg(feature = "recorder")]
        let clocks = self.clocks.begin_flush();
        // Metrics tell of the spans.
        let most_of_it = most_of_the_time(until);
        for flush in &spans {
            flush.is_through(most_of_it);
        }
        let metrics = self.meters.as_ref().map(Meters::begin_flush);
        let metrics = metrics.into_iter().flatten();
        let ended = spans
            .into_iter()
            .map(|flush| flush.wait(until))
            .chain(metrics.map(|flush| flush.wait(until)));
        #[cfg(feature = "logs")]
        let ended = ended.chain(logs.into_iter().map(|flush| flush.wait(until)));
        #[cfg(feature = "recorder")]
        let ended = ended.chain(clocks.into_iter().map(|flush| flush.wait(until)));
        // All are waited for, also where one has failed.
        ended.fold(Ok(()), Result::and)
    }

    /// Drains every exporter at once until `until`, gives up what is left, and stops the export
    /// thread. It takes [`GRACE`] and [`END`] beyond `until` at most.
    pub(crate) fn shutdown(mut self, until: Instant) -> Ended {
        let hurry = self.thread.hurried();
        self.spans.stop();
        #[cfg(feature = "logs")]
        self.logs.exporters.stop();
        #[cfg(feature = "recorder")]
        self.clocks.stop();
        // The last metrics tell what became of the spans.
        let mut drained_in_time = self.wait_for_queues(most_of_the_time(until));
        if let Some(meters) = &self.meters {
            meters.stop();
        }
        if !drained_in_time {
            drained_in_time = self.wait_for_queues(until);
        }
        drained_in_time &= self.wait_for_meters(until);
        if !drained_in_time {
            self.thread.give_up();
            let grace = Instant::now() + GRACE;
            self.wait_for_queues(grace);
            self.wait_for_meters(grace);
        }
        let ended = Ended {
            in_time: drained_in_time,
            ..self.so_far()
        };
        drop(hurry);
        self.thread.stop(until.max(Instant::now() + END));
        ended
    }

    fn wait_for_queues(&mut self, until: Instant) -> bool {
        let ended = self.spans.wait(until);
        #[cfg(feature = "logs")]
        let ended = self.logs.exporters.wait(until) && ended;
        #[cfg(feature = "recorder")]
        let ended = self.clocks.wait(until) && ended;
        ended
    }

    fn wait_for_meters(&mut self, until: Instant) -> bool {
        self.meters.as_mut().is_none_or(|meters| meters.wait(until))
    }
}

/// Until when metrics, which tell what became of the spans, wait for these: they are read with a quarter of the time left at
/// the latest.
fn most_of_the_time(until: Instant) -> Instant {
    let now = Instant::now();
    now + until.saturating_duration_since(now).mul_f64(0.75)
}

/// The accounts of all exporters, at their end or before.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether every exporter was done before the deadline.
    pub(crate) in_time: bool,
    pub(crate) spans: Vec<Tally>,
    pub(crate) metrics: Vec<Tally>,
    /// How many log records were given to exporters, and the accounts of these.
    pub(crate) logs: (u64, Vec<Tally>),
    /// The same of latency clocks.
    pub(crate) clocks: (u64, Vec<Tally>),
}

impl Default for Ended {
    fn default() -> Self {
        Self {
            in_time: true,
            spans: Vec::new(),
            metrics: Vec::new(),
            logs: (0, Vec::new()),
            clocks: (0, Vec::new()),
        }
    }
}
