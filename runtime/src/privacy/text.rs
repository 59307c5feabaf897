//! Text that may be opened by its name or its source: what counts as text.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Text held in a value. Sealed: a type of a user's own says so by deriving `AttributeValue`.
pub trait Text: sealed::Sealed {
    /// The text, if there is one.
    fn text(&self) -> Option<&str>;
}

impl Text for str {
    #[inline]
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for String {
    #[inline]
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for Cow<'_, str> {
    #[inline]
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: Text> Text for Option<T> {
    #[inline]
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(T::text)
    }
}

macro_rules! pointers {
    ($($ty:ty),+) => {$(
        impl<T: Text + ?Sized> Text for $ty {
            #[inline]
            fn text(&self) -> Option<&str> {
                T::text(self)
            }
        }

        impl<T: Text + ?Sized> sealed::Sealed for $ty {}
    )+};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

mod sealed {
    pub trait Sealed {}
    impl Sealed for str {}
    impl Sealed for String {}
    impl Sealed for std::borrow::Cow<'_, str> {}
    impl<T: super::Text> Sealed for Option<T> {}
}
