//! What edges add up to.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::value::RawValue;
use tickspan::recorded::{Edge, Value};

use crate::input::{Nanoseconds, Times};
use crate::named::{Merge, Named};
use crate::scan::Fold;
use crate::sum::Sum;

/// Reasons, and costs, of one edge beyond this many share a row: names made from data must not eat the memory.
const MOST_NAMES: usize = 64;

/// Edges of other names beyond this many share one.
const MOST_EDGES: usize = 1_024;

/// What edges are counted together by: their name and unit.
pub(crate) fn key(edge: &Edge<'_>) -> String {
    match &edge.unit {
        Some(unit) => format!("{}\0{unit}", edge.name),
        None => edge.name.clone().into_owned(),
    }
}

/// The name and the unit that make a key.
pub(crate) fn name_and_unit(key: &str) -> (&str, Option<&str>) {
    match key.split_once('\0') {
        Some((name, unit)) => (name, Some(unit)),
        None => (key, None),
    }
}

/// The edges of each name and unit.
#[derive(Debug)]
pub(super) struct Counted {
    times: Times,
    top: usize,
    pub(super) edges: Named<Sums, MOST_EDGES>,
}

/// What the edges of one name and unit add up to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) accepted: Decided,
    /// By the code of the reason.
    pub(super) rejected: Named<Decided, MOST_NAMES>,
    /// How many have sums; what follows is of them.
    pub(super) summed: u64,
    pub(super) gross: Sum,
    pub(super) costs: Named<Sum, MOST_NAMES>,
    /// How many of the best, and of the worst, are kept.
    top: usize,
    pub(super) best: Vec<Extreme>,
    pub(super) worst: Vec<Extreme>,
}

/// Edges of one decision and reason.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decided {
    pub(super) count: u64,
    /// How many have sums, and what those come to.
    pub(super) summed: u64,
    pub(super) net: Sum,
}

/// One of the best or of the worst.
#[derive(Clone, Debug)]
pub(super) struct Extreme {
    pub(super) net: f64,
    pub(super) time: Nanoseconds,
    pub(super) trace_id: Option<String>,
    pub(super) decision: String,
    pub(super) reason: Option<String>,
}

/// What every line has. Data is read where it is an edge's.
#[derive(Deserialize)]
#[serde(expecting = "a line of a recording")]
struct Head<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    trace_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Counted {
    pub(super) fn new(times: Times, top: usize) -> Self {
        Self {
            times,
            top,
            edges: Named::default(),
        }
    }

    fn count(&mut self, edge: &Edge<'_>, time: Nanoseconds, trace_id: Option<&str>) {
        let sums = self.edges.of(&key(edge));
        sums.top = self.top;
        let net = edge.net.as_ref().and_then(Value::as_f64);
        let reason = edge.reason.as_deref();
        let decided = if edge.is_accepted() {
            &mut sums.accepted
        } else {
            sums.rejected.of(reason.unwrap_or("policy"))
        };
        decided.count += 1;
        // What has no sums is told by its reason.
        let Some(net) = net.filter(|net| net.is_finite()) else {
            return;
        };
        decided.summed += 1;
        decided.net.add(net);
        sums.summed += 1;
        for (name, amount) in edge.amounts.iter() {
            let Some(amount) = amount.as_f64().filter(|it| it.is_finite()) else {
                continue;
            };
            match Role::of(name) {
                Role::Gross => sums.gross.add(amount),
                Role::Cost => sums.costs.of(name).add(amount),
                Role::Threshold => {}
            }
        }
        let extreme = || Extreme {
            net,
            time,
            trace_id: trace_id.map(str::to_owned),
            decision: edge.decision.to_string(),
            reason: reason.map(str::to_owned),
        };
        keep(&mut sums.best, self.top, extreme, Extreme::better);
        keep(&mut sums.worst, self.top, extreme, Extreme::worse);
    }
}

/// What an amount is to its edge, by its name: that of a leg's begins with the leg's.
pub(crate) enum Role {
    Gross,
    Cost,
    Threshold,
}

impl Role {
    /// Of this name.
    pub(crate) fn of(name: &str) -> Self {
        match name.rsplit('.').next() {
            Some("gross") => Self::Gross,
            Some("threshold") => Self::Threshold,
            _ => Self::Cost,
        }
    }
}

/// Keeps the first `top` in an order.
fn keep(
    kept: &mut Vec<Extreme>,
    top: usize,
    new: impl FnOnce() -> Extreme,
    order: fn(&Extreme, &Extreme) -> Ordering,
) {
    let new = new();
    let place = kept.partition_point(|known| order(known, &new).is_lt());
    if place < top {
        kept.insert(place, new);
        kept.truncate(top);
    }
}

impl Extreme {
    /// The greatest first, of the same the first.
    fn better(&self, other: &Self) -> Ordering {
        other
            .net
            .total_cmp(&self.net)
            .then_with(|| self.earlier(other))
    }

    fn worse(&self, other: &Self) -> Ordering {
        self.net
            .total_cmp(&other.net)
            .then_with(|| self.earlier(other))
    }

    fn earlier(&self, other: &Self) -> Ordering {
        (self.time, &self.trace_id, &self.reason).cmp(&(other.time, &other.trace_id, &other.reason))
    }
}

impl Merge for Sums {
    fn merge(&mut self, other: Self) {
        self.accepted.merge(other.accepted);
        self.rejected.merge(other.rejected);
        self.summed += other.summed;
        self.gross.merge(other.gross);
        self.costs.merge(other.costs);
        self.top = self.top.max(other.top);
        let top = self.top;
        for edge in other.best {
            keep(&mut self.best, top, || edge, Extreme::better);
        }
        for edge in other.worst {
            keep(&mut self.worst, top, || edge, Extreme::worse);
        }
    }
}

impl Merge for Decided {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.summed += other.summed;
        self.net.merge(other.net);
    }
}

impl Fold for Counted {
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        let head: Head<'_> = serde_json::from_str(line)?;
        let time = self
            .times
            .read(&head.timestamp)
            .ok_or_else(|| serde::de::Error::custom("a point in time is written as in RFC 3339"))?;
        if head.event_type == "edge" {
            let edge: Edge<'_> = serde_json::from_str(head.data.get())?;
            if self.times.are_wanted(time) {
                self.count(&edge, time, head.trace_id.as_deref());
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.edges.merge(other.edges);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_depend_on_the_order() {
        let numbers = [1e16, 1.0, -1e16, 0.1, 3.0, 1e-9];
        let total = |numbers: &[f64]| {
            let mut sum = Sum::default();
            for number in numbers {
                sum.add(*number);
            }
            sum.total()
        };
        let mut backwards = numbers;
        backwards.reverse();
        assert_eq!(total(&numbers).to_bits(), total(&backwards).to_bits());
        let (mut one, mut other) = (Sum::default(), Sum::default());
        one.add(numbers[0]);
        for number in &numbers[1..] {
            other.add(*number);
        }
        one.merge(other);
        assert_eq!(one.total().to_bits(), total(&numbers).to_bits());
    }

    #[test]
    fn amounts_of_legs_are_told_by_their_last_part() {
        assert!(matches!(Role::of("gross"), Role::Gross));
        assert!(matches!(Role::of("buy.gross"), Role::Gross));
        assert!(matches!(Role::of("threshold"), Role::Threshold));
        assert!(matches!(Role::of("buy.fees"), Role::Cost));
        assert!(matches!(Role::of("gross_margin_fee"), Role::Cost));
    }
}
