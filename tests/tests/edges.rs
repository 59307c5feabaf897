//! Edges: what is summed, what is decided, what the event says.

use proptest::prelude::*;
use rust_decimal::Decimal;
use tickspan::testing::capture;
use tickspan::{
    AttributeValue, EdgeAmount, EdgeBreakdown, EdgeDecision, EdgeFault, EdgeReason, traced_stage,
};

#[derive(EdgeBreakdown)]
#[edge(unit = "USD")]
struct Edge {
    #[edge(gross)]
    gross: Decimal,
    #[edge(cost)]
    fees: Decimal,
    #[edge(cost)]
    slippage: Decimal,
    #[edge(cost, rename = "network")]
    gas: Decimal,
    #[edge(threshold)]
    least: Decimal,
    #[edge(context)]
    symbol: String,
    #[edge(skip)]
    note: String,
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn edge(fees: &str) -> Edge {
    Edge {
        gross: decimal("100.0"),
        fees: decimal(fees),
        slippage: decimal("2.5"),
        gas: decimal("-0.2"),
        least: decimal("95.0"),
        symbol: "AAPL".to_owned(),
        note: "nobody sees this".to_owned(),
    }
}

#[traced_stage]
fn decide(edge: &Edge) -> EdgeDecision<Decimal> {
    let decision = edge.decide();
    edge.record(&decision);
    decision
}

#[test]
fn an_edge_is_one_event_with_each_part() {
    let edge = edge("3.0");
    let (decision, seen) = capture(|| decide(&edge));
    assert_eq!(
        decision
            .rejection()
            .expect("too little is left")
            .to_string(),
        "net 94.7 USD is below the threshold 95.0 USD"
    );
    assert_eq!(
        seen.tree(),
        "decide\n\
         - edge edge.name=\"edge\" edge.unit=\"USD\" edge.total_cost=\"5.3\" edge.net=\"94.7\" \
         edge.decision=\"reject\" edge.reason=\"below_threshold\" edge.gross=\"100.0\" edge.fees=\"3.0\" \
         edge.slippage=\"2.5\" edge.network=\"-0.2\" edge.threshold=\"95.0\" symbol=\"AAPL\"\n"
    );
    assert_eq!(edge.note, "nobody sees this");
}

#[test]
fn what_reaches_the_threshold_is_accepted_and_has_no_reason() {
    let (decision, seen) = capture(|| decide(&edge("2.7")));
    let totals = decision.totals().expect("sums");
    assert!(decision.is_accepted());
    assert_eq!(
        (totals.net, totals.threshold),
        (decimal("95.0"), Some(decimal("95")))
    );
    let tree = seen.tree();
    assert!(
        tree.contains("edge.decision=\"accept\" edge.gross"),
        "{tree}"
    );
}

/// Without a threshold, without a unit.
#[derive(EdgeBreakdown, Clone, Copy, Debug)]
#[edge(name = "bare", level = "debug", target = "edges")]
struct Bare<N: EdgeAmount> {
    #[edge(gross)]
    gross: N,
    #[edge(cost)]
    cost: N,
    #[edge(cost)]
    other: N,
}

fn bare<N: EdgeAmount>(gross: N, cost: N, other: N) -> Bare<N> {
    Bare { gross, cost, other }
}

fn text_of<N: EdgeAmount>(edge: &Bare<N>) -> String {
    match edge.decide() {
        EdgeDecision::Accept(totals) => format!("{:?}", totals.net),
        EdgeDecision::Reject(rejection) => format!("{}: {rejection}", rejection.code()),
    }
}

#[test]
fn without_a_threshold_more_than_nothing_has_to_be_left() {
    assert_eq!(text_of(&bare(3, 1, 1)), "1");
    assert_eq!(
        text_of(&bare(2, 1, 1)),
        "not_positive: net 0 is not above zero"
    );
    assert_eq!(
        text_of(&bare(0.5, 1.0, 0.0)),
        "not_positive: net -0.5 is not above zero"
    );
}

#[test]
fn a_negative_cost_is_a_rebate_and_adds() {
    assert_eq!(text_of(&bare(1.0, -0.25, 0.0)), "1.25");
    assert_eq!(bare(-1_i64, -3, 0).total_cost(), Ok(-3));
    assert_eq!(text_of(&bare(-1, -3, 0)), "2");
}

#[test]
fn what_cannot_be_computed_is_rejected_with_its_own_reason() {
    let fault = "a sum is beyond what its number can hold exactly";
    for (edge, text) in [
        (
            bare(f64::NAN, 1.0, 0.0),
            "not_a_number: `gross` is not a number",
        ),
        (
            bare(9.0, f64::NAN, 0.0),
            "not_a_number: `cost` is not a number",
        ),
        (
            bare(f64::INFINITY, 1.0, 0.0),
            "infinite: `gross` is infinite",
        ),
        (
            bare(9.0, f64::NEG_INFINITY, 0.0),
            "infinite: `cost` is infinite",
        ),
        (
            bare(f64::INFINITY, f64::INFINITY, 0.0),
            "infinite: `gross` is infinite",
        ),
        (
            bare(f64::MAX, -f64::MAX, 0.0),
            &format!("overflow: {fault}"),
        ),
        (bare(0.0, f64::MAX, f64::MAX), &format!("overflow: {fault}")),
    ] {
        assert_eq!(text_of(&edge), text, "{edge:?}");
        let ((), seen) = capture(|| {
            let _stage = tickspan::stage!("risk");
            edge.record(&edge.decide());
        });
        assert!(
            seen.tree().contains("edge.decision=\"reject\""),
            "{}",
            seen.tree()
        );
        assert!(!seen.tree().contains("edge.net"), "{}", seen.tree());
    }
    let overflow = format!("overflow: {fault}");
    assert_eq!(text_of(&bare(i64::MAX, -1, 0)), overflow);
    assert_eq!(text_of(&bare(u64::MAX, 0, 0)), overflow);
    assert_eq!(
        text_of(&bare(Decimal::MAX, -Decimal::ONE, Decimal::ZERO)),
        overflow
    );
    // 29 digits are there for the sum, 30 would be needed.
    assert_eq!(
        text_of(&bare(Decimal::MAX, decimal("0.1"), Decimal::ZERO)),
        overflow
    );
    assert_eq!(
        bare(f64::NAN, 1.0, 0.0).net_edge(),
        Err(EdgeFault::NotANumber("gross"))
    );
}

#[test]
fn integers_are_summed_beyond_their_own_type() {
    assert_eq!(bare(5_u32, 9, 0).net_edge(), Ok(-4));
    assert_eq!(bare(i64::MAX, i64::MAX, -1).net_edge(), Ok(1));
    assert_eq!(bare(5_u8.into(), 1_i16, 0).net_edge(), Ok(4));
}

#[derive(AttributeValue, Clone, Copy, Debug, PartialEq)]
struct Bps(f64);

#[test]
fn newtypes_over_numbers_are_amounts() {
    assert_eq!(bare(Bps(5.0), Bps(1.5), Bps(0.0)).net_edge(), Ok(3.5));
}

#[derive(EdgeBreakdown)]
struct Leg<'a> {
    #[edge(gross)]
    gross: i64,
    #[edge(cost)]
    fees: i64,
    #[edge(threshold)]
    least: i64,
    #[edge(context)]
    venue: &'a str,
}

