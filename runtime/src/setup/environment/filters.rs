//! What each output wants: directives as `tracing_subscriber` reads them.

use super::{Error, Variables};
use crate::setup::settings::FilterText;
use crate::setup::subscriber;

pub(in super::super) const FILTER: &str = "RUST_LOG";
pub(in super::super) const SPAN_FILTER: &str = "TICKSPAN_SPAN_FILTER";
pub(in super::super) const CONSOLE_FILTER: &str = "TICKSPAN_CONSOLE_FILTER";
pub(in super::super) const LOG_FILTER: &str = "TICKSPAN_LOG_FILTER";

/// Directives that can be understood. Absent: not said.
#[derive(Debug)]
pub(in super::super) struct FilterEnvironment {
    /// For all outputs that have none of their own.
    pub(in super::super) all: Option<String>,
    pub(in super::super) spans: Option<String>,
    pub(in super::super) console: Option<String>,
    pub(in super::super) logs: Option<String>,
}

impl FilterEnvironment {
    pub(super) fn read(variables: &Variables<'_>) -> Result<Self, Error> {
        Ok(Self {
            all: read(variables, FILTER)?,
            spans: read(variables, SPAN_FILTER)?,
            console: read(variables, CONSOLE_FILTER)?,
            logs: read(variables, LOG_FILTER)?,
        })
    }
}

fn read(variables: &Variables<'_>, setting: &'static str) -> Result<Option<String>, Error> {
    let Some(directives) = variables.text(setting)? else {
        return Ok(None);
    };
    // Checked here, so that it is checked where another setting wins.
    let text = FilterText {
        setting,
        directives,
    };
    subscriber::filter(&text)?;
    Ok(Some(text.directives))
}
