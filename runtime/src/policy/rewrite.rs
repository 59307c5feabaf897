//! Spans and events of `tracing` as the policy lets them be seen, for layers that look at them by themselves.
//!
//! What needs no change is handed on as it is. Else its values are copied, without those that are withheld.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing::field::{self, Field, Value, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

use super::callsites::{self, Judged, Whole};
use super::own;
use super::rules::{Holds, Verdict};
use super::visit::Checked;
use crate::privacy::names;

/// Runs `f` on the attributes of a new span.
pub(super) fn attributes(attributes: &Attributes<'_>, f: impl FnOnce(&Attributes<'_>)) {
    let metadata = attributes.metadata();
    let judged = callsites::of(metadata);
    if !needs_change(judged, |visitor| attributes.record(visitor)) {
        return f(attributes);
    }
    let kept = Kept::of(metadata, |kept| {
        attributes.record(&mut Checked::new(judged, kept));
    });
    let values = kept.values();
    let values = metadata.fields().value_set_all(&values);
    f(&match attributes.parent() {
        Some(parent) => Attributes::child_of(parent.clone(), metadata, &values),
        None if attributes.is_root() => Attributes::new_root(metadata, &values),
        None => Attributes::new(metadata, &values),
    });
}

/// Runs `f` on values that are recorded on a span of a callsite, by a stage or by other code.
pub(super) fn record(
    span: &Id,
    metadata: &'static Metadata<'static>,
    record: &Record<'_>,
    f: impl FnOnce(&Record<'_>),
) {
    let judged = callsites::of(metadata);
    let is_others = judged.whole() == Whole::Own && !own::is_recording(span);
    if !is_others && !needs_change(judged, |visitor| record.record(visitor)) {
        return f(record);
    }
    let kept = Kept::of(metadata, |kept| {
        record.record(&mut Checked::of_others(judged, kept));
    });
    let values = kept.values();
    f(&Record::new(&metadata.fields().value_set_all(&values)));
}

/// Runs `f` on an event, unless nothing of it is exported.
pub(super) fn event(event: &Event<'_>, f: impl FnOnce(&Event<'_>)) {
    let metadata = event.metadata();
    let judged = callsites::of(metadata);
    if judged.whole() == Whole::Dropped {
        return judged.count_dropped();
    }
    if !needs_change(judged, |visitor| event.record(visitor)) {
        return f(event);
    }
    let kept = Kept::of(metadata, |kept| {
        event.record(&mut Checked::of_event(judged, event, kept));
    });
    let values = kept.values();
    let values = metadata.fields().value_set_all(&values);
    f(&match event.parent() {
        Some(parent) => Event::new_child_of(parent.clone(), metadata, &values),
        None if event.is_root() => Event::new_child_of(None::<Id>, metadata, &values),
        None => Event::new(metadata, &values),
    });
}

fn needs_change(judged: &Judged, record: impl FnOnce(&mut dyn Visit)) -> bool {
    match judged.whole() {
        Whole::Own => {
            if judged.is_noted() {
                record(&mut Note);
            }
            false
        }
        Whole::Guilty | Whole::Dropped => true,
        Whole::Clean => {
            let mut find = FindError(false);
            record(&mut find);
            find.0
        }
    }
}

/// Finds whether a value is an error. It formats nothing.
struct FindError(bool);

impl Visit for FindError {
    fn record_error(&mut self, _: &Field, _: &(dyn Error + 'static)) {
        self.0 = true;
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Notes under which sensitive keys a stage records what others may not, and what it names its span. It formats nothing.
struct Note;

impl Note {
    fn note(field: &Field, holds: Holds) {
        let finding = names::sensitive(field.name()).map(Verdict::Sensitive);
        if finding.is_some_and(|verdict| !verdict.passes(holds)) {
            own::note_declared(field.name());
        }
    }
}

impl Visit for Note {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "otel.name" {
            own::note_name(value);
        }
        Self::note(field, Holds::Text);
    }

    fn record_bool(&mut self, field: &Field, _: bool) {
        Self::note(field, Holds::Truth);
    }

    fn record_i64(&mut self, field: &Field, _: i64) {
        Self::note(field, Holds::Integer);
    }

    fn record_u64(&mut self, field: &Field, _: u64) {
        Self::note(field, Holds::Integer);
    }

    fn record_f64(&mut self, field: &Field, _: f64) {
        Self::note(field, Holds::Fraction);
    }

    fn record_debug(&mut self, field: &Field, _: &dyn Debug) {
        Self::note(field, Holds::Text);
    }
}

/// Copies of the values that are exported, each at the place of its field.
pub(super) struct Kept(Vec<Option<Box<dyn Value>>>);

impl Kept {
    pub(super) fn of(metadata: &Metadata<'_>, record: impl FnOnce(&mut Self)) -> Self {
        let mut kept = Self(metadata.fields().iter().map(|_| None).collect());
        record(&mut kept);
        kept
    }

    pub(super) fn keep(&mut self, field: &Field, value: impl Value + 'static) {
        if let Some(place) = self.0.get_mut(field.index()) {
            *place = Some(Box::new(value));
        }
    }

    pub(super) fn values(&self) -> Vec<Option<&dyn Value>> {
        self.0.iter().map(Option::as_deref).collect()
    }
}

impl Visit for Kept {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.keep(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.keep(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.keep(field, Box::<[u8]>::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.keep(field, field::debug(Written(format!("{value:?}"))));
    }
}

/// Text that was written with `Debug` already.
struct Written(String);

impl Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
