//! `tickspan edges`.

mod counted;

use clap::Args;

use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Times, time};
use crate::output::{Cell, Column, Document, Form, Row, Table};
use crate::scan::{Scanned, scan};
pub(crate) use counted::Role;
use counted::{Counted, Key, Sums};

/// Tells what edges were decided and why, what their costs came to, and which were the best and the worst.
///
/// Sums are of `f64`, of edges that have sums; an edge that has none counts among the decisions alone.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Edges {
    #[command(flatten)]
    input: Input,

    /// How many of the best, and of the worst, are told.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    top: usize,

    #[command(flatten)]
    form: Form,
}

impl Edges {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let times = Times::of(self.input.period());
        let scanned = scan(&self.input, || Counted::new(times.clone(), self.top))?;
        self.form.print(&document(&scanned))?;
        Ok(scanned.damages.end(!scanned.fold.edges.is_empty()))
    }
}

fn document(scanned: &Scanned<Counted>) -> Document {
    let edges = &scanned.fold.edges;
    Document {
        facts: vec![
            ("lines", "lines", Cell::Count(scanned.lines)),
            ("damaged", "damaged", Cell::Count(scanned.damages.count())),
        ],
        tables: vec![
            table(
                "decisions",
                vec![
                    Column::text("decision", "decision", 0),
                    Column::text("reason", "reason", 0),
                    Column::number("count", "count", 0),
                    Column::number("share", "share", 1),
                    Column::number("net", "net", 2),
                ],
                edges.iter().flat_map(|(key, sums)| decisions(key, sums)),
            ),
            table(
                "costs",
                vec![
                    Column::text("component", "component", 0),
                    Column::number("total", "total", 0),
                    Column::number("of_gross", "of gross", 1),
                    Column::number("mean", "each", 2),
                ],
                edges.iter().flat_map(|(key, sums)| costs(key, sums)),
            ),
            table(
                "extremes",
                vec![
                    Column::text("rank", "", 0),
                    Column::number("net", "net", 0),
                    Column::text("decision", "decision", 2),
                    Column::text("reason", "reason", 3),
                    Column::text("time", "time", 4),
                    Column::id("trace_id", "trace id", 1),
                ],
                edges.iter().flat_map(|(key, sums)| extremes(key, sums)),
            ),
        ],
    }
}

/// A table in whose rows the name and the unit of the edge stand first.
fn table(key: &'static str, columns: Vec<Column>, rows: impl Iterator<Item = Row>) -> Table {
    let mut all = vec![
        Column::text("edge", "edge", 0),
        Column::text("unit", "unit", 5),
    ];
    all.extend(columns);
    Table {
        key,
        title: None,
        columns: all,
        rows: rows.collect(),
    }
}

fn row(key: &Key, cells: impl IntoIterator<Item = Cell>) -> Row {
    let unit = key.unit.as_deref().map_or(Cell::None, Cell::text);
    let mut all = vec![Cell::text(&key.name), unit];
    all.extend(cells);
    Row::from(all)
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: u64, whole: u64) -> Cell {
    if whole == 0 {
        Cell::None
    } else {
        Cell::Share(part as f64 / whole as f64)
    }
}

fn decisions<'a>(key: &'a Key, sums: &'a Sums) -> impl Iterator<Item = Row> + 'a {
    let all = sums.accepted.count + sums.rejected.values().map(|it| it.count).sum::<u64>();
    let mut rejected: Vec<_> = sums.rejected.iter().collect();
    rejected.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
    let accepted = [("accept", None, &sums.accepted)].into_iter();
    let rejected = rejected.into_iter();
    let decided = accepted.chain(rejected.map(|(reason, it)| ("reject", Some(reason), it)));
    decided
        .filter(|(.., decided)| decided.count > 0)
        .map(move |(decision, reason, decided)| {
            row(
                key,
                [
                    Cell::text(decision),
                    reason.map_or(Cell::None, |reason| Cell::text(&**reason)),
                    Cell::Count(decided.count),
                    share(decided.count, all),
                    if decided.summed > 0 {
                        Cell::Amount(decided.net.total())
                    } else {
                        Cell::None
                    },
                ],
            )
        })
}

fn costs<'a>(key: &'a Key, sums: &'a Sums) -> impl Iterator<Item = Row> + 'a {
    let gross = sums.gross.total();
    let mut costs: Vec<(&str, f64)> = sums
        .costs
        .iter()
        .map(|(name, sum)| (&**name, sum.total()))
        .collect();
    costs.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let net = sums.net();
    let parts = [("gross", gross)]
        .into_iter()
        .chain(costs)
        .chain([("net", net)]);
    let summed = sums.summed;
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    let rows = parts.map(move |(name, total)| {
        let of_gross = if gross > 0.0 {
            Cell::Share(total / gross)
        } else {
            Cell::None
        };
        let mean = Cell::Amount(total / summed.max(1) as f64);
        row(key, [Cell::text(name), Cell::Amount(total), of_gross, mean])
    });
    // Where nothing has sums there is nothing to tell.
    rows.filter(move |_| summed > 0)
}

fn extremes<'a>(key: &'a Key, sums: &'a Sums) -> impl Iterator<Item = Row> + 'a {
    let best = sums.best.iter().map(|edge| ("best", edge));
    let worst = sums.worst.iter().map(|edge| ("worst", edge));
    best.chain(worst).map(move |(rank, edge)| {
        let cells = [
            Cell::text(rank),
            Cell::Amount(edge.net),
            Cell::text(&*edge.decision),
            edge.reason.as_deref().map_or(Cell::None, Cell::text),
            Cell::Time(time(edge.time)),
            edge.trace_id.as_deref().map_or(Cell::None, Cell::text),
        ];
        row(key, cells)
    })
}
