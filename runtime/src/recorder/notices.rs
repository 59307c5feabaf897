//! What a recorder says on stderr: each trouble once.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Level;

use crate::console::notice;

/// What may be wrong besides what the exporter's account tells.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// Audited decisions are not kept.
    Auditing,
    /// Decisions are not seen by the audit.
    Filtering,
    /// Lines are written, and not safe.
    Syncing,
    /// Closed files are not looked after.
    Keeping,
}

/// What a recorder has said.
#[derive(Debug)]
pub(super) struct Notices {
    dir: PathBuf,
    /// Relaxed: that two threads say it at once is no harm.
    said: [AtomicBool; 4],
}

impl Notices {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            said: [const { AtomicBool::new(false) }; 4],
        }
    }

    /// Says what is wrong, once.
    pub(super) fn trouble(&self, trouble: Trouble, error: &dyn Display) {
        if self.said[trouble as usize].swap(true, Ordering::Relaxed) {
            return;
        }
        let what = match trouble {
            Trouble::Auditing => "audited decisions are not written in time",
            Trouble::Filtering => "decisions are neither recorded nor audited",
            Trouble::Syncing => "what is recorded may not be safe from a loss of power",
            Trouble::Keeping => "closed files are not packed and deleted",
        };
        self.say(&format!("{what}: {error}; this is said once"));
    }

    /// Says something.
    pub(super) fn say(&self, words: &str) {
        let words = format!("tickspan: recorder in {}: {words}", self.dir.display());
        notice(Level::WARN, &words);
    }
}
