//! Points in time, read fast.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Period;

/// Nanoseconds since the Unix epoch: from 1677 to 2262.
pub(crate) type Nanoseconds = i64;

/// Reads points in time, and knows which are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    since: Nanoseconds,
    until: Nanoseconds,
    /// The second that was read last, as it is written, and what it is: lines that follow each other are mostly of one.
    second: [u8; SECOND],
    begins: Nanoseconds,
}

/// How long `2026-11-21T05:43:44` is.
const SECOND: usize = 19;

impl Times {
    pub(crate) fn of(period: Period) -> Self {
        Self {
            since: period.since().map_or(Nanoseconds::MIN, nearest),
            until: period.until().map_or(Nanoseconds::MAX, nearest),
            second: [0; SECOND],
            begins: 0,
        }
    }

    /// Whether what happened then is wanted.
    pub(crate) fn are_wanted(&self, time: Nanoseconds) -> bool {
        (self.since..self.until).contains(&time)
    }

    /// Reads a time of RFC 3339.
    pub(crate) fn read(&mut self, text: &str) -> Option<Nanoseconds> {
        if let Some((second, rest)) = text.as_bytes().split_first_chunk::<SECOND>() {
            if let Some(fraction) = fraction(rest) {
                if *second != self.second {
                    let whole = std::str::from_utf8(second).ok()?;
                    self.begins = nanoseconds(format!("{whole}Z").parse().ok()?)?;
                    self.second = *second;
                }
                return self.begins.checked_add(fraction);
            }
        }
        nanoseconds(text.parse().ok()?)
    }
}

/// The nanoseconds of a time, or those nearest to it.
fn nearest(time: SystemTime) -> Nanoseconds {
    let found = Timestamp::try_from(time).ok().and_then(nanoseconds);
    found.unwrap_or(if time < SystemTime::UNIX_EPOCH {
        Nanoseconds::MIN
    } else {
        Nanoseconds::MAX
    })
}

fn nanoseconds(time: Timestamp) -> Option<Nanoseconds> {
    time.as_nanosecond().try_into().ok()
}

/// The nine digits that the recorder writes, with their point and `Z`.
fn fraction(text: &[u8]) -> Option<Nanoseconds> {
    let [b'.', digits @ .., b'Z'] = text else {
        return None;
    };
    let digits: &[u8; 9] = digits.try_into().ok()?;
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + Nanoseconds::from(digit - b'0');
    }
    Some(number)
}

/// The time.
pub(crate) fn time(nanoseconds: Nanoseconds) -> SystemTime {
    let size = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 {
        SystemTime::UNIX_EPOCH - size
    } else {
        SystemTime::UNIX_EPOCH + size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_beyond_those_that_fit_is_before_or_after_all_of_them() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().into();
        assert_eq!(nearest(time("2300-01-01T00:00:00Z")), Nanoseconds::MAX);
        assert_eq!(nearest(time("1600-01-01T00:00:00Z")), Nanoseconds::MIN);
        assert_eq!(nearest(time("1970-01-01T00:00:01Z")), 1_000_000_000);
    }

    #[test]
    fn times_are_those_that_jiff_reads() {
        let mut times = Times::of(Period::default());
        for text in [
            "2026-11-21T05:43:44.310551123Z",
            "2026-11-21T05:43:44.999999999Z",
            "2026-11-21T05:43:45.000000000Z",
            "2026-11-21T05:43:45Z",
            "2026-11-21T05:43:45.5Z",
            "2026-11-21T05:43:45.123456789+01:00",
            "1969-12-31T23:59:59.000000001Z",
            "2024-02-29T00:00:00.000000000Z",
        ] {
            let expected: Timestamp = text.parse().unwrap();
            assert_eq!(
                times.read(text).map(i128::from),
                Some(expected.as_nanosecond()),
                "{text}"
            );
            assert_eq!(times.read(text).map(time), Some(expected.into()), "{text}");
        }
        for text in [
            "",
            "2026-11-21T05:43:44.31055112xZ",
            "2026-02-30T05:43:44.310551123Z",
            "2026-11-21T05:43:4é.310551123Z",
            "9999-11-21T05:43:44.310551123Z",
            "yesterday",
        ] {
            assert_eq!(times.read(text), None, "{text}");
        }
    }
}
