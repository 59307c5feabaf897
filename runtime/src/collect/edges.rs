//! What edges add up to: decisions by reason, and what ate the gross edge.
//!
//! [`EdgeTable`] is fed by the collector, or on the tracing route on the thread that records an edge: one lock, one look-up,
//! some additions. It never prints; the guard does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::human;
use super::table;
use crate::edge::{COMPUTED, EdgeSite, Part, Role};
use crate::privacy::{Repr, Value};
use crate::record::lane::wire::{Reader, tag};
use crate::support::MAX_KEYS;

/// Reasons of one edge beyond this many share a count: a reason made from data must not eat the memory.
const REASONS_LIMIT: usize = 64;

/// The reason of those beyond [`REASONS_LIMIT`].
const OTHER_REASONS: &str = "(other reasons)";

/// What the edges of one name and unit add up to, in a [`Summary`](crate::Summary).
///
/// Sums are taken as `f64`, of edges that have sums; those that do not are among the rejections alone.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EdgeSummary {
    /// The name of the edge.
    pub name: String,
    /// The unit of its amounts, if it has one.
    pub unit: Option<String>,
    /// Edges that were accepted.
    pub accepted: u64,
    /// Edges that were rejected, by the code of the reason, the most frequent first.
    pub rejections: Vec<(String, u64)>,
    /// The gross edges together.
    pub gross: f64,
    /// The net edges together.
    pub net: f64,
    /// The net edges of those that were accepted.
    pub accepted_net: f64,
    /// What ate the gross edge, the greatest first.
    pub costs: Vec<EdgeCost>,
}

/// A cost in an [`EdgeSummary`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EdgeCost {
    /// Its name; that of a leg's cost begins with the leg's.
    pub name: String,
    /// What it came to, of all edges that have sums. A rebate is negative.
    pub total: f64,
    /// Which part of the gross edges that is: 0.25 for a quarter. None where there was nothing to gain.
    pub share: Option<f64>,
}

impl EdgeSummary {
    /// Edges that were decided.
    pub fn count(&self) -> u64 {
        self.accepted + self.rejected()
    }

    /// Edges that were rejected.
    pub fn rejected(&self) -> u64 {
        self.rejections.iter().map(|(_, count)| count).sum()
    }

    fn share(&self, amount: f64) -> Option<f64> {
        (self.gross > 0.0).then(|| amount / self.gross)
    }

    fn rows(&self) -> Vec<[String; 4]> {
        let counted =
            |name: String, count: u64| [name, human::count(count), String::new(), String::new()];
        let summed = |name: &str, amount: f64| {
            [
                format!("  {name}"),
                String::new(),
                human::share(self.share(amount)),
                human::amount(amount),
            ]
        };
        let title = match &self.unit {
            Some(unit) => format!("{} ({unit})", self.name),
            None => self.name.clone(),
        };
        let mut rows = vec![counted(title, self.count())];
        rows.push(counted("  accepted".to_owned(), self.accepted));
        for (reason, count) in &self.rejections {
            rows.push(counted(format!("  {reason}"), *count));
        }
        rows.push(summed("gross", self.gross));
        for cost in &self.costs {
            rows.push(summed(&cost.name, cost.total));
        }
        rows.push(summed("net", self.net));
        rows
    }
}

/// Writes edges as one aligned table.
pub(super) fn write(f: &mut fmt::Formatter<'_>, edges: &[EdgeSummary]) -> fmt::Result {
    let header = ["edge", "count", "of gross", "total"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(header)
        .chain(edges.iter().flat_map(EdgeSummary::rows))
        .collect();
    table::write(f, &rows)
}

/// What was recorded of one edge, as numbers.
pub(crate) struct Counted<'a> {
    net: Option<f64>,
    /// Nothing for one that was accepted.
    reason: Option<Cow<'a, str>>,
    /// Those of the parts of its site, not a number where there is none.
    amounts: [f64; MAX_KEYS],
}

impl<'a> Counted<'a> {
    /// Of the values of an edge's event.
    fn of_values(values: &'a [Value<'a>]) -> Option<Self> {
        let (computed, parts) = values.split_at_checked(COMPUTED)?;
        let [_, _, _, net, decision, reason] = computed else {
            return None;
        };
        let mut amounts = [f64::NAN; MAX_KEYS];
        for (amount, value) in amounts.iter_mut().zip(parts) {
            *amount = number(value).unwrap_or(f64::NAN);
        }
        Some(Self {
            net: number(net),
            reason: rejected(text(decision)?, text(reason)),
            amounts,
        })
    }

    /// Of a record, behind its header.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut value = || read(&mut reader);
        let [_name, _unit, _cost, net, decision, reason] =
            [value()?, value()?, value()?, value()?, value()?, value()?];
        let mut amounts = [f64::NAN; MAX_KEYS];
        let mut places = amounts.iter_mut();
        while !reader.is_empty() {
            *places.next()? = read(&mut reader)?.number().unwrap_or(f64::NAN);
        }
        let (net, reason) = (net.number(), reason.text());
        let decision = decision.text()?;
        Some(Self {
            net,
            reason: rejected(decision, reason),
            amounts,
        })
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.reason.is_none()
    }
}

