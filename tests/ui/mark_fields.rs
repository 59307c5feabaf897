#![allow(unused)]

use tickspan::{AttributeValue, Redacted};

#[derive(Redacted)]
struct NothingMarked {
    desk: u32,
}

#[derive(Debug, Redacted)]
struct DerivesDebugToo {
    #[sensitive]
    password: String,
}

struct NoDebug;

#[derive(Redacted)]
struct FieldWithoutDebug {
    desk: NoDebug,
    #[sensitive]
    password: String,
}

#[derive(Redacted)]
#[sensitive]
struct MarkOnType {
    password: String,
}

#[derive(Redacted)]
enum MarkOnVariant {
    #[sensitive]
    Password(String),
}

#[derive(Redacted)]
union MarkInUnion {
    #[sensitive]
    number: u64,
    bits: f64,
}

#[derive(Redacted)]
struct UnknownClass {
    #[pii(Mail)]
    email: String,
}

#[derive(Redacted)]
struct PublicField {
    #[pii(Email)]
    #[public(reason = "exchange ticker, public listing")]
    email: String,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
#[sensitive]
struct PublicAndSensitive(String);

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct PublicWithSensitiveField(#[pii(Email)] String);

#[derive(AttributeValue)]
struct ProvenAndSensitive(#[sensitive] u64);

#[derive(AttributeValue)]
enum SensitiveVariant {
    #[sensitive]
    Hidden,
}

fn main() {}
