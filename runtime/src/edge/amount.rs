//! What may be an amount of an edge, and the number in which edges of it are counted.

use core::fmt;

use super::number::{Fault, Sum};
use crate::privacy::form::{Form, Number};
use crate::privacy::{AttributeValue, Value};

/// A type whose values may be amounts of an [`EdgeBreakdown`](crate::EdgeBreakdown): `f32`, `f64`, integers of 16 to 64
/// bits, with the feature `rust_decimal` its `Decimal`, and newtypes over these that derive [`AttributeValue`].
///
/// ```
/// use tickspan::{AttributeValue, EdgeBreakdown};
///
/// #[derive(AttributeValue, Clone, Copy)]
/// struct Usd(f64);
///
/// #[derive(EdgeBreakdown)]
/// struct Edge {
///     #[edge(gross)]
///     gross: Usd,
///     #[edge(cost)]
///     fees: Usd,
/// }
///
/// let edge = Edge { gross: Usd(1.5), fees: Usd(0.25) };
/// assert_eq!(edge.net_edge(), Ok(1.25));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no amount: an edge is made of numbers",
    label = "expected `f64`, an integer of 16 to 64 bits, `Decimal`, or a newtype over one of these",
    note = "a newtype: `#[derive(AttributeValue)] struct Usd(f64);`, without `#[public(..)]`",
    note = "`rust_decimal::Decimal` is one with the feature `rust_decimal`"
)]
pub trait EdgeAmount: AttributeValue {
    /// The number in which edges of this amount are counted.
    type Number: EdgeNumber;
}

#[diagnostic::do_not_recommend]
impl<T> EdgeAmount for T
where
    T: AttributeValue,
    T::Form: IsNumber,
{
    type Number = <T::Form as IsNumber>::Number;
}

/// Forms of numbers.
pub trait IsNumber: Form {
    /// See [`EdgeAmount::Number`].
    type Number: EdgeNumber;
}

impl<N: EdgeNumber> IsNumber for Number<N>
where
    Self: Form,
{
    type Number = N;
}

/// The number in which an edge is counted: `f64` for floating-point amounts, `i64` for integers, `Decimal` for decimals.
///
/// Sealed: the three are all there are.
pub trait EdgeNumber: Copy + PartialOrd + fmt::Debug + Send + Sync + 'static {
    /// A sum on its way.
    #[doc(hidden)]
    type Sum: Sum<Self>;

    /// Whether it is above zero.
    #[doc(hidden)]
    fn is_positive(self) -> bool;

    /// The number, to be recorded.
    #[doc(hidden)]
    fn value(self) -> Value<'static>;

    /// What is wrong with an amount by itself.
    #[doc(hidden)]
    fn fault(amount: &Value<'_>) -> Option<Fault>;
}

/// Amounts of one type with `G`, for the compiler to ask.
#[diagnostic::on_unimplemented(
    message = "all amounts of an edge are of one type: `{Self}` is not `{G}`",
    label = "expected `{G}`, the type of the first amount"
)]
pub trait SameAmount<G> {}

impl<T> SameAmount<T> for T {}

/// Asks whether an amount is of the type `G`.
#[inline]
pub const fn same_amount<G, T: SameAmount<G>>() {}
