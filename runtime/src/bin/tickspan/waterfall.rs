//! A trace for people: its tree, each span with a bar where it ran, and below it what happened in it.

use std::fmt::Write as _;
use std::time::Duration;

use tickspan::recorded::{Attributes, Edge, Latency, Recording, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::human;
use crate::output::Cell;
use crate::tree::{Node, Trace, What};

/// How wide it is where nobody says.
const WIDTH: usize = 100;

/// No narrower than this, however narrow the terminal is.
const NARROWEST: usize = 32;

/// From this width on, it is told when each span began.
const WITH_BEGIN: usize = 72;

/// How wide durations are, with the blank before them.
const NUMBER: usize = 10;

/// How it is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) width: Option<usize>,
    pub(crate) is_coloured: bool,
    /// Whether attributes of spans are told.
    pub(crate) has_attributes: bool,
}

const RED: &str = "31";
const GREEN: &str = "32";
const BLUE: &str = "34";
const FAINT: &str = "2";

/// Draws a trace, each line with its end.
pub(crate) fn draw(trace: &Trace, style: Style) -> String {
    let width = style.width.unwrap_or(WIDTH).max(NARROWEST);
    let has_begin = width >= WITH_BEGIN;
    let numbers = if has_begin { 2 * NUMBER } else { NUMBER };
    let titles = titles(trace);
    let longest = trace
        .nodes
        .iter()
        .zip(&titles)
        .map(|(node, title)| 3 * node.depth + title.width());
    let names = longest
        .max()
        .unwrap_or(0)
        .clamp(8, (width - numbers) * 3 / 5);
    let chart = Chart {
        style,
        width,
        has_begin,
        names,
        bars: width - numbers - names - 1,
        whole: trace.took,
    };
    let mut out = String::new();
    chart.head(&mut out, trace);
    // Whether the branch of each level above goes on.
    let mut goes_on: Vec<bool> = Vec::new();
    for (place, (node, title)) in trace.nodes.iter().zip(&titles).enumerate() {
        goes_on.truncate(node.depth);
        let has_children = trace
            .nodes
            .get(place + 1)
            .is_some_and(|next| next.depth > node.depth);
        chart.span(
            &mut out,
            node,
            title,
            &chart.branch(&goes_on, if node.is_last { "└─ " } else { "├─ " }),
        );
        goes_on.push(!node.is_last);
        let mut below = chart.branch(&goes_on, "");
        below.push_str(if has_children { "│  " } else { "   " });
        chart.happened(&mut out, node, &below);
    }
    out.push_str(&left_out(trace));
    out
}

/// What of a trace is beyond the limits, a line for spans and one for what happened in them.
pub(crate) fn left_out(trace: &Trace) -> String {
    let mut out = String::new();
    for (count, what) in [(trace.left_out, "spans"), (trace.left_out_items, "events")] {
        if count > 0 {
            let _ = writeln!(out, "{} more {what} are left out", human::count(count));
        }
    }
    out
}

struct Chart {
    style: Style,
    width: usize,
    has_begin: bool,
    /// How wide names are, and bars.
    names: usize,
    bars: usize,
    whole: Duration,
}

impl Chart {
    fn head(&self, out: &mut String, trace: &Trace) {
        let spans = trace
            .nodes
            .iter()
            .filter(|node| node.span.is_some())
            .count() as u64;
        let (begin, took) = (
            Cell::Time(trace.begin).for_people(),
            human::duration(trace.took),
        );
        let mut facts = format!(
            "{begin}, {took}, {} spans",
            human::count(spans + trace.left_out)
        );
        if trace.failed > 0 {
            let _ = write!(facts, ", {} failed", human::count(trace.failed));
        }
        let _ = writeln!(out, "trace {}", trace.id);
        self.told(out, "", &facts, "");
        out.push('\n');
        let mut line = fit("span", self.names);
        if self.has_begin {
            let _ = write!(line, "{:>NUMBER$}", "begins");
        }
        let _ = write!(line, "{:>NUMBER$}", "took");
        let _ = writeln!(out, "{}", self.paint(&line, "1"));
    }

    /// The branches that lead on from the levels above, and to a span where it is one's own.
    fn branch(&self, goes_on: &[bool], own: &str) -> String {
        // Roots hang on nothing.
        let depth = goes_on.len();
        let own = if depth > 0 { own } else { "" };
        let above = goes_on.iter().skip(1);
        // So deep that there would be no room for names.
        if 3 * above.len() + own.width() > self.names / 2 {
            return format!("{depth}… ");
        }
        let above = above.map(|goes_on| if *goes_on { "│  " } else { "   " });
        above.chain([own]).collect()
    }

