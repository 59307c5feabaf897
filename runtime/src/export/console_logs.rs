//! Log records as lines on stdout, for looking at without a backend (`OTEL_LOGS_EXPORTER=console`).
//!
//! One line a record, for people: the format may change. Not the log lines of `with_console`, which are written on
//! stderr as things happen.

use std::fmt::{self, Write as _};

use opentelemetry::logs::AnyValue;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLogRecord};

use super::console::print;
use crate::console::text::write_text;

#[derive(Debug)]
pub(crate) struct ConsoleLogs;

impl LogExporter for ConsoleLogs {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let mut text = String::new();
        for (record, _) in batch.iter() {
            // Writing into a `String` cannot fail.
            let _ = write_record(&mut text, record);
        }
        print(&text)
    }
}

fn write_record(out: &mut String, record: &SdkLogRecord) -> fmt::Result {
    write!(out, "log {}", record.severity_text().unwrap_or("UNKNOWN"))?;
    if let Some(target) = record.target() {
        out.write_char(' ')?;
        write_text(out, target)?;
    }
    if let Some(body) = record.body() {
        out.write_char(' ')?;
        write_value(out, body)?;
    }
    for (key, value) in record.attributes_iter() {
        out.write_char(' ')?;
        write_text(out, key.as_str())?;
        out.write_char('=')?;
        write_value(out, value)?;
    }
    if let Some(context) = record.trace_context() {
        write!(
            out,
            " trace_id={} span_id={}",
            context.trace_id, context.span_id
        )?;
    }
    out.write_char('\n')
}

/// Text is quoted and escaped: it may hold spaces, line ends and what drives a terminal.
fn write_value(out: &mut String, value: &AnyValue) -> fmt::Result {
    match value {
        AnyValue::Int(value) => write!(out, "{value}"),
        AnyValue::Double(value) => write!(out, "{value}"),
        AnyValue::Boolean(value) => write!(out, "{value}"),
        AnyValue::String(text) => write!(out, "{:?}", text.as_str()),
        other => write!(out, "{other:?}"),
    }
}