fn rejected<'a>(decision: &str, reason: Option<&'a str>) -> Option<Cow<'a, str>> {
    (decision != "accept").then(|| Cow::Borrowed(reason.unwrap_or("policy")))
}

fn text<'a>(value: &Value<'a>) -> Option<&'a str> {
    match value.repr() {
        Repr::Text(text) => Some(text),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "statistics; what is recorded is exact"
)]
fn number(value: &Value<'_>) -> Option<f64> {
    match value.repr() {
        Repr::F64(number) => Some(*number),
        Repr::I64(number) => Some(*number as f64),
        Repr::U64(number) => Some(*number as f64),
        #[cfg(feature = "rust_decimal")]
        Repr::Decimal(number) => rust_decimal::prelude::ToPrimitive::to_f64(number),
        _ => None,
    }
}

/// A value of an edge's record, as far as it is counted.
enum Read<'a> {
    Number(f64),
    Text(&'a str),
    Other,
}

impl<'a> Read<'a> {
    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// `None` where it cannot be read.
#[expect(
    clippy::cast_precision_loss,
    reason = "statistics; what is recorded is exact"
)]
fn read<'a>(reader: &mut Reader<'a>) -> Option<Read<'a>> {
    Some(match reader.u8()? {
        tag::ABSENT | tag::FALSE | tag::TRUE => Read::Other,
        tag::F64 => Read::Number(reader.f64()?),
        tag::I64 => Read::Number(reader.i64()? as f64),
        tag::U64 => Read::Number(reader.u64()? as f64),
        #[cfg(feature = "rust_decimal")]
        tag::DECIMAL => {
            let number = rust_decimal::Decimal::deserialize(reader.sixteen()?);
            rust_decimal::prelude::ToPrimitive::to_f64(&number).map_or(Read::Other, Read::Number)
        }
        tag::TEXT => {
            let len = reader.u16()?;
            Read::Text(core::str::from_utf8(reader.bytes(len.into())?).ok()?)
        }
        _ => return None,
    })
}

/// What is told of a unit that is met for the first time.
type NewUnit = Arc<dyn Fn(Option<&'static str>) + Send + Sync>;

/// The units that have been told, and to whom.
#[derive(Default)]
struct Units {
    told: Vec<Option<&'static str>>,
    listeners: Vec<NewUnit>,
}

impl Units {
    /// Who is to be told of a unit; nobody where it is known.
    fn meet(&mut self, unit: Option<&'static str>) -> Vec<NewUnit> {
        if self.told.contains(&unit) {
            return Vec::new();
        }
        self.told.push(unit);
        self.listeners.clone()
    }
}

/// What the edges of each name and unit add up to.
#[derive(Default)]
pub(crate) struct EdgeTable {
    rows: Mutex<Rows>,
    // Locked when a unit is met for the first time.
    units: Mutex<Units>,
}

#[derive(Default)]
struct Rows {
    /// The place of each site's row, and those of its parts there, by the address of the site.
    sites: HashMap<usize, (usize, Vec<usize>)>,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    unit: Option<&'static str>,
    accepted: u64,
    rejections: Vec<(String, u64)>,
    /// Of all that have sums, and of those that were accepted.
    net: f64,
    accepted_net: f64,
    /// The amounts of each name.
    parts: Vec<(Part, f64)>,
}

impl fmt::Debug for EdgeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeTable").finish_non_exhaustive()
    }
}

/// The table of the tracing route, where threads count what they record.
static OBSERVED: OnceLock<Arc<EdgeTable>> = OnceLock::new();

/// Has edges on the tracing route counted in `table`. Only the first call counts; `init` makes it.
pub(crate) fn observe_edges_in(table: Arc<EdgeTable>) {
    _ = OBSERVED.set(table);
}

/// Counts an edge on the tracing route, if it is counted at all.
pub(crate) fn observe_edge(site: &'static EdgeSite, values: &[Value<'_>]) {
    if let Some(table) = OBSERVED.get() {
        if let Some(counted) = Counted::of_values(values) {
            table.observe(site, &counted);
        }
    }
}

impl EdgeTable {
    /// Has `tell` called with the unit of edges, each once; with those that are known already at once.
    pub(crate) fn tell_units(&self, tell: NewUnit) {
        let mut units = self.units();
        units.told.iter().for_each(|unit| tell(*unit));
        units.listeners.push(tell);
    }

    /// Calls nobody any more.
    pub(crate) fn forget_listeners(&self) {
        self.units().listeners.clear();
    }