    fn span(&self, out: &mut String, node: &Node, title: &str, branch: &str) {
        let name = fit(&format!("{branch}{title}"), self.names);
        let code = if node.failure().is_some() { RED } else { "" };
        let mut line = self.paint(&name, code);
        if self.has_begin {
            let begin = format!("{:>NUMBER$}", human::duration(node.at));
            line.push_str(&self.paint(&begin, FAINT));
        }
        let _ = write!(line, "{:>NUMBER$} ", human::duration(node.took()));
        if node.span.is_some() {
            let (before, bar) = self.bar(node);
            line.push_str(&before);
            line.push_str(&self.paint(&bar, if code.is_empty() { BLUE } else { code }));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }

    /// At least one character, however short the span.
    fn bar(&self, node: &Node) -> (String, String) {
        let column = |at: Duration| {
            let scaled = at.as_nanos().saturating_mul(self.bars as u128);
            let column = scaled.checked_div(self.whole.as_nanos()).unwrap_or(0);
            usize::try_from(column).unwrap_or(usize::MAX)
        };
        let begin = column(node.at).min(self.bars - 1);
        let end = column(node.at.saturating_add(node.took())).clamp(begin + 1, self.bars);
        (" ".repeat(begin), "█".repeat(end - begin))
    }

    fn happened(&self, out: &mut String, node: &Node, indent: &str) {
        if let Some(failure) = node.failure() {
            let span = node.span.as_ref();
            let kind = span.and_then(|span| span.attributes.get("error.type"));
            let kind = kind.map_or_else(String::new, |kind| format!(" {kind}"));
            let message = span.and_then(|span| span.status_message.as_deref());
            let message = message.map_or_else(String::new, |message| format!(": {message}"));
            self.told(out, indent, &format!("✗ {failure}{kind}{message}"), RED);
        }
        if let Some(dropped) = node.span.as_ref().and_then(|span| dropped(span)) {
            self.told(out, indent, &dropped, FAINT);
        }
        if self.style.has_attributes {
            if let Some(span) = &node.span {
                for pair in pairs(&span.attributes) {
                    self.told(out, indent, &format!("  {pair}"), FAINT);
                }
            }
        }
        for item in &node.items {
            let at = human::duration(item.at);
            match &item.what {
                What::Event(event) => {
                    let code = if matches!(event.name.as_ref(), "error" | "exception") {
                        RED
                    } else {
                        ""
                    };
                    let told = format!("· {} at {at}{}", event.name, listed(&event.attributes));
                    self.told(out, indent, &told, code);
                }
                What::Trade(trade) => {
                    let told = format!(
                        "▪ trade {} at {at}{}",
                        trade.name,
                        listed(&trade.attributes)
                    );
                    self.told(out, indent, &told, "");
                }
                What::Edge(edge) => {
                    let code = if edge.is_accepted() { GREEN } else { RED };
                    let told = format!("$ edge {} at {at}: {}", edge.name, decided(edge));
                    self.told(out, indent, &told, code);
                }
                What::Latency(latency) => self.path(out, indent, latency),
            }
        }
    }

    fn path(&self, out: &mut String, indent: &str, latency: &Latency<'_>) {
        let whole = latency.end_to_end.map_or_else(String::new, |it| {
            format!(", end_to_end {}", human::duration(it))
        });
        let over = if latency.is_over_budget() {
            ", over budget"
        } else {
            ""
        };
        let code = if latency.is_over_budget() { RED } else { "" };
        self.told(
            out,
            indent,
            &format!("◆ path {}{whole}{over}", latency.name),
            code,
        );
        for mark in &latency.marks {
            let at = human::duration(Duration::from_nanos(mark.offset_ns.unsigned_abs()));
            let sign = if mark.offset_ns < 0 { "−" } else { "+" };
            self.told(out, indent, &format!("  ◇ {} {sign}{at}", mark.name), "");
        }
        for (fault, marks) in [
            ("unmarked", &latency.unmarked),
            ("repeated", &latency.repeated),
            ("backwards", &latency.backwards),
        ] {
            if !marks.is_empty() {
                let told = format!("  {fault}: {}", marks.join(", "));
                self.told(out, indent, &told, FAINT);
            }
        }
    }

    /// A text below a span, on as many lines as it needs.
    fn told(&self, out: &mut String, indent: &str, text: &str, code: &str) {
        let room = self.width.saturating_sub(indent.width()).max(8);
        let text = clean(text);
        let hanging = text.chars().take_while(|c| *c == ' ').count() + 2;
        for (number, line) in wrap(&text, room, hanging).iter().enumerate() {
            let hanging = if number > 0 { hanging } else { 0 };
            let _ = writeln!(
                out,
                "{indent}{}{}",
                " ".repeat(hanging),
                self.paint(line, code)
            );
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.style.is_coloured && !code.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// What stands before each bar. Where a trace leads through several processes, it is told where it comes to another.
fn titles(trace: &Trace) -> Vec<String> {
    let mut processes = trace.nodes.iter().filter_map(|node| node.by.as_ref());
    let first = processes.next();
    let are_several = processes.any(|by| Some(by) != first);
    // The process of each level above.
    let mut above: Vec<Option<&Recording<'_>>> = Vec::new();
    let mut titles = Vec::with_capacity(trace.nodes.len());
    for node in &trace.nodes {
        let mut title = node.name().to_owned();
        let kind = node.span.as_ref().map(|span| span.kind.as_str());
        if let Some(kind) = kind.filter(|kind| *kind != "internal") {
            let _ = write!(title, " ({kind})");
        }
        above.truncate(node.depth);
        let by = node.by.as_deref();
        if are_several && above.last() != Some(&by) {
            if let Some(process) = node.process() {
                let _ = write!(title, " in {process}");
            }
        }
        above.push(by);
        titles.push(clean(&title));
    }
    titles
}

/// What a span could not hold, if anything.
fn dropped(span: &Span<'_>) -> Option<String> {
    let counts = [
        (span.dropped_attributes, "attributes"),
        (span.dropped_events, "events"),
        (span.dropped_links, "links"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| format!("{} {what}", human::count((*count).into())));
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| format!("dropped: {}", counts.join(", ")))
}

/// What an edge was, in words.
pub(crate) fn decided(edge: &Edge<'_>) -> String {
    let decision = match &edge.reason {
        _ if edge.is_accepted() => "accepted".to_owned(),
        Some(reason) => format!("rejected: {reason}"),
        None => "rejected".to_owned(),
    };
    let unit = edge
        .unit
        .as_ref()
        .map_or_else(String::new, |unit| format!(" {unit}"));
    let net = edge
        .net
        .as_ref()
        .map_or_else(String::new, |net| format!(", net {net}{unit}"));
    let amounts = pairs(&edge.amounts).join(", ");
    format!("{decision}{net} ({amounts}){}", listed(&edge.context))
}

fn pairs(attributes: &Attributes<'_>) -> Vec<String> {
    attributes
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

/// Attributes behind a name.
pub(crate) fn listed(attributes: &Attributes<'_>) -> String {
    match pairs(attributes).join(" ") {
        none if none.is_empty() => none,
        some => format!(": {some}"),
    }
}

/// Without what would break lines or drive the terminal.
pub(crate) fn clean(text: &str) -> String {
    Cell::text(text).for_people()
}

/// No wider than told: cut behind.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let mut short = String::new();
    for c in text.chars() {
        let Some(left) = room.checked_sub(c.width().unwrap_or(0)) else {
            break;
        };
        room = left;
        short.push(c);
    }
    short.push('…');
    short
}

/// As wide as told: cut, or with blanks behind it.
fn fit(text: &str, width: usize) -> String {
    let mut fitting = cut(text, width);
    let missing = width.saturating_sub(fitting.width());
    fitting.extend(std::iter::repeat_n(' ', missing));
    fitting
}

/// Whether a text is no wider than told. One of many more characters is not measured: what has no width is wide enough where there is
/// that much of it.
fn fits(text: &str, room: Option<usize>) -> bool {
    room.is_some_and(|room| text.chars().nth(8 * room).is_none() && text.width() <= room)
}

/// Breaks a text at blanks, and words that are too long anywhere. All lines but the first have less room.
fn wrap(text: &str, room: usize, hanging: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let room_of = |lines: &Vec<String>| {
        if lines.len() > 1 {
            room.saturating_sub(hanging).max(4)
        } else {
            room
        }
    };
    for word in text.split_inclusive(' ') {
        let mut word = word;
        loop {
            let line = lines.last().map_or(0, |line| line.width());
            if fits(word.trim_end(), room_of(&lines).checked_sub(line)) {
                break;
            }
            if line > 0
                && lines.last().is_some_and(|line| !line.trim().is_empty())
                && fits(word.trim_end(), Some(room_of(&lines)))
            {
                lines.push(String::new());
                continue;
            }
            // Longer than a line: as much of it as there is room for.
            let (mut left, mut end) = (room_of(&lines).saturating_sub(line), 0);
            for (place, c) in word.char_indices() {
                let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else {
                    break;
                };
                left = rest;
                end = place + c.len_utf8();
            }
            if let Some(last) = lines.last_mut() {
                last.push_str(&word[..end]);
            }
            word = &word[end..];
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
    }
    lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_blanks_is_wrapped_in_one_go() {
        // Measured again for each of its lines, it took minutes.
        let lines = wrap(&"x".repeat(1 << 20), 66, 2);
        assert_eq!(lines.len(), 1 + ((1 << 20) - 66_usize).div_ceil(64));
        assert!(lines.iter().all(|line| line.len() <= 66));
        // What has no width needs no lines.
        assert_eq!(wrap(&"\u{200b}".repeat(1 << 20), 66, 2).len(), 1);
        assert_eq!(wrap("日本語 日本語", 8, 2), ["日本語", "日本語"]);
    }
}
