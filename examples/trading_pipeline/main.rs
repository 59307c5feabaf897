//! Trades a recorded market, or a made-up one, and shows what happened inside.
//!
//! Every step of a message is a stage: see the annotated functions of the library beside this
//! program, from `pipeline.rs` on. This file only starts telemetry, feeds the pipeline and prints.

mod arguments;
mod pace;
mod progress;
mod report;

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tickspan_examples::feed::{Feed, Row};
use tickspan_examples::one_trace::OneTrace;
use tickspan_examples::pipeline::{PATH_TO_A_FILL, Pipeline};
use tickspan_examples::tally::Tally;
use tickspan_examples::venue;

use crate::arguments::Arguments;
use crate::progress::Progress;
use crate::report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&one_line(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let feed = arguments.open_feed()?;
    let one_trace = OneTrace::with_all_of(&PATH_TO_A_FILL);
    let telemetry = arguments
        .telemetry()
        .with_span_exporter(one_trace.clone())
        .init()?;

    let page = telemetry.prometheus().and_then(|page| page.address());
    if let Some(address) = page {
        say(&format!("metrics at http://{address}/metrics"));
    }
    let (tally, outcome) = trade(feed, arguments).await;
    if page.is_some() {
        say("done; Ctrl-C ends the program");
        tokio::signal::ctrl_c().await?;
    }

    if arguments.is_recording() {
        // A feed without the pauses of a market takes longer to be written than an end may take. What fails is in the report.
        let _ = telemetry.flush(Duration::from_secs(60));
    }
    let stages = telemetry.summary();
    let spans = telemetry.shutdown(Duration::from_secs(5));
    let report = Report {
        symbol: arguments.symbol(),
        tally,
        trace: one_trace.slowest(),
        stages,
        spans,
    };
    print(&report)?;
    outcome
}

/// Follows the feed to its end, or as far as it can be read.
async fn trade(mut feed: Feed, arguments: &Arguments) -> (Tally, Result<(), Box<dyn Error>>) {
    let (gateway, venue) = venue::open();
    let venue = tokio::spawn(venue.run());
    let mut pipeline = Pipeline::new(arguments.symbol(), gateway);

    let outcome = process(&mut feed, &mut pipeline, arguments).await;

    let tally = pipeline.finish();
    let venue = venue.await;
    (tally, outcome.and(venue.map_err(Into::into)))
}

async fn process(
    feed: &mut Feed,
    pipeline: &mut Pipeline,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let (progress, pace) = (Progress::of(feed), arguments.pace());
    let mut row = Row::default();
    for rows in 0..arguments.most_rows() {
        if !feed.next_row(&mut row)? {
            break;
        }
        pace.wait_for(rows).await;
        pipeline.on_message(&row).await?;
        progress.show(rows, feed);
    }
    Ok(())
}

fn say(line: &str) {
    // Not `eprintln!`, which panics when stderr is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whoever reads stdout may have seen enough, as `head` does: that is no error.
fn print(report: &Report) -> io::Result<()> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    match write!(stdout, "{report}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// The error and what caused it, as `what: why`.
fn one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
