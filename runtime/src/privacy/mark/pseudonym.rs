//! Pseudonyms: keyed hashes of marked values, by HMAC-SHA-256 (RFC 2104, FIPS 180-4).

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::masked::Inline;
use crate::privacy::Sensitive;

/// The key's two hashed blocks: the key itself is not kept.
static KEYED: OnceLock<Hmac<Sha256>> = OnceLock::new();

/// Sets the key of this process. The first counts: with another the same value would have two pseudonyms.
pub(crate) fn set_key(key: &Sensitive<Vec<u8>>) {
    if let Ok(keyed) = Hmac::new_from_slice(key.expose("key the hash")) {
        _ = KEYED.set(keyed);
    }
}

/// The pseudonym of `text`: the first 16 bytes, in hexadecimal. Without a key, nothing.
pub(super) fn of(class: &str, text: &str) -> Option<Inline> {
    with(KEYED.get()?.clone(), class, text)
}

fn with(mut keyed: Hmac<Sha256>, class: &str, text: &str) -> Option<Inline> {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    // The class keeps an account number from having the pseudonym of a card's. No name holds a zero byte.
    keyed.update(class.as_bytes());
    keyed.update(&[0]);
    keyed.update(text.as_bytes());
    let mut pseudonym = Inline::default();
    for byte in &keyed.finalize().into_bytes()[..16] {
        pseudonym.push(HEX[usize::from(byte >> 4)])?;
        pseudonym.push(HEX[usize::from(byte & 15)])?;
    }
    Some(pseudonym)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected text: `printf 'email\0alice@example.com' | openssl dgst -sha256 -hmac <32 times k>`.
    #[test]
    fn a_pseudonym_is_the_start_of_the_hmac() {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap();
        let of = |key: u8, class, text| {
            with(keyed(&[key; 32]), class, text)
                .unwrap()
                .as_str()
                .to_owned()
        };
        assert_eq!(
            of(b'k', "email", "alice@example.com"),
            "a67c682bb7cb89ead3aa0e0423787ca5"
        );
        assert_ne!(
            of(b'k', "email", "alice@example.com"),
            of(b'k', "name", "alice@example.com")
        );
        assert_ne!(
            of(b'k', "email", "alice@example.com"),
            of(b'l', "email", "alice@example.com")
        );
        assert_eq!(of(b'k', "email", "").len(), 32);
    }
}
