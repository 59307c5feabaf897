//! The static that each macro invocation leaves behind: what is known before the program runs.

#[cfg(feature = "init")]
use core::num::NonZeroU16;

use tracing::metadata::LevelFilter;
use tracing::{Level, Metadata, Span};
use tracing_core::callsite::{DefaultCallsite, Identifier};
use tracing_core::field::FieldSet;

#[cfg(feature = "init")]
use super::lane::sites::Number;
use super::parent::Parent;
use crate::privacy::{Slot, Value};

/// The kind of a callsite, and of a span in OpenTelemetry's sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A span within the process.
    Internal,
    /// A span that waits for a remote service.
    Client,
    /// A span that serves a remote request.
    Server,
    /// A span that puts a message into a queue.
    Producer,
    /// A span that handles a message from a queue.
    Consumer,
    /// No span: an event.
    Event,
    /// No span: an event that a recorder keeps in a line of its own.
    TradeEvent,
}

impl Kind {
    /// Whether it is no span.
    #[cfg(feature = "init")]
    pub(crate) const fn is_event(self) -> bool {
        matches!(self, Self::Event | Self::TradeEvent)
    }

    /// The value of `otel.kind`, which is left out for internal spans.
    const fn attribute(self) -> Value<'static> {
        match self {
            Self::Internal | Self::Event | Self::TradeEvent => Value::ABSENT,
            Self::Client => Value::text("client"),
            Self::Server => Value::text("server"),
            Self::Producer => Value::text("producer"),
            Self::Consumer => Value::text("consumer"),
        }
    }
}

/// What a macro knows of its invocation.
pub struct Site {
    /// The name of the span or event.
    pub name: &'static str,
    /// What `RUST_LOG` filters by.
    pub target: &'static str,
    /// The level.
    pub level: Level,
    /// The kind.
    pub kind: Kind,
    /// Tells the path of an item inside the annotated function.
    pub function: fn() -> &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
    /// The module.
    pub module: &'static str,
    /// The keys: those of the values given at the start in their order, those that may be recorded
    /// later, and for a span the four that end every span.
    pub fields: &'static [&'static str],
}

/// The keys that end the list of every span, and their places from its end.
pub(crate) mod tail {
    pub(crate) const KIND: usize = 4;
    pub(crate) const STATUS: usize = 3;
    pub(crate) const OUTCOME: usize = 2;
    pub(crate) const ERROR_TYPE: usize = 1;
}

/// A place in the source from which spans or events come.
pub struct Callsite {
    tracing: DefaultCallsite,
    metadata: Metadata<'static>,
    kind: Kind,
    #[cfg(feature = "init")]
    function: fn() -> &'static str,
    #[cfg(feature = "init")]
    labels: &'static [&'static str],
    /// The flags that a record of each of its spans has.
    #[cfg(feature = "init")]
    flags: u8,
    #[cfg(feature = "init")]
    number: Number,
}

impl Callsite {
    /// The value of the static `this`.
    pub const fn new(site: &Site, this: &'static Self) -> Self {
        let kind = match site.kind {
            Kind::Event | Kind::TradeEvent => tracing_core::Kind::EVENT,
            _ => tracing_core::Kind::SPAN,
        };
        Self {
            tracing: DefaultCallsite::new(&this.metadata),
            metadata: Metadata::new(
                site.name,
                site.target,
                site.level,
                Some(site.file),
                Some(site.line),
                Some(site.module),
                FieldSet::new(site.fields, Identifier(&this.tracing)),
                kind,
            ),
            kind: site.kind,
            #[cfg(feature = "init")]
            function: site.function,
            #[cfg(feature = "init")]
            labels: &[],
            #[cfg(feature = "init")]
            flags: 0,
            #[cfg(feature = "init")]
            number: Number::new(),
        }
    }

