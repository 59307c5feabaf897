//! How numbers and durations are written for people: three significant digits and a unit, thousands
//! separated.
//!
//! For tables and one-line messages only; nothing reads these texts back.

use std::time::Duration;

/// Writes `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a duration with three significant digits in the unit that fits: `0 ns`, `850 ns`, `1.23
/// µs`, `45.6 ms`, `7.89 s`. From 1,000 s on it is whole seconds. Half of the last digit is rounded
/// up.
pub(crate) fn duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds < 1_000 {
        return format!("{nanoseconds} ns");
    }
    for (unit, name) in [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")] {
        for (parts, places) in [(100, 2), (10, 1), (1, 0)] {
            let step = unit / parts;
            let digits = (nanoseconds + step / 2) / step;
            if digits < 1_000 {
                let (whole, part) = (digits / parts, digits % parts);
                return match places {
                    0 => format!("{whole} {name}"),
                    _ => format!("{whole}.{part:0places$} {name}"),
                };
            }
        }
    }
    format!("{} s", count(duration.as_secs()))
}

/// Writes an amount with four significant digits, or whole from 1,000 on: `0.0312`, `94.70`, `-1,235`. With an exponent what is
/// too large for that, and what is less than 10^-9: in an asset of 18 decimals that may be all there is.
pub(crate) fn amount(amount: f64) -> String {
    let size = amount.abs();
    if !size.is_finite() || size >= 1e15 || (size > 0.0 && size < 1e-9) {
        return format!("{amount:.3e}");
    }
    let sign = if amount < 0.0 { "-" } else { "" };
    if size >= 999.95 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 1,000 to 10^15"
        )]
        return format!("{sign}{}", count(size.round() as u64));
    }
    let before_point = if size == 0.0 {
        1.0
    } else {
        size.log10().floor() + 1.0
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to 12"
    )]
    let digits = (4.0 - before_point).clamp(1.0, 12.0) as usize;
    format!("{sign}{size:.digits$}")
}

/// Whether a character is no text: it drives a terminal, or sets the direction of what follows, which then reads as something else.
pub(crate) fn is_no_text(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Writes 0.256 as `25.6 %`; nothing as a dash.
pub(crate) fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(91_997), "91,997");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn amounts_have_four_digits_or_are_whole() {
        for (number, text) in [
            (0.0, "0.000"),
            (94.7, "94.70"),
            (-0.031_25, "-0.03125"),
            (999.96, "1,000"),
            (-1_234.5, "-1,235"),
            (1e-9, "0.000000001000"),
            (-3.5e-17, "-3.500e-17"),
            (1e18, "1.000e18"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(amount(number), text);
        }
        assert_eq!(
            (share(Some(0.256)), share(None)),
            ("25.6 %".into(), "–".into())
        );
    }

    #[test]
    fn what_drives_a_terminal_or_turns_text_is_no_text() {
        assert!(
            "\n\u{1b}\u{9b}\u{200f}\u{202e}\u{2066}"
                .chars()
                .all(is_no_text)
        );
        assert!(!"a é 日 \u{5d0} 👍".chars().any(is_no_text));
    }

    #[test]
    fn durations_have_three_digits_and_their_unit() {
        for (nanoseconds, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (3_124, "3.12 µs"),
            (3_125, "3.13 µs"),
            (9_995, "10.0 µs"),
            (12_050, "12.1 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (45_600_000, "45.6 ms"),
            (7_890_000_000, "7.89 s"),
            (60_000_000_000, "60.0 s"),
            (999_499_999_999, "999 s"),
            (1_234_000_000_000, "1,234 s"),
        ] {
            assert_eq!(
                duration(Duration::from_nanos(nanoseconds)),
                text,
                "{nanoseconds} ns"
            );
        }
    }
}
