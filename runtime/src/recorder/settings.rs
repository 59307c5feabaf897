//! What a recorder is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A recorder: where it writes, and how.
///
/// ```no_run
/// use std::time::Duration;
/// use tickspan::recorder::{Durability, Recorder};
///
/// # fn main() -> Result<(), tickspan::Error> {
/// let recorder = Recorder::new("data/events")
///     .with_file_size(64 << 20)
///     .with_durability(Durability::Interval(Duration::from_secs(1)))
///     .with_max_age(Duration::from_secs(30 * 86_400));
/// let _telemetry = tickspan::builder().with_recorder(recorder).init()?;
/// # Ok(())
/// # }
/// ```
///
/// A path alone is a recorder with the defaults: `with_recorder("data/events")`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a recorder does nothing before it is given to `with_recorder`"]
pub struct Recorder {
    pub(crate) dir: PathBuf,
    pub(crate) form: Form,
    pub(crate) flush_every: Duration,
    pub(crate) file_bytes: u64,
    pub(crate) compression: Compression,
    pub(crate) durability: Durability,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_total_bytes: Option<u64>,
    pub(crate) audit: Option<Duration>,
}

/// What the lines of a recorder are. One that writes both is two: `with_recorder` may be called again, with the same folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Form {
    /// One for each event, in `events.jsonl`: those of [`recorded`](crate::recorded), which the [replay](crate::replay) reads.
    #[default]
    Events,
    /// One for each batch of spans, in `traces.jsonl`: an OTLP `ExportTraceServiceRequest` in JSON, as an OpenTelemetry Collector's `file`
    /// exporter writes it and its `otlpjsonfile` receiver reads it.
    #[cfg(feature = "recorder-otlp")]
    OtlpJson,
}

/// What becomes of a file that is closed, because it is full or its day is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// It stays as it is.
    None,
    /// It becomes a `.jsonl.gz`.
    #[default]
    Gzip,
    /// It becomes a `.jsonl.zst`.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// When lines are safe from a loss of power.
///
/// They are safe from the end of the process, however it ends, as soon as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// When the operating system pleases.
    Never,
    /// So long after they were written, at most: `fsync` at an interval.
    Interval(Duration),
    /// When they are written: `fsync` after each batch, and before anything is acknowledged.
    EachBatch,
}

impl Default for Durability {
    /// An interval of five seconds.
    fn default() -> Self {
        Self::Interval(Duration::from_secs(5))
    }
}

impl Recorder {
    /// Writes into folders of `dir`, which are made where they are missing.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            form: Form::default(),
            flush_every: Duration::from_secs(1),
            file_bytes: 256 << 20,
            compression: Compression::default(),
            durability: Durability::default(),
            max_age: None,
            max_total_bytes: None,
            audit: None,
        }
    }

    /// Sets what the lines are: [`Form::Events`] unless set.
    pub fn with_form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// Sets how long a line waits at most before it is written: 1 s unless set, a day at most. It waits less where there is much to write.
    pub fn with_flush_every(mut self, delay: Duration) -> Self {
        self.flush_every = delay;
        self
    }

    /// Sets after how many bytes a file is closed and the next is begun: 256 MiB unless set. A batch of lines is not
    /// cut, so a file may be longer by one.
    pub fn with_file_size(mut self, bytes: u64) -> Self {
        self.file_bytes = bytes;
        self
    }

    /// Sets what becomes of closed files: [`Compression::Gzip`] unless set. A thread of its own does it.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets when lines are safe from a loss of power: within five seconds unless set.
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Deletes the files of days that ended longer ago. Nothing is deleted unless this or
    /// [`with_max_total_size`](Self::with_max_total_size) is set, and never what the recorder has not written or what is open.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Deletes the oldest closed files while all files together have more bytes.
    pub fn with_max_total_size(mut self, bytes: u64) -> Self {
        self.max_total_bytes = Some(bytes);
        self
    }

    /// Has edges and trade events written while the thread that records them waits, for `deadline` at most:
    /// [`EdgeBreakdown::record`](crate::EdgeBreakdown::record) and [`TradeEvent::record`](crate::TradeEvent::record) return when the line is
    /// written, and tell so.
    ///
    /// With [`Durability::EachBatch`] it waits for `fsync` too. Lines of threads that decide at the same time are written, and made safe,
    /// together. They are kept whether or not their trace is sampled. What cannot be kept is told by
    /// `record`, and counted by [`audited`](super::audited). One recorder of a process can have an audit.
    pub fn with_audit(mut self, deadline: Duration) -> Self {
        self.audit = Some(deadline);
        self
    }

    /// What is wrong with it, as the name of the method, what was given, and what is accepted.
    pub(crate) fn fault(&self) -> Option<(&'static str, String, &'static str)> {
        let seconds = |time: Duration| format!("{time:?}");
        if self.dir.as_os_str().is_empty() {
            return Some(("with_recorder", String::new(), "the path of a folder"));
        }
        if self.flush_every.is_zero() || self.flush_every > LONGEST_DELAY {
            return Some((
                "with_flush_every",
                seconds(self.flush_every),
                "more than nothing, and a day at most",
            ));
        }
        if self.file_bytes < LEAST_FILE {
            return Some((
                "with_file_size",
                self.file_bytes.to_string(),
                "at least 4,096 bytes",
            ));
        }
        if let Some(deadline) = self.audit.filter(|it| it.is_zero() || *it > LONGEST_AUDIT) {
            return Some((
                "with_audit",
                seconds(deadline),
                "a time above zero, a minute at most",
            ));
        }
        if self.audit.is_some() && self.form != Form::Events {
            return Some((
                "with_audit",
                format!("with {:?}", self.form),
                "`Form::Events`, for OTLP has no line for a decision alone",
            ));
        }
        match self.durability {
            Durability::Interval(time) if time.is_zero() => {
                Some(("with_durability", seconds(time), "an interval above zero"))
            }
            _ => None,
        }
    }
}

/// As every delay of an exporter.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// Whoever decides waits that long at most.
const LONGEST_AUDIT: Duration = Duration::from_secs(60);

/// A smaller file would hold little but its first line.
const LEAST_FILE: u64 = 4_096;

impl From<&str> for Recorder {
    fn from(dir: &str) -> Self {
        Self::new(dir)
    }
}

impl From<String> for Recorder {
    fn from(dir: String) -> Self {
        Self::new(dir)
    }
}

impl From<&Path> for Recorder {
    fn from(dir: &Path) -> Self {
        Self::new(dir)
    }
}

impl From<PathBuf> for Recorder {
    fn from(dir: PathBuf) -> Self {
        Self::new(dir)
    }
}
