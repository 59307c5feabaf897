//! What each type is recorded as.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "functions of every shape, as users write them"
)]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::num::{NonZero, Saturating, Wrapping};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use tickspan::{AttributeValue, Class, Sensitive, event, public, traced_stage};
use tickspan_tests::capture::{Capture, Value};

fn i64(value: i64) -> Option<Value> {
    Some(Value::I64(value))
}

fn text(value: &str) -> Option<Value> {
    Some(Value::Text(value.to_owned()))
}

fn written(value: &str) -> Option<Value> {
    Some(Value::Written(value.to_owned()))
}

/// Records each expression as an event and compares what the subscriber got.
macro_rules! recorded {
    ($($value:expr => $expected:expr;)+) => {{
        let capture = Capture::new();
        capture.run(|| { $(event!("value", value_seconds = $value);)+ });
        let recorded: Vec<_> = capture.recorded().iter().map(|event| event.field("value_seconds").cloned()).collect();
        let expected = [$($expected),+];
        let sources = [$(stringify!($value)),+];
        assert_eq!(recorded.len(), expected.len());
        for ((source, recorded), expected) in sources.iter().zip(recorded).zip(expected) {
            assert_eq!(recorded, expected, "{source}");
        }
    }};
}

#[test]
fn text_behind_a_reference_that_is_looked_through() {
    let capture = Capture::new();
    let symbol = "AAPL";
    capture.run(|| event!("value", symbol = *symbol));
    assert_eq!(capture.one("value").field("symbol").cloned(), text("AAPL"));
}

#[test]
fn scalars() {
    recorded! {
        true => Some(Value::Bool(true));
        -1_i8 => i64(-1);
        i16::MIN => i64(-32_768);
        i32::MAX => i64(2_147_483_647);
        i64::MIN => i64(i64::MIN);
        -5_isize => i64(-5);
        255_u8 => i64(255);
        u16::MAX => i64(65_535);
        u32::MAX => i64(4_294_967_295);
        7_u64 => i64(7);
        9_223_372_036_854_775_807_u64 => i64(i64::MAX);
        9_223_372_036_854_775_808_u64 => Some(Value::U64(9_223_372_036_854_775_808));
        usize::MAX => Some(Value::U64(u64::MAX));
        0.5_f32 => Some(Value::F64(0.5));
        585.33 => Some(Value::F64(585.33));
        'a' => written("a");
        () => None;
        NonZero::<u64>::MIN => i64(1);
        NonZero::<u8>::MAX => i64(255);
        Duration::from_millis(1_500) => Some(Value::F64(1.5));
    }
}

#[test]
fn wrappers_are_what_they_hold() {
    let mut changed = 3_u64;
    recorded! {
        &1_u64 => i64(1);
        &mut changed => i64(3);
        &&2.5 => Some(Value::F64(2.5));
        Box::new(1_u64) => i64(1);
        Rc::new(1_u64) => i64(1);
        Arc::new(1_u64) => i64(1);
        Some(1_u64) => i64(1);
        None::<u64> => None;
        Cow::Borrowed(&1_u64) => i64(1);
        Some(Box::new(&Duration::from_secs(2))) => Some(Value::F64(2.0));
        Wrapping(1_u64) => i64(1);
        Some(Saturating(2.5)) => Some(Value::F64(2.5));
        RefCell::new(1_u64).borrow() => i64(1);
        RefCell::new(1_u64).borrow_mut() => i64(1);
        Mutex::new(1_u64).lock().unwrap() => i64(1);
        RwLock::new(1_u64).read().unwrap() => i64(1);
        RwLock::new(1_u64).write().unwrap() => i64(1);
    }
}

