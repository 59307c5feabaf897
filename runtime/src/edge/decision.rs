//! Whether an edge is worth it, and if not, why not.

use core::convert::Infallible;
use core::error::Error;
use core::fmt;

use super::amount::EdgeNumber;
use super::number::{Fault, Sum as _};
use super::part::{Part, Role};
use crate::privacy::form::Scalar;
use crate::privacy::{AttributeValue, Repr, Value};

/// The sums of an edge, all of them finite and exact as [`EdgeBreakdown`](crate::EdgeBreakdown) says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct EdgeTotals<N> {
    /// What there is to gain before costs; of all legs together.
    pub gross: N,
    /// All costs together; a rebate is a negative one.
    pub cost: N,
    /// What is left: gross less cost.
    pub net: N,
    /// What the net edge has to reach, if the edge says so.
    pub threshold: Option<N>,
}

impl<N: EdgeNumber> EdgeTotals<N> {
    /// Whether the net edge is worth it: it reaches the threshold, or, without one, is above zero.
    pub fn is_worth_it(&self) -> bool {
        match self.threshold {
            Some(threshold) => self.net >= threshold,
            None => self.net.is_positive(),
        }
    }
}

/// Whether to act on an edge.
///
/// ```
/// use tickspan::{EdgeBreakdown, EdgeDecision};
///
/// #[derive(EdgeBreakdown)]
/// #[edge(unit = "USD")]
/// struct Edge {
///     #[edge(gross)]
///     gross: f64,
///     #[edge(cost)]
///     fees: f64,
///     #[edge(threshold)]
///     min_edge: f64,
/// }
///
/// let edge = Edge { gross: 100.0, fees: 5.25, min_edge: 95.0 };
/// match edge.decide() {
///     EdgeDecision::Accept(totals) => println!("{} USD", totals.net),
///     EdgeDecision::Reject(rejection) => {
///         assert_eq!(rejection.code(), "below_threshold");
///         assert_eq!(rejection.to_string(), "net 94.75 USD is below the threshold 95.0 USD");
///     }
/// }
/// ```
///
/// It is plain data: nothing is formatted until somebody asks for its text.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a decision does nothing by itself: act on it, and record it"]
pub enum EdgeDecision<N, R = NoPolicy> {
    /// The edge is worth it.
    Accept(EdgeTotals<N>),
    /// It is not, or nobody can tell.
    Reject(EdgeRejection<N, R>),
}

impl<N, R> EdgeDecision<N, R> {
    /// Whether the edge is worth it.
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accept(_))
    }

    /// Why not, if it is not.
    pub const fn rejection(&self) -> Option<&EdgeRejection<N, R>> {
        match self {
            Self::Accept(_) => None,
            Self::Reject(rejection) => Some(rejection),
        }
    }

    /// The sums, if there are any.
    pub const fn totals(&self) -> Option<&EdgeTotals<N>> {
        match self {
            Self::Accept(totals) => Some(totals),
            Self::Reject(rejection) => rejection.totals.as_ref(),
        }
    }
}

/// Why an edge is not acted on: a code, and the numbers of the decision.
///
/// Its `Display` says what fell short: `net 94.7 USD is below the threshold 95.0 USD`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeRejection<N, R = NoPolicy> {
    reason: EdgeReason<R>,
    totals: Option<EdgeTotals<N>>,
    unit: Option<&'static str>,
}

impl<N, R> EdgeRejection<N, R> {
    /// The reason.
    pub const fn reason(&self) -> &EdgeReason<R> {
        &self.reason
    }

    /// The sums; none where they could not be computed.
    pub const fn totals(&self) -> Option<&EdgeTotals<N>> {
        self.totals.as_ref()
    }
}

impl<N, R: AttributeValue> EdgeRejection<N, R> {
    /// The reason's code, by which metrics count it: `below_threshold`, `not_positive`, `not_a_number`, `infinite`,
    /// `overflow`, or what a policy said.
    pub fn code(&self) -> &str {
        self.reason.code()
    }

    /// The code, to be recorded.
    pub(super) fn code_value(&self) -> Value<'_> {
        match &self.reason {
            EdgeReason::Policy(refusal) => refusal.attribute(),
            other => Value::text(other.code()),
        }
    }
}

/// Why an edge is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EdgeReason<R = NoPolicy> {
    /// The net edge is below the threshold: `below_threshold`.
    BelowThreshold,
    /// There is no threshold, and the net edge is zero or below: `not_positive`.
    NotPositive,
    /// The edge has no sums.
    Fault(EdgeFault),
    /// The policy of [`decide_with`](crate::EdgeBreakdown::decide_with) refused it: its own code.
    Policy(R),
}

impl<R: AttributeValue> EdgeReason<R> {
    /// See [`EdgeRejection::code`].
    pub fn code(&self) -> &str {
        match self {
            Self::BelowThreshold => "below_threshold",
            Self::NotPositive => "not_positive",
            Self::Fault(fault) => fault.code(),
            Self::Policy(refusal) => match refusal.attribute().repr() {
                Repr::Text(text) => text,
                _ => "policy",
            },
        }
    }
}

