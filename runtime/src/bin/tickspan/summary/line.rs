//! What of a line counts, borrowed from it. What else stands in it is skipped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::input::{Nanoseconds, Times};

/// Text, copied only where it holds escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What a line says.
#[derive(Debug)]
pub(super) enum Said<'a> {
    Span(Span<'a>),
    Latency(Latency<'a>),
    /// Of another time, or of another type.
    Nothing,
}

/// A span, as far as it counts.
#[derive(Debug, Deserialize)]
pub(super) struct Span<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) duration_ns: u64,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) attributes: Option<&'a RawValue>,
}

/// A latency clock, as far as it counts.
#[derive(Debug, Deserialize)]
pub(super) struct Latency<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) hops: Vec<Hop<'a>>,
    pub(super) end_to_end_ns: Option<u64>,
    #[serde(borrow, default)]
    pub(super) over_budget: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) unmarked: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) repeated: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) backwards: Vec<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hop<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) duration_ns: u64,
}

/// Reads a line, if its time is wanted.
///
/// # Errors
///
/// When it is no JSON, or lacks what counts of its type.
pub(super) fn read<'a>(
    line: &'a str,
    times: &mut Times,
) -> Result<(Nanoseconds, Said<'a>), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let read = Line(times).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(read)
}

struct Line<'t>(&'t mut Times);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    EventType,
    Timestamp,
    Data,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = (Nanoseconds, Said<'de>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = (Nanoseconds, Said<'de>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line of a recording")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut kind, mut time, mut said, mut later) = (None, None, None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::EventType => kind = Some(map.next_value::<Text<'de>>()?),
                Key::Timestamp => {
                    let text: Text<'de> = map.next_value()?;
                    let read = self.0.read(&text.0);
                    time = Some(read.ok_or_else(|| {
                        A::Error::custom("a point in time is written as in RFC 3339")
                    })?);
                }
                // As the recorder writes them, the type and the time stand before the data.
                Key::Data => match (&kind, time) {
                    (Some(kind), Some(time)) if !self.0.are_wanted(time) || !counts(&kind.0) => {
                        map.next_value::<IgnoredAny>()?;
                        said = Some(Said::Nothing);
                    }
                    (Some(kind), Some(_)) if kind.0 == SPAN => {
                        said = Some(Said::Span(map.next_value()?));
                    }
                    (Some(_), Some(_)) => said = Some(Said::Latency(map.next_value()?)),
                    _ => later = Some(map.next_value::<&'de RawValue>()?),
                },
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("event_type"))?;
        let time = time.ok_or_else(|| A::Error::missing_field("timestamp"))?;
        let said = match (said, later) {
            (Some(said), _) => said,
            (None, Some(_)) if !self.0.are_wanted(time) => Said::Nothing,
            (None, Some(data)) if kind.0 == SPAN => Said::Span(of_json(data)?),
            (None, Some(data)) if kind.0 == LATENCY => Said::Latency(of_json(data)?),
            (None, Some(_)) => Said::Nothing,
            (None, None) => return Err(A::Error::missing_field("data")),
        };
        Ok((time, said))
    }
}

const SPAN: &str = "span";
const LATENCY: &str = "latency";

fn counts(event_type: &str) -> bool {
    event_type == SPAN || event_type == LATENCY
}

fn of_json<'de, T: Deserialize<'de>, E: serde::de::Error>(data: &'de RawValue) -> Result<T, E> {
    serde_json::from_str(data.get()).map_err(E::custom)
}
