//! `tickspan summary`.

mod compared;
mod counted;
pub(crate) mod durations;
mod line;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Nanoseconds, Times, time};
use crate::output::{Cell, Column, Document, Form, Row, Table};
use crate::scan::{Scanned, scan};
use compared::Compared;
use counted::{Counted, Faults, Grouping, Hop, Stages};
use durations::Durations;

/// Tells how long stages and the hops of latency paths took, and how often they failed.
///
/// Percentiles are within 0.1 %, with `--window` within 1 %. A span counts at the time of its end.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Summary {
    #[command(flatten)]
    input: Input,

    /// A row for each stretch of time of this length: `5m`, `1h`, `30s`. They begin at multiples of it, in UTC.
    #[arg(long, value_name = "TIME", value_parser = window)]
    window: Option<Nanoseconds>,

    /// A row for each value of this attribute of spans, such as `symbol`, or of what wrote them, such as `service.name`.
    #[arg(long, value_name = "ATTRIBUTE")]
    by: Option<String>,

    /// Tells instead what has become worse than in this recording. Exits with 1 if something has.
    ///
    /// A percentile (p50, p90, p99) is worse where it is `--worse-by` times what it was, 100 ns more at least, and chance does not
    /// explain it: its interval of confidence (three standard errors) lies above the one before. So does a share of errors.
    /// What happened less than 100 times, or of which less than 10 lie beyond a percentile, is not compared.
    #[arg(long, value_name = "OTHER", conflicts_with = "window")]
    compare: Option<PathBuf>,

    /// How many times as long something takes, or as often it fails, to be called worse.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5, requires = "compare", value_parser = factor)]
    worse_by: f64,

    #[command(flatten)]
    form: Form,
}

fn factor(text: &str) -> Result<f64, &'static str> {
    let factor = text
        .parse()
        .ok()
        .filter(|it: &f64| it.is_finite() && *it > 1.0);
    factor.ok_or("write a number above one, such as 1.2")
}

fn window(text: &str) -> Result<Nanoseconds, &'static str> {
    let wrong = "write how long a window is as `5m`, `1h` or `30s`";
    let length: SignedDuration = text.parse().map_err(|_| wrong)?;
    let nanoseconds = Nanoseconds::try_from(length.as_nanos()).map_err(|_| wrong)?;
    if nanoseconds > 0 {
        Ok(nanoseconds)
    } else {
        Err(wrong)
    }
}

impl Summary {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Some(other) = &self.compare else {
            let scanned = self.scan(&self.input)?;
            self.form.print(&self.document(&scanned))?;
            return Ok(self
                .input
                .told(scanned.damages.end(!scanned.fold.is_empty())));
        };
        let other = Input::all_of(other.clone());
        if self.input.is_standard_input()? && other.is_standard_input()? {
            let wrong = "standard input (`-`) is one recording: compare it with a file or a folder";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        let now = self.scan(&self.input)?;
        let before = self.scan(&other)?;
        let end = self.compare(&before, &now)?;
        // The one in which nothing is.
        let empty = if before.fold.is_empty() {
            &other
        } else {
            &self.input
        };
        Ok(empty.told(end))
    }

    fn scan(&self, input: &Input) -> Result<Scanned<Counted>, Failure> {
        let grouping = Grouping {
            window: self.window,
            by: self.by.clone(),
        };
        let times = Times::of(input.period());
        let scanned = scan(input, || Counted::new(grouping.clone(), times.clone()))?;
        if scanned.fold.is_full {
            let wrong = "there are more than 16,384 rows: give a longer `--window`, or less time with `--since` and `--until`";
            return Err(Failure::Usage(wrong.to_owned()));
        }
        Ok(scanned)
    }

    fn compare(&self, before: &Scanned<Counted>, now: &Scanned<Counted>) -> Result<Exit, Failure> {
        let compared = Compared::of(&before.fold, &now.fold, self.worse_by);
        self.form.print(&compared.document(self.by.as_deref()))?;
        let found = !before.fold.is_empty() && !now.fold.is_empty();
        let ends = [before.damages.end(found), now.damages.end(found)];
        Ok(if compared.is_worse() || ends.contains(&Exit::Findings) {
            Exit::Findings
        } else {
            ends[0]
        })
    }

    fn document(&self, scanned: &Scanned<Counted>) -> Document {
        let counted = &scanned.fold;
        let mut facts = Vec::new();
        if !counted.is_empty() {
            facts.push(("first", "first", Cell::Time(time(counted.first))));
            facts.push(("last", "last", Cell::Time(time(counted.last))));
        }
        facts.push(("lines", "lines", Cell::Count(scanned.lines)));
        let damaged = Cell::Count(scanned.damages.count());
        facts.push(("damaged", "damaged", damaged));
        Document {
            facts,
            tables: vec![self.stages(counted), self.hops(counted), marks(counted)],
        }
    }

