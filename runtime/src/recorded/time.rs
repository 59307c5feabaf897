//! Points in time as RFC 3339 in UTC, with nanoseconds.

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(
    time: &SystemTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // A time outside of the years that RFC 3339 knows is told as the first that there is.
    let time = Timestamp::try_from(*time).unwrap_or_default();
    serializer.collect_str(&format_args!("{time:.9}"))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    let time: Timestamp = text
        .parse()
        .map_err(|_| D::Error::custom("a point in time is written as in RFC 3339"))?;
    Ok(SystemTime::from(time))
}

/// A point in time as a field that is written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Stamp(
    #[serde(serialize_with = "serialize", deserialize_with = "deserialize")] pub(super) SystemTime,
);
