use std::time::Duration;

use tickspan::{AttributeValue, Sensitive, traced_stage};

#[derive(AttributeValue)]
struct Note(String);

#[derive(AttributeValue)]
struct Borrowed<'a>(&'a str);

#[derive(AttributeValue)]
struct Bytes([u8; 32]);

#[derive(AttributeValue)]
struct Key(Sensitive<String>);

#[derive(AttributeValue)]
struct Notes {
    notes: Vec<Option<String>>,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct Wide(u128);

struct Unformatted;

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing", via = Display)]
struct ViaDisplay(Unformatted);

#[derive(AttributeValue)]
struct Timeout(Duration);

#[derive(AttributeValue)]
struct Of<T>(T);

#[traced_stage(skip_all, fields(timeout))]
fn duration_in_a_newtype(timeout: Timeout) {
    let _ = timeout;
}

#[traced_stage(skip_all, fields(note))]
fn text_in_a_generic_newtype(note: Of<String>) {
    let _ = note;
}

fn main() {}
