//! Questions that expanded code puts to a type it cannot name: is it proven, is it text, is it neither?
//!
//! Each probe is a wrapper around a reference. Its methods carry bounds, and it dereferences to the
//! probe that is asked next, so method lookup picks the first answer that the type allows. Aliases,
//! nesting and macros make no difference, and a generic parameter without a bound gets the last answer:
//! it fails closed.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use super::form::{self, Exempt, Fits, Form, Key, Words};
use super::strict::Marked;
use super::text::Text;
use super::{AttributeValue, Value};

/// An argument that nobody named: recorded when it is proven, single and fit for its key; else skipped.
pub struct Implicit<'a, K, T: ?Sized>(pub &'a T, pub K);

impl<'a, K: Key, T: AttributeValue> Implicit<'a, K, T> {
    /// The value.
    #[inline]
    pub fn __tickspan_value(self) -> Value<'a> {
        implicit::<K, T>(self.0)
    }
}

impl<K, T: ?Sized> Deref for Implicit<'_, K, T> {
    type Target = Skipped;

    fn deref(&self) -> &Skipped {
        &Skipped
    }
}

/// An argument under a sensitive name: as [`Implicit`], if its type may stand under such a name.
pub struct ImplicitSensitive<'a, K, R, T: ?Sized>(Implicit<'a, K, T>, PhantomData<R>);

impl<'a, K, R, T: ?Sized> ImplicitSensitive<'a, K, R, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T, key: K) -> Self {
        Self(Implicit(value, key), PhantomData)
    }
}

impl<'a, K: Key, R, T: AttributeValue> ImplicitSensitive<'a, K, R, T>
where
    T::Form: Exempt<R>,
{
    /// The value.
    #[inline]
    pub fn __tickspan_value(self) -> Value<'a> {
        implicit::<K, T>(self.0.0)
    }
}

impl<K, R, T: ?Sized> Deref for ImplicitSensitive<'_, K, R, T> {
    type Target = Skipped;

    fn deref(&self) -> &Skipped {
        &Skipped
    }
}

/// An argument under a name of the market vocabulary: as [`Implicit`], and text as well.
pub struct ImplicitText<'a, K, T: ?Sized>(pub TextOrSkipped<'a, T>, pub K);

impl<'a, K: Key, T: AttributeValue> ImplicitText<'a, K, T> {
    /// The value.
    #[inline]
    pub fn __tickspan_value(self) -> Value<'a> {
        implicit::<K, T>(self.0.0)
    }
}

impl<'a, K, T: ?Sized> Deref for ImplicitText<'a, K, T> {
    type Target = TextOrSkipped<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`ImplicitText`].
pub struct TextOrSkipped<'a, T: ?Sized>(pub &'a T);

impl<'a, T: Text + ?Sized> TextOrSkipped<'a, T> {
    /// The text.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        text(self.0)
    }
}

impl<T: ?Sized> Deref for TextOrSkipped<'_, T> {
    type Target = Skipped;

    fn deref(&self) -> &Skipped {
        &Skipped
    }
}

/// The answer to every question that nothing else answered: there is nothing to record.
pub struct Skipped;

impl Skipped {
    /// Nothing.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answers are"
    )]
    pub fn __tickspan_value(&self) -> Value<'static> {
        Value::ABSENT
    }
}

/// Decided when the function is instantiated, so that a generic argument is recorded as its type allows.
#[inline]
pub(super) fn implicit<K: Key, T: AttributeValue>(value: &T) -> Value<'_> {
    if T::Form::SINGLE && K::fits::<T::Form>() {
        value.attribute()
    } else {
        Value::ABSENT
    }
}

#[inline]
pub(super) fn text<T: Text + ?Sized>(value: &T) -> Value<'_> {
    match value.text() {
        Some(text) => Value::text(text),
        None => Value::ABSENT,
    }
}

/// A value that the user asked for by name: recorded when it fits its key.
pub struct Explicit<'a, K, T: ?Sized>(InSeconds<'a, K, T>);

impl<'a, K, T: ?Sized> Explicit<'a, K, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(InSeconds(Unknown(value, PhantomData)))
    }
}

impl<'a, K, T: AttributeValue> Explicit<'a, K, T>
where
    T::Form: Fits<K>,
{
    /// The value.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        self.0.0.0.attribute()
    }
}

impl<'a, K, T: ?Sized> Deref for Explicit<'a, K, T> {
    type Target = InSeconds<'a, K, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`Explicit`]: a duration, and its key does not say so?
pub struct InSeconds<'a, K, T: ?Sized>(Unknown<'a, K, T>);

impl<'a, K, T: AttributeValue> InSeconds<'a, K, T>
where
    T::Form: form::InSeconds,
{
    /// Refused.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a>
    where
        T::Form: Fits<K>,
    {
        self.0.0.attribute()
    }
}

impl<'a, K, T: ?Sized> Deref for InSeconds<'a, K, T> {
    type Target = Unknown<'a, K, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The third question of [`Explicit`]: proven, of a form that a generic function does not know?
pub struct Unknown<'a, K, T: ?Sized>(&'a T, PhantomData<K>);

impl<'a, K: Key, T: AttributeValue> Unknown<'a, K, T> {
    /// The value; skipped where the function is instantiated with a duration and the key does not say so.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        if K::fits::<T::Form>() {
            self.0.attribute()
        } else {
            Value::ABSENT
        }
    }
}

impl<K, T: ?Sized> Deref for Unknown<'_, K, T> {
    type Target = Withheld<T>;

    fn deref(&self) -> &Withheld<T> {
        &Withheld(Refused(PhantomData))
    }
}

