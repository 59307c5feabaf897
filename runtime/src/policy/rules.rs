//! What is decided of a key.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::Metadata;

use super::foreign_data::{ForeignData, Policy};
use super::{conventions, own};
use crate::privacy::names::{self, Exemption, Finding, Kind};
use crate::record::lane::sites;

/// What becomes of the values under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They are exported, whatever they are: a stage of ours recorded them, or the program named the key.
    Open,
    /// They are exported, unless they are errors.
    Pass,
    /// They hold a secret or personal data.
    Sensitive(Finding),
    /// They hold the text of an error.
    ErrorText,
    /// They are exported if they are words of a closed list.
    Word,
    /// Numbers and truth values are exported: stages use the key, and may use it for text that they skip.
    Numbers,
    /// The policy does not list the key.
    Unlisted,
}

/// What a value can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Truth,
    Integer,
    Fraction,
    Text,
    /// The text of an error, whatever its key.
    Error,
}

/// Stands for the text of an error.
pub(super) const ERROR_TEXT: &str = "[redacted: error text]";

impl Verdict {
    /// Whether a value is exported as it is. A [`Word`](Self::Word) is where it is one.
    pub(super) fn passes(self, holds: Holds) -> bool {
        match (self, holds) {
            (Self::Open, _) => true,
            (_, Holds::Error) | (Self::Word | Self::Unlisted, _) => false,
            (Self::Pass, _) => true,
            (Self::Numbers | Self::ErrorText, holds) => holds != Holds::Text,
            (Self::Sensitive(finding), holds) => match finding.exemption {
                Exemption::Truths => holds == Holds::Truth,
                Exemption::Counts => matches!(holds, Holds::Truth | Holds::Integer),
                Exemption::Measures => holds != Holds::Text,
            },
        }
    }

    /// What stands in the place of a value; nothing where the place is not kept.
    pub(super) fn marker(self, holds: Holds) -> Option<&'static str> {
        match (self, holds) {
            (Self::Sensitive(finding), _) => Some(match finding.kind {
                Kind::Secret => "[redacted: secret]",
                Kind::Personal => "[redacted: personal data]",
            }),
            (Self::ErrorText, _) | (Self::Pass, Holds::Error) => Some(ERROR_TEXT),
            _ => None,
        }
    }

    /// As a byte, for what is shared between threads.
    pub(super) fn to_byte(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Pass => 1,
            Self::ErrorText => 2,
            Self::Word => 3,
            Self::Numbers => 4,
            Self::Unlisted => 5,
            Self::Sensitive(Finding { kind, exemption }) => {
                let kind = match kind {
                    Kind::Secret => 8,
                    Kind::Personal => 16,
                };
                kind + match exemption {
                    Exemption::Truths => 0,
                    Exemption::Counts => 1,
                    Exemption::Measures => 2,
                }
            }
        }
    }

    /// Of a byte. What cannot be read is not exported.
    pub(super) fn of_byte(byte: u8) -> Self {
        let of = |kind, exemption| Self::Sensitive(Finding { kind, exemption });
        match byte {
            0 => Self::Open,
            1 => Self::Pass,
            2 => Self::ErrorText,
            3 => Self::Word,
            4 => Self::Numbers,
            8 => of(Kind::Secret, Exemption::Truths),
            9 => of(Kind::Secret, Exemption::Counts),
            10 => of(Kind::Secret, Exemption::Measures),
            16 => of(Kind::Personal, Exemption::Truths),
            17 => of(Kind::Personal, Exemption::Counts),
            18 => of(Kind::Personal, Exemption::Measures),
            _ => Self::Unlisted,
        }
    }
}

/// The policy of this process: `checked` until `init` says otherwise.
// Locked where a callsite is met for the first time, or a key that is not of a callsite.
static CURRENT: RwLock<Option<ForeignData>> = RwLock::new(None);

/// Grows when verdicts may have changed. Never 0, which a callsite has that was not looked at.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Whether the policy lets no event of other crates through.
// Relaxed: it is set while `init` runs.
static DROPS_EVENTS: AtomicBool = AtomicBool::new(false);

pub(super) fn drops_events() -> bool {
    DROPS_EVENTS.load(Ordering::Relaxed)
}

/// Puts a policy in force.
pub(crate) fn set(data: ForeignData) {
    DROPS_EVENTS.store(data.policy == Policy::None, Ordering::Relaxed);
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(data);
    outdate();
}

/// Has verdicts be found anew.
pub(super) fn outdate() {
    // Release: who sees the number sees what it stands for.
    GENERATION.fetch_add(1, Ordering::Release);
}

/// The number of the verdicts that hold now.
pub(super) fn generation() -> u32 {
    // Both only grow. A site of ours may open a key that was not listed.
    GENERATION
        .load(Ordering::Acquire)
        .wrapping_add(sites::own_count())
}