#[derive(EdgeBreakdown)]
#[edge(name = "two_legs", level = "debug")]
struct TwoLegs<'a> {
    #[edge(leg)]
    buy: Leg<'a>,
    #[edge(leg, rename = "out")]
    sell: Leg<'a>,
    #[edge(cost)]
    transfer: i64,
}

#[derive(EdgeBreakdown)]
struct Nested<'a> {
    #[edge(gross)]
    carry: i64,
    #[edge(leg)]
    both: TwoLegs<'a>,
}

fn two_legs<'a>() -> TwoLegs<'a> {
    let leg = |gross, fees, venue| Leg {
        gross,
        fees,
        least: 1_000,
        venue,
    };
    TwoLegs {
        buy: leg(5, 2, "XNAS"),
        sell: leg(9, 3, "BATS"),
        transfer: 1,
    }
}

#[test]
fn legs_sum_up_and_are_told_one_by_one() {
    let edge = two_legs();
    assert_eq!((edge.total_cost(), edge.net_edge()), (Ok(6), Ok(8)));
    let ((), seen) = capture(|| {
        let _stage = tickspan::stage!("find");
        edge.record(&edge.decide());
    });
    assert_eq!(
        seen.tree(),
        "find\n\
         - edge edge.name=\"two_legs\" edge.total_cost=6 edge.net=8 edge.decision=\"accept\" \
         edge.buy.gross=5 edge.buy.fees=2 edge.buy.threshold=1000 buy.venue=\"XNAS\" \
         edge.out.gross=9 edge.out.fees=3 edge.out.threshold=1000 out.venue=\"BATS\" edge.transfer=1\n"
    );
}

