//! Pieces of whole lines, of one file after the other.
//!
//! Whoever asks for a piece reads it, and nobody else reads meanwhile: so only what must be done in order is done here.

use std::io::{self, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use memchr::memmem::Finder;
use tickspan::recorded::{Data, Line, Recording};
use tickspan::replay::{Damage, Fault, LONGEST_LINE, Place, open, unpack};

use super::Found;
use crate::input::{STANDARD_INPUT, Source};
use crate::progress::Progress;

/// How many bytes a piece has, unless a line is longer. It fits into the cache of a core.
const PIECE: usize = 512 << 10;

/// Of a line that begins a recording, in every version; no text in a line holds it, because quotes in texts are escaped.
const BEGINS: &str = r#"{"event_type":"recording""#;

/// Whole lines of one file.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) file: Arc<PathBuf>,
    /// Which of the files it is.
    pub(super) file_number: usize,
    pub(super) bytes: Vec<u8>,
    /// What of it is of a version that can be read.
    pub(super) parts: Vec<Part>,
}

/// Lines that follow each other.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) bytes: Range<usize>,
    pub(super) first_line: u64,
    /// What the line said that begins the recording in which they stand.
    pub(super) recording: Option<Arc<Recording<'static>>>,
}

/// What has not been read.
pub(super) struct Pieces<'a> {
    sources: std::vec::IntoIter<Source>,
    progress: &'a Progress,
    begins: Finder<'static>,
    open: Option<Open>,
    file_number: usize,
    /// What is wrong with files, and with lines that are in no piece.
    pub(super) found: Found,
}

/// A file that is being read.
struct Open {
    file: Arc<PathBuf>,
    input: Box<dyn Read + Send>,
    /// The beginning of a line that has not been read to its end.
    rest: Vec<u8>,
    /// The number of the next line.
    line: u64,
    /// Lines of another version are passed by.
    is_foreign: bool,
    /// Who wrote the next line.
    recording: Option<Arc<Recording<'static>>>,
    /// Why it cannot be read further.
    error: Option<io::Error>,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(sources: Vec<Source>, progress: &'a Progress) -> Self {
        Self {
            sources: sources.into_iter(),
            progress,
            begins: Finder::new(BEGINS),
            open: None,
            file_number: 0,
            found: Found::default(),
        }
    }

    /// Reads the next piece. False at the end of all files.
    pub(super) fn next(&mut self, piece: &mut Piece) -> bool {
        loop {
            if self.open.is_none() && !self.open_next() {
                return false;
            }
            let Some(mut open) = self.open.take() else {
                continue;
            };
            match open.fill(&mut piece.bytes) {
                Filled::Lines => {
                    piece.file.clone_from(&open.file);
                    piece.file_number = self.file_number;
                    self.divide(&mut open, piece);
                    self.open = Some(open);
                    return true;
                }
                Filled::TooLong => {
                    self.note(&open.file, open.line, Fault::TooLong);
                    open.line += 1;
                    self.open = Some(open);
                }
                Filled::Nothing => {
                    if let Some(error) = open.error {
                        self.note(&open.file, open.line, Fault::File(error));
                    }
                }
            }
        }
    }

    /// Opens the next file that can be opened. False where there is none.
    fn open_next(&mut self) -> bool {
        for source in self.sources.by_ref() {
            self.file_number += 1;
            let (file, input) = match source {
                Source::StandardInput => (
                    PathBuf::from(STANDARD_INPUT),
                    unpack(self.progress.meter(io::stdin())),
                ),
                Source::Kept(kept) => {
                    let input = kept.reader().map_err(Fault::File);
                    let input = input.and_then(|file| unpack(self.progress.meter(file)));
                    (kept.name.clone(), input)
                }
                Source::File(path) => {
                    let input = open(&path).map_err(Fault::File);
                    let input = input.and_then(|file| unpack(self.progress.meter(file)));
                    (path, input)
                }
            };
            let file = Arc::new(file);
            match input {
                Ok(input) => {
                    self.open = Some(Open {
                        file,
                        input,
                        rest: Vec::new(),
                        line: 1,
                        is_foreign: false,
                        recording: None,
                        error: None,
                    });
                    return true;
                }
                Err(fault) => self.found.note(
                    self.file_number,
                    Damage {
                        place: Place { file, line: 1 },
                        fault,
                    },
                ),
            }
        }
        false
    }