/// Runs `f` on the policy in force.
pub(super) fn with_current<R>(f: impl FnOnce(&ForeignData) -> R) -> R {
    let current = CURRENT.read().unwrap_or_else(PoisonError::into_inner);
    match &*current {
        Some(data) => f(data),
        None => f(&ForeignData::default()),
    }
}

/// Whether the policy in force has events of a target keep their words.
pub(super) fn opens_messages_of(target: &str) -> bool {
    with_current(|data| data.opens_messages_of(target))
}

impl ForeignData {
    /// The verdict on a field of another crate's callsite.
    pub(super) fn field(&self, metadata: &Metadata<'_>, key: &str) -> Verdict {
        if metadata.is_event() && key == "message" && self.policy == Policy::AllowList {
            return if self.opens_messages_of(metadata.target()) {
                Verdict::Pass
            } else {
                Verdict::Unlisted
            };
        }
        self.key(key)
    }

    /// The verdict on a key of which no callsite is known, or none matters.
    pub(super) fn key(&self, key: &str) -> Verdict {
        let is_allowed = self.allowed.contains_key(key);
        let is_named = is_allowed || self.keys.contains(key);
        let listed = match self.policy {
            Policy::Checked => Verdict::Pass,
            Policy::AllowList if is_named || conventions::is_safe(key) => Verdict::Pass,
            Policy::AllowList if conventions::is_in_words(key) => return Verdict::Word,
            Policy::AllowList if !own::is_key(key) => return Verdict::Unlisted,
            Policy::AllowList if names::is_market_name(key) => Verdict::Pass,
            Policy::AllowList => Verdict::Numbers,
            Policy::None => return Verdict::Unlisted,
        };
        if let Some(finding) = names::sensitive(key).filter(|_| !is_allowed) {
            Verdict::Sensitive(finding)
        } else if is_named {
            Verdict::Open
        } else if holds_error_text(key) {
            Verdict::ErrorText
        } else {
            listed
        }
    }
}

/// Whether a key says that its values are the text of errors. Its type, code or kind is no text of it.
fn holds_error_text(key: &str) -> bool {
    const AT_THE_END: [&str; 5] = [
        "error|err|exception|panic|failure|cause",
        "error|err|exception|panic|failure|cause \
         message|msg|text|description|detail|reason|source|stacktrace|stack|chain|display|debug",
        "source chain",
        "stacktrace|backtrace",
        "stack|back trace",
    ];
    // `e` as in `error!(%e)`.
    ["e", "otel.status_description", "otel.status_message"].contains(&key)
        || AT_THE_END.iter().any(|rule| names::ends_in(rule, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_text_is_known_by_its_key() {
        for key in [
            "error",
            "err",
            "io_error",
            "error.message",
            "error.details",
            "exception.message",
            "exception.stacktrace",
            "error.cause_chain",
            "error.source",
            "error.source_chain",
            "failure_reason",
            "http.error_message",
            "otel.status_description",
            "last-error",
            "lastError",
            "backtrace",
            "panic.message",
            "e",
        ] {
            assert!(holds_error_text(key), "{key}");
        }
        for key in [
            "error.type",
            "error_code",
            "exception.type",
            "errors_total",
            "message",
            "terror",
            "side.e",
            "status",
            "description",
        ] {
            assert!(!holds_error_text(key), "{key}");
        }
    }

    #[test]
    fn a_verdict_survives_as_a_byte() {
        let keys = [
            "note",
            "password",
            "passwords",
            "password_len",
            "email",
            "emails",
            "error",
        ];
        let checked = ForeignData::checked();
        let list = ForeignData::allow_list().with_keys(["note"]);
        for key in keys
            .into_iter()
            .chain(["otel.kind", "http.route", "unknown"])
        {
            for verdict in [checked.key(key), list.key(key)] {
                assert_eq!(Verdict::of_byte(verdict.to_byte()), verdict, "{key}");
            }
        }
        assert_eq!(Verdict::of_byte(200), Verdict::Unlisted);
    }

    #[test]
    fn what_may_stand_under_a_sensitive_key_is_decided_by_its_type() {
        let passes = |key| {
            [Holds::Truth, Holds::Integer, Holds::Fraction, Holds::Text]
                .map(|holds| ForeignData::checked().key(key).passes(holds))
        };
        assert_eq!(passes("password"), [true, false, false, false]);
        assert_eq!(passes("passwords"), [true, true, false, false]);
        assert_eq!(passes("password_len"), [true, true, true, false]);
        assert_eq!(passes("error"), [true, true, true, false]);
        assert_eq!(passes("note"), [true; 4]);
        assert!(!ForeignData::checked().key("note").passes(Holds::Error));
    }
}
