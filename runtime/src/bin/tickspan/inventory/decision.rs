//! One line of the inventory.

use serde::{Deserialize, Serialize};

use super::settings::Source;

/// What a binary says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) settings: Vec<Source>,
    pub(super) decisions: Vec<Decision>,
}

/// What was decided about one value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Decision {
    /// What the site is: `stage`, `block`, `event`, `record`, `trade_event`, `edge`, `labels`, `public`, `type`.
    pub(super) kind: String,
    /// The module and the name of the function, span, event or type.
    pub(super) path: String,
    /// The key, or the name of an argument.
    pub(super) key: String,
    /// The type of an argument; of what is named, the expression.
    #[serde(rename = "type")]
    pub(super) ty: String,
    #[serde(rename = "decision")]
    pub(super) outcome: Outcome,
    /// Why it was decided so.
    pub(super) why: String,
    /// The class of a marked value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) class: String,
    /// What of a marked value leaves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) export: String,
    /// The reason that somebody gave.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
    pub(super) file: String,
    pub(super) line: u32,
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// It leaves as it is.
    Exported,
    /// It leaves because somebody declared it public.
    Public,
    /// Its type cannot be named where the decision stands; it may leave.
    Depends,
    /// A part of it leaves, or its marker.
    Redacted,
    /// It stays.
    Skipped,
}

/// A market name; with a reason it comes from a `tickspan.toml`.
const MARKET: &str = "a name of the market vocabulary";
const OWN_NAME: &str = "a public name of `tickspan.toml`";

impl Outcome {
    /// The cause with the reason that goes with it. A name that would have opened text may stand over a number, which
    /// needed no opening.
    pub(super) fn with_reason(self, why: &str, reason: String) -> (String, String) {
        match (why, reason.is_empty()) {
            (MARKET, false) => (OWN_NAME.to_owned(), reason),
            _ if self == Self::Public => (why.to_owned(), reason),
            _ => (why.to_owned(), String::new()),
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Public => "public",
            Self::Depends => "depends",
            Self::Redacted => "redacted",
            Self::Skipped => "skipped",
        }
    }

    /// The decision that a letter in the binary stands for, and why it was taken.
    pub(super) fn of_letter(letter: u8) -> Option<(Self, &'static str)> {
        Some(match letter {
            b'E' => (Self::Exported, "its type is proven"),
            b'N' => (Self::Exported, "named, and its type is proven"),
            b'L' => (Self::Exported, "text of the source"),
            b'M' => (Self::Exported, MARKET),
            b'T' => (
                Self::Exported,
                "a sensitive name, over a type that cannot hold the thing",
            ),
            b'P' => (Self::Public, "declared public"),
            b'A' => (Self::Public, "declared public, under a sensitive name"),
            b'D' => (Self::Depends, "its type has no name here"),
            b'R' => (Self::Redacted, "marked"),
            b'X' => (Self::Skipped, "marked"),
            b'S' => (Self::Skipped, "its type is not proven"),
            b'C' => (
                Self::Skipped,
                "a collection, or a duration without its unit",
            ),
            b'G' => (Self::Skipped, "a sensitive name"),
            b'K' => (Self::Skipped, "skipped by an option"),
            b'U' => (Self::Skipped, "its name is not recorded"),
            _ => return None,
        })
    }
}
