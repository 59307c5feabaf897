//! The account of one exporter: what it delivered, what it lost, and why.
//!
//! Written by the exporter's own thread and read by the guard. It says the first trouble on stderr,
//! once; it never stops or slows anything.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Level;

use super::deliver::Delivered;
use super::label::{Label, Place};
use crate::console::notice;

/// What an exporter delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    Spans,
    /// The data points of metrics.
    DataPoints,
    #[cfg(feature = "logs")]
    LogRecords,
    /// Latency clocks that were finished.
    #[cfg(feature = "recorder")]
    Clocks,
}

impl Items {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::DataPoints => "metrics",
            #[cfg(feature = "logs")]
            Self::LogRecords => "log records",
            #[cfg(feature = "recorder")]
            Self::Clocks => "latency clocks",
        }
    }
}

/// The running account of one exporter.
#[derive(Debug)]
pub(crate) struct Ledger {
    exporter: String,
    /// Where it sends over a network.
    place: Option<Arc<Place>>,
    items: Items,
    // Relaxed: independent statistics. The guard reads them after the exporter's thread has told
    // that it is done, or else accepts to miss what is still going on.
    exported: AtomicU64,
    failed: AtomicU64,
    /// The first trouble has been said. Relaxed: that two threads say it at once is no harm, and there is one.
    said: AtomicBool,
    /// The first remark about what was taken has been said. Relaxed, as above.
    remarked: AtomicBool,
    last_failure: Mutex<Option<String>>,
    /// Why the last attempt of the batch at hand failed.
    trouble: Mutex<Option<String>>,
}

/// The account of one exporter at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) exporter: String,
    pub(crate) exported: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Option<String>,
}

impl Ledger {
    /// Opens the account of the exporter that messages call `label`.
    pub(crate) fn new(label: Label, items: Items) -> Self {
        if let Some(place) = &label.place {
            place.note(items);
        }
        Self {
            exporter: label.text,
            place: label.place,
            items,
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            said: AtomicBool::new(false),
            remarked: AtomicBool::new(false),
            last_failure: Mutex::new(None),
            trouble: Mutex::new(None),
        }
    }

    pub(crate) fn exporter(&self) -> &str {
        &self.exporter
    }

    pub(crate) fn items(&self) -> Items {
        self.items
    }

    /// Counts a batch that was taken, and what of it the backend rejected.
    pub(crate) fn record_delivered(&self, items: u64, delivered: &Delivered) {
        let rejected = delivered.rejected.min(items);
        self.exported.fetch_add(items - rejected, Ordering::Relaxed);
        if rejected > 0 {
            let remark = match delivered.remark.as_str() {
                "" => "it does not say why",
                remark => remark,
            };
            self.record_failed(
                rejected,
                &format!("the backend rejected {rejected} of {items}: {remark}"),
            );
        } else if !delivered.remark.is_empty() {
            let remark = one_line(&delivered.remark);
            let line = format!(
                "tickspan: a remark of {}: {remark}; this is said once",
                self.exporter
            );
            say_once(&self.remarked, &line);
        }
    }

    /// Counts items that are lost; the first time, says so on stderr.
    pub(crate) fn record_failed(&self, items: u64, reason: &str) {
        self.record_trouble(reason);
        self.failed.fetch_add(items, Ordering::Relaxed);
        *lock(&self.last_failure) = Some(one_line(reason));
    }

    /// Begins the attempts of another batch.
    pub(super) fn begin_batch(&self) {
        *lock(&self.trouble) = None;
    }

    /// A reason, with why the last attempt of the batch at hand failed, which tells more.
    pub(super) fn with_trouble(&self, reason: &str) -> String {
        match &*lock(&self.trouble) {
            Some(trouble) => format!("{reason}; the attempt before: {trouble}"),
            None => reason.to_owned(),
        }
    }

    /// Says on stderr, the first time, that an attempt failed.
    pub(crate) fn record_trouble(&self, reason: &str) {
        *lock(&self.trouble) = Some(one_line(reason));
        say_once(
            &self.said,
            &does_not_reach(self.items.word(), &self.exporter, reason),
        );
    }

    /// Says on stderr, the first time, that nobody answers at the exporter's place: once for all that send there.
    pub(crate) fn record_unreachable(&self, reason: &str) {
        *lock(&self.trouble) = Some(one_line(reason));
        let several = self.place.as_deref().and_then(|place| {
            let (items, text) = place.several()?;
            Some((place, items, text))
        });
        match several {
            None => self.record_trouble(reason),
            Some((place, items, text)) => {
                // Who has said something is silent, and leaves it to the others.
                if !self.said.swap(true, Ordering::Relaxed) && place.tell() {
                    notice(Level::WARN, &does_not_reach(&items, text, reason));
                }
            }
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            exporter: self.exporter.clone(),
            exported: self.exported.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            last_failure: lock(&self.last_failure).clone(),
        }
    }
}

fn say_once(said: &AtomicBool, line: &str) {
    if !said.swap(true, Ordering::Relaxed) {
        notice(Level::WARN, line);
    }
}

/// Nothing panics with the lock held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn does_not_reach(items: &str, place: &str, reason: &str) -> String {
    format!(
        "tickspan: {items} do not reach {place}: {}; the program goes on, the loss is counted, and this is said once",
        one_line(reason)
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, any(feature = "otlp-grpc", feature = "otlp-http")))]
mod tests {
    use super::*;

    fn ledger(place: &Arc<Place>, items: Items) -> Ledger {
        let label = Label {
            text: "OTLP".to_owned(),
            place: Some(Arc::clone(place)),
        };
        Ledger::new(label, items)
    }

    #[test]
    fn who_has_said_something_leaves_it_to_the_others_that_nobody_is_there() {
        let place = Arc::new(Place::new("OTLP".to_owned()));
        let spans = ledger(&place, Items::Spans);
        let _metrics = ledger(&place, Items::DataPoints);
        spans.record_trouble("HTTP status 503");
        spans.record_unreachable("refused");
        assert!(place.tell(), "the metrics will tell it");
    }

    #[test]
    fn a_remark_keeps_no_loss_from_being_said() {
        let spans = Ledger::new("OTLP".to_owned().into(), Items::Spans);
        let delivered = Delivered {
            rejected: 0,
            remark: "the format is old".to_owned(),
        };
        spans.record_delivered(2, &delivered);
        assert!(!spans.said.load(Ordering::Relaxed));
    }
}
