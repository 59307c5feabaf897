//! The thread that drains the lanes.
//!
//! It reads every lane at least every [`PERIOD`], or [`LONGEST`] where nothing happens, joins records to spans, counts them, and
//! hands them on. It never runs an exporter's code, takes no lock for longer than a look, and is not traced itself.

use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, io};

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::SpanData;

use super::anchor::Moment;
use super::decode::Author;
use super::join::Joiner;
#[cfg(feature = "recorder")]
use super::latency::FinishedClock;
use super::log::{self, Log};
use crate::record::lane::ends::{self, Lane};
use crate::record::lane::health::{Loss, count};
use crate::record::lane::ticks;
use crate::record::lane::wire::{Header, Kind};

/// How long a record lies in its lane at most, while the collector keeps up.
const PERIOD: Duration = Duration::from_millis(5);

/// The same where there was none for a while: with each pass that finds nothing, the next comes after twice the time. A lane of which
/// a chunk is full does not wait for it.
const LONGEST: Duration = Duration::from_millis(20);

/// After so many bytes the next pass follows at once: a lane may have filled while others were read.
const MUCH: usize = 64 << 10;

/// So many spans are handed on together, if there are as many.
const CHUNK: usize = 512;

/// Where finished spans go.
pub(crate) trait Sink: Send + 'static {
    /// Takes spans, all of them. It may not wait.
    fn give_all(&mut self, spans: &mut Vec<SpanData>);

    /// Is told that a trace is worth keeping, whatever else is known of it.
    fn keep(&mut self, _trace: TraceId) {}

    /// Takes a clock that was finished. It may not wait.
    #[cfg(feature = "recorder")]
    fn give_clock(&mut self, clock: FinishedClock);

    /// Whether traces with an edge that was accepted, or with one that was rejected, are worth keeping.
    fn wants_edges(&self, _accepted: bool) -> bool {
        false
    }

    /// Gives up what is held back: telemetry ends.
    fn end(&mut self) {}
}

/// What was decided about an edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided {
    /// The trace in which it was recorded.
    pub(super) trace: TraceId,
    pub(super) accepted: bool,
}

enum Request {
    Flush(SyncSender<()>),
    Stop(SyncSender<()>),
}