    /// The same, with the keys by whose values the metrics of the stage are told apart.
    #[must_use]
    #[cfg_attr(
        not(feature = "init"),
        expect(
            unused_mut,
            unused_variables,
            reason = "without `init` there are no metrics"
        )
    )]
    pub const fn with_labels(mut self, labels: &'static [&'static str]) -> Self {
        #[cfg(feature = "init")]
        {
            self.labels = labels;
            if !labels.is_empty() {
                self.flags = super::lane::wire::flags::LABELLED;
            }
        }
        self
    }

    /// Whether anybody wants what comes from here. Where no subscriber is installed, one relaxed load; under
    /// `--cfg tickspan_off` nothing, and nothing that depends on it is compiled.
    #[inline]
    pub fn is_enabled(&'static self) -> bool {
        if cfg!(tickspan_off) {
            return false;
        }
        let level = self.metadata.level();
        *level <= tracing::level_filters::STATIC_MAX_LEVEL
            && *level <= LevelFilter::current()
            && self.is_wanted()
    }

    fn is_wanted(&'static self) -> bool {
        // Asked first: one comparison.
        self.tracing.interest().is_always() || self.is_wanted_now()
    }

    #[cold]
    fn is_wanted_now(&'static self) -> bool {
        self.is_enabled_by_subscriber() || self.may_be_captured()
    }

    pub(super) fn is_enabled_by_subscriber(&'static self) -> bool {
        let interest = self.tracing.interest();
        interest.is_always() || (!interest.is_never() && self.is_enabled_now())
    }

    /// Asks the subscriber, whose answer changes.
    // Not inlined: most are asked once, and do without its registers.
    #[inline(never)]
    fn is_enabled_now(&'static self) -> bool {
        let is_enabled = self.ask();
        #[cfg(feature = "init")]
        // Not where nobody wants it: then they have forgotten by themselves, or were not asked, for they are at work.
        if is_enabled && !super::lane::is_off() {
            super::filters::forget(&self.metadata);
        }
        is_enabled
    }

    /// Has the filters of layers [forget](super::filters) what they answered, if they were asked.
    #[cfg(feature = "init")]
    pub(super) fn forget_answers(&'static self) {
        if !self.tracing.interest().is_always() {
            super::filters::forget(&self.metadata);
        }
    }

    /// Asks the subscriber again about what it is shown after all: by now the filters of its layers have
    /// [forgotten](super::filters) what they answered.
    #[cfg(feature = "init")]
    pub(super) fn is_wanted_by_subscriber(&'static self) -> bool {
        super::lane::is_off() || self.tracing.interest().is_always() || self.ask()
    }

    fn ask(&'static self) -> bool {
        // Layers are asked that tell a callsite of ours by it.
        #[cfg(feature = "init")]
        self.number();
        tracing::dispatcher::get_default(|dispatch| dispatch.enabled(&self.metadata))
    }

    /// Whether a test may capture what comes from here, whatever the filters of others say: what this thread
    /// records, or a stage whose parent, which is not known yet, is captured.
    #[cold]
    #[cfg_attr(
        not(feature = "init"),
        expect(clippy::unused_self, reason = "without `init` there are no captures")
    )]
    fn may_be_captured(&self) -> bool {
        #[cfg(feature = "init")]
        return super::lane::is_captured()
            || (self.metadata.is_span() && super::lane::mode() == super::lane::Mode::Capturing);
        #[cfg(not(feature = "init"))]
        return false;
    }

    pub(crate) fn metadata(&'static self) -> &'static Metadata<'static> {
        &self.metadata
    }

    /// What a record names the callsite by. Given before anything is emitted, on either route: it is how a callsite
    /// of ours is known from others.
    #[cfg(feature = "init")]
    #[inline]
    pub(crate) fn number(&'static self) -> u32 {
        self.number.get(|| super::lane::sites::Site::Callsite(self))
    }

    /// See [`Number::short`].
    #[cfg(feature = "init")]
    #[inline]
    pub(crate) fn short_number(&'static self) -> Option<NonZeroU16> {
        self.number.short()
    }

    #[cfg(feature = "init")]
    #[inline]
    pub(crate) fn flags(&self) -> u8 {
        self.flags
    }

    #[cfg(feature = "init")]
    pub(crate) fn labels(&self) -> &'static [&'static str] {
        self.labels
    }

    #[cfg(feature = "init")]
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The path of the function around the callsite.
    #[cfg(feature = "init")]
    pub(crate) fn function(&self) -> &'static str {
        enclosing((self.function)())
    }

    /// Starts a span with the first `values` of its keys.
    pub(crate) fn span(&'static self, parent: Parent, values: &[Value<'_>]) -> Span {
        #[cfg(feature = "init")]
        self.number();
        let fields = self.metadata.fields();
        let kind = self.kind.attribute();
        let mut all: FieldValues<'_> = [None; MAX_FIELDS];
        let mut slots = slots();
        for ((place, value), slot) in all.iter_mut().zip(values).zip(&mut slots) {
            *place = value.as_tracing(slot);
        }
        let mut slot = Slot::EMPTY;
        if let Some(place) = fields.len().checked_sub(tail::KIND) {
            all[place] = kind.as_tracing(&mut slot);
        }
        let values = fields.value_set_all(&all[..fields.len()]);
        // Under the parent's own subscriber: another knows nothing of it, and may panic.
        let below = |parent: &Span| {
            parent
                .with_subscriber(|(id, dispatch)| {
                    Span::child_of_with(id.clone(), &self.metadata, &values, dispatch)
                })
                .unwrap_or_else(|| Span::new_root(&self.metadata, &values))
        };
        let span = match parent {
            Parent::Current => Span::new(&self.metadata, &values),
            Parent::Root => Span::new_root(&self.metadata, &values),
            Parent::Of(parent) => below(&parent),
            #[cfg(feature = "init")]
            Parent::With(parent, carried) => {
                let span = below(&parent);
                crate::layer::put_under(&span, carried.on(&crate::context::of_span(&parent)));
                span
            }
            #[cfg(feature = "init")]
            Parent::Lane(handed) => {
                let span = Span::new_root(&self.metadata, &values);
                crate::layer::put_under(&span, crate::context::of_handed(&handed));
                span
            }
        };
        // Metrics find it by that.
        #[cfg(feature = "init")]
        self.number();
        #[cfg(feature = "init")]
        if let Some(observe) = NEW_SPANS.get() {
            observe(&span, self.function());
        }
        span
    }
}

