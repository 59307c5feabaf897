//! The exporters of spans, of log records, or of latency clocks. How many were given to them, and what became of each.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::deliver::Deliver;
use super::label::Label;
use super::ledger::{Items, Tally};
use super::metrics::Account;
use super::pipeline::{Flush, Pipeline};
use super::queue::{Batching, Queue};
use super::thread::ExportThread;

/// Exporters that are all given the same.
#[derive(Debug)]
pub(super) struct Pipelines<T> {
    items: Items,
    all: Vec<Pipeline<T>>,
    // Relaxed: a statistic.
    given: Arc<AtomicU64>,
}

impl<T: Clone + Send + 'static> Pipelines<T> {
    pub(super) fn new(items: Items) -> Self {
        Self {
            items,
            all: Vec::new(),
            given: Arc::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds an exporter, called `label` in messages and reports.
    ///
    /// # Errors
    ///
    /// When its thread cannot be started.
    pub(super) fn add<E: Deliver<Vec<T>>>(
        &mut self,
        label: Label,
        exporter: E,
        batching: Batching,
        thread: &ExportThread,
    ) -> io::Result<()> {
        let pipeline = Pipeline::start(exporter, label, self.items, batching, thread)?;
        self.all.push(pipeline);
        Ok(())
    }

    /// What fills the queues of all of them.
    pub(super) fn fill(&self) -> Fill<T> {
        Fill {
            queues: self.all.iter().map(Pipeline::queue).collect(),
            given: Arc::clone(&self.given),
        }
    }

    /// How many items were given, and what became of them.
    pub(super) fn tallies(&self) -> (u64, Vec<Tally>) {
        let tallies = self.all.iter().map(Pipeline::tally).collect();
        (self.given.load(Ordering::Relaxed), tallies)
    }

    /// What metrics tell of them.
    pub(super) fn accounts(&self) -> impl Iterator<Item = Account> {
        self.all.iter().map(Pipeline::account)
    }

    /// Begins to send what is queued, at every exporter.
    pub(super) fn begin_flush(&self) -> Vec<Flush<'_, T>> {
        self.all.iter().map(Pipeline::begin_flush).collect()
    }

    /// Asks every exporter to send what is left, and to end.
    pub(super) fn stop(&self) {
        self.all.iter().for_each(Pipeline::stop);
    }

    /// Whether every exporter has ended by `until`.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let mut ended = true;
        for pipeline in &mut self.all {
            ended &= pipeline.wait(until);
        }
        ended
    }
}

/// Fills queues, on the thread that has something for them: neither waits for an exporter nor for another thread longer than an
/// item takes to be moved.
#[derive(Debug)]
pub(crate) struct Fill<T> {
    queues: Vec<Arc<Queue<T>>>,
    given: Arc<AtomicU64>,
}

impl<T> Default for Fill<T> {
    fn default() -> Self {
        Self {
            queues: Vec::new(),
            given: Arc::default(),
        }
    }
}

impl<T: Clone> Fill<T> {
    /// Whether nobody wants any.
    #[cfg(feature = "recorder")]
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// How many items were given.
    pub(super) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    /// Gives an item to every exporter.
    pub(super) fn give(&self, item: T) {
        self.given.fetch_add(1, Ordering::Relaxed);
        if let Some((last, others)) = self.queues.split_last() {
            for queue in others {
                queue.give(item.clone());
            }
            last.give(item);
        }
    }

    /// Gives items to every exporter. `items` is empty afterwards.
    pub(super) fn give_all(&self, items: &mut Vec<T>) {
        self.given.fetch_add(items.len() as u64, Ordering::Relaxed);
        match self.queues.split_last() {
            None => items.clear(),
            Some((last, others)) => {
                for queue in others {
                    queue.give_all(&mut items.clone());
                }
                last.give_all(items);
            }
        }
    }
}
