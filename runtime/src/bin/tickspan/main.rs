//! The command `tickspan`.

mod damage;
mod doctor;
mod edges;
mod exit;
// The numbers of its tables are written as those of the summary that a program prints.
#[path = "../../collect/human.rs"]
mod human;
mod input;
mod inventory;
mod named;
mod output;
mod progress;
mod replay;
mod report;
// A file that is followed is known as a recorder knows its own.
#[path = "../../recorder/same.rs"]
mod same;
mod scan;
mod sum;
mod summary;
mod tail;
mod top;
mod trace;
mod traces;
mod tree;
mod waterfall;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;

/// Looks after the telemetry of a program that uses tickspan, and looks at what it has recorded.
///
/// A recording is the folder that was given to the recorder (`TICKSPAN_RECORDER=data/events`), the folder of a day in it, or a
/// file of its lines, packed or not; `-` is standard input.
#[derive(Debug, Parser)]
#[command(name = "tickspan", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Summary(summary::Summary),
    Edges(edges::Edges),
    Trace(trace::Trace),
    Traces(traces::Traces),
    Tail(tail::Tail),
    Replay(replay::Replay),
    Report(report::Report),
    Doctor(doctor::Doctor),
    Inventory(inventory::Inventory),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    let done = match arguments.command {
        Command::Summary(summary) => summary.run(),
        Command::Edges(edges) => edges.run(),
        Command::Trace(trace) => trace.run(),
        Command::Traces(traces) => traces.run(),
        Command::Tail(tail) => tail.run(),
        Command::Replay(replay) => replay.run(),
        Command::Report(report) => report.run(),
        Command::Doctor(doctor) => return doctor.run().unwrap_or_else(|failure| failed(&failure)),
        Command::Inventory(inventory) => inventory.run(),
    };
    done.map_or_else(|failure| failed(&failure), ExitCode::from)
}

/// Help and the version go to stdout, faults in the arguments to stderr.
fn told(error: &clap::Error) -> ExitCode {
    match error.print() {
        Err(unwritten) if !error.use_stderr() => failed(&unwritten.into()),
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX)),
    }
}

fn failed(failure: &Failure) -> ExitCode {
    if !matches!(failure, Failure::Closed) {
        // Not `eprintln!`, which panics when stderr is closed.
        let _ = writeln!(io::stderr(), "tickspan: {failure}");
    }
    ExitCode::from(failure)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
