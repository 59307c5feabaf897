//! The recorder: everything as files, one folder a day.
//!
//! An exporter like the others, so it costs the threads of stages nothing. `docs/recorder.md` describes the files;
//! [`crate::replay`] reads them.
//!
//! ```no_run
//! # fn main() -> Result<(), tickspan::Error> {
//! let _telemetry = tickspan::builder().with_recorder("data/events").init()?;
//! // data/events/20261121/events.jsonl
//! # Ok(())
//! # }
//! ```
//!
//! A line of [`recorded`](crate::recorded) is made of each span, of each edge and trade event in it, and of each latency clock that was
//! finished. The threads of exporters make the lines; a thread of the recorder's own writes them, and another packs closed files and deletes old ones. Whatever the disk does, the
//! program goes on: what cannot be written is tried again for some seconds, then counted as failed in the [`Report`](crate::Report).

mod audit;
mod convert;
mod desk;
mod exporter;
mod file;
mod keeper;
mod latency;
pub(crate) mod names;
mod notices;
#[cfg(feature = "recorder-otlp")]
mod otlp;
mod same;
mod settings;
mod store;
mod writer;

pub use audit::{Audited, audited};
pub(crate) use audit::{keep_edge, keep_trade, note_filtered};
pub(crate) use exporter::start;
pub use settings::{Compression, Durability, Form, Recorder};

#[cfg(test)]
mod tests;
