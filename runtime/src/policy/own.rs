//! What stages of this process have said of themselves: their callsites, their keys, their names.
//!
//! A macro leaves its keys in a static, and the static is known from its first use. So a key that stages record is
//! known once one of them has run.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tracing::span::Id;
use tracing_core::callsite::Identifier;

use super::rules;
use crate::privacy::names;
use crate::record::Kind;
use crate::record::lane::sites::{self, Site};

#[derive(Default)]
struct Own {
    /// All sites that were looked at.
    known: Vec<Site>,
    callsites: HashSet<Identifier>,
    /// Those of trade events.
    trades: HashSet<Identifier>,
    keys: HashSet<&'static str>,
    /// The sensitive ones under which a stage has recorded what others may not: it was declared public.
    declared: HashSet<&'static str>,
    names: HashSet<&'static str>,
    /// Names of spans that were made at run time: of routes of HTTP.
    made: HashSet<String>,
}

/// The most names made at run time that are known.
const MOST_MADE: usize = 1_024;

// Locked where a callsite, a key or a name is met for the first time.
static OWN: Mutex<Option<Own>> = Mutex::new(None);

/// Whether a callsite is one of ours. Each is known before it emits anything.
pub(super) fn is_callsite(callsite: &Identifier) -> bool {
    with(|own| own.callsites.contains(callsite))
}

/// Whether a callsite is that of a trade event.
pub(super) fn is_trade(callsite: &Identifier) -> bool {
    with(|own| own.trades.contains(callsite))
}

/// Whether stages have this key.
pub(super) fn is_key(key: &str) -> bool {
    with(|own| own.keys.contains(key))
}

/// Whether stages may have recorded any value under this key.
pub(super) fn records(key: &str) -> bool {
    with(|own| {
        own.keys.contains(key) && (names::sensitive(key).is_none() || own.declared.contains(key))
    })
}

/// Notes that a stage recorded something under a sensitive key that others may not: it was declared public.
#[cold]
pub(super) fn note_declared(key: &'static str) {
    if with(|own| !own.declared.contains(key)) {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.get_or_insert_default().declared.insert(key);
        drop(own);
        rules::outdate();
    }
}

/// Whether this is the name of a stage or of an event of ours.
pub(super) fn is_name(name: &str) -> bool {
    with(|own| own.names.contains(name) || own.made.contains(name))
}

/// Notes the name that a stage of ours gave its span at run time.
pub(super) fn note_name(name: &str) {
    let is_new = with(|own| own.made.len() < MOST_MADE && !own.made.contains(name));
    if is_new {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.get_or_insert_default().made.insert(name.to_owned());
        drop(own);
        rules::outdate();
    }
}

thread_local! {
    /// The span on which a stage records on this thread; 0 for none.
    static RECORDING: Cell<u64> = const { Cell::new(0) };
}

/// Runs `f`, which has a stage record on its span of the tracing route: other code may record there as well.
pub(crate) fn recording(span: &Id, f: impl FnOnce()) {
    struct Before(u64);
    impl Drop for Before {
        fn drop(&mut self) {
            _ = RECORDING.try_with(|recording| recording.set(self.0));
        }
    }
    // Not there where the thread ends: then it is judged as if it were another's.
    let before = RECORDING.try_with(|recording| recording.replace(span.into_u64()));
    let _before = Before(before.unwrap_or_default());
    f();
}

/// Whether a stage records on this span now.
pub(super) fn is_recording(span: &Id) -> bool {
    RECORDING
        .try_with(|recording| recording.get() == span.into_u64())
        .unwrap_or_default()
}

fn with<R>(f: impl FnOnce(&Own) -> R) -> R {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let own = own.get_or_insert_default();
    own.learn();
    f(own)
}

impl Own {
    fn learn(&mut self) {
        let looked_at = self.known.len();
        sites::learn(&mut self.known);
        for site in &self.known[looked_at..] {
            match site {
                Site::Callsite(callsite) => {
                    let metadata = callsite.metadata();
                    self.callsites.insert(metadata.callsite());
                    if callsite.kind() == Kind::TradeEvent {
                        self.trades.insert(metadata.callsite());
                    }
                    self.names.insert(metadata.name());
                    let fields = metadata.fields().iter();
                    self.keys.extend(fields.map(|field| field.name()));
                }
                Site::Late(late) => self.keys.extend(late.keys()),
                // The keys of an edge are those of its event.
                Site::Edge(_) | Site::Foreign(_) | Site::Path(_) => {}
            }
        }
    }
}
