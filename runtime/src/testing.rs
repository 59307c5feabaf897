//! Captures what a piece of code records, for a user's own tests.

use std::collections::HashMap;
use std::fmt::Write as _;

use opentelemetry::KeyValue;
use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use tracing::dispatcher::{self, Dispatch};
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::Context;
use crate::collect::joined;
use crate::export::ask_all_subscribers;
use crate::record::lane::{Handed, Ids, capture as records};

/// Runs `f`, and gives what it returned and what it recorded: its spans and events, and those of the threads and
/// tasks to which it handed its [`Context`].
///
/// ```
/// use tickspan::testing::capture;
/// use tickspan::{event, traced_stage};
///
/// #[traced_stage(err)]
/// fn check_risk(quantity: u64) -> Result<u64, String> {
///     event!("limit_read", limit = 1_000);
///     if quantity > 1_000 { Err("too large".to_owned()) } else { Ok(quantity) }
/// }
///
/// let (result, seen) = capture(|| check_risk(5_000));
/// assert!(result.is_err());
/// assert_eq!(
///     seen.tree(),
///     "check_risk quantity=5000 error.type=\"alloc::string::String\" tickspan.outcome=\"error\" [error]\n\
///      - limit_read limit=1000\n\
///      - error error.type=\"alloc::string::String\"\n"
/// );
/// ```
///
/// Tests may run beside each other: each sees only its own. Nothing has to be set up, no subscriber is
/// installed, and a program's own [`init`](crate::init) makes no difference. All levels are captured, and every
/// trace that starts in `f`; what another process led to is captured if that process sampled it. Spans and events
/// that other libraries make with `tracing` are captured on the thread that called; a `tracing` subscriber of the
/// test's own sees nothing meanwhile.
///
/// A thread or task that is started without the context is not seen: hand it on with
/// [`Context::run`] and [`Context::attach`], as the program should. With `parent = ..` alone, a stage is seen that
/// the filter of `init`, if there was one, lets through. What is recorded after `f` has returned is not seen.
///
/// Of a future, [`capture_async`] tells what it records.
pub fn capture<R>(f: impl FnOnce() -> R) -> (R, Captured) {
    let capturing = Capturing::begin();
    let returned = dispatcher::with_default(&capturing.subscriber, || capturing.context.run(f));
    (returned, Captured::of(&capturing.end()))
}

/// Runs `future`, and gives what it returned and what it recorded, as [`capture`] does of a function: within a
/// `#[tokio::test]`, say. It may go from thread to thread meanwhile.
///
/// A function that returns a boxed future, as each method of `#[async_trait]` does, starts its stage with the call: it is
/// seen where the call stands inside, `capture_async(async { venue.submit(5).await })`.
///
/// ```
/// use tickspan::testing::capture_async;
/// use tickspan::traced_stage;
///
/// #[traced_stage]
/// async fn submit(quantity: u64) -> u64 {
///     quantity
/// }
///
/// # futures::executor::block_on(async {
/// let (filled, seen) = capture_async(submit(5)).await;
/// assert_eq!((filled, seen.tree()), (5, "submit quantity=5\n".to_owned()));
/// # });
/// ```
pub async fn capture_async<F: Future>(future: F) -> (F::Output, Captured) {
    let capturing = Capturing::begin();
    let captured = capturing.context.clone().attach(future);
    let returned = captured.with_subscriber(capturing.subscriber.clone()).await;
    (returned, Captured::of(&capturing.end()))
}

/// A capture that goes on. It ends in a panic, too.
struct Capturing {
    number: u32,
    context: Context,
    subscriber: Dispatch,
}

impl Capturing {
    fn begin() -> Self {
        ask_all_subscribers();
        let number = records::begin();
        Self {
            number,
            context: Context::of_handed(Handed {
                ids: Ids {
                    capture: number,
                    ..Ids::NONE
                },
                carried: None,
            }),
            subscriber: tracing_subscriber::registry().with(crate::layer()).into(),
        }
    }

    fn end(&self) -> Vec<Vec<u8>> {
        records::end(self.number)
    }
}

impl Drop for Capturing {
    fn drop(&mut self) {
        self.end();
    }
}

/// What was captured.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    spans: Vec<SpanData>,
}

impl Captured {
    fn of(records: &[Vec<u8>]) -> Self {
        let mut spans = joined(records);
        spans.sort_by_key(|span| span.start_time);
        Self { spans }
    }

    /// The spans that ended, in the order in which they started, as an exporter gets them.
    pub fn spans(&self) -> &[SpanData] {
        &self.spans
    }

    /// The one span of this name.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[track_caller]
    pub fn span(&self, name: &str) -> &SpanData {
        let mut named = self.spans.iter().filter(|span| span.name == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span,
            (None, _) => panic!("no span `{name}` in\n{}", self.tree()),
            (Some(_), Some(_)) => panic!("more than one span `{name}` in\n{}", self.tree()),
        }
    }

    /// The spans as text: a line each, children below their parents, indented by two spaces, in the order in which
    /// they started; events before them, each behind a dash.
    ///
    /// A line says the name, the kind unless it is internal, the attributes in their order, the links, and the
    /// status unless it is unset. There are no ids and no times in it, so it can be compared.
    pub fn tree(&self) -> String {
        let names: HashMap<SpanId, &str> = self
            .spans
            .iter()
            .map(|span| (span.span_context.span_id(), &*span.name))
            .collect();
        let mut text = String::new();
        for span in &self.spans {
            // Those whose parent is not here are roots of the text.
            if !names.contains_key(&span.parent_span_id) {
                self.write(span, 0, &names, &mut text);
            }
        }
        text
    }

    fn write(
        &self,
        span: &SpanData,
        depth: usize,
        names: &HashMap<SpanId, &str>,
        text: &mut String,
    ) {
        let indent = "  ".repeat(depth);
        text.push_str(&indent);
        text.push_str(&span.name);
        if span.span_kind != SpanKind::Internal {
            _ = write!(
                text,
                " ({})",
                format!("{:?}", span.span_kind).to_lowercase()
            );
        }
        write_attributes(&span.attributes, text);
        for link in span.links.iter() {
            let name = names
                .get(&link.span_context.span_id())
                .unwrap_or(&"elsewhere");
            _ = write!(text, " follows:{name}");
        }
        match &span.status {
            Status::Unset => {}
            Status::Ok => text.push_str(" [ok]"),
            Status::Error { description } if description.is_empty() => text.push_str(" [error]"),
            Status::Error { description } => _ = write!(text, " [error: {description}]"),
        }
        text.push('\n');
        for event in span.events.iter() {
            _ = write!(text, "{indent}- {}", event.name);
            write_attributes(&event.attributes, text);
            text.push('\n');
        }
        let id = span.span_context.span_id();
        for child in &self.spans {
            if child.parent_span_id == id {
                self.write(child, depth + 1, names, text);
            }
        }
    }
}

fn write_attributes(attributes: &[KeyValue], text: &mut String) {
    for KeyValue { key, value, .. } in attributes {
        match value {
            Value::String(value) => _ = write!(text, " {key}={:?}", value.as_str()),
            other => _ = write!(text, " {key}={other}"),
        }
    }
}
