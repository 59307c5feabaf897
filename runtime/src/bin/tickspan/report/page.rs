//! One HTML file: the page, its style, its script, and the data as JSON.
//!
//! What was recorded is untrusted. It stands in the page as data alone, and the script writes it as text. The policy in the page's head
//! lets no other script run, and nothing be loaded.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::model::Report;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/elements.js"),
    include_str!("page/charts.js"),
    include_str!("page/latency.js"),
    include_str!("page/edges.js"),
    include_str!("page/traces.js"),
    include_str!("page/main.js"),
);

/// Writes the page of a report.
pub(super) fn page(report: &Report) -> Result<String, serde_json::Error> {
    let data = inert(&serde_json::to_string(report)?);
    let title = match report.services.as_slice() {
        [] => "tickspan report".to_owned(),
        services => format!("{} · tickspan report", services.join(", ")),
    };
    let mut page = String::with_capacity(TEMPLATE.len() + STYLE.len() + SCRIPT.len() + data.len());
    let mut rest = TEMPLATE;
    // Not by replacing one after the other: what stands in the data is no place of the template.
    while let Some((before, place, after)) = next_place(rest) {
        page.push_str(before);
        match place {
            "TITLE" => page.push_str(&text(&title)),
            "STYLE" => page.push_str(STYLE),
            "SCRIPT" => page.push_str(SCRIPT),
            "DATA" => page.push_str(&data),
            "STYLE_HASH" => page.push_str(&hash(STYLE)),
            "SCRIPT_HASH" => page.push_str(&hash(SCRIPT)),
            other => unreachable!("the template has no place `{other}`"),
        }
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

fn next_place(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once("{{")?;
    let (place, after) = rest.split_once("}}")?;
    Some((before, place, after))
}

/// As the policy names what may run: by its hash, where line ends are those that a browser sees.
fn hash(source: &str) -> String {
    let digest = Sha256::digest(source.replace("\r\n", "\n"));
    format!("sha256-{}", BASE64_STANDARD.encode(digest))
}

/// JSON in which nothing can end the element that it stands in, or be taken for an entity.
pub(super) fn inert(json: &str) -> String {
    let mut inert = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => inert.push_str("\\u003c"),
            '>' => inert.push_str("\\u003e"),
            '&' => inert.push_str("\\u0026"),
            '\u{2028}' => inert.push_str("\\u2028"),
            '\u{2029}' => inert.push_str("\\u2029"),
            other => inert.push(other),
        }
    }
    inert
}

/// Text in HTML.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
