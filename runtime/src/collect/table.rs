//! Tables for people: aligned cells, the first of each row to the left and the others to the right.

use std::fmt;

/// Writes `rows`, a line each, without a line break at the end.
pub(super) fn write<const CELLS: usize>(
    f: &mut fmt::Formatter<'_>,
    rows: &[[String; CELLS]],
) -> fmt::Result {
    let mut widths = [0; CELLS];
    for row in rows {
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
