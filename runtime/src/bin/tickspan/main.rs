//! The command `tickspan`.

mod doctor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Looks after the telemetry of a program that uses tickspan.
#[derive(Debug, Parser)]
#[command(name = "tickspan", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Doctor(doctor::Doctor),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Doctor(doctor) => doctor.run(),
    }
}
