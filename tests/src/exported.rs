//! What the exporters of a process are given, kept for its test, and one that waits to be let go on.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Value;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::Route;

use crate::child::Child;

/// Keeps every span that it is given. Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.lock().extend(batch);
        Ok(())
    }
}

impl Kept {
    /// What has come since the last call.
    pub fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut self.lock())
    }

    /// Those called `name`.
    pub fn named(&self, name: &str) -> Vec<SpanData> {
        self.lock()
            .iter()
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }

    /// The only one called `name`.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    pub fn the(&self, name: &str) -> SpanData {
        let named = self.named(name);
        assert_eq!(named.len(), 1, "spans called `{name}`: {named:#?}");
        named.into_iter().next().expect("there is one")
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `f` in a process of its own for each route, after `init`, and `check` on what was exported when it had returned.
///
/// # Panics
///
/// When `f` or `check` does, on either route.
pub fn on_both_routes(test: &str, f: fn(), check: fn(Vec<SpanData>)) {
    on_both_routes_with(test, &[], f, check);
}

/// As [`on_both_routes`], with variables.
///
/// # Panics
///
/// When `f` or `check` does, on either route.
pub fn on_both_routes_with(
    test: &str,
    variables: &[(&str, &str)],
    f: fn(),
    check: fn(Vec<SpanData>),
) {
    const ROUTE: &str = "TICKSPAN_TEST_ROUTE";
    let mut child = Child::of(test, || {
        let route = match std::env::var(ROUTE).as_deref() {
            Ok("lane") => Route::Lane,
            _ => Route::Tracing,
        };
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(kept.clone())
            .with_route(route)
            .with_console(false)
            .init()
            .expect("telemetry starts");
        f();
        telemetry
            .flush(Duration::from_mins(1))
            .expect("everything is exported");
        check(kept.take());
    });
    for (name, value) in variables {
        child = child.with(name, value);
    }
    for route in ["lane", "tracing"] {
        child.with(ROUTE, route).run();
    }
}

/// The value of an attribute of a span.
pub fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| &attribute.value)
}

/// The value of an attribute that is an integer.
pub fn integer(span: &SpanData, key: &str) -> Option<i64> {
    match attribute(span, key)? {
        Value::I64(value) => Some(*value),
        _ => None,
    }
}

/// Whether `child` is a child of `parent`, in its trace.
pub fn is_child(child: &SpanData, parent: &SpanData) -> bool {
    child.parent_span_id == parent.span_context.span_id()
        && child.span_context.trace_id() == parent.span_context.trace_id()
}

/// Closed until it is opened. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everybody pass from now on.
    pub fn open(&self) {
        let (is_open, opened) = &*self.0;
        *is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        opened.notify_all();
    }

    /// Waits until it is open.
    pub fn pass(&self) {
        let (is_open, opened) = &*self.0;
        let is_open = is_open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(opened.wait_while(is_open, |is_open| !*is_open));
    }
}
