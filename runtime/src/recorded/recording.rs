//! The line with which a process begins to write into a file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Attributes;

/// The version of the schema that this crate writes, and of which it reads every `1.x`.
///
/// `1.1` added lines of latency.
pub const VERSION: &str = "1.1";

/// Begins what one process writes into one file: `event_type` is `recording`.
///
/// What it says holds for the lines that follow it in the file, until the next of its kind: a file that a process left when it ended is
/// continued by the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording<'a> {
    /// The [`VERSION`] of the lines that follow.
    pub schema_version: Cow<'a, str>,
    /// The number of the process.
    pub process_id: u32,
    /// The version of tickspan that wrote them.
    pub tickspan_version: Cow<'a, str>,
    /// The resource of OpenTelemetry: `service.name` and what else is said of the process.
    #[serde(default)]
    pub resource: Attributes<'a>,
}

impl Recording<'_> {
    /// Whether this crate can read the lines that follow.
    pub fn is_supported(&self) -> bool {
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        major(&self.schema_version) == major(VERSION)
    }
}
