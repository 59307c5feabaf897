//! One line.

use std::borrow::Cow;
use std::io;
use std::time::SystemTime;

use opentelemetry::trace::{SpanId, TraceId};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::span::{SpanIdField, TraceIdField};
use super::time::Stamp;
use super::{Attributes, Edge, Latency, Recording, Span, Trade};

/// One line of a recording: something that happened at a time, in a span of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// When it happened; of a span, when it ended.
    pub timestamp: SystemTime,
    /// The trace; none of what was outside of any span.
    pub trace_id: Option<TraceId>,
    /// The span in which it happened; of a span, the span itself.
    pub span_id: Option<SpanId>,
    /// What happened.
    pub data: Data<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data<'a> {
    /// A process began to write into the file.
    Recording(Recording<'a>),
    /// A span ended.
    Span(Box<Span<'a>>),
    /// A latency clock was finished.
    Latency(Latency<'a>),
    /// It was decided about an edge.
    Edge(Edge<'a>),
    /// Something happened to an order or a trade.
    Trade(Trade<'a>),
    /// Something of which only a later version of the schema knows.
    Unknown(Unknown<'a>),
}

/// A line of an event type that this version does not know, kept as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// Its event type.
    pub event_type: Cow<'a, str>,
    /// The JSON of its `data`.
    pub data: Cow<'a, str>,
}

const RECORDING: &str = "recording";
const SPAN: &str = "span";
const LATENCY: &str = "latency";
const EDGE: &str = "edge";
const TRADE: &str = "trade";

impl Data<'_> {
    /// The word in `event_type`.
    pub fn event_type(&self) -> &str {
        match self {
            Self::Recording(_) => RECORDING,
            Self::Span(_) => SPAN,
            Self::Latency(_) => LATENCY,
            Self::Edge(_) => EDGE,
            Self::Trade(_) => TRADE,
            Self::Unknown(unknown) => &unknown.event_type,
        }
    }
}

impl Line<'_> {
    /// Reads one line, without its end. Of one that begins lines of another [version](Recording::is_supported), that version alone may be read.
    ///
    /// # Errors
    ///
    /// When it is no JSON, or lacks what its event type must have.
    pub fn from_json(line: &str) -> Result<Line<'static>, serde_json::Error> {
        // Everything is wanted.
        let read = Self::from_json_if(line, |_, _, _| true)?;
        read.ok_or_else(|| serde::de::Error::custom("the line was not wanted"))
    }

    /// Reads one line if its event type, time and trace are wanted; what it holds is not looked at otherwise.
    pub(crate) fn from_json_if(
        line: &str,
        is_wanted: impl FnOnce(&str, SystemTime, Option<TraceId>) -> bool,
    ) -> Result<Option<Line<'static>>, serde_json::Error> {
        Self::read(line, is_wanted).or_else(|error| match beginning_of_another_version(line) {
            Some(line) => Ok(Some(line)),
            None => Err(error),
        })
    }

    fn read(
        line: &str,
        is_wanted: impl FnOnce(&str, SystemTime, Option<TraceId>) -> bool,
    ) -> Result<Option<Line<'static>>, serde_json::Error> {
        let raw: Raw<'_> = serde_json::from_str(line)?;
        let trace_id = raw.trace_id.map(|id| id.0);
        if !is_wanted(&raw.event_type, raw.timestamp.0, trace_id) {
            return Ok(None);
        }
        let data = raw.data.get();
        Ok(Some(Line {
            timestamp: raw.timestamp.0,
            trace_id,
            span_id: raw.span_id.map(|id| id.0),
            data: match raw.event_type.as_ref() {
                RECORDING => Data::Recording(serde_json::from_str(data)?),
                SPAN => Data::Span(serde_json::from_str(data)?),
                LATENCY => Data::Latency(serde_json::from_str(data)?),
                EDGE => Data::Edge(serde_json::from_str(data)?),
                TRADE => Data::Trade(serde_json::from_str(data)?),
                other => Data::Unknown(Unknown {
                    event_type: Cow::Owned(other.to_owned()),
                    data: Cow::Owned(data.to_owned()),
                }),
            },
        }))
    }

    /// Writes the line, without its end.
    ///
    /// # Errors
    ///
    /// When `to` cannot be written, or [`Unknown::data`] is no JSON.
    pub fn write_json(&self, to: impl io::Write) -> Result<(), serde_json::Error> {
        serde_json::to_writer(to, self)
    }

    /// The line, without its end.
    ///
    /// # Errors
    ///
    /// When [`Unknown::data`] is no JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// What begins lines of another version may hold anything besides that version.
fn beginning_of_another_version(line: &str) -> Option<Line<'static>> {
    let Beginning { event_type, data } = serde_json::from_str(line).ok()?;
    let recording = Recording {
        schema_version: Cow::Owned(data.schema_version.into_owned()),
        process_id: 0,
        tickspan_version: Cow::Borrowed(""),
        resource: Attributes::default(),
    };
    (event_type == RECORDING && !recording.is_supported()).then_some(Line {
        timestamp: SystemTime::UNIX_EPOCH,
        trace_id: None,
        span_id: None,
        data: Data::Recording(recording),
    })
}

/// What all versions begin with.
#[derive(Deserialize)]
struct Beginning<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    data: Version<'a>,
}

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow)]
    schema_version: Cow<'a, str>,
}

/// A line whose data has not been looked at. What else stands in it is skipped.
#[derive(Deserialize)]
#[serde(expecting = "a line of a recording")]
struct Raw<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    timestamp: Stamp,
    trace_id: Option<TraceIdField>,
    span_id: Option<SpanIdField>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Line", 5)?;
        line.serialize_field("event_type", self.data.event_type())?;
        line.serialize_field("timestamp", &Stamp(self.timestamp))?;
        match self.trace_id {
            Some(id) => line.serialize_field("trace_id", &TraceIdField(id))?,
            None => line.skip_field("trace_id")?,
        }
        match self.span_id {
            Some(id) => line.serialize_field("span_id", &SpanIdField(id))?,
            None => line.skip_field("span_id")?,
        }
        match &self.data {
            Data::Recording(data) => line.serialize_field("data", data)?,
            Data::Span(data) => line.serialize_field("data", data)?,
            Data::Latency(data) => line.serialize_field("data", data)?,
            Data::Edge(data) => line.serialize_field("data", data)?,
            Data::Trade(data) => line.serialize_field("data", data)?,
            Data::Unknown(unknown) => {
                let json: &RawValue =
                    serde_json::from_str(&unknown.data).map_err(serde::ser::Error::custom)?;
                line.serialize_field("data", json)?;
            }
        }
        line.end()
    }
}
