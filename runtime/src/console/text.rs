//! Keys and values on a line for people.

use std::fmt::{self, Write as _};

use opentelemetry::{Array, Value};

use crate::collect::human::is_no_text;

/// `a=1`
pub(crate) fn write_field(
    out: &mut String,
    key: &str,
    value: &Value,
    is_written: bool,
) -> fmt::Result {
    write_text(out, key)?;
    out.push('=');
    write_value(out, value, is_written)
}

/// Text is quoted and escaped: it may hold spaces, line ends and what drives a terminal. What a `Debug` has written is only escaped.
pub(crate) fn write_value(out: &mut String, value: &Value, is_written: bool) -> fmt::Result {
    match value {
        Value::String(text) if is_written => write_text(out, text.as_str()),
        Value::String(text) => write!(out, "{:?}", text.as_str()),
        Value::Array(Array::String(texts)) => {
            let mut before = '[';
            for text in texts {
                write!(out, "{before}{:?}", text.as_str())?;
                before = ',';
            }
            out.push_str(if texts.is_empty() { "[]" } else { "]" });
            Ok(())
        }
        other => write!(out, "{other}"),
    }
}

/// Text as it is, but for line ends and what drives a terminal.
pub(crate) fn write_text(out: &mut String, text: &str) -> fmt::Result {
    for character in text.chars() {
        if is_no_text(character) {
            write!(out, "{}", character.escape_default())?;
        } else {
            out.push(character);
        }
    }
    Ok(())
}