    fn window_column(&self) -> Option<Column> {
        self.window.map(|_| Column::text("window", "window", 0))
    }

    fn window_cell(&self, begin: Nanoseconds) -> Option<Cell> {
        self.window.map(|_| Cell::Time(time(begin)))
    }

    fn stages(&self, counted: &Counted) -> Table {
        let mut columns = vec![Column::text("stage", "stage", 0)];
        columns.extend(self.by.as_ref().map(|by| Column::text("by", by, 0)));
        columns.extend(self.window_column());
        columns.push(Column::number("count", "count", 0));
        columns.push(Column::number("errors", "errors", 4));
        columns.extend(Durations::columns());
        // All rows of a stage stand together.
        let mut rows: Vec<(&str, Option<&str>, Nanoseconds, &Durations)> = Vec::new();
        for (begin, window) in &counted.windows {
            rows.extend(rows_of(&window.without, None, *begin));
            for (value, stages) in &window.by {
                rows.extend(rows_of(stages, Some(value), *begin));
            }
        }
        rows.sort_by_key(|(name, value, begin, _)| (*name, *value, *begin));
        let rows = rows.into_iter().map(|(name, value, begin, durations)| {
            let mut cells = vec![Cell::text(name)];
            let of_value = self.by.as_ref();
            cells.extend(of_value.map(|_| value.map_or(Cell::None, Cell::text)));
            cells.extend(self.window_cell(begin));
            cells.push(Cell::Count(durations.count()));
            cells.push(Cell::Count(durations.errors()));
            cells.extend(durations.cells());
            Row::from(cells)
        });
        Table {
            key: "stages",
            title: None,
            columns,
            rows: rows.collect(),
        }
    }

    fn hops(&self, counted: &Counted) -> Table {
        let mut columns = vec![
            Column::text("path", "path", 0),
            Column::text("hop", "hop", 0),
        ];
        columns.extend(self.window_column());
        columns.push(Column::number("count", "count", 0));
        columns.push(Column::number("over_budget", "over", 4));
        columns.extend(Durations::columns());
        let order = counted.order_of_hops();
        let mut rows: Vec<(&str, usize, Nanoseconds, &Hop)> = Vec::new();
        for (begin, window) in &counted.windows {
            rows.extend(window.hops().map(|(path, hop)| {
                let place = order.get(&(path, &*hop.name));
                (path, place.copied().unwrap_or_default(), *begin, hop)
            }));
        }
        rows.sort_by_key(|(path, place, begin, hop)| (*path, *place, &*hop.name, *begin));
        let rows = rows.into_iter().map(|(path, _, begin, hop)| {
            let mut cells = vec![Cell::text(path), Cell::text(&*hop.name)];
            cells.extend(self.window_cell(begin));
            cells.push(Cell::Count(hop.durations.count()));
            cells.push(Cell::Count(hop.over_budget));
            cells.extend(hop.durations.cells());
            Row::from(cells)
        });
        Table {
            key: "hops",
            title: None,
            columns,
            rows: rows.collect(),
        }
    }
}

fn rows_of<'a>(
    stages: &'a Stages,
    value: Option<&'a str>,
    begin: Nanoseconds,
) -> impl Iterator<Item = (&'a str, Option<&'a str>, Nanoseconds, &'a Durations)> {
    stages
        .iter()
        .map(move |(name, durations)| (&**name, value, begin, durations))
}

/// The marks with which something was wrong, of all windows.
fn marks(counted: &Counted) -> Table {
    let mut all: BTreeMap<(&str, &str), Faults> = BTreeMap::new();
    for window in counted.windows.values() {
        for (path, faults) in &window.paths {
            for (mark, faults) in &faults.marks {
                all.entry((path, mark)).or_default().add(*faults);
            }
        }
    }
    let rows = all.into_iter().map(|((path, mark), faults)| {
        Row::from(vec![
            Cell::text(path),
            Cell::text(mark),
            Cell::Count(faults.unmarked),
            Cell::Count(faults.repeated),
            Cell::Count(faults.backwards),
        ])
    });
    Table {
        key: "marks",
        title: None,
        columns: vec![
            Column::text("path", "path", 0),
            Column::text("mark", "mark", 0),
            Column::number("unmarked", "unmarked", 1),
            Column::number("repeated", "repeated", 2),
            Column::number("backwards", "backwards", 3),
        ],
        rows: rows.collect(),
    }
}
