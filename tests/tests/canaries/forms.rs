//! Finds a secret in bytes, in whatever form it may have left.

use std::fmt::Write as _;

/// Every secret of these tests holds this text, and nothing else does.
pub(crate) const CANARY: &str = "zq7vX1kPw9QrT";

/// The number of an account, or a PIN: nothing else has this value.
pub(crate) const NUMBER: u64 = 8_127_364_550_918_273;

/// The forms in which the number is looked for, each with its name.
fn forms_of_the_number() -> Vec<(&'static str, Vec<u8>)> {
    let mut varint = Vec::new();
    let mut left = NUMBER;
    while left >= 0x80 {
        varint.push(u8::try_from(left & 0x7f).expect("seven bits") | 0x80);
        left >>= 7;
    }
    varint.push(u8::try_from(left).expect("seven bits"));
    #[expect(clippy::cast_precision_loss, reason = "it is below 2^53")]
    let float = NUMBER as f64;
    vec![
        ("decimal", NUMBER.to_string().into_bytes()),
        ("grouped", b"8,127,364,550,918,273".to_vec()),
        ("hex", format!("{NUMBER:x}").into_bytes()),
        ("upper hex", format!("{NUMBER:X}").into_bytes()),
        ("scientific", format!("{float:e}").into_bytes()),
        ("a float", float.to_le_bytes().to_vec()),
        ("little end first", NUMBER.to_le_bytes().to_vec()),
        ("big end first", NUMBER.to_be_bytes().to_vec()),
        ("a varint", varint),
    ]
}

/// The forms in which the canary is looked for, each with its name.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let bytes = CANARY.as_bytes();
    let each = |write: fn(&mut String, u8)| {
        let mut text = String::new();
        for byte in bytes {
            write(&mut text, *byte);
        }
        text.into_bytes()
    };
    let joined = |separator: &str, write: fn(u8) -> String| {
        let parts: Vec<String> = bytes.iter().map(|byte| write(*byte)).collect();
        parts.join(separator).into_bytes()
    };
    let units = CANARY.encode_utf16();
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("lower case", CANARY.to_lowercase().into_bytes()),
        ("upper case", CANARY.to_uppercase().into_bytes()),
        ("its first half", bytes[..8].to_vec()),
        ("its second half", bytes[5..].to_vec()),
        ("hex", each(|text, byte| _ = write!(text, "{byte:02x}"))),
        (
            "upper hex",
            each(|text, byte| _ = write!(text, "{byte:02X}")),
        ),
        ("hex in pairs", joined(" ", |byte| format!("{byte:02x}"))),
        ("hex with colons", joined(":", |byte| format!("{byte:02x}"))),
        ("URL", each(|text, byte| _ = write!(text, "%{byte:02X}"))),
        (
            "lower URL",
            each(|text, byte| _ = write!(text, "%{byte:02x}")),
        ),
        ("JSON", each(|text, byte| _ = write!(text, "\\u{byte:04x}"))),
        (
            "escapes",
            each(|text, byte| _ = write!(text, "\\x{byte:02x}")),
        ),
        (
            "UTF-16, little end first",
            units.clone().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "UTF-16, big end first",
            units.flat_map(u16::to_be_bytes).collect(),
        ),
        ("a list of bytes", joined(", ", |byte| byte.to_string())),
        (
            "a tight list of bytes",
            joined(",", |byte| byte.to_string()),
        ),
        (
            "a list of hex bytes",
            joined(", ", |byte| format!("{byte:#04x}")),
        ),
        (
            "a list of characters",
            joined(", ", |byte| format!("{:?}", char::from(byte))),
        ),
    ];
    for (name, shift) in [
        ("base64", 0),
        ("base64, moved by 1", 1),
        ("base64, moved by 2", 2),
    ] {
        forms.push((name, base64(shift)));
    }
    forms
}

/// What is the same in the base64 of every text that holds the canary after so many bytes, modulo 3. It has no `+`,
/// `/` or `=`, so it is that of the alphabet for URLs as well.
fn base64(shift: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(CANARY.as_bytes());
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    // Only the letters that stand for bits of the canary alone.
    let first = (shift * 8).div_ceil(6);
    bits.chunks_exact(6)
        .skip(first)
        .map(|six| {
            let place = six
                .iter()
                .fold(0, |place, bit| place << 1 | usize::from(*bit));
            ALPHABET[place]
        })
        .collect()
}

/// The form in which the canary is in `bytes`, and where.
fn find(bytes: &[u8]) -> Option<(&'static str, usize)> {
    let mut forms = forms();
    forms.extend(forms_of_the_number());
    forms.into_iter().find_map(|(form, needle)| {
        let mut windows = bytes.windows(needle.len());
        Some((form, windows.position(|it| it == needle)?))
    })
}

/// Fails if the canary is in `bytes`.
#[track_caller]
pub(crate) fn assert_clean(what: &str, bytes: &[u8]) {
    if let Some((form, at)) = find(bytes) {
        let around = &bytes[at.saturating_sub(160)..bytes.len().min(at + 120)];
        panic!(
            "{what} holds the canary, as {form}: {}",
            String::from_utf8_lossy(around)
        );
    }
}

#[test]
fn a_canary_is_found_in_every_form() {
    for (form, needle) in forms().into_iter().chain(forms_of_the_number()) {
        let mut bytes = b"before ".to_vec();
        bytes.extend_from_slice(&needle);
        bytes.extend_from_slice(b" after");
        assert!(find(&bytes).is_some(), "{form}");
    }
    assert_eq!(find(b"before and after"), None);
}

#[test]
fn a_canary_is_found_in_the_base64_of_any_text_around_it() {
    // What `base64` of coreutils gives for the canary after `a`, `ab` and `abc`.
    for text in [
        "YXpxN3ZYMWtQdzlRclQ=",
        "YWJ6cTd2WDFrUHc5UXJU",
        "YWJjenE3dlgxa1B3OVFyVA==",
    ] {
        assert!(find(text.as_bytes()).is_some(), "{text}");
        assert!(!text.contains(['+', '/']), "the alphabet for URLs differs");
    }
}
