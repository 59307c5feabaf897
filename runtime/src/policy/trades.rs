//! Trade events on the tracing route, where the events of a span keep nothing of their callsites but their names.
//!
//! The layer that makes spans gets the name of a trade event with a mark, and where the span ends the mark is taken off again: the
//! name is then one by which a recorder knows a trade event.

use std::borrow::Cow;

use opentelemetry_sdk::trace::SpanData;
use tracing::Event;

use super::callsites;
use super::rewrite::Kept;
use crate::record::name_in_span;

/// What no name begins with.
const MARK: &str = "\u{1}tickspan.trade:";

/// Runs `f` on an event; on one with a marked name where it is a trade event.
pub(super) fn mark(event: &Event<'_>, f: impl FnOnce(&Event<'_>)) {
    let metadata = event.metadata();
    let fields = metadata.fields();
    let name = fields.field("message");
    let Some(name) = name.filter(|_| callsites::of(metadata).is_trade()) else {
        return f(event);
    };
    let kept = Kept::of(metadata, |kept| {
        event.record(kept);
        kept.keep(&name, format!("{MARK}{}", metadata.name()));
    });
    let values = kept.values();
    // Ours are events of the current span.
    f(&Event::new(metadata, &fields.value_set_all(&values)));
}

/// Takes the marks off the names of a span's events.
pub(crate) fn unmark(span: &mut SpanData) {
    for event in &mut span.events.events {
        if let Some(name) = event.name.strip_prefix(MARK) {
            event.name = Cow::Borrowed(name_in_span(name));
        }
    }
}
