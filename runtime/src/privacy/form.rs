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

/// A value that stands alone, in any list, under any key.
pub enum Scalar {}

/// A number that stands alone, in any list, under any key, and may be the amount of an edge; `N` is the number in
/// which edges of it are counted.
pub struct Number<N>(core::marker::PhantomData<N>);

/// A byte, a 16-bit unit or a character: recorded alone, never in a list, where it could spell a key.
pub enum Fragment {}

/// A duration, recorded in seconds.
pub enum Seconds {}

/// Many values, of the form of one of them.
pub struct Many<F>(core::marker::PhantomData<F>);

impl Form for Scalar {
    const SINGLE: bool = true;
    const SECONDS: bool = false;
    type Optional = Self;
}

impl<N> Form for Number<N> {
    const SINGLE: bool = true;
    const SECONDS: bool = false;
    type Optional = Scalar;
}

impl Form for Fragment {
    const SINGLE: bool = true;
    const SECONDS: bool = false;
    type Optional = Self;
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

/// Forms of which there may be a list.
#[diagnostic::on_unimplemented(
    message = "a list of bytes or characters can spell out a key, so it cannot be exported; nor can a list of lists",
    label = "its elements are recorded one by one or not at all",
    note = "record its length, or one element",
    note = "where it is public: `public!(expr, reason = \"...\")`"
)]
pub trait Element: Form {}

impl Element for Scalar {}
#[diagnostic::do_not_recommend]
impl<N> Element for Number<N> {}
impl Element for Seconds {}

/// Forms that are in seconds.
pub trait InSeconds: Form {}

impl InSeconds for Seconds {}
impl<F: InSeconds> InSeconds for Many<F> {}

/// A kind of key.
pub trait Key {
    /// Whether values of a form may stand under it.
    fn fits<F: Form>() -> bool;
}

/// A key that names no unit.
pub struct Plain;

/// A key that the user ended in a name of seconds.
pub struct SaysSeconds;

/// A key that the macro ended in `_seconds`, because the argument's type reads `Duration`.
pub struct AddsSeconds;

impl Key for Plain {
    #[inline]
    fn fits<F: Form>() -> bool {
        !F::SECONDS
    }
}

impl Key for SaysSeconds {
    #[inline]
    fn fits<F: Form>() -> bool {
        true
    }
}

impl Key for AddsSeconds {
    #[inline]
    fn fits<F: Form>() -> bool {
        F::SECONDS
    }
}

/// Forms that fit under keys of the kind `K`, for the compiler to ask.
#[diagnostic::on_unimplemented(
    message = "a `Duration` is recorded in seconds, and its key must say so",
    label = "the key of this value does not name its unit",
    note = "end the key in `_seconds`, as in `timeout_seconds = timeout`"
)]
pub trait Fits<K>: Form {}

impl Fits<Plain> for Scalar {}
impl Fits<Plain> for Fragment {}
impl<F: Fits<Plain>> Fits<Plain> for Many<F> {}
#[diagnostic::do_not_recommend]
impl<N> Fits<Plain> for Number<N> {}
impl<F: Form> Fits<SaysSeconds> for F {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Scalar {}
    impl<N> Sealed for super::Number<N> {}
    impl Sealed for super::Fragment {}
    impl Sealed for super::Seconds {}
    impl<F> Sealed for super::Many<F> {}
}
