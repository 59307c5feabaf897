//! OpenTelemetry's names as those of Prometheus.
//!
//! As the OpenTelemetry specification has it, "Prometheus and `OpenMetrics` Compatibility": what is no letter, digit or
//! `_` becomes one `_`, and the unit, in words, ends the name.

use super::text::Type;

/// The family of an instrument: its name, of a counter without `_total`, and its unit in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) unit: String,
}

impl Family {
    /// That of an instrument of this name and unit. Of a gauge the unit `1` is told.
    pub(super) fn of(name: &str, unit: &str, kind: Type) -> Self {
        let unit = unit_in_words(unit, kind == Type::Gauge);
        let mut name = sanitised(name);
        if kind == Type::Counter && name.ends_with("_total") {
            name.truncate(name.len() - "_total".len());
        }
        let ends_so = name
            .strip_suffix(&unit)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
        if !unit.is_empty() && !ends_so {
            name.push('_');
            name.push_str(&unit);
        }
        Self { name, unit }
    }
}

/// A name of a metric.
fn sanitised(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | ':' => text.push(c),
            '0'..='9' => {
                if text.is_empty() {
                    text.push('_');
                }
                text.push(c);
            }
            _ if text.ends_with('_') => {}
            _ => text.push('_'),
        }
    }
    text
}

/// A name of a label.
pub(super) fn label(key: &str) -> String {
    let text = sanitised(key).replace(':', "_");
    if text.is_empty() {
        "_".to_owned()
    } else {
        text
    }
}

/// A unit of UCUM in the words of Prometheus; what stands in braces is an annotation, and no unit.
fn unit_in_words(unit: &str, is_ratio: bool) -> String {
    let annotated = unit.find('{').map_or(unit, |at| &unit[..at]).trim();
    match annotated.split_once('/') {
        Some((of, per)) if !per.is_empty() => {
            let (of, per) = (word(of), each(per));
            if of.is_empty() {
                format!("per_{per}")
            } else {
                format!("{of}_per_{per}")
            }
        }
        _ if annotated == "1" => if is_ratio { "ratio" } else { "" }.to_owned(),
        _ => word(annotated.trim_end_matches('/')),
    }
}

fn word(unit: &str) -> String {
    let word = match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        "1" => "",
        other => return sanitised(other),
    };
    word.to_owned()
}

/// A unit below a stroke.
fn each(unit: &str) -> String {
    let word = match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        other => return word(other),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Family, Type, label};

    #[test]
    fn names_and_units_are_those_of_the_specification() {
        for (name, unit, kind, expected, words) in [
            (
                "tickspan.stage.duration",
                "s",
                Type::Histogram,
                "tickspan_stage_duration_seconds",
                "seconds",
            ),
            (
                "tickspan.stage.calls",
                "{call}",
                Type::Counter,
                "tickspan_stage_calls",
                "",
            ),
            (
                "pipeline_executions_total",
                "",
                Type::Counter,
                "pipeline_executions",
                "",
            ),
            (
                "tickspan.lane.memory",
                "By",
                Type::Gauge,
                "tickspan_lane_memory_bytes",
                "bytes",
            ),
            (
                "request.size.bytes",
                "By",
                Type::Counter,
                "request_size_bytes",
                "bytes",
            ),
            ("bytes", "By", Type::Counter, "bytes", "bytes"),
            ("kilobytes", "By", Type::Counter, "kilobytes_bytes", "bytes"),
            ("memory.total", "", Type::Gauge, "memory_total", ""),
            ("hit", "1", Type::Gauge, "hit_ratio", "ratio"),
            ("hits", "1", Type::Counter, "hits", ""),
            (
                "throughput",
                "By/s",
                Type::Gauge,
                "throughput_bytes_per_second",
                "bytes_per_second",
            ),
            ("rate", "{order}/s", Type::Gauge, "rate", ""),
            ("edge.net", "USD", Type::Gauge, "edge_net_USD", "USD"),
            ("2fa..codes--sent", "", Type::Counter, "_2fa_codes_sent", ""),
        ] {
            let family = Family::of(name, unit, kind);
            assert_eq!(
                (family.name.as_str(), family.unit.as_str()),
                (expected, words)
            );
        }
    }

    #[test]
    fn labels_are_letters_digits_and_low_lines() {
        for (key, expected) in [
            ("tickspan.stage", "tickspan_stage"),
            ("a:b", "a_b"),
            ("1st", "_1st"),
            ("µ", "_"),
            ("", "_"),
        ] {
            assert_eq!(label(key), expected);
        }
    }
}
