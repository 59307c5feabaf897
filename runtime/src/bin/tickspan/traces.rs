//! `tickspan traces`.

use std::collections::HashMap;
use std::time::SystemTime;

use clap::Args;
use tickspan::recorded::{Data, Line, Span};

use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Period};
use crate::output::{Cell, Column, Document, Form, Row, Table, Tone};
use crate::scan::{Fold, scan, scan_again};
use crate::summary::durations::nanoseconds;
use crate::top::{Id, Top, id};
use crate::tree::failure;

/// Lists traces: the slowest, the latest, or the last that failed.
///
/// A trace is as slow as the longest of its spans. `tickspan trace ID` shows one. Standard input is kept in a temporary file, since it is
/// read twice.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Traces {
    #[command(flatten)]
    input: Input,

    /// The slowest; so it is unless something else is asked for.
    #[arg(long, group = "order")]
    slowest: bool,

    /// Those that ended last.
    #[arg(long, group = "order")]
    latest: bool,

    /// Those with a span that did not end well, the last first.
    #[arg(long, group = "order")]
    failed: bool,

    /// Looks at spans of this name alone.
    #[arg(long, value_name = "STAGE")]
    name: Option<String>,

    /// How many.
    #[arg(short, long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    number: u32,

    #[command(flatten)]
    form: Form,
}

impl Traces {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let input = self.input.kept()?;
        let new = || First {
            wanted: self,
            top: Top::new(usize::try_from(self.number).unwrap_or(usize::MAX)),
        };
        let first = scan(&input, new)?;
        let ids: Vec<Id> = first.fold.top.iter().map(|(_, trace)| trace).collect();
        let second = scan_again(&input, || Second {
            wanted: self,
            traces: ids.iter().map(|id| (*id, Seen::default())).collect(),
        })?;
        let seen = ids
            .iter()
            .filter_map(|id| Some((*id, second.traces.get(id)?)));
        let table = table(seen.map(|(id, seen)| seen.row(id)).collect());
        let document = Document {
            facts: Vec::new(),
            tables: vec![table],
        };
        self.form.print(&document)?;
        Ok(self.input.told(first.damages.end(!ids.is_empty())))
    }

    fn looks_at(&self, span: &Span<'_>) -> bool {
        self.name.as_ref().is_none_or(|name| *name == span.name)
    }

    /// By what it comes first, if it is one that is looked for.
    fn key(&self, span: &Span<'_>, time: SystemTime) -> Option<u128> {
        let since = || {
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_nanos()
        };
        if !self.looks_at(span) {
            return None;
        }
        if self.failed {
            return failure(span).map(|_| since());
        }
        Some(if self.latest {
            since()
        } else {
            span.duration.as_nanos()
        })
    }
}

/// The first reading: which.
struct First<'a> {
    wanted: &'a Traces,
    top: Top<u128>,
}

/// The second: what they are.
struct Second<'a> {
    wanted: &'a Traces,
    traces: HashMap<Id, Seen>,
}

/// A trace.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The first span: its beginning, and its name.
    first: Option<(SystemTime, String)>,
    /// The longest of the spans that are looked at, in nanoseconds.
    longest: u64,
    spans: u64,
    failed: u64,
}

fn span(line: &str, period: Period) -> Result<Option<(Line<'static>, Id)>, serde_json::Error> {
    let line = Line::from_json(line)?;
    let is_span = matches!(line.data, Data::Span(_)) && period.has(line.timestamp);
    let trace = line.trace_id.filter(|_| is_span).map(id);
    Ok(trace.map(|trace| (line, trace)))
}

impl Fold for First<'_> {
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if let Some((line, trace)) = span(line, self.wanted.input.period())? {
            if let Data::Span(span) = &line.data {
                if let Some(key) = self.wanted.key(span, line.timestamp) {
                    self.top.offer(key, trace);
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.top.add(other.top);
    }
}

impl Fold for Second<'_> {
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if let Some((line, trace)) = span(line, self.wanted.input.period())? {
            if let (Data::Span(span), Some(seen)) = (&line.data, self.traces.get_mut(&trace)) {
                seen.add(&Seen {
                    first: Some((span.start, span.name.clone().into_owned())),
                    longest: if self.wanted.looks_at(span) {
                        nanoseconds(span.duration)
                    } else {
                        0
                    },
                    spans: 1,
                    failed: u64::from(failure(span).is_some()),
                });
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        for (trace, seen) in other.traces {
            self.traces.entry(trace).or_default().add(&seen);
        }
    }
}

impl Seen {
    fn add(&mut self, other: &Self) {
        if other.first.is_some() && (self.first.is_none() || other.first < self.first) {
            self.first.clone_from(&other.first);
        }
        self.longest = self.longest.max(other.longest);
        self.spans += other.spans;
        self.failed += other.failed;
    }

    fn row(&self, trace: Id) -> Row {
        let (begin, name) = match &self.first {
            Some((begin, name)) => (Cell::Time(*begin), Cell::text(name)),
            None => (Cell::None, Cell::None),
        };
        Row {
            cells: vec![
                Cell::text(format!("{trace:032x}")),
                name,
                Cell::Nanoseconds(self.longest),
                begin,
                Cell::Count(self.spans),
                Cell::Count(self.failed),
            ],
            tone: if self.failed > 0 {
                Tone::Bad
            } else {
                Tone::Plain
            },
        }
    }
}

fn table(rows: Vec<Row>) -> Table {
    Table {
        key: "traces",
        title: None,
        columns: vec![
            Column::id("trace_id", "trace", 0),
            Column::text("first_span", "first span", 0),
            Column::number("longest_ns", "took", 0),
            Column::text("begin", "began", 4),
            Column::number("spans", "spans", 2),
            Column::number("failed", "failed", 3),
        ],
        rows,
    }
}
