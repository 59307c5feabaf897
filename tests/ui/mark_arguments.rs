#![allow(unused)]

use tickspan::{event, public, record, stage, traced_stage};

struct Opaque;

#[traced_stage]
fn unknown_class(#[pii(Emial)] email: &str) {}

#[traced_stage]
fn own_class_without_a_path(#[pii(Skew)] skew: f64) {}

#[traced_stage]
fn no_class_at_all(#[pii(self::Opaque, export = redacted)] skew: f64) {}

#[traced_stage]
fn class_missing(#[pii] email: &str, #[pii()] name: &str) {}

#[traced_stage]
fn class_as_text(#[pii("Email")] email: &str) {}

#[traced_stage]
fn unknown_mode(#[pii(Card, export = last5)] card: &str) {}

#[traced_stage]
fn mode_in_quotes(#[pii(Card, export = "last4")] card: &str, #[pii(Card, last4)] other: &str) {}

#[traced_stage]
fn mode_missing(#[pii(Card, export)] card: &str, #[pii(Card, export =)] other: &str) {}

#[traced_stage]
fn unknown_option(#[pii(Card, exprot = last4)] card: &str) {}

#[traced_stage]
fn export_twice(#[pii(Card, export = last4, export = prefix)] card: &str) {}

#[traced_stage]
fn domain_of_a_phone(#[pii(Phone, export = domain)] phone: &str) {}

#[traced_stage]
fn bucket_without_width(#[pii(BirthDate, export = bucket)] born: u16) {}

#[traced_stage]
fn bucket_of_one(#[pii(BirthDate, export = bucket(1))] born: u16) {}

#[traced_stage]
fn bucket_of_text(#[pii(BirthDate, export = bucket(10))] born: &str) {}

#[traced_stage]
fn last4_of_bytes(#[pii(Card, export = last4)] card: &[u8]) {}

#[traced_stage]
fn hmac_of_a_float(#[pii(Confidential, export = hmac)] size: f64) {}

#[traced_stage]
fn sensitive_with_a_class(#[sensitive(Email)] email: &str) {}

#[traced_stage]
fn two_marks(#[sensitive] #[pii(Email)] email: &str) {}

#[traced_stage]
fn public_and_sensitive(
    #[sensitive]
    #[public(reason = "exchange ticker, public listing")]
    ticker: &str,
) {
}

#[traced_stage]
fn public_alone(#[public(reason = "exchange ticker, public listing")] note: &str) {}

#[traced_stage]
fn export_of_a_pattern(#[pii(Phone, export = last4)] (area, number): (&str, &str)) {}

#[traced_stage(skip(card))]
fn export_and_skip(#[pii(Card, export = last4)] card: &str) {}

#[traced_stage(skip_all)]
fn export_and_skip_all(#[pii(Card, export = last4)] card: &str) {}

#[traced_stage]
fn export_of_an_unrecorded_name(#[pii(Card, export = last4)] _card: &str) {}

#[traced_stage(fields(digits = pin % 10))]
fn marked_in_a_field(#[sensitive] pin: u32) {}

#[traced_stage(fields(email = email.len()))]
fn exported_in_a_field(#[pii(Email, export = domain)] email: &str) {}

#[traced_stage]
fn marked_in_the_body(#[sensitive] skew: u32, order: u64) {
    record!(skew);
    event!("entered", order, code = skew + 1);
    let _stage = stage!("check", code = { skew });
}

#[traced_stage]
fn marked_in_a_format_string(#[sensitive] code: &str) {
    event!("entered", text = public!(format!("<{code}>"), reason = "text of the public tape"));
}

#[traced_stage]
fn marked_and_raw(#[sensitive] r#code: u32) {
    record!(seen = code);
}

struct Desk;

impl Desk {
    #[traced_stage]
    fn marked_self(#[sensitive] &self, size: u64) {}
}

fn main() {}
