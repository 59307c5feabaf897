//! The account of one exporter: what it delivered, what it lost, and why.
//!
//! Written by the exporter's own thread and read by the guard. It says the first failure on stderr,
//! once; it never stops or slows anything.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The running account of one exporter.
#[derive(Debug)]
pub(crate) struct Ledger {
    exporter: String,
    // Relaxed: independent statistics. The guard reads them after the exporter's thread has told
    // that it is done, or else accepts to miss what is still going on.
    exported: AtomicU64,
    failed: AtomicU64,
    last_failure: Mutex<Option<String>>,
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
    /// Opens the account of the exporter that messages call `exporter`.
    pub(crate) fn new(exporter: String) -> Self {
        Self {
            exporter,
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last_failure: Mutex::new(None),
        }
    }

    pub(crate) fn exporter(&self) -> &str {
        &self.exporter
    }

    pub(crate) fn record_exported(&self, spans: u64) {
        self.exported.fetch_add(spans, Ordering::Relaxed);
    }

    /// Counts lost spans; the first time, says so on stderr.
    pub(crate) fn record_failed(&self, spans: u64, reason: &str) {
        self.failed.fetch_add(spans, Ordering::Relaxed);
        let reason = one_line(reason);
        let mut last_failure = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last_failure.is_none() {
            // Not `eprintln!`, which panics when stderr is closed.
            let _ = writeln!(
                io::stderr(),
                "tickspan: spans do not reach {}: {reason}; the program goes on, the loss is counted, \
                 and this is said once",
                self.exporter,
            );
        }
        *last_failure = Some(reason);
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            exporter: self.exporter.clone(),
            exported: self.exported.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            last_failure: self
                .last_failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
