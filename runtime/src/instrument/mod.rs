//! A program's own metrics: counters, gauges and histograms with typed labels.
//!
//! An instrument is a static. What it counts for one set of labels is a series, bound once; to record is then one
//! atomic operation, or for a histogram one record in the thread's lane.

mod counter;
#[cfg(feature = "init")]
mod family;
mod gauge;
mod histogram;
mod labels;
#[cfg(feature = "init")]
pub(crate) mod maker;
#[cfg(feature = "init")]
pub(crate) mod registry;

pub use counter::{BoundCounter, Counter};
pub use gauge::{BoundGauge, Gauge};
pub use histogram::{BoundHistogram, Histogram};
pub use labels::Labels;

/// What an instrument is called.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "init"),
    expect(dead_code, reason = "without `init` nobody reads it")
)]
pub(crate) struct Description {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) text: &'static str,
}

impl Description {
    /// # Panics
    ///
    /// Where `name` is not a name of an instrument; in a static, that is a compile error.
    const fn new(name: &'static str) -> Self {
        assert!(
            is_name(name.as_bytes()),
            "the name of an instrument begins with a letter, and has up to 255 letters, digits, `_`, `.`, `-` and `/`"
        );
        Self {
            name,
            unit: "",
            text: "",
        }
    }

    /// # Panics
    ///
    /// Where `unit` is not a unit of an instrument.
    const fn with_unit(mut self, unit: &'static str) -> Self {
        assert!(
            is_unit(unit),
            "the unit of an instrument has up to 63 characters of ASCII, as in `us` for microseconds"
        );
        self.unit = unit;
        self
    }
}

/// As the OpenTelemetry specification has it, "Instrument name syntax".
const fn is_name(name: &[u8]) -> bool {
    if name.is_empty() || name.len() > 255 || !name[0].is_ascii_alphabetic() {
        return false;
    }
    let mut at = 1;
    while at < name.len() {
        if !name[at].is_ascii_alphanumeric() && !matches!(name[at], b'_' | b'.' | b'-' | b'/') {
            return false;
        }
        at += 1;
    }
    true
}

/// What the SDK takes for a unit.
pub(crate) const fn is_unit(unit: &str) -> bool {
    unit.len() <= 63 && unit.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_those_of_the_specification() {
        for name in ["a", "pipeline.executions", "Lag_2-b/c"] {
            assert!(is_name(name.as_bytes()), "{name}");
        }
        let long = "a".repeat(256);
        for name in ["", "2nd", ".a", "a b", "lag µs", &long] {
            assert!(!is_name(name.as_bytes()), "{name}");
        }
    }
}
