//! The wrapper for values that must never leave the process.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use zeroize::Zeroize;

use super::class::{Class, Marker, Secret};

/// A value that no span, event, log line or metric may hold.
///
/// It is not an [`AttributeValue`](crate::AttributeValue), so an argument of this type is never
/// recorded and naming it in `fields(..)` is a compile error. It has no `Deref`, `Display`, `Serialize`,
/// `AsRef`, ordering or conversion back; its `Debug` is a fixed marker that tells neither the value nor
/// its length; and its memory is overwritten when it is dropped. The one way in is [`expose`](Self::expose).
///
/// ```
/// use tickspan::Sensitive;
///
/// let api_key: Sensitive<String> = "k-123".parse()?;
/// assert_eq!(format!("{api_key:?}"), "[redacted: secret]");
/// assert_eq!(api_key.expose("sign the request").len(), 5);
/// # Ok::<(), core::convert::Infallible>(())
/// ```
///
/// With the feature `serde` it can be deserialised, so that configuration can hold it.
///
/// # Limits
///
/// Only the memory that the value holds when it is dropped is overwritten: not copies made through
/// `expose`, and not what a `String` left behind when it grew.
pub struct Sensitive<T: Erase, C: Class = Secret> {
    value: T,
    class: PhantomData<fn() -> C>,
}

/// What a [`Sensitive`] may hold: whatever is [`Zeroize`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be overwritten, so a `Sensitive` cannot hold it",
    label = "the trait `Zeroize` is not implemented for `{Self}`",
    note = "hold what owns the value: a `String` in place of a `&str`, a `Vec<u8>` in place of a `&[u8]`",
    note = "a type of your own: `#[derive(Zeroize)]`, of the crate `zeroize`"
)]
pub trait Erase {
    #[doc(hidden)]
    fn __tickspan_erase(&mut self);
}

#[diagnostic::do_not_recommend]
impl<T: Zeroize> Erase for T {
    #[inline]
    fn __tickspan_erase(&mut self) {
        self.zeroize();
    }
}

impl<T: Erase, C: Class> Sensitive<T, C> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self {
            value,
            class: PhantomData,
        }
    }

    /// The value itself. `why` stands in the source for a reviewer who searches for `.expose(`; it is
    /// not recorded. Inside a recorded expression the call is a compile error.
    pub const fn expose(&self, why: &'static str) -> &T {
        _ = why;
        &self.value
    }
}

impl<T: Erase, C: Class> Drop for Sensitive<T, C> {
    fn drop(&mut self) {
        self.value.__tickspan_erase();
    }
}

impl<T: Zeroize + Clone, C: Class> Clone for Sensitive<T, C> {
    fn clone(&self) -> Self {
        Self::new(self.value.clone())
    }
}

impl<T: Zeroize, C: Class> fmt::Debug for Sensitive<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Marker::<C>::TEXT)
    }
}

impl<T: Zeroize, C: Class> From<T> for Sensitive<T, C> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Zeroize + FromStr, C: Class> FromStr for Sensitive<T, C> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse().map(Self::new)
    }
}

#[cfg(feature = "serde")]
impl<'de, T, C> serde::Deserialize<'de> for Sensitive<T, C>
where
    T: Zeroize + serde::Deserialize<'de>,
    C: Class,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of `T` may repeat what was read.
        T::deserialize(deserializer)
            .map(Self::new)
            .map_err(|_| serde::de::Error::custom(format_args!("the {} cannot be read", C::NAME)))
    }
}
