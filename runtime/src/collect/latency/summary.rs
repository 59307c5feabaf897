//! The statistics of latency paths, to be read and printed.

use std::fmt;
use std::time::Duration;

use crate::collect::{human, table};

/// The statistics of one latency path in a [`Summary`](crate::Summary).
///
/// Durations have three significant digits (0.1 %) from 1 ns to 60 s; longer ones count as 60 s in percentiles, while
/// the maximum is exact. Clocks of all traces count, sampled or not.
///
/// `Display` writes a table:
///
/// ```text
/// path order                   count  over      p50      p90      p95      p99    p99.9      max
/// ws_received_to_book_updated  1,204     –   412 ns   633 ns   801 ns  1.92 µs  11.3 µs  84.1 µs
/// book_updated_to_order_sent      17     2  2.11 µs  3.40 µs  3.91 µs  7.02 µs  15.8 µs  15.8 µs
/// end_to_end                      17     –  2.65 µs  3.97 µs  4.41 µs  7.50 µs  16.2 µs  16.2 µs
/// 1,204 finished, 0 dropped; unmarked: order_sent 1,187
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathSummary {
    /// The name of the path.
    pub name: String,
    /// Clocks that were finished.
    pub finished: u64,
    /// Scopes and futures that were dropped with their clock.
    pub dropped: u64,
    /// The hops that were measured, in the order of the path, and at the end `end_to_end`.
    pub hops: Vec<HopSummary>,
    /// The marks in their order.
    pub marks: Vec<MarkSummary>,
    /// How long the window of [`HopSummary::recent`] is.
    pub window: Duration,
}

/// The statistics of one hop, or of the whole path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HopSummary {
    /// `ws_received_to_book_updated`, or `end_to_end`.
    pub name: String,
    /// What it may take, if that is said.
    pub budget: Option<Duration>,
    /// How often it took longer.
    pub over_budget: u64,
    /// Over all time.
    pub all: Percentiles,
    /// Over the last minutes: the [window](PathSummary::window), which slides on by tenths.
    pub recent: Percentiles,
}

/// How often a mark was missing or wrong, in finished clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MarkSummary {
    /// The name of the mark.
    pub name: String,
    /// Clocks in which it was not made.
    pub unmarked: u64,
    /// Clocks in which it was made more than once.
    pub repeated: u64,
    /// Clocks in which it lies before the mark before it.
    pub backwards: u64,
}

/// Percentiles of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Percentiles {
    /// How many there were.
    pub count: u64,
    /// The duration that half of them did not exceed.
    pub p50: Duration,
    /// The duration that 90 % did not exceed.
    pub p90: Duration,
    /// The duration that 95 % did not exceed.
    pub p95: Duration,
    /// The duration that 99 % did not exceed.
    pub p99: Duration,
    /// The duration that 99.9 % did not exceed.
    pub p999: Duration,
    /// The longest, exact.
    pub max: Duration,
}

impl PathSummary {
    /// The hop of this name: `ws_received_to_book_updated`, or `end_to_end`. None while it has not been measured.
    pub fn hop(&self, name: &str) -> Option<&HopSummary> {
        self.hops.iter().find(|hop| hop.name == name)
    }

    /// The mark of this name.
    pub fn mark(&self, name: &str) -> Option<&MarkSummary> {
        self.marks.iter().find(|mark| mark.name == name)
    }

    fn rows(&self) -> Vec<[String; 9]> {
        let header = ["count", "over", "p50", "p90", "p95", "p99", "p99.9", "max"];
        let header = |name: String| {
            let mut cells = header.iter();
            std::array::from_fn(|place| match place {
                0 => name.clone(),
                _ => cells.next().map(ToString::to_string).unwrap_or_default(),
            })
        };
        let mut rows = vec![header(format!("path {}", self.name))];
        rows.extend(self.hops.iter().map(|hop| hop.cells(&hop.all)));
        // What has come since the window began is all there is, in a program that has just started.
        if self.hops.iter().any(|hop| hop.recent != hop.all) {
            let title = format!("last {}", human::duration(self.window));
            rows.push(std::array::from_fn(|place| {
                if place == 0 {
                    title.clone()
                } else {
                    String::new()
                }
            }));
            rows.extend(self.hops.iter().map(|hop| hop.cells(&hop.recent)));
        }
        rows
    }

