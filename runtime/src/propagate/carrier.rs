//! What trace context travels in: headers, maps, lists of names and bytes.

use core::marker::PhantomData;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use opentelemetry::propagation::{Extractor, Injector};

/// What trace context is read from.
///
/// It is there for `HashMap` and `BTreeMap` of `String`s, for lists of a name and bytes such as Kafka's headers, and with
/// the feature `http` for `http::HeaderMap`. For another type it takes one function:
///
/// ```
/// use tickspan::propagate::{self, Carrier};
///
/// /// A message of a queue that has two properties.
/// struct Message {
///     traceparent: Option<String>,
///     tracestate: Option<String>,
/// }
///
/// impl Carrier for Message {
///     fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
///         let value = match name {
///             "traceparent" => self.traceparent.as_deref(),
///             "tracestate" => self.tracestate.as_deref(),
///             _ => None,
///         };
///         value.map(str::as_bytes).into_iter()
///     }
/// }
///
/// let context = propagate::extract(&Message { traceparent: None, tracestate: None });
/// # let _ = context;
/// ```
pub trait Carrier {
    /// The values under a name, in their order. The name is given in lower case, and is to be found in any.
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;

    /// The names that there are. Only propagators other than W3C's may ask.
    fn names(&self) -> impl Iterator<Item = &str> {
        core::iter::empty()
    }
}

/// What trace context is written to. See [`Carrier`] for the types that there are.
pub trait CarrierMut {
    /// Puts a value under a name, in place of those that are there.
    fn set(&mut self, name: &str, value: String);

    /// Removes what is under a name: the context of another trace, in headers that are sent on.
    fn remove(&mut self, name: &str);
}

/// Headers that can be gone through, as a [`Carrier`]: those of a client library that has a type of its own.
///
/// Of several with the same name the last counts, as in Kafka. They are gone through once for each name that is looked
/// for, so the iterator is `Clone`. One that is not, such as that of rdkafka's headers, is collected into a
/// `Vec<(&str, &[u8])>`, which is a [`Carrier`] itself.
///
/// ```
/// use tickspan::propagate;
///
/// struct Header<'a> { key: &'a str, value: Option<&'a [u8]> }
/// let headers = [Header {
///     key: "traceparent",
///     value: Some(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
/// }];
///
/// let context = propagate::extract(&propagate::pairs(
///     headers.iter().filter_map(|header| Some((header.key, header.value?))),
/// ));
/// # assert!(format!("{context:?}").contains("4bf92f3577b34da6a3ce929d0e0e4736"));
/// ```
pub fn pairs<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone) -> impl Carrier {
    Pairs(headers, PhantomData)
}

struct Pairs<'h, I>(I, PhantomData<&'h ()>);

impl<'h, I: Iterator<Item = (&'h str, &'h [u8])> + Clone> Carrier for Pairs<'h, I> {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let of_name = self
            .0
            .clone()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        of_name.last().map(|(_, value)| value).into_iter()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.clone().map(|(key, _)| key)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Carrier for [(N, V)] {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let mut newest_first = self.iter().rev();
        newest_first
            .find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
            .into_iter()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Carrier for Vec<(N, V)> {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        Carrier::get(self.as_slice(), name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.as_slice().names()
    }
}

impl<N: AsRef<str> + From<String>, V: From<String>> CarrierMut for Vec<(N, V)> {
    fn set(&mut self, name: &str, value: String) {
        CarrierMut::remove(self, name);
        self.push((name.to_owned().into(), value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.retain(|(key, _)| !key.as_ref().eq_ignore_ascii_case(name));
    }
}

macro_rules! map {
    ($($map:ty $(, $hasher:ident)?;)+) => {$(
        impl $(<$hasher: BuildHasher>)? Carrier for $map {
            fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
                let found = <$map>::get(self, name).or_else(|| {
                    let mut members = self.iter();
                    members.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
                });
                found.map(String::as_bytes).into_iter()
            }

            fn names(&self) -> impl Iterator<Item = &str> {
                self.keys().map(String::as_str)
            }
        }

        impl $(<$hasher: BuildHasher>)? CarrierMut for $map {
            fn set(&mut self, name: &str, value: String) {
                // In this case or another.
                self.retain(|key, _| key == name || !key.eq_ignore_ascii_case(name));
                match self.get_mut(name) {
                    Some(old) => *old = value,
                    None => _ = self.insert(name.to_owned(), value),
                }
            }

            fn remove(&mut self, name: &str) {
                self.retain(|key, _| !key.eq_ignore_ascii_case(name));
            }
        }
    )+};
}

map! {
    HashMap<String, String, S>, S;
    BTreeMap<String, String>;
}

#[cfg(feature = "http")]
impl Carrier for http::HeaderMap {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        // Those of W3C need not be checked first.
        static NAMES: [http::HeaderName; 3] = [
            http::HeaderName::from_static("traceparent"),
            http::HeaderName::from_static("tracestate"),
            http::HeaderName::from_static("baggage"),
        ];
        let known = NAMES.iter().find(|known| known.as_str() == name);
        let values = match known {
            Some(known) => self.get_all(known),
            None => self.get_all(name),
        };
        values.iter().map(http::HeaderValue::as_bytes)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(http::HeaderName::as_str)
    }
}

#[cfg(feature = "http")]
impl CarrierMut for http::HeaderMap {
    /// What is no header, which only a propagator of the program's own writes, is left out.
    fn set(&mut self, name: &str, value: String) {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::try_from(value)) {
            self.insert(name, value);
        }
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }
}

/// A carrier as OpenTelemetry's propagators read it.
pub(super) struct Reading<'c, C: ?Sized>(pub(super) &'c C);

impl<C: Carrier + ?Sized> Extractor for Reading<'_, C> {
    fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key)?.first().copied()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.names().collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        // The names that are asked for live shorter than the values: find the place of each.
        let name = self.0.names().find(|name| name.eq_ignore_ascii_case(key))?;
        let values: Vec<&str> = self
            .0
            .get(name)
            .filter_map(|value| core::str::from_utf8(value).ok())
            .collect();
        (!values.is_empty()).then_some(values)
    }
}

/// The other way about: what OpenTelemetry's propagators read, as a carrier.
pub(super) struct Extracted<'e>(pub(super) &'e dyn Extractor);

impl Carrier for Extracted<'_> {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let values = self.0.get_all(name).into_iter().flatten();
        values.map(str::as_bytes)
    }
}

/// What was written, in its order.
#[derive(Default)]
pub(super) struct Written(pub(super) Vec<(String, String)>);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }
}