#[test]
fn legs_may_have_legs_beside_a_gross_amount_of_their_edge() {
    let edge = Nested {
        carry: 100,
        both: two_legs(),
    };
    assert_eq!((edge.total_cost(), edge.net_edge()), (Ok(6), Ok(108)));
    let ((), seen) = capture(|| {
        let _stage = tickspan::stage!("find");
        edge.record(&edge.decide());
    });
    let tree = seen.tree();
    assert!(tree.contains("edge.both.buy.fees=2 "), "{tree}");
    assert!(tree.contains(" both.out.venue=\"BATS\" "), "{tree}");
    assert!(
        tree.contains(" edge.both.transfer=1 edge.gross=100\n"),
        "{tree}"
    );
}

#[derive(AttributeValue, Clone, Copy, Debug, PartialEq)]
enum Refused {
    StaleBook,
}

#[test]
fn a_policy_decides_in_place_of_the_threshold_but_not_about_what_has_no_sums() {
    let lenient = edge("3.0").decide_with(|_| Ok::<(), Refused>(()));
    assert!(lenient.is_accepted());

    let edge = edge("2.7");
    let strict = edge.decide_with(|totals| {
        assert!(totals.is_worth_it());
        Err(Refused::StaleBook)
    });
    let rejection = strict.rejection().expect("refused");
    assert_eq!(rejection.reason(), &EdgeReason::Policy(Refused::StaleBook));
    assert_eq!(
        (rejection.code(), rejection.to_string().as_str()),
        ("StaleBook", "refused by policy: StaleBook (net 95.0 USD)")
    );
    let ((), seen) = capture(|| {
        let _stage = tickspan::stage!("risk");
        edge.record(&strict);
    });
    assert!(
        seen.tree().contains("edge.reason=\"StaleBook\""),
        "{}",
        seen.tree()
    );

    let unknown = bare(f64::NAN, 0.0, 0.0).decide_with(|_| Ok::<(), Refused>(()));
    let rejection = unknown.rejection().expect("not a number");
    assert_eq!(
        rejection.reason(),
        &EdgeReason::Fault(EdgeFault::NotANumber("gross"))
    );
}

/// A decimal as whole and 10^-28 parts: nothing is rounded.
fn in_parts(decimal: Decimal) -> (i128, i128) {
    let one = 10_i128.pow(decimal.scale());
    let fraction = decimal.mantissa() % one * 10_i128.pow(28 - decimal.scale());
    (decimal.mantissa() / one, fraction)
}

