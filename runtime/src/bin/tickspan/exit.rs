//! How the command ends.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// What came of a command that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was read, and nothing is to be told of it.
    Fine,
    /// There are findings: damaged lines, or what was looked for has become worse.
    Findings,
    /// There was nothing of what was asked for.
    Nothing,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was used in a wrong way.
    Usage(String),
    /// What it should read, or write, cannot be.
    Unreadable(String),
    /// Nobody reads its output any more, as behind `head`. That is no fault.
    Closed,
}

/// The codes; 2 is also that of `clap`.
const FINDINGS: u8 = 1;
const USAGE: u8 = 2;
const UNREADABLE: u8 = 3;
const NOTHING: u8 = 4;

/// What the help of each command that reads a recording says of them.
pub(crate) const HELP: &str = "\
Exit codes: 0 fine, 1 findings (damaged lines, or what has become worse), 2 wrong use, 3 the input cannot be read
or the output cannot be written, 4 there is nothing of what was asked for.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Findings => Self::from(FINDINGS),
            Exit::Nothing => Self::from(NOTHING),
        }
    }
}

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Usage(_) => Self::from(USAGE),
            Failure::Unreadable(_) => Self::from(UNREADABLE),
            Failure::Closed => Self::SUCCESS,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Unreadable(what) => f.write_str(what),
            Self::Closed => Ok(()),
        }
    }
}

/// Of what is written.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::Unreadable(format!("the output cannot be written: {error}"))
        }
    }
}
