//! What has changed from one recording to another, and whether for the worse.

use std::collections::BTreeMap;

use super::counted::Counted;
use super::durations::Durations;
use crate::output::{Cell, Column, Document, Row, Table, Tone};

/// What happened less often is not compared.
const LEAST_COUNT: u64 = 100;

/// A smaller difference, in nanoseconds, says more about the machine than about the code.
const LEAST_DIFFERENCE: u64 = 100;

/// Which percentiles are compared.
const COMPARED: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];

/// A stage, or a hop of a path, and the value of the attribute by which stages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    path: Option<&'a str>,
    name: &'a str,
    value: Option<&'a str>,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Worse,
    Better,
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
    /// There is too little of it.
    Few,
}

#[derive(Debug)]
struct Change<'a> {
    key: Key<'a>,
    measure: &'static str,
    before: Cell,
    now: Cell,
    ratio: Option<f64>,
    verdict: Verdict,
}

/// What has changed.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    changes: Vec<Change<'a>>,
    /// How many stages and hops are in both, often enough.
    compared: u64,
}

impl<'a> Compared<'a> {
    pub(super) fn of(before: &'a Counted, now: &'a Counted, worse_by: f64) -> Self {
        let (before, now) = (all(before), all(now));
        let mut compared = Self {
            changes: Vec::new(),
            compared: 0,
        };
        for (key, before) in &before {
            match now.get(key) {
                Some(now) => compared.compare(*key, before, now, worse_by),
                None => compared.note_count(*key, Some(before), None, Verdict::Gone),
            }
        }
        for (key, now) in now.iter().filter(|(key, _)| !before.contains_key(key)) {
            compared.note_count(*key, None, Some(now), Verdict::New);
        }
        let ratio = |change: &Change<'_>| change.ratio.unwrap_or(f64::INFINITY);
        compared.changes.sort_by(|a, b| {
            let by_ratio = ratio(b).total_cmp(&ratio(a));
            a.verdict
                .cmp(&b.verdict)
                .then(by_ratio)
                .then(a.key.cmp(&b.key))
        });
        compared
    }

    /// Whether something has become worse.
    pub(super) fn is_worse(&self) -> bool {
        self.count(Verdict::Worse) > 0
    }

    fn count(&self, verdict: Verdict) -> u64 {
        let changes = self.changes.iter();
        changes.filter(|change| change.verdict == verdict).count() as u64
    }

    fn compare(&mut self, key: Key<'a>, before: &Durations, now: &Durations, worse_by: f64) {
        if before.count().min(now.count()) < LEAST_COUNT {
            self.note_count(key, Some(before), Some(now), Verdict::Few);
            return;
        }
        self.compared += 1;
        for (measure, quantile) in COMPARED {
            let (Some(was), Some(is)) = (before.interval(quantile), now.interval(quantile)) else {
                continue;
            };
            let (old, new) = (before.quantile(quantile), now.quantile(quantile));
            #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
            let ratio = new as f64 / old.max(1) as f64;
            let is_told = old.abs_diff(new) >= LEAST_DIFFERENCE;
            if let Some(verdict) = judge(ratio, worse_by, was, is).filter(|_| is_told) {
                self.changes.push(Change {
                    key,
                    measure,
                    before: Cell::Nanoseconds(old),
                    now: Cell::Nanoseconds(new),
                    ratio: Some(ratio),
                    verdict,
                });
            }
        }
        let (old, new) = (share(before), share(now));
        let ratio = if old > 0.0 { new / old } else { f64::INFINITY };
        let verdict = judge(
            ratio,
            worse_by,
            before.error_interval(),
            now.error_interval(),
        );
        if let Some(verdict) = verdict {
            self.changes.push(Change {
                key,
                measure: "errors",
                before: Cell::Share(old),
                now: Cell::Share(new),
                ratio: Some(ratio).filter(|ratio| ratio.is_finite()),
                verdict,
            });
        }
    }

