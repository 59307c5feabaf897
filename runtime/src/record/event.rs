//! Events: something that happened at one instant of the current span.

use tracing::Event;

use super::Callsite;
use super::callsite::{FieldValues, MAX_FIELDS};
use crate::privacy::Value;

/// Emits an event of one value; where there is none, nothing.
pub fn emit_value(site: &'static Callsite, value: &Value<'_>) {
    if !value.is_absent() {
        emit(site, core::slice::from_ref(value));
    }
}

/// Emits an event with the values of the callsite's keys, if anybody wants it.
///
/// A key named `message` that has no value given takes the event's name, so that a line of text reads
/// well; OpenTelemetry takes it as the event's name.
pub fn emit(site: &'static Callsite, values: &[Value<'_>]) {
    if !site.is_enabled() {
        return;
    }
    let metadata = site.metadata();
    let fields = metadata.fields();
    let name = metadata.name();
    let mut all: FieldValues<'_> = [None; MAX_FIELDS];
    for (slot, value) in all.iter_mut().zip(values) {
        *slot = value.as_tracing();
    }
    if fields.len() > values.len() {
        all[values.len()] = Some(&name);
    }
    Event::dispatch(metadata, &fields.value_set_all(&all[..fields.len()]));
}
