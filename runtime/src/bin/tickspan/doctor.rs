//! `tickspan doctor`.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::exit::Failure;

/// Sends a test span, a test metric and a test log record where the environment says, and tells what came of them.
///
/// Reads the same variables as a program does. Exit codes: 0 everything was taken, 1 something was not, 2 wrong use of
/// the command, 3 a variable is wrong or the output cannot be written, 4 nothing would be sent.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Writes one JSON object.
    #[arg(long)]
    json: bool,
    /// How long each answer may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

impl Doctor {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let diagnosis = tickspan::doctor::examine(Duration::from_secs(self.timeout));
        let text = if self.json {
            diagnosis.to_json()
        } else {
            diagnosis.to_string()
        };
        let mut out = io::stdout().lock();
        // Not `println!`, which panics when stdout is closed.
        let written = writeln!(out, "{text}").and_then(|()| out.flush());
        match written.map_err(Failure::from) {
            // What was found is told by the exit code, too.
            Ok(()) | Err(Failure::Closed) => Ok(diagnosis.verdict.exit_code().into()),
            Err(failure) => Err(failure),
        }
    }
}
