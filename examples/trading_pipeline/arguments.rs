//! The command line, and what it asks for.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tickspan::Protocol;
use tickspan_examples::feed::{Feed, FeedError};
use tickspan_examples::market::Symbol;

use crate::pace::Pace;

const GENERATED_MESSAGES: u64 = 20_000;

/// Trades a recorded market, or a made-up one, and shows what happened inside.
#[derive(Debug, Parser)]
#[command(name = "trading_pipeline")]
pub(crate) struct Arguments {
    /// Messages in the LOBSTER format; without a file, a market is made up
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,

    /// How many messages to process [default: the whole file, or 20000 made up]
    #[arg(long, value_name = "N")]
    messages: Option<u64>,

    /// Which market to make up: the same seed, the same market
    #[arg(long, value_name = "S", default_value_t = 42, conflicts_with = "feed")]
    seed: u64,

    /// The ticker that is traded
    #[arg(long, default_value = "AAPL")]
    symbol: String,

    /// A folder in which everything is recorded as well; `tickspan summary` reads it
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// How many messages to process in a second at most [default: as many as can be read]
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,

    /// Where to serve the metrics for Prometheus, such as `127.0.0.1:9464`; the program then stays until Ctrl-C
    #[arg(long, value_name = "ADDRESS")]
    prometheus: Option<String>,

    /// Where to send the spans as well, such as `http://localhost:4318`
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,

    /// How to send them
    #[arg(long, value_enum, default_value_t = OtlpProtocol::Http, requires = "otlp")]
    protocol: OtlpProtocol,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OtlpProtocol {
    /// Over gRPC
    Grpc,
    /// Over HTTP, with protobuf bodies
    Http,
}

impl Arguments {
    pub(crate) fn open_feed(&self) -> Result<Feed, FeedError> {
        match &self.feed {
            Some(path) => Feed::open(path),
            None => Ok(Feed::generated(
                self.seed,
                self.messages.unwrap_or(GENERATED_MESSAGES),
            )),
        }
    }

    /// Rows to process at most.
    pub(crate) fn most_rows(&self) -> u64 {
        self.messages.unwrap_or(u64::MAX)
    }

    /// Keeps to the rate, from now on.
    pub(crate) fn pace(&self) -> Pace {
        Pace::new(self.rate)
    }

    /// Whether everything is recorded.
    pub(crate) fn is_recording(&self) -> bool {
        self.record.is_some()
    }

    pub(crate) fn symbol(&self) -> Symbol {
        Symbol::new(&self.symbol)
    }

    /// Telemetry that measures every stage and sends spans where they are wanted. The report is
    /// printed by the program, so the log lines and the summary of the guard are not.
    pub(crate) fn telemetry(&self) -> tickspan::Builder {
        let telemetry = tickspan::builder()
            .with_service_name("trading_pipeline")
            .with_location(true)
            .with_console(false)
            // The feed comes as fast as it is read, without the pauses of a market: a stage every 70 ns.
            .with_lane_capacity(64 << 20)
            .with_queue_size(1 << 20);
        let telemetry = match &self.record {
            Some(folder) => telemetry.with_recorder(folder.as_path()),
            None => telemetry,
        };
        let telemetry = match &self.prometheus {
            Some(address) => telemetry.with_prometheus(address),
            None => telemetry,
        };
        match &self.otlp {
            Some(url) => telemetry
                .with_endpoint(url)
                .with_protocol(match self.protocol {
                    OtlpProtocol::Grpc => Protocol::Grpc,
                    OtlpProtocol::Http => Protocol::HttpProtobuf,
                }),
            None => telemetry,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_that_would_have_no_effect_are_refused() {
        for options in [
            &["--feed", "f.csv", "--seed", "1"][..],
            &["--protocol", "grpc"],
        ] {
            assert!(Arguments::try_parse_from([&["trading_pipeline"], options].concat()).is_err());
        }
    }
}
