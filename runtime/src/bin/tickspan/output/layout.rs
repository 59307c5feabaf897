//! Tables for people: aligned cells, as wide as the terminal at most.
//!
//! Where a table is too wide, texts are cut, then columns are left out, and it is said which.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Column, Table, Tone};

/// Between two columns.
const GAP: usize = 2;

/// A text is cut to so many characters before columns are left out, and to so many afterwards; an id to fewer before.
const CUT: usize = 24;
const CUT_ID: usize = 12;
const SHORT: usize = 8;

/// Writes a table, each line with its end.
pub(super) fn write(table: &Table, width: Option<usize>, is_coloured: bool) -> String {
    let cells: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.cells.iter().map(super::Cell::for_people).collect())
        .collect();
    let plan = Plan::of(&table.columns, &cells, width.unwrap_or(usize::MAX));
    let mut out = String::new();
    let paint = |out: &mut String, line: &str, code: &str| {
        let _ = match code {
            _ if !is_coloured => writeln!(out, "{line}"),
            "" => writeln!(out, "{line}"),
            code => writeln!(out, "\x1b[{code}m{line}\x1b[0m"),
        };
    };
    if let Some(title) = &table.title {
        paint(&mut out, title, "1");
    }
    let headings = table.columns.iter().map(|column| column.heading.as_str());
    paint(&mut out, &plan.line(&table.columns, headings), "1");
    for (row, cells) in table.rows.iter().zip(&cells) {
        let code = match row.tone {
            Tone::Plain => "",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Faint => "2",
        };
        let line = plan.line(&table.columns, cells.iter().map(String::as_str));
        paint(&mut out, &line, code);
    }
    let left_out: Vec<&str> = (table.columns.iter().zip(&plan.widths))
        .filter(|(_, width)| width.is_none())
        .map(|(column, _)| column.heading.as_str())
        .collect();
    if !left_out.is_empty() {
        let note = format!("left out, too wide: {}", left_out.join(", "));
        paint(&mut out, &note, "2");
    }
    out
}

/// How wide each column is; one that is left out has no width.
struct Plan {
    widths: Vec<Option<usize>>,
}

