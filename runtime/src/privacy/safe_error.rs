//! What may be told of an error beside its type.

use std::rc::Rc;
use std::sync::Arc;

/// Proof that the kind of an error stands in the source, so that it may leave the process.
///
/// With `err`, [`traced_stage`](macro@crate::traced_stage) records the type of an error, and the kind of one that implements this. The
/// message of an error, its `Debug` and its sources may hold anything, and are never recorded. Derive it:
///
/// ```
/// use tickspan::{SafeError, traced_stage};
///
/// #[derive(Debug, SafeError)]
/// enum Rejected {
///     TooLarge { limit: u64 },
///     #[safe_error(kind = "venue_halted")]
///     Halted(String),
/// }
///
/// #[traced_stage(err)]
/// fn submit(quantity: u64) -> Result<u64, Rejected> {
///     if quantity > 1_000 {
///         return Err(Rejected::TooLarge { limit: 1_000 });
///     }
///     Ok(quantity)
/// }
///
/// # #[cfg(feature = "init")] {
/// let (result, seen) = tickspan::testing::capture(|| submit(5_000));
/// assert!(seen.tree().contains("tickspan.error.kind=\"TooLarge\""));
/// # result.unwrap_err();
/// # }
/// assert_eq!(Rejected::Halted("by the exchange".to_owned()).kind(), "venue_halted");
/// ```
///
/// The kind of an enum is the name of its variant, that of a struct the name of the type, or what
/// `#[safe_error(kind = "..")]` says, a string literal. Its fields are not looked at.
///
/// # Safety
///
/// The trait is `unsafe` to seal it, as [`AttributeValue`](crate::AttributeValue) is. An implementation promises that what
/// [`kind`](Self::kind) gives stands in the source. Memory safety does not depend on it.
pub unsafe trait SafeError {
    /// The kind of the error: a word of the source.
    fn kind(&self) -> &'static str;
}

macro_rules! pointers {
    ($($ty:ty),+) => {$(
        // SAFETY: the kind of what it points to.
        unsafe impl<T: SafeError + ?Sized> SafeError for $ty {
            #[inline]
            fn kind(&self) -> &'static str {
                T::kind(self)
            }
        }
    )+};
}

pointers!(&T, Box<T>, Rc<T>, Arc<T>);
