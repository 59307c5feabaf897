//! What leaves of a value under each mode.

use core::net::IpAddr;
use core::num::NonZero;

use super::*;
use crate::privacy::class::financial::Card;
use crate::privacy::class::pii::{Email, Ip};
use crate::privacy::{Repr, Secret, Sensitive};

/// What is recorded, as text; `-` for nothing.
fn recorded(masked: &Masked<'_>) -> String {
    match masked.value().repr() {
        Repr::Absent => "-".to_owned(),
        Repr::Text(text) => (*text).to_owned(),
        Repr::I64(number) => number.to_string(),
        Repr::U64(number) => number.to_string(),
        Repr::F64(number) => format!("{number:?}"),
        #[cfg(feature = "rust_decimal")]
        Repr::Decimal(number) => number.to_string(),
        _ => panic!("no mode records anything else"),
    }
}

fn seen<T: Legible + ?Sized>(value: &T) -> Seen<'_> {
    Readable::new(value).__tickspan_seen()
}

#[test]
fn last4_and_prefix_need_eight_letters_and_digits() {
    let last = |text: &str| recorded(&last4::<Card>(seen(text)));
    let first = |text: &str| recorded(&prefix::<Card>(seen(text)));
    assert_eq!(last("4111 1111 1111 1234"), "****1234");
    assert_eq!(first("4111 1111 1111 1234"), "4111****");
    assert_eq!(last("12345678"), "****5678");
    assert_eq!(last("ÄÖÜßabcé"), "****abcé");
    for short in ["", "1234567", "12-34-56-7", "      1234   ", "--------"] {
        assert_eq!(last(short), "[redacted: card]", "{short:?}");
        assert_eq!(first(short), "[redacted: card]", "{short:?}");
    }
    assert_eq!(recorded(&last4::<Card>(seen(&12_345_678_u64))), "****5678");
    let card = NonZero::<usize>::new(12_345_678).unwrap();
    assert_eq!(recorded(&last4::<Card>(seen(&card))), "****5678");
    assert_eq!(
        recorded(&last4::<Card>(seen(&1_234_u64))),
        "[redacted: card]"
    );
}

#[test]
fn a_mask_is_as_long_for_every_value() {
    let long = "1".repeat(10_000);
    assert_eq!(recorded(&last4::<Card>(seen(&long))), "****1111");
    assert_eq!(recorded(&prefix::<Card>(seen(&long))), "1111****");
}

#[test]
fn domain_is_that_of_an_address_or_nothing() {
    let domain = |text: &str| recorded(&domain::<Email>(seen(text)));
    assert_eq!(domain("alice@example.com"), "example.com");
    assert_eq!(domain("\"a@b\"@mail.example.co.uk"), "mail.example.co.uk");
    for other in [
        "",
        "alice",
        "alice@",
        "@example.com",
        "alice@localhost",
        "alice@bob@example.com",
        "alice@exam ple.com",
        "alice@example..com",
        "alice@-example.com",
        "alice@example-.com",
        "\"pass@word@example.com",
        "pass@word with spaces.here",
        "my p@ssw0rd.is",
        "alice@ümlaut.de",
    ] {
        assert_eq!(domain(other), "[redacted: email]", "{other:?}");
    }
    let long = [const { "label" }; 43].join(".");
    assert_eq!(domain(&format!("alice@{long}")), "[redacted: email]");
}

#[test]
fn prefix_of_an_address_is_its_network() {
    let network = |text: &str| {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(
            recorded(&network::<Ip>(seen(text))),
            recorded(&network::<Ip>(seen(&address)))
        );
        recorded(&network::<Ip>(seen(&address)))
    };
    assert_eq!(network("192.0.2.17"), "192.0.2.0/24");
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    assert_eq!(network("::ffff:192.0.2.17"), "192.0.2.0/24");
    assert_eq!(
        recorded(&super::network::<Ip>(seen("192.0.2.17:443"))),
        "[redacted: ip address]"
    );
}

#[test]
fn an_address_has_the_same_mask_in_either_form() {
    for address in ["192.0.2.17", "::ffff:192.0.2.17"] {
        let address: IpAddr = address.parse().unwrap();
        let masked = recorded(&last4::<Ip>(seen(&address)));
        assert_eq!(masked, "[redacted: ip address]", "{address}");
    }
}

#[cfg(feature = "rust_decimal")]
#[test]
fn buckets_of_decimals_are_named_by_their_lower_end() {
    let lower = |hundredths| {
        let value = rust_decimal::Decimal::new(hundredths, 2);
        recorded(&bucket::<Secret, _>(&value, 10))
    };
    assert_eq!((lower(37_25), lower(-37_25)), ("30".into(), "-40".into()));
}

#[test]
fn buckets_are_named_by_their_lower_end() {
    assert_eq!(recorded(&bucket::<Secret, _>(&37_u8, 10)), "30");
    let born = NonZero::<u16>::new(1_987).unwrap();
    assert_eq!(recorded(&bucket::<Secret, _>(&born, 10)), "1980");
    assert_eq!(recorded(&bucket::<Secret, _>(&-37_i64, 10)), "-40");
    assert_eq!(recorded(&bucket::<Secret, _>(&1_999.5_f64, 500)), "1500.0");
    assert_eq!(recorded(&bucket::<Secret, _>(&None::<u64>, 10)), "-");
    for unknown in [f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(
            recorded(&bucket::<Secret, _>(&unknown, 10)),
            "[redacted: secret]"
        );
    }
    assert_eq!(
        recorded(&bucket::<Secret, _>(&i64::MIN, 10)),
        "[redacted: secret]"
    );
}

#[test]
fn a_sensitive_value_is_masked_and_an_absent_one_is_nothing() {
    let card = Sensitive::<String, Card>::new("4111111111111234".to_owned());
    assert_eq!(recorded(&last4::<Card>(seen(&card))), "****1234");
    assert_eq!(recorded(&last4::<Card>(seen(&None::<String>))), "-");
    assert_eq!(recorded(&redacted::<Card>()), "[redacted: card]");
}

#[test]
fn a_type_of_its_own_is_read_as_text() {
    struct Address(String);
    impl AsRef<str> for Address {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }
    let address = Address("alice@example.com".to_owned());
    let seen = Readable::new(&address).__tickspan_seen();
    assert_eq!(recorded(&domain::<Email>(seen)), "example.com");
}

#[test]
fn without_a_key_the_marker_stands() {
    assert_eq!(
        recorded(&hmac::<Email>(seen("alice@example.com"))),
        "[redacted: email]"
    );
    assert_eq!(recorded(&hmac::<Email>(seen(&None::<String>))), "-");
}
