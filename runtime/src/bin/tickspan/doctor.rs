//! `tickspan doctor`.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

/// Sends a test span, a test metric and a test log record where the environment says, and tells what came of them.
///
/// Reads the same variables as a program does. Exit codes: 0 everything was taken, 1 something was not, 2 wrong use of
/// the command, 3 a variable is wrong, 4 nothing would be sent.
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
    pub(crate) fn run(&self) -> ExitCode {
        let diagnosis = tickspan::doctor::examine(Duration::from_secs(self.timeout));
        let text = if self.json {
            diagnosis.to_json()
        } else {
            diagnosis.to_string()
        };
        // Not `println!`, which panics when stdout is closed.
        let _ = writeln!(io::stdout(), "{text}");
        diagnosis.verdict.exit_code().into()
    }
}
