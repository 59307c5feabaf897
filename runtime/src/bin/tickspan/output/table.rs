//! Tables: one description of columns for people, JSON and CSV.

use serde::ser::{Serialize, SerializeMap, SerializeSeq as _, Serializer};

use super::Cell;

/// Rows of cells.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is called in JSON and CSV.
    pub(crate) key: &'static str,
    /// What stands above it for people, if anything.
    pub(crate) title: Option<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// What it is called in JSON and CSV, with its unit: `p99_ns`.
    pub(crate) key: &'static str,
    /// What it is called for people: `p99`.
    pub(crate) heading: String,
    /// Where a line is too narrow, the column with the highest goes first. One of rank 0 stays.
    pub(crate) rank: u8,
    /// Text that stands to the left, and may be cut.
    pub(crate) is_text: bool,
    /// The id of a trace, of which the first digits are enough to find it.
    pub(super) is_id: bool,
}

/// A row: a cell for each column.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    pub(crate) tone: Tone,
}

/// What people are to think of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Faint,
}

impl Column {
    /// Text, to the left.
    pub(crate) fn text(key: &'static str, heading: impl Into<String>, rank: u8) -> Self {
        Self {
            key,
            heading: heading.into(),
            rank,
            is_text: true,
            is_id: false,
        }
    }

    /// The id of a trace.
    pub(crate) fn id(key: &'static str, heading: impl Into<String>, rank: u8) -> Self {
        Self {
            is_id: true,
            ..Self::text(key, heading, rank)
        }
    }

    /// A number, to the right.
    pub(crate) fn number(key: &'static str, heading: impl Into<String>, rank: u8) -> Self {
        Self {
            is_text: false,
            ..Self::text(key, heading, rank)
        }
    }
}

impl From<Vec<Cell>> for Row {
    fn from(cells: Vec<Cell>) -> Self {
        Self {
            cells,
            tone: Tone::Plain,
        }
    }
}

/// A list of objects.
impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            rows.serialize_element(&Object(&self.columns, row))?;
        }
        rows.end()
    }
}

struct Object<'a>(&'a [Column], &'a Row);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in self.0.iter().zip(&self.1.cells) {
            map.serialize_entry(column.key, cell)?;
        }
        map.end()
    }
}
