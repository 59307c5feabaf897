//! What messages and reports call an exporter, and who else sends to the same place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::ledger::Items;

/// The name of an exporter.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(super) text: String,
    /// Where it sends over a network.
    pub(super) place: Option<Arc<Place>>,
}

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self { text, place: None }
    }
}

/// A place to which one exporter or several send: where it cannot be reached, that is said once for all of them.
#[derive(Debug)]
pub(crate) struct Place {
    /// Protocol and address, without the path of a signal.
    text: String,
    /// What is sent there.
    items: Mutex<Vec<Items>>,
    // Relaxed: that two threads say it at once is no harm.
    is_told: AtomicBool,
}

impl Place {
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(super) fn new(text: String) -> Self {
        Self {
            text,
            items: Mutex::default(),
            is_told: AtomicBool::new(false),
        }
    }

    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// Notes that `items` are sent there.
    pub(super) fn note(&self, items: Items) {
        let mut known = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(items);
    }

    /// Whether it is the first to hear that nobody is there.
    pub(super) fn tell(&self) -> bool {
        !self.is_told.swap(true, Ordering::Relaxed)
    }

    /// What does not reach which place, where several are sent there: `spans and metrics`, `OTLP over HTTP at ..`.
    pub(super) fn several(&self) -> Option<(String, &str)> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<_> = items.iter().map(|items| items.word()).collect();
        let (last, others) = words.split_last()?;
        (!others.is_empty()).then(|| (format!("{} and {last}", others.join(", ")), &*self.text))
    }
}
