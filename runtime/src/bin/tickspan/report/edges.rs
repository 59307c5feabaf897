//! What edges add up to: decisions by reason, where the edge went, the best and the worst.

use std::time::SystemTime;

use tickspan::recorded::{Edge, Value};

use super::model;
use crate::edges::{Role, name_and_unit};
use crate::named::{Merge, Named};
use crate::sum::Sum;
use crate::top::Id;

/// Components and reasons of one edge that are told apart. An edge has 25 parts at most.
const COMPONENTS: usize = 64;

/// So many of the best, and of the worst.
const EXTREMES: usize = 10;

/// The edges of one name and unit.
#[derive(Debug, Default)]
pub(super) struct Edges {
    accepted: Decided,
    rejected: Decided,
    without_sum: u64,
    reasons: Named<u64, COMPONENTS>,
    /// The best first.
    best: Vec<Extreme>,
    /// The worst first.
    worst: Vec<Extreme>,
}

#[derive(Debug, Default)]
struct Decided {
    all: u64,
    /// Those that have sums.
    count: u64,
    gross: Sum,
    net: Sum,
    costs: Named<Sum, COMPONENTS>,
}

#[derive(Clone, Debug)]
struct Extreme {
    net: f64,
    time: SystemTime,
    trace: Option<Id>,
    is_accepted: bool,
    reason: Option<String>,
}

impl Edges {
    /// Counts one.
    pub(super) fn add(&mut self, edge: &Edge<'_>, time: SystemTime, trace: Option<Id>) {
        let is_accepted = edge.is_accepted();
        let decided = if is_accepted {
            &mut self.accepted
        } else {
            *self.reasons.of(edge.reason.as_deref().unwrap_or("policy")) += 1;
            &mut self.rejected
        };
        decided.all += 1;
        let net = edge.net.as_ref().and_then(Value::as_f64);
        let Some(net) = net.filter(|net| net.is_finite()) else {
            self.without_sum += 1;
            return;
        };
        decided.count += 1;
        decided.net.add(net);
        for (name, amount) in edge.amounts.iter() {
            let Some(amount) = amount.as_f64().filter(|it| it.is_finite()) else {
                continue;
            };
            match Role::of(name) {
                Role::Gross => decided.gross.add(amount),
                Role::Cost => decided.costs.of(name).add(amount),
                Role::Threshold => {}
            }
        }
        let extreme = Extreme {
            net,
            time,
            trace,
            is_accepted,
            reason: edge.reason.clone().map(std::borrow::Cow::into_owned),
        };
        keep(&mut self.best, &extreme, |it| -it.net);
        keep(&mut self.worst, &extreme, |it| it.net);
    }

    /// The traces of the best, and of the worst.
    pub(super) fn traces(&self) -> [Vec<Id>; 2] {
        let of = |extremes: &[Extreme]| extremes.iter().filter_map(|it| it.trace).collect();
        [of(&self.best), of(&self.worst)]
    }

    /// Of those that share this key.
    pub(super) fn model(self, key: &str) -> model::Edge {
        let (name, unit) = name_and_unit(key);
        let mut reasons = self.reasons.into_sorted();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let extremes = |all: Vec<Extreme>| all.iter().map(Extreme::model).collect();
        model::Edge {
            name: model::short(name),
            unit: unit.map(model::short),
            accepted: self.accepted.model(),
            rejected: self.rejected.model(),
            without_sum: self.without_sum,
            reasons: reasons
                .into_iter()
                .map(|(code, count)| (model::short(&code), count))
                .collect(),
            best: extremes(self.best),
            worst: extremes(self.worst),
        }
    }
}

/// Keeps the least by `key`, sorted: of those that are equal, the first by time, trace and reason.
fn keep(extremes: &mut Vec<Extreme>, one: &Extreme, key: impl Fn(&Extreme) -> f64) {
    let order = |it: &Extreme, other: &Extreme| {
        key(it).total_cmp(&key(other)).then_with(|| {
            (it.time, it.trace, &it.reason).cmp(&(other.time, other.trace, &other.reason))
        })
    };
    let place = extremes.partition_point(|known| order(known, one).is_le());
    if place < EXTREMES {
        extremes.insert(place, one.clone());
        extremes.truncate(EXTREMES);
    }
}

impl Merge for Edges {
    fn merge(&mut self, other: Self) {
        self.accepted.merge(other.accepted);
        self.rejected.merge(other.rejected);
        self.without_sum += other.without_sum;
        self.reasons.merge(other.reasons);
        other
            .best
            .iter()
            .for_each(|it| keep(&mut self.best, it, |it| -it.net));
        other
            .worst
            .iter()
            .for_each(|it| keep(&mut self.worst, it, |it| it.net));
    }
}

impl Merge for Decided {
    fn merge(&mut self, other: Self) {
        self.all += other.all;
        self.count += other.count;
        self.gross.merge(other.gross);
        self.net.merge(other.net);
        self.costs.merge(other.costs);
    }
}

impl Decided {
    fn model(self) -> model::Decided {
        let costs = self.costs.into_sorted().into_iter();
        model::Decided {
            all: self.all,
            count: self.count,
            gross: self.gross.total(),
            net: self.net.total(),
            costs: costs
                .map(|(name, sum)| (model::short(&name), sum.total()))
                .collect(),
        }
    }
}

impl Extreme {
    fn model(&self) -> model::Extreme {
        model::Extreme {
            net: self.net,
            decision: if self.is_accepted { "accept" } else { "reject" },
            reason: self.reason.as_deref().map(model::short),
            trace: self.trace.map(|id| format!("{id:032x}")),
            time: model::time(self.time),
        }
    }
}
