//! The thread that drains the lanes.
//!
//! It reads every lane at least every [`PERIOD`], joins records to spans, counts them, and hands them on. It never
//! runs an exporter's code, takes no lock for longer than a look, and is not traced itself.

use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, io};

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::SpanData;
use rtrb::chunks::ReadChunk;

use super::decode::Author;
use super::join::Joiner;
#[cfg(feature = "recorder")]
use super::latency::FinishedClock;
use crate::record::lane::ends::{self, Lane};
use crate::record::lane::health::{Loss, count};
use crate::record::lane::wire::Header;

/// How long a record lies in its lane at most, while the collector keeps up.
const PERIOD: Duration = Duration::from_millis(5);

/// After so many bytes of a lane the thread that writes it gets the room back.
const BITE: usize = 64 << 10;

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
                    joiner,
                    sink,
                    lanes: Vec::new(),
                    straddling: Vec::new(),
                    spans: Vec::with_capacity(CHUNK),
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

struct Work<S> {
    joiner: Joiner,
    sink: S,
    lanes: Vec<(Lane, Author)>,
    /// A record that lies across the end of its ring, whole.
    straddling: Vec<u8>,
    /// Finished spans that have not been handed on.
    spans: Vec<SpanData>,
}

impl<S: Sink> Work<S> {
    fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let read = self.pass();
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
                self.sink.end();
                ends::give_back(self.lanes.into_iter().map(|(lane, _)| lane));
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
            } else if read < BITE {
                thread::park_timeout(PERIOD);
            }
            // Else a lane may have filled while others were read.
        }
    }

    /// Reads until what threads have counted has come: one that was about to write when telemetry ended gets
    /// some milliseconds to do so.
    fn drain(&mut self) {
        for _ in 0..20 {
            self.pass();
            let totals = ends::totals();
            if self.joiner.ended + totals.lost + self.joiner.waiting() as u64 >= totals.ended {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.pass();
        self.pass();
    }

    /// Reads every lane once. Tells how many bytes there were.
    fn pass(&mut self) -> usize {
        for lane in ends::take_new() {
            self.lanes.push((lane, Author::default()));
        }
        // Before the records: each is younger than the anchor before it.
        let now = SystemTime::now();
        let tick = crate::record::lane::clock().raw();
        self.joiner.anchors().retake(tick, now);
        let mut read = 0;
        for (lane, author) in &mut self.lanes {
            let mut left = lane.records.slots();
            read += left;
            while left > 0 {
                let Ok(chunk) = lane.records.read_chunk(left) else {
                    break;
                };
                let bitten = bite(
                    &chunk,
                    &mut self.straddling,
                    &mut self.joiner,
                    author,
                    &mut self.spans,
                    &mut self.sink,
                );
                chunk.commit(bitten);
                left -= bitten;
            }
        }
        self.joiner.end_pass(&mut self.spans);
        self.sink.give_all(&mut self.spans);
        read
    }
}

/// Reads records until a bite is full. Tells how many bytes that was.
fn bite(
    chunk: &ReadChunk<'_, u8>,
    straddling: &mut Vec<u8>,
    joiner: &mut Joiner,
    author: &mut Author,
    spans: &mut Vec<SpanData>,
    sink: &mut impl Sink,
) -> usize {
    let (first, second) = chunk.as_slices();
    let all = chunk.len();
    let mut at = 0;
    while at < all && at < BITE {
        let Some(len) = length(first, second, at) else {
            // Cannot happen: threads write whole records. What follows cannot be told apart.
            count(Loss::Unreadable);
            return all;
        };
        let record = match first.get(at..at + len) {
            Some(record) => record,
            None if at >= first.len() => &second[at - first.len()..at - first.len() + len],
            None => {
                straddling.clear();
                straddling.extend_from_slice(&first[at..]);
                straddling.extend_from_slice(&second[..at + len - first.len()]);
                &straddling[..]
            }
        };
        match Header::read(record) {
            Some((header, _)) => {
                joiner.take(&header, record, author, spans);
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
            None => count(Loss::Unreadable),
        }
        at += len;
    }
    at
}

/// The bytes of the record at `at`, if it is one that ends where it should.
fn length(first: &[u8], second: &[u8], at: usize) -> Option<usize> {
    let mut length = [0; 4];
    for (place, byte) in (at..).zip(&mut length) {
        *byte = *first
            .get(place)
            .or_else(|| second.get(place.checked_sub(first.len())?))?;
    }
    let length = u32::from_le_bytes(length) as usize;
    (length > 0 && at + length <= first.len() + second.len()).then_some(length)
}
