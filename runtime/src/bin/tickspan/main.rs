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

use exit::{Exit, Failure};

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
    let done = match Arguments::parse().command {
        Command::Summary(summary) => summary.run(),
        Command::Edges(edges) => edges.run(),
        Command::Trace(trace) => trace.run(),
        Command::Traces(traces) => traces.run(),
        Command::Tail(tail) => tail.run(),
        Command::Replay(replay) => replay.run(),
        Command::Report(report) => report.run(),
        Command::Doctor(doctor) => return doctor.run(),
        Command::Inventory(inventory) => inventory.run(),
    };
    end(done)
}

fn end(done: Result<Exit, Failure>) -> ExitCode {
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !matches!(failure, Failure::Closed) {
                // Not `eprintln!`, which panics when stderr is closed.
                let _ = writeln!(io::stderr(), "tickspan: {failure}");
            }
            ExitCode::from(&failure)
        }
    }
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
