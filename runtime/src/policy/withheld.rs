//! What was withheld, counted by key.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::callsites;
use super::rules::Verdict;

/// So many keys that stand in no callsite are counted by their names.
const MOST_KEYS: usize = 256;

/// What the others are counted as, and those whose names may hold anything.
const OTHER: &str = "(other keys)";

/// Why a value of another crate is not exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Its key names a secret or personal data.
    SensitiveKey,
    /// It is, or its key says that it is, the text of an error.
    ErrorText,
    /// The policy does not list its key.
    Unlisted,
}

/// How many values of other crates were withheld under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withheld {
    /// The key, as it stands in the source of the other crate. `(other keys)` for those that stand in no source, or
    /// are too many.
    pub key: String,
    /// Why they were withheld.
    pub why: Why,
    /// How many, from the start of the process: one for each place to which a value would have gone.
    pub count: u64,
}

// Locked for values that come from no callsite: attributes that were set through the API of OpenTelemetry on the
// tracing route, of the resource, of baggage.
static WITHOUT_CALLSITE: Mutex<Option<HashMap<(String, Why), u64>>> = Mutex::new(None);

/// What of other crates' data was withheld, by key, most first.
///
/// ```
/// for withheld in tickspan::withheld() {
///     println!("{withheld}"); // 12 password: sensitive
/// }
/// ```
///
/// Which policy withholds what: [`ForeignData`](crate::ForeignData).
pub fn withheld() -> Vec<Withheld> {
    let mut by_key: BTreeMap<(String, Why), u64> = BTreeMap::new();
    callsites::each_withheld(|key, why, count| {
        *by_key.entry((key.to_owned(), why)).or_default() += count;
    });
    let others = WITHOUT_CALLSITE
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for (key, count) in others.iter().flatten() {
        *by_key.entry(key.clone()).or_default() += count;
    }
    drop(others);
    let mut all: Vec<Withheld> = by_key
        .into_iter()
        .map(|((key, why), count)| Withheld { key, why, count })
        .collect();
    all.sort_by_key(|withheld| core::cmp::Reverse(withheld.count));
    all
}

/// How many values of other crates were withheld.
pub(crate) fn total() -> u64 {
    withheld().iter().map(|withheld| withheld.count).sum()
}

/// Counts a value that comes from no callsite.
pub(super) fn count(key: &str, verdict: Verdict) {
    let why = verdict.why();
    // Nobody has looked at the name of a key that is not listed, and it may be made at run time.
    let name = if why == Why::Unlisted { OTHER } else { key };
    let mut counts = WITHOUT_CALLSITE
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let counts = counts.get_or_insert_default();
    let known = (name.to_owned(), why);
    let known = if counts.len() < MOST_KEYS || counts.contains_key(&known) {
        known
    } else {
        (OTHER.to_owned(), why)
    };
    *counts.entry(known).or_default() += 1;
}

impl Verdict {
    /// Why something was withheld, if it was.
    pub(super) fn why(self) -> Why {
        match self {
            Self::Sensitive(_) => Why::SensitiveKey,
            // Of keys that pass, errors are withheld.
            Self::ErrorText | Self::Open | Self::Pass => Why::ErrorText,
            Self::Word | Self::Numbers | Self::Unlisted => Why::Unlisted,
        }
    }
}

impl Why {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SensitiveKey => "sensitive",
            Self::ErrorText => "error text",
            Self::Unlisted => "not listed",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `12 password: sensitive`
impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.count, self.key, self.why)
    }
}
