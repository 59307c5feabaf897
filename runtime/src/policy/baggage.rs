//! Baggage on its way out of the process.
//!
//! It comes from the services before this one, from other crates, and from the program
//! ([`Context::with_baggage`](crate::Context::with_baggage)). A member that is withheld is left out: a marker would reach
//! services that believe it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt as _, BaggageMetadata};

use super::rules::Holds;
use super::{spans, withheld};
use crate::privacy::names;

/// Keys under which the program has put proven values.
// Locked where a member is put into baggage, and where one leaves that is not listed.
static OWN: RwLock<BTreeSet<&'static str>> = RwLock::new(BTreeSet::new());

/// Notes a key under which the program puts a proven value.
pub(crate) fn puts_into_baggage(key: &'static str) {
    let known = OWN.read().unwrap_or_else(PoisonError::into_inner);
    if !known.contains(key) {
        drop(known);
        OWN.write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key);
    }
}

/// The context without the baggage that may not leave.
pub(crate) fn leaving(context: &Context) -> Cow<'_, Context> {
    let baggage = context.baggage();
    if baggage.is_empty() {
        return Cow::Borrowed(context);
    }
    let kept: Baggage = baggage
        .iter()
        .filter(|(key, _)| baggage_leaves(key.as_str()))
        .map(|(key, (value, properties))| {
            let properties: Vec<_> =
                leaving_properties(properties.as_str(), baggage_leaves).collect();
            let properties = BaggageMetadata::from(properties.join(";"));
            (key.clone(), (value.clone(), properties))
        })
        .collect();
    Cow::Owned(context.with_baggage(kept))
}

/// The properties of a member that `leaves` says yes to the keys of.
pub(crate) fn leaving_properties(
    properties: &str,
    leaves: impl Fn(&str) -> bool,
) -> impl Iterator<Item = &str> {
    properties.split(';').filter(move |property| {
        let key = property.split('=').next().unwrap_or_default().trim();
        !key.is_empty() && leaves(key)
    })
}

/// Whether a member of baggage, or a property of one, may leave. One that may not is counted.
pub(crate) fn baggage_leaves(key: &str) -> bool {
    let verdict = spans::verdict(key);
    if verdict.passes(Holds::Text) || (is_own(key) && names::sensitive(key).is_none()) {
        return true;
    }
    withheld::count(key, verdict);
    false
}

fn is_own(key: &str) -> bool {
    OWN.read()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(key)
}
