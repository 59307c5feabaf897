//! The header `baggage`: names and values that the services of a request tell each other.
//!
//! As [W3C Baggage](https://www.w3.org/TR/baggage/) has it. The propagator of the SDK cuts a value at its first `=`, which
//! is a character like others there, and logs headers that it cannot read, with their values.

use std::borrow::Cow;

use opentelemetry::baggage::{Baggage, BaggageMetadata};
use opentelemetry::{Key, StringValue};

use crate::policy::leaving_properties;

/// The most members.
pub(crate) const MOST_MEMBERS: usize = 64;

/// The most bytes of the header.
pub(crate) const MOST_BYTES: usize = 8_192;

/// What the headers of this name say together.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) baggage: Baggage,
    /// How many members were left out: malformed, or beyond the limits.
    pub(crate) dropped: u64,
}

/// Reads the values of all headers of this name, in their order.
pub(crate) fn parse<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Parsed {
    let mut parsed = Parsed::default();
    let (mut members, mut bytes) = (0, 0);
    for member in headers.flat_map(|header| header.split(|byte| *byte == b',')) {
        bytes += member.len() + 1;
        if member.trim_ascii().is_empty() {
            continue;
        }
        members += 1;
        let fits = members <= MOST_MEMBERS && bytes <= MOST_BYTES + 1;
        if !(fits && read_member(member, &mut parsed.baggage)) {
            parsed.dropped += 1;
        }
    }
    parsed
}

/// Reads `key=value;property;property`. False where it is malformed.
fn read_member(member: &[u8], baggage: &mut Baggage) -> bool {
    let Ok(member) = core::str::from_utf8(member) else {
        return false;
    };
    let (pair, properties) = member.split_once(';').unwrap_or((member, ""));
    let Some((key, value)) = pair.split_once('=') else {
        return false;
    };
    let (key, value) = (trimmed(key), trimmed(value));
    if !is_token(key) || !value.bytes().all(is_octet) || !properties.bytes().all(is_of_property) {
        return false;
    }
    let value = decoded(value).into_owned();
    let before = baggage.len();
    let replaced = baggage.insert_with_metadata(key.to_owned(), value, trimmed(properties));
    // It refuses what would make it too large.
    replaced.is_some() || baggage.len() > before
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Whether a key is one: a token of HTTP.
pub(crate) fn is_token(key: &str) -> bool {
    let others = |byte| {
        matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
    };
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others(byte))
}

/// What may stand in a value as it is.
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// What may stand in properties. They are kept as they are. A comma would begin another member.
fn is_of_property(byte: u8) -> bool {
    (byte.is_ascii_graphic() || byte == b' ' || byte == b'\t') && byte != b','
}

/// The value with its percent-encoded bytes decoded; what is no UTF-8 then is replaced, as the standard says.
fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        let byte = match (first, after) {
            (b'%', [high, low, ..]) => digit(high)
                .zip(digit(low))
                .and_then(|(high, low)| u8::try_from(high << 4 | low).ok()),
            _ => None,
        };
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The header, and how many members did not fit into it. Members stand in the order of their keys; those, and those
/// properties, whose key `leaves` says no to are left out.
pub(crate) fn format(baggage: &Baggage, leaves: impl Fn(&str) -> bool) -> (String, u64) {
    let mut members: Vec<_> = baggage
        .iter()
        .filter(|(key, _)| leaves(key.as_str()))
        .collect();
    members.sort_unstable_by_key(|(key, _)| key.as_str());
    let length = |(key, (value, properties)): &(&Key, &(StringValue, BaggageMetadata))| {
        key.as_str().len() + value.as_str().len() + properties.as_str().len() + 3
    };
    let (mut header, mut dropped) = (String::new(), 0);
    // What has to be encoded needs more.
    header.reserve(members.iter().map(length).sum());
    for (key, (value, properties)) in members {
        let before = header.len();
        if before > 0 {
            header.push(',');
        }
        header.push_str(key.as_str());
        header.push('=');
        encode(value.as_str(), &mut header);
        for property in leaving_properties(properties.as_str(), &leaves) {
            if property.bytes().all(is_of_property) {
                header.push(';');
                header.push_str(property);
            }
        }
        if header.len() > MOST_BYTES {
            header.truncate(before);
            dropped += 1;
        }
    }
    (header, dropped)
}

