//! `tickspan tail`.

mod follow;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tickspan::recorded::{Data, Line};

use crate::exit::{Exit, Failure};
use crate::human;
use crate::output::Form;
use crate::replay::tell_unknown;
use crate::trace::beginning;
use crate::tree::failure;
use crate::waterfall::{clean, cut, decided, listed};
use follow::{Follow, lines};

/// How often it looks for more.
const PAUSE: Duration = Duration::from_millis(100);

/// Prints what is recorded while it is written, from every file of a recording: also of files that are begun later, on the next day too.
///
/// It goes on until it is stopped, or nobody reads its output; `-` is standard input, to its end. Exit codes: 0 fine, 2 wrong use, 3 the
/// recording cannot be read or the output cannot be written.
#[derive(Debug, Args)]
#[command(
    mut_arg("json", |json| json.help("Prints lines as they were recorded")),
    mut_arg("csv", |csv| csv.hide(true))
)]
pub(crate) struct Tail {
    /// The folder of a recording, or a file of it; `-` is standard input.
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,

    /// Only lines of these types: `span`, `latency`, `edge`, `trade`.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,

    /// Only what has this name: a stage, a path, an edge, a trade event.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Only lines of the traces whose id begins so.
    #[arg(long, value_name = "ID", value_parser = beginning)]
    trace: Option<String>,

    /// Only spans that did not end well.
    #[arg(long)]
    errors: bool,

    /// How many of the lines that are there already it begins with.
    #[arg(short, long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=100_000))]
    number: u32,

    #[command(flatten)]
    form: Form,
}

impl Tail {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        if self.form.is_csv() {
            let wrong = "what goes on has no table: use `--json` for lines";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        tell_unknown(&self.types);
        let mut shown = Shown {
            tail: self,
            out: BufWriter::new(io::stdout().lock()),
            unreadable: 0,
        };
        if self.recording == Path::new("-") {
            return shown.standard_input();
        }
        let mut follow = Follow::of(&self.recording)?;
        let number = usize::try_from(self.number).unwrap_or(usize::MAX);
        let mut last: Vec<Line<'static>> = Vec::new();
        follow.last(|text| {
            if let Some(line) = shown.wanted(text) {
                last.push(line);
                // Twice as many as are wanted are sorted, not all.
                if last.len() > 2 * number.max(1_000) {
                    keep_last(&mut last, number);
                }
            }
        });
        keep_last(&mut last, number);
        shown.print(&last)?;
        loop {
            let mut new: Vec<Line<'static>> = Vec::new();
            follow.more(|text| new.extend(shown.wanted(text)));
            if new.is_empty() {
                pause()?;
            } else {
                new.sort_by_key(|line| line.timestamp);
                shown.print(&new)?;
            }
        }
    }

    fn is_wanted(&self, line: &Line<'_>) -> bool {
        let kind = line.data.event_type();
        let name = match &line.data {
            Data::Span(span) => &*span.name,
            Data::Edge(edge) => &*edge.name,
            Data::Latency(latency) => &*latency.name,
            Data::Trade(trade) => &*trade.name,
            _ => "",
        };
        let is_error = || matches!(&line.data, Data::Span(span) if failure(span).is_some());
        (self.types.is_empty() || self.types.iter().any(|wanted| wanted == kind))
            && self.name.as_ref().is_none_or(|wanted| wanted == name)
            && self.trace.as_ref().is_none_or(|wanted| {
                let trace = line.trace_id.map(|id| id.to_string());
                trace.is_some_and(|trace| trace.starts_with(wanted))
            })
            && (!self.errors || is_error())
    }
}

/// Waits for a while, or until nobody reads stdout any more.
#[cfg(unix)]
fn pause() -> Result<(), Failure> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;

    let stdout = io::stdout();
    // A pipe that nobody reads, and a terminal that is gone, are told without being asked for.
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let pause = Timespec::try_from(PAUSE).ok();
    match poll(&mut watched, pause.as_ref()) {
        Ok(0) | Err(Errno::INTR) => Ok(()),
        Ok(_) => Err(Failure::Closed),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

#[cfg(not(unix))]
fn pause() -> Result<(), Failure> {
    std::thread::sleep(PAUSE);
    Ok(())
}

/// Keeps the last by time.
fn keep_last(lines: &mut Vec<Line<'static>>, number: usize) {
    lines.sort_by_key(|line| line.timestamp);
    lines.drain(..lines.len().saturating_sub(number));
}

/// Why standard input is read no further.
enum Ended {
    Reading(io::Error),
    Printing(Failure),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Reading(error)
    }
}

