//! What the command line asks for.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::measure::Effort;

/// Measures tickspan beside other libraries and prints the result as Markdown.
#[derive(Clone, Debug, Parser)]
#[command(about)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Arguments {
    /// Measure each thing for about a second, to see that it works.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only this library; may be given again.
    #[arg(long, value_name = "LIBRARY")]
    only: Vec<LibraryName>,

    /// Only this measurement; may be given again.
    #[arg(long = "measure", value_name = "MEASUREMENT")]
    measurements: Vec<Measurement>,

    /// How many seconds the even rate is kept up [default: 60, or 2 with --quick].
    #[arg(long, value_name = "SECONDS")]
    sustain: Option<u64>,

    /// Ticks a second of the even rate.
    #[arg(long, value_name = "TICKS", default_value_t = 100_000)]
    pub(crate) rate: u32,

    /// Write docs/performance/NAME.md as well, NAME being what the machine is called; for a complete run only.
    #[arg(
        long,
        value_name = "NAME",
        value_parser = name_of_machine,
        conflicts_with_all = ["quick", "only", "measurements", "sustain", "rate"]
    )]
    pub(crate) write: Option<String>,

    /// Make one measurement of one library in this process, and print it for the parent.
    #[arg(long, hide = true)]
    pub(crate) child: bool,

    /// Receive spans over OTLP until stdin ends, and print what came for the parent.
    #[arg(long, hide = true)]
    pub(crate) receiver: bool,

    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// How much is measured.
    pub(crate) fn effort(&self) -> Effort {
        if self.quick {
            Effort::Quick
        } else {
            Effort::Full
        }
    }

    /// How long the even rate is kept up.
    pub(crate) fn sustain(&self) -> Duration {
        let seconds = self.sustain.unwrap_or(self.effort().of(2, 60));
        Duration::from_secs(seconds)
    }

    /// The libraries to measure, in the order of the table.
    pub(crate) fn libraries(&self) -> Vec<LibraryName> {
        chosen(&self.only)
    }

    /// Whether this is to be measured.
    pub(crate) fn wants(&self, measurement: Measurement) -> bool {
        chosen(&self.measurements).contains(&measurement)
    }

    /// The one thing that a child is to measure.
    pub(crate) fn only_one(&self) -> Option<(LibraryName, Measurement)> {
        Some((*self.only.first()?, *self.measurements.first()?))
    }
}

/// The name of a page, and of no other file.
fn name_of_machine(name: &str) -> Result<String, &'static str> {
    let is_part =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || !name.chars().all(is_part) {
        return Err("small letters, digits and hyphens, as in `amd-epyc`");
    }
    Ok(name.to_owned())
}

/// All there are, unless some are named.
fn chosen<T: ValueEnum + Copy + PartialEq>(named: &[T]) -> Vec<T> {
    let all = T::value_variants().iter().copied();
    all.filter(|value| named.is_empty() || named.contains(value))
        .collect()
}

/// A library, or one way to use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LibraryName {
    Nothing,
    Tickspan,
    Tracing,
    TracingLean,
    Fastrace,
    Emit,
    Micromegas,
    MicromegasProperties,
}

impl LibraryName {
    /// What the tables call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Tickspan => "**tickspan**",
            Self::Tracing => "`tracing` + `tracing-opentelemetry` + batch processor",
            Self::TracingLean => "the same, without what it adds to each span",
            Self::Fastrace => "`fastrace` + `fastrace-opentelemetry`",
            Self::Emit => "`emit`, emitter that discards",
            Self::Micromegas => "`micromegas-tracing`, null sink, **no attributes, no event**",
            Self::MicromegasProperties => "`micromegas-tracing`, properties and a log entry",
        }
    }
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measurement {
    Caller,
    Disabled,
    Cpu,
    Sent,
    ExporterAlone,
    Paced,
    FullSpeed,
    Threads,
    Sustained,
    DefaultRate,
    Build,
}

/// How a value is written on the command line.
pub(crate) fn word(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}
