//! The header `traceparent`: which span of which trace called.
//!
//! As [W3C Trace Context, level 2](https://www.w3.org/TR/trace-context-2/#traceparent-header) has it. The propagator of
//! the SDK is more lenient (it takes ids that are too short, and signs), and forgets the flag that says that a trace id is
//! random.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The bytes of version 00.
const LENGTH: usize = 55;

/// The flag of level 2 which says that the last seven bytes of the trace id are random.
pub(crate) const RANDOM: u8 = 2;

/// The flags that have a meaning. Others are not sent on, as the standard says.
const KNOWN: u8 = SAMPLED | RANDOM;
const SAMPLED: u8 = 1;

/// What the header says. Nothing, if it is malformed.
pub(crate) fn parse(header: &[u8], state: impl FnOnce() -> TraceState) -> Option<SpanContext> {
    let header = header.trim_ascii();
    let (known, rest) = header.split_at_checked(LENGTH)?;
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
    let trace = hex(&known[3..35])?;
    let span = hex(&known[36..52])?;
    let flags = hex(&known[53..])?;
    if trace == 0 || span == 0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "of so many digits")]
    let (span, flags) = (span as u64, flags as u8);
    Some(SpanContext::new(
        TraceId::from(trace),
        SpanId::from(span),
        TraceFlags::new(flags & KNOWN),
        true,
        state(),
    ))
}

/// The number that lower-case digits say.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

/// The header of a span.
pub(crate) fn format(span: &SpanContext) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut header = String::with_capacity(LENGTH);
    let mut write = |bytes: &[u8]| {
        for byte in bytes {
            header.push(DIGITS[usize::from(byte >> 4)].into());
            header.push(DIGITS[usize::from(byte & 15)].into());
        }
        header.push('-');
    };
    write(&[0]);
    write(&span.trace_id().to_bytes());
    write(&span.span_id().to_bytes());
    write(&[span.trace_flags().to_u8() & KNOWN]);
    header.pop();
    header
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn parsed(header: &str) -> Option<SpanContext> {
        parse(header.as_bytes(), TraceState::default)
    }

    #[test]
    fn example_of_the_standard_is_read_and_written() {
        let span = parsed(EXAMPLE).unwrap();
        assert_eq!(
            span.trace_id(),
            TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736)
        );
        assert_eq!(span.span_id(), SpanId::from(0x00f0_67aa_0ba9_02b7));
        assert!(span.is_sampled() && span.is_remote());
        assert_eq!(format(&span), EXAMPLE);
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
            let span = parsed(&format!("{}{flags}", &EXAMPLE[..53])).unwrap();
            assert_eq!(span.trace_flags().to_u8(), kept, "{flags}");
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
            assert_eq!(parsed(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80)) {
            _ = parse(&bytes, TraceState::default);
        }

        #[test]
        fn nearly_right_headers_are_read_or_refused(place in 0..LENGTH, byte: u8) {
            let mut header = EXAMPLE.as_bytes().to_vec();
            header[place] = byte;
            if let Some(span) = parse(&header, TraceState::default) {
                prop_assert!(span.is_valid());
            }
        }

        #[test]
        fn what_is_written_is_read(trace in 1_u128.., span in 1_u64.., flags in 0_u8..4) {
            let context = SpanContext::new(
                TraceId::from(trace),
                SpanId::from(span),
                TraceFlags::new(flags),
                true,
                TraceState::default(),
            );
            prop_assert_eq!(parsed(&format(&context)), Some(context));
        }
    }
}
