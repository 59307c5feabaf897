//! Attributes, in the order in which they were recorded.

use std::borrow::Cow;
use std::fmt;

use opentelemetry::KeyValue;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;

/// Keys and values, in the order in which they were recorded: an object in JSON.
///
/// A key that was exported twice stands there twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes<'a>(pub Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Attributes<'a> {
    /// The value of a key; the last, if there are several.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.iter()
            .rev()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// Each key with its value.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, attribute: &'a KeyValue) {
        self.0.push((
            Cow::Borrowed(attribute.key.as_str()),
            Value::from(&attribute.value),
        ));
    }
}

impl<'a> FromIterator<&'a KeyValue> for Attributes<'a> {
    fn from_iter<I: IntoIterator<Item = &'a KeyValue>>(attributes: I) -> Self {
        let attributes = attributes.into_iter();
        let mut all = Self(Vec::with_capacity(attributes.size_hint().0));
        attributes.for_each(|attribute| all.push(attribute));
        all
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Attributes<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Attributes<'static>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value<'static>>()? {
                    all.push((Cow::Owned(key), value));
                }
                Ok(Attributes(all))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
