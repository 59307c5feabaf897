//! `tickspan inventory BIN`: the decisions in a binary, as a table, JSON or Markdown, and compared with a baseline.

mod binary;
mod check;
mod decision;
mod print;
mod settings;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use decision::Listed;

use crate::exit::{Exit, Failure};

/// Lists what a binary exports, skips, redacts and declares public.
///
/// Exit codes: 0 it is listed, or nothing is new; 1 something is exported, declared public or named that the baseline
/// does not have, or a `tickspan.toml` is another; 2 wrong use; 3 there is no inventory, it cannot be read, or the
/// output cannot be written.
#[derive(Debug, Args)]
pub(crate) struct Inventory {
    /// The binary: an ELF executable or shared object, also without symbols.
    binary: PathBuf,
    /// How the inventory is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A file that an earlier run printed with `--format json`. What is new in the binary is printed instead of the
    /// inventory.
    #[arg(long, value_name = "BASELINE")]
    check: Option<PathBuf>,
    /// With `--check`, the folder of the workspace that the binary was built from: each `tickspan.toml` there must be
    /// the one that was compiled in.
    #[arg(long, value_name = "FOLDER", default_value = ".", requires = "check")]
    sources: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Columns, for a terminal.
    Table,
    /// An object, for `--check` and other programs.
    Json,
    /// A table of Markdown, for a review.
    Markdown,
}

impl Inventory {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let (text, exit) = self.listed().map_err(Failure::Unreadable)?;
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(exit)
    }

    fn listed(&self) -> Result<(String, Exit), String> {
        let now = binary::listed(&self.binary)?;
        let Some(path) = &self.check else {
            let text = match self.format {
                Format::Table => print::table(&now),
                Format::Json => print::json(&now)?,
                Format::Markdown => print::markdown(&now),
            };
            return Ok((text, Exit::Fine));
        };
        let baseline = baseline(path)?;
        let mut changes = settings::changes(&baseline.settings, &now.settings, &self.sources);
        changes.extend(check::changes(&baseline.decisions, &now.decisions));
        let exit = if changes.is_empty() {
            Exit::Fine
        } else {
            Exit::Findings
        };
        Ok((check::report(&changes), exit))
    }
}

fn baseline(path: &Path) -> Result<Listed, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the baseline `{}`: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        format!(
            "`{}` is no baseline: {error}; make one with `tickspan inventory BIN --format json`",
            path.display()
        )
    })
}
