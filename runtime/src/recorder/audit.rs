//! Audit: decisions are written while whoever decided waits.
//!
//! Called on the thread that decides. Here, and nowhere else in tickspan, such a thread allocates, formats, locks and waits: that is what
//! [`Recorder::with_audit`](super::Recorder::with_audit) asks for. Without it, one relaxed load. It is asked of each decision, whether or not
//! the trace is sampled.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::TraceContextExt as _;

use super::desk::Desk;
use super::notices::{Notices, Trouble};
use super::{convert, exporter};
use crate::privacy::{Repr, Value as Recorded};
use crate::record::{Acknowledgement, Callsite, lane};
use crate::recorded::{Data, Line, Value};

/// Where decisions are left.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) desk: Arc<Desk>,
    pub(super) notices: Arc<Notices>,
    pub(super) deadline: Duration,
}

/// Whether there is an audit. Relaxed: whoever sees it takes the lock below.
static IS_ON: AtomicBool = AtomicBool::new(false);
static AUDIT: RwLock<Option<Arc<Audit>>> = RwLock::new(None);

// Relaxed: statistics.
static KEPT: AtomicU64 = AtomicU64::new(0);
static LATE: AtomicU64 = AtomicU64::new(0);
static LOST: AtomicU64 = AtomicU64::new(0);
static FILTERED: AtomicU64 = AtomicU64::new(0);

/// What became of audited decisions, from the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited {
    /// They were written while whoever decided waited.
    pub kept: u64,
    /// They were not written by the deadline, and may have been later.
    pub late: u64,
    /// They were not written.
    pub lost: u64,
    /// A filter, such as `RUST_LOG`, left them out: they were neither recorded nor audited.
    pub filtered: u64,
}

/// What became of audited decisions.
///
/// ```
/// let audited = tickspan::recorder::audited();
/// assert_eq!((audited.late, audited.lost), (0, 0));
/// ```
pub fn audited() -> Audited {
    Audited {
        kept: KEPT.load(Ordering::Relaxed),
        late: LATE.load(Ordering::Relaxed),
        lost: LOST.load(Ordering::Relaxed),
        filtered: FILTERED.load(Ordering::Relaxed),
    }
}

/// Begins, or ends, the audit.
pub(super) fn set(audit: Option<Arc<Audit>>) {
    let is_on = audit.is_some();
    *AUDIT.write().unwrap_or_else(PoisonError::into_inner) = audit;
    IS_ON.store(is_on, Ordering::Relaxed);
}

/// Counts a decision that a filter leaves out, where there is an audit, and says so of the first.
#[inline]
pub(crate) fn note_filtered() {
    if IS_ON.load(Ordering::Relaxed) {
        count_filtered();
    }
}

#[cold]
fn count_filtered() {
    FILTERED.fetch_add(1, Ordering::Relaxed);
    if let Some(audit) = &*AUDIT.read().unwrap_or_else(PoisonError::into_inner) {
        let why = &"a filter, such as that of `RUST_LOG`, leaves them out";
        audit.notices.trouble(Trouble::Filtering, why);
    }
}

/// Keeps an edge: `values` are those of the keys of `site` but the first, `message`.
#[inline]
pub(crate) fn keep_edge(site: &'static Callsite, values: &[Recorded<'_>]) -> Acknowledgement {
    if !IS_ON.load(Ordering::Relaxed) || lane::is_captured() {
        return Acknowledgement::NotAudited;
    }
    keep(site, values, |said| convert::edge(said.into_iter()))
}

/// Keeps a trade event: `values` are those of the keys of `site` but a first `message`.
#[inline]
pub(crate) fn keep_trade(site: &'static Callsite, values: &[Recorded<'_>]) -> Acknowledgement {
    if !IS_ON.load(Ordering::Relaxed) || lane::is_captured() {
        return Acknowledgement::NotAudited;
    }
    keep(site, values, |said| {
        convert::trade(site.metadata().name(), said.into_iter())
    })
}

#[cold]
fn keep(
    site: &'static Callsite,
    values: &[Recorded<'_>],
    data: impl FnOnce(Vec<(&'static str, Value<'static>)>) -> Data<'static>,
) -> Acknowledgement {
    let audit = AUDIT.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(audit) = audit else {
        return Acknowledgement::NotAudited;
    };
    let fields = site.metadata().fields();
    let keys = fields.iter().map(|field| field.name());
    let named = keys.skip(fields.len().saturating_sub(values.len()));
    let attributes = named
        .zip(values)
        .filter_map(|(key, value)| Some((key, value_of(value)?)));
    let context = crate::otel_context();
    let span = context.span();
    let line = Line {
        timestamp: SystemTime::now(),
        trace_id: convert::trace_id(span.span_context()),
        span_id: convert::span_id(span.span_context()),
        data: data(attributes.collect()),
    };
    let mut bytes = Vec::with_capacity(512);
    exporter::append(&line, &mut bytes);
    let became = audit.desk.audit(bytes, audit.deadline);
    let (count, what) = match became {
        Acknowledgement::Late => (&LATE, "the deadline passed"),
        Acknowledgement::Lost => (&LOST, "too many wait, or the disk refuses"),
        _ => (&KEPT, ""),
    };
    count.fetch_add(1, Ordering::Relaxed);
    if !what.is_empty() {
        audit.notices.trouble(Trouble::Auditing, &what);
    }
    became
}

/// The value in the form in which the exporters get it. Nothing for what is absent.
fn value_of(value: &Recorded<'_>) -> Option<Value<'static>> {
    let text = |text: String| Value::Text(Cow::Owned(text));
    Some(match value.repr() {
        Repr::Absent => return None,
        Repr::Bool(value) => Value::Bool(*value),
        Repr::I64(value) => Value::I64(*value),
        Repr::U64(value) => {
            i64::try_from(*value).map_or_else(|_| text(value.to_string()), Value::I64)
        }
        Repr::F64(value) => Value::F64(*value),
        Repr::Text(value) => text((*value).to_owned()),
        Repr::Written(value) => text(value.to_string()),
        Repr::Displayed(value) => text(value.to_string()),
        #[cfg(feature = "rust_decimal")]
        Repr::Decimal(value) => text(value.to_string()),
    })
}
