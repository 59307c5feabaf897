//! Some lines for people, one thing a line.
//!
//! ```text
//! 2026-11-21T02:27:39.702405Z  WARN bot::risk: limit_read
//!     limit: 1000
//!     in check_risk{quantity=5000}
//!     at src/risk.rs:12
//!     trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7
//! ```

use std::fmt::{self, Write as _};

use super::Line;
use super::line::Around;
use super::plain::Colours;
use super::text::{write_field, write_text, write_value};

pub(super) fn write(out: &mut String, line: &Line<'_>, coloured: bool) {
    // Writing into a `String` cannot fail.
    let _ = try_write(out, line, coloured);
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
        "{dim}{:.6}{end} {level}{:>5}{end} {dim}",
        line.timestamp(),
        line.level()
    )?;
    write_text(out, line.metadata.target())?;
    write!(out, ":{end} {bold}")?;
    write_text(out, line.message)?;
    writeln!(out, "{end}")?;
    let mut result = Ok(());
    line.fields.each(|key, value, is_written| {
        if result.is_ok() {
            result = write!(out, "    {bold}")
                .and_then(|()| write_text(out, key))
                .and_then(|()| write!(out, "{end}: "))
                .and_then(|()| write_value(out, value, is_written))
                .and_then(|()| out.write_char('\n'));
        }
    });
    result?;
    // The innermost first, as a trace of calls is read.
    for span in line.spans.iter().rev() {
        write_span(out, span, dim, end)?;
    }
    if let Some(file) = line.metadata.file() {
        let place = line.metadata.line().unwrap_or_default();
        writeln!(out, "    {dim}at{end} {file}:{place}")?;
    }
    if let Some((trace, span)) = line.ids {
        writeln!(out, "    {dim}trace_id={trace} span_id={span}{end}")?;
    }
    Ok(())
}

fn write_span(out: &mut String, span: &Around<'_>, dim: &str, end: &str) -> fmt::Result {
    write!(out, "    {dim}in{end} ")?;
    write_text(out, span.name)?;
    let mut before = '{';
    let mut result = Ok(());
    span.fields.each(|key, value, is_written| {
        if result.is_ok() {
            out.push(before);
            result = write_field(out, key, value, is_written);
        }
        before = ' ';
    });
    result?;
    if !span.fields.is_empty() {
        out.push('}');
    }
    out.write_char('\n')
}
