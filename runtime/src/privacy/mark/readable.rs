//! What a mark may look at: texts, whole numbers and network addresses, and numbers that can be put into buckets.

#![allow(
    clippy::cast_lossless,
    reason = "one macro for all integers, of which `isize` and `usize` have no `From`"
)]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::num::NonZero;
use core::ops::Deref;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use zeroize::Zeroize;

use super::masked::Inline;
use crate::privacy::{Class, Sensitive, Value};

/// What a mode sees of a marked value.
#[derive(Clone, Copy)]
pub enum Seen<'a> {
    /// There is none.
    Nothing,
    /// A text.
    Text(&'a str),
    /// A whole number.
    Signed(i64),
    /// A whole number.
    Unsigned(u64),
    /// A network address.
    Ip(IpAddr),
}

impl Seen<'_> {
    /// Calls `f` with the value as text, if there is one.
    pub(super) fn with_text<R>(self, f: impl FnOnce(&str) -> R) -> Option<R> {
        let written = match self {
            Seen::Nothing => return None,
            Seen::Text(text) => return Some(f(text)),
            Seen::Signed(number) => Inline::written(number),
            Seen::Unsigned(number) => Inline::written(number),
            Seen::Ip(address) => Inline::written(address.to_canonical()),
        };
        Some(f(written.unwrap_or_default().as_str()))
    }
}

/// Values of which `last4`, `domain`, `prefix` and `hmac` can export a part. Sealed; a type of a user's own is
/// read through its `AsRef<str>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither text, nor a whole number of at most 64 bits, nor a network address, so no part of it can be exported",
    label = "this mode reads text, whole numbers and network addresses",
    note = "a type of your own that holds text: `impl AsRef<str> for {Self}`",
    note = "to say only that there is a value: `export = redacted`; to say nothing: leave `export` out"
)]
pub trait Legible {
    /// What a mode sees.
    fn seen(&self) -> Seen<'_>;
}

macro_rules! legible {
    ($($ty:ty => |$value:ident| $seen:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Legible for $ty {
            #[inline]
            fn seen(&self) -> Seen<'_> {
                let $value = self;
                $seen
            }
        }
    )+};
}

legible! {
    str => |value| Seen::Text(value);
    String => |value| Seen::Text(value);
    Cow<'_, str> => |value| Seen::Text(value);
    IpAddr => |value| Seen::Ip(*value);
    Ipv4Addr => |value| Seen::Ip(IpAddr::V4(*value));
    Ipv6Addr => |value| Seen::Ip(IpAddr::V6(*value));
}

/// Numbers that `bucket(n)` can put into buckets. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of which there are buckets",
    label = "`bucket(n)` is for integers of at most 64 bits, `f32`, `f64` and `Decimal`",
    note = "of text: `last4`, `prefix`, `hmac` or `redacted`"
)]
pub trait Measurable {
    /// The lower end of the bucket; absent where there is no value, `None` where it cannot be told.
    fn bucket(&self, width: u32) -> Option<Value<'static>>;
}

macro_rules! measurable {
    ($($ty:ty => |$value:ident, $width:ident| $bucket:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Measurable for $ty {
            #[inline]
            fn bucket(&self, $width: u32) -> Option<Value<'static>> {
                let $value = *self;
                $bucket
            }
        }
    )+};
}

/// Whole numbers; `i64` and `u64` are put into buckets as such, the others as one of them.
macro_rules! whole_numbers {
    ($($seen:ident $widest:ident { $($ty:ident)* })+) => {$(
        legible! {
            $widest => |value| Seen::$seen(*value);
            NonZero<$widest> => |value| Seen::$seen(value.get());
            $($ty => |value| Seen::$seen(*value as $widest);)*
            $(NonZero<$ty> => |value| Seen::$seen(value.get() as $widest);)*
        }

        measurable! {
            NonZero<$widest> => |value, width| value.get().bucket(width);
            $($ty => |value, width| (value as $widest).bucket(width);)*
            $(NonZero<$ty> => |value, width| (value.get() as $widest).bucket(width);)*
        }
    )+};
}

