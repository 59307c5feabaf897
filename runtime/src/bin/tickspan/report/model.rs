//! What the page is made of: the JSON that stands in it, as its script reads it.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// Texts are cut after so many characters: a page has room for many things, and a recording for texts of any length.
const LONGEST: usize = 120;

/// A text, cut if it is long.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A time as in the lines.
pub(super) fn time(time: SystemTime) -> String {
    // One outside of the years that RFC 3339 knows is told as the first that there is.
    let time = Timestamp::try_from(time).unwrap_or_default();
    format!("{time:.9}")
}

/// From, in bins of the logarithm, and how many.
pub(super) type Bin = (u32, u64);

/// Number of the piece, count, errors, p50, p99 and max in nanoseconds.
pub(super) type Piece = (u64, u64, u64, u64, u64, u64);

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) services: Vec<String>,
    pub(super) processes: usize,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    /// Milliseconds.
    pub(super) took: f64,
    pub(super) time: Time,
    /// By type.
    pub(super) lines: Vec<(String, u64)>,
    pub(super) totals: Totals,
    pub(super) bins_per_decade: u32,
    pub(super) stages: Vec<Measured>,
    pub(super) stages_left_out: usize,
    pub(super) paths: Vec<Path>,
    pub(super) paths_left_out: usize,
    pub(super) edges: Vec<Box<RawValue>>,
    pub(super) edges_left_out: usize,
    pub(super) traces: Vec<Box<RawValue>>,
    pub(super) traces_left_out: usize,
    pub(super) losses: Vec<Loss>,
    pub(super) damaged: u64,
    /// The first of it: where and what.
    pub(super) damage: Vec<String>,
}

/// The axis of everything over time, in milliseconds since 1970.
#[derive(Debug, Serialize)]
pub(super) struct Time {
    pub(super) begin: f64,
    pub(super) width: f64,
    pub(super) pieces: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) spans: u64,
    pub(super) errors: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
}

/// A stage or a hop. Durations are in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) errors: u64,
    pub(super) min: u64,
    pub(super) mean: u64,
    pub(super) p50: u64,
    pub(super) p90: u64,
    pub(super) p95: u64,
    pub(super) p99: u64,
    pub(super) p999: u64,
    pub(super) max: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<u64>,
    pub(super) over: u64,
    pub(super) distribution: Vec<Bin>,
    pub(super) series: Vec<Piece>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slowest: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Path {
    pub(super) name: String,
    pub(super) finished: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<u64>,
    pub(super) over: u64,
    pub(super) hops: Vec<Measured>,
    pub(super) hops_left_out: usize,
    pub(super) marks: Vec<Mark>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Mark {
    pub(super) name: String,
    pub(super) unmarked: u64,
    pub(super) repeated: u64,
    pub(super) backwards: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Edge {
    pub(super) name: String,
    pub(super) unit: Option<String>,
    pub(super) accepted: Decided,
    pub(super) rejected: Decided,
    pub(super) without_sum: u64,
    pub(super) reasons: Vec<(String, u64)>,
    pub(super) best: Vec<Extreme>,
    pub(super) worst: Vec<Extreme>,
}

#[derive(Debug, Serialize)]
pub(super) struct Decided {
    pub(super) all: u64,
    /// Those that have sums, and their sums.
    pub(super) count: u64,
    pub(super) gross: f64,
    pub(super) net: f64,
    pub(super) costs: Vec<(String, f64)>,
}

#[derive(Debug, Serialize)]
pub(super) struct Extreme {
    pub(super) net: f64,
    pub(super) decision: &'static str,
    pub(super) reason: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) time: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Trace {
    pub(super) id: String,
    pub(super) why: Vec<&'static str>,
    pub(super) root: String,
    pub(super) start: String,
    pub(super) took: u64,
    pub(super) failed: bool,
    pub(super) left_out: u64,
    pub(super) left_out_items: u64,
    pub(super) spans: Vec<Span>,
}

#[derive(Debug, Serialize)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) at: u64,
    pub(super) took: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    /// The service that recorded it, and the number of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) process: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) items: Vec<Item>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) dropped: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// An event, edge, trade event or mark.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) what: &'static str,
    pub(super) name: String,
    pub(super) at: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) accepted: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) failed: bool,
    pub(super) attributes: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub(super) struct Loss {
    pub(super) what: &'static str,
    pub(super) count: u64,
    pub(super) means: &'static str,
}
