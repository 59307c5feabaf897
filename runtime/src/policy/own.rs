//! What stages of this process have said of themselves: their callsites, their keys, their names.
//!
//! A macro leaves its keys in a static, and the static is known from its first use. So a key that stages record is
//! known once one of them has run.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tracing_core::callsite::Identifier;

use crate::record::lane::sites::{self, Site};

#[derive(Default)]
struct Own {
    /// All sites that were looked at.
    known: Vec<Site>,
    callsites: HashSet<Identifier>,
    keys: HashSet<&'static str>,
    names: HashSet<&'static str>,
}

// Locked where a callsite, a key or a name is met for the first time.
static OWN: Mutex<Option<Own>> = Mutex::new(None);

/// Whether a callsite is one of ours. Each is known before it emits anything.
pub(super) fn is_callsite(callsite: &Identifier) -> bool {
    with(|own| own.callsites.contains(callsite))
}

/// Whether stages record under this key.
pub(super) fn is_key(key: &str) -> bool {
    with(|own| own.keys.contains(key))
}

/// Whether this is the name of a stage or of an event of ours.
pub(super) fn is_name(name: &str) -> bool {
    with(|own| own.names.contains(name))
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
                    self.names.insert(metadata.name());
                    let fields = metadata.fields().iter();
                    self.keys.extend(fields.map(|field| field.name()));
                }
                Site::Late(late) => self.keys.extend(late.keys()),
                // The keys of an edge are those of its event.
                Site::Edge(_) | Site::Foreign(_) => {}
            }
        }
    }
}
