//! Edges: what a trade would gain, what it would cost, and whether to take it.
//!
//! Plain arithmetic on plain data. Nothing here records; [`crate::record`] does, when it is asked to.

mod amount;
mod decision;
mod number;
mod part;

pub use amount::{EdgeAmount, EdgeNumber, same_amount};
pub use decision::{EdgeDecision, EdgeFault, EdgeReason, EdgeRejection, EdgeTotals, NoPolicy};
pub(crate) use part::COMPUTED;
pub use part::{
    EdgeSite, Part, Role, check_leg, event_keys, event_keys_len, join_parts, leg_bytes, leg_len,
    leg_parts, one_unit,
};

use crate::privacy::mark::Masked;
use crate::privacy::{AttributeValue, Value};
use crate::record::{Acknowledgement, left_out, record_edge};

/// The number in which the edge `E` is counted: `f64`, `i64` or `Decimal`.
pub type EdgeNumberOf<E> = <<E as EdgeBreakdown>::Amount as EdgeAmount>::Number;

/// A trade that could be made: what it would gain, what it would cost, and what has to be left.
///
/// Derive it; see [the derive](derive@crate::EdgeBreakdown) for the marks of fields.
///
/// ```
/// use tickspan::EdgeBreakdown;
///
/// #[derive(EdgeBreakdown)]
/// #[edge(unit = "USD")]
/// struct Edge {
///     #[edge(gross)]
///     gross: f64,
///     #[edge(cost)]
///     fees: f64,
///     #[edge(cost)]
///     slippage: f64,
///     #[edge(threshold)]
///     min_edge: f64,
/// }
///
/// let edge = Edge { gross: 120.0, fees: 15.0, slippage: 9.5, min_edge: 95.0 };
/// assert_eq!(edge.total_cost(), Ok(24.5));
/// assert_eq!(edge.net_edge(), Ok(95.5));
///
/// let decision = edge.decide();
/// edge.record(&decision);
/// assert!(decision.is_accepted());
/// ```
///
/// # Arithmetic
///
/// Net is gross less all costs. A negative cost is a rebate and adds.
///
/// | amounts | sums | what has no sum |
/// |---|---|---|
/// | `f32`, `f64` | of IEEE 754, as `f64`, in the order of the fields | an amount that is not a number or infinite; a sum beyond `f64::MAX` |
/// | integers | exact, as `i64` | a sum, or the threshold, beyond `i64` |
/// | `Decimal` | exact, as `Decimal` | a sum with more digits than a `Decimal` holds: it is not rounded. Sums have 38 digits on their way |
///
/// An edge without sums is rejected, with the [fault](EdgeFault) as its reason. Nothing panics, and nothing is accepted
/// that could not be computed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no edge",
    label = "a leg is a struct that derives `EdgeBreakdown` itself",
    note = "an amount is marked `#[edge(gross)]`, `#[edge(cost)]` or `#[edge(threshold)]`"
)]
pub trait EdgeBreakdown {
    /// The type of its amounts.
    type Amount: EdgeAmount;

    #[doc(hidden)]
    const PARTS: &'static [Part];

    #[doc(hidden)]
    const UNIT: Option<&'static str>;

    #[doc(hidden)]
    fn __tickspan_site() -> &'static EdgeSite;