    fn note_count(
        &mut self,
        key: Key<'a>,
        before: Option<&Durations>,
        now: Option<&Durations>,
        verdict: Verdict,
    ) {
        let count = |durations: Option<&Durations>| {
            durations.map_or(Cell::None, |it| Cell::Count(it.count()))
        };
        self.changes.push(Change {
            key,
            measure: "count",
            before: count(before),
            now: count(now),
            ratio: None,
            verdict,
        });
    }

    /// To be printed; stages are told apart by the attribute.
    pub(super) fn document(&self, by: Option<&str>) -> Document {
        let mut columns = vec![
            Column::text("verdict", "verdict", 0),
            Column::text("path", "path", 3),
            Column::text("stage", "stage or hop", 0),
        ];
        columns.extend(by.map(|by| Column::text("by", by, 0)));
        columns.extend([
            Column::text("measure", "", 0),
            Column::number("before", "before", 2),
            Column::number("now", "now", 1),
            Column::number("ratio", "", 1),
        ]);
        let rows = self.changes.iter().map(|change| {
            let key = change.key;
            let maybe = |text: Option<&str>| text.map_or(Cell::None, Cell::text);
            let mut cells = vec![
                Cell::text(change.verdict.word()),
                maybe(key.path),
                Cell::text(key.name),
            ];
            cells.extend(by.map(|_| maybe(key.value)));
            cells.extend([
                Cell::text(change.measure),
                change.before.clone(),
                change.now.clone(),
                change.ratio.map_or(Cell::None, Cell::Ratio),
            ]);
            Row {
                cells,
                tone: change.verdict.tone(),
            }
        });
        let fact = |name, count| (name, name, Cell::Count(count));
        Document {
            facts: vec![
                fact("compared", self.compared),
                fact("worse", self.count(Verdict::Worse)),
                fact("better", self.count(Verdict::Better)),
            ],
            tables: vec![Table {
                key: "changes",
                title: None,
                columns,
                rows: rows.collect(),
            }],
        }
    }
}