/// The fourth question of [`Explicit`]: a `Sensitive`?
pub struct Withheld<T: ?Sized>(Refused<T>);

impl<T: Marked> Withheld<T> {
    /// Refused.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answers are"
    )]
    pub fn __tickspan_value(&self) -> Value<'static>
    where
        T: Recordable,
    {
        Value::ABSENT
    }
}

impl<T: ?Sized> Deref for Withheld<T> {
    type Target = Refused<T>;

    fn deref(&self) -> &Refused<T> {
        &self.0
    }
}

/// What no [`Sensitive`](super::Sensitive) is.
#[diagnostic::on_unimplemented(
    message = "a `Sensitive` is never recorded: remove it",
    label = "this is a `Sensitive`"
)]
pub trait Recordable {}

/// A value under a sensitive name, on its way to the gate of that name.
pub struct Approaching<'a, T: ?Sized>(NotWithheld<'a, T>);

impl<'a, T: ?Sized> Approaching<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(NotWithheld(value))
    }
}

impl<T: Marked + ?Sized> Approaching<'_, T> {
    /// Refused; the gate is given what passes it, for there is no more to say.
    #[inline]
    pub fn __tickspan_passed(&self) -> &'static bool
    where
        T: Recordable,
    {
        &false
    }
}

impl<'a, T: ?Sized> Deref for Approaching<'a, T> {
    type Target = NotWithheld<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`Approaching`].
pub struct NotWithheld<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> NotWithheld<'a, T> {
    /// The value.
    #[inline]
    pub const fn __tickspan_passed(&self) -> &'a T {
        self.0
    }
}

/// The answer of [`Explicit`] for what is not proven: the compiler refuses it.
pub struct Refused<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Refused<T> {
    /// Refused.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answers are"
    )]
    pub fn __tickspan_value(&self) -> Value<'static>
    where
        T: AttributeValue,
    {
        Value::ABSENT
    }
}

/// A value that the user asked for, whose own name is of the market vocabulary or whose text stands in
/// the source: text is recorded, and everything else must be proven.
pub struct ExplicitText<'a, K, T: ?Sized>(Explicit<'a, K, T>, &'a T);

impl<'a, K, T: ?Sized> ExplicitText<'a, K, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(Explicit::new(value), value)
    }
}

impl<'a, K, T: Text + ?Sized> ExplicitText<'a, K, T> {
    /// The text.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        text(self.1)
    }
}

impl<'a, K, T: ?Sized> Deref for ExplicitText<'a, K, T> {
    type Target = Explicit<'a, K, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The field of a derived type, which the type's form has proven.
pub struct Held<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Held<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(value)
    }
}

impl<'a, T: AttributeValue + ?Sized> Held<'a, T> {
    /// The value.
    #[inline]
    pub fn __tickspan_value(&self) -> Value<'a> {
        self.0.attribute()
    }
}

impl<T: ?Sized> Deref for Held<'_, T> {
    type Target = Skipped;

    fn deref(&self) -> &Skipped {
        &Skipped
    }
}

/// What `public!` makes of its expression: proven values as they are, text as text, and the rest by its
/// `Display`.
pub struct Public<'a, T: ?Sized>(PublicText<'a, T>);

impl<'a, T: ?Sized> Public<'a, T> {
    /// Asks about `value`; before it stands what the inventory is told.
    #[inline]
    pub const fn new((): (), value: &'a T) -> Self {
        Self(PublicText(PublicDisplay(value)))
    }
}

impl<'a, T: AttributeValue> Public<'a, T> {
    /// The value, as it would be recorded without `public!`.
    #[inline]
    pub fn __tickspan_open(&self) -> Opened<'a, T::Form> {
        Opened(self.0.0.0.attribute(), PhantomData)
    }
}

impl<'a, T: ?Sized> Deref for Public<'a, T> {
    type Target = PublicText<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The second question of [`Public`].
pub struct PublicText<'a, T: ?Sized>(PublicDisplay<'a, T>);

impl<'a, T: Text + ?Sized> PublicText<'a, T> {
    /// The text.
    #[inline]
    pub fn __tickspan_open(&self) -> Opened<'a, Words> {
        Opened(text(self.0.0), PhantomData)
    }
}

impl<'a, T: ?Sized> Deref for PublicText<'a, T> {
    type Target = PublicDisplay<'a, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The last question of [`Public`].
pub struct PublicDisplay<'a, T: ?Sized>(&'a T);

impl<'a, T> PublicDisplay<'a, T> {
    /// The value's `Display`, written when the record is read.
    #[inline]
    pub fn __tickspan_open(&self) -> Opened<'a, Words>
    where
        T: Displayed,
    {
        Opened(displayed(self.0), PhantomData)
    }
}

/// A value that somebody declared public, in place.
#[derive(Clone)]
pub struct Opened<'a, F>(Value<'a>, PhantomData<F>);

// SAFETY: `public!` was written around it, with a reason; memory safety does not depend on it.
unsafe impl<F: Form> AttributeValue for Opened<'_, F> {
    type Form = F;

    #[inline]
    fn attribute(&self) -> Value<'_> {
        self.0.clone()
    }
}

/// What can be opened as text that its `Display` writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no public form: it is neither proven, nor text, nor does it implement `Display`",
    label = "there is nothing to record of `{Self}`",
    note = "name a part of it, or implement `Display` for it; of a type parameter, ask for it: `T: std::fmt::Display`"
)]
pub trait Displayed: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display> Displayed for T {}

/// A value that somebody declared public, as the text that its `Display` writes when the record is read.
#[inline]
pub fn displayed<T: Displayed>(value: &T) -> Value<'_> {
    Value::displayed(value)
}