    /// Gives the values of the parts to `run`, behind what is computed. Without that the edge is not recorded, and what is
    /// left of marked parts is not made.
    #[doc(hidden)]
    fn __tickspan_with<'v, R>(
        &'v self,
        computed: Computed<'v>,
        run: impl FnOnce(&[Value<'_>]) -> R,
    ) -> R;

    /// All costs together.
    ///
    /// # Errors
    ///
    /// [`EdgeFault`] where the edge has no sums.
    fn total_cost(&self) -> Result<EdgeNumberOf<Self>, EdgeFault>
    where
        Self: Sized,
    {
        totals(self).map(|totals| totals.cost)
    }

    /// Gross less all costs.
    ///
    /// # Errors
    ///
    /// [`EdgeFault`] where the edge has no sums.
    fn net_edge(&self) -> Result<EdgeNumberOf<Self>, EdgeFault>
    where
        Self: Sized,
    {
        totals(self).map(|totals| totals.net)
    }

    /// Whether to take it: if the net edge reaches the threshold, or, without one, is above zero.
    fn decide(&self) -> EdgeDecision<EdgeNumberOf<Self>>
    where
        Self: Sized,
    {
        decision::decide(totals(self), Self::__tickspan_site().unit)
    }

    /// Whether to take it, as `policy` says in place of the threshold; its error is the reason. A policy is not asked about
    /// an edge without sums: that is rejected.
    ///
    /// ```
    /// use tickspan::{AttributeValue, EdgeBreakdown};
    ///
    /// #[derive(EdgeBreakdown)]
    /// struct Edge {
    ///     #[edge(gross)]
    ///     gross: i64,
    ///     #[edge(cost)]
    ///     fees: i64,
    /// }
    ///
    /// /// Its variants are the codes by which rejections are counted.
    /// #[derive(AttributeValue, Clone, Copy, Debug)]
    /// enum Refused {
    ///     NotWorthIt,
    ///     StaleBook,
    /// }
    ///
    /// let stale = true;
    /// let edge = Edge { gross: 120, fees: 15 };
    /// let decision = edge.decide_with(|totals| match stale {
    ///     true => Err(Refused::StaleBook),
    ///     false if totals.net < 100 => Err(Refused::NotWorthIt),
    ///     false => Ok(()),
    /// });
    /// edge.record(&decision);
    /// let rejection = decision.rejection().expect("the book is stale");
    /// assert_eq!(rejection.to_string(), "refused by policy: StaleBook (net 105)");
    /// ```
    fn decide_with<R: AttributeValue>(
        &self,
        policy: impl FnOnce(&EdgeTotals<EdgeNumberOf<Self>>) -> Result<(), R>,
    ) -> EdgeDecision<EdgeNumberOf<Self>, R>
    where
        Self: Sized,
    {
        decision::decide_with(totals(self), Self::__tickspan_site().unit, policy)
    }

    /// Records the edge and what was decided: an event `edge` on the current span, with each part, and, after
    /// [`init`](crate::init), metrics and the table of the summary.
    ///
    /// Never fails and never blocks; after `init` it allocates nothing. The exception is a recorder with an audit, for which it
    /// waits, and of which it tells whether the edge is kept.
    fn record<R: AttributeValue>(
        &self,
        decision: &EdgeDecision<EdgeNumberOf<Self>, R>,
    ) -> Acknowledgement
    where
        Self: Sized,
    {
        let site = Self::__tickspan_site();
        if !site.event.is_enabled() {
            return left_out();
        }
        let decided = match decision {
            EdgeDecision::Accept(_) => ("accept", Value::ABSENT),
            EdgeDecision::Reject(rejection) => ("reject", rejection.code_value()),
        };
        let totals = decision.totals();
        let sum = |of: fn(&EdgeTotals<_>) -> EdgeNumberOf<Self>| {
            totals.map_or(Value::ABSENT, |totals| EdgeNumber::value(of(totals)))
        };
        let computed = [
            Value::text(site.name),
            site.unit.map_or(Value::ABSENT, Value::text),
            sum(|totals| totals.cost),
            sum(|totals| totals.net),
            Value::text(decided.0),
            decided.1,
        ];
        self.__tickspan_with(Some(computed), |values| record_edge(site, values))
    }
}

/// What is computed of an edge, where it is recorded.
pub type Computed<'v> = Option<[Value<'v>; COMPUTED]>;

/// What is computed, or places for it.
#[inline]
pub fn computed(computed: Computed<'_>) -> [Value<'_>; COMPUTED] {
    computed.unwrap_or([const { Value::ABSENT }; COMPUTED])
}

/// For a leg, of which nothing is computed: whether its edge is recorded.
#[inline]
pub fn computed_of_leg(computed: &Computed<'_>) -> Computed<'static> {
    computed
        .as_ref()
        .map(|_| [const { Value::ABSENT }; COMPUTED])
}

/// What is left of a marked part, where it was made.
#[inline]
pub fn masked<'m>(masked: &'m Option<Masked<'_>>) -> Value<'m> {
    masked.as_ref().map_or(Value::ABSENT, Masked::value)
}

#[inline]
fn totals<E: EdgeBreakdown>(edge: &E) -> Result<EdgeTotals<EdgeNumberOf<E>>, EdgeFault> {
    edge.__tickspan_with(None, |values| {
        decision::totals(E::PARTS, values.get(COMPUTED..).unwrap_or_default())
    })
}

/// The values of an edge with legs: what is computed, those of the legs, its own.
#[inline]
pub fn join_values<'v, const COUNT: usize>(
    computed: [Value<'v>; COMPUTED],
    legs: &[&[Value<'v>]],
    own: &[Value<'v>],
) -> [Value<'v>; COUNT] {
    let mut all = [const { Value::ABSENT }; COUNT];
    let (places, mut rest) = all.split_at_mut(COMPUTED.min(COUNT));
    for (place, value) in places.iter_mut().zip(computed) {
        *place = value;
    }
    let of_legs = legs
        .iter()
        .map(|leg| leg.get(COMPUTED..).unwrap_or_default());
    for values in of_legs.chain([own]) {
        let (places, after) = rest.split_at_mut(values.len().min(rest.len()));
        for (place, value) in places.iter_mut().zip(values) {
            place.clone_from(value);
        }
        rest = after;
    }
    all
}
