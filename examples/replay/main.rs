//! Reads a recording back, and says what is in it: `cargo run --example replay -- data/events`.
//!
//! Make one with `cargo run --example trading_pipeline -- --record data/events`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tickspan::recorded::Data;
use tickspan::replay::{Replay, Speed};

/// Reads a recording back, and says what is in it.
#[derive(Debug, Parser)]
#[command(name = "replay")]
struct Arguments {
    /// The folder of a recording, of one of its days, or a file
    recording: PathBuf,

    /// How many times as fast as it happened [default: as fast as it is read]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    speed: Option<Speed>,

    /// Print each line as it comes
    #[arg(long)]
    follow: bool,
}

fn speed(text: &str) -> Result<Speed, &'static str> {
    let factor = text.parse().ok().and_then(Speed::times);
    factor.ok_or("a number above zero")
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads stdout may have seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let replay =
        Replay::open(&arguments.recording)?.with_speed(arguments.speed.unwrap_or(Speed::FULL));
    let (mut counts, mut damaged) = (BTreeMap::<String, u64>::new(), 0_u64);
    let mut events = replay.into_iter();
    for next in events.by_ref() {
        let event = match next {
            Ok(event) => event,
            Err(damage) => {
                damaged += 1;
                writeln!(io::stderr(), "{damage}")?;
                continue;
            }
        };
        if arguments.follow {
            writeln!(out, "{}", event.line.to_json()?)?;
        }
        let what = match &event.line.data {
            Data::Span(span) => format!("span {}", span.name),
            Data::Latency(latency) => format!("latency {}", latency.name),
            Data::Edge(edge) => format!("edge {} {}", edge.name, edge.decision),
            other => other.event_type().to_owned(),
        };
        *counts.entry(what).or_default() += 1;
    }
    for (what, count) in &counts {
        writeln!(out, "{count:>10}  {what}")?;
    }
    writeln!(out, "{:>10}  in all", counts.values().sum::<u64>())?;
    writeln!(out, "{damaged:>10}  damaged lines")?;
    writeln!(out, "{:>10}  came too late for their order", events.late())
}