/// The running thread.
pub(crate) struct Collector {
    requests: Sender<Request>,
    thread: JoinHandle<()>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl Collector {
    /// Starts the thread.
    pub(crate) fn start(joiner: Joiner, sink: impl Sink) -> io::Result<Self> {
        let (requests, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("tickspan-collect".to_owned())
            .spawn(move || {
                let _quiet = crate::export::quiet();
                Work {
                    lanes: Vec::new(),
                    copy: Vec::new(),
                    reading: Reading {
                        joiner,
                        sink,
                        spans: Vec::with_capacity(CHUNK),
                    },
                }
                .run(&received);
            })?;
        Ok(Self { requests, thread })
    }

    /// The thread, to be woken.
    pub(crate) fn thread(&self) -> thread::Thread {
        self.thread.thread().clone()
    }

    /// Has everything read that is in the lanes now. False where that did not happen by `until`.
    pub(crate) fn flush(&self, until: Instant) -> bool {
        self.ask(Request::Flush, until)
    }

    /// Reads what is left, and ends the thread. False where that did not happen by `until`.
    pub(crate) fn stop(self, until: Instant) -> bool {
        let stopped = self.ask(Request::Stop, until);
        if stopped {
            // It has nothing left to do.
            _ = self.thread.join();
        }
        stopped
    }

    fn ask(&self, request: impl FnOnce(SyncSender<()>) -> Request, until: Instant) -> bool {
        let (done, is_done) = mpsc::sync_channel(1);
        if self.requests.send(request(done)).is_err() {
            return false;
        }
        self.thread.thread().unpark();
        let left = until.saturating_duration_since(Instant::now());
        is_done.recv_timeout(left).is_ok()
    }
}

/// A lane that is read: who writes into it, and what goes on there.
struct Read {
    lane: Lane,
    author: Author,
    log: Log,
}

struct Work<S> {
    lanes: Vec<Read>,
    /// What is read of a lane at a time.
    copy: Vec<u8>,
    reading: Reading<S>,
}

/// What takes records.
struct Reading<S> {
    joiner: Joiner,
    sink: S,
    /// Finished spans that have not been handed on.
    spans: Vec<SpanData>,
}

impl<S: Sink> Work<S> {
    fn run(mut self, requests: &Receiver<Request>) {
        let mut period = PERIOD;
        loop {
            let read = self.pass();
            period = match read {
                0 => (2 * period).min(LONGEST),
                _ => PERIOD,
            };
            // All that wait together: some may not listen any more.
            let mut flushed = Vec::new();
            let stopped = loop {
                match requests.try_recv() {
                    Ok(Request::Flush(done)) => flushed.push(done),
                    Ok(Request::Stop(done)) => break Some(done),
                    Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) => break None,
                }
            };
            if let Some(done) = stopped {
                self.drain();
                self.reading.sink.end();
                ends::give_back(self.lanes.into_iter().map(|read| read.lane));
                _ = done.send(());
                return;
            }
            if !flushed.is_empty() {
                // What waits for a pass gets it.
                self.pass();
                self.pass();
                for done in flushed {
                    _ = done.send(());
                }
            } else if read < MUCH {
                ends::set_dozes(period > PERIOD);
                thread::park_timeout(period);
                ends::set_dozes(false);
            }
        }
    }

    /// Reads until what threads have counted has come: one that was about to write when telemetry ended gets
    /// some milliseconds to do so.
    fn drain(&mut self) {
        for _ in 0..20 {
            self.pass();
            let totals = ends::totals();
            if self.reading.joiner.ended + totals.lost + self.reading.joiner.waiting() as u64
                >= totals.ended
            {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.pass();
        self.pass();
        self.forget_late();
    }

    fn forget_late(&mut self) {
        let logs = self.lanes.iter().map(|read| &read.log);
        let going_on = logs.flat_map(Log::going_on).collect();
        self.reading.joiner.forget_late(going_on);
    }

    /// Reads every lane once. Tells how many bytes there were.
    fn pass(&mut self) -> usize {
        for lane in ends::take_new() {
            self.lanes.push(Read {
                lane,
                author: Author::default(),
                log: Log::default(),
            });
        }
        // Before the records: each is younger than the anchor before it.
        let clock = ticks();
        let anchors = self.reading.joiner.anchors();
        if anchors.is_due(clock.raw()) {
            anchors.retake(Moment::now(clock));
        }
        let mut read = 0;
        let reading = &mut self.reading;
        self.lanes.retain_mut(|Read { lane, author, log }| {
            let mut left = lane.records.len();
            while left > 0 {
                let taken = lane
                    .records
                    .read(&mut self.copy, |bytes| reading.read(bytes, author, log));
                let Ok(taken) = taken else {
                    // Its thread is told that it is full.
                    count(Loss::Unreadable);
                    return false;
                };
                read += taken;
                left = left.saturating_sub(taken);
            }
            true
        });
        if self.reading.joiner.end_pass(&mut self.reading.spans) {
            self.forget_late();
        }
        self.reading.sink.give_all(&mut self.reading.spans);
        read
    }
}

impl<S: Sink> Reading<S> {
    /// Reads a record of a thread, or an entry.
    fn read(&mut self, bytes: &[u8], author: &mut Author, log: &mut Log) {
        let read = if log::is_entry(bytes) {
            log.take(bytes, |header, rest| self.take(header, rest, author))
        } else {
            Header::split(bytes).map(|(header, rest)| {
                if header.kind == Kind::Thread {
                    log.clear();
                }
                self.take(&header, rest, author);
            })
        };
        if read.is_none() {
            count(Loss::Unreadable);
        }
    }

    /// Takes a record: its header, and the bytes behind.
    fn take(&mut self, header: &Header, bytes: &[u8], author: &mut Author) {
        let Self {
            joiner,
            sink,
            spans,
        } = self;
        joiner.take(header, bytes, author, spans);
        // Before the spans that end after it, of which one may be its root.
        for trace in joiner.over_budget.drain(..) {
            sink.keep(trace);
        }
        for decided in joiner.decided.drain(..) {
            if sink.wants_edges(decided.accepted) {
                sink.keep(decided.trace);
            }
        }
        #[cfg(feature = "recorder")]
        for clock in joiner.clocks.drain(..) {
            sink.give_clock(clock);
        }
        // The hops of one clock come together.
        if spans.len() >= CHUNK {
            sink.give_all(spans);
        }
    }
}
