//! The proof that a value may leave the process, and the form in which it does.

use core::fmt;

use tracing::field::DisplayValue;

use super::form::Form;

/// Proof that values of this type may leave the process.
///
/// Spans, events and late attributes record a value only through this trait. Derive it:
///
/// ```
/// use tickspan::AttributeValue;
///
/// #[derive(AttributeValue)]
/// enum Side { Buy, Sell }
///
/// #[derive(AttributeValue)]
/// struct Price(f64);
///
/// #[derive(AttributeValue)]
/// #[public(reason = "exchange ticker, public listing")]
/// struct Symbol(String);
/// ```
///
/// # What is proven
///
/// `bool`, `i8` to `i64`, `u8` to `u64`, `isize`, `usize`, `f32`, `f64`, `char`, `()`, `NonZero<_>`
/// and [`Duration`](core::time::Duration); references, `Box`, `Rc`, `Arc`, `Option` and `Cow` of what
/// is proven; `Vec`, slices, arrays, `VecDeque`, sets and maps whose elements are proven and are
/// neither bytes (`u8`, `i8`), `u16` nor `char`, for a list of these can spell out a key. With the
/// features `chrono`, `jiff`, `rust_decimal`, `time` and `uuid`, their types.
///
/// # What is not
///
/// Text of any kind (`String`, `&str`, paths, `format_args!`), bytes, 128-bit integers, network
/// addresses, errors, trait objects. Text is opened by a derive with a reason, by a name of the
/// market vocabulary, or by [`public!`](crate::public).
///
/// # How it is recorded
///
/// Integers arrive as integers. OpenTelemetry has no unsigned 64-bit integer: one above `i64::MAX`
/// arrives as its decimal text, so no digit is lost. A `Duration` is recorded in seconds, and its key
/// must say so (`timeout_seconds`). `None` and `()` are not recorded. A collection is recorded up to
/// 64 elements, followed by how many more there were.
///
/// # Safety
///
/// The trait is `unsafe` to seal it: a hand-written `impl` in a crate with
/// `#![forbid(unsafe_code)]` does not compile, while the derive does. An implementation promises
/// that no value of the type holds personal data or a secret. Memory safety does not depend on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not proven free of personal data and secrets, so it cannot be exported",
    label = "`{Self}` is not an `AttributeValue`",
    note = "a type of your own: `#[derive(AttributeValue)]` on a newtype or a fieldless enum; one that holds text also needs `#[public(reason = \"...\")]`",
    note = "text that the market publishes: hold it in an argument or field with a name of the market vocabulary, such as `symbol`, `venue` or `order_id`",
    note = "this one expression: `public!(expr, reason = \"...\")`"
)]
pub unsafe trait AttributeValue {
    /// How values of this type appear under a key.
    #[doc(hidden)]
    type Form: Form;

    /// The value, borrowed, in the form in which it is recorded.
    #[doc(hidden)]
    fn attribute(&self) -> Value<'_>;
}

/// A value on its way to a record. It borrows; nothing is formatted or allocated to make one.
#[derive(Clone)]
pub struct Value<'a>(Repr<'a>);

#[derive(Clone)]
pub(crate) enum Repr<'a> {
    Absent,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
    /// Its text, and the same as a list, if it is one: what `tracing` wraps cannot be had back.
    Written(
        DisplayValue<Written<'a>>,
        #[cfg_attr(
            not(feature = "init"),
            expect(dead_code, reason = "for the lane route")
        )]
        Written<'a>,
    ),
    Displayed(DisplayValue<&'a dyn fmt::Display>),
    #[cfg(feature = "rust_decimal")]
    Decimal(DisplayValue<rust_decimal::Decimal>, rust_decimal::Decimal),
}

impl<'a> Value<'a> {
    /// Nothing: no attribute is recorded.
    pub const ABSENT: Self = Self(Repr::Absent);

    /// Whether there is nothing to record.
    pub const fn is_absent(&self) -> bool {
        matches!(self.0, Repr::Absent)
    }

    /// A truth value.
    pub const fn bool(value: bool) -> Self {
        Self(Repr::Bool(value))
    }

    /// A signed integer.
    pub const fn i64(value: i64) -> Self {
        Self(Repr::I64(value))
    }

    /// An unsigned integer: an `i64` while it fits, for OpenTelemetry knows no other.
    pub const fn u64(value: u64) -> Self {
        if value <= i64::MAX as u64 {
            #[expect(clippy::cast_possible_wrap, reason = "compared with i64::MAX above")]
            return Self(Repr::I64(value as i64));
        }
        Self(Repr::U64(value))
    }

    /// A floating-point number.
    pub const fn f64(value: f64) -> Self {
        Self(Repr::F64(value))
    }

    /// Text that is already there.
    pub const fn text(value: &'a str) -> Self {
        Self(Repr::Text(value))
    }

    /// Text that is written when the record is read.
    pub(crate) fn written(value: &'a dyn WriteText) -> Self {
        let written = Written(value);
        Self(Repr::Written(tracing::field::display(written), written))
    }

    /// An exact decimal number.
    #[cfg(feature = "rust_decimal")]
    pub(crate) fn decimal(value: rust_decimal::Decimal) -> Self {
        Self(Repr::Decimal(tracing::field::display(value), value))
    }

    /// Text that somebody declared public, written by its `Display` when the record is read.
    pub fn displayed(value: &'a dyn fmt::Display) -> Self {
        Self(Repr::Displayed(tracing::field::display(value)))
    }

    /// The form in which it came.
    pub(crate) const fn repr(&self) -> &Repr<'a> {
        &self.0
    }

    /// The value as `tracing` takes it.
    pub(crate) fn as_tracing(&self) -> Option<&dyn tracing::Value> {
        match &self.0 {
            Repr::Absent => None,
            Repr::Bool(value) => Some(value),
            Repr::I64(value) => Some(value),
            Repr::U64(value) => Some(value),
            Repr::F64(value) => Some(value),
            Repr::Text(value) => Some(value),
            Repr::Written(value, _) => Some(value),
            Repr::Displayed(value) => Some(value),
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(value, _) => Some(value),
        }
    }
}

/// A value as an element of a list: JSON, but for numbers that JSON cannot write.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Absent => f.write_str("null"),
            Repr::Bool(value) => value.fmt(f),
            Repr::I64(value) => value.fmt(f),
            Repr::U64(value) => value.fmt(f),
            Repr::F64(value) => write!(f, "{value:?}"),
            Repr::Text(value) => write!(f, "{value:?}"),
            Repr::Written(value, _) => write!(f, "\"{value}\""),
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(value, _) => write!(f, "\"{value}\""),
            Repr::Displayed(value) => write!(f, "{:?}", value.to_string()),
        }
    }
}

/// A proven value whose text is written on demand.
pub(crate) trait WriteText {
    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Gives the elements that are recorded to `take`, and tells how many there are: `None` for what is no
    /// list.
    #[cfg(feature = "init")]
    fn elements(&self, _take: &mut dyn FnMut(&Value<'_>)) -> Option<usize> {
        None
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Written<'a>(&'a dyn WriteText);

#[cfg(feature = "init")]
impl Written<'_> {
    /// See [`WriteText::elements`].
    pub(crate) fn elements(&self, take: &mut dyn FnMut(&Value<'_>)) -> Option<usize> {
        self.0.elements(take)
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_text(f)
    }
}