    fn write_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (finished, dropped) = (human::count(self.finished), human::count(self.dropped));
        write!(f, "{finished} finished, {dropped} dropped")?;
        for (what, count) in [
            (
                "unmarked",
                (|mark| mark.unmarked) as fn(&MarkSummary) -> u64,
            ),
            ("repeated", |mark| mark.repeated),
            ("backwards", |mark| mark.backwards),
        ] {
            let marks = self.marks.iter().filter(|mark| count(mark) > 0);
            for (place, mark) in marks.enumerate() {
                match place {
                    0 => write!(f, "; {what}: ")?,
                    _ => f.write_str(", ")?,
                }
                write!(f, "{} {}", mark.name, human::count(count(mark)))?;
            }
        }
        Ok(())
    }
}

impl HopSummary {
    fn cells(&self, percentiles: &Percentiles) -> [String; 9] {
        let over = match (
            self.budget,
            percentiles == &self.recent && percentiles != &self.all,
        ) {
            (Some(_), false) => human::count(self.over_budget),
            // Breaches are counted over all time.
            (Some(_), true) => String::new(),
            (None, _) => "–".to_owned(),
        };
        [
            self.name.clone(),
            human::count(percentiles.count),
            over,
            human::duration(percentiles.p50),
            human::duration(percentiles.p90),
            human::duration(percentiles.p95),
            human::duration(percentiles.p99),
            human::duration(percentiles.p999),
            human::duration(percentiles.max),
        ]
    }
}

impl fmt::Display for PathSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(f, &self.rows())?;
        writeln!(f)?;
        self.write_counts(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentiles(count: u64, nanoseconds: u64) -> Percentiles {
        let duration = Duration::from_nanos(nanoseconds);
        Percentiles {
            count,
            p50: duration,
            p90: duration,
            p95: duration,
            p99: duration,
            p999: duration,
            max: duration,
        }
    }

    fn summary(recent: &Percentiles) -> PathSummary {
        let mark = |name: &str, unmarked| MarkSummary {
            name: name.to_owned(),
            unmarked,
            repeated: unmarked / 2,
            backwards: 0,
        };
        PathSummary {
            name: "order".to_owned(),
            finished: 1_200,
            dropped: 3,
            hops: vec![HopSummary {
                name: "a_to_b".to_owned(),
                budget: Some(Duration::from_micros(5)),
                over_budget: 7,
                all: percentiles(1_000, 410),
                recent: recent.clone(),
            }],
            marks: vec![mark("a", 0), mark("b", 200), mark("c", 2)],
            window: Duration::from_secs(300),
        }
    }

    #[test]
    fn a_run_shorter_than_the_window_is_told_once() {
        assert_eq!(
            summary(&percentiles(1_000, 410)).to_string(),
            "path order  count  over     p50     p90     p95     p99   p99.9     max\n\
             a_to_b      1,000     7  410 ns  410 ns  410 ns  410 ns  410 ns  410 ns\n\
             1,200 finished, 3 dropped; unmarked: b 200, c 2; repeated: b 100, c 1"
        );
    }

    #[test]
    fn the_window_is_told_below() {
        assert_eq!(
            summary(&percentiles(10, 20)).to_string(),
            "path order  count  over     p50     p90     p95     p99   p99.9     max\n\
             a_to_b      1,000     7  410 ns  410 ns  410 ns  410 ns  410 ns  410 ns\n\
             last 300 s\n\
             a_to_b         10         20 ns   20 ns   20 ns   20 ns   20 ns   20 ns\n\
             1,200 finished, 3 dropped; unmarked: b 200, c 2; repeated: b 100, c 1"
        );
    }
}
