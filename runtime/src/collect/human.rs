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
/// µs`, `45.6 ms`, `7.89 s`. From 1,000 s on it is whole seconds.
pub(crate) fn duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    if nanoseconds < 1_000 {
        return format!("{nanoseconds} ns");
    }
    // The largest error of the conversion is below one part in 10^15, far under the three digits
    // shown.
    let seconds = duration.as_secs_f64();
    for (scale, unit) in [(1e6, "µs"), (1e3, "ms"), (1.0, "s")] {
        let value = seconds * scale;
        // 999.5 would be shown as `1000`; it belongs to the next unit.
        if value < 999.5 {
            return format!("{} {unit}", three_digits(value));
        }
    }
    format!("{} s", count(duration.as_secs()))
}

/// Writes a value from 1 to 999.5 with three significant digits.
fn three_digits(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
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
    fn durations_have_three_digits_and_their_unit() {
        for (nanoseconds, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_996, "10.0 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_501, "1.00 ms"),
            (45_600_000, "45.6 ms"),
            (7_890_000_000, "7.89 s"),
            (60_000_000_000, "60.0 s"),
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
