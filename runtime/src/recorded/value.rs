//! Typed values of attributes.

use std::borrow::Cow;
use std::fmt;

use opentelemetry::Array;
use serde::de::Error as _;
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The key of the object in which JSON holds a floating-point number that JSON cannot write.
const DOUBLE: &str = "double";

/// The value of an attribute, typed as it was recorded.
///
/// | value | in JSON |
/// |---|---|
/// | truth value, text | as they are; a decimal and an integer beyond 64 bits with a sign are text, with every digit |
/// | integer | a number without a point |
/// | floating-point number | a number with a point or an exponent; `{"double":"NaN"}`, `{"double":"Infinity"}`, `{"double":"-Infinity"}` |
/// | list of one type | an array |
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A truth value.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A floating-point number.
    F64(f64),
    /// Text, also that of a decimal.
    Text(Cow<'a, str>),
    /// A list of truth values.
    Bools(Vec<bool>),
    /// A list of integers.
    I64s(Vec<i64>),
    /// A list of floating-point numbers.
    F64s(Vec<f64>),
    /// A list of texts, and every empty list.
    Texts(Vec<Cow<'a, str>>),
    /// What a later version of the schema may write.
    Other(serde_json::Value),
}

impl Value<'_> {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number as a floating-point number: of an integer, a floating-point number, or text that is a decimal.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "said by the name")]
            Self::I64(value) => Some(*value as f64),
            Self::F64(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub const fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I64(value) => Some(*value),
            _ => None,
        }
    }
}

impl<'a> From<&'a opentelemetry::Value> for Value<'a> {
    fn from(value: &'a opentelemetry::Value) -> Self {
        match value {
            opentelemetry::Value::Bool(value) => Self::Bool(*value),
            opentelemetry::Value::I64(value) => Self::I64(*value),
            opentelemetry::Value::F64(value) => Self::F64(*value),
            opentelemetry::Value::String(text) => Self::Text(Cow::Borrowed(text.as_str())),
            opentelemetry::Value::Array(Array::Bool(values)) => Self::Bools(values.clone()),
            opentelemetry::Value::Array(Array::I64(values)) => Self::I64s(values.clone()),
            opentelemetry::Value::Array(Array::F64(values)) => Self::F64s(values.clone()),
            opentelemetry::Value::Array(Array::String(values)) => Self::Texts(
                values
                    .iter()
                    .map(|text| Cow::Borrowed(text.as_str()))
                    .collect(),
            ),
            // A kind that OpenTelemetry may add.
            other => Self::Text(Cow::Owned(other.to_string())),
        }
    }
}

/// The text of a text and of a decimal, the digits of a number.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            other => match serde_json::to_string(other) {
                Ok(json) => f.write_str(&json),
                Err(_) => Err(fmt::Error),
            },
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::I64(value) => serializer.serialize_i64(*value),
            Self::F64(value) => Double(*value).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bools(values) => values.serialize(serializer),
            Self::I64s(values) => values.serialize(serializer),
            Self::F64s(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Double(*value))?;
                }
                list.end()
            }
            Self::Texts(values) => values.serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

struct Double(f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            return serializer.serialize_f64(self.0);
        }
        let name = if self.0.is_nan() {
            "NaN"
        } else if self.0 > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(DOUBLE, name)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        of_json(json).ok_or_else(|| D::Error::custom("a `double` is NaN, Infinity or -Infinity"))
    }
}

/// Nothing for a `double` that is none.
fn of_json(json: serde_json::Value) -> Option<Value<'static>> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Bool(value) => Value::Bool(value),
        Json::String(text) => Value::Text(Cow::Owned(text)),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::I64(value),
            // Beyond 64 bits with a sign, and without a point: every digit counts.
            None if number.is_u64() => Value::Text(Cow::Owned(number.to_string())),
            None => Value::F64(number.as_f64()?),
        },
        Json::Array(elements) => list(elements),
        Json::Object(ref map) if map.len() == 1 && map.contains_key(DOUBLE) => {
            Value::F64(double(&json)?)
        }
        other => Value::Other(other),
    })
}

fn double(json: &serde_json::Value) -> Option<f64> {
    match json.get(DOUBLE)?.as_str()? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn list(elements: Vec<serde_json::Value>) -> Value<'static> {
    use serde_json::Value as Json;
    fn all<T>(elements: &[Json], of: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
        elements.iter().map(of).collect()
    }
    // The empty list is one of texts, as the exporters make it.
    if let Some(texts) = all(&elements, |it| {
        it.as_str().map(|text| Cow::Owned(text.to_owned()))
    }) {
        return Value::Texts(texts);
    }
    if let Some(values) = all(&elements, Json::as_bool) {
        return Value::Bools(values);
    }
    if let Some(values) = all(&elements, Json::as_i64) {
        return Value::I64s(values);
    }
    match all(&elements, |it| it.as_f64().or_else(|| double(it))) {
        Some(values) => Value::F64s(values),
        None => Value::Other(Json::Array(elements)),
    }
}
