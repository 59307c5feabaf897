//! What a `tracing` subscriber sees: spans and events with the type of each value.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A value, by the type under which the subscriber got it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Text.
    Text(String),
    /// Text that was written for the record.
    Written(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}"),
            Self::U64(value) => write!(f, "{value}u64"),
            Self::F64(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Written(value) => write!(f, "<{value}>"),
        }
    }
}

/// A span or an event.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The callsite.
    pub metadata: &'static Metadata<'static>,
    /// The values, in the order in which they came.
    pub fields: Vec<(&'static str, Value)>,
    /// The place of the parent in the list; for an event, of its span.
    pub parent: Option<usize>,
    /// The places of the spans that it follows from.
    pub follows: Vec<usize>,
    /// Whether the span was closed. An event is.
    pub closed: bool,
}

impl Recorded {
    /// The value under `key`; the last, if it came more than once.
    pub fn field(&self, key: &str) -> Option<&Value> {
        self.fields
            .iter()
            .rev()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    recorded: Vec<Recorded>,
    places: HashMap<u64, usize>,
}

/// A subscriber that keeps all that it sees.
#[derive(Clone)]
pub struct Capture {
    state: Arc<Mutex<State>>,
    level: Level,
}

impl Default for Capture {
    fn default() -> Self {
        Self::new()
    }
}

impl Capture {
    /// A subscriber for all levels.
    pub fn new() -> Self {
        Self::up_to(Level::TRACE)
    }

    /// A subscriber for levels up to this one.
    pub fn up_to(level: Level) -> Self {
        Self {
            state: Arc::default(),
            level,
        }
    }

    /// The subscriber.
    pub fn dispatch(&self) -> Dispatch {
        let level = LevelFilter::from_level(self.level);
        Dispatch::new(
            tracing_subscriber::registry()
                .with(level)
                .with(self.clone()),
        )
    }

    /// Runs `f` with the subscriber as this thread's default.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.dispatch(), f)
    }

    /// All that was seen, in its order.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.state().recorded.clone()
    }

    /// The one span or event of this name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    pub fn one(&self, name: &str) -> Recorded {
        let recorded = self.recorded();
        let mut named = recorded
            .iter()
            .filter(|recorded| recorded.metadata.name() == name);
        let one = named
            .next()
            .unwrap_or_else(|| panic!("no `{name}` in\n{}", self.tree()));
        assert!(
            named.next().is_none(),
            "more than one `{name}` in\n{}",
            self.tree()
        );
        one.clone()
    }

    /// The spans and events as text, a line each, children indented below their parents:
    /// `submit quantity=100 side="Buy"`, `- order_checked ..` for an event.
    pub fn tree(&self) -> String {
        let recorded = self.recorded();
        let mut text = String::new();
        write_children(&recorded, None, 0, &mut text);
        text
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_children(recorded: &[Recorded], parent: Option<usize>, depth: usize, text: &mut String) {
    for (place, child) in recorded.iter().enumerate() {
        if child.parent != parent {
            continue;
        }
        let mark = if child.metadata.is_event() { "- " } else { "" };
        write!(
            text,
            "{}{mark}{}",
            "  ".repeat(depth),
            child.metadata.name()
        )
        .expect("a string takes all");
        for (key, value) in &child.fields {
            write!(text, " {key}={value}").expect("a string takes all");
        }
        for follows in &child.follows {
            write!(text, " follows:{}", recorded[*follows].metadata.name())
                .expect("a string takes all");
        }
        if !child.closed {
            text.push_str(" (open)");
        }
        text.push('\n');
        if child.metadata.is_span() {
            write_children(recorded, Some(place), depth + 1, text);
        }
    }
}

struct Fields<'a>(&'a mut Vec<(&'static str, Value)>);

impl Visit for Fields<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), Value::Bool(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), Value::I64(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), Value::U64(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), Value::F64(value)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), Value::Text(value.to_owned())));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .push((field.name(), Value::Written(format!("{value:?}"))));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let parent = cx
            .span(id)
            .and_then(|span| span.parent().map(|parent| parent.id().into_u64()));
        let mut state = self.state();
        let mut fields = Vec::new();
        attributes.record(&mut Fields(&mut fields));
        let parent = parent.and_then(|parent| state.places.get(&parent).copied());
        let place = state.recorded.len();
        state.recorded.push(Recorded {
            metadata: attributes.metadata(),
            fields,
            parent,
            follows: Vec::new(),
            closed: false,
        });
        state.places.insert(id.into_u64(), place);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut state = self.state();
        let place = state.places[&id.into_u64()];
        values.record(&mut Fields(&mut state.recorded[place].fields));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        let mut state = self.state();
        let (place, follows) = (
            state.places[&id.into_u64()],
            state.places[&follows.into_u64()],
        );
        state.recorded[place].follows.push(follows);
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let span = cx.event_span(event).map(|span| span.id().into_u64());
        let mut state = self.state();
        let mut fields = Vec::new();
        event.record(&mut Fields(&mut fields));
        let parent = span.and_then(|span| state.places.get(&span).copied());
        state.recorded.push(Recorded {
            metadata: event.metadata(),
            fields,
            parent,
            follows: Vec::new(),
            closed: true,
        });
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut state = self.state();
        if let Some(place) = state.places.remove(&id.into_u64()) {
            state.recorded[place].closed = true;
        }
    }
}
