//! What is left of a masked value: a text that was there before, a short one that is held here, or a number.

use core::fmt::{self, Write as _};
use core::net::IpAddr;

use super::Seen;
use crate::privacy::class::{Class, Marker};
use crate::privacy::{AttributeValue, Value, form};

/// What leaves of a marked value.
pub struct Masked<'a>(Kept<'a>);

enum Kept<'a> {
    Text(&'a str),
    Inline(Inline),
    Value(Value<'static>),
}

impl<'a> Masked<'a> {
    /// There was no value.
    pub(super) const fn nothing() -> Self {
        Self(Kept::Value(Value::ABSENT))
    }

    pub(super) const fn text(text: &'a str) -> Self {
        Self(Kept::Text(text))
    }

    pub(super) const fn value_of(value: Value<'static>) -> Self {
        Self(Kept::Value(value))
    }

    /// What `show` makes of a value; the marker of its class where it makes nothing.
    pub(super) fn shown<C: Class>(
        seen: Seen<'_>,
        show: impl FnOnce(&str) -> Option<Inline>,
    ) -> Self {
        match seen.with_text(show) {
            None => Self::nothing(),
            Some(shown) => Self::inline::<C>(shown),
        }
    }

    pub(super) fn inline<C: Class>(shown: Option<Inline>) -> Self {
        match shown {
            None => Self::text(Marker::<C>::TEXT),
            Some(inline) => Self(Kept::Inline(inline)),
        }
    }

    /// What is recorded.
    #[inline]
    pub fn value(&self) -> Value<'_> {
        match &self.0 {
            Kept::Text(text) => Value::text(text),
            Kept::Inline(inline) => Value::text(inline.as_str()),
            Kept::Value(value) => value.clone(),
        }
    }
}

// SAFETY: a mark was written, which says how much of the value leaves; memory safety does not depend on it.
unsafe impl AttributeValue for Masked<'_> {
    type Form = form::Scalar;

    #[inline]
    fn attribute(&self) -> Value<'_> {
        self.value()
    }
}

/// A short text without an allocation. What does not fit is refused, not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inline {
    bytes: [u8; Inline::CAPACITY],
    length: u8,
}

impl Inline {
    /// The longest that is written: an IPv6 address with an IPv4 part has 45 bytes.
    const CAPACITY: usize = 48;

    pub(super) fn of(text: &str) -> Option<Self> {
        let mut inline = Self::default();
        inline.push_str(text)?;
        Some(inline)
    }

    /// What `Display` writes.
    pub(super) fn written(value: impl fmt::Display) -> Option<Self> {
        let mut inline = Self::default();
        write!(inline, "{value}").ok()?;
        Some(inline)
    }

    /// The network of an address, as a person or a flat has not one of their own.
    pub(super) fn network(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::written(format_args!("{a}.{b}.{c}.0/24"))
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Self::written(format_args!("{a:x}:{b:x}:{c:x}::/48"))
            }
        }
    }

    pub(super) fn push(&mut self, c: char) -> Option<()> {
        self.push_str(c.encode_utf8(&mut [0; 4]))
    }

    pub(super) fn push_str(&mut self, text: &str) -> Option<()> {
        let start = usize::from(self.length);
        let end = start + text.len();
        self.bytes
            .get_mut(start..end)?
            .copy_from_slice(text.as_bytes());
        self.length = u8::try_from(end).ok()?;
        Some(())
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = &self.bytes[..usize::from(self.length)];
        // Whole texts were pushed; the alternative is safe code all the same.
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl Default for Inline {
    fn default() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            length: 0,
        }
    }
}

impl fmt::Write for Inline {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text).ok_or(fmt::Error)
    }
}
