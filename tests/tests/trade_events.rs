//! Events of a trading system: stable names, typed fields, the words of FIX.

use rust_decimal::Decimal;
use tickspan::testing::capture;
use tickspan::trade::{
    EventReceived, ExecType, OpportunityDetected, OrdStatus, OrdType, OrderBookSnapshot,
    OrderRequest, OrderResult, OrderSubmitted, RiskPassed, Side, Signal, TimeInForce,
};
use tickspan::{TradeEvent, stage};

/// What `event` leaves on a span.
fn recorded(event: &impl TradeEvent) -> String {
    let ((), seen) = capture(|| {
        let _stage = stage!("s");
        event.record();
    });
    seen.tree()
}

#[test]
fn market_events_say_what_was_seen() {
    let snapshot = OrderBookSnapshot {
        symbol: "AAPL",
        venue: Some("XNAS"),
        sequence: Some(7),
        bid_prices: &[585.33, 585.32],
        bid_sizes: &[200.0, 900.0],
        ask_prices: &[585.4],
        ask_sizes: &[100.0],
    };
    assert_eq!(
        recorded(&snapshot),
        "s\n- order_book_snapshot symbol=\"AAPL\" venue=\"XNAS\" sequence=7 bid_prices=[585.33,585.32] \
         bid_sizes=[200,900] ask_prices=[585.4] ask_sizes=[100]\n"
    );
    let received = EventReceived {
        source: "XNAS",
        event_type: "trade",
        symbol: None,
        sequence: Some(9),
        sending_time_unix_ns: None,
        transact_time_unix_ns: Some(1_340_285_400_004_241_176),
    };
    assert_eq!(
        recorded(&received),
        "s\n- event_received source=\"XNAS\" event_type=\"trade\" sequence=9 \
         transact_time_unix_ns=1340285400004241176\n"
    );
    let signal = Signal {
        strategy: "lean",
        symbol: "AAPL",
        side: Side::SellShort,
        price: Some(Decimal::new(58_533, 2)),
        quantity: None,
        strength: Some(0.75),
    };
    assert_eq!(
        recorded(&signal),
        "s\n- signal strategy=\"lean\" symbol=\"AAPL\" side=\"SellShort\" price=\"585.33\" strength=0.75\n"
    );
    let opportunity = OpportunityDetected {
        strategy: "lean",
        symbol: "AAPL",
        venue: None,
        side: Side::Buy,
        quantity: 100_u64,
        gross_edge: 25,
    };
    assert_eq!(
        recorded(&opportunity),
        "s\n- opportunity_detected strategy=\"lean\" symbol=\"AAPL\" side=\"Buy\" quantity=100 gross_edge=25\n"
    );
}

#[test]
fn order_events_say_what_was_asked_and_answered() {
    let request = OrderRequest {
        client_order_id: "o-17",
        symbol: "AAPL",
        venue: Some("XNAS"),
        side: Side::Buy,
        order_type: OrdType::Limit,
        quantity: 200_u64,
        price: Some(58_533),
        time_in_force: TimeInForce::ImmediateOrCancel,
    };
    assert_eq!(
        recorded(&request),
        "s\n- order_request client_order_id=\"o-17\" symbol=\"AAPL\" venue=\"XNAS\" side=\"Buy\" \
         order_type=\"Limit\" quantity=200 price=58533 time_in_force=\"ImmediateOrCancel\"\n"
    );
    let passed = RiskPassed {
        client_order_id: "o-17",
        symbol: "AAPL",
        side: Side::Buy,
        quantity: 200.0,
        notional: None,
    };
    assert_eq!(
        recorded(&passed),
        "s\n- risk_passed client_order_id=\"o-17\" symbol=\"AAPL\" side=\"Buy\" quantity=200\n"
    );
    let submitted = OrderSubmitted {
        client_order_id: "o-17",
        symbol: "AAPL",
        venue: "XNAS",
        sequence: Some(3),
        sending_time_unix_ns: None,
    };
    assert_eq!(
        recorded(&submitted),
        "s\n- order_submitted client_order_id=\"o-17\" symbol=\"AAPL\" venue=\"XNAS\" sequence=3\n"
    );
    let result = OrderResult {
        client_order_id: "o-17",
        order_id: Some("v-1"),
        exec_id: None,
        symbol: "AAPL",
        side: Side::Buy,
        exec_type: ExecType::Trade,
        status: OrdStatus::PartiallyFilled,
        last_quantity: Some(50),
        last_price: Some(58_530),
        cumulative_quantity: 50,
        leaves_quantity: 150,
        average_price: None,
        reject_reason: None,
        transact_time_unix_ns: None,
    };
    assert_eq!(
        recorded(&result),
        "s\n- order_result client_order_id=\"o-17\" order_id=\"v-1\" symbol=\"AAPL\" side=\"Buy\" \
         exec_type=\"Trade\" status=\"PartiallyFilled\" last_quantity=50 last_price=58530 \
         cumulative_quantity=50 leaves_quantity=150\n"
    );
}

#[derive(TradeEvent)]
#[trade_event(name = "pulled", level = "debug", target = "quotes")]
struct QuotePulled<'a, N: tickspan::AttributeValue> {
    symbol: &'a str,
    #[trade_event(rename = "quote.price")]
    price: N,
    age_seconds: std::time::Duration,
    #[trade_event(skip)]
    note: String,
}

#[derive(TradeEvent)]
struct CircuitBreakerHit;

#[test]
fn events_of_ones_own_have_the_names_that_were_given() {
    let pulled = QuotePulled {
        symbol: "AAPL",
        price: Decimal::ONE,
        age_seconds: std::time::Duration::from_millis(20),
        note: "secret".to_owned(),
    };
    assert_eq!(
        recorded(&pulled),
        "s\n- pulled symbol=\"AAPL\" quote.price=\"1\" age_seconds=0.02\n"
    );
    assert_eq!(pulled.note, "secret");
    assert_eq!(
        QuotePulled::<f64>::KEYS,
        ["symbol", "quote.price", "age_seconds"]
    );
    assert_eq!(recorded(&CircuitBreakerHit), "s\n- circuit_breaker_hit\n");
    assert_eq!(CircuitBreakerHit::NAME, "circuit_breaker_hit");
}
