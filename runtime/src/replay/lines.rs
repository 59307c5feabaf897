//! The lines of one file, unpacked: each with its number, none longer than memory allows.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::unpack::{PIECE, open, unpack};
use super::{Fault, LONGEST_LINE};

/// Reads lines.
pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    /// The number of `line`.
    number: u64,
    longest: usize,
}

/// A line, or what is in its place.
pub(super) enum RawLine<'a> {
    /// Without its end; the last of a file may have none.
    Text { text: &'a [u8], ended: bool },
    /// It is too long, and was passed by.
    TooLong,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let file = open(path).map_err(Fault::File)?;
        Ok(Self::new(unpack(file)?, LONGEST_LINE))
    }

    pub(super) fn new(input: impl io::Read + Send + 'static, longest: usize) -> Self {
        Self {
            input: Box::new(BufReader::with_capacity(PIECE, input)),
            line: Vec::new(),
            number: 0,
            longest,
        }
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or unpacked, further.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.line.clear();
        self.number += 1;
        let mut is_too_long = false;
        let mut has_bytes = false;
        let ended = loop {
            let piece = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if piece.is_empty() {
                break false;
            }
            has_bytes = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let part = &piece[..end.unwrap_or(piece.len())];
            is_too_long |= self.line.len() + part.len() > self.longest;
            if !is_too_long {
                self.line.extend_from_slice(part);
            }
            let used = end.map_or(piece.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                break true;
            }
        };
        Ok(match (has_bytes, is_too_long) {
            (false, _) => None,
            (true, true) => {
                // What it took is not kept for the lines that follow.
                self.line = Vec::new();
                Some(RawLine::TooLong)
            }
            (true, false) => Some(RawLine::Text {
                text: &self.line,
                ended,
            }),
        })
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The number of a line, and, unless it is too long, its text and whether it has an end.
    type Numbered = (u64, Option<(Vec<u8>, bool)>);

    fn read(bytes: &'static [u8]) -> Vec<Numbered> {
        let mut lines = Lines::new(Box::new(Cursor::new(bytes)), 8);
        let mut all = Vec::new();
        loop {
            let line = match lines.next().unwrap() {
                None => return all,
                Some(RawLine::TooLong) => None,
                Some(RawLine::Text { text, ended }) => Some((text.to_vec(), ended)),
            };
            all.push((lines.number(), line));
        }
    }

    #[test]
    fn lines_have_their_numbers_and_ends() {
        let line = |text: &str, ended| Some((text.as_bytes().to_vec(), ended));
        assert_eq!(
            read(b"one\n\nthree\nfour"),
            [
                (1, line("one", true)),
                (2, line("", true)),
                (3, line("three", true)),
                (4, line("four", false))
            ]
        );
        assert_eq!(read(b""), []);
    }

    #[test]
    fn too_long_a_line_is_passed_by() {
        let line = |text: &str| Some((text.as_bytes().to_vec(), true));
        assert_eq!(
            read(b"12345678\n123456789\nthen\n"),
            [(1, line("12345678")), (2, None), (3, line("then"))]
        );
    }
}
