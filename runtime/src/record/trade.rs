//! Trade events, on the caller's thread: the event on the current span, and its audit.

#[cfg(feature = "init")]
use std::collections::BTreeSet;
#[cfg(feature = "init")]
use std::sync::{Mutex, PoisonError};

use super::{Acknowledgement, Callsite, event};
use crate::privacy::Value;

/// Records a trade event that somebody wants: `values` are those of the callsite's keys but a first `message`.
pub fn record_trade(site: &'static Callsite, values: &[Value<'_>]) -> Acknowledgement {
    event::emit_if_wanted(site, values);
    #[cfg(feature = "recorder")]
    return crate::recorder::keep_trade(site, values);
    #[cfg(not(feature = "recorder"))]
    Acknowledgement::NotAudited
}

/// The name of a trade event where it is one of a span's events: the same words, at an address that no other text has. By that a
/// recorder tells it from other events of the name.
#[cfg(feature = "init")]
pub(crate) fn name_in_span(name: &str) -> &'static str {
    // Locked where a callsite is met for the first time, and on the tracing route.
    static NAMES: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let own = Box::leak(Box::from(name));
    names.insert(own);
    own
}
