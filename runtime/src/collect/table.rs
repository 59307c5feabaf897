//! Tables for people: aligned cells, the first of each row to the left and the others to the right.

use std::fmt;

use super::human::is_no_text;

/// Writes `rows`, a line each, without a line break at the end.
pub(super) fn write<const CELLS: usize>(
    f: &mut fmt::Formatter<'_>,
    rows: &[[String; CELLS]],
) -> fmt::Result {
    // It would break the alignment, or drive the terminal.
    let shown = |cell: &String| cell.replace(is_no_text, " ");
    let rows: Vec<[String; CELLS]> = rows.iter().map(|row| row.each_ref().map(shown)).collect();
    let mut widths = [0; CELLS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        // No blanks at the end of a line whose last cells are empty.
        let filled = row.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
        for (place, (cell, width)) in row.iter().zip(widths).enumerate().take(filled + 1) {
            match place {
                0 if filled == 0 => f.write_str(cell)?,
                0 => write!(f, "{cell:<width$}")?,
                _ => write!(f, "  {cell:>width$}")?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt;

    #[test]
    fn a_cell_neither_breaks_a_line_nor_drives_the_terminal() {
        struct Table([[String; 2]; 2]);

        impl fmt::Display for Table {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                super::write(f, &self.0)
            }
        }

        let rows = [["edge", "count"], ["  too\nlate\u{202e}", "1"]];
        let table = Table(rows.map(|row| row.map(str::to_owned)));
        assert_eq!(table.to_string(), "edge         count\n  too late       1");
    }
}
