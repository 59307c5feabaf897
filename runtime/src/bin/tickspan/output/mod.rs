//! What a command prints: tables for people, or the same as JSON or CSV.

mod cell;
mod layout;
mod table;

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use clap::{Args, ColorChoice};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

pub(crate) use cell::Cell;
pub(crate) use table::{Column, Row, Table, Tone};

use crate::exit::Failure;

/// How it is printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Prints one JSON object: times in nanoseconds, shares as fractions.
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Prints CSV: all rows under one header, whose first column names the table.
    #[arg(long)]
    csv: bool,

    /// Whether colours are used; `auto` does where stdout is a terminal, unless `NO_COLOR` is set.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    /// How wide a table may be, in characters: as the terminal unless set, and without a limit where there is none.
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
}

/// Everything that a command has to print.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Facts about the whole: a key, what people call it, and the fact.
    pub(crate) facts: Vec<(&'static str, &'static str, Cell)>,
    pub(crate) tables: Vec<Table>,
}

impl Form {
    /// Whether it is for a program.
    pub(crate) fn is_for_programs(self) -> bool {
        self.json || self.csv
    }

    /// Whether it is CSV.
    pub(crate) fn is_csv(self) -> bool {
        self.csv
    }

    /// Whether colours are used.
    pub(crate) fn is_coloured(self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                // As https://no-color.org has it: set to anything but nothing.
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
                !no_color && !is_dumb && io::stdout().is_terminal()
            }
        }
    }

    /// How wide a line may be; nothing where nobody says.
    pub(crate) fn width(self) -> Option<usize> {
        let terminal = || {
            console::Term::stdout()
                .size_checked()
                .map(|(_, columns)| columns)
        };
        self.width.or_else(terminal).map(usize::from)
    }

    /// Prints a document.
    ///
    /// # Errors
    ///
    /// When stdout is closed or cannot be written.
    pub(crate) fn print(self, document: &Document) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        if self.json {
            serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        } else if self.csv {
            out.write_all(&document.to_csv()?)?;
        } else {
            document.write_text(&mut out, self.width(), self.is_coloured())?;
        }
        out.flush()?;
        Ok(())
    }
}

impl Document {
    fn write_text(
        &self,
        out: &mut BufWriter<StdoutLock<'_>>,
        width: Option<usize>,
        is_coloured: bool,
    ) -> io::Result<()> {
        let mut is_first = true;
        for table in self.tables.iter().filter(|table| !table.rows.is_empty()) {
            if !core::mem::take(&mut is_first) {
                out.write_all(b"\n")?;
            }
            out.write_all(layout::write(table, width, is_coloured).as_bytes())?;
        }
        if !is_first && !self.facts.is_empty() {
            out.write_all(b"\n")?;
        }
        for (_, name, fact) in &self.facts {
            writeln!(out, "{name}: {}", fact.for_people())?;
        }
        Ok(())
    }

    /// One table of all: a column for each that one of them has, and before them the name of the table.
    fn to_csv(&self) -> io::Result<Vec<u8>> {
        let mut keys: Vec<&str> = Vec::new();
        for column in self.tables.iter().flat_map(|table| &table.columns) {
            if !keys.contains(&column.key) {
                keys.push(column.key);
            }
        }
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_field("table")?;
        csv.write_record(&keys)?;
        for table in &self.tables {
            let places: Vec<Option<usize>> = keys
                .iter()
                .map(|key| table.columns.iter().position(|column| column.key == *key))
                .collect();
            for row in &table.rows {
                csv.write_field(table.key)?;
                for cell in places
                    .iter()
                    .map(|place| place.and_then(|it| row.cells.get(it)))
                {
                    csv.write_field(cell.map(Cell::for_csv).unwrap_or_default())?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
        }
        csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, _, fact) in &self.facts {
            map.serialize_entry(key, fact)?;
        }
        for table in &self.tables {
            map.serialize_entry(table.key, table)?;
        }
        map.end()
    }
}
