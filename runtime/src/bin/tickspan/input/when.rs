//! Points in time, as people write them.

use std::str::FromStr;
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(Timestamp);

impl When {
    pub(crate) fn time(self) -> SystemTime {
        self.0.into()
    }

    fn parse(text: &str, now: Timestamp) -> Option<Self> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(Self(time));
        }
        // Recordings are kept by days of UTC.
        if let Ok(time) = text.parse::<DateTime>() {
            return time
                .to_zoned(TimeZone::UTC)
                .ok()
                .map(|it| Self(it.timestamp()));
        }
        let ago = text.parse::<Span>().ok().filter(|ago| !ago.is_negative())?;
        let time = now.to_zoned(TimeZone::UTC).checked_sub(ago).ok()?;
        Some(Self(time.timestamp()))
    }
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Timestamp::now()).ok_or(
            "write a time as `2026-11-21T05:43:44Z`, a day as `2026-11-21`, both in UTC, or how long ago as `15m` or `2h 30m`",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_utc_or_ago() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (text, time) in [
            ("2026-11-21T05:43:44.5Z", "2026-11-21T05:43:44.5Z"),
            ("2026-11-21T05:43:44+02:00", "2026-11-21T03:43:44Z"),
            ("2026-11-21T05:43", "2026-11-21T05:43:00Z"),
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("15m", "2026-11-21T11:45:00Z"),
            ("2h 30m", "2026-11-21T09:30:00Z"),
            ("1 day", "2026-11-20T12:00:00Z"),
        ] {
            let time: Timestamp = time.parse().unwrap();
            assert_eq!(When::parse(text, now), Some(When(time)), "{text}");
        }
        for text in ["", "yesterday", "5", "2026-13-01", "05:43", "-5m", "5m ago"] {
            assert_eq!(When::parse(text, now), None, "{text}");
        }
    }
}
