//! `tickspan trace`.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Arc;

use clap::Args;
use memchr::memmem::Finder;
use tickspan::recorded::{Line, Recording, Span};

use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Period};
use crate::output::{Cell, Column, Document, Form, Row, Table};
use crate::scan::{Fold, scan};
use crate::summary::durations::nanoseconds;
use crate::top::{Id, id};
use crate::tree::{Limit, Lines, Node, Trace as Tree, What};
use crate::waterfall::{self, Style};

/// So much of a trace is shown.
const LIMIT: Limit = Limit {
    count: 100_000,
    bytes: 64 << 20,
};

/// So many traces are named where an id is not whole.
const NAMED: usize = 8;

/// Shows one trace as a waterfall: its spans as a tree with a bar where each ran, marks, edges, events and errors.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Trace {
    /// The id of the trace, or how it begins.
    #[arg(value_name = "ID", value_parser = beginning)]
    id: String,

    #[command(flatten)]
    input: Input,

    /// Tells the attributes of spans, too.
    #[arg(long)]
    attributes: bool,

    #[command(flatten)]
    form: Form,
}

/// Reads an id, or its beginning.
pub(crate) fn beginning(text: &str) -> Result<String, &'static str> {
    let is_one = (1..=32).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_hexdigit());
    let wrong = "a trace id has 32 hexadecimal digits; its first ones are enough";
    is_one.then(|| text.to_ascii_lowercase()).ok_or(wrong)
}

impl Trace {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let period = self.input.period();
        // As it stands in the lines: what has it nowhere need not be looked at.
        let finder = Finder::new(&self.id);
        let new = || Found {
            beginning: &self.id,
            finder: &finder,
            period,
            by: None,
            traces: BTreeMap::new(),
        };
        let scanned = scan(&self.input, new)?;
        let mut traces = scanned.fold.traces;
        if traces.len() > 1 {
            let ids: Vec<String> = traces
                .keys()
                .take(NAMED)
                .map(|id| format!("{id:032x}"))
                .collect();
            let more = if traces.len() > NAMED { " .." } else { "" };
            let wrong = format!(
                "several traces begin with `{}`: {}{more}",
                self.id,
                ids.join(" ")
            );
            return Err(Failure::Usage(wrong));
        }
        let Some((_, lines)) = traces.pop_first() else {
            let _ = writeln!(io::stderr(), "tickspan: no trace begins with `{}`", self.id);
            return Ok(scanned.damages.end(false));
        };
        self.show(&lines.into_trace())?;
        Ok(scanned.damages.end(true))
    }

    fn show(&self, trace: &Tree) -> Result<(), Failure> {
        if self.form.is_csv() {
            // It has no place for that.
            for line in waterfall::left_out(trace).lines() {
                let _ = writeln!(io::stderr(), "tickspan: {line}");
            }
        }
        if self.form.is_for_programs() {
            return self.form.print(&document(trace));
        }
        let style = Style {
            width: self.form.width(),
            is_coloured: self.form.is_coloured(),
            has_attributes: self.attributes,
        };
        let mut out = io::stdout().lock();
        out.write_all(waterfall::draw(trace, style).as_bytes())?;
        Ok(out.flush()?)
    }
}

/// The lines of the traces whose ids begin so.
struct Found<'a> {
    beginning: &'a str,
    finder: &'a Finder<'a>,
    period: Period,
    by: Option<Arc<Recording<'static>>>,
    traces: BTreeMap<Id, Lines>,
}

impl Fold for Found<'_> {
    fn written_by(&mut self, recording: Option<&Arc<Recording<'static>>>) {
        self.by = recording.cloned();
    }

    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        if self.finder.find(line.as_bytes()).is_none() {
            return Ok(());
        }
        let line = Line::from_json(line)?;
        let Some(trace) = line
            .trace_id
            .filter(|trace| trace.to_string().starts_with(self.beginning))
        else {
            return Ok(());
        };
        if !self.period.has(line.timestamp) {
            return Ok(());
        }
        // One more than are named: it is enough to know that there are more.
        if self.traces.len() <= NAMED || self.traces.contains_key(&id(trace)) {
            self.traces
                .entry(id(trace))
                .or_insert_with(|| Lines::new(trace, LIMIT))
                .add(line, self.by.as_ref());
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        for (trace, lines) in other.traces {
            match self.traces.entry(trace) {
                std::collections::btree_map::Entry::Occupied(mut own) => own.get_mut().merge(lines),
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(lines);
                }
            }
        }
    }
}

