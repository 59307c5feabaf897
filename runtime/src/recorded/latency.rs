//! Latency: when a message passed the marks of its path.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::time;

/// A latency clock that was finished: `event_type` is `latency`, and the time of its line is that of its last mark.
///
/// Hops and faults are those of the metrics: a hop goes from the last mark that counts to the next that does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency<'a> {
    /// The name of the path.
    pub name: Cow<'a, str>,
    /// When the first mark was made: [`Mark::offset_ns`] counts from it. Without a mark, the time of the line.
    #[serde(with = "time")]
    pub start: SystemTime,
    /// The marks that were made, in the order of the path.
    #[serde(default)]
    pub marks: Vec<Mark<'a>>,
    /// The hops, in the order of the path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop<'a>>,
    /// From the first mark of the path to the last; absent where one of them does not count.
    #[serde(
        rename = "end_to_end_ns",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_nanoseconds"
    )]
    pub end_to_end: Option<Duration>,
    /// What the whole path may take; absent where nothing is said.
    #[serde(
        rename = "budget_ns",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_nanoseconds"
    )]
    pub budget: Option<Duration>,
    /// The hops that took longer than they may, by name, and `end_to_end` where the whole did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_budget: Vec<Cow<'a, str>>,
    /// The marks that were not made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmarked: Vec<Cow<'a, str>>,
    /// The marks that were made more than once; the first counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<Cow<'a, str>>,
    /// The marks that lie before one that comes before them in the path; no hop begins or ends there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backwards: Vec<Cow<'a, str>>,
}

impl Latency<'_> {
    /// Whether a hop, or the whole path, took longer than it may.
    pub fn is_over_budget(&self) -> bool {
        !self.over_budget.is_empty()
    }
}

/// A mark that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// How long after the first mark, in nanoseconds; below zero where it was made before it.
    pub offset_ns: i64,
}

/// From one mark to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop<'a> {
    /// The names of both: `ws_received_to_book_updated`.
    pub name: Cow<'a, str>,
    /// How long it took, in nanoseconds.
    #[serde(rename = "duration_ns", with = "super::span::nanoseconds")]
    pub duration: Duration,
    /// What it may take; absent where nothing is said.
    #[serde(
        rename = "budget_ns",
        default,
        skip_serializing_if = "Option::is_none",
        with = "maybe_nanoseconds"
    )]
    pub budget: Option<Duration>,
}

mod maybe_nanoseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::recorded::span::nanoseconds;

    #[expect(clippy::ref_option, reason = "as serde asks")]
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => nanoseconds::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let nanoseconds = Option::<u64>::deserialize(deserializer)?;
        Ok(nanoseconds.map(Duration::from_nanos))
    }
}