whole_numbers! {
    Signed i64 { i8 i16 i32 isize }
    Unsigned u64 { u8 u16 u32 usize }
}

measurable! {
    i64 => |value, width| {
        let width = i64::from(width);
        value.checked_div_euclid(width)?.checked_mul(width).map(Value::i64)
    };
    u64 => |value, width| {
        let width = u64::from(width);
        value.checked_div(width).map(|whole| Value::u64(whole * width))
    };
    f32 => |value, width| f64::from(value).bucket(width);
    f64 => |value, width| {
        let width = f64::from(width);
        let lower = (value / width).floor() * width;
        // Above 2^53 a float is whole, and may be a multiple of the width: it would be told exactly.
        (lower.is_finite() && value.abs() < 9_007_199_254_740_992.0).then(|| Value::f64(lower))
    };
}

#[cfg(feature = "rust_decimal")]
measurable! {
    rust_decimal::Decimal => |value, width| {
        let width = rust_decimal::Decimal::from(width);
        let lower = value.checked_div(width)?.floor().checked_mul(width)?;
        Some(Value::decimal(lower))
    };
}

macro_rules! through {
    ($($ty:ty),+) => {$(
        impl<T: Legible + ?Sized> Legible for $ty {
            #[inline]
            fn seen(&self) -> Seen<'_> {
                T::seen(self)
            }
        }

        impl<T: Measurable + ?Sized> Measurable for $ty {
            #[inline]
            fn bucket(&self, width: u32) -> Option<Value<'static>> {
                T::bucket(self, width)
            }
        }
    )+};
}

through!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: Legible> Legible for Option<T> {
    #[inline]
    fn seen(&self) -> Seen<'_> {
        self.as_ref().map_or(Seen::Nothing, T::seen)
    }
}

impl<T: Measurable> Measurable for Option<T> {
    #[inline]
    fn bucket(&self, width: u32) -> Option<Value<'static>> {
        self.as_ref()
            .map_or(Some(Value::ABSENT), |value| value.bucket(width))
    }
}

/// The mark beside it says how much leaves; no other code of this crate looks in.
impl<T: Legible + Zeroize, C: Class> Legible for Sensitive<T, C> {
    #[inline]
    fn seen(&self) -> Seen<'_> {
        self.expose("mask it as its mark says").seen()
    }
}

impl<T: Measurable + Zeroize, C: Class> Measurable for Sensitive<T, C> {
    #[inline]
    fn bucket(&self, width: u32) -> Option<Value<'static>> {
        self.expose("mask it as its mark says").bucket(width)
    }
}

/// What a mode reads: what is `Legible`, else text through `AsRef<str>`.
pub struct Readable<'a, T: ?Sized>(AsText<'a, T>);

impl<'a, T: ?Sized> Readable<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(AsText(Illegible(value)))
    }
}

impl<'a, T: Legible + ?Sized> Readable<'a, T> {
    /// What a mode sees.
    #[inline]
    pub fn __tickspan_seen(&self) -> Seen<'a> {
        self.0.0.0.seen()
    }
}

impl<'a, T: ?Sized> Deref for Readable<'a, T> {
    type Target = AsText<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`Readable`].
pub struct AsText<'a, T: ?Sized>(Illegible<'a, T>);

impl<'a, T: AsRef<str> + ?Sized> AsText<'a, T> {
    /// What a mode sees.
    #[inline]
    pub fn __tickspan_seen(&self) -> Seen<'a> {
        Seen::Text(self.0.0.as_ref())
    }
}

impl<'a, T: ?Sized> Deref for AsText<'a, T> {
    type Target = Illegible<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The last answer of [`Readable`]: the compiler refuses it.
pub struct Illegible<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Illegible<'a, T> {
    /// Refused.
    #[inline]
    pub fn __tickspan_seen(&self) -> Seen<'a>
    where
        T: Legible,
    {
        self.0.seen()
    }
}
