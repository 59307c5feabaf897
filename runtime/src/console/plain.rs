//! A line for people and `grep`.
//!
//! ```text
//! 2026-11-21T02:27:39.702405Z  WARN check_risk{quantity=5000}: bot::risk: limit_read limit=1000 trace_id=.. span_id=..
//! ```

use std::fmt::{self, Write as _};

use tracing::Level;

use super::text::{write_field, write_text};
use super::{Fields, Line};

/// The escapes of a terminal, or nothing.
pub(super) struct Colours {
    pub(super) dim: &'static str,
    pub(super) bold: &'static str,
    pub(super) level: &'static str,
    pub(super) end: &'static str,
}

impl Colours {
    pub(super) fn of(level: Level, coloured: bool) -> Self {
        if !coloured {
            return Self {
                dim: "",
                bold: "",
                level: "",
                end: "",
            };
        }
        Self {
            dim: "\x1b[2m",
            bold: "\x1b[1m",
            level: match level {
                Level::ERROR => "\x1b[31m",
                Level::WARN => "\x1b[33m",
                Level::INFO => "\x1b[32m",
                Level::DEBUG => "\x1b[34m",
                Level::TRACE => "\x1b[35m",
            },
            end: "\x1b[0m",
        }
    }
}

pub(super) fn write(out: &mut String, line: &Line<'_>, coloured: bool) {
    // Writing into a `String` cannot fail.
    let _ = try_write(out, line, coloured);
    out.push('\n');
}

fn try_write(out: &mut String, line: &Line<'_>, coloured: bool) -> fmt::Result {
    let Colours {
        dim,
        bold,
        level,
        end,
    } = Colours::of(line.level(), coloured);
    write!(
        out,
        "{dim}{:.6}{end} {level}{:>5}{end} ",
        line.timestamp(),
        line.level()
    )?;
    for span in line.spans {
        out.push_str(bold);
        write_text(out, span.name)?;
        out.push_str(end);
        if !span.fields.is_empty() {
            out.push('{');
            write_fields(out, span.fields, "")?;
            out.push('}');
        }
        out.push(':');
    }
    if !line.spans.is_empty() {
        out.push(' ');
    }
    out.push_str(dim);
    write_text(out, line.metadata.target())?;
    write!(out, ":{end}")?;
    if !line.message.is_empty() {
        out.push(' ');
        write_text(out, line.message)?;
    }
    write_fields(out, line.fields, " ")?;
    if let Some((trace, span)) = line.ids {
        write!(out, " {dim}trace_id={trace} span_id={span}{end}")?;
    }
    Ok(())
}

/// `a=1 b="two"`, with `first` before it.
fn write_fields(out: &mut String, fields: Fields<'_>, first: &str) -> fmt::Result {
    let mut before = first;
    let mut result = Ok(());
    fields.each(|key, value, is_written| {
        if result.is_ok() {
            out.push_str(before);
            result = write_field(out, key, value, is_written);
        }
        before = " ";
    });
    result
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use opentelemetry::trace::{SpanId, TraceId};
    use opentelemetry::{Array, KeyValue, StringValue, Value};

    use super::super::Around;
    use super::*;
    use crate::record::{Callsite, Kind, Site};

    static CALLSITE: Callsite = Callsite::new(
        &Site {
            name: "limit_read",
            target: "bot::risk",
            level: Level::WARN,
            kind: Kind::Event,
            function: || "",
            file: "src/risk.rs",
            line: 12,
            module: "bot::risk",
            fields: &[],
        },
        &CALLSITE,
    );

    fn line(fields: &[KeyValue], coloured: bool) -> String {
        let mut text = String::new();
        let around = [Around {
            name: "check_risk",
            fields: Fields::Attributes(fields),
        }];
        let line = Line {
            time: UNIX_EPOCH + Duration::from_micros(1_784_600_000_012_345),
            metadata: CALLSITE.metadata(),
            message: "limit_read",
            fields: Fields::Attributes(fields),
            spans: &around,
            ids: Some((TraceId::from(1), SpanId::from(2))),
        };
        write(&mut text, &line, coloured);
        text
    }

    #[test]
    fn line_tells_time_level_spans_and_ids() {
        let fields = [
            KeyValue::new("quantity", 5),
            KeyValue::new("symbol", "A\nB"),
        ];
        assert_eq!(
            line(&fields, false),
            "2026-07-21T02:13:20.012345Z  WARN check_risk{quantity=5 symbol=\"A\\nB\"}: bot::risk: \
             limit_read quantity=5 symbol=\"A\\nB\" trace_id=00000000000000000000000000000001 \
             span_id=0000000000000002\n"
        );
        assert_eq!(
            line(&[], true),
            "\x1b[2m2026-07-21T02:13:20.012345Z\x1b[0m \x1b[33m WARN\x1b[0m \x1b[1mcheck_risk\x1b[0m: \
             \x1b[2mbot::risk:\x1b[0m limit_read \x1b[2mtrace_id=00000000000000000000000000000001 \
             span_id=0000000000000002\x1b[0m\n"
        );
    }

    #[test]
    fn names_keys_and_lists_of_texts_neither_end_the_line_nor_drive_a_terminal() {
        let texts = ["A\n\x1b[31m\"", "B,C"].map(StringValue::from);
        let fields = [
            KeyValue::new("levels\nasked", 2),
            KeyValue::new("symbols", Value::Array(Array::String(texts.into()))),
            KeyValue::new("none", Value::Array(Array::String(Vec::new()))),
        ];
        let mut text = String::new();
        let around = [Around {
            name: "check\nrisk\x1b[31m",
            fields: Fields::Attributes(&[]),
        }];
        let line = Line {
            time: UNIX_EPOCH,
            metadata: CALLSITE.metadata(),
            message: "",
            fields: Fields::Attributes(&fields),
            spans: &around,
            ids: None,
        };
        write(&mut text, &line, false);
        assert_eq!(
            text,
            "1970-01-01T00:00:00.000000Z  WARN check\\nrisk\\u{1b}[31m: bot::risk: levels\\nasked=2 \
             symbols=[\"A\\n\\u{1b}[31m\\\"\",\"B,C\"] none=[]\n"
        );
        text.clear();
        super::super::pretty::write(&mut text, &line, false);
        assert!(
            text.contains("\n    in check\\nrisk\\u{1b}[31m\n"),
            "{text}"
        );
        assert!(text.contains("\n    levels\\nasked: 2\n"), "{text}");
    }
}