/// Worse where it is so many times what it was and lies above it, better where it is the other way round.
fn judge<T: PartialOrd + Copy>(
    ratio: f64,
    worse_by: f64,
    was: (T, T),
    is: (T, T),
) -> Option<Verdict> {
    if ratio >= worse_by && is.0 > was.1 {
        Some(Verdict::Worse)
    } else if ratio * worse_by <= 1.0 && is.1 < was.0 {
        Some(Verdict::Better)
    } else {
        None
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(durations: &Durations) -> f64 {
    durations.errors() as f64 / durations.count().max(1) as f64
}

fn all(counted: &Counted) -> BTreeMap<Key<'_>, &Durations> {
    let mut all = BTreeMap::new();
    // Without windows there is one of them.
    for window in counted.windows.values() {
        let by = window.by.iter();
        let by = by.map(|(value, stages)| (Some(&**value), stages));
        for (value, stages) in by.chain([(None, &window.without)]) {
            all.extend(stages.iter().map(|(name, durations)| {
                let key = Key {
                    path: None,
                    name,
                    value,
                };
                (key, durations)
            }));
        }
        for (path, of_path) in &window.paths {
            all.extend(of_path.hops.iter().map(|hop| {
                let key = Key {
                    path: Some(path),
                    name: &hop.name,
                    value: None,
                };
                (key, &hop.durations)
            }));
        }
    }
    all
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Few => "few",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Worse => Tone::Bad,
            Self::Better => Tone::Good,
            _ => Tone::Faint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Input, Times};
    use crate::scan::Fold as _;
    use crate::summary::counted::Grouping;

    fn counted(durations: impl IntoIterator<Item = (u64, bool)>) -> Counted {
        let times = Times::of(Input::all_of("-".into()).period());
        let mut counted = Counted::new(Grouping::default(), times);
        for (nanoseconds, failed) in durations {
            let status = if failed { "error" } else { "unset" };
            let line = format!(
                r#"{{"event_type":"span","timestamp":"2026-11-21T05:43:44Z","data":{{"name":"s","duration_ns":{nanoseconds},"status":"{status}"}}}}"#
            );
            counted.take(&line).unwrap();
        }
        counted
    }

    fn verdicts(before: &Counted, now: &Counted) -> Vec<(&'static str, Verdict)> {
        let compared = Compared::of(before, now, 1.5);
        let changes = compared.changes.iter();
        changes.map(|it| (it.measure, it.verdict)).collect()
    }

    fn evenly(count: u64, most: u64) -> impl Iterator<Item = (u64, bool)> {
        (0..count).map(move |it| ((it * 7_919) % count * most / count, false))
    }

    #[test]
    fn what_takes_longer_is_worse_and_the_other_way_round_better() {
        let (before, now) = (
            counted(evenly(5_000, 10_000)),
            counted(evenly(5_000, 20_000)),
        );
        let all = |verdict| [("p50", verdict), ("p90", verdict), ("p99", verdict)];
        let told = verdicts(&before, &now);
        assert!(
            all(Verdict::Worse).iter().all(|it| told.contains(it)),
            "{told:?}"
        );
        let told = verdicts(&now, &before);
        assert!(
            all(Verdict::Better).iter().all(|it| told.contains(it)),
            "{told:?}"
        );
        assert_eq!(verdicts(&before, &before), []);
    }

    #[test]
    fn few_small_and_chance_are_not_worse() {
        // A p99 of 500 has five beyond it.
        let slow_tail = |count: u64| {
            counted((0..count).map(move |it| (if it % 60 == 0 { 90_000 } else { 1_000 }, false)))
        };
        let even = |count| counted((0..count).map(|_| (1_000, false)));
        assert_eq!(verdicts(&even(500), &slow_tail(500)), []);
        assert_eq!(
            verdicts(&even(6_000), &slow_tail(6_000)),
            [("p99", Verdict::Worse)]
        );
        assert_eq!(
            verdicts(&even(99), &slow_tail(99)),
            [("count", Verdict::Few)]
        );
        // Three times as long, and less than 100 ns.
        let nanoseconds = |it| counted((0..1_000).map(move |_| (it, false)));
        assert_eq!(verdicts(&nanoseconds(30), &nanoseconds(90)), []);
        // Twice the errors, of three.
        let errors = |most| counted((0..1_000).map(move |it| (1_000, it < most)));
        assert_eq!(verdicts(&errors(3), &errors(6)), []);
        assert_eq!(
            verdicts(&errors(30), &errors(90)),
            [("errors", Verdict::Worse)]
        );
        assert_eq!(
            verdicts(&errors(0), &errors(90)),
            [("errors", Verdict::Worse)]
        );
    }

    #[test]
    fn what_is_in_one_alone_is_told_and_not_worse() {
        let (nothing, some) = (counted([]), counted(evenly(200, 10)));
        assert_eq!(verdicts(&nothing, &some), [("count", Verdict::New)]);
        assert_eq!(verdicts(&some, &nothing), [("count", Verdict::Gone)]);
    }

    /// Samples of the same distribution, with a long tail.
    #[test]
    fn two_samples_of_the_same_are_not_worse() {
        let sample = |seed: u64| {
            let mut state = seed;
            counted((0..2_000).map(move |_| {
                // SplitMix64.
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut bits = state;
                bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                bits ^= bits >> 31;
                (1_000_000_000 / (1 + bits % 1_000_000), bits % 10 == 0)
            }))
        };
        let samples: Vec<Counted> = (0..20).map(|seed| sample(seed << 32)).collect();
        for before in &samples {
            for now in &samples {
                assert_eq!(verdicts(before, now), []);
            }
        }
    }
}
