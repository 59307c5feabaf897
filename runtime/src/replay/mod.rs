//! Reads recordings back: in the order of time, across files, days and processes.
//!
//! ```no_run
//! use tickspan::recorded::Data;
//! use tickspan::replay::Replay;
//!
//! let mut accepted = 0;
//! for event in Replay::open("data/events")?.event_types(["edge"]) {
//!     match event {
//!         Ok(event) => match &event.line.data {
//!             Data::Edge(edge) if edge.is_accepted() => accepted += 1,
//!             _ => {}
//!         },
//!         // Where and why; the replay goes on behind it.
//!         Err(damage) => eprintln!("{damage}"),
//!     }
//! }
//! println!("{accepted} edges were taken");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Order
//!
//! Events come in the order of their time. A file holds them nearly in that order: a decision is written when its span has
//! ended, unless it is audited. So events are held back until the files have been read for a [window](Replay::with_window) beyond them. What comes
//! later than that is given at once, and counted by [`Events::late`].
//!
//! # Memory
//!
//! At most 65,536 events, or 64 MiB of lines, are held back, whatever the window; a line has at most 32 MiB. Of a day's files only those that
//! were written at the same time are open.

mod damage;
mod files;
mod lines;
mod merge;
mod pace;
mod source;
mod stream;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::TraceId;

use crate::recorded::{Line, Recording};
pub use damage::{Damage, Fault, Place};
use files::Files;
use merge::Merge;
use pace::Pace;
pub use pace::{Clock, ReplayClock, Speed, SystemClock};
use source::Source;
pub use stream::EventStream;
pub use unpack::{open, unpack};

/// How many bytes a line has at most: 32 MiB. A span at the limits of OpenTelemetry, with each text at the limit of a lane, is
/// shorter.
pub const LONGEST_LINE: usize = 32 << 20;

/// A recording to be replayed: what of it, and how fast. Iterate over it, or [`stream`](Self::stream) it.
#[derive(Debug)]
#[must_use = "a replay does nothing before it is iterated over"]
pub struct Replay {
    files: Files,
    /// What was open already.
    open: Vec<Source>,
    wanted: Wanted,
    window: Duration,
    pace: Pace,
}

/// What of a recording is wanted.
#[derive(Clone, Debug, Default)]
struct Wanted {
    from: Option<SystemTime>,
    until: Option<SystemTime>,
    event_types: Option<Vec<String>>,
    trace: Option<TraceId>,
}

impl Wanted {
    fn is(&self, event_type: &str, time: SystemTime, trace: Option<TraceId>) -> bool {
        self.from.is_none_or(|from| time >= from)
            && self.until.is_none_or(|until| time < until)
            && self.trace.is_none_or(|wanted| trace == Some(wanted))
            && self
                .event_types
                .as_ref()
                .is_none_or(|types| types.iter().any(|wanted| wanted == event_type))
    }
}

/// An event of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What was recorded.
    pub line: Line<'static>,
    /// Who recorded it; unknown where the file does not begin as the recorder begins it.
    pub recording: Option<Arc<Recording<'static>>>,
    /// Where it stands.
    pub place: Place,
}

impl Replay {
    /// Opens a recording: the folder that was given to the recorder, the folder of a day, or one file of any name.
    ///
    /// Of a folder, only files that are named as the recorder names them are read. Files that begin to be written later are not seen.
    ///
    /// # Errors
    ///
    /// When the folder or the file is not there or cannot be read, or the file is named as one of OTLP lines.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Files::of(path.as_ref()).map(|files| Self::of(files, Vec::new()))
    }

    /// Opens several recordings, and merges their events. All their files are looked at first, to see when they begin. A file that is
    /// named more than once, also as it was before it was packed, is read once.
    ///
    /// # Errors
    ///
    /// When one is not there or cannot be read.
    pub fn open_all<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> io::Result<Self> {
        let paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        Files::of_all(&paths).map(|files| Self::of(files, Vec::new()))
    }

    /// Reads what is open already, such as standard input; packed or not. Events and damage tell `name` as their file.
    ///
    /// ```
    /// use tickspan::replay::Replay;
    ///
    /// let events = Replay::read("nothing", std::io::empty());
    /// assert_eq!(events.into_iter().count(), 0);
    /// ```
    pub fn read(name: impl Into<PathBuf>, input: impl io::Read + Send + 'static) -> Self {
        Self::of(Files::default(), vec![Source::read(name.into(), input)])
    }

    fn of(files: Files, open: Vec<Source>) -> Self {
        Self {
            files,
            open,
            wanted: Wanted::default(),
            window: Duration::from_secs(5),
            pace: Pace::default(),
        }
    }

    /// Leaves out what happened before.
    pub fn from(mut self, time: SystemTime) -> Self {
        self.wanted.from = Some(time);
        self
    }

    /// Leaves out what happened then or later.
    pub fn until(mut self, time: SystemTime) -> Self {
        self.wanted.until = Some(time);
        self
    }

    /// Leaves out all but these: `span`, `latency`, `edge`, `trade`, or what a later version writes.
    pub fn event_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.wanted.event_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Leaves out all but one trace.
    pub fn trace(mut self, trace: TraceId) -> Self {
        self.wanted.trace = Some(trace);
        self
    }

    /// Sets how fast it goes: [`Speed::FULL`] unless set.
    pub fn with_speed(mut self, speed: Speed) -> Self {
        self.pace.speed = speed;
        self
    }

    /// Sets by which clock it waits: [`SystemClock`] unless set. A test gives its own.
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.pace.clock = Box::new(clock);
        self
    }

    /// Sets how much later than it happened an event may stand in its file and still come in its order: 5 s unless set.
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// The files that it reads, in the order in which they were written, for whoever reads them otherwise. Days that end before
    /// [`from`](Self::from) are left out.
    pub fn files(mut self) -> Vec<PathBuf> {
        if let Some(from) = self.wanted.from {
            self.files.skip_before(from);
        }
        self.files.rest()
    }

    /// The time of the recording, for code that asks what time it is.
    pub fn clock(&self) -> ReplayClock {
        self.pace.time.clone()
    }

    /// Replays on a thread of its own, for asynchronous code: any runtime will do.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub fn stream(self) -> io::Result<EventStream> {
        EventStream::start(self.into_iter())
    }
}

impl IntoIterator for Replay {
    type Item = Result<Event, Damage>;
    type IntoIter = Events;

    fn into_iter(self) -> Events {
        Events {
            merge: Merge::new(self.files, self.open, self.wanted, self.window),
            pace: self.pace,
        }
    }
}

/// The events of a [`Replay`], in the order of their time, and what is damaged.
///
/// With a speed other than [`Speed::FULL`], `next` waits until an event is due.
#[derive(Debug)]
pub struct Events {
    merge: Merge,
    pace: Pace,
}

impl Events {
    /// How many events came too late for their order, until now.
    pub fn late(&self) -> u64 {
        self.merge.late()
    }

    /// The next, unless nobody wants it any more.
    fn next_while(&mut self, is_wanted: &dyn Fn() -> bool) -> Option<Result<Event, Damage>> {
        let next = self.merge.next_while(is_wanted)?;
        if let Ok(event) = &next {
            if !self.pace.wait(event.line.timestamp, is_wanted) {
                return None;
            }
        }
        Some(next)
    }
}

impl Iterator for Events {
    type Item = Result<Event, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_while(&|| true)
    }
}