    /// Finds the lines that can be read, and their numbers.
    fn divide(&mut self, open: &mut Open, piece: &mut Piece) {
        piece.parts.clear();
        let (mut start, mut at) = (0, 0);
        let part = |range: Range<usize>, open: &mut Open, parts: &mut Vec<Part>| {
            let first_line = open.line;
            let bytes = &piece.bytes[range.clone()];
            open.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
            if !open.is_foreign && !range.is_empty() {
                parts.push(Part {
                    bytes: range,
                    first_line,
                    recording: open.recording.clone(),
                });
            }
        };
        while let Some(place) = self.begins.find(&piece.bytes[at..]) {
            let begin = at + place;
            at = begin + BEGINS.len();
            if begin > 0 && piece.bytes[begin - 1] != b'\n' {
                continue;
            }
            part(start..begin, open, &mut piece.parts);
            start = begin;
            let end = memchr::memchr(b'\n', &piece.bytes[at..]).map(|it| at + it);
            let line = &piece.bytes[begin..end.unwrap_or(piece.bytes.len())];
            open.recording = recording(line).map(Arc::new);
            open.is_foreign = open.recording.as_ref().is_some_and(|it| !it.is_supported());
            if let (true, Some(recording)) = (open.is_foreign, &open.recording) {
                self.found.note(
                    self.file_number,
                    Damage {
                        place: Place {
                            file: Arc::clone(&open.file),
                            line: open.line,
                        },
                        fault: Fault::Version(recording.schema_version.clone().into_owned()),
                    },
                );
            }
        }
        part(start..piece.bytes.len(), open, &mut piece.parts);
    }

    fn note(&mut self, file: &Arc<PathBuf>, line: u64, fault: Fault) {
        let place = Place {
            file: Arc::clone(file),
            line,
        };
        self.found.note(self.file_number, Damage { place, fault });
    }
}

/// What a line begins.
fn recording(line: &[u8]) -> Option<Recording<'static>> {
    let line = std::str::from_utf8(line).ok()?;
    match Line::from_json(line).ok()?.data {
        Data::Recording(recording) => Some(recording),
        _ => None,
    }
}

enum Filled {
    /// Whole lines; the last of a file may have no end.
    Lines,
    /// A line that is too long was passed by.
    TooLong,
    /// The file is at its end.
    Nothing,
}

impl Open {
    /// Reads lines into `bytes`, instead of what was there.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> Filled {
        std::mem::swap(bytes, &mut self.rest);
        self.rest.clear();
        // Where no end of a line has been looked for.
        let mut new = 0;
        loop {
            let is_at_end = self.read(bytes) == 0;
            if let Some(place) = memchr::memrchr(b'\n', &bytes[new..]) {
                let end = new + place + 1;
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                return Filled::Lines;
            }
            new = bytes.len();
            if is_at_end {
                // What is cut off with the file is told of the file.
                let is_over = bytes.is_empty() || self.error.is_some();
                return if is_over {
                    Filled::Nothing
                } else {
                    Filled::Lines
                };
            }
            if bytes.len() > LONGEST_LINE {
                self.pass_line(bytes);
                return Filled::TooLong;
            }
        }
    }

    /// Reads until there is a piece more, or the end. How much was read.
    fn read(&mut self, bytes: &mut Vec<u8>) -> usize {
        let begin = bytes.len();
        if self.error.is_none() {
            let piece = (&mut self.input).take(PIECE as u64).read_to_end(bytes);
            self.error = piece.err();
        }
        bytes.len() - begin
    }

    /// Reads to the end of a line without keeping it.
    fn pass_line(&mut self, bytes: &mut Vec<u8>) {
        loop {
            bytes.clear();
            if self.read(bytes) == 0 {
                return;
            }
            if let Some(end) = memchr::memchr(b'\n', bytes) {
                self.rest.extend_from_slice(&bytes[end + 1..]);
                return;
            }
        }
    }
}
