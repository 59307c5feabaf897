use std::marker::PhantomData;

use tickspan::AttributeValue;

#[derive(AttributeValue)]
struct TwoFields {
    price: f64,
    quantity: u64,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct TwoFieldsWithReason(String, String);

#[derive(AttributeValue)]
struct Nothing;

#[derive(AttributeValue)]
struct NothingInParentheses();

#[derive(AttributeValue)]
struct OnlyAMarker<T>(PhantomData<T>);

#[derive(AttributeValue)]
enum WithData {
    Limit(f64),
    Market,
    Stop { price: f64 },
}

#[derive(AttributeValue)]
enum Empty {}

#[derive(AttributeValue)]
union Either {
    price: f64,
    quantity: u64,
}

#[derive(AttributeValue)]
#[tickspan(crat = tickspan)]
struct UnknownOption(u64);

#[derive(AttributeValue)]
#[tickspan(crate = tickspan, crate = tickspan)]
struct CrateTwice(u64);

#[derive(AttributeValue)]
#[tickspan(crate = tickspan)]
#[tickspan(crate = other)]
struct CrateInTwoPlaces(u64);

#[derive(AttributeValue)]
struct CrateOnAField(#[tickspan(crate = tickspan)] u64);

#[derive(AttributeValue)]
enum CrateOnAVariant {
    #[tickspan(rename = "buy")]
    Buy,
}

fn main() {}