/// The trace for programs: its spans, and what happened in them.
fn document(trace: &Tree) -> Document {
    let spans = trace.nodes.iter().filter(|node| node.span.is_some());
    let happened = trace.nodes.iter().flat_map(|node| {
        let span = node
            .span_id
            .map_or(Cell::None, |id| Cell::text(id.to_string()));
        node.items.iter().map(move |item| {
            let (what, name, data) = told(&item.what);
            let at = Cell::Nanoseconds(nanoseconds(item.at));
            vec![
                span.clone(),
                at,
                Cell::text(what),
                Cell::text(name),
                Cell::text(data),
            ]
            .into()
        })
    });
    Document {
        facts: vec![
            ("trace_id", "trace", Cell::text(trace.id.to_string())),
            ("begin", "began", Cell::Time(trace.begin)),
            (
                "took_ns",
                "took",
                Cell::Nanoseconds(nanoseconds(trace.took)),
            ),
            ("failed", "failed", Cell::Count(trace.failed)),
            (
                "spans_left_out",
                "spans left out",
                Cell::Count(trace.left_out),
            ),
            (
                "happened_left_out",
                "events left out",
                Cell::Count(trace.left_out_items),
            ),
        ],
        tables: vec![
            Table {
                key: "spans",
                title: None,
                columns: vec![
                    Column::text("name", "span", 0),
                    Column::text("span_id", "id", 1),
                    Column::text("parent_span_id", "parent", 1),
                    Column::number("depth", "depth", 1),
                    Column::number("at_ns", "begins", 1),
                    Column::number("took_ns", "took", 0),
                    Column::text("kind", "kind", 1),
                    Column::text("outcome", "outcome", 0),
                    Column::text("status_message", "message", 2),
                    Column::text("attributes", "attributes", 2),
                    Column::number("dropped", "dropped", 2),
                    Column::text("service", "service", 1),
                    Column::number("process_id", "process", 2),
                ],
                rows: spans.map(row).collect(),
            },
            Table {
                key: "happened",
                title: None,
                columns: vec![
                    Column::text("span_id", "span", 0),
                    Column::number("at_ns", "at", 0),
                    Column::text("what", "what", 0),
                    Column::text("name", "name", 0),
                    Column::text("data", "data", 1),
                ],
                rows: happened.collect(),
            },
        ],
    }
}

fn row(node: &Node) -> Row {
    let id = |id: Option<opentelemetry::trace::SpanId>| {
        id.map_or(Cell::None, |id| Cell::text(id.to_string()))
    };
    let span = node.span.as_ref();
    let json = |span: &Span<'_>| serde_json::to_string(&span.attributes).ok();
    vec![
        Cell::text(node.name()),
        id(node.span_id),
        id(span.and_then(|span| span.parent_span_id)),
        Cell::Count(node.depth as u64),
        Cell::Nanoseconds(nanoseconds(node.at)),
        Cell::Nanoseconds(nanoseconds(node.took())),
        span.map_or(Cell::None, |span| Cell::text(span.kind.as_str())),
        span.map_or(Cell::None, |span| Cell::text(span.outcome.as_str())),
        span.and_then(|span| span.status_message.as_deref())
            .map_or(Cell::None, Cell::text),
        span.and_then(|span| json(span))
            .map_or(Cell::None, Cell::Text),
        span.map_or(Cell::None, |span| Cell::Count(dropped(span))),
        node.service().map_or(Cell::None, Cell::text),
        node.by
            .as_ref()
            .map_or(Cell::None, |by| Cell::Count(by.process_id.into())),
    ]
    .into()
}

/// How many attributes, events and links it could not hold.
pub(crate) fn dropped(span: &Span<'_>) -> u64 {
    let all = [
        span.dropped_attributes,
        span.dropped_events,
        span.dropped_links,
    ];
    all.into_iter().map(u64::from).sum()
}

/// What it is, its name, and its data as JSON.
fn told(what: &What) -> (&'static str, &str, String) {
    let (kind, name, data) = match what {
        What::Event(event) => (
            "event",
            &event.name,
            serde_json::to_string(&event.attributes),
        ),
        What::Edge(edge) => ("edge", &edge.name, serde_json::to_string(edge)),
        What::Trade(trade) => (
            "trade",
            &trade.name,
            serde_json::to_string(&trade.attributes),
        ),
        What::Latency(latency) => ("latency", &latency.name, serde_json::to_string(latency)),
    };
    (kind, name, data.unwrap_or_default())
}
