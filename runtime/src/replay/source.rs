//! The events of one file, in the order in which they stand there.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::lines::{Lines, RawLine};
use super::unpack::unpack;
use super::{Damage, Event, Fault, LONGEST_LINE, Place, Wanted};
use crate::recorded::{Data, Line, Recording};

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Source {
    file: Arc<PathBuf>,
    /// Taken when the file has come to its end.
    lines: Option<Lines>,
    recording: Option<Arc<Recording<'static>>>,
    /// Lines of another version are passed by.
    is_foreign: bool,
    /// Why it cannot be opened.
    fault: Option<Fault>,
    /// The latest time that was read.
    latest: SystemTime,
}

/// An event, and how many bytes its line has.
pub(super) type Read = Result<(Event, usize), Damage>;

impl Source {
    pub(super) fn open(path: PathBuf) -> Self {
        let lines = Lines::open(&path);
        Self::of(path, lines)
    }

    /// What somebody else has opened.
    pub(super) fn read(name: PathBuf, input: impl io::Read + Send + 'static) -> Self {
        Self::of(
            name,
            unpack(input).map(|unpacked| Lines::new(unpacked, LONGEST_LINE)),
        )
    }

    fn of(path: PathBuf, lines: Result<Lines, Fault>) -> Self {
        let (lines, fault) = match lines {
            Ok(lines) => (Some(lines), None),
            Err(fault) => (None, Some(fault)),
        };
        Self {
            file: Arc::new(path),
            lines,
            recording: None,
            is_foreign: false,
            fault,
            latest: SystemTime::UNIX_EPOCH,
        }
    }

    /// The latest time that was read.
    pub(super) fn latest(&self) -> SystemTime {
        self.latest
    }

    /// The first time in a file; none where nothing in it can be read, or where it can be read only once.
    pub(super) fn first_time(path: PathBuf) -> Option<SystemTime> {
        if path.metadata().is_ok_and(|it| !it.is_file()) {
            return None;
        }
        let mut source = Self::open(path);
        let mut time = None;
        while time.is_none() {
            source.step(|_, at, _| {
                time = Some(at);
                false
            })?;
        }
        time
    }

    /// The next event that is wanted, or damage. `None` at the end, and when nobody wants any more.
    pub(super) fn next_while(
        &mut self,
        wanted: &Wanted,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<Read> {
        while is_wanted() {
            let step = self.step(|event_type, time, trace| wanted.is(event_type, time, trace));
            if let Some(read) = step? {
                return Some(read);
            }
        }
        None
    }

    /// Reads a line: `None` at the end, `Some(None)` where nothing came of it.
    #[expect(clippy::option_option, reason = "an end and nothing are two things")]
    fn step(
        &mut self,
        is_wanted: impl FnOnce(&str, SystemTime, Option<opentelemetry::trace::TraceId>) -> bool,
    ) -> Option<Option<Read>> {
        if let Some(fault) = self.fault.take() {
            return Some(Some(Err(damage(&self.file, 1, fault))));
        }
        let lines = self.lines.as_mut()?;
        let raw = lines.next();
        let (text, ended) = match raw {
            Ok(Some(RawLine::Text { text, ended })) => (text, ended),
            Ok(Some(RawLine::TooLong)) => {
                return Some(Some(Err(damage(
                    &self.file,
                    lines.number(),
                    Fault::TooLong,
                ))));
            }
            Ok(None) => {
                self.lines = None;
                return None;
            }
            Err(error) => {
                let number = lines.number();
                self.lines = None;
                return Some(Some(Err(damage(&self.file, number, Fault::File(error)))));
            }
        };
        if text.is_empty() || (self.is_foreign && !is_recording(text)) {
            return Some(None);
        }
        let len = text.len();
        let mut latest = self.latest;
        let read = match std::str::from_utf8(text) {
            Err(_) if ended => Err(Fault::NotText),
            Err(_) => Err(Fault::Torn),
            Ok(text) => Line::from_json_if(text, |event_type, time, trace| {
                // It is written with the first events, and after them in time.
                if event_type == RECORDING {
                    return true;
                }
                latest = latest.max(time);
                is_wanted(event_type, time, trace)
            })
            .map_err(|error| {
                if ended {
                    Fault::Unreadable(error)
                } else {
                    Fault::Torn
                }
            }),
        };
        let number = lines.number();
        self.latest = latest;
        Some(match read {
            Err(fault) => Some(Err(damage(&self.file, number, fault))),
            Ok(None) => None,
            Ok(Some(Line {
                data: Data::Recording(recording),
                ..
            })) => self.begin(recording, number).map(Err),
            Ok(Some(line)) => Some(Ok((
                Event {
                    line,
                    recording: self.recording.clone(),
                    place: Place {
                        file: Arc::clone(&self.file),
                        line: number,
                    },
                },
                len,
            ))),
        })
    }

    /// Notes who wrote the lines that follow.
    fn begin(&mut self, recording: Recording<'static>, number: u64) -> Option<Damage> {
        self.is_foreign = !recording.is_supported();
        let version = self
            .is_foreign
            .then(|| Fault::Version(recording.schema_version.clone().into_owned()));
        self.recording = Some(Arc::new(recording));
        version.map(|fault| damage(&self.file, number, fault))
    }
}

const RECORDING: &str = "recording";

/// Whether a line of any version begins a recording: that is the same in all of them.
fn is_recording(line: &[u8]) -> bool {
    line.starts_with(br#"{"event_type":"recording""#)
}

fn damage(file: &Arc<PathBuf>, line: u64, fault: Fault) -> Damage {
    Damage {
        place: Place {
            file: Arc::clone(file),
            line,
        },
        fault,
    }
}
