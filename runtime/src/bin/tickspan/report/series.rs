//! Durations over time, in no more pieces than a chart has room for.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use super::model;
use crate::named::Merge;

/// So many pieces at most.
const MOST: u64 = 120;

/// The time that all series of a page share, in pieces: their width is a power of two of microseconds, and they begin at whole multiples
/// of it since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The width, as the exponent.
    width: u32,
    first: u64,
    pieces: u64,
}

/// Durations over time.
#[derive(Debug, Default)]
pub(super) struct Series(BTreeMap<u64, Piece>);

#[derive(Debug)]
struct Piece {
    /// One significant digit: a chart shows no more.
    durations: Histogram<u32>,
    errors: u64,
    max: u64,
}

fn microseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

impl Axis {
    /// The axis on which all from `first` to `last` fits.
    pub(super) fn of(first: SystemTime, last: SystemTime) -> Self {
        let (first, last) = (microseconds(first), microseconds(last.max(first)));
        let pieces = |width: u32| (last >> width) - (first >> width) + 1;
        let mut width = 0;
        while pieces(width) > MOST {
            width += 1;
        }
        Self {
            width,
            first: first >> width,
            pieces: pieces(width),
        }
    }

    fn piece(self, time: SystemTime) -> u64 {
        let piece = (microseconds(time) >> self.width).saturating_sub(self.first);
        piece.min(self.pieces - 1)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of our age have fewer than 53 bits"
    )]
    pub(super) fn model(self) -> model::Time {
        model::Time {
            begin: (self.first << self.width) as f64 / 1_000.0,
            width: (1_u64 << self.width) as f64 / 1_000.0,
            pieces: self.pieces,
        }
    }
}

impl Series {
    pub(super) fn record(&mut self, axis: Axis, time: SystemTime, nanoseconds: u64, failed: bool) {
        let piece = self.0.entry(axis.piece(time)).or_default();
        piece.max = piece.max.max(nanoseconds);
        piece.errors += u64::from(failed);
        // It grows by itself, and has room for all of 63 bits.
        _ = piece.durations.record(nanoseconds.min(u64::MAX >> 1));
    }

    pub(super) fn model(&self) -> Vec<model::Piece> {
        let piece = |(place, piece): (&u64, &Piece)| {
            let quantile = |q| piece.durations.value_at_quantile(q).min(piece.max);
            let count = piece.durations.len();
            (
                *place,
                count,
                piece.errors,
                quantile(0.5),
                quantile(0.99),
                piece.max,
            )
        };
        self.0.iter().map(piece).collect()
    }
}

impl Merge for Series {
    fn merge(&mut self, other: Self) {
        for (place, piece) in other.0 {
            self.0.entry(place).or_default().merge(piece);
        }
    }
}

impl Default for Piece {
    fn default() -> Self {
        let mut durations = Histogram::new(1)
            .unwrap_or_else(|_| unreachable!("a histogram has from 0 to 5 significant digits"));
        durations.auto(true);
        Self {
            durations,
            errors: 0,
            max: 0,
        }
    }
}

impl Merge for Piece {
    fn merge(&mut self, other: Self) {
        // It grows by itself.
        _ = self.durations.add(&other.durations);
        self.errors += other.errors;
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_219_200 + seconds)
    }

    #[test]
    fn pieces_are_few_and_hold_everything() {
        for length in [0, 1, 59, 3_600, 86_399, 40_000_000] {
            let axis = Axis::of(at(0), at(length));
            let mut halves = [Series::default(), Series::default()];
            let times = (0..=length).step_by(usize::try_from(length / 5_000 + 1).unwrap());
            let count = times.clone().count() as u64;
            for (place, second) in times.enumerate() {
                halves[place % 2].record(axis, at(second), second + 1, second % 10 == 0);
            }
            let [mut all, other] = halves;
            all.merge(other);
            let series = all.model();
            assert!(series.len() as u64 <= MOST, "{length}: {}", series.len());
            assert!(
                length < MOST || axis.pieces > MOST / 2,
                "{length}: {axis:?}"
            );
            assert_eq!(series.iter().map(|piece| piece.1).sum::<u64>(), count);
            assert!(series.iter().all(|piece| piece.0 < axis.pieces));
        }
    }

    #[test]
    fn piece_stands_where_it_was() {
        let axis = Axis::of(at(0), at(100));
        let mut series = Series::default();
        series.record(axis, at(50), 7, true);
        let (time, pieces) = (axis.model(), series.model());
        assert_eq!(pieces.len(), 1);
        let (place, count, errors, p50, p99, max) = pieces[0];
        assert_eq!((count, errors, p50, p99, max), (1, 1, 7, 7, 7));
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let begin = time.begin + place as f64 * time.width;
        let wanted = 1_795_219_250_000.0;
        assert!(begin <= wanted && wanted < begin + time.width, "{begin}");
    }
}
