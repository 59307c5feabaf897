//! The lines of the recorder: the types that both write and read them.
//!
//! A [`Line`] is one of JSON. [`Line::write_json`] writes it, [`Line::from_json`] reads it, and nothing else
//! knows the format. `docs/recorder.md` describes each field.
//!
//! ```
//! use tickspan::recorded::{Data, Line};
//!
//! let line = r#"{"event_type":"edge","timestamp":"2026-11-21T05:43:44.310551123Z","trace_id":"2f581398e5419f71a66d53f090545c27","span_id":"00f067aa0ba902b7","data":{"name":"arbitrage","net":"1.50","decision":"accept"}}"#;
//! let read = Line::from_json(line)?;
//! let Data::Edge(edge) = &read.data else { panic!("it is an edge") };
//! assert_eq!(edge.net.as_ref().and_then(|net| net.as_str()), Some("1.50"));
//! assert_eq!(read.to_json()?, line);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Versions
//!
//! The schema has a version, [`VERSION`], which each [`Recording`] line tells of the lines that follow it in its file.
//! What is added raises its second number; a reader skips fields that it does not know, and keeps lines of an event type that it does not
//! know as they are ([`Data::Unknown`]). What changes a meaning raises the first number; a reader refuses lines of another.

mod attributes;
mod edge;
mod latency;
mod line;
mod recording;
mod span;
mod time;
mod value;

pub use attributes::Attributes;
pub use edge::{Edge, Trade};
pub use latency::{Hop, Latency, Mark};
pub use line::{Data, Line, Unknown};
pub use recording::{Recording, VERSION};
pub use span::{Kind, Link, Outcome, Span, SpanEvent, Status};
pub use value::Value;

#[cfg(test)]
mod tests;
