//! What a command reads: recordings, and which time of them.

mod kept;
mod times;
mod when;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use tickspan::replay::Replay;

use crate::exit::{Exit, Failure};
use kept::Kept;
pub(crate) use times::{Nanoseconds, Times, time};
use when::When;

/// What a command reads.
#[derive(Clone, Debug, Args)]
pub(crate) struct Input {
    /// Folders or files of recordings, packed or not; `-` is standard input.
    #[arg(value_name = "RECORDING", required = true)]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    period: Period,

    /// What can be read once alone, kept to be read again.
    #[arg(skip)]
    kept: Option<Vec<Source>>,
}

/// Which time is looked at.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Period {
    /// Leaves out what happened before: `2026-11-21`, `2026-11-21T05:43Z`, or `15m` for the last quarter of an hour.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<When>,

    /// Leaves out what happened then or later.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<When>,
}

/// What standard input is called where a file is named.
pub(crate) const STANDARD_INPUT: &str = "(standard input)";

/// A file of a recording.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    StandardInput,
    Kept(Kept),
}

impl Source {
    /// How many bytes it has, if that is known.
    fn bytes(&self) -> Option<u64> {
        let metadata = match self {
            Self::File(path) => fs::metadata(path).ok()?,
            Self::Kept(kept) => kept.metadata().ok()?,
            Self::StandardInput => return None,
        };
        metadata.is_file().then_some(metadata.len())
    }

    /// Where it is, if it has a place.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::StandardInput | Self::Kept(_) => None,
        }
    }
}

impl Input {
    /// Another recording, of all times.
    pub(crate) fn all_of(path: PathBuf) -> Self {
        Self {
            paths: vec![path],
            period: Period::default(),
            kept: None,
        }
    }

    /// Whether it is standard input.
    ///
    /// # Errors
    ///
    /// When something else is named beside it.
    pub(crate) fn is_standard_input(&self) -> Result<bool, Failure> {
        let is_it = |path: &PathBuf| path == Path::new("-");
        if self.paths.iter().any(is_it) && self.paths.len() > 1 {
            let wrong =
                "standard input (`-`) stands alone: name files or folders, or pipe all of them in";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        Ok(self.paths.iter().any(is_it))
    }

    /// The same, so that it can be read more than once: what comes from a pipe is kept in a temporary file.
    ///
    /// # Errors
    ///
    /// When something that was named cannot be read, or there is no room to keep it.
    pub(crate) fn kept(&self) -> Result<Self, Failure> {
        let keep = |source| match source {
            Source::StandardInput => Kept::of(STANDARD_INPUT.into(), io::stdin()),
            Source::File(path) if fs::metadata(&path).is_ok_and(|it| !it.is_file()) => {
                let pipe = File::open(&path).map_err(|error| unreadable(&error))?;
                Kept::of(path, pipe)
            }
            other => Ok(other),
        };
        let kept: Result<Vec<Source>, Failure> = self.sources()?.0.into_iter().map(keep).collect();
        Ok(Self {
            kept: Some(kept?),
            ..self.clone()
        })
    }

    /// Which time is looked at.
    pub(crate) fn period(&self) -> Period {
        self.period
    }

    /// What happened, in the order of time.
    ///
    /// # Errors
    ///
    /// When something that was named cannot be read.
    pub(crate) fn replay(&self) -> Result<Replay, Failure> {
        self.period.check()?;
        let mut replay = if self.is_standard_input()? {
            Replay::read(STANDARD_INPUT, io::stdin())
        } else {
            self.check()?;
            Replay::open_all(&self.paths).map_err(|error| unreadable(&error))?
        };
        if let Some(since) = self.period.since() {
            replay = replay.from(since);
        }
        if let Some(until) = self.period.until() {
            replay = replay.until(until);
        }
        Ok(replay)
    }

    /// The files that there are, for whoever does not care for the order of time, and how many bytes they have, if that is known.
    ///
    /// # Errors
    ///
    /// When something that was named cannot be read.
    pub(crate) fn sources(&self) -> Result<(Vec<Source>, Option<u64>), Failure> {
        self.period.check()?;
        if let Some(kept) = &self.kept {
            return Ok((kept.clone(), kept.iter().map(Source::bytes).sum()));
        }
        if self.is_standard_input()? {
            return Ok((vec![Source::StandardInput], None));
        }
        let files = self.replay()?.files();
        let sources: Vec<Source> = files.into_iter().map(Source::File).collect();
        let bytes = sources.iter().map(Source::bytes).sum();
        Ok((sources, bytes))
    }

    /// Tells on stderr why there may be nothing, where that is how the command ends.
    pub(crate) fn told(&self, exit: Exit) -> Exit {
        if exit == Exit::Nothing {
            let why = match self.sources() {
                Ok((files, _)) if files.is_empty() => {
                    "there is no file of a recording; in a folder, those are read that a recorder has named, as `20261121/events.jsonl`"
                }
                _ => "there is nothing of what was asked for",
            };
            let _ = writeln!(io::stderr(), "tickspan: {why}");
        }
        exit
    }

    /// What is named by itself has to be there; a fault inside a folder is damage.
    fn check(&self) -> Result<(), Failure> {
        for path in &self.paths {
            let opened = match fs::metadata(path) {
                // To open a pipe would take from it.
                Ok(metadata) if metadata.is_file() => File::open(path).map(drop),
                Ok(metadata) if metadata.is_dir() => fs::read_dir(path).map(drop),
                other => other.map(drop),
            };
            opened.map_err(|error| unreadable(&format!("{}: {error}", path.display())))?;
        }
        Ok(())
    }
}

fn unreadable(error: &impl ToString) -> Failure {
    Failure::Unreadable(error.to_string())
}

impl Period {
    fn check(self) -> Result<(), Failure> {
        match (self.since(), self.until()) {
            (Some(since), Some(until)) if until <= since => Err(Failure::Usage(
                "`--until` is not later than `--since`, so nothing lies between".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// From when on.
    pub(crate) fn since(self) -> Option<SystemTime> {
        self.since.map(When::time)
    }

    /// Whether a time is looked at.
    pub(crate) fn has(self, time: SystemTime) -> bool {
        self.since().is_none_or(|since| time >= since)
            && self.until().is_none_or(|until| time < until)
    }

    /// Until when, without it.
    pub(crate) fn until(self) -> Option<SystemTime> {
        self.until.map(When::time)
    }
}