/// The path of the function around an item, from the item's own path: what follows the last `::` is the
/// item, and what an `async` block or a closure puts between the two is not said.
#[cfg(feature = "init")]
fn enclosing(item: &str) -> &str {
    let mut path = item
        .rsplit_once("::")
        .map_or(item, |(function, _)| function);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path
}

/// The most keys of one span or event; the macros hold user keys to
/// [`MAX_KEYS`](crate::support::MAX_KEYS).
pub(crate) const MAX_FIELDS: usize = crate::support::MAX_KEYS + 4;

pub(crate) type FieldValues<'a> = [Option<&'a dyn tracing::Value>; MAX_FIELDS];

/// A slot for each of them.
pub(super) const fn slots<'a>() -> [Slot<'a>; MAX_FIELDS] {
    [const { Slot::EMPTY }; MAX_FIELDS]
}

#[cfg(feature = "init")]
type Observer = fn(&Span, &'static str);

#[cfg(feature = "init")]
static NEW_SPANS: std::sync::OnceLock<Observer> = std::sync::OnceLock::new();

/// Has `observer` called with each new span and the path of its function. Only the first call counts; `init`
/// makes it.
#[cfg(feature = "init")]
pub(crate) fn observe_new_spans(observer: Observer) {
    _ = NEW_SPANS.set(observer);
}
