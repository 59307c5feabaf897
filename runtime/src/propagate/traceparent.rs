//! The header `traceparent`: which span of which trace called.
//!
//! As [W3C Trace Context, level 2](https://www.w3.org/TR/trace-context-2/#traceparent-header) has it. The propagator of
//! the SDK is more lenient (it takes ids that are too short, and signs), and forgets the flag that says that a trace id is
//! random.

use crate::record::lane::Ids;

/// The bytes of version 00.
const LENGTH: usize = 55;

/// The flag of level 2 which says that the last seven bytes of the trace id are random.
pub(crate) const RANDOM: u8 = 2;

/// The other flag that has a meaning. What else there is is not sent on, as the standard says.
const SAMPLED: u8 = 1;

/// What the header says. Nothing, if it is malformed.
pub(crate) fn parse(header: &[u8]) -> Option<Ids> {
    let header = header.trim_ascii();
    let (known, rest) = header.split_first_chunk::<LENGTH>()?;
    if known[2] != b'-' || known[35] != b'-' || known[52] != b'-' {
        return None;
    }
    let version = hex(&known[..2])?;
    let ends_right = match version {
        0 => rest.is_empty(),
        // Never a version.
        0xff => false,
        // A later one may say more behind what is known.
        _ => rest.first().is_none_or(|byte| *byte == b'-'),
    };
    if !ends_right {
        return None;
    }
    let trace = [hex(&known[3..19])?, hex(&known[19..35])?];
    let span = hex(&known[36..52])?;
    let flags = hex(&known[53..])?.to_le_bytes()[0];
    if trace == [0; 2] || span == 0 {
        return None;
    }
    Some(Ids {
        trace,
        span,
        sampled: flags & SAMPLED != 0,
        random: flags & RANDOM != 0,
        remote: true,
        capture: 0,
    })
}

/// The number that up to 16 lower-case digits say.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

/// The header of a span.
pub(crate) fn format(ids: &Ids) -> String {
    let flags = if ids.sampled { SAMPLED } else { 0 } | if ids.random { RANDOM } else { 0 };
    let mut header = String::with_capacity(LENGTH);
    header.push_str("00-");
    push_hex(&mut header, &ids.trace[0].to_be_bytes());
    push_hex(&mut header, &ids.trace[1].to_be_bytes());
    header.push('-');
    push_hex(&mut header, &ids.span.to_be_bytes());
    header.push('-');
    push_hex(&mut header, &[flags]);
    header
}

fn push_hex(header: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        header.push(DIGITS[usize::from(byte >> 4)].into());
        header.push(DIGITS[usize::from(byte & 15)].into());
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn parsed(header: &str) -> Option<Ids> {
        parse(header.as_bytes())
    }

    #[test]
    fn example_of_the_standard_is_read_and_written() {
        let ids = parsed(EXAMPLE).unwrap();
        assert_eq!(ids.trace, [0x4bf9_2f35_77b3_4da6, 0xa3ce_929d_0e0e_4736]);
        assert_eq!(ids.span, 0x00f0_67aa_0ba9_02b7);
        assert!(ids.sampled && ids.remote && !ids.random);
        assert_eq!(format(&ids), EXAMPLE);
    }

    #[test]
    fn known_flags_are_kept_and_others_are_not() {
        for (flags, kept) in [
            ("00", 0),
            ("01", 1),
            ("02", 2),
            ("03", 3),
            ("ff", 3),
            ("fc", 0),
        ] {
            let ids = parsed(&format!("{}{flags}", &EXAMPLE[..53])).unwrap();
            assert_eq!(format(&ids)[53..], format!("0{kept}"), "{flags}");
        }
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        for header in [
            EXAMPLE.replacen("00", "01", 1),
            EXAMPLE.replacen("00", "cc", 1) + "-what-the-future-brings",
            EXAMPLE.replacen("00", "cc", 1) + "-",
            format!(" \t{EXAMPLE} "),
        ] {
            assert!(parsed(&header).is_some(), "{header}");
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        for header in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0é",
        ] {
            assert!(parsed(header).is_none(), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80)) {
            _ = parse(&bytes);
        }

        #[test]
        fn nearly_right_headers_are_read_or_refused(place in 0..LENGTH, byte: u8) {
            let mut header = EXAMPLE.as_bytes().to_vec();
            header[place] = byte;
            if let Some(ids) = parse(&header) {
                prop_assert!(ids.trace != [0; 2] && ids.span != 0);
            }
        }

        #[test]
        fn what_is_written_is_read(
            trace in any::<[u64; 2]>().prop_filter("a trace", |it| *it != [0; 2]),
            span in 1_u64..,
            sampled: bool,
            random: bool,
        ) {
            let ids = Ids { trace, span, sampled, random, remote: true, capture: 0 };
            let read = parsed(&format(&ids)).unwrap();
            prop_assert_eq!((read.trace, read.span), (trace, span));
            prop_assert_eq!((read.sampled, read.random, read.remote), (sampled, random, true));
        }
    }
}
