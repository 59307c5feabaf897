//! A trace as text: a tree of its spans, each with a bar where it ran.

use std::fmt;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::SpanKind;

use crate::readable;
use crate::trace::{Branch, Trace};

/// How wide the longest bar is, in characters.
const BAR_WIDTH: usize = 40;

/// A trace, to be printed: a line for each span with its offset from the start of the trace, its
/// duration, and a bar.
#[derive(Clone, Copy, Debug)]
pub struct Waterfall<'trace>(pub &'trace Trace);

impl fmt::Display for Waterfall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chart = Chart::of(self.0);
        let width = chart
            .lines
            .iter()
            .map(|line| line.stage.chars().count())
            .max()
            .unwrap_or_default();
        write!(f, "{:width$}  {:>9}  {:>9}", "stage", "offset", "duration")?;
        for Line {
            stage,
            offset,
            duration,
        } in &chart.lines
        {
            let bar = chart.bar(*offset, *duration);
            let (offset, duration) = (readable::duration(*offset), readable::duration(*duration));
            write!(f, "\n{stage:width$}  {offset:>9}  {duration:>9}  {bar}")?;
        }
        Ok(())
    }
}

struct Chart {
    lines: Vec<Line>,
    start: SystemTime,
    whole: Duration,
}

struct Line {
    /// The span's name below the branches that lead to it.
    stage: String,
    offset: Duration,
    duration: Duration,
}

impl Chart {
    fn of(trace: &Trace) -> Self {
        let root = trace.root();
        let start = root.span.start_time;
        let whole = root.end().duration_since(start).unwrap_or_default();
        let mut chart = Self {
            lines: Vec::new(),
            start,
            whole,
        };
        chart.push(root, String::new());
        chart.push_children(root, "");
        chart
    }

    /// `indent` continues the branches of the spans above.
    fn push_children(&mut self, branch: &Branch, indent: &str) {
        let Some((last, others)) = branch.children.split_last() else {
            return;
        };
        for child in others {
            self.push(child, format!("{indent}├─ "));
            self.push_children(child, &format!("{indent}│  "));
        }
        self.push(last, format!("{indent}└─ "));
        self.push_children(last, &format!("{indent}   "));
    }

    fn push(&mut self, branch: &Branch, mut stage: String) {
        stage.push_str(&branch.span.name);
        stage.push_str(kind(&branch.span.span_kind));
        let offset = branch
            .span
            .start_time
            .duration_since(self.start)
            .unwrap_or_default();
        self.lines.push(Line {
            stage,
            offset,
            duration: branch.duration(),
        });
    }

    /// At least one character, however short the span.
    fn bar(&self, offset: Duration, duration: Duration) -> String {
        let start = self.column(offset).min(BAR_WIDTH - 1);
        let end = self.column(offset + duration).clamp(start + 1, BAR_WIDTH);
        format!("{}{}", " ".repeat(start), "█".repeat(end - start))
    }

    fn column(&self, offset: Duration) -> usize {
        let scaled = offset.as_nanos() * BAR_WIDTH as u128;
        let column = scaled.checked_div(self.whole.as_nanos());
        column
            .and_then(|column| usize::try_from(column).ok())
            .unwrap_or_default()
    }
}

fn kind(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Internal => "",
        SpanKind::Client => " (client)",
        SpanKind::Server => " (server)",
        SpanKind::Producer => " (producer)",
        SpanKind::Consumer => " (consumer)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::tests::span;

    #[test]
    fn spans_stand_below_their_parents_and_bars_where_they_ran() {
        let mut execute = span(1, (4, 3), "execute_order", 5_000..9_000);
        execute.span_kind = SpanKind::Consumer;
        let trace = Trace::of(vec![
            span(1, (1, 0), "on_message", 0..10_000),
            span(1, (2, 1), "decode", 0..500),
            span(1, (3, 1), "submit", 2_000..6_000),
            execute,
            span(1, (5, 1), "handle_fill", 9_500..9_501),
        ])
        .unwrap();
        let expected = "\
stage                              offset   duration
on_message                           0 ns    10.0 µs  ████████████████████████████████████████
├─ decode                            0 ns     500 ns  ██
├─ submit                          2.0 µs     4.0 µs          ████████████████
│  └─ execute_order (consumer)     5.0 µs     4.0 µs                      ████████████████
└─ handle_fill                     9.5 µs       1 ns                                        █";
        assert_eq!(Waterfall(&trace).to_string(), expected);
    }

    #[test]
    fn span_that_outlives_its_root_stays_within_the_picture() {
        let trace = Trace::of(vec![
            span(1, (1, 0), "root", 0..100),
            span(1, (2, 1), "child", 50..200),
        ])
        .unwrap();
        let text = Waterfall(&trace).to_string();
        assert!(
            text.lines()
                .all(|line| line.matches('█').count() <= BAR_WIDTH),
            "{text}"
        );
        assert!(
            text.lines()
                .any(|line| line.matches('█').count() == BAR_WIDTH / 2),
            "{text}"
        );
    }

    #[test]
    fn trace_without_duration_has_bars_all_the_same() {
        let trace = Trace::of(vec![span(1, (1, 0), "root", 7..7)]).unwrap();
        assert_eq!(Waterfall(&trace).to_string().matches('█').count(), 1);
    }
}
