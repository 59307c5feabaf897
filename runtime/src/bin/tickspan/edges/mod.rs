//! `tickspan edges`.

mod counted;

use std::cmp::Reverse;

use clap::Args;

use crate::damage::Damages;
use crate::exit::{self, Exit, Failure};
use crate::input::{Input, Times, time};
use crate::output::{Cell, Column, Document, Form, Row, Table};
use crate::scan::scan;
use counted::{Counted, Decided, Extreme, Sums};
pub(crate) use counted::{Role, key, name_and_unit};

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
        let edges = scanned.fold.edges.into_sorted();
        let edges: Vec<Told> = edges.into_iter().map(Told::of).collect();
        self.form
            .print(&document(scanned.lines, &scanned.damages, &edges))?;
        Ok(self.input.told(scanned.damages.end(!edges.is_empty())))
    }
}

/// The edges of one name and unit, in the order in which they are told.
struct Told {
    name: String,
    unit: Option<String>,
    accepted: Decided,
    rejected: Vec<(String, Decided)>,
    summed: u64,
    gross: f64,
    costs: Vec<(String, f64)>,
    best: Vec<Extreme>,
    worst: Vec<Extreme>,
}

impl Told {
    fn of((key, sums): (String, Sums)) -> Self {
        let (name, unit) = name_and_unit(&key);
        let mut rejected = sums.rejected.into_sorted();
        rejected.sort_by_key(|(_, decided)| Reverse(decided.count));
        let costs = sums.costs.into_sorted().into_iter();
        let mut costs: Vec<_> = costs.map(|(name, sum)| (name, sum.total())).collect();
        costs.sort_by(|a, b| b.1.total_cmp(&a.1));
        Self {
            name: name.to_owned(),
            unit: unit.map(str::to_owned),
            accepted: sums.accepted,
            rejected,
            summed: sums.summed,
            gross: sums.gross.total(),
            costs,
            best: sums.best,
            worst: sums.worst,
        }
    }

    fn net(&self) -> f64 {
        let mut net = self.accepted.net;
        self.rejected.iter().for_each(|(_, it)| net.merge(it.net));
        net.total()
    }
}

fn document(lines: u64, damages: &Damages, edges: &[Told]) -> Document {
    Document {
        facts: vec![
            ("lines", "lines", Cell::Count(lines)),
            ("damaged", "damaged", Cell::Count(damages.count())),
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
                edges.iter().flat_map(decisions),
            ),
            table(
                "costs",
                vec![
                    Column::text("component", "component", 0),
                    Column::number("total", "total", 0),
                    Column::number("of_gross", "of gross", 1),
                    Column::number("mean", "each", 2),
                ],
                edges.iter().flat_map(costs),
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
                edges.iter().flat_map(extremes),
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

fn row(edge: &Told, cells: impl IntoIterator<Item = Cell>) -> Row {
    let unit = edge.unit.as_deref().map_or(Cell::None, Cell::text);
    let mut all = vec![Cell::text(&edge.name), unit];
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

fn decisions(edge: &Told) -> impl Iterator<Item = Row> + '_ {
    let rejected = edge.rejected.iter();
    let all = edge.accepted.count + rejected.clone().map(|(_, it)| it.count).sum::<u64>();
    let accepted = [("accept", None, &edge.accepted)].into_iter();
    let decided = accepted.chain(rejected.map(|(reason, it)| ("reject", Some(reason), it)));
    decided
        .filter(|(.., decided)| decided.count > 0)
        .map(move |(decision, reason, decided)| {
            row(
                edge,
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

fn costs(edge: &Told) -> impl Iterator<Item = Row> + '_ {
    let Told { gross, summed, .. } = *edge;
    let costs = edge.costs.iter().map(|(name, total)| (&**name, *total));
    let parts = [("gross", gross)]
        .into_iter()
        .chain(costs)
        .chain([("net", edge.net())]);
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    let rows = parts.map(move |(name, total)| {
        let of_gross = if gross > 0.0 {
            Cell::Share(total / gross)
        } else {
            Cell::None
        };
        let mean = Cell::Amount(total / summed.max(1) as f64);
        row(
            edge,
            [Cell::text(name), Cell::Amount(total), of_gross, mean],
        )
    });
    // Where nothing has sums there is nothing to tell.
    rows.filter(move |_| summed > 0)
}

fn extremes(edge: &Told) -> impl Iterator<Item = Row> + '_ {
    let best = edge.best.iter().map(|one| ("best", one));
    let worst = edge.worst.iter().map(|one| ("worst", one));
    best.chain(worst).map(move |(rank, one)| {
        let cells = [
            Cell::text(rank),
            Cell::Amount(one.net),
            Cell::text(&*one.decision),
            one.reason.as_deref().map_or(Cell::None, Cell::text),
            Cell::Time(time(one.time)),
            one.trace_id.as_deref().map_or(Cell::None, Cell::text),
        ];
        row(edge, cells)
    })
}
