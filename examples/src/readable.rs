//! Numbers as people read them.

use std::time::Duration;

/// `91997` as `91,997`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in the unit that leaves one to three digits before the point: `850 ns`, `1.2 µs`,
/// `45.6 ms`, `7.9 s`.
pub fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => tenths(nanos / 100, "µs"),
        1_000_000..1_000_000_000 => tenths(nanos / 100_000, "ms"),
        _ => tenths(nanos / 100_000_000, "s"),
    }
}

fn tenths(tenths: u128, unit: &str) -> String {
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let texts = [0, 999, 1_000, 91_997, 1_234_567].map(count);
        assert_eq!(texts, ["0", "999", "1,000", "91,997", "1,234,567"]);
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        let texts = [0, 999, 1_000, 45_678_900, 60_000_000_000]
            .map(|nanos| duration(Duration::from_nanos(nanos)));
        assert_eq!(texts, ["0 ns", "999 ns", "1.0 µs", "45.6 ms", "60.0 s"]);
    }
}
