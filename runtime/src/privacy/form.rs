//! What a type looks like under a key: whether its unit fits, whether it is one value or many, and whether
//! a list of it may be recorded. The compiler decides all of it; nothing here exists at run time.

/// The form of an [`AttributeValue`](crate::AttributeValue). Sealed.
pub trait Form: sealed::Sealed {
    /// Whether it is one value. Implicit capture records no collections.
    const SINGLE: bool;

    /// Whether it is in seconds.
    const SECONDS: bool;

    /// That of a value which may not be there: the same, but for a number, which has to be there to be counted.
    type Optional: Form;
}

/// A value that stands alone, in any list, under any key: a number, an id, a point in time, a variant's name.
pub enum Scalar {}

/// A number that stands alone, in any list, under any key, and may be the amount of an edge; `N` is the number in
/// which edges of it are counted.
pub struct Number<N>(core::marker::PhantomData<N>);
/// A truth value, or nothing: it carries no data of its own.
pub enum Truth {}

/// A whole number that may not be there: it may be a count, and no amount.
pub enum Integer {}

/// Text that somebody declared public.
pub enum Words {}

/// What somebody declared public under a sensitive name.
pub enum Allowed {}

/// A byte, a 16-bit unit or a character: recorded alone, never in a list, where it could spell a key.
pub enum Fragment {}

/// A duration, recorded in seconds.
pub enum Seconds {}

/// Many values, of the form of one of them.
pub struct Many<F>(core::marker::PhantomData<F>);

/// The key of a map and its value: what holds of a map holds of both.
pub struct Pair<K, V>(core::marker::PhantomData<(K, V)>);

macro_rules! single {
    ($($form:ty => $optional:ty;)+) => {$(
        impl Form for $form {
            const SINGLE: bool = true;
            const SECONDS: bool = false;
            type Optional = $optional;
        }

        // Not what is suggested where a unit is missing.
        #[diagnostic::do_not_recommend]
        impl Fits<Plain> for $form {}
        impl InSeconds for Pair<$form, Seconds> {}
        impl sealed::Sealed for $form {}
    )+};
}

single! {
    Truth => Self;
    Integer => Self;
    Number<i64> => Integer;
    Number<f64> => Scalar;
    Scalar => Self;
    Words => Self;
    Allowed => Self;
    Fragment => Self;
}

#[cfg(feature = "rust_decimal")]
single! {
    Number<rust_decimal::Decimal> => Scalar;
}

impl Form for Seconds {
    const SINGLE: bool = true;
    const SECONDS: bool = true;
    type Optional = Self;
}

impl<F: Form> Form for Many<F> {
    const SINGLE: bool = false;
    const SECONDS: bool = F::SECONDS;
    type Optional = Self;
}

impl<K: Form, V: Form> Form for Pair<K, V> {
    const SINGLE: bool = false;
    const SECONDS: bool = K::SECONDS || V::SECONDS;
    type Optional = Self;
}

/// Forms of which there may be a list.
#[diagnostic::on_unimplemented(
    message = "a list of bytes or characters can spell out a key, so it cannot be exported; nor can a list of lists",
    label = "its elements are recorded one by one or not at all",
    note = "record its length, or one element",
    note = "where it is public: `public!(expr, reason = \"...\")`"
)]
pub trait Element: Form {}

macro_rules! elements {
    ($($form:ty),+) => {$(
        // What an element is like is told by the message, and not by a list of forms.
        #[diagnostic::do_not_recommend]
        impl Element for $form {}
    )+};
}

elements!(Truth, Integer, Scalar, Words, Allowed, Seconds);

#[diagnostic::do_not_recommend]
impl<N> Element for Number<N> where Self: Form {}

/// Forms that are in seconds, or of which a part is.
pub trait InSeconds: Form {}

impl InSeconds for Seconds {}
impl<F: InSeconds> InSeconds for Many<F> {}
impl<V: Form> InSeconds for Pair<Seconds, V> {}

/// A kind of key.
pub trait Key {
    /// Whether values in seconds may stand under it.
    const TAKES_SECONDS: bool;

    /// Whether other values may.
    const TAKES_OTHERS: bool;

    /// Whether values of a form may.
    #[inline]
    fn fits<F: Form>() -> bool {
        if F::SECONDS {
            Self::TAKES_SECONDS
        } else {
            Self::TAKES_OTHERS
        }
    }
}

/// A key that names no unit.
pub struct Plain;

/// A key that the user ended in a name of seconds.
pub struct SaysSeconds;

/// A key that the macro ended in `_seconds`, because the argument's type reads `Duration`.
pub struct AddsSeconds;

impl Key for Plain {
    const TAKES_SECONDS: bool = false;
    const TAKES_OTHERS: bool = true;
}

impl Key for SaysSeconds {
    const TAKES_SECONDS: bool = true;
    const TAKES_OTHERS: bool = true;
}

impl Key for AddsSeconds {
    const TAKES_SECONDS: bool = true;
    const TAKES_OTHERS: bool = false;
}

/// Forms that fit under keys of the kind `K`, for the compiler to ask.
#[diagnostic::on_unimplemented(
    message = "a `Duration` is recorded in seconds, and its key must say so",
    label = "the key of this value does not name its unit",
    note = "end the key in `_seconds`, as in `timeout_seconds = timeout`; of a field, its name or what `rename` says",
    note = "what `ret` records has a key by its type: write that out, `-> Duration`"
)]
pub trait Fits<K>: Form {}

#[diagnostic::do_not_recommend]
impl<F: Fits<Plain>> Fits<Plain> for Many<F> {}
#[diagnostic::do_not_recommend]
impl<K: Fits<Plain>, V: Fits<Plain>> Fits<Plain> for Pair<K, V> {}
impl<F: Form> Fits<SaysSeconds> for F {}

/// A sensitive name under which only truth values may stand.
pub enum Truths {}

/// A sensitive name in the plural: counts may stand under it too.
pub enum Counts {}

/// A sensitive name whose last word says what is told of the thing: whatever is neither text nor bytes may stand
/// under it.
pub enum Measures {}

/// Forms that may stand under a sensitive name of the kind `R`.
pub trait Exempt<R>: Form {}

macro_rules! exempt {
    ($($rule:ident: $($form:ty),+;)+) => {$($(impl Exempt<$rule> for $form {})+)+};
}

exempt! {
    Truths: Truth, Allowed;
    Counts: Truth, Allowed, Integer, Number<i64>, Fragment;
    Measures: Truth, Allowed, Integer, Fragment, Scalar, Seconds;
}

impl<N> Exempt<Measures> for Number<N> where Self: Form {}
impl<F: Exempt<Measures>> Exempt<Measures> for Many<F> {}
impl<K: Exempt<Measures>, V: Exempt<Measures>> Exempt<Measures> for Pair<K, V> {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Seconds {}
    impl<F> Sealed for super::Many<F> {}
    impl<K, V> Sealed for super::Pair<K, V> {}
}
