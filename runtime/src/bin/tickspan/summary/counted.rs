//! What lines add up to: stages, and the hops of paths, for each window and each value of an attribute.

use std::collections::{BTreeMap, HashMap};

use tickspan::recorded::Attributes;

use super::durations::Durations;
use super::line::{self, Latency, Said, Span};
use crate::input::{Nanoseconds, Times};
use crate::scan::Fold;

/// So many rows each thread counts at most, and with windows, whose percentiles have fewer digits. A row takes 100 KB as long as
/// its durations stay below 1 ms, and 440 KB at most; with windows an eighth of that.
const MOST_ROWS: usize = 1_024;
const MOST_ROWS_OF_WINDOWS: usize = 16_384;

/// Significant digits of percentiles: within 0.1 %, and within 1 %.
const DIGITS: u8 = 3;
const DIGITS_OF_WINDOWS: u8 = 2;

/// The row of stages, and of attributes, that came when there were too many.
const OTHERS: &str = "(others)";

/// The hop that is the whole path.
const WHOLE: &str = "end_to_end";

/// How lines are told apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouping {
    /// How long a window is.
    pub(super) window: Option<Nanoseconds>,
    /// By the value of which attribute.
    pub(super) by: Option<String>,
}

/// Rows of stages, and of the hops of paths, by window and by value.
#[derive(Debug)]
pub(super) struct Counted {
    grouping: Grouping,
    times: Times,
    pub(super) windows: BTreeMap<Nanoseconds, Window>,
    rows: usize,
    /// Windows came when there were too many rows, and are not counted.
    pub(super) is_full: bool,
    /// The first and the last time.
    pub(super) first: Nanoseconds,
    pub(super) last: Nanoseconds,
}

/// What happened in a window.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Stages without the attribute.
    pub(super) without: Stages,
    /// Stages by its value.
    pub(super) by: BTreeMap<Box<str>, Stages>,
    pub(super) paths: BTreeMap<Box<str>, Path>,
}

pub(super) type Stages = HashMap<Box<str>, Durations>;

/// A latency path.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) finished: u64,
    /// In the order of the path.
    pub(super) hops: Vec<Hop>,
    pub(super) marks: BTreeMap<Box<str>, Faults>,
}

#[derive(Debug)]
pub(super) struct Hop {
    pub(super) name: Box<str>,
    pub(super) durations: Durations,
    pub(super) over_budget: u64,
}

/// How often a mark was missing or wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) unmarked: u64,
    pub(super) repeated: u64,
    pub(super) backwards: u64,
}

impl Counted {
    pub(super) fn new(grouping: Grouping, times: Times) -> Self {
        Self {
            grouping,
            times,
            windows: BTreeMap::new(),
            rows: 0,
            is_full: false,
            first: Nanoseconds::MAX,
            last: Nanoseconds::MIN,
        }
    }

    /// Whether nothing was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The hops of each path in its order, of all windows.
    pub(super) fn order_of_hops(&self) -> HashMap<&str, Vec<&str>> {
        let mut order: HashMap<&str, Vec<&str>> = HashMap::new();
        for window in self.windows.values() {
            for (name, path) in &window.paths {
                let known = order.entry(name).or_default();
                let mut at = 0;
                for hop in &path.hops {
                    let place = known.iter().position(|it| *it == &*hop.name);
                    let place = place.unwrap_or_else(|| {
                        known.insert(at, &hop.name);
                        at
                    });
                    at = place + 1;
                }
            }
        }
        order
    }

    fn most_rows(&self) -> usize {
        match self.grouping.window {
            None => MOST_ROWS,
            Some(_) => MOST_ROWS_OF_WINDOWS,
        }
    }

    /// The place where what happened then is counted.
    fn room(&mut self, time: Nanoseconds) -> Option<(&mut Window, Room<'_>)> {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        let begin = match self.grouping.window {
            None => 0,
            Some(window) => time.div_euclid(window).saturating_mul(window),
        };
        let most_rows = self.most_rows();
        if self.rows >= most_rows && !self.windows.contains_key(&begin) {
            self.is_full = true;
            return None;
        }
        let digits = match self.grouping.window {
            None => DIGITS,
            Some(_) => DIGITS_OF_WINDOWS,
        };
        let room = Room {
            rows: &mut self.rows,
            most_rows,
            digits,
        };
        Some((self.windows.entry(begin).or_default(), room))
    }

    fn count_span(&mut self, time: Nanoseconds, span: &Span<'_>) -> Result<(), serde_json::Error> {
        let value = match (&self.grouping.by, span.attributes) {
            (Some(key), Some(attributes)) => {
                let attributes: Attributes<'_> = serde_json::from_str(attributes.get())?;
                attributes.get(key).map(ToString::to_string)
            }
            _ => None,
        };
        let Some((window, mut room)) = self.room(time) else {
            return Ok(());
        };
        let stages = match value {
            None => &mut window.without,
            Some(value) => room.of_value(&mut window.by, &value),
        };
        room.durations(stages, &span.name.0)
            .add(span.duration_ns, span.status.0 == "error");
        Ok(())
    }

    fn count_latency(&mut self, time: Nanoseconds, latency: &Latency<'_>) {
        let Some((window, room)) = self.room(time) else {
            return;
        };
        let path = get_or_insert(&mut window.paths, &latency.name.0, Path::default);
        path.finished += 1;
        let is_over = |name: &str| latency.over_budget.iter().any(|over| over.0 == name);
        let mut at = 0;
        for hop in &latency.hops {
            at = path.hop(&hop.name.0, at, room.digits);
            path.hops[at].add(hop.duration_ns, is_over(&hop.name.0));
            at += 1;
        }
        if let Some(whole) = latency.end_to_end_ns {
            let at = path.hop(WHOLE, path.hops.len(), room.digits);
            path.hops[at].add(whole, is_over(WHOLE));
        }
        for mark in &latency.unmarked {
            path.mark(&mark.0).unmarked += 1;
        }
        for mark in &latency.repeated {
            path.mark(&mark.0).repeated += 1;
        }
        for mark in &latency.backwards {
            path.mark(&mark.0).backwards += 1;
        }
    }
}

