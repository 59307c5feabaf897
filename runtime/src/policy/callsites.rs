//! The verdicts on the fields of each callsite, found once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::Metadata;
use tracing::field::Field;
use tracing_core::callsite::Identifier;

use super::foreign_data::Policy;
use super::rules::{self, Verdict};
use super::{Why, own};
use crate::privacy::names;

/// What is decided of a callsite.
pub(crate) struct Judged {
    metadata: &'static Metadata<'static>,
    fields: Box<[JudgedField]>,
    whole: AtomicU8,
    /// Whether what a stage records here is looked at, to know it again.
    is_noted: bool,
    /// Whether it is that of a trade event.
    is_trade: bool,
    /// The generation in which this was found; 0 before.
    generation: AtomicU32,
}

struct JudgedField {
    verdict: AtomicU8,
    /// How many values were withheld.
    // Relaxed: a statistic.
    withheld: AtomicU64,
}

/// What holds for a callsite as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Whole {
    /// It is one of ours: nothing is looked at.
    Own,
    /// No key is withheld. Values that are errors are.
    Clean,
    /// A key is withheld.
    Guilty,
    /// Nothing of it is exported: an event of another crate under `none`.
    Dropped,
}

type Known = HashMap<Identifier, &'static Judged>;

// Locked where a thread meets a callsite for the first time. What is in it lives as long as the callsites: for ever.
static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

thread_local! {
    static OF_THREAD: RefCell<Known> = RefCell::new(Known::new());
}

/// What is decided of a callsite.
pub(crate) fn of(metadata: &'static Metadata<'static>) -> &'static Judged {
    let callsite = metadata.callsite();
    // Not there where the thread ends, or a hash is being computed.
    let known = OF_THREAD.try_with(|known| known.try_borrow().ok()?.get(&callsite).copied());
    let judged = match known {
        Ok(Some(judged)) => judged,
        _ => learn(metadata),
    };
    if judged.generation.load(Ordering::Acquire) != rules::generation() {
        judged.judge();
    }
    judged
}

/// Whether what comes from a callsite will be [`Whole::Dropped`], asked before there is an event.
pub(super) fn drops(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && rules::drops_events() && !own::is_callsite(&metadata.callsite())
}

#[cold]
fn learn(metadata: &'static Metadata<'static>) -> &'static Judged {
    let callsite = metadata.callsite();
    let judged = {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        *known
            .get_or_insert_default()
            .entry(callsite.clone())
            .or_insert_with(|| Box::leak(Box::new(Judged::new(metadata))))
    };
    _ = OF_THREAD.try_with(|known| {
        if let Ok(mut known) = known.try_borrow_mut() {
            known.insert(callsite, judged);
        }
    });
    judged
}

/// Whether a callsite of another crate that was met has this name.
pub(super) fn is_name(name: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .flat_map(HashMap::values)
        .any(|judged| judged.metadata.name() == name)
}

/// Gives each key of which values were withheld, with the reason and how many.
pub(super) fn each_withheld(mut f: impl FnMut(&'static str, Why, u64)) {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    for judged in known.iter().flat_map(HashMap::values) {
        for (field, name) in judged.fields.iter().zip(judged.metadata.fields()) {
            let count = field.withheld.load(Ordering::Relaxed);
            if count > 0 {
                f(name.name(), field.verdict().why(), count);
            }
        }
    }
}

impl Judged {
    fn new(metadata: &'static Metadata<'static>) -> Self {
        let fields = metadata.fields().iter().map(|_| JudgedField {
            verdict: AtomicU8::new(Verdict::Unlisted.to_byte()),
            withheld: AtomicU64::new(0),
        });
        Self {
            metadata,
            fields: fields.collect(),
            whole: AtomicU8::new(Whole::Guilty as u8),
            is_noted: (metadata.fields().iter().map(|field| field.name()))
                .any(|name| name == "otel.name" || names::sensitive(name).is_some()),
            is_trade: own::is_trade(&metadata.callsite()),
            generation: AtomicU32::new(0),
        }
    }

    #[cold]
    fn judge(&self) {
        // Before the policy is read: what is found may be younger than this number, never older.
        let generation = rules::generation();
        rules::with_current(|data| {
            let mut is_clean = true;
            // Of our callsites as well: other code may record on their spans.
            for (field, name) in self.fields.iter().zip(self.metadata.fields()) {
                let verdict = data.field(self.metadata, name.name());
                field.verdict.store(verdict.to_byte(), Ordering::Relaxed);
                is_clean &= matches!(verdict, Verdict::Open | Verdict::Pass);
            }
            let whole = if own::is_callsite(&self.metadata.callsite()) {
                Whole::Own
            } else if self.metadata.is_event() && data.policy == Policy::None {
                Whole::Dropped
            } else if is_clean {
                Whole::Clean
            } else {
                Whole::Guilty
            };
            self.whole.store(whole as u8, Ordering::Relaxed);
        });
        // Release: who sees the number sees the verdicts.
        self.generation.store(generation, Ordering::Release);
    }

    pub(super) fn is_noted(&self) -> bool {
        self.is_noted
    }

    pub(super) fn is_trade(&self) -> bool {
        self.is_trade
    }

    pub(crate) fn whole(&self) -> Whole {
        match self.whole.load(Ordering::Relaxed) {
            0 => Whole::Own,
            1 => Whole::Clean,
            2 => Whole::Guilty,
            _ => Whole::Dropped,
        }
    }

    /// The verdict on what other code records in a field. A field that is not the callsite's is not exported.
    pub(super) fn verdict(&self, field: &Field) -> Verdict {
        self.fields
            .get(field.index())
            .map_or(Verdict::Unlisted, JudgedField::verdict)
    }

    /// Counts a value that is withheld.
    pub(super) fn count(&self, field: &Field) {
        if let Some(field) = self.fields.get(field.index()) {
            field.withheld.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts an event that is not exported, under each of its keys.
    pub(crate) fn count_dropped(&self) {
        for field in &self.fields {
            field.withheld.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl JudgedField {
    fn verdict(&self) -> Verdict {
        Verdict::of_byte(self.verdict.load(Ordering::Relaxed))
    }
}