fn encode(value: &str, header: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if is_octet(byte) && byte != b'%' {
            header.push(byte.into());
        } else {
            header.push('%');
            header.push(DIGITS[usize::from(byte >> 4)].into());
            header.push(DIGITS[usize::from(byte & 15)].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::baggage::KeyValueMetadata;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn parsed(headers: &[&str]) -> Parsed {
        parse(headers.iter().map(|header| header.as_bytes()))
    }

    fn all(baggage: &Baggage) -> String {
        let (header, dropped) = format(baggage, |_| true);
        assert_eq!(dropped, 0);
        header
    }

    #[test]
    fn members_of_all_headers_are_read() {
        let read = parsed(&["desk=fx , region=eu%20west", "order=a=b;ttl=5; internal"]);
        assert_eq!(read.dropped, 0);
        let value = |key: &str| read.baggage.get(key).map(|value| value.as_str().to_owned());
        assert_eq!(value("desk").as_deref(), Some("fx"));
        assert_eq!(value("region").as_deref(), Some("eu west"));
        assert_eq!(value("order").as_deref(), Some("a=b"));
        assert_eq!(
            all(&read.baggage),
            "desk=fx,order=a=b;ttl=5; internal,region=eu%20west"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let read = parsed(&["a=%ff%41,b=%,c=%4,d=%zz"]);
        let value = |key: &str| read.baggage.get(key).unwrap().as_str().to_owned();
        assert_eq!(
            ["a", "b", "c", "d"].map(value),
            ["\u{fffd}A", "%", "%4", "%zz"]
        );
    }

    #[test]
    fn malformed_members_are_left_out_one_by_one() {
        let read = parsed(&["a=1,b,=2,c d=3,e=\"4\",f=5;\u{7f},,g=6"]);
        assert_eq!((all(&read.baggage).as_str(), read.dropped), ("a=1,g=6", 5));
        let read = parse([&b"a=1,b=\xff"[..]].into_iter());
        assert_eq!((all(&read.baggage).as_str(), read.dropped), ("a=1", 1));
    }

    #[test]
    fn limits_are_64_members_and_8192_bytes() {
        let list = |count: usize| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let read = parsed(&[&list(64)]);
        assert_eq!((read.baggage.len(), read.dropped), (64, 0));
        let read = parsed(&[&list(70)]);
        assert_eq!((read.baggage.len(), read.dropped), (64, 6));

        let exact = format!(
            "a={},b={}",
            "v".repeat(4_000),
            "v".repeat(MOST_BYTES - 4_005)
        );
        assert_eq!((exact.len(), parsed(&[&exact]).dropped), (MOST_BYTES, 0));
        let read = parsed(&[&(exact + "v")]);
        assert_eq!((read.baggage.len(), read.dropped), (1, 1));
    }

    #[test]
    fn members_that_do_not_fit_when_they_are_encoded_are_counted() {
        // Each of its characters takes three when it is encoded.
        let wide = " ".repeat(3_000);
        let baggage = Baggage::from_iter(
            [("a", wide.as_str()), ("b", "1")]
                .map(|(key, value)| KeyValueMetadata::new(key, value.to_owned(), "")),
        );
        let (header, dropped) = format(&baggage, |_| true);
        assert_eq!((header.as_str(), dropped), ("b=1", 1));
    }

    #[test]
    fn properties_leave_by_their_keys_and_begin_no_member() {
        let of = |properties: &str| {
            let member = KeyValueMetadata::new("desk", "fx", properties);
            format(&Baggage::from_iter([member]), |key| key != "user_email").0
        };
        assert_eq!(of("ttl=5; internal"), "desk=fx;ttl=5; internal");
        assert_eq!(of("ttl=5;user_email=a@b; user_email = c"), "desk=fx;ttl=5");
        assert_eq!(of("a,api_key=1"), "desk=fx");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_left_out(headers in vec(vec(any::<u8>(), 0..200), 0..4)) {
            let parsed = parse(headers.iter().map(Vec::as_slice));
            let (header, _) = format(&parsed.baggage, |_| true);
            prop_assert!(header.bytes().all(is_of_property));
        }

        #[test]
        fn what_is_written_is_read(members in btree_map("[a-z]{1,8}", ".{0,20}", 0..20)) {
            let baggage: Baggage = members
                .iter()
                .map(|(key, value)| KeyValueMetadata::new(key.clone(), value.clone(), ""))
                .collect();
            let read = parsed(&[&all(&baggage)]);
            prop_assert_eq!(read.dropped, 0);
            let read: Vec<_> = (members.keys())
                .map(|key| read.baggage.get(key).map(|value| value.as_str().to_owned()))
                .collect();
            prop_assert_eq!(read, members.values().cloned().map(Some).collect::<Vec<_>>());
        }
    }
}
