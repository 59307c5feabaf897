//! What the marks of a clock say: hops, the whole path, and what is wrong with them.
//!
//! ```text
//! marks      a      b      c      d          hops              a_to_c, c_to_d, end_to_end
//! made at    0 µs   –      5 µs   9 µs       unmarked          b
//!
//! made at    0 µs   7 µs   5 µs   9 µs       hops              a_to_b, b_to_d, end_to_end
//!                                            backwards         c
//! ```
//!
//! A hop goes from the last mark that counts to the next that does. One that was not made does not count, nor one
//! that lies before the last that does. So hops always add up to the time from the first mark that counts to the
//! last, and to `end_to_end`, which is there if these are the ends of the path.

use super::clock::{MOST_MARKS, Marks, bit};
use super::tick::{self, Anchor};

/// Nanoseconds from one mark of a path to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The places of the marks.
    pub(crate) from: u8,
    pub(crate) to: u8,
    pub(crate) nanoseconds: u64,
}

/// What a clock says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    hops: [Hop; MOST_MARKS],
    count: usize,
    /// Nanoseconds from the first mark of the path to the last.
    pub(crate) end_to_end: Option<u64>,
    /// Marks that were not made.
    pub(crate) unmarked: u16,
    /// Marks that lie before the last that counts.
    pub(crate) backwards: u16,
}

impl Measured {
    /// In the order of the path.
    pub(crate) fn hops(&self) -> &[Hop] {
        &self.hops[..self.count]
    }
}

/// When the marks of a path were made, in nanoseconds of one clock.
pub(crate) type Times = [Option<u64>; MOST_MARKS];

/// The marks as nanoseconds since 1970. Of ticks only the first is asked for its time of day, the others lie
/// as far from it as ticks say.
pub(crate) fn times(
    marks: &Marks,
    unix_at: impl Fn(u64) -> u64,
    nanoseconds: impl Fn(u64, u64) -> u64,
) -> Times {
    let is_own = |place: usize| marks.foreign & bit(place) == 0;
    let own = |(place, tick): (usize, &u64)| (*tick != 0 && is_own(place)).then_some(*tick);
    let first = marks.ticks.iter().enumerate().find_map(own).unwrap_or(0);
    let base = if first == 0 { 0 } else { unix_at(first) };
    core::array::from_fn(|place| match marks.ticks[place] {
        0 => None,
        unix if !is_own(place) => Some(unix),
        tick if tick >= first => Some(base.saturating_add(nanoseconds(first, tick))),
        tick => Some(base.saturating_sub(nanoseconds(tick, first))),
    })
}

/// The same, by the time of day of this moment.
pub(crate) fn times_now(marks: &Marks) -> Times {
    let anchor = Anchor::now();
    times(marks, |tick| anchor.unix_at(tick), tick::nanoseconds)
}

