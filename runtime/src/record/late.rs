//! Attributes recorded while a stage is running.

use core::sync::atomic::{AtomicBool, Ordering};

use tracing::metadata::LevelFilter;
use tracing_core::span::Record;

use super::callsite::{FieldValues, MAX_FIELDS, slots};
#[cfg(feature = "init")]
use super::lane::sites::Number;
use super::tracing_route;
use crate::privacy::Value;

/// A place in the source from which late attributes come.
pub struct LateCallsite {
    keys: &'static [&'static str],
    told: AtomicBool,
    #[cfg(feature = "init")]
    number: Number,
}

impl LateCallsite {
    /// A callsite with these keys.
    pub const fn new(keys: &'static [&'static str]) -> Self {
        Self {
            keys,
            told: AtomicBool::new(false),
            #[cfg(feature = "init")]
            number: Number::new(),
        }
    }

    /// Whether anybody may want what comes from here.
    #[inline]
    pub fn is_enabled(&self) -> bool {
        cfg!(not(tickspan_off)) && LevelFilter::current() != LevelFilter::OFF
    }

    /// What a record names the callsite by.
    #[cfg(feature = "init")]
    pub(super) fn number(&'static self) -> u32 {
        self.number.get(|| super::lane::sites::Site::Late(self))
    }

    #[cfg(feature = "init")]
    pub(crate) fn keys(&self) -> &'static [&'static str] {
        self.keys
    }
}

/// Records `values` under the callsite's keys on the current stage. Outside any stage there is nothing to
/// record on, and nothing happens.
///
/// A `tracing` span knows its keys from its start. `#[traced_stage]` declares those of each `record!` in
/// the function's own body; a key recorded from elsewhere must stand in `fields(key = Empty)`. One that
/// does not is told once for each callsite, by a `tracing` warning, and lost.
pub fn record_late(site: &'static LateCallsite, values: &[Value<'_>]) {
    #[cfg(feature = "init")]
    if super::lane::late(site, values) {
        return;
    }
    let Some((span, dispatch, callsite)) = tracing_route::innermost() else {
        return;
    };
    let metadata = callsite.metadata();
    let fields = metadata.fields();
    let mut all: FieldValues<'_> = [None; MAX_FIELDS];
    let mut slots = slots();
    for ((key, value), slot) in site.keys.iter().zip(values).zip(&mut slots) {
        match fields.iter().position(|field| field.name() == *key) {
            Some(place) => all[place] = value.as_tracing(slot),
            None => tell_undeclared(site, metadata.name(), key),
        }
    }
    let values = fields.value_set_all(&all[..fields.len()]);
    let record = || dispatch.record(&span, &Record::new(&values));
    #[cfg(feature = "init")]
    crate::policy::recording(&span, record);
    #[cfg(not(feature = "init"))]
    record();
}

#[cold]
fn tell_undeclared(site: &LateCallsite, stage: &'static str, key: &'static str) {
    if !site.told.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            target: "tickspan",
            stage,
            key,
            "an attribute was lost: the stage does not declare it; add `fields({key} = Empty)` to its `#[traced_stage]`, or \
             `{key} = Empty` to its `stage!`",
        );
    }
}
