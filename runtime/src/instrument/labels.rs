//! The labels of an instrument.

use crate::privacy::Value;

/// The labels of a metric, by which its series are told apart: the proof that their values may leave the process.
///
/// `()` is no labels. The trait is derived:
///
/// ```
/// use tickspan::{AttributeValue, Labels};
///
/// #[derive(AttributeValue)]
/// enum Status { Ok, Failed }
///
/// #[derive(Labels)]
/// struct Execution<'a> {
///     status: Status,
///     pipeline: &'a str,
/// }
/// ```
///
/// # Safety
///
/// Unsafe to seal it, as [`AttributeValue`](crate::AttributeValue) is: an implementation promises that no value
/// holds personal data or a secret. Memory safety does not depend on it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the labels of a metric",
    label = "`{Self}` does not implement `Labels`",
    note = "`#[derive(Labels)]` on a struct whose fields are the labels, or `()` for none"
)]
pub unsafe trait Labels {
    /// The names of the labels.
    #[doc(hidden)]
    const KEYS: &'static [&'static str];

    /// Gives each value to `take`, in the order of the names.
    #[doc(hidden)]
    fn values(&self, take: &mut dyn FnMut(&Value<'_>));
}

// SAFETY: it holds nothing.
unsafe impl Labels for () {
    const KEYS: &'static [&'static str] = &[];

    fn values(&self, _take: &mut dyn FnMut(&Value<'_>)) {}
}

// SAFETY: what holds for the labels holds for a reference to them.
unsafe impl<L: Labels + ?Sized> Labels for &L {
    const KEYS: &'static [&'static str] = L::KEYS;

    fn values(&self, take: &mut dyn FnMut(&Value<'_>)) {
        L::values(self, take);
    }
}
