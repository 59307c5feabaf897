//! The proven types of the standard library and of the crates behind features.

use core::cell::{Ref, RefMut};
use core::fmt;
use core::num::{NonZero, Saturating, Wrapping};
use core::time::Duration;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, MutexGuard, RwLockReadGuard, RwLockWriteGuard};

use super::form::{Element, Form, Fragment, Many, Number, Pair, Seconds, Truth};
use super::{AttributeValue, Value, WriteText};

/// The most elements of a collection that are recorded.
const MAX_ELEMENTS: usize = 64;

// SAFETY (of every implementation in this file): the trait asks for no memory safety, but for a promise:
// a number, a truth value, a single character or a point in time is recorded as such, and a wrapper or a
// collection as what it holds.

macro_rules! scalars {
    ($($form:ty { $($ty:ty => |$value:ident| $make:expr;)+ })+) => {$($(
        #[diagnostic::do_not_recommend]
        // SAFETY: a number or a truth value; see the top of this file.
        unsafe impl AttributeValue for $ty {
            type Form = $form;

            #[inline]
            fn attribute(&self) -> Value<'_> {
                let $value = *self;
                $make
            }
        }
    )+)+};
}

macro_rules! integers {
    ($($form:ty { $($ty:ident)+ })+) => {$(
        scalars! {
            $form {
                $($ty => |value| Value::$ty(value);)+
                $(NonZero<$ty> => |value| Value::$ty(value.get());)+
            }
        }
    )+};
}

scalars! {
    Truth {
    bool => |value| Value::bool(value);
    () => |_nothing| Value::ABSENT;
    }
    Number<f64> {
    f32 => |value| Value::f32(value);
    f64 => |value| Value::f64(value);
    }
    Seconds {
    Duration => |value| Value::f64(value.as_secs_f64());
    }
}

integers! {
    Number<i64> { i16 i32 i64 isize u32 u64 usize }
    Fragment { i8 u8 u16 }
}

#[diagnostic::do_not_recommend]
// SAFETY: one character, and never a list of them; see the top of this file.
unsafe impl AttributeValue for char {
    type Form = Fragment;

    #[inline]
    fn attribute(&self) -> Value<'_> {
        Value::written(self)
    }
}

impl WriteText for char {
    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! wrappers {
    ($($ty:ty),+) => {$(
        // SAFETY: recorded as what it points to; see the top of this file.
        unsafe impl<T: AttributeValue + ?Sized> AttributeValue for $ty {
            type Form = T::Form;

            #[inline]
            fn attribute(&self) -> Value<'_> {
                T::attribute(self)
            }
        }
    )+};
}

wrappers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);
wrappers!(Ref<'_, T>, RefMut<'_, T>);
wrappers!(
    MutexGuard<'_, T>,
    RwLockReadGuard<'_, T>,
    RwLockWriteGuard<'_, T>
);

macro_rules! overflowing {
    ($($ty:ident),+) => {$(
        // SAFETY: recorded as the number that it holds; see the top of this file.
        unsafe impl<T: AttributeValue> AttributeValue for $ty<T> {
            type Form = T::Form;

            #[inline]
            fn attribute(&self) -> Value<'_> {
                self.0.attribute()
            }
        }
    )+};
}

overflowing!(Saturating, Wrapping);

// SAFETY: recorded as what it holds; see the top of this file.
// By `ToOwned`, which `str` has: else a refused `Cow<str>` is told to need `Clone`, too.
unsafe impl<T: AttributeValue + ToOwned + ?Sized> AttributeValue for Cow<'_, T> {
    type Form = T::Form;

    #[inline]
    fn attribute(&self) -> Value<'_> {
        T::attribute(self)
    }
}

// SAFETY: recorded as what it holds, or not at all; see the top of this file.
unsafe impl<T: AttributeValue> AttributeValue for Option<T> {
    type Form = <T::Form as Form>::Optional;

    #[inline]
    fn attribute(&self) -> Value<'_> {
        match self {
            Some(value) => value.attribute(),
            None => Value::ABSENT,
        }
    }
}

macro_rules! lists {
    ($(($($generics:tt)*) $ty:ty, $element:ident;)+) => {$(
        // SAFETY: recorded as its elements; see the top of this file.
        unsafe impl<$($generics)*> AttributeValue for $ty
        where
            $element: AttributeValue,
            $element::Form: Element,
        {
            type Form = Many<$element::Form>;

            fn attribute(&self) -> Value<'_> {
                Value::written(self)
            }
        }

        impl<$($generics)*> WriteText for $ty
        where
            $element: AttributeValue,
        {
            fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_list(f, ['[', ']'], self.len(), self.iter(), |f, item| {
                    item.attribute().fmt(f)
                })
            }

            #[cfg(feature = "init")]
            fn elements(&self, take: &mut dyn FnMut(&Value<'_>)) -> Option<usize> {
                for item in self.iter().take(MAX_ELEMENTS) {
                    take(&item.attribute());
                }
                Some(self.len())
            }
        }
    )+};
}