/// Measures the path whose marks were made at `times`, one for each mark.
pub(crate) fn measure(times: &[Option<u64>]) -> Measured {
    let mut measured = Measured::default();
    let mut first = None;
    let mut last: Option<(u8, u64)> = None;
    for (place, time) in (0_u8..).zip(times.iter().take(MOST_MARKS)) {
        let Some(time) = *time else {
            measured.unmarked |= bit(place.into());
            continue;
        };
        match last {
            None => first = Some((place, time)),
            Some((_, before)) if time < before => {
                measured.backwards |= bit(place.into());
                continue;
            }
            Some((from, before)) => {
                measured.hops[measured.count] = Hop {
                    from,
                    to: place,
                    nanoseconds: time - before,
                };
                measured.count += 1;
            }
        }
        last = Some((place, time));
    }
    if let (Some((0, start)), Some((place, end))) = (first, last) {
        if usize::from(place) + 1 == times.len() {
            measured.end_to_end = Some(end - start);
        }
    }
    measured
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hops(measured: &Measured) -> Vec<(u8, u8, u64)> {
        measured
            .hops()
            .iter()
            .map(|hop| (hop.from, hop.to, hop.nanoseconds))
            .collect()
    }

    #[test]
    fn a_skipped_mark_is_counted_and_the_hop_goes_over_it() {
        let measured = measure(&[Some(10), None, Some(15), Some(19)]);
        assert_eq!(hops(&measured), [(0, 2, 5), (2, 3, 4)]);
        assert_eq!(measured.end_to_end, Some(9));
        assert_eq!((measured.unmarked, measured.backwards), (0b10, 0));
    }

    #[test]
    fn a_mark_before_its_predecessor_is_counted_and_passed() {
        let measured = measure(&[Some(10), Some(17), Some(15), Some(19)]);
        assert_eq!(hops(&measured), [(0, 1, 7), (1, 3, 2)]);
        assert_eq!(measured.end_to_end, Some(9));
        assert_eq!((measured.unmarked, measured.backwards), (0, 0b100));
    }

    #[test]
    fn a_path_without_an_end_has_no_whole() {
        assert_eq!(measure(&[None, Some(1), Some(2)]).end_to_end, None);
        assert_eq!(measure(&[Some(1), Some(2), None]).end_to_end, None);
        assert_eq!(measure(&[Some(1), Some(5), Some(2)]).end_to_end, None);
        assert_eq!(
            measure(&[None; 3]),
            Measured {
                unmarked: 0b111,
                ..Measured::default()
            }
        );
    }

    #[test]
    fn marks_at_one_tick_are_a_hop_of_no_time() {
        let measured = measure(&[Some(5), Some(5)]);
        assert_eq!(hops(&measured), [(0, 1, 0)]);
        assert_eq!(measured.end_to_end, Some(0));
    }

    #[test]
    fn times_of_two_processes_lie_on_one_line() {
        let mut marks = Marks {
            foreign: 0b1,
            ..Marks::default()
        };
        marks.ticks[..4].copy_from_slice(&[1_000, 40, 60, 20]);
        // Two ticks a nanosecond; the tick 40 was at 1,500 ns.
        let times = times(&marks, |tick| 1_480 + tick / 2, |from, to| (to - from) / 2);
        assert_eq!(
            times[..5],
            [Some(1_000), Some(1_500), Some(1_510), Some(1_490), None]
        );
        assert_eq!(measure(&times[..4]).backwards, 0b1000);
    }

    prop_compose! {
        /// Times in any order, some missing.
        fn any_times()(times in prop::collection::vec(prop::option::of(0_u64..1_000), 2..=16)) -> Vec<Option<u64>> {
            times
        }
    }

    proptest! {
        #[test]
        fn hops_add_up_to_the_whole(times in any_times()) {
            let measured = measure(&times);
            let sum: u64 = measured.hops().iter().map(|hop| hop.nanoseconds).sum();
            if let Some(whole) = measured.end_to_end {
                prop_assert_eq!(sum, whole);
                prop_assert_eq!(Some(whole), times[times.len() - 1].zip(times[0]).map(|(end, start)| end - start));
            }
            // One hop follows on the other.
            for pair in measured.hops().windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
            }
        }

        #[test]
        fn every_mark_counts_once(times in any_times()) {
            let measured = measure(&times);
            let unmarked = times.iter().filter(|time| time.is_none()).count();
            prop_assert_eq!(measured.unmarked.count_ones() as usize, unmarked);
            prop_assert_eq!(measured.unmarked & measured.backwards, 0);
            let counting = times.len() - unmarked - measured.backwards.count_ones() as usize;
            prop_assert_eq!(measured.hops().len(), counting.saturating_sub(1));
        }

        #[test]
        fn marks_in_their_order_are_never_backwards(mut times in any_times()) {
            let mut sorted: Vec<u64> = times.iter().flatten().copied().collect();
            sorted.sort_unstable();
            let mut sorted = sorted.into_iter();
            for time in times.iter_mut().flatten() {
                *time = sorted.next().unwrap_or_default();
            }
            prop_assert_eq!(measure(&times).backwards, 0);
        }
    }
}