/// How many rows there may be.
struct Room<'a> {
    rows: &'a mut usize,
    most_rows: usize,
    digits: u8,
}

impl Room<'_> {
    fn is_full(&self) -> bool {
        *self.rows >= self.most_rows
    }

    fn of_value<'a>(
        &self,
        values: &'a mut BTreeMap<Box<str>, Stages>,
        value: &str,
    ) -> &'a mut Stages {
        let value = if self.is_full() && !values.contains_key(value) {
            OTHERS
        } else {
            value
        };
        get_or_insert(values, value, Stages::default)
    }

    fn durations<'a>(&mut self, stages: &'a mut Stages, name: &str) -> &'a mut Durations {
        // Looked for twice where it is new, so that nothing is copied where it is not.
        if !stages.contains_key(name) {
            let name = if self.is_full() { OTHERS } else { name };
            *self.rows += 1;
            return stages
                .entry(name.into())
                .or_insert_with(|| Durations::new(self.digits));
        }
        stages
            .get_mut(name)
            .unwrap_or_else(|| unreachable!("it is there"))
    }
}

/// As the entry of a map, where nothing is copied unless it is new.
fn get_or_insert<'a, T>(
    map: &'a mut BTreeMap<Box<str>, T>,
    key: &str,
    new: impl FnOnce() -> T,
) -> &'a mut T {
    if !map.contains_key(key) {
        map.insert(key.into(), new());
    }
    map.get_mut(key)
        .unwrap_or_else(|| unreachable!("it is there"))
}

impl Path {
    /// The place of a hop, which is new behind `after` unless it is known.
    fn hop(&mut self, name: &str, after: usize, digits: u8) -> usize {
        if let Some(place) = self.hops.iter().position(|hop| &*hop.name == name) {
            return place;
        }
        let is_whole_there = self.hops.last().is_some_and(|hop| &*hop.name == WHOLE);
        let end = self.hops.len() - usize::from(is_whole_there);
        let place = if name == WHOLE {
            self.hops.len()
        } else {
            after.min(end)
        };
        self.hops.insert(
            place,
            Hop {
                name: name.into(),
                durations: Durations::new(digits),
                over_budget: 0,
            },
        );
        place
    }

    fn mark(&mut self, name: &str) -> &mut Faults {
        get_or_insert(&mut self.marks, name, Faults::default)
    }

    fn merge(&mut self, other: Self, digits: u8) {
        self.finished += other.finished;
        let mut at = 0;
        for hop in other.hops {
            at = self.hop(&hop.name, at, digits);
            self.hops[at].durations.merge(&hop.durations);
            self.hops[at].over_budget += hop.over_budget;
            at += 1;
        }
        for (name, faults) in other.marks {
            self.mark(&name).add(faults);
        }
    }
}

impl Faults {
    pub(super) fn add(&mut self, other: Self) {
        self.unmarked += other.unmarked;
        self.repeated += other.repeated;
        self.backwards += other.backwards;
    }
}

impl Hop {
    fn add(&mut self, nanoseconds: u64, is_over: bool) {
        self.durations.add(nanoseconds, false);
        self.over_budget += u64::from(is_over);
    }
}

impl Fold for Counted {
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        match line::read(line, &mut self.times)? {
            (time, Said::Span(span)) => self.count_span(time, &span)?,
            (time, Said::Latency(latency)) => self.count_latency(time, &latency),
            (_, Said::Nothing) => {}
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.is_full |= other.is_full;
        let digits = match self.grouping.window {
            None => DIGITS,
            Some(_) => DIGITS_OF_WINDOWS,
        };
        for (begin, window) in other.windows {
            let own = self.windows.entry(begin).or_default();
            merge_stages(&mut own.without, window.without);
            for (value, stages) in window.by {
                merge_stages(own.by.entry(value).or_default(), stages);
            }
            for (name, path) in window.paths {
                own.paths.entry(name).or_default().merge(path, digits);
            }
        }
    }
}

fn merge_stages(to: &mut Stages, from: Stages) {
    for (name, durations) in from {
        match to.get_mut(&name) {
            Some(own) => own.merge(&durations),
            None => {
                to.insert(name, durations);
            }
        }
    }
}
