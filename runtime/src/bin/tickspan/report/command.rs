//! The command `tickspan report`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tickspan::recorded::{Data, Line, Recording};

use super::first::First;
use super::page;
use super::second::Second;
use super::shown::Shown;
use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Period};
use crate::named::Merge as _;
use crate::scan::{Fold, scan, scan_again};

/// Writes one HTML page that shows a recording: how long stages and hops took, where edges went, traces, and what is missing.
///
/// The page needs nothing beside it, neither a network nor a server. It has less than 5 MB, and the same recording gives the same
/// page. Standard input is kept in a temporary file, since the recording is read twice.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Report {
    #[command(flatten)]
    input: Input,

    /// Where the page is written; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
}

impl Report {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let input = self.input.kept()?;
        self.check(&input)?;
        let period = input.period();
        let first = scan(&input, || Counting(First::default(), period))?;
        let damages = first.damages;
        let has_any = first.fold.0.period.0.is_some();
        let (mut shown, wanted) = Shown::of(first.fold.0, &damages).map_err(io::Error::from)?;
        let wanted = Arc::new(wanted);
        let second = scan_again(&input, || Looking(Second::of(Arc::clone(&wanted)), period))?;
        let page = shown.add(second.0).and_then(|()| page::page(&shown.report));
        self.write(&page.map_err(io::Error::from)?)?;
        Ok(self.input.told(damages.end(has_any)))
    }

    /// The page must not replace what it is made of.
    fn check(&self, input: &Input) -> Result<(), Failure> {
        let Ok(output) = fs::canonicalize(&self.output) else {
            return Ok(());
        };
        let is_output = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path == output);
        if input
            .sources()?
            .0
            .iter()
            .filter_map(|it| it.path())
            .any(is_output)
        {
            let wrong = "the page would replace what is read: name another file with `-o`";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        Ok(())
    }

    fn write(&self, page: &str) -> Result<(), Failure> {
        if self.output == Path::new("-") {
            let mut out = io::stdout().lock();
            out.write_all(page.as_bytes())?;
            return Ok(out.flush()?);
        }
        let written =
            File::create(&self.output).and_then(|mut file| file.write_all(page.as_bytes()));
        written.map_err(|error| {
            Failure::Unreadable(format!(
                "{} cannot be written: {error}",
                self.output.display()
            ))
        })
    }
}

/// The first reading.
struct Counting(First, Period);

/// The second.
struct Looking(Second, Period);

/// The line, if its time is wanted. Who recorded is told at any time.
fn wanted(line: &str, period: Period) -> Result<Option<Line<'static>>, serde_json::Error> {
    let line = Line::from_json(line)?;
    let is_wanted = matches!(line.data, Data::Recording(_)) || period.has(line.timestamp);
    Ok(is_wanted.then_some(line))
}

impl Fold for Counting {
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if let Some(line) = wanted(line, self.1)? {
            self.0.add(&line);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

impl Fold for Looking {
    fn written_by(&mut self, recording: Option<&Arc<Recording<'static>>>) {
        self.0.by = recording.cloned();
    }

    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if let Some(line) = wanted(line, self.1)? {
            self.0.add(line);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}
