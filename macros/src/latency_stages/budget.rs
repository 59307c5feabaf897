//! Budgets: a duration in quotes.

use syn::{Expr, ExprLit, Lit};

use crate::diagnostics::suggest;
use crate::groups::ungrouped;

/// The units, in nanoseconds.
const UNITS: [(&str, u64); 5] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
];

/// The longest that is told apart.
const LONGEST: u64 = 60_000_000_000;

/// The nanoseconds of a budget.
pub(super) fn nanoseconds(value: Expr) -> syn::Result<u64> {
    let value = ungrouped(value);
    let fault = |message: String| Err(syn::Error::new_spanned(&value, message));
    let text = match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => literal.value(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(literal),
            ..
        }) if !literal.suffix().is_empty() => {
            return fault(format!("write it in quotes: \"{literal}\""));
        }
        _ => {
            return fault("a budget is a duration in quotes, with its unit: \"50us\"".to_owned());
        }
    };
    match parse(&text) {
        Ok(nanoseconds) => Ok(nanoseconds),
        Err(why) => fault(why),
    }
}

fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit_at = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_' || c == '-'))
        .unwrap_or(text.len());
    let (number, unit) = (text[..unit_at].trim_end(), text[unit_at..].trim());
    if number.is_empty() {
        return Err("a budget begins with a number: \"50us\"".to_owned());
    }
    // Both ways to write the micro sign.
    let unit = if unit == "μs" { "µs" } else { unit };
    let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let names = UNITS.map(|(name, _)| name);
        return Err(if unit.is_empty() {
            format!(
                "a budget needs its unit: \"{number}us\"; {}",
                suggest("", &names)
            )
        } else {
            format!("unknown unit `{unit}`; {}", suggest(unit, &names))
        });
    };
    let nanoseconds = scaled(&number.replace('_', ""), *scale)?;
    match nanoseconds {
        0 => Err(
            "a budget of no time would always be exceeded; remove it, or give one above 0"
                .to_owned(),
        ),
        1..=LONGEST => Ok(nanoseconds),
        _ => Err(
            "a budget is at most 60 s, the longest that latency histograms tell apart".to_owned(),
        ),
    }
}

/// A decimal number of units, exactly.
fn scaled(number: &str, scale: u64) -> Result<u64, String> {
    let malformed = || format!("`{number}` is no number above 0");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u64 = whole.parse().map_err(|_| malformed())?;
    let digits = u32::try_from(fraction.len()).map_err(|_| malformed())?;
    let fraction: u64 = fraction.parse().map_err(|_| malformed())?;
    let parts = 10_u64.checked_pow(digits).ok_or_else(malformed)?;
    let fraction = fraction.checked_mul(scale).ok_or_else(malformed)?;
    if fraction % parts != 0 {
        return Err("a budget is a whole number of nanoseconds".to_owned());
    }
    whole
        .checked_mul(scale)
        .and_then(|whole| whole.checked_add(fraction / parts))
        .ok_or_else(|| {
            "a budget is at most 60 s, the longest that latency histograms tell apart".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_exact() {
        for (text, nanoseconds) in [
            ("1ns", 1),
            ("50us", 50_000),
            ("50 µs", 50_000),
            ("50μs", 50_000),
            ("1.5ms", 1_500_000),
            ("0.001us", 1),
            ("1_000us", 1_000_000),
            ("60s", 60_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "us",
            "50",
            "50 hours",
            "-5us",
            "1.2.3us",
            ".5us",
            "5.us",
            "0s",
            "0.5ns",
            "61s",
            "99999999999999999999s",
            "18446744073709551615s",
            "0.00000000000000000000001s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
