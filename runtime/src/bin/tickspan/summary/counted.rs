//! What lines add up to: stages, and the hops of paths, for each window and each value of an attribute.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tickspan::recorded::{Attributes, Recording};

use super::durations::Durations;
use super::line::{self, Latency, Said, Span};
use crate::input::{Nanoseconds, Times};
use crate::named::{OTHERS, hash};
use crate::scan::Fold;

/// So many rows are counted at most, by each thread and by all of them, and with windows, whose percentiles have fewer digits. A row takes 100 KB as long as
/// its durations stay below 1 ms, and 440 KB at most; with windows an eighth of that.
const MOST_ROWS: usize = 1_024;
const MOST_ROWS_OF_WINDOWS: usize = 16_384;

/// Significant digits of percentiles: within 0.1 %, and within 1 %.
const DIGITS: u8 = 3;
const DIGITS_OF_WINDOWS: u8 = 2;

/// The hop that is the whole path.
const WHOLE: &str = "end_to_end";

/// How lines are told apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouping {
    /// How long a window is.
    pub(super) window: Option<Nanoseconds>,
    /// By the value of which attribute, of the span or else of the process.
    pub(super) by: Option<String>,
}

/// Rows of stages, and of the hops of paths, by window and by value.
#[derive(Debug)]
pub(super) struct Counted {
    grouping: Grouping,
    /// What the process has as the attribute by which lines are told apart.
    of_process: Option<String>,
    times: Times,
    pub(super) windows: BTreeMap<Nanoseconds, Window>,
    /// The rows that have a place of their own, but for [`OTHERS`]. Of too many the last go first: by a hash, so that neither the order in which
    /// they come nor the thread that meets them matters, and what has a row counts there alone.
    rows: BTreeSet<Row>,
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

/// The hash of a row, its window, value and stage.
type Row = (u64, Nanoseconds, Option<Box<str>>, Box<str>);

/// A latency path.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) finished: u64,
    pub(super) hops: Vec<Hop>,
    pub(super) marks: BTreeMap<Box<str>, Faults>,
}