    /// Counts an edge.
    pub(crate) fn observe(&self, site: &'static EdgeSite, counted: &Counted<'_>) {
        let is_new = self.lock().count(site, counted);
        if is_new {
            // Not with the lock held: whoever is told may ask for the rows.
            let listeners = self.units().meet(site.unit);
            for tell in listeners {
                tell(site.unit);
            }
        }
    }

    fn units(&self) -> MutexGuard<'_, Units> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every row.
    pub(crate) fn summary(&self) -> Vec<EdgeSummary> {
        let mut edges: Vec<_> = self.lock().rows.iter().map(Row::summary).collect();
        edges.sort_by(|a, b| (&a.name, &a.unit).cmp(&(&b.name, &b.unit)));
        edges
    }

    /// A thread that panicked with the lock held leaves, at worst, one edge half counted.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    /// Counts an edge, and tells whether it is the first of its site.
    fn count(&mut self, site: &'static EdgeSite, counted: &Counted<'_>) -> bool {
        let Self { sites, rows } = self;
        let mut is_new = false;
        let (place, parts) = sites
            .entry(core::ptr::from_ref(site).addr())
            .or_insert_with(|| {
                is_new = true;
                place_of(rows, site)
            });
        if let Some(row) = rows.get_mut(*place) {
            row.count(counted, parts);
        }
        is_new
    }
}

/// The place of the site's row, and those of its parts in it; one of the same name and unit serves all.
fn place_of(rows: &mut Vec<Row>, site: &EdgeSite) -> (usize, Vec<usize>) {
    let known = rows
        .iter()
        .position(|row| (row.name, row.unit) == (site.name, site.unit));
    let place = known.unwrap_or_else(|| {
        rows.push(Row::new(site));
        rows.len() - 1
    });
    let row = &mut rows[place];
    let parts = site.parts.iter().map(|part| row.place_of(part)).collect();
    (place, parts)
}

impl Row {
    fn new(site: &EdgeSite) -> Self {
        Self {
            name: site.name,
            unit: site.unit,
            accepted: 0,
            rejections: Vec::new(),
            net: 0.0,
            accepted_net: 0.0,
            parts: Vec::new(),
        }
    }

    fn place_of(&mut self, part: &Part) -> usize {
        let known = self
            .parts
            .iter()
            .position(|(known, _)| (known.key, known.role) == (part.key, part.role));
        known.unwrap_or_else(|| {
            self.parts.push((*part, 0.0));
            self.parts.len() - 1
        })
    }

    fn count(&mut self, counted: &Counted<'_>, places: &[usize]) {
        match &counted.reason {
            None => self.accepted += 1,
            Some(reason) => self.count_rejection(reason),
        }
        // What has no sums is told by its reason.
        let Some(net) = counted.net else { return };
        self.net += net;
        if counted.is_accepted() {
            self.accepted_net += net;
        }
        for (place, amount) in places.iter().zip(&counted.amounts) {
            if let Some((part, sum)) = self.parts.get_mut(*place) {
                if part.is_summed() {
                    *sum += amount;
                }
            }
        }
    }

    fn count_rejection(&mut self, reason: &str) {
        let room = self.rejections.len() < REASONS_LIMIT;
        let known = |reasons: &mut Vec<(String, u64)>, reason: &str| {
            reasons.iter().position(|(known, _)| known == reason)
        };
        let place = known(&mut self.rejections, reason).or_else(|| {
            (!room)
                .then(|| known(&mut self.rejections, OTHER_REASONS))
                .flatten()
        });
        match place {
            Some(place) => self.rejections[place].1 += 1,
            None if room => self.rejections.push((reason.to_owned(), 1)),
            None => self.rejections.push((OTHER_REASONS.to_owned(), 1)),
        }
    }

    fn sum_of(&self, role: Role) -> f64 {
        self.parts
            .iter()
            .filter(|(part, _)| part.role == role)
            .map(|(_, sum)| sum)
            .sum()
    }

    fn summary(&self) -> EdgeSummary {
        let mut rejections = self.rejections.clone();
        rejections.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut summary = EdgeSummary {
            name: self.name.to_owned(),
            unit: self.unit.map(str::to_owned),
            accepted: self.accepted,
            rejections,
            gross: self.sum_of(Role::Gross),
            net: self.net,
            accepted_net: self.accepted_net,
            costs: Vec::new(),
        };
        let costs = self
            .parts
            .iter()
            .filter(|(part, _)| part.role == Role::Cost);
        summary.costs = costs
            .map(|(part, sum)| EdgeCost {
                name: part.name().to_owned(),
                total: *sum,
                share: summary.share(*sum),
            })
            .collect();
        summary.costs.sort_by(|a, b| b.total.total_cmp(&a.total));
        summary
    }
}
