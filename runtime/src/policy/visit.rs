//! A visitor that sees of a span's or an event's values what the policy exports.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};
use tracing_log::NormalizeEvent as _;

use super::callsites::{Judged, Whole};
use super::conventions::is_word;
use super::rules::{self, Holds, Verdict};

/// Hands on to `inner` what is exported, and a marker for what keeps its place.
pub(crate) struct Checked<'a, V> {
    inner: &'a mut V,
    judged: &'static Judged,
    /// Whether a stage recorded the values.
    are_own: bool,
    /// Whether the message is exported, whatever holds for the callsite.
    opens_message: bool,
}

impl<'a, V: Visit> Checked<'a, V> {
    /// Sees the values that come from a callsite.
    pub(crate) fn new(judged: &'static Judged, inner: &'a mut V) -> Self {
        Self {
            inner,
            judged,
            are_own: judged.whole() == Whole::Own,
            opens_message: false,
        }
    }

    /// Sees the values of an event. All records of the `log` crate come from one callsite a level: their targets are their own.
    pub(crate) fn of_event(judged: &'static Judged, event: &Event<'_>, inner: &'a mut V) -> Self {
        let opens = |metadata: Metadata<'_>| rules::opens_messages_of(metadata.target());
        Self {
            opens_message: judged.whole() == Whole::Guilty
                && event.normalized_metadata().is_some_and(opens),
            ..Self::new(judged, inner)
        }
    }

    /// Sees values that other code records on the span of a callsite, whosever it is.
    pub(super) fn of_others(judged: &'static Judged, inner: &'a mut V) -> Self {
        Self {
            inner,
            judged,
            are_own: false,
            opens_message: false,
        }
    }

    fn verdict(&self, field: &Field) -> Verdict {
        if self.are_own {
            Verdict::Open
        } else if self.opens_message && field.name() == "message" {
            Verdict::Pass
        } else {
            self.judged.verdict(field)
        }
    }

    /// The text of a value that is exported only if it is a word of a closed list.
    fn word(&self, field: &Field, write: impl FnOnce() -> String) -> Option<String> {
        (self.verdict(field) == Verdict::Word)
            .then(write)
            .filter(|text| is_word(text))
    }

    /// Whether a value is handed on as it is. If not, what stands for it is handed on instead.
    fn passes(&mut self, field: &Field, holds: Holds) -> bool {
        let verdict = self.verdict(field);
        if verdict.passes(holds) {
            return true;
        }
        self.judged.count(field);
        if let Some(marker) = verdict.marker(holds) {
            self.inner.record_debug(field, &format_args!("{marker}"));
        }
        false
    }
}

impl<V: Visit> Visit for Checked<'_, V> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        if self.passes(field, Holds::Truth) {
            self.inner.record_bool(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if self.passes(field, Holds::Integer) {
            self.inner.record_i64(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if self.passes(field, Holds::Integer) {
            self.inner.record_u64(field, value);
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        if self.passes(field, Holds::Integer) {
            self.inner.record_i128(field, value);
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if self.passes(field, Holds::Integer) {
            self.inner.record_u128(field, value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if self.passes(field, Holds::Fraction) {
            self.inner.record_f64(field, value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(word) = self.word(field, || value.to_owned()) {
            self.inner.record_str(field, &word);
        } else if self.passes(field, Holds::Text) {
            self.inner.record_str(field, value);
        }
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        if self.passes(field, Holds::Text) {
            self.inner.record_bytes(field, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.passes(field, Holds::Error) {
            self.inner.record_error(field, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if let Some(word) = self.word(field, || format!("{value:?}")) {
            self.inner.record_str(field, &word);
        } else if self.passes(field, Holds::Text) {
            self.inner.record_debug(field, value);
        }
    }
}