#[test]
fn collections_are_lists_up_to_a_limit() {
    let long: Vec<u64> = (0..100).collect();
    let first: Vec<String> = (0..64).map(|n: u64| n.to_string()).collect();
    let slice: &[u64] = &[1, 2];
    let boxed: Box<[u64]> = Box::new([1, 2]);
    let shared: Arc<[u64]> = Arc::new([1, 2]);
    recorded! {
        vec![1.5, f64::NAN] => written("[1.5,NaN]");
        [1_u64, 2] => written("[1,2]");
        slice => written("[1,2]");
        boxed => written("[1,2]");
        shared => written("[1,2]");
        Cow::Borrowed(slice) => written("[1,2]");
        VecDeque::from([true, false]) => written("[true,false]");
        BTreeSet::from([2_u64, 1]) => written("[1,2]");
        HashSet::from([7_u64]) => written("[7]");
        BTreeMap::from([(1_u64, 1.5)]) => written("{1:1.5}");
        HashMap::from([(Side::Buy, 3_u64)]) => written("{\"Buy\":3}");
        vec![Some(1_u64), None] => written("[1,null]");
        [Side::Buy, Side::Sell] => written("[\"Buy\",\"Sell\"]");
        [Duration::from_secs(1)] => written("[1.0]");
        Vec::<u64>::new() => written("[]");
        long => written(&format!("[{},+36 more]", first.join(",")));
    }
}

#[derive(AttributeValue, Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Buy,
    Sell,
}

#[derive(AttributeValue)]
struct Price(f64);

#[derive(AttributeValue)]
struct Named {
    quantity: Option<u64>,
    unit: PhantomData<fn()>,
}

#[derive(AttributeValue)]
struct Generic<T>(T);

#[derive(AttributeValue)]
struct Patience(Duration);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct Symbol(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct SymbolRef<'a>(&'a str);

#[derive(AttributeValue)]
#[public(reason = "address on a public chain", via = Display)]
struct Pool(std::net::Ipv4Addr);

#[derive(AttributeValue)]
enum Raw {
    r#Match,
}

#[test]
fn derived_types() {
    recorded! {
        Side::Buy => text("Buy");
        Raw::r#Match => text("Match");
        Price(1.5) => Some(Value::F64(1.5));
        Named { quantity: Some(3), unit: PhantomData } => i64(3);
        Named { quantity: None, unit: PhantomData } => None;
        Generic(7_u64) => i64(7);
        Generic(Some(Side::Sell)) => text("Sell");
        Patience(Duration::from_secs(3)) => Some(Value::F64(3.0));
        Symbol("AAPL".to_owned()) => text("AAPL");
        SymbolRef("AAPL") => text("AAPL");
        Pool([10, 0, 0, 1].into()) => written("10.0.0.1");
        vec![Symbol("A\"B".to_owned())] => written("[\"A\\\"B\"]");
    }
}

#[test]
fn public_opens_one_expression() {
    let note = String::from("tape");
    let address: std::net::Ipv4Addr = [10, 0, 0, 1].into();
    recorded! {
        public!(note, reason = "text of the public trade tape") => text("tape");
        public!(&note[1..], reason = "text of the public trade tape") => text("ape");
        public!(Some("tape"), reason = "text of the public trade tape") => text("tape");
        public!(address, reason = "documented address of a public venue") => written("10.0.0.1");
        public!(7_u64 + 1, reason = "a number stays the number it is") => i64(8);
        public!(None::<String>, reason = "nothing is recorded of nothing") => None;
    }
}

