//! Where rows come from: a file in the LOBSTER format, read as it is needed, or the generator.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, Terminator, Trim};

use crate::generate::Generator;
use crate::line_limit::LineLimit;
use crate::lobster;

/// One row as it arrived: nobody has looked at its columns yet.
#[derive(Debug, Default)]
pub struct Row {
    line: u64,
    columns: ByteRecord,
}

impl Row {
    /// The line of the feed it stands on, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Its columns, any number of any bytes.
    pub fn columns(&self) -> &ByteRecord {
        &self.columns
    }
}

/// A sequence of rows, one in memory at a time.
#[derive(Debug)]
pub struct Feed {
    source: Source,
    length: Option<u64>,
}

#[derive(Debug)]
enum Source {
    File { path: PathBuf, rows: Rows<File> },
    Generated { generator: Generator, made: u64 },
}

impl Feed {
    /// Opens the file at `path` and reads its first row.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or its first bytes cannot be read.
    pub fn open(path: &Path) -> Result<Self, FeedError> {
        let cannot_open = |source| FeedError {
            operation: "open",
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(cannot_open)?;
        let length = file.metadata().map_err(cannot_open)?.len();
        let rows = Rows::of(file).map_err(cannot_open)?;
        Ok(Self {
            source: Source::File {
                path: path.to_owned(),
                rows,
            },
            length: (length > 0).then_some(length),
        })
    }

    /// A feed of made-up messages; the same `seed` makes the same feed.
    pub fn generated(seed: u64, messages: u64) -> Self {
        let generator = Generator::new(seed, messages);
        Self {
            source: Source::Generated { generator, made: 0 },
            length: Some(messages),
        }
    }

    /// Puts the next row in place of the one in `row`. `false` at the end of the feed.
    ///
    /// # Errors
    ///
    /// The file cannot be read any further. A damaged row is no error here.
    pub fn next_row(&mut self, row: &mut Row) -> Result<bool, FeedError> {
        match &mut self.source {
            Source::File { path, rows } => rows.next_row(row).map_err(|source| FeedError {
                operation: "read",
                path: path.clone(),
                source,
            }),
            Source::Generated { generator, made } => {
                let Some(message) = generator.next() else {
                    return Ok(false);
                };
                *made += 1;
                row.line = *made;
                lobster::encode(&message, &mut row.columns);
                Ok(true)
            }
        }
    }

    /// How long the feed is, in the unit of [`Feed::position`]. `None` if nobody knows, as for a
    /// pipe.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How much of the feed has been read: bytes of a file, messages of a generated feed.
    pub fn position(&self) -> u64 {
        match &self.source {
            Source::File { rows, .. } => rows.reader.position().byte(),
            Source::Generated { made, .. } => *made,
        }
    }
}

/// The rows of a file. A header is not a row.
#[derive(Debug)]
struct Rows<R> {
    reader: csv::Reader<io::Chain<LineLimit<R>, &'static [u8]>>,
    first: Option<Row>,
}

impl<R: Read> Rows<R> {
    /// Reads the first row, to know whether it is a header.
    fn of(bytes: R) -> io::Result<Self> {
        // Quotes mean nothing in this format; if they did, one stray quote would swallow the rows
        // after it. The newline ends a last row that has none, so that the reader's line is always
        // the one after the row.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .trim(Trim::All)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(LineLimit::of(bytes).chain(b"\n".as_slice()));
        let mut rows = Self {
            reader,
            first: None,
        };
        let mut first = Row::default();
        if rows.next_row(&mut first)? && first.columns.iter().ne(lobster::HEADER.map(str::as_bytes))
        {
            rows.first = Some(first);
        }
        Ok(rows)
    }

    fn next_row(&mut self, row: &mut Row) -> io::Result<bool> {
        if let Some(first) = self.first.take() {
            *row = first;
            return Ok(true);
        }
        while self
            .reader
            .read_byte_record(&mut row.columns)
            .map_err(io_error)?
        {
            row.line = self.reader.position().line() - 1;
            if !is_blank(&row.columns) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_blank(columns: &ByteRecord) -> bool {
    columns.len() == 1 && columns[0].is_empty()
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The file of a feed cannot be opened or read.
#[derive(Debug)]
pub struct FeedError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} feed {}", self.operation, self.path.display())
    }
}

impl Error for FeedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_and_columns(bytes: &[u8]) -> Vec<(u64, usize)> {
        let mut rows = Rows::of(bytes).unwrap();
        let mut row = Row::default();
        let mut seen = Vec::new();
        while rows.next_row(&mut row).unwrap() {
            seen.push((row.line(), row.columns().len()));
        }
        seen
    }

    const HEADER: &str = "seconds,message_type,order_id,quantity,price,direction";

    #[test]
    fn header_is_skipped_where_there_is_one() {
        assert_eq!(
            lines_and_columns(format!("{HEADER}\n1,2\n").as_bytes()),
            [(2, 2)]
        );
        assert_eq!(lines_and_columns(b"1,2\n3,4\n"), [(1, 2), (2, 2)]);
        assert_eq!(
            lines_and_columns(format!("\u{feff}{HEADER}\r\n1,2\r\n").as_bytes()),
            [(2, 2)]
        );
    }

    #[test]
    fn rows_know_their_line_whatever_ends_the_lines() {
        assert_eq!(lines_and_columns(b"1\n2\n3\n"), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(lines_and_columns(b"1\r\n2\r\n3"), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(lines_and_columns(b"\n\n1\n \n\n2"), [(3, 1), (6, 1)]);
        assert_eq!(lines_and_columns(b"1\r\n\r\n2\r\n"), [(1, 1), (3, 1)]);
    }

    #[test]
    fn stray_quote_swallows_no_other_row() {
        assert_eq!(
            lines_and_columns(b"1,\"2\n3,4\n5,6\"\n"),
            [(1, 2), (2, 2), (3, 2)]
        );
    }

    #[test]
    fn empty_feed_has_no_rows() {
        assert_eq!(lines_and_columns(b""), []);
        assert_eq!(lines_and_columns(b"\n\n"), []);
        assert_eq!(lines_and_columns(HEADER.as_bytes()), []);
    }

    #[test]
    fn missing_file_names_the_operation_the_file_and_the_reason() {
        let error = Feed::open(Path::new("no/such/feed.csv")).unwrap_err();
        assert_eq!(error.to_string(), "cannot open feed no/such/feed.csv");
        assert!(error.source().is_some());
    }

    #[test]
    fn folder_is_not_a_feed() {
        assert!(
            Feed::open(Path::new("."))
                .unwrap_err()
                .to_string()
                .starts_with("cannot open feed")
        );
    }
}