lists! {
    (T) Vec<T>, T;
    (T) VecDeque<T>, T;
    (T) &[T], T;
    (T) &mut [T], T;
    (T) Box<[T]>, T;
    (T) Rc<[T]>, T;
    (T) Arc<[T]>, T;
    (T: Clone) Cow<'_, [T]>, T;
    (T, const N: usize) [T; N], T;
    (T) BTreeSet<T>, T;
    (T, S) HashSet<T, S>, T;
}

use fmt::Display as _;

macro_rules! maps {
    ($(($($generics:tt)*) $ty:ty;)+) => {$(
        // SAFETY: recorded as its keys and values; see the top of this file.
        unsafe impl<$($generics)*> AttributeValue for $ty
        where
            K: AttributeValue,
            K::Form: Element,
            V: AttributeValue,
            V::Form: Element,
        {
            type Form = Many<Pair<K::Form, V::Form>>;

            fn attribute(&self) -> Value<'_> {
                Value::written(self)
            }
        }

        impl<$($generics)*> WriteText for $ty
        where
            K: AttributeValue,
            V: AttributeValue,
        {
            fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_list(f, ['{', '}'], self.len(), self.iter(), |f, (key, value)| {
                    write!(f, "{}:{}", key.attribute(), value.attribute())
                })
            }
        }
    )+};
}

maps! {
    (K, V) BTreeMap<K, V>;
    (K, V, S) HashMap<K, V, S>;
}

fn write_list<I>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    len: usize,
    items: impl Iterator<Item = I>,
    mut write_item: impl FnMut(&mut fmt::Formatter<'_>, I) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{open}")?;
    for (index, item) in items.take(MAX_ELEMENTS).enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        write_item(f, item)?;
    }
    if len > MAX_ELEMENTS {
        write!(f, ",+{} more", len - MAX_ELEMENTS)?;
    }
    write!(f, "{close}")
}

/// Types of other crates whose text form is short and complete: numbers, ids and points in time.
#[allow(unused_macros, reason = "every feature that uses it may be off")]
macro_rules! written {
    ($($(#[$attribute:meta])* ($($generics:tt)*) $ty:ty, |$value:ident, $f:ident| $write:expr;)+) => {$(
        $(#[$attribute])*
        // SAFETY: a number, an id or a point in time; see the top of this file.
        unsafe impl<$($generics)*> AttributeValue for $ty {
            type Form = super::form::Scalar;

            fn attribute(&self) -> Value<'_> {
                Value::written(self)
            }
        }

        $(#[$attribute])*
        impl<$($generics)*> WriteText for $ty {
            fn write_text(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $value = self;
                $write
            }
        }
    )+};
}

#[cfg(feature = "uuid")]
written! {
    () uuid::Uuid, |value, f| value.fmt(f);
}

#[cfg(feature = "rust_decimal")]
scalars! {
    Number<rust_decimal::Decimal> {
    rust_decimal::Decimal => |value| Value::decimal(value);
    }
}

#[cfg(feature = "jiff")]
written! {
    () jiff::Timestamp, |value, f| value.fmt(f);
    () jiff::Zoned, |value, f| value.timestamp().fmt(f);
    () jiff::civil::Date, |value, f| value.fmt(f);
    () jiff::civil::Time, |value, f| value.fmt(f);
    () jiff::civil::DateTime, |value, f| value.fmt(f);
}

#[cfg(feature = "chrono")]
written! {
    (Tz: chrono::TimeZone) chrono::DateTime<Tz>, |value, f| {
        // RFC 3339 in UTC: the local offset says where somebody is.
        write!(f, "{:?}Z", value.naive_utc())
    };
    () chrono::NaiveDate, |value, f| value.fmt(f);
    () chrono::NaiveTime, |value, f| value.fmt(f);
    () chrono::NaiveDateTime, |value, f| write!(f, "{value:?}");
}

#[cfg(feature = "time")]
written! {
    () time::OffsetDateTime, |value, f| {
        // RFC 3339 in UTC: the local offset says where somebody is.
        value
            .to_offset(time::UtcOffset::UTC)
            .format(&time::format_description::well_known::Rfc3339)
            .map_err(|_| fmt::Error)
            .and_then(|text| f.write_str(&text))
    };
    () time::Date, |value, f| value.fmt(f);
    () time::Time, |value, f| value.fmt(f);
}

/// Behind a feature as `core::time::Duration` is without one.
#[cfg(feature = "time")]
// SAFETY: a number; see the top of this file.
unsafe impl AttributeValue for time::Duration {
    type Form = Seconds;

    fn attribute(&self) -> Value<'_> {
        Value::f64(self.as_seconds_f64())
    }
}

#[cfg(feature = "jiff")]
// SAFETY: a number; see the top of this file.
unsafe impl AttributeValue for jiff::SignedDuration {
    type Form = Seconds;

    fn attribute(&self) -> Value<'_> {
        Value::f64(self.as_secs_f64())
    }
}

#[cfg(feature = "chrono")]
// SAFETY: a number; see the top of this file.
unsafe impl AttributeValue for chrono::TimeDelta {
    type Form = Seconds;

    fn attribute(&self) -> Value<'_> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "2^53 seconds are 285 million years"
        )]
        let seconds = self.num_seconds() as f64;
        Value::f64(seconds + f64::from(self.subsec_nanos()) / 1e9)
    }
}
