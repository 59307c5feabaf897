//! The fixed places in the source from which a program's spans and events come.
//!
//! Every span has a number of its own under `seq`, by which it is found in what either route exports.

use std::pin::Pin;
use std::task::{Context as Waker, Poll};

use futures::stream::Stream;
use tickspan::{Context, StageGuard, event, record, stage, traced_stage};
use tracing::field::Empty;
use tracing::span::{Id, Span};

use crate::program::{Fault, Foreign, ForeignFields, Kind, Late, Tone};
use crate::values::{Values, with_fields};

impl Fault {
    /// The error that tells, if any does.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "`err(map = ..)` takes a reference"
    )]
    fn telling(&self) -> Option<Self> {
        match self {
            Self::TooLarge => Some(*self),
            Self::Expected => None,
        }
    }
}

/// A function with `#[traced_stage]`, the options before it, and fields of its arguments `seq` and `values`.
macro_rules! annotated {
    (($seq:ident [$($option:tt)*] $($function:tt)*) $($fields:tt)*) => {
        #[traced_stage($($option)* fields(seq = $seq, $($fields)*))]
        $($function)*
    };
}

type Returned = Result<u64, Fault>;

fn returned(seq: i64, fault: Option<Fault>) -> Returned {
    fault.map_or(Ok(seq.unsigned_abs()), Err)
}

