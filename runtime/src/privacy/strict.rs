//! The probes of arguments in crates whose `tickspan.toml` is strict: what [`super::probe`] would skip in silence is a
//! compile error here.

use core::marker::PhantomData;
use core::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::form::{Exempt, Key, Many};
use super::probe::{implicit, text};
use super::text::Text;
use super::{AttributeValue, Class, Sensitive, Value};

/// An argument that nobody named: recorded when it is proven and single. First question: is it a collection?
pub struct Strict<'a, K, T: ?Sized>(StrictOne<'a, K, T>);

impl<'a, K, T: ?Sized> Strict<'a, K, T> {
    /// Asks about `value`.
    #[inline]
    pub fn new(value: &'a T, _key: K) -> Self {
        Self(StrictOne(value, PhantomData))
    }
}

impl<F, K, T: AttributeValue<Form = Many<F>>> Strict<'_, K, T> {
    /// Refused: collections are recorded only when named.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'static>
    where
        T: Marked,
    {
        Value::ABSENT
    }
}

impl<'a, K, T: ?Sized> Deref for Strict<'a, K, T> {
    type Target = StrictOne<'a, K, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`Strict`]: is it proven?
pub struct StrictOne<'a, K, T: ?Sized>(&'a T, PhantomData<K>);

impl<'a, K: Key, T: AttributeValue> StrictOne<'a, K, T> {
    /// The value.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        implicit::<K, T>(self.0)
    }
}

impl<K, T: ?Sized> Deref for StrictOne<'_, K, T> {
    type Target = Refused<T>;

    fn deref(&self) -> &Refused<T> {
        &Refused(PhantomData)
    }
}

/// An argument under a name of the market vocabulary: as [`Strict`], and text as well.
pub struct StrictText<'a, K, T: ?Sized>(Strict<'a, K, T>);

impl<'a, K, T: ?Sized> StrictText<'a, K, T> {
    /// Asks about `value`.
    #[inline]
    pub fn new(value: &'a T, _key: K) -> Self {
        Self(Strict(StrictOne(value, PhantomData)))
    }
}

impl<'a, K, T: Text + ?Sized> StrictText<'a, K, T> {
    /// The text.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        text(self.0.0.0)
    }
}

impl<'a, K, T: ?Sized> Deref for StrictText<'a, K, T> {
    type Target = Strict<'a, K, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The last answer for an argument that is not proven: the compiler refuses it, unless it is marked.
pub struct Refused<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Refused<T> {
    /// Refused, or nothing.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answers are"
    )]
    pub fn __tickspan_value(&self) -> Value<'static>
    where
        T: Marked,
    {
        Value::ABSENT
    }
}

/// An argument under a sensitive name: recorded if its type may stand under such a name.
pub struct StrictSensitive<'a, K, R, T: ?Sized>(&'a T, PhantomData<(K, R)>, RefusedName<T>);

impl<'a, K, R, T: ?Sized> StrictSensitive<'a, K, R, T> {
    /// Asks about `value`.
    #[inline]
    pub fn new(value: &'a T, _key: K) -> Self {
        Self(value, PhantomData, RefusedName(PhantomData))
    }
}

impl<'a, K: Key, R, T: AttributeValue> StrictSensitive<'a, K, R, T>
where
    T::Form: Exempt<R>,
{
    /// The value.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        implicit::<K, T>(self.0)
    }
}

impl<K, R, T: ?Sized> Deref for StrictSensitive<'_, K, R, T> {
    type Target = RefusedName<T>;

    fn deref(&self) -> &RefusedName<T> {
        &self.2
    }
}

/// The last answer for an argument under a sensitive name.
pub struct RefusedName<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> RefusedName<T> {
    /// Refused, or nothing.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answers are"
    )]
    pub fn __tickspan_value(&self) -> Value<'static>
    where
        T: MarkedName,
    {
        Value::ABSENT
    }
}

macro_rules! marked {
    ($($(#[$attribute:meta])* $name:ident;)+) => {$(
        $(#[$attribute])*
        pub trait $name {}

        impl<T: zeroize::Zeroize, C: Class> $name for Sensitive<T, C> {}
        marked!(@pointers $name: &T, &mut T, Box<T>, Rc<T>, Arc<T>);
        impl<T: $name> $name for Option<T> {}
    )+};
    (@pointers $name:ident: $($ty:ty),+) => {$(
        impl<T: $name + ?Sized> $name for $ty {}
    )+};
}

marked! {
    /// What is skipped by its own word.
    #[diagnostic::on_unimplemented(
        message = "this argument would be skipped, and `tickspan.toml` is strict",
        label = "`{Self}` is not recorded by itself",
        note = "to leave it out, say so: `skip(book)`, or `skip_all`, or a name that begins with `_`",
        note = "what is proven of it may be recorded beside that: `skip(book), fields(depth = book.len())`"
    )]
    Marked;

    /// What is skipped by its own word under a sensitive name.
    #[diagnostic::on_unimplemented(
        message = "this argument would be skipped for its sensitive name, and `tickspan.toml` is strict",
        label = "`{Self}` is not recorded under this name",
        note = "to keep it out, say so: `skip(..)`, or hold it in a `Sensitive`",
        note = "if it is something else, give it a name that says so"
    )]
    MarkedName;
}
