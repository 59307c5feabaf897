//! Keys and values of a line, from either route.

use std::fmt::Debug;

use opentelemetry::{KeyValue, Value};
use tracing::field::{Field, Visit};

/// Keys and values, wherever they come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'a> {
    /// Of a record.
    Attributes(&'a [KeyValue]),
    /// Of the `tracing` crate.
    Visited(&'a [Visited]),
}

/// A field of the `tracing` crate.
#[derive(Clone, Debug)]
pub(crate) struct Visited {
    pub(super) key: &'static str,
    pub(super) value: Value,
    /// Whether the value is what its `Debug` or `Display` wrote, which lines do not quote again.
    pub(super) is_written: bool,
}

impl Fields<'_> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Attributes(attributes) => attributes.is_empty(),
            Self::Visited(visited) => visited.is_empty(),
        }
    }

    /// Runs `f` on each key and value, and on whether the value is written text.
    pub(super) fn each(&self, mut f: impl FnMut(&str, &Value, bool)) {
        match self {
            Self::Attributes(attributes) => {
                for KeyValue { key, value, .. } in *attributes {
                    f(key.as_str(), value, false);
                }
            }
            Self::Visited(visited) => {
                for field in *visited {
                    f(field.key, &field.value, field.is_written);
                }
            }
        }
    }
}

/// Gathers fields. The last value of a key counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Gather {
    /// The text of the field `message`, which has a place of its own.
    pub(super) message: String,
    pub(super) fields: Vec<Visited>,
}

impl Gather {
    fn take(&mut self, field: &Field, value: Value, is_written: bool) {
        let key = field.name();
        if key == "message" {
            self.message = value.as_str().into_owned();
            return;
        }
        self.put(Visited {
            key,
            value,
            is_written,
        });
    }

    fn put(&mut self, field: Visited) {
        match self.fields.iter_mut().find(|known| known.key == field.key) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
    }

    /// Adds what was gathered later.
    pub(super) fn add(&mut self, later: Self) {
        later.fields.into_iter().for_each(|field| self.put(field));
    }
}

impl Visit for Gather {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, Value::Bool(value), false);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, Value::I64(value), false);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.take(field, Value::I64(value), false),
            // OpenTelemetry has no such number; all of its digits are kept.
            Err(_) => self.take(field, Value::String(value.to_string().into()), true),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, Value::F64(value), false);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, Value::String(value.to_owned().into()), false);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, Value::String(format!("{value:?}").into()), true);
    }
}
