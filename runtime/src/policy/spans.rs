//! Finished spans of the tracing route, and other data that comes from no callsite.
//!
//! [`super::layer`] has judged what came through `tracing`. What is left is what code set through the API of
//! OpenTelemetry (`OpenTelemetrySpanExt`): there is no callsite to tell whose it is, so its key is judged.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use opentelemetry::trace::{Event, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::foreign_data::Policy;
use super::rules::{self, ERROR_TEXT, Holds, Verdict};
use super::{callsites, own, withheld};

/// What `tracing-opentelemetry` adds by itself.
const OF_THE_LAYER: [&str; 6] = [
    "code.file.path",
    "code.function.name",
    "code.line.number",
    "code.module.name",
    "thread.id",
    "thread.name",
];
/// What it begins each event with, and adds to no span.
const BEFORE_AN_EVENT: [&str; 2] = ["level", "target"];

/// The key by which a span is named anew.
const NAME: &str = "otel.name";
/// The key under which a status is described.
const DESCRIPTION: &str = "otel.status_description";

/// Stands for a name that the policy does not list.
const UNLISTED_NAME: &str = "[redacted: name]";

/// The most keys, and names, that a thread keeps verdicts on.
const MOST_KNOWN: usize = 1_024;

/// Verdicts of one generation.
#[derive(Default)]
struct Known {
    generation: u32,
    keys: HashMap<String, Verdict>,
    /// Where a stage may have recorded.
    own_keys: HashMap<String, Verdict>,
    names: HashMap<String, Name>,
}

impl Known {
    fn keys_of(may_be_own: bool) -> fn(&mut Self) -> &mut HashMap<String, Verdict> {
        if may_be_own {
            |known| &mut known.own_keys
        } else {
            |known| &mut known.keys
        }
    }
}

/// Whose a span's name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    /// A stage's.
    Own,
    /// It stands in the source of another crate, or the program has named `otel.name`.
    Listed,
    Unlisted,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Takes out of a span what is not exported.
pub(crate) fn span(span: &mut SpanData) {
    let policy = rules::with_current(|data| data.policy);
    let is_own = name(&span.name) == Name::Own;
    attributes(&mut span.attributes, 0, is_own);
    if policy == Policy::None && !is_own {
        span.status = Status::Unset;
    }
    span.events.events.retain_mut(|it| event(it, policy));
    for link in &mut span.links.links {
        attributes(&mut link.attributes, 0, false);
    }
    if let Status::Error { description } = &mut span.status {
        let is_told = description.is_empty() || description == ERROR_TEXT;
        if !is_told && of_key(DESCRIPTION, false) != Verdict::Open {
            withheld::count(DESCRIPTION, Verdict::ErrorText);
            *description = Cow::Borrowed(ERROR_TEXT);
        }
    }
    if policy != Policy::Checked && name(&span.name) == Name::Unlisted {
        withheld::count(NAME, Verdict::Unlisted);
        span.name = Cow::Borrowed(UNLISTED_NAME);
    }
}

/// Whether an event stays; what of it is not exported is taken out.
fn event(event: &mut Event, policy: Policy) -> bool {
    // Those that came through `tracing` were judged there, and begin with these.
    let first = event.attributes.iter().take(BEFORE_AN_EVENT.len());
    let is_judged = first.map(|it| it.key.as_str()).eq(BEFORE_AN_EVENT);
    if !is_judged && policy != Policy::Checked {
        withheld::count("message", Verdict::Unlisted);
        if policy == Policy::None {
            return false;
        }
        event.name = Cow::Borrowed(UNLISTED_NAME);
    }
    let added = if is_judged { BEFORE_AN_EVENT.len() } else { 0 };
    attributes(&mut event.attributes, added, is_judged);
    true
}

/// Takes out what is not exported of attributes that a stage may have recorded, or cannot have. The first `added` are the
/// layer's.
fn attributes(attributes: &mut Vec<KeyValue>, added: usize, may_be_own: bool) {
    let mut place = 0;
    attributes.retain_mut(|attribute| {
        place += 1;
        let KeyValue { key, value, .. } = attribute;
        place <= added || exported(key.as_str(), value, of_key(key.as_str(), may_be_own))
    });
}

/// Whether an attribute stays, with its value or a marker.
pub(super) fn exported(key: &str, value: &mut Value, verdict: Verdict) -> bool {
    let holds = match value {
        Value::Bool(_) => Holds::Truth,
        Value::I64(_) => Holds::Integer,
        Value::F64(_) => Holds::Fraction,
        _ => Holds::Text,
    };
    let marker = verdict.marker(holds);
    let is_marked = matches!(value, Value::String(text) if marker == Some(text.as_str()));
    if is_marked || verdict.passes(holds) {
        return true;
    }
    withheld::count(key, verdict);
    match marker {
        Some(marker) => *value = Value::from(marker),
        None => return false,
    }
    true
}

/// The verdict on a key that no stage can have recorded.
pub(super) fn verdict(key: &str) -> Verdict {
    of_key(key, false)
}

/// The verdict on a key that a stage may have recorded, or cannot have.
fn of_key(key: &str, may_be_own: bool) -> Verdict {
    known(key, Known::keys_of(may_be_own), || {
        if OF_THE_LAYER.contains(&key) || (may_be_own && own::records(key)) {
            Verdict::Open
        } else {
            rules::with_current(|data| data.key(key))
        }
    })
}

/// Whose a span's name is.
fn name(name: &str) -> Name {
    known(
        name,
        |known| &mut known.names,
        || {
            if own::is_name(name) {
                Name::Own
            } else if callsites::is_name(name)
                || rules::with_current(|data| data.key(NAME) == Verdict::Open)
            {
                Name::Listed
            } else {
                Name::Unlisted
            }
        },
    )
}

/// What is known of `text`, or is found out.
fn known<T: Copy>(
    text: &str,
    of: fn(&mut Known) -> &mut HashMap<String, T>,
    find: impl FnOnce() -> T,
) -> T {
    let generation = rules::generation();
    let renew = |known: &mut Known| {
        if known.generation != generation {
            *known = Known {
                generation,
                ..Known::default()
            };
        }
    };
    // Not there where the thread ends.
    let found = KNOWN.try_with(|known| {
        let mut known = known.try_borrow_mut().ok()?;
        renew(&mut known);
        of(&mut known).get(text).copied()
    });
    if let Ok(Some(found)) = found {
        return found;
    }
    let found = find();
    _ = KNOWN.try_with(|known| {
        let mut known = known.try_borrow_mut().ok()?;
        renew(&mut known);
        let known = of(&mut known);
        if known.len() < MOST_KNOWN {
            known.insert(text.to_owned(), found);
        }
        Some(())
    });
    found
}
