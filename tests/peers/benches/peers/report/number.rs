//! Numbers as people read them.

/// A time in nanoseconds, with three digits at most.
pub(super) fn time(nanoseconds: f64) -> String {
    if nanoseconds < 999.5 {
        format!("{} ns", digits(nanoseconds))
    } else if nanoseconds < 999_500.0 {
        format!("{} µs", digits(nanoseconds / 1e3))
    } else {
        format!("{} ms", digits(nanoseconds / 1e6))
    }
}

/// How many a second.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 999_500.0 {
        format!("{} k", digits(per_second / 1e3))
    } else {
        format!("{} M", digits(per_second / 1e6))
    }
}

/// A share, in per cent.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn share(part: u64, whole: u64) -> String {
    format!("{} %", digits(part as f64 * 100.0 / whole as f64))
}

/// A size in bytes, with three digits at most.
pub(super) fn size(bytes: f64) -> String {
    if bytes < 999.5 {
        format!("{bytes:.0} B")
    } else {
        format!("{} KB", digits(bytes / 1e3))
    }
}

/// A whole number, with a comma between thousands.
pub(super) fn count(number: u64) -> String {
    let plain = number.to_string();
    let mut written = String::new();
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A number with three digits at most, and at most two behind the point.
pub(super) fn digits(number: f64) -> String {
    match number.abs() {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}