/// Why an edge has no sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EdgeFault {
    /// This part is not a number: `not_a_number`.
    NotANumber(&'static str),
    /// This part is infinite: `infinite`.
    Infinite(&'static str),
    /// A sum is beyond what its number can hold, or, of decimals, cannot be held exactly: `overflow`.
    Overflow,
}

impl EdgeFault {
    /// See [`EdgeRejection::code`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotANumber(_) => "not_a_number",
            Self::Infinite(_) => "infinite",
            Self::Overflow => "overflow",
        }
    }
}

impl fmt::Display for EdgeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(part) => write!(f, "`{part}` is not a number"),
            Self::Infinite(part) => write!(f, "`{part}` is infinite"),
            Self::Overflow => f.write_str("a sum is beyond what its number can hold exactly"),
        }
    }
}

impl Error for EdgeFault {}

/// The reason of a decision that no policy made: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPolicy(Infallible);

// SAFETY: there is no value of the type.
unsafe impl AttributeValue for NoPolicy {
    type Form = Scalar;

    fn attribute(&self) -> Value<'_> {
        match self.0 {}
    }
}

/// `net 94.7 USD is below the threshold 95.0 USD`.
impl<N: EdgeNumber, R: AttributeValue> fmt::Display for EdgeRejection<N, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |number: N| Amount(number, self.unit);
        match (&self.reason, self.totals) {
            (EdgeReason::Fault(fault), _) => fault.fmt(f),
            (EdgeReason::Policy(_), Some(totals)) => {
                write!(
                    f,
                    "refused by policy: {} (net {})",
                    self.code(),
                    amount(totals.net)
                )
            }
            (EdgeReason::NotPositive, Some(totals)) => {
                write!(f, "net {} is not above zero", amount(totals.net))
            }
            (
                EdgeReason::BelowThreshold,
                Some(EdgeTotals {
                    net,
                    threshold: Some(threshold),
                    ..
                }),
            ) => {
                write!(
                    f,
                    "net {} is below the threshold {}",
                    amount(net),
                    amount(threshold)
                )
            }
            (_, _) => f.write_str(self.code()),
        }
    }
}

/// A number and its unit. `Debug` of a float has the digit after the point that tells an amount from a count.
struct Amount<N>(N, Option<&'static str>);

impl<N: fmt::Debug> fmt::Display for Amount<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(unit) => write!(f, "{:?} {unit}", self.0),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl<N: EdgeNumber, R: AttributeValue + fmt::Debug> Error for EdgeRejection<N, R> {}

/// The sums of the amounts in `values`, each of which is the part at its place.
pub(super) fn totals<N: EdgeNumber>(
    parts: &[Part],
    values: &[Value<'_>],
) -> Result<EdgeTotals<N>, EdgeFault> {
    let (mut gross, mut cost) = (N::Sum::ZERO, N::Sum::ZERO);
    let mut threshold = None;
    for (part, value) in parts.iter().zip(values) {
        match part.role {
            Role::Gross => gross.add(value),
            Role::Cost => cost.add(value),
            Role::Threshold => threshold.insert(N::Sum::ZERO).add(value),
            Role::Context => {}
        }
    }
    let sums = || {
        Some(EdgeTotals {
            gross: gross.total()?,
            cost: cost.total()?,
            net: gross.less(cost).total()?,
            threshold: match threshold {
                Some(threshold) => Some(threshold.total()?),
                None => None,
            },
        })
    };
    sums().ok_or_else(|| fault::<N>(parts, values))
}

/// Why there are no sums: the first amount that is none by itself, or else an overflow.
#[cold]
fn fault<N: EdgeNumber>(parts: &[Part], values: &[Value<'_>]) -> EdgeFault {
    parts
        .iter()
        .zip(values)
        .filter(|(part, _)| part.role != Role::Context)
        .find_map(|(part, value)| {
            Some(match N::fault(value)? {
                Fault::NotANumber => EdgeFault::NotANumber(part.name()),
                Fault::Infinite => EdgeFault::Infinite(part.name()),
            })
        })
        .unwrap_or(EdgeFault::Overflow)
}

/// The rule of [`EdgeTotals::is_worth_it`].
pub(super) fn decide<N: EdgeNumber>(
    totals: Result<EdgeTotals<N>, EdgeFault>,
    unit: Option<&'static str>,
) -> EdgeDecision<N> {
    let (reason, totals) = match totals {
        Ok(totals) if totals.is_worth_it() => return EdgeDecision::Accept(totals),
        Ok(totals) if totals.threshold.is_some() => (EdgeReason::BelowThreshold, Some(totals)),
        Ok(totals) => (EdgeReason::NotPositive, Some(totals)),
        Err(fault) => (EdgeReason::Fault(fault), None),
    };
    EdgeDecision::Reject(EdgeRejection {
        reason,
        totals,
        unit,
    })
}

/// As `policy` says, of an edge that has sums.
pub(super) fn decide_with<N: EdgeNumber, R>(
    totals: Result<EdgeTotals<N>, EdgeFault>,
    unit: Option<&'static str>,
    policy: impl FnOnce(&EdgeTotals<N>) -> Result<(), R>,
) -> EdgeDecision<N, R> {
    let (reason, totals) = match totals {
        Ok(totals) => match policy(&totals) {
            Ok(()) => return EdgeDecision::Accept(totals),
            Err(refusal) => (EdgeReason::Policy(refusal), Some(totals)),
        },
        Err(fault) => (EdgeReason::Fault(fault), None),
    };
    EdgeDecision::Reject(EdgeRejection {
        reason,
        totals,
        unit,
    })
}