#[test]
fn types_of_other_crates() {
    let uuid = uuid::Uuid::from_u128(0x1234);
    let decimal = rust_decimal::Decimal::new(123_456_789_012_345, 10);
    let utc = chrono::DateTime::from_timestamp(1_340_271_000, 4_241_176).unwrap();
    let east = utc.with_timezone(&chrono::FixedOffset::east_opt(7_200).unwrap());
    let jiff = jiff::Timestamp::new(1_340_271_000, 4_241_176).unwrap();
    let time = time::OffsetDateTime::from_unix_timestamp(1_340_271_000).unwrap();
    recorded! {
        uuid => written("00000000-0000-0000-0000-000000001234");
        decimal => written("12345.6789012345");
        utc => written("2012-06-21T09:30:00.004241176Z");
        east => written("2012-06-21T09:30:00.004241176Z");
        utc.date_naive() => written("2012-06-21");
        utc.naive_utc() => written("2012-06-21T09:30:00.004241176");
        chrono::TimeDelta::milliseconds(-1_500) => Some(Value::F64(-1.5));
        jiff => written("2012-06-21T09:30:00.004241176Z");
        jiff.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(2))) => written("2012-06-21T09:30:00.004241176Z");
        jiff::SignedDuration::from_millis(-1_500) => Some(Value::F64(-1.5));
        time => written("2012-06-21T09:30:00Z");
        time.to_offset(time::UtcOffset::from_hms(2, 0, 0).unwrap()) => written("2012-06-21T09:30:00Z");
        time::Duration::milliseconds(1_500) => Some(Value::F64(1.5));
    }
}

/// Whoever has none of the proofs is not recorded, and not touched.
#[traced_stage]
fn skips_what_is_not_proven<T>(
    owner: &str,
    email: String,
    memo: Cow<'_, str>,
    hash: [u8; 4],
    wide: u128,
    key: &Sensitive<String>,
    limit: Sensitive<f64, Strategy>,
    address: std::net::IpAddr,
    anything: T,
    callback: &dyn Fn() -> u64,
    quantities: Vec<u64>,
    generic: &impl std::fmt::Debug,
    _price: f64,
) -> usize {
    let _ = (
        owner, memo, hash, wide, key, limit, address, callback, generic,
    );
    drop(anything);
    email.len() + quantities.len()
}

enum Strategy {}

impl Class for Strategy {
    const NAME: &'static str = "strategy";
}