impl Plan {
    fn of(columns: &[Column], rows: &[Vec<String>], room: usize) -> Self {
        let widths = columns.iter().enumerate().map(|(place, column)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            let longest = cells.map(|cell| cell.width()).max();
            Some(column.heading.width().max(longest.unwrap_or(0)))
        });
        let mut plan = Self {
            widths: widths.collect(),
        };
        plan.cut(columns, room, CUT_ID, |column| column.is_id);
        plan.cut(columns, room, CUT, |column| !column.is_id);
        while plan.width() > room && plan.leave_out(columns) {}
        plan.cut(columns, room, SHORT, |_| true);
        plan
    }

    fn width(&self) -> usize {
        let widths: Vec<usize> = self.widths.iter().copied().flatten().collect();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    /// Cuts texts of these columns as far as it is needed, the widest first, to so many characters at least.
    fn cut(&mut self, columns: &[Column], room: usize, least: usize, which: fn(&Column) -> bool) {
        loop {
            let over = self.width().saturating_sub(room);
            let texts = self.widths.iter_mut().zip(columns);
            let widest = texts
                .filter(|(_, column)| column.is_text && which(column))
                .filter_map(|(width, _)| width.as_mut())
                .max_by_key(|width| **width);
            match widest {
                Some(width) if over > 0 && *width > least => {
                    *width = width.saturating_sub(over).max(least);
                }
                _ => return,
            }
        }
    }

    /// Leaves out the column that is needed least. False where all that are there are needed.
    fn leave_out(&mut self, columns: &[Column]) -> bool {
        let last = (self.widths.iter().zip(columns).enumerate())
            .filter(|(_, (width, column))| width.is_some() && column.rank > 0)
            .max_by_key(|(place, (_, column))| (column.rank, *place))
            .map(|(place, _)| place);
        if let Some(place) = last {
            self.widths[place] = None;
        }
        last.is_some()
    }

    fn line<'a>(&self, columns: &[Column], cells: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        let mut is_first = true;
        for ((column, width), cell) in columns.iter().zip(&self.widths).zip(cells) {
            let Some(width) = *width else { continue };
            if !core::mem::take(&mut is_first) {
                line.extend(std::iter::repeat_n(' ', GAP));
            }
            let cell = if column.is_id {
                first(cell, width)
            } else {
                fit(cell, width)
            };
            let blanks = std::iter::repeat_n(' ', width.saturating_sub(cell.width()));
            if column.is_text {
                line.push_str(&cell);
                line.extend(blanks);
            } else {
                line.extend(blanks);
                line.push_str(&cell);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Cuts an id behind, without a sign: what is left finds the trace.
fn first(id: &str, width: usize) -> String {
    if id.width() <= width {
        return id.to_owned();
    }
    id.chars().take(width).collect()
}

/// Cuts what is too wide in front: the end of a path or a name tells most.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let mut end = text.len();
    for (place, c) in text.char_indices().rev() {
        let Some(left) = room.checked_sub(c.width().unwrap_or(0)) else {
            break;
        };
        room = left;
        end = place;
    }
    format!("…{}", &text[end..])
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Row};
    use super::*;

    fn table() -> Table {
        let row = |name: &str, count, p99| {
            Row::from(vec![
                Cell::text(name),
                Cell::Count(count),
                Cell::Nanoseconds(p99),
            ])
        };
        Table {
            key: "stages",
            title: None,
            columns: vec![
                Column::text("stage", "stage", 0),
                Column::number("count", "count", 2),
                Column::number("p99_ns", "p99", 1),
            ],
            rows: vec![
                row("book::update", 91_997, 412),
                row("a_stage_with_a_name_that_is_long\u{1b}", 3, 9_000_000),
            ],
        }
    }

    #[test]
    fn without_a_limit_nothing_is_cut() {
        assert_eq!(
            write(&table(), None, false),
            "stage                               count      p99\n\
             book::update                       91,997   412 ns\n\
             a_stage_with_a_name_that_is_long        3  9.00 ms\n"
        );
    }

    #[test]
    fn names_are_cut_in_front_before_columns_are_left_out() {
        assert_eq!(
            write(&table(), Some(42), false),
            "stage                       count      p99\n\
             book::update               91,997   412 ns\n\
             …ith_a_name_that_is_long        3  9.00 ms\n"
        );
        assert_eq!(
            write(&table(), Some(36), false),
            "stage                         p99\n\
             book::update               412 ns\n\
             …th_a_name_that_is_long   9.00 ms\n\
             left out, too wide: count\n"
        );
    }

    #[test]
    fn ids_are_cut_behind_before_texts_are_cut() {
        let mut table = table();
        table.columns.push(Column::id("trace_id", "trace id", 0));
        for row in &mut table.rows {
            row.cells
                .push(Cell::text("2f581398e5419f71a66d53f090545c27"));
        }
        assert_eq!(
            write(&table, Some(65), false),
            "stage                               count      p99  trace id\n\
             book::update                       91,997   412 ns  2f581398e5419\n\
             a_stage_with_a_name_that_is_long        3  9.00 ms  2f581398e5419\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        for width in 10..60 {
            for line in write(&table(), Some(width), false).lines() {
                assert!(
                    line.width() <= width || line.starts_with("left out"),
                    "{width}: {line}"
                );
            }
        }
    }

    #[test]
    fn tones_are_colours_where_colours_are_wanted() {
        let mut table = table();
        table.rows[0].tone = Tone::Bad;
        let plain = write(&table, None, false);
        let coloured = write(&table, None, true);
        assert!(!plain.contains('\x1b'));
        assert!(coloured.contains("\x1b[31mbook::update"), "{coloured}");
        let stripped = console::strip_ansi_codes(&coloured).into_owned();
        assert_eq!(stripped, plain);
    }
}
