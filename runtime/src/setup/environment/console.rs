//! What goes to stderr.

use super::{Error, Variables};
use crate::console::Console;

const CONSOLE: &str = "TICKSPAN_CONSOLE";

pub(super) fn read(variables: &Variables<'_>) -> Result<Option<Console>, Error> {
    let Some(text) = variables.text(CONSOLE)? else {
        return Ok(None);
    };
    parse(&text).map(Some).ok_or_else(|| Error::Invalid {
        setting: CONSOLE,
        value: Some(text),
        accepted: "`off`, `lines`, `pretty`, `json`, and `operations` after one of the last three and a comma"
            .to_owned(),
    })
}

fn parse(text: &str) -> Option<Console> {
    let lower = text.to_ascii_lowercase();
    let (format, operations) = match lower.split_once(',') {
        Some((format, more)) if more.trim() == "operations" => (format, true),
        Some(_) => return None,
        None => (lower.as_str(), false),
    };
    let console = match format.trim() {
        "off" if !operations => Console::off(),
        "lines" => Console::lines(),
        "pretty" => Console::pretty(),
        "json" => Console::json(),
        _ => return None,
    };
    Some(console.with_operations(operations))
}
