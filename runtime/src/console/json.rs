//! An object of JSON on a line of its own.

use std::fmt::{self, Write as _};

use opentelemetry::{Array, StringValue, Value};

use super::{Fields, Line};

pub(super) fn write(out: &mut String, line: &Line<'_>) {
    // Writing into a `String` cannot fail.
    let _ = try_write(out, line);
    out.push('\n');
}

fn try_write(out: &mut String, line: &Line<'_>) -> fmt::Result {
    write!(
        out,
        r#"{{"timestamp":"{:.6}","level":"{}","target":"#,
        line.timestamp(),
        line.level()
    )?;
    write_text(out, line.metadata.target())?;
    out.push_str(r#","message":"#);
    write_text(out, line.message)?;
    out.push_str(r#","fields":"#);
    write_fields(out, line.fields)?;
    out.push_str(r#","spans":["#);
    for (place, span) in line.spans.iter().enumerate() {
        out.push_str(if place > 0 {
            r#",{"name":"#
        } else {
            r#"{"name":"#
        });
        write_text(out, span.name)?;
        out.push_str(r#","fields":"#);
        write_fields(out, span.fields)?;
        out.push('}');
    }
    out.push(']');
    if let Some((trace, span)) = line.ids {
        write!(out, r#","trace_id":"{trace}","span_id":"{span}""#)?;
    }
    out.write_char('}')
}

fn write_fields(out: &mut String, fields: Fields<'_>) -> fmt::Result {
    let mut before = '{';
    let mut result = Ok(());
    fields.each(|key, value, _| {
        if result.is_ok() {
            out.push(before);
            result = write_text(out, key)
                .and_then(|()| out.write_char(':'))
                .and_then(|()| write!(out, "{}", json(value)));
        }
        before = ',';
    });
    if fields.is_empty() {
        out.push('{');
    }
    result?;
    out.write_char('}')
}

fn write_text(out: &mut String, text: &str) -> fmt::Result {
    write!(out, "{}", serde_json::Value::from(text))
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::F64(value) => float(*value),
        Value::Array(Array::Bool(values)) => values.clone().into(),
        Value::Array(Array::I64(values)) => values.clone().into(),
        Value::Array(Array::F64(values)) => values.iter().copied().map(float).collect(),
        Value::Array(Array::String(values)) => values.iter().map(StringValue::as_str).collect(),
        // OpenTelemetry may get others.
        text => text.as_str().into(),
    }
}

/// JSON has no infinities and no NaN: they are text, as in OTLP's JSON.
fn float(value: f64) -> serde_json::Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => number.into(),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}
