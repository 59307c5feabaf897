//! What cannot be read, and where.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<PathBuf>,
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Something in a recording that cannot be read. The replay goes on with the next line, or, where the file itself cannot
/// be read further, with the next file.
#[derive(Debug)]
pub struct Damage {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub fault: Fault,
}

/// What is wrong with a line or a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The last line has no end, and is not whole: the process that wrote it ended, or is writing it now.
    Torn,
    /// It is no line of a recording.
    Unreadable(serde_json::Error),
    /// It is no text in UTF-8.
    NotText,
    /// It is longer than 32 MiB.
    TooLong,
    /// The lines from here on are of a version of the schema that this crate does not read; they are left out.
    Version(String),
    /// The file cannot be read further.
    File(io::Error),
    /// The file is packed in a way for which a feature is needed.
    MissingFeature(&'static str),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("the last line is cut short"),
            // The place is told already, and the parser has seen one line.
            Self::Unreadable(error) => {
                let error = error
                    .to_string()
                    .replace(" at line 1 column ", " at column ");
                write!(f, "the line cannot be read: {error}")
            }
            Self::NotText => f.write_str("the line is not UTF-8"),
            Self::TooLong => f.write_str("the line is longer than 32 MiB"),
            Self::Version(version) => {
                write!(f, "lines of schema version `{version}` cannot be read")
            }
            Self::File(error) => write!(f, "the file cannot be read further: {error}"),
            Self::MissingFeature(feature) => {
                write!(
                    f,
                    "the file cannot be read without the feature `{feature}` of `tickspan`"
                )
            }
        }
    }
}

impl Error for Damage {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::File(error) => Some(error),
            _ => None,
        }
    }
}