fn sum_in_parts(decimals: &[(i128, Decimal)]) -> (i128, i128) {
    let (whole, fraction) = decimals
        .iter()
        .fold((0, 0), |(whole, fraction), (sign, decimal)| {
            let (w, f) = in_parts(*decimal);
            (whole + sign * w, fraction + sign * f)
        });
    let one = 10_i128.pow(28);
    (whole + fraction.div_euclid(one), fraction.rem_euclid(one))
}

fn same_sum(sum: Decimal, parts: &[(i128, Decimal)]) -> bool {
    sum_in_parts(&[(1, sum)]) == sum_in_parts(parts)
}

prop_compose! {
    fn any_decimal()(mantissa in -(1_i128 << 96) + 1..1_i128 << 96, shift in 0_u32..96, scale in 0_u32..=28) -> Decimal {
        Decimal::from_i128_with_scale(mantissa >> shift, scale)
    }
}

prop_compose! {
    fn money()(cents in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0_u32..=8) -> Decimal {
        Decimal::new(cents, scale)
    }
}

proptest! {
    #[test]
    fn sums_of_decimals_are_exact_or_none(gross in any_decimal(), cost in any_decimal(), other in any_decimal()) {
        let edge = bare(gross, cost, other);
        if let Ok(total) = edge.total_cost() {
            prop_assert!(same_sum(total, &[(1, cost), (1, other)]));
        }
        match edge.decide() {
            EdgeDecision::Accept(totals) => {
                prop_assert!(same_sum(totals.net, &[(1, gross), (-1, cost), (-1, other)]));
                prop_assert!(totals.net > Decimal::ZERO);
            }
            EdgeDecision::Reject(rejection) => if let Some(totals) = rejection.totals() {
                prop_assert!(same_sum(totals.net, &[(1, gross), (-1, cost), (-1, other)]));
                prop_assert!(totals.net <= Decimal::ZERO);
            } else {
                prop_assert_eq!(rejection.code(), "overflow");
            },
        }
    }

    #[test]
    fn sums_of_money_always_exist(gross in money(), cost in money(), other in money()) {
        let net = bare(gross, cost, other).net_edge().expect("it fits");
        prop_assert!(same_sum(net, &[(1, gross), (-1, cost), (-1, other)]));
    }

    #[test]
    fn sums_of_integers_are_exact_or_an_overflow(gross: i64, cost: i64, other: i64) {
        let exact = i128::from(gross) - i128::from(cost) - i128::from(other);
        let costs = i128::from(cost) + i128::from(other);
        let edge = bare(gross, cost, other);
        if let Some((net, total)) = i64::try_from(exact).ok().zip(i64::try_from(costs).ok()) {
            prop_assert_eq!(edge.net_edge(), Ok(net));
            prop_assert_eq!(edge.total_cost(), Ok(total));
            prop_assert_eq!(edge.decide().is_accepted(), net > 0);
        } else {
            prop_assert_eq!(edge.net_edge(), Err(EdgeFault::Overflow));
        }
    }

    #[test]
    fn no_float_is_accepted_that_is_not_above_the_threshold(
        gross in prop::num::f64::ANY,
        fees in prop::num::f64::ANY,
        threshold in prop::num::f64::ANY,
    ) {
        let edge = Floats { gross, fees, threshold };
        let decision = edge.decide();
        prop_assert_eq!(decision.is_accepted(), {
            let finite = gross.is_finite() && fees.is_finite() && threshold.is_finite();
            finite && (gross - fees).is_finite() && gross - fees >= threshold
        });
        let text = decision.rejection().map(ToString::to_string);
        prop_assert_ne!(text.as_deref(), Some(""));
        let ((), seen) = capture(|| {
            let _stage = tickspan::stage!("risk");
            edge.record(&decision);
        });
        prop_assert_eq!(seen.span("risk").events.len(), 1);
    }
}

#[derive(EdgeBreakdown)]
struct Floats {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(threshold)]
    threshold: f64,
}
