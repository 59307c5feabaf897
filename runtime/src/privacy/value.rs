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
    note = "a type of your own: `#[derive(AttributeValue)]` on a newtype or a fieldless enum; one that holds text also needs `#[public(reason = \"...\")]`, and `via = Display` in it where another crate's type holds the text",
    note = "text that the market publishes: hold it in an argument or field with a name of the market vocabulary, such as `symbol`, `venue` or `order_id`",
    note = "a type of `chrono`, `jiff`, `rust_decimal`, `time` or `uuid`: the feature of `tickspan` with that name",
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

// In the order in which a lane asks for them: whether it is a number, then for a text, then for the others.
#[derive(Clone)]
pub(crate) enum Repr<'a> {
    Text(&'a str),
    I64(i64),
    /// Recorded as an `i64` where it is one, for OpenTelemetry knows no other integer.
    U64(u64),
    F64(f64),
    Absent,
    Bool(bool),
    Written(&'a dyn WriteText),
    Displayed(&'a dyn fmt::Display),
    #[cfg(feature = "rust_decimal")]
    Decimal(rust_decimal::Decimal),
}

/// Room for what `tracing` takes a value by.
pub(crate) struct Slot<'v> {
    displayed: Option<DisplayValue<&'v dyn fmt::Display>>,
    integer: i64,
}

impl Slot<'_> {
    pub(crate) const EMPTY: Self = Self {
        displayed: None,
        integer: 0,
    };
}

impl<'a> Value<'a> {
    /// Nothing: no attribute is recorded.
    pub const ABSENT: Self = Self(Repr::Absent);

    /// Whether there is nothing to record.
    pub const fn is_absent(&self) -> bool {
        matches!(self.0, Repr::Absent)
    }

    /// Text that is already there.
    pub const fn text(value: &'a str) -> Self {
        Self(Repr::Text(value))
    }

    /// Text that is written when the record is read.
    pub(crate) const fn written(value: &'a dyn WriteText) -> Self {
        Self(Repr::Written(value))
    }

    /// An exact decimal number.
    #[cfg(feature = "rust_decimal")]
    pub(crate) const fn decimal(value: rust_decimal::Decimal) -> Self {
        Self(Repr::Decimal(value))
    }

    /// Text that somebody declared public, written by its `Display` when the record is read.
    pub const fn displayed(value: &'a dyn fmt::Display) -> Self {
        Self(Repr::Displayed(value))
    }

    /// The form in which it came.
    pub(crate) const fn repr(&self) -> &Repr<'a> {
        &self.0
    }

    /// The value as `tracing` takes it.
    pub(crate) fn as_tracing<'v>(
        &'v self,
        slot: &'v mut Slot<'v>,
    ) -> Option<&'v dyn tracing::Value> {
        let written: &dyn fmt::Display = match &self.0 {
            Repr::Absent => return None,
            Repr::Bool(value) => return Some(value),
            Repr::I64(value) => return Some(value),
            Repr::U64(value) => {
                let Ok(integer) = i64::try_from(*value) else {
                    return Some(value);
                };
                slot.integer = integer;
                return Some(&slot.integer);
            }
            Repr::F64(value) => return Some(value),
            Repr::Text(value) => return Some(value),
            Repr::Written(value) => value,
            Repr::Displayed(value) => value,
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(value) => value,
        };
        Some(slot.displayed.insert(tracing::field::display(written)))
    }
}

/// A constructor for each number and truth value of the language, by its name.
macro_rules! scalars {
    ($($ty:ident => |$value:ident| $repr:expr;)+) => {
        impl Value<'_> {$(
            #[doc = concat!("The value of a `", stringify!($ty), "`.")]
            #[inline]
            pub const fn $ty($value: $ty) -> Self {
                Self($repr)
            }
        )+}
    };
}

scalars! {
    bool => |value| Repr::Bool(value);
    i8 => |value| Repr::I64(value as i64);
    i16 => |value| Repr::I64(value as i64);
    i32 => |value| Repr::I64(value as i64);
    i64 => |value| Repr::I64(value);
    isize => |value| Repr::I64(value as i64);
    u8 => |value| Repr::I64(value as i64);
    u16 => |value| Repr::I64(value as i64);
    u32 => |value| Repr::I64(value as i64);
    u64 => |value| Repr::U64(value);
    usize => |value| Repr::U64(value as u64);
    f32 => |value| Repr::F64(value as f64);
    f64 => |value| Repr::F64(value);
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
            Repr::Written(value) => write!(f, "\"{value}\""),
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(value) => write!(f, "\"{value}\""),
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

impl fmt::Display for dyn WriteText + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_text(f)
    }
}
