//! One exporter of metrics: its reader, its thread, its supervision, its account.
//!
//! The thread reads the meters after each interval, when it is asked to, and a last time at the end. The SDK's own periodic
//! reader does the same, but waits without a limit where it flushes and ends, and its thread is not supervised.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{InstrumentKind, ManualReader, Pipeline, Temporality};

use super::deliver::Deliver;
use super::label::Label;
use super::ledger::{Items, Ledger, Tally};
use super::metrics::Account;
use super::pipeline::FlushFailure;
use super::quiet;
use super::supervised::Supervised;
use super::thread::ExportThread;
use crate::instrument::maker;
use crate::threads::join_by;

/// How often meters are read, and how long an export may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// The reader of one exporter, shared between the provider and the exporter's thread.
#[derive(Clone, Debug)]
pub(super) struct Reader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    reader: ManualReader,
    /// Nothing is read from now on. Relaxed: it guards nothing.
    ended: AtomicBool,
}

impl Reader {
    pub(super) fn new(temporality: Temporality) -> Self {
        let reader = ManualReader::builder().with_temporality(temporality);
        Self(Arc::new(Shared {
            reader: reader.build(),
            ended: AtomicBool::new(false),
        }))
    }
}

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.reader.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        if self.0.ended.load(Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        // What was used before is read.
        maker::wait(Instant::now() + maker::LONGEST);
        self.0.reader.collect(metrics)
    }

    // Flushing and ending are the thread's, with a deadline: the provider's own calls end here.

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    /// Waits for no callback of the program's: the SDK's own call does, for as long as one takes that is being read.
    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.0.ended.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.reader.temporality(kind)
    }
}

/// The thread of one exporter of metrics.
#[derive(Debug)]
pub(super) struct Readings {
    turns: Arc<Turns>,
    ledger: Arc<Ledger>,
    /// Taken when it has been joined.
    thread: Option<JoinHandle<()>>,
}

impl Readings {
    /// Puts `exporter` to work on what `reader` reads; messages and reports call it `label`.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(super) fn start<E>(
        exporter: E,
        label: Label,
        reader: Reader,
        reading: Reading,
        thread: &ExportThread,
    ) -> io::Result<Self>
    where
        E: for<'a> Deliver<&'a ResourceMetrics>,
    {
        let ledger = Arc::new(Ledger::new(label, Items::DataPoints));
        let supervised = Supervised {
            exporter,
            runtime: thread.handle().clone(),
            ledger: Arc::clone(&ledger),
            given_up: thread.given_up(),
            timeout: reading.timeout,
        };
        let turns = Arc::new(Turns::default());
        let taken = Arc::clone(&turns);
        let thread = thread::Builder::new()
            .name("tickspan-meters".to_owned())
            .spawn(move || run(supervised, &reader, &taken, reading.interval))?;
        Ok(Self {
            turns,
            ledger,
            thread: Some(thread),
        })
    }

    /// What metrics tell of it. There is no queue: what is not read is read later.
    pub(super) fn account(&self) -> Account {
        Account {
            ledger: Arc::clone(&self.ledger),
            fill: Box::new(|| (0, 0)),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Begins to read and send now.
    pub(super) fn begin_flush(&self) -> Flush<'_> {
        Flush {
            readings: self,
            failed_before: self.ledger.tally().failed,
            turn: self.turns.ask(),
        }
    }

    /// Begins to read and send for the last time.
    pub(super) fn stop(&self) {
        self.turns.stop();
    }

    /// Whether the exporter has ended by `until`.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let ended = self.turns.wait(until, |state| state.ended);
        if let Some(thread) = self.thread.take_if(|_| ended) {
            // It has nothing left to do but to end.
            join_by(thread, until);
        }
        ended
    }
}

/// A flush that goes on.
#[derive(Debug)]
pub(super) struct Flush<'a> {
    readings: &'a Readings,
    failed_before: u64,
    turn: u64,
}

impl Flush<'_> {
    /// Waits for what was read to be sent.
    ///
    /// # Errors
    ///
    /// When it failed, or the deadline passed.
    pub(super) fn wait(self, until: Instant) -> Result<(), FlushFailure> {
        let Readings { turns, ledger, .. } = self.readings;
        let done = turns.wait(until, |state| state.done >= self.turn);
        FlushFailure::check(ledger, "data points", self.failed_before, done)
    }
}

/// What the thread of an exporter does.
fn run<E>(exporter: Supervised<E>, reader: &Reader, turns: &Turns, interval: Duration)
where
    E: for<'a> Deliver<&'a ResourceMetrics>,
{
    let _quiet = quiet::enter();
    let mut metrics = ResourceMetrics::default();
    let mut due = Instant::now() + interval;
    loop {
        let turn = turns.next(due);
        due = Instant::now() + interval;
        // Callbacks of instruments are the program's code, and may panic.
        match exporter.guarded(|| reader.collect(&mut metrics)) {
            Ok(Ok(())) => {
                let points = points(&metrics);
                if points > 0 {
                    block_on(exporter.deliver(points, &metrics));
                }
            }
            // How many points are lost nobody knows: they count as one.
            Ok(Err(error)) => exporter.ledger.record_failed(1, &error.to_string()),
            Err(panicked) => exporter.ledger.record_failed(1, &panicked),
        }
        turns.done(turn.number);
        if turn.is_last {
            break;
        }
    }
    exporter.end::<&ResourceMetrics>();
    turns.end();
}

/// The number of data points.
fn points(metrics: &ResourceMetrics) -> u64 {
    fn of<T>(data: &MetricData<T>) -> usize {
        match data {
            MetricData::Gauge(gauge) => gauge.data_points().count(),
            MetricData::Sum(sum) => sum.data_points().count(),
            MetricData::Histogram(histogram) => histogram.data_points().count(),
            MetricData::ExponentialHistogram(histogram) => histogram.data_points().count(),
        }
    }
    let points: usize = metrics
        .scope_metrics()
        .flat_map(ScopeMetrics::metrics)
        .map(|metric| match metric.data() {
            AggregatedMetrics::F64(data) => of(data),
            AggregatedMetrics::I64(data) => of(data),
            AggregatedMetrics::U64(data) => of(data),
        })
        .sum();
    points as u64
}

/// When the meters are read next.
#[derive(Debug, Default)]
struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How often somebody asked, and the last of those that has been done.
    asked: u64,
    done: u64,
    stopping: bool,
    ended: bool,
}

#[derive(Debug)]
struct Turn {
    number: u64,
    is_last: bool,
}

impl Turns {
    fn ask(&self) -> u64 {
        let mut state = self.lock();
        state.asked += 1;
        self.changed.notify_all();
        state.asked
    }

    fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    /// Waits until `due`, or until somebody asks.
    fn next(&self, due: Instant) -> Turn {
        let mut state = self.lock();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if state.stopping || state.asked > state.done || left.is_zero() {
                return Turn {
                    number: state.asked,
                    is_last: state.stopping,
                };
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn done(&self, turn: u64) {
        self.lock().done = turn;
        self.changed.notify_all();
    }

    fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    fn wait(&self, until: Instant, reached: impl Fn(&State) -> bool) -> bool {
        let mut state = self.lock();
        while !reached(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                return reached(&state);
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Nothing panics with the lock held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
