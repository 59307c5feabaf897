//! Events: something that happened at one instant of the current span.

use tracing::Event;

use super::Callsite;
use super::callsite::{FieldValues, MAX_FIELDS, slots};
#[cfg(feature = "init")]
use super::lane;
use crate::privacy::Value;

/// Emits an event of one value; where there is none, nothing.
pub fn emit_value(site: &'static Callsite, value: &Value<'_>) {
    if !value.is_absent() {
        emit_if_wanted(site, core::slice::from_ref(value));
    }
}

/// Emits an event with the values of the callsite's keys, if anybody wants it.
pub(super) fn emit_if_wanted(site: &'static Callsite, values: &[Value<'_>]) {
    if site.is_enabled() {
        emit(site, values);
    }
}

/// Emits an event that somebody wants, with the values of the callsite's keys.
///
/// A callsite with a key more than there are values begins with `message`: it takes the event's name, so that
/// a line of text reads well and OpenTelemetry has the name.
pub fn emit(site: &'static Callsite, values: &[Value<'_>]) {
    #[cfg(feature = "init")]
    if lane::event_usual(site, values) {
        return;
    }
    emit_unusual(site, values);
}

/// As [`emit`], whatever there is to be asked.
#[inline(never)]
fn emit_unusual(site: &'static Callsite, values: &[Value<'_>]) {
    // Outside of any stage it is the subscriber's, for a line.
    #[cfg(feature = "init")]
    if !lane::is_off() && lane::event(site, values) {
        return;
    }
    dispatch(site, values);
}

/// Gives an event to the subscriber.
pub(super) fn dispatch(site: &'static Callsite, values: &[Value<'_>]) {
    #[cfg(feature = "init")]
    {
        site.number();
        if !site.is_wanted_by_subscriber() {
            return;
        }
    }
    let metadata = site.metadata();
    let fields = metadata.fields();
    // As the macros of `tracing` give a message: a visitor that knows no other form would write text in quotes.
    let name = tracing::field::display(metadata.name());
    let mut all: FieldValues<'_> = [None; MAX_FIELDS];
    let mut slots = slots();
    let mut places = all.iter_mut();
    if fields.len() > values.len() {
        if let Some(message) = places.next() {
            *message = Some(&name);
        }
    }
    for ((place, value), slot) in places.zip(values).zip(&mut slots) {
        *place = value.as_tracing(slot);
    }
    Event::dispatch(metadata, &fields.value_set_all(&all[..fields.len()]));
    // Log records may have kept it from a layer with a filter that noted its answer.
    #[cfg(feature = "init")]
    site.forget_answers();
}
