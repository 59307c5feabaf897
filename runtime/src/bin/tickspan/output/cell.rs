//! What stands in a cell.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::human;

/// What stands in a cell. `None` is `null` in JSON, and empty otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    None,
    Text(String),
    Count(u64),
    /// A duration in nanoseconds.
    Nanoseconds(u64),
    /// Money, or whatever an edge is counted in.
    Amount(f64),
    /// A part of something: 0.25 for a quarter.
    Share(f64),
    /// How many times as much.
    Ratio(f64),
    Time(SystemTime),
}

impl Cell {
    /// Text, or nothing.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As people read it.
    pub(crate) fn for_people(&self) -> String {
        match self {
            Self::None => String::new(),
            // It would break the alignment, or drive the terminal.
            Self::Text(text) => text.replace(human::is_no_text, " "),
            Self::Count(count) => human::count(*count),
            Self::Nanoseconds(nanoseconds) => human::duration(Duration::from_nanos(*nanoseconds)),
            Self::Amount(amount) => human::amount(*amount),
            Self::Share(share) => human::share(Some(*share)),
            Self::Ratio(ratio) => format!("{ratio:.2}×"),
            Self::Time(time) => format!("{:.3}", timestamp(*time)),
        }
    }

    /// As programs read it.
    pub(super) fn for_csv(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text) => text.clone(),
            Self::Count(number) | Self::Nanoseconds(number) => number.to_string(),
            Self::Amount(number) | Self::Share(number) | Self::Ratio(number) => number.to_string(),
            Self::Time(time) => format!("{:.9}", timestamp(*time)),
        }
    }
}

/// A time outside of the years that RFC 3339 knows is told as the first that there is.
fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or_default()
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Count(number) | Self::Nanoseconds(number) => serializer.serialize_u64(*number),
            Self::Amount(number) | Self::Share(number) | Self::Ratio(number) => {
                serializer.serialize_f64(*number)
            }
            Self::Text(_) | Self::Time(_) => serializer.serialize_str(&self.for_csv()),
        }
    }
}