/// What has been shown.
struct Shown<'a, W: Write> {
    tail: &'a Tail,
    out: BufWriter<W>,
    unreadable: u64,
}

impl<W: Write> Shown<'_, W> {
    fn standard_input(&mut self) -> Result<Exit, Failure> {
        lines(io::stdin(), |text| match self.wanted(text) {
            Some(line) => self.print(&[line]).map_err(Ended::Printing),
            None => Ok(()),
        })
        .map_err(|ended| match ended {
            Ended::Printing(failure) => failure,
            Ended::Reading(error) => Failure::Unreadable(format!("standard input: {error}")),
        })?;
        Ok(Exit::Fine)
    }

    /// A line, if it is asked for.
    fn wanted(&mut self, text: &[u8]) -> Option<Line<'static>> {
        let text = std::str::from_utf8(text).ok();
        let line = text.and_then(|text| Line::from_json(text).ok());
        let of_another_version =
            |line: &Line<'_>| matches!(&line.data, Data::Recording(it) if !it.is_supported());
        let Some(line) = line.filter(|line| !of_another_version(line)) else {
            self.unreadable += 1;
            // Not `eprintln!`, which panics when stderr is closed.
            if self.unreadable == 1 {
                let _ = writeln!(
                    io::stderr(),
                    "tickspan: there are lines that cannot be read"
                );
            }
            return None;
        };
        self.tail.is_wanted(&line).then_some(line)
    }

    fn print(&mut self, lines: &[Line<'_>]) -> Result<(), Failure> {
        let form = self.tail.form;
        for line in lines {
            if form.is_for_programs() {
                line.write_json(&mut self.out).map_err(io::Error::from)?;
                self.out.write_all(b"\n")?;
                continue;
            }
            let (told, code) = told(line);
            let told = match form.width() {
                Some(width) => cut(&clean(&told), width),
                None => clean(&told),
            };
            if form.is_coloured() && !code.is_empty() {
                writeln!(self.out, "\x1b[{code}m{told}\x1b[0m")?;
            } else {
                writeln!(self.out, "{told}")?;
            }
        }
        Ok(self.out.flush()?)
    }
}

/// A line for people, and its colour.
fn told(line: &Line<'_>) -> (String, &'static str) {
    // A time outside of the years that RFC 3339 knows is told as the first that there is.
    let time = Timestamp::try_from(line.timestamp).unwrap_or_default();
    let time = time.strftime("%H:%M:%S%.6f");
    let trace = line
        .trace_id
        .map_or_else(|| "-".repeat(8), |id| id.to_string()[..8].to_owned());
    let (told, code) = match &line.data {
        Data::Recording(recording) => {
            let service = recording.resource.get("service.name");
            let service = service.map_or_else(String::new, |name| format!(" of {name}"));
            (
                format!("process {}{service} began to record", recording.process_id),
                "2",
            )
        }
        Data::Span(span) => {
            let took = human::duration(span.duration);
            let failed = failure(span).map(|how| {
                let kind = span.attributes.get("error.type");
                kind.map_or_else(|| format!(" {how}"), |kind| format!(" {how} {kind}"))
            });
            let code = if failed.is_some() { "31" } else { "" };
            (
                format!("span    {} {took}{}", span.name, failed.unwrap_or_default()),
                code,
            )
        }
        Data::Latency(latency) => {
            let whole = latency.end_to_end.map(human::duration).unwrap_or_default();
            let over = if latency.is_over_budget() {
                " over budget"
            } else {
                ""
            };
            let code = if latency.is_over_budget() { "33" } else { "" };
            (format!("latency {} {whole}{over}", latency.name), code)
        }
        Data::Edge(edge) => {
            let code = if edge.is_accepted() { "32" } else { "33" };
            (format!("edge    {}: {}", edge.name, decided(edge)), code)
        }
        Data::Trade(event) => (
            format!("trade   {}{}", event.name, listed(&event.attributes)),
            "36",
        ),
        other => (other.event_type().to_owned(), "2"),
    };
    (format!("{time} {trace} {told}"), code)
}
