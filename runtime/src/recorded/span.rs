//! Spans.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, TraceId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Attributes, time};

/// A span that has ended: `event_type` is `span`, and the time of its line is that of its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span<'a> {
    /// The name of the stage.
    pub name: Cow<'a, str>,
    /// What it is to other processes.
    pub kind: Kind<'a>,
    /// The span around it; absent of a root.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "parent_id")]
    pub parent_span_id: Option<SpanId>,
    /// Whether the span around it is another process's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub parent_is_remote: bool,
    /// When it started.
    #[serde(with = "time")]
    pub start: SystemTime,
    /// When it ended.
    #[serde(with = "time")]
    pub end: SystemTime,
    /// How long it took, in nanoseconds.
    #[serde(rename = "duration_ns", with = "nanoseconds")]
    pub duration: Duration,
    /// OpenTelemetry's status.
    pub status: Status<'a>,
    /// The description of the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<Cow<'a, str>>,
    /// How it ended.
    pub outcome: Outcome<'a>,
    /// What was recorded of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes<'a>,
    /// What happened in it, but for edges and trade events: these have lines of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<SpanEvent<'a>>,
    /// The spans that it follows from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link<'a>>,
    /// The `tracestate` of W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_state: Option<Cow<'a, str>>,
    /// How many attributes it could not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_attributes: u32,
    /// How many events it could not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_events: u32,
    /// How many links it could not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_links: u32,
}

/// Something that happened in a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanEvent<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// When it happened.
    #[serde(with = "time")]
    pub timestamp: SystemTime,
    /// What was recorded of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes<'a>,
    /// How many attributes it could not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_attributes: u32,
}

/// A span that another follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link<'a> {
    /// Its trace.
    #[serde(with = "trace_id")]
    pub trace_id: TraceId,
    /// The span.
    #[serde(with = "span_id")]
    pub span_id: SpanId,
    /// What was recorded of the link.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes<'a>,
}

/// Words that a later version may add to.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $($(#[$variant_doc])* $variant,)+
            /// A word of a later version.
            Other(Cow<'a, str>),
        }

        impl $name<'_> {
            /// The word in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl<'a> From<Cow<'a, str>> for $name<'a> {
            fn from(word: Cow<'a, str>) -> Self {
                match word.as_ref() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name<'_> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(Cow::<'static, str>::Owned(String::deserialize(deserializer)?)))
            }
        }
    };
}

words! {
    /// What a span is to other processes: OpenTelemetry's kind.
    Kind {
        /// Neither of the others.
        Internal = "internal",
        /// Asks another.
        Client = "client",
        /// Answers another.
        Server = "server",
        /// Leaves work for another.
        Producer = "producer",
        /// Does what another has left.
        Consumer = "consumer",
    }
}

words! {
    /// OpenTelemetry's status.
    Status {
        /// Nobody said.
        Unset = "unset",
        /// Somebody said that it is fine.
        Ok = "ok",
        /// It failed.
        Error = "error",
    }
}

words! {
    /// How a span ended.
    Outcome {
        /// It returned.
        Ok = "ok",
        /// It returned an error.
        Error = "error",
        /// It panicked.
        Panicked = "panicked",
        /// Its future was dropped before its end.
        Cancelled = "cancelled",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

pub(super) mod nanoseconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(in crate::recorded) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(in crate::recorded) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}

/// Ids as OpenTelemetry writes them: hexadecimal, and as long as they are.
macro_rules! ids {
    ($module:ident, $id:ty, $digits:literal) => {
        pub(super) mod $module {
            use std::borrow::Cow;

            use serde::de::Error as _;
            use serde::{Deserialize, Deserializer, Serializer};

            pub(in crate::recorded) fn serialize<S: Serializer>(
                id: &$id,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.collect_str(id)
            }

            pub(in crate::recorded) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$id, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                let is_hex = text.len() == $digits && text.bytes().all(|it| it.is_ascii_hexdigit());
                let id = <$id>::from_hex(&text)
                    .ok()
                    .filter(|id| is_hex && *id != <$id>::INVALID);
                id.ok_or_else(|| {
                    D::Error::custom(concat!(
                        "an id has ",
                        $digits,
                        " hexadecimal digits, not all of them zero"
                    ))
                })
            }
        }
    };
}

ids!(trace_id, opentelemetry::trace::TraceId, 32);
ids!(span_id, opentelemetry::trace::SpanId, 16);

mod parent_id {
    use super::{Deserializer, Serializer, SpanId, span_id};

    #[expect(clippy::ref_option, reason = "as serde asks")]
    pub(super) fn serialize<S: Serializer>(
        id: &Option<SpanId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => span_id::serialize(id, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SpanId>, D::Error> {
        span_id::deserialize(deserializer).map(Some)
    }
}

/// Ids as fields of a line.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct TraceIdField(#[serde(with = "trace_id")] pub(super) TraceId);

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SpanIdField(#[serde(with = "span_id")] pub(super) SpanId);
