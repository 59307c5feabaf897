//! What is decided of a key.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::Metadata;

use super::conventions;
use super::foreign_data::{ForeignData, Policy};
use super::own;
use crate::record::lane::sites;

/// What becomes of the values under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Verdict {
    /// They are exported, whatever they are: a stage of ours recorded them, or the program named the key.
    Open,
    /// They are exported, unless they are errors.
    Pass,
    /// They hold a secret or personal data.
    Sensitive,
    /// They hold the text of an error.
    ErrorText,
    /// They are exported if they are words of a closed list.
    Word,
    /// Numbers and truth values are exported: stages use the key, and may use it for text that they skip.
    Numbers,
    /// The policy does not list the key.
    Unlisted,
}

impl Verdict {
    /// What cannot be read is not exported.
    pub(super) const fn from_u8(byte: u8) -> Self {
        match byte {
            0 => Self::Open,
            1 => Self::Pass,
            2 => Self::Sensitive,
            3 => Self::ErrorText,
            4 => Self::Word,
            5 => Self::Numbers,
            _ => Self::Unlisted,
        }
    }

    /// What stands in the place of a value; nothing where the place is not kept.
    pub(super) const fn marker(self) -> Option<&'static str> {
        match self {
            Self::Sensitive => Some(SENSITIVE),
            Self::ErrorText => Some(ERROR_TEXT),
            Self::Open | Self::Pass | Self::Word | Self::Numbers | Self::Unlisted => None,
        }
    }
}

/// Stands for a value under a key that names a secret or personal data.
pub(super) const SENSITIVE: &str = "[redacted: sensitive]";
/// Stands for the text of an error.
pub(super) const ERROR_TEXT: &str = "[redacted: error text]";

/// The policy of this process: `checked` until `init` says otherwise.
// Locked where a callsite is met for the first time, or a key that is not of a callsite.
static CURRENT: RwLock<Option<ForeignData>> = RwLock::new(None);

/// Grows when verdicts may have changed. Never 0, which a callsite has that was not looked at.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Puts a policy in force.
pub(crate) fn set(data: ForeignData) {
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(data);
    // Release: who sees the number sees the policy.
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

impl ForeignData {
    /// The first of the keys named by the program that may not be opened.
    pub(crate) fn sensitive_key(&self) -> Option<&str> {
        let mut keys = self.keys.iter().map(String::as_str);
        keys.find(|key| is_sensitive(key))
    }

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
        if self.policy == Policy::AllowList && conventions::is_in_words(key) {
            return Verdict::Word;
        }
        let is_named = self.keys.contains(key);
        let (is_listed, are_numbers_listed) = match self.policy {
            Policy::Checked => (true, true),
            Policy::AllowList if is_named || conventions::is_safe(key) => (true, true),
            Policy::AllowList => (false, own::is_key(key)),
            Policy::None => (false, false),
        };
        if !are_numbers_listed {
            Verdict::Unlisted
        } else if is_sensitive(key) {
            Verdict::Sensitive
        } else if is_named {
            Verdict::Open
        } else if holds_error_text(key) {
            Verdict::ErrorText
        } else if !is_listed {
            Verdict::Numbers
        } else {
            Verdict::Pass
        }
    }
}

/// Whether a key names a secret or personal data.
fn is_sensitive(key: &str) -> bool {
    const WORDS: &[&str] = &[
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "secret",
        "credential",
        "creds",
        "otp",
        "totp",
        "jwt",
        "cvv",
        "cvc",
        "privkey",
        "ssn",
        "iban",
        "email",
        "phone",
        "passport",
        "apikey",
        "authorization",
    ];
    const PAIRS: &[(&str, &str)] = &[
        ("api", "key"),
        ("private", "key"),
        ("access", "token"),
        ("auth", "token"),
        ("session", "token"),
        ("account", "number"),
        ("card", "number"),
        ("client", "address"),
        ("url", "full"),
        ("url", "query"),
    ];
    let lower = key.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    words.iter().any(|word| WORDS.contains(word))
        || words
            .windows(2)
            .any(|pair| PAIRS.contains(&(pair[0], pair[1])))
}

/// Whether a key says that its values are the text of errors. Its type, code or kind is no text of it.
fn holds_error_text(key: &str) -> bool {
    const ERRORS: [&str; 7] = [
        "error",
        "errors",
        "err",
        "exception",
        "panic",
        "failure",
        "cause",
    ];
    const TEXTS: [&str; 12] = [
        "message",
        "msg",
        "text",
        "description",
        "detail",
        "details",
        "stacktrace",
        "stack",
        "backtrace",
        "chain",
        "display",
        "debug",
    ];
    if ["otel.status_description", "otel.status_message"].contains(&key) {
        return true;
    }
    let lower = key.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric()).rev();
    match (words.next(), words.next()) {
        (Some("stacktrace" | "backtrace"), _) => true,
        (Some(last), _) if ERRORS.contains(&last) => true,
        (Some(last), Some(before)) => TEXTS.contains(&last) && ERRORS.contains(&before),
        _ => false,
    }
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
            "exception.message",
            "exception.stacktrace",
            "http.error_message",
            "otel.status_description",
            "last-error",
            "backtrace",
            "panic.message",
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
            "status",
            "description",
        ] {
            assert!(!holds_error_text(key), "{key}");
        }
    }
}