#[derive(Debug)]
pub(super) struct Hop {
    pub(super) name: Box<str>,
    /// Its place where most of the hops before it were made: by this, hops are in the order of the path.
    place: usize,
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
            of_process: None,
            times,
            windows: BTreeMap::new(),
            rows: BTreeSet::new(),
            is_full: false,
            first: Nanoseconds::MAX,
            last: Nanoseconds::MIN,
        }
    }

    /// Whether nothing was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The places of the hops of each path in its order, of all windows.
    pub(super) fn order_of_hops(&self) -> BTreeMap<(&str, &str), usize> {
        let mut order = BTreeMap::new();
        for (path, hop) in self.windows.values().flat_map(Window::hops) {
            let place = order.entry((path, &*hop.name)).or_default();
            *place = hop.place.max(*place);
        }
        order
    }

    fn most_rows(&self) -> usize {
        match self.grouping.window {
            None => MOST_ROWS,
            Some(_) => MOST_ROWS_OF_WINDOWS,
        }
    }

    /// Significant digits of percentiles.
    fn digits(&self) -> u8 {
        match self.grouping.window {
            None => DIGITS,
            Some(_) => DIGITS_OF_WINDOWS,
        }
    }

    /// The window in which what happened then is counted.
    fn window(&mut self, time: Nanoseconds) -> Option<Nanoseconds> {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        let begin = match self.grouping.window {
            None => 0,
            Some(window) => time.div_euclid(window).saturating_mul(window),
        };
        if self.rows.len() >= self.most_rows() && !self.windows.contains_key(&begin) {
            self.is_full = true;
            return None;
        }
        Some(begin)
    }

    /// The window and the row where a stage is counted: its own, or that of the others.
    fn place<'a>(
        &mut self,
        begin: Nanoseconds,
        value: Option<&'a str>,
        name: &'a str,
    ) -> (&mut Window, Option<&'a str>, &'a str) {
        let window = self.windows.get_mut(&begin);
        let has_row = window.is_some_and(|window| window.find(value, name).is_some());
        let is_its_own = has_row || self.admit(begin, value, name);
        let window = self.windows.entry(begin).or_default();
        if is_its_own {
            (window, value, name)
        } else {
            (window, value.map(|_| OTHERS), OTHERS)
        }
    }

    /// Whether there is room for a row that is not there: that of another, maybe.
    fn admit(&mut self, begin: Nanoseconds, value: Option<&str>, name: &str) -> bool {
        if name == OTHERS {
            return false;
        }
        let hash = hash(value.unwrap_or_default()) ^ hash(name).rotate_left(32);
        let is_full = self.rows.len() >= self.most_rows();
        if is_full && self.rows.last().is_none_or(|last| last.0 < hash) {
            return false;
        }
        let row: Row = (hash, begin, value.map(Into::into), name.into());
        if is_full && self.rows.last().is_none_or(|last| *last < row) {
            return false;
        }
        if is_full {
            if let Some((_, begin, value, name)) = self.rows.pop_last() {
                let digits = self.digits();
                let window = self.windows.entry(begin).or_default();
                if let Some(durations) = window.remove(value.as_deref(), &name) {
                    let others = window.row(value.as_deref().map(|_| OTHERS), OTHERS, digits);
                    others.merge(&durations);
                }
            }
        }
        self.rows.insert(row)
    }

    fn count_span(&mut self, time: Nanoseconds, span: &Span<'_>) -> Result<(), serde_json::Error> {
        let value = match (&self.grouping.by, span.attributes) {
            (Some(key), Some(attributes)) => {
                let attributes: Attributes<'_> = serde_json::from_str(attributes.get())?;
                attributes.get(key).map(ToString::to_string)
            }
            _ => None,
        };
        let value = value.or_else(|| self.of_process.clone());
        let Some(begin) = self.window(time) else {
            return Ok(());
        };
        let (value, name) = (value.as_deref(), &*span.name.0);
        let is_error = span.status.0 == "error";
        let window = self.windows.get_mut(&begin);
        if let Some(durations) = window.and_then(|window| window.find(value, name)) {
            durations.add(span.duration_ns, is_error);
            return Ok(());
        }
        let digits = self.digits();
        let (window, value, name) = self.place(begin, value, name);
        let durations = window.row(value, name, digits);
        durations.add(span.duration_ns, is_error);
        Ok(())
    }

    fn count_latency(&mut self, time: Nanoseconds, latency: &Latency<'_>) {
        let Some(begin) = self.window(time) else {
            return;
        };
        let digits = self.digits();
        let window = self.windows.entry(begin).or_default();
        let path = get_or_insert(&mut window.paths, &latency.name.0, Path::default);
        path.finished += 1;
        let is_over = |name: &str| latency.over_budget.iter().any(|over| over.0 == name);
        for (place, hop) in latency.hops.iter().enumerate() {
            let name = &*hop.name.0;
            let known = path.hop(name, place, digits);
            known.add(hop.duration_ns, is_over(name));
        }
        if let Some(whole) = latency.end_to_end_ns {
            let known = path.hop(WHOLE, usize::MAX, digits);
            known.add(whole, is_over(WHOLE));
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

impl Window {
    /// The hops of each path.
    pub(super) fn hops(&self) -> impl Iterator<Item = (&str, &Hop)> {
        let paths = self.paths.iter();
        paths.flat_map(|(name, path)| path.hops.iter().map(|hop| (&**name, hop)))
    }

    fn find(&mut self, value: Option<&str>, name: &str) -> Option<&mut Durations> {
        let stages = match value {
            None => Some(&mut self.without),
            Some(value) => self.by.get_mut(value),
        };
        stages.and_then(|stages| stages.get_mut(name))
    }

    fn row(&mut self, value: Option<&str>, name: &str, digits: u8) -> &mut Durations {
        let stages = self.stages(value);
        let row = stages.entry(name.into());
        row.or_insert_with(|| Durations::new(digits))
    }

    fn remove(&mut self, value: Option<&str>, name: &str) -> Option<Durations> {
        let removed = self.stages(value).remove(name);
        self.by.retain(|_, stages| !stages.is_empty());
        removed
    }

    /// Adds what another has counted.
    fn add(&mut self, value: Option<&str>, name: &str, durations: Durations) {
        let stages = self.stages(value);
        match stages.get_mut(name) {
            Some(own) => own.merge(&durations),
            None => {
                stages.insert(name.into(), durations);
            }
        }
    }

    fn stages(&mut self, value: Option<&str>) -> &mut Stages {
        match value {
            None => &mut self.without,
            Some(value) => get_or_insert(&mut self.by, value, Stages::default),
        }
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
    /// The hop of a name, which a line has at this place.
    fn hop(&mut self, name: &str, place: usize, digits: u8) -> &mut Hop {
        let known = self.hops.iter().position(|hop| &*hop.name == name);
        let at = known.unwrap_or_else(|| {
            self.hops.push(Hop {
                name: name.into(),
                place,
                durations: Durations::new(digits),
                over_budget: 0,
            });
            self.hops.len() - 1
        });
        let hop = &mut self.hops[at];
        hop.place = hop.place.max(place);
        hop
    }

    fn mark(&mut self, name: &str) -> &mut Faults {
        get_or_insert(&mut self.marks, name, Faults::default)
    }

    fn merge(&mut self, other: Self, digits: u8) {
        self.finished += other.finished;
        for hop in other.hops {
            let own = self.hop(&hop.name, hop.place, digits);
            own.durations.merge(&hop.durations);
            own.over_budget += hop.over_budget;
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
    fn written_by(&mut self, recording: Option<&Arc<Recording<'static>>>) {
        let value = |key: &String| Some(recording?.resource.get(key)?.to_string());
        self.of_process = self.grouping.by.as_ref().and_then(value);
    }

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
        let digits = self.digits();
        for (begin, window) in other.windows {
            self.is_full |=
                self.rows.len() >= self.most_rows() && !self.windows.contains_key(&begin);
            let by = window.by.into_iter();
            let by = by.map(|(value, stages)| (Some(value), stages));
            for (value, stages) in by.chain([(None, window.without)]) {
                for (name, durations) in stages {
                    let (own, value, name) = self.place(begin, value.as_deref(), &name);
                    own.add(value, name, durations);
                }
            }
            let own = self.windows.entry(begin).or_default();
            for (name, path) in window.paths {
                own.paths.entry(name).or_default().merge(path, digits);
            }
        }
    }
}
