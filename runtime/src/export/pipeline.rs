//! One exporter: its queue, its thread, its supervision, its account.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use futures_executor::block_on;
use opentelemetry_sdk::trace::SpanData;

use super::deliver::Deliver;
use super::label::Label;
use super::ledger::{Items, Ledger, Tally};
use super::metrics::Account;
use super::queue::{Batching, Queue};
use super::quiet;
use super::supervised::Supervised;
use super::thread::ExportThread;
use crate::collect::stock;
use crate::threads::join_by;

#[derive(Debug)]
pub(crate) struct Pipeline<T = SpanData> {
    queue: Arc<Queue<T>>,
    ledger: Arc<Ledger>,
    /// Taken when it has been joined.
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Pipeline<T> {
    /// Puts `exporter` to work; messages and reports call it `label`.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(super) fn start<E: Deliver<Vec<T>>>(
        exporter: E,
        label: Label,
        items: Items,
        batching: Batching,
        thread: &ExportThread,
    ) -> io::Result<Self> {
        let ledger = Arc::new(Ledger::new(label, items));
        let queue = Arc::new(Queue::new(batching));
        let supervised = Supervised {
            exporter,
            runtime: thread.handle().clone(),
            ledger: Arc::clone(&ledger),
            given_up: thread.given_up(),
            timeout: queue.batching().export_timeout,
        };
        let serve = Arc::clone(&queue);
        let thread = thread::Builder::new()
            .name("tickspan-send".to_owned())
            .spawn(move || run(supervised, &serve, items))?;
        Ok(Self {
            queue,
            ledger,
            thread: Some(thread),
        })
    }

    /// Where finished spans are put.
    pub(crate) fn queue(&self) -> Arc<Queue<T>> {
        Arc::clone(&self.queue)
    }

    /// What metrics tell of it.
    pub(super) fn account(&self) -> Account {
        let queue = Arc::clone(&self.queue);
        Account {
            ledger: Arc::clone(&self.ledger),
            fill: Box::new(move || queue.fill()),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Begins to send what is queued.
    pub(super) fn begin_flush(&self) -> Flush<'_, T> {
        Flush {
            pipeline: self,
            failed_before: self.ledger.tally().failed,
            spans: self.queue.begin_flush(),
        }
    }

    /// Begins to send what is queued, and to end the exporter.
    pub(super) fn stop(&self) {
        self.queue.stop();
    }

    /// Whether the exporter has ended by `until`.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let ended = self.queue.wait_for_end(until);
        if let Some(thread) = self.thread.take_if(|_| ended) {
            // It has nothing left to do but to end.
            join_by(thread, until);
        }
        ended
    }
}

/// What the thread of an exporter does.
fn run<T, E: Deliver<Vec<T>>>(exporter: Supervised<E>, queue: &Queue<T>, items: Items) {
    let _quiet = quiet::enter();
    while let Some(batch) = queue.next_batch() {
        let spans = batch.len();
        block_on(exporter.deliver(spans as u64, batch));
        queue.batch_done(spans);
        if items == Items::Spans {
            stock::refill();
        }
    }
    exporter.end::<Vec<T>>();
    queue.end();
}

/// A flush that goes on.
#[derive(Debug)]
pub(super) struct Flush<'a, T> {
    pipeline: &'a Pipeline<T>,
    failed_before: u64,
    spans: u64,
}

impl<T: Send + 'static> Flush<'_, T> {
    /// Waits for everything to be dealt with. False where that did not happen by `until`.
    pub(super) fn is_through(&self, until: Instant) -> bool {
        self.pipeline.queue.wait_for(self.spans, until)
    }

    /// Waits for everything to be sent.
    ///
    /// # Errors
    ///
    /// When spans failed meanwhile, or the deadline passed.
    pub(super) fn wait(self, until: Instant) -> Result<(), FlushFailure> {
        let done = self.is_through(until);
        let ledger = &self.pipeline.ledger;
        FlushFailure::check(ledger, ledger.items().word(), self.failed_before, done)
    }
}

/// Why a flush did not deliver everything.
#[derive(Debug)]
pub(crate) struct FlushFailure {
    pub(crate) exporter: String,
    pub(crate) items: Items,
    pub(crate) reason: String,
}

impl FlushFailure {
    /// What came of a flush that was `done`, or else met its deadline. `failed_before` of what is called `items` had failed
    /// when it began.
    pub(super) fn check(
        ledger: &Ledger,
        items: &str,
        failed_before: u64,
        done: bool,
    ) -> Result<(), Self> {
        let tally = ledger.tally();
        let failed = tally.failed - failed_before;
        let reason = if !done {
            ledger.with_trouble("the deadline passed")
        } else if failed > 0 {
            let last_failure = tally.last_failure.unwrap_or_default();
            format!("{failed} {items} failed: {last_failure}")
        } else {
            return Ok(());
        };
        Err(Self {
            exporter: tally.exporter,
            items: ledger.items(),
            reason,
        })
    }
}