/// Text under names of the market vocabulary.
#[traced_stage]
fn records_market_text(
    symbol: &str,
    venue: String,
    side: Cow<'static, str>,
    order_id: Option<&str>,
    r#method: Box<str>,
    currency: Arc<str>,
    exchange: Side,
    topic: Vec<String>,
) -> usize {
    let _ = (symbol, side, order_id, r#method, currency, exchange);
    venue.len() + topic.len()
}

#[test]
fn implicit_capture_skips_and_vocabulary_opens() {
    let capture = Capture::new();
    capture.run(|| {
        skips_what_is_not_proven(
            "o",
            "e".into(),
            "m".into(),
            [1; 4],
            1,
            &"k".parse().unwrap(),
            Sensitive::new(0.5),
            [127, 0, 0, 1].into(),
            "t",
            &|| 1,
            vec![1],
            &"d",
            1.0,
        );
        records_market_text(
            "AAPL",
            "nasdaq".into(),
            "buy".into(),
            None,
            "post".into(),
            "USD".into(),
            Side::Sell,
            vec!["t".into()],
        );
    });
    assert_eq!(
        capture.tree(),
        "skips_what_is_not_proven\n\
         records_market_text symbol=\"AAPL\" venue=\"nasdaq\" side=\"buy\" method=\"post\" currency=\"USD\" \
         exchange=\"Sell\"\n"
    );
}

/// The macro knows the types of the language by their names, and the compiler others: both record the same.
#[test]
fn an_argument_is_recorded_alike_whatever_its_type_is_called() {
    macro_rules! alike {
        ($($name:ident: $ty:ident / $alias:ident = $value:expr;)+) => {
            type Text = str;
            $(type $alias = $ty;)+

            #[traced_stage(name = "stage")]
            #[expect(unused_mut, unused_variables)]
            fn by_name(symbol: &str, mut note: &str, ref bids: i64, $(mut $name: $ty),+) {}

            #[traced_stage(name = "stage")]
            #[expect(unused_mut, unused_variables)]
            fn by_alias(symbol: &Text, mut note: &Text, ref bids: i64, $(mut $name: $alias),+) {}

            #[traced_stage(name = "stage")]
            async fn later(symbol: &str, note: &str, bids: i64, $($name: $ty),+) {
                let _ = (symbol, note, bids, $($name),+);
            }

            let trees = [0, 1, 2].map(|which| {
                let capture = Capture::new();
                capture.run(|| match which {
                    0 => by_name("AAPL", "withheld", -7, $($value),+),
                    1 => by_alias("AAPL", "withheld", -7, $($value),+),
                    _ => futures::executor::block_on(later("AAPL", "withheld", -7, $($value),+)),
                });
                capture.tree()
            });
            assert_eq!(trees[0], trees[1]);
            assert_eq!(trees[0], trees[2]);
            assert!(!trees[0].contains("withheld"), "{}", trees[0]);
            assert!(trees[0].starts_with("stage symbol=\"AAPL\" bids=-7 "), "{}", trees[0]);
            $(assert!(trees[0].contains(concat!(stringify!($name), "=")), "{}", trees[0]);)+
        };
    }
    alike! {
        taken: bool / Flag = true;
        tiny: i8 / Tiny = i8::MIN;
        small: i16 / Small = i16::MIN;
        count: i32 / Count = i32::MIN;
        change: i64 / Change = i64::MIN;
        offset: isize / Offset = -1;
        level: u8 / Level = u8::MAX;
        port: u16 / Port = u16::MAX;
        lots: u32 / Lots = u32::MAX;
        qty: u64 / Qty = u64::MAX;
        depth: usize / Depth = 5;
        rate: f32 / Rate = 0.5;
        price: f64 / Price = 585.33;
        wait_seconds: f64 / Wait = 1.5;
        passwords: u32 / Passwords = 3;
    }
}

/// The type that is spelled is not that of a name behind an `@`.
#[traced_stage]
fn binds_twice(price @ ref seen: f64) -> f64 {
    price + seen
}

#[test]
fn an_argument_is_recorded_by_each_name_that_binds_it() {
    let capture = Capture::new();
    capture.run(|| binds_twice(1.5));
    assert_eq!(capture.tree(), "binds_twice price=1.5 seen=1.5\n");
}

struct Login {
    pin: u32,
    attempts: u32,
}

struct AccountNumber(u64);

struct Account {
    number: u64,
    number_of_trades: u64,
    login: Login,
}

/// A pattern gives a value another name than the one that says what it is.
#[traced_stage]
fn taken_apart(
    AccountNumber(id): AccountNumber,
    Account {
        number,
        number_of_trades: trades,
        login: Login {
            pin: entered,
            attempts,
        },
    }: Account,
    (left, right): (u64, u64),
) -> u64 {
    id + number + trades + u64::from(entered + attempts) + left + right
}

#[test]
fn what_a_pattern_takes_out_of_a_sensitive_name_is_not_recorded() {
    let login = Login {
        pin: 4711,
        attempts: 2,
    };
    let account = Account {
        number: 90_001_234,
        number_of_trades: 3,
        login,
    };
    let capture = Capture::new();
    capture.run(|| taken_apart(AccountNumber(90_001_234), account, (1, 2)));
    assert_eq!(
        capture.tree(),
        "taken_apart trades=3 attempts=2 left=1 right=2\n"
    );
}

#[test]
fn sensitive_values_are_redacted_and_come_from_configuration() {
    let key: Sensitive<String> = "k-123".parse().unwrap();
    assert_eq!(
        format!("{key:?} {:?}", key.clone()),
        "[redacted: secret] [redacted: secret]"
    );
    assert_eq!(key.expose("compare in a test"), "k-123");
    let limit: Sensitive<f64, Strategy> = serde_json::from_str("0.5").unwrap();
    assert_eq!(format!("{limit:?}"), "[redacted: strategy]");
    assert_eq!(*limit.expose("compare in a test"), 0.5);
}