with_fields! { annotated! values seq [] pub(crate) fn plain(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [name = "call client", kind = "client", level = "debug",]
fn client(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [kind = "server", level = "trace", target = "elsewhere",]
fn server(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [kind = "producer", level = "warn",]
fn producer(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [kind = "consumer", level = "error",]
fn consumer(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

pub(crate) fn of_kind(kind: Kind, seq: i64, values: &Values, body: impl FnOnce()) {
    match kind {
        Kind::Client => client(seq, values, body),
        Kind::Server => server(seq, values, body),
        Kind::Producer => producer(seq, values, body),
        Kind::Consumer => consumer(seq, values, body),
    }
}

with_fields! { annotated! values seq [ret(level = "debug"),]
pub(crate) fn giving(seq: i64, values: &Values, body: impl FnOnce()) -> i64 {
    body();
    seq
} }

with_fields! { annotated! values seq []
pub(crate) fn fallible(seq: i64, values: &Values, fault: Option<Fault>, body: impl FnOnce()) -> Returned {
    body();
    returned(seq, fault)
} }

with_fields! { annotated! values seq [err, ret,]
pub(crate) fn erring(seq: i64, values: &Values, fault: Option<Fault>, body: impl FnOnce()) -> Returned {
    body();
    let value = returned(seq, fault)?;
    Ok(value)
} }

with_fields! { annotated! values seq [err(level = "warn", map = Fault::telling),]
pub(crate) fn mapped(seq: i64, values: &Values, fault: Option<Fault>, body: impl FnOnce()) -> Returned {
    body();
    returned(seq, fault)
} }

with_fields! { annotated! values seq [root,]
pub(crate) fn rooted(seq: i64, values: &Values, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [parent = parent,]
pub(crate) fn under(seq: i64, values: &Values, parent: &Context, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [parent = parent,]
pub(crate) fn under_span(seq: i64, values: &Values, parent: Option<&Span>, body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [follows_from = causes,]
pub(crate) fn following(seq: i64, values: &Values, causes: &[Context], body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq [follows_from = causes,]
pub(crate) fn following_spans(seq: i64, values: &Values, causes: &[Option<Span>], body: impl FnOnce()) {
    body();
} }

with_fields! { annotated! values seq []
pub(crate) async fn task(seq: i64, values: Values, body: impl Future<Output = ()>) {
    body.await;
} }

with_fields! { annotated! values seq [err, kind = "client",]
pub(crate) async fn erring_task(
    seq: i64,
    values: Values,
    fault: Option<Fault>,
    body: impl Future<Output = ()>,
) -> Returned {
    body.await;
    returned(seq, fault)
} }

with_fields! { annotated! values seq [root,]
pub(crate) async fn rooted_task(seq: i64, values: Values, body: impl Future<Output = ()>) {
    body.await;
} }

with_fields! { annotated! values seq [parent = &parent,]
pub(crate) async fn task_under(
    seq: i64,
    values: Values,
    parent: Context,
    body: impl Future<Output = ()>,
) {
    body.await;
} }

with_fields! { annotated! values seq [follows_from = &causes,]
pub(crate) async fn following_task(
    seq: i64,
    values: Values,
    causes: Vec<Context>,
    body: impl Future<Output = ()>,
) {
    body.await;
} }

with_fields! { annotated! values seq []
pub(crate) fn future<F>(
    seq: i64,
    values: &Values,
    body: F,
) -> impl Future<Output = ()> + Send + use<F>
where
    F: Future<Output = ()> + Send + 'static,
{
    body
} }

with_fields! { annotated! values seq [err,]
pub(crate) fn boxed(
    seq: i64,
    values: &Values,
    body: impl Future<Output = ()> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Returned> + Send>> {
    Box::pin(async move {
        body.await;
        returned(seq, None)
    })
} }

with_fields! { annotated! values seq []
pub(crate) fn stream<F>(
    seq: i64,
    values: &Values,
    next: F,
) -> impl Stream<Item = ()> + Send + Unpin + use<F>
where
    F: FnMut() -> Poll<Option<()>> + Send + Unpin,
{
    Made(next)
} }

struct Made<F>(F);

impl<F: FnMut() -> Poll<Option<()>> + Unpin> Stream for Made<F> {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<Option<()>> {
        self.0()
    }
}

macro_rules! opened {
    (($seq:ident) $($fields:tt)*) => { stage!("guard", seq = $seq, $($fields)*) };
}

pub(crate) fn guard(seq: i64, values: &Values) -> StageGuard {
    with_fields! { opened! values seq }
}

macro_rules! around {
    (($seq:ident, $fault:ident, $body:ident) $($fields:tt)*) => {
        stage!(kind: "consumer", "around", seq = $seq, $($fields)* async move {
            $body.await;
            returned($seq, $fault)
        })
    };
}

pub(crate) fn block<F>(
    seq: i64,
    values: &Values,
    fault: Option<Fault>,
    body: F,
) -> impl Future<Output = Returned> + Send + use<F>
where
    F: Future<Output = ()> + Send + 'static,
{
    with_fields! { around! values seq, fault, body }
}

macro_rules! late {
    (() $($fields:tt)*) => { record!($($fields)*) };
}

pub(crate) fn record_values(values: &Values) {
    with_fields! { late! values }
}

macro_rules! emitted {
    (($level:literal) $($fields:tt)*) => { event!(level: $level, "values_read", $($fields)*) };
}

pub(crate) fn emit(tone: Tone, values: &Values) {
    match tone {
        Tone::Trace => with_fields! { emitted! values "trace" },
        Tone::Debug => with_fields! { emitted! values "debug" },
        Tone::Info => with_fields! { emitted! values "info" },
        Tone::Warn => with_fields! { emitted! values "warn" },
        Tone::Error => with_fields! { emitted! values "error" },
    }
}

/// A span as another library makes it.
macro_rules! foreign {
    ($level:ident, $seq:ident, $span:ident $(, parent: $parent:expr)?) => {
        tracing::span!(
            $(parent: $parent,)?
            tracing::Level::$level,
            "foreign",
            seq = $seq,
            otel.name = $span.name.as_deref(),
            otel.kind = $span.kind,
            otel.status_code = $span.status,
            otel.status_description = Empty,
            late = Empty,
            flag = $span.fields.flag,
            signed = $span.fields.signed,
            natural = $span.fields.natural,
            wide = $span.fields.wide,
            float = $span.fields.float,
            text = $span.fields.text.as_deref(),
            shown = $span.fields.shown.as_ref().map(tracing::field::display),
            debugged = $span.fields.debugged.as_ref().map(tracing::field::debug),
        )
    };
}

pub(crate) fn foreign(seq: i64, span: &Foreign) -> Span {
    if span.debug {
        foreign!(DEBUG, seq, span)
    } else {
        foreign!(INFO, seq, span)
    }
}

pub(crate) fn foreign_below(seq: i64, span: &Foreign, parent: Option<Id>) -> Span {
    foreign!(INFO, seq, span, parent: parent)
}

pub(crate) fn record_foreign(span: &Span, late: &Late) {
    match late {
        Late::Signed(value) => span.record("signed", value),
        Late::Text(value) => span.record("late", value.as_str()),
        Late::Status(value) => span.record("otel.status_code", value),
        Late::Description(value) => span.record("otel.status_description", value.as_str()),
    };
}

macro_rules! foreign_event {
    ($level:ident, $fields:ident $(, parent: $parent:expr)?) => {
        tracing::event!(
            $(parent: $parent,)?
            tracing::Level::$level,
            flag = $fields.flag,
            signed = $fields.signed,
            natural = $fields.natural,
            wide = $fields.wide,
            float = $fields.float,
            text = $fields.text.as_deref(),
            shown = $fields.shown.as_ref().map(tracing::field::display),
            debugged = $fields.debugged.as_ref().map(tracing::field::debug),
            "{} happened",
            stringify!($level),
        )
    };
}

pub(crate) fn foreign_event(tone: Tone, fields: &ForeignFields) {
    match tone {
        Tone::Trace => foreign_event!(TRACE, fields),
        Tone::Debug => foreign_event!(DEBUG, fields),
        Tone::Info => foreign_event!(INFO, fields),
        // Named by its place in the source.
        Tone::Warn => {
            tracing::warn!(name: "warned", flag = fields.flag, text = fields.text.as_deref());
        }
        Tone::Error => foreign_event!(ERROR, fields),
    }
}

pub(crate) fn foreign_event_below(tone: Tone, fields: &ForeignFields, parent: Option<Id>) {
    if let Tone::Error = tone {
        foreign_event!(ERROR, fields, parent: parent);
    } else {
        foreign_event!(INFO, fields, parent: parent);
    }
}
