//! Values of every type that a stage records.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickspan::AttributeValue;
use uuid::Uuid;

#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Buy,
    Sell,
}

#[derive(AttributeValue, Clone, Debug)]
pub(crate) struct Price(f64);

#[derive(AttributeValue, Clone, Debug)]
#[public(reason = "text that this test makes up")]
pub(crate) struct Text(String);

#[derive(AttributeValue, Clone, Debug)]
#[public(reason = "address that this test makes up", via = Display)]
pub(crate) struct Pool(Ipv4Addr);

/// The values, by their keys. What is absent is not recorded.
macro_rules! values {
    ($($key:ident: $ty:ty, $variant:ident;)+) => {
        /// One value.
        #[derive(Clone, Debug)]
        pub(crate) enum Field {
            $($variant($ty),)+
        }

        /// What a stage, an event or a late record has to say.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Values {
            $(pub(crate) $key: Option<$ty>,)+
        }

        impl Values {
            pub(crate) fn of(fields: &[Field]) -> Self {
                let mut values = Self::default();
                for field in fields {
                    match field.clone() {
                        $(Field::$variant(value) => values.$key = Some(value),)+
                    }
                }
                values
            }
        }
    };
}

values! {
    flag: bool, Flag;
    signed: i64, Signed;
    unsigned: u64, Unsigned;
    float: f64, Float;
    single: f32, Single;
    text: Text, Text;
    letter: char, Letter;
    wait_seconds: Duration, Wait;
    decimal: Decimal, Decimal;
    side: Side, Side;
    price: Price, Price;
    pool: Pool, Pool;
    id: Uuid, Id;
    flags: [bool; 2], Flags;
    integers: Vec<i64>, Integers;
    naturals: Vec<u64>, Naturals;
    floats: Vec<f64>, Floats;
    texts: Vec<Text>, Texts;
    decimals: Vec<Decimal>, Decimals;
    gaps: Vec<Option<i64>>, Gaps;
    sides: BTreeSet<Side>, Sides;
    book: BTreeMap<i64, Price>, Book;
    waits_seconds: Vec<Duration>, Waits;
}

/// Gives `$then` the fields of `$values`, behind what it is given itself. The one list of keys for stages, events and
/// late records: each stage so declares what any `record!` inside it records.
macro_rules! with_fields {
    ($then:ident! $values:ident $($given:tt)*) => {
        $then! {
            ($($given)*)
            flag = $values.flag,
            signed = $values.signed,
            unsigned = $values.unsigned,
            float = $values.float,
            single = $values.single,
            text = $values.text,
            letter = $values.letter,
            wait_seconds = $values.wait_seconds,
            decimal = $values.decimal,
            side = $values.side,
            price = $values.price,
            pool = $values.pool,
            id = $values.id,
            flags = $values.flags,
            integers = $values.integers,
            naturals = $values.naturals,
            floats = $values.floats,
            texts = $values.texts,
            decimals = $values.decimals,
            gaps = $values.gaps,
            sides = $values.sides,
            book = $values.book,
            waits_seconds = $values.waits_seconds,
        }
    };
}
pub(crate) use with_fields;

/// Some values, few at a time.
pub(crate) fn fields() -> impl Strategy<Value = Vec<Field>> {
    vec(field(), 0..4)
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        any::<bool>().prop_map(Field::Flag),
        any::<i64>().prop_map(Field::Signed),
        any::<u64>().prop_map(Field::Unsigned),
        float().prop_map(Field::Float),
        any::<f32>().prop_map(Field::Single),
        text().prop_map(|text| Field::Text(Text(text))),
        any::<char>().prop_map(Field::Letter),
        duration().prop_map(Field::Wait),
        decimal().prop_map(Field::Decimal),
        side().prop_map(Field::Side),
        float().prop_map(|value| Field::Price(Price(value))),
        any::<u32>().prop_map(|bits| Field::Pool(Pool(bits.into()))),
        any::<u128>().prop_map(|bits| Field::Id(Uuid::from_u128(bits))),
        any::<[bool; 2]>().prop_map(Field::Flags),
        vec(any::<i64>(), 0..4).prop_map(Field::Integers),
        // More than are recorded of a collection.
        vec(any::<i64>(), 60..70).prop_map(Field::Integers),
        vec(any::<u64>(), 0..4).prop_map(Field::Naturals),
        vec(float(), 0..4).prop_map(Field::Floats),
        vec(text().prop_map(Text), 0..4).prop_map(Field::Texts),
        vec(decimal(), 0..4).prop_map(Field::Decimals),
        vec(any::<Option<i64>>(), 0..4).prop_map(Field::Gaps),
        btree_set(side(), 0..3).prop_map(Field::Sides),
        btree_map(any::<i64>(), float().prop_map(Price), 0..4).prop_map(Field::Book),
        vec(duration(), 0..4).prop_map(Field::Waits),
    ]
}

pub(crate) fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
    ]
}

/// Text of any characters, shorter than what the lane route cuts.
pub(crate) fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..6).prop_map(String::from_iter)
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<u32>(), 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| Duration::new(seconds.into(), nanos))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0..=28_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}
