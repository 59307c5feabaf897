//! The inventory as text.

use std::fmt::Write as _;

use super::decision::{Decision, Listed};

const HEADS: [&str; 6] = ["decision", "kind", "path", "value", "why", "where"];

/// Columns for a terminal.
pub(super) fn table(listed: &Listed) -> String {
    let rows: Vec<[String; 6]> = std::iter::once(HEADS.map(str::to_owned))
        .chain(listed.decisions.iter().map(row))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; 6] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for setting in settings(listed) {
        _ = writeln!(text, "settings: {setting}");
    }
    text
}

/// A table of Markdown.
pub(super) fn markdown(listed: &Listed) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        HEADS.join(" | "),
        "---|".repeat(HEADS.len())
    );
    for decision in &listed.decisions {
        let cells = row(decision).map(|cell| as_markdown(&cell));
        _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    for (place, setting) in settings(listed).enumerate() {
        let apart = if place == 0 { "\n" } else { "" };
        _ = writeln!(text, "{apart}- settings: {}", as_markdown(&setting));
    }
    text
}

/// Text that Markdown shows as it is: `<f64>` is no tag there, which nobody would see.
fn as_markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\|<>*_`[]~&$".contains(character) {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// The files that were compiled in; places where there was none are for `--check`.
fn settings(listed: &Listed) -> impl Iterator<Item = String> {
    listed.settings.iter().filter_map(|source| {
        let fingerprint = source.fingerprint.as_ref()?;
        Some(format!("{} {fingerprint}", source.file))
    })
}

/// What `--check` reads.
pub(super) fn json(listed: &Listed) -> Result<String, String> {
    serde_json::to_string_pretty(listed)
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}

fn row(decision: &Decision) -> [String; 6] {
    [
        decision.outcome.text().to_owned(),
        decision.kind.clone(),
        decision.path.clone(),
        value(decision),
        why(decision),
        format!("{}:{}", decision.file, decision.line),
    ]
    .map(|cell| visible(&cell))
}

/// The text with what breaks lines, drives a terminal or cannot be seen written out, so that no key and no reason
/// hides another one from who reviews them.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => visible.push(character),
            _ => visible.extend(character.escape_debug()),
        }
    }
    visible
}

/// `price: f64`; of `public!`, which has no key, the expression.
pub(super) fn value(decision: &Decision) -> String {
    if decision.key.is_empty() {
        decision.ty.clone()
    } else if decision.ty.is_empty() || decision.ty == decision.key {
        decision.key.clone()
    } else {
        format!("{}: {}", decision.key, decision.ty)
    }
}

/// The reason, with the class and what of it leaves.
pub(super) fn why(decision: &Decision) -> String {
    let mut why = decision.why.clone();
    for more in [&decision.class, &decision.export, &decision.reason] {
        if !more.is_empty() {
            _ = write!(why, ", {more}");
        }
    }
    why
}

#[cfg(test)]
mod tests {
    use super::{as_markdown, visible};

    #[test]
    fn nothing_hides_in_a_line() {
        for (text, shown) in [
            ("order.price: f64", "order.price: f64"),
            ("größe \"a\\b\" 'x'", "größe \"a\\b\" 'x'"),
            ("one\ntwo\r\u{1b}[2K", "one\\ntwo\\r\\u{1b}[2K"),
            ("\u{202e}pin\u{200b}", "\\u{202e}pin\\u{200b}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn nothing_hides_in_a_cell_of_markdown() {
        for (text, shown) in [
            ("price: Option<f64>", r"price: Option\<f64\>"),
            ("a * b * c", r"a \* b \* c"),
            (r#""a\|b""#, r#""a\\\|b""#),
        ] {
            assert_eq!(as_markdown(text), shown);
        }
    }
}
