//! The bounded queue before one exporter, of spans or of log records.
//!
//! Whoever makes spans puts them in, by the batch or one by one, and never waits: a full queue drops and counts.
//! The exporter's thread takes them out by the batch: a full one at once, one that is not full after the delay. The
//! lock is held for as long as it takes to move a span, or a vector.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::SpanData;

/// How many spans a queue holds, and how they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batching {
    /// Spans beyond this many are dropped.
    pub(crate) queue_spans: usize,
    pub(crate) batch_spans: usize,
    /// How long a span waits for its batch to become full.
    pub(crate) delay: Duration,
    /// An export that takes longer is given up, and its spans count as failed.
    pub(crate) export_timeout: Duration,
}

#[derive(Debug)]
pub(crate) struct Queue<T = SpanData> {
    batching: Batching,
    state: Mutex<State<T>>,
    /// There is a batch, or something was asked for.
    filled: Condvar,
    /// A batch has been dealt with, or the exporter has ended.
    emptied: Condvar,
}

#[derive(Debug)]
struct State<T> {
    full: VecDeque<Vec<T>>,
    filling: Vec<T>,
    /// When the first of `filling` came.
    since: Option<Instant>,
    /// Spans in `full` and `filling`.
    queued: usize,
    /// Spans that were taken in, and spans that were dealt with.
    taken: u64,
    done: u64,
    /// Spans that found the queue full.
    dropped: u64,
    stopping: bool,
    ended: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(batching: Batching) -> Self {
        Self {
            batching,
            state: Mutex::new(State::default()),
            filled: Condvar::new(),
            emptied: Condvar::new(),
        }
    }

    pub(super) fn batching(&self) -> &Batching {
        &self.batching
    }

    /// Takes a span, or drops it.
    pub(crate) fn give(&self, span: T) {
        let mut state = self.lock();
        if state.is_full(&self.batching) {
            state.dropped += 1;
            // After the lock: it may own much.
            drop(state);
            drop(span);
            return;
        }
        // The delay of its batch begins, and whoever waits for batches does not know of it.
        let is_first = state.since.is_none();
        state.append_one(span);
        let is_full = state.filling.len() >= self.batching.batch_spans;
        if is_full {
            state.close_batch(self.batching.batch_spans);
        }
        drop(state);
        if is_first || is_full {
            self.filled.notify_one();
        }
    }

    /// Takes spans, or drops those that do not fit. `spans` is empty afterwards.
    pub(crate) fn give_all(&self, spans: &mut Vec<T>) {
        if spans.is_empty() {
            return;
        }
        let batch_spans = self.batching.batch_spans;
        let mut state = self.lock();
        let fits = state.room(spans.len(), &self.batching);
        let beyond = spans.split_off(fits);
        state.dropped += beyond.len() as u64;
        state.queued += spans.len();
        state.taken += spans.len() as u64;
        if spans.len() == batch_spans {
            // A whole batch passes the one that is being filled: nothing is copied.
            let batch = core::mem::replace(spans, Vec::with_capacity(batch_spans));
            state.full.push_back(batch);
        } else if !spans.is_empty() {
            state.since.get_or_insert_with(Instant::now);
            state.filling.append(spans);
            while state.filling.len() >= batch_spans {
                let rest = state.filling.split_off(batch_spans);
                state.close_batch(0);
                if !rest.is_empty() {
                    state.since = Some(Instant::now());
                }
                state.filling = rest;
            }
        }
        drop(state);
        self.filled.notify_one();
        // After the lock: it may own much.
        drop(beyond);
    }

    /// How many spans are in the queue, and how many found it full.
    pub(super) fn fill(&self) -> (u64, u64) {
        let state = self.lock();
        (state.queued as u64, state.dropped)
    }

    /// Waits for the next batch. Nothing when the queue is stopped and empty.
    pub(super) fn next_batch(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.full.pop_front() {
                state.queued -= batch.len();
                return Some(batch);
            }
            let wait = match state.since {
                None if state.stopping => return None,
                None => None,
                Some(since) => {
                    Some((since + self.batching.delay).saturating_duration_since(Instant::now()))
                }
            };
            if state.stopping || wait.is_some_and(|wait| wait.is_zero()) {
                state.close_batch(0);
                continue;
            }
            state = match wait {
                None => self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(wait) => {
                    self.filled
                        .wait_timeout(state, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    /// Is told that spans of [`next_batch`](Self::next_batch) have been exported, or have failed.
    pub(super) fn batch_done(&self, spans: usize) {
        self.lock().done += spans as u64;
        self.emptied.notify_all();
    }

    /// Is told that the exporter has ended.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.emptied.notify_all();
    }

    /// Begins to send everything that is in the queue now, and tells how many spans that makes in all.
    pub(super) fn begin_flush(&self) -> u64 {
        let mut state = self.lock();
        state.close_batch(0);
        self.filled.notify_one();
        state.taken
    }

    /// Waits until so many spans have been dealt with. False where that did not happen by `until`.
    pub(super) fn wait_for(&self, spans: u64, until: Instant) -> bool {
        self.wait(self.lock(), until, |state| state.done >= spans)
    }

    /// Begins to send what is left, after which the exporter ends.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.filled.notify_one();
    }

    /// Waits for the exporter to end. False where that did not happen by `until`.
    pub(super) fn wait_for_end(&self, until: Instant) -> bool {
        self.wait(self.lock(), until, |state| state.ended)
    }

    fn wait(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        until: Instant,
        reached: impl Fn(&State<T>) -> bool,
    ) -> bool {
        while !reached(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                return reached(&state);
            }
            state = self
                .emptied
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Nothing panics with the lock held.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self {
            full: VecDeque::new(),
            filling: Vec::new(),
            since: None,
            queued: 0,
            taken: 0,
            done: 0,
            dropped: 0,
            stopping: false,
            ended: false,
        }
    }
}

impl<T> State<T> {
    /// How many of so many spans fit. The others are dropped: the report counts what was given and not dealt with.
    fn room(&self, spans: usize, batching: &Batching) -> usize {
        if self.stopping {
            return 0;
        }
        spans.min(batching.queue_spans.saturating_sub(self.queued))
    }

    fn is_full(&self, batching: &Batching) -> bool {
        self.room(1, batching) == 0
    }

    fn append_one(&mut self, span: T) {
        self.queued += 1;
        self.taken += 1;
        self.since.get_or_insert_with(Instant::now);
        self.filling.push(span);
    }

    /// Closes the batch that is being filled, and begins one with this capacity.
    fn close_batch(&mut self, capacity: usize) {
        if self.filling.is_empty() {
            return;
        }
        let batch = core::mem::replace(&mut self.filling, Vec::with_capacity(capacity));
        self.full.push_back(batch);
        self.since = None;
    }
}
