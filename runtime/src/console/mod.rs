//! Lines on stderr: what a line tells, and how it is written.
//!
//! The [`layer`] writes lines of what the `tracing` crate says, on the thread that says it; the collector
//! ([`crate::collect`]) those of what stages emitted on the lane route, which the [`writer`] writes. Both make a [`Line`].

mod fields;
mod json;
mod layer;
mod line;
mod notice;
mod plain;
mod pretty;
pub(crate) mod text;
mod writer;

pub(crate) use fields::Fields;
pub(crate) use layer::ConsoleLayer;
pub(crate) use line::{Around, Line, Operation, operation_fields};
pub(crate) use notice::notice;
pub(crate) use writer::{BLOCK, LineSink, finish};

/// What goes to stderr while the program runs, and how it is written: the setting
/// [`with_console`](crate::Builder::with_console).
///
/// `true` and `false` stand for [`lines`](Self::lines) and [`off`](Self::off).
///
/// ```no_run
/// use tickspan::Console;
///
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder()
///     .with_console(Console::json().with_operations(true))
///     .with_console_filter("warn")
///     .init()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Nothing where nothing is written.
    pub(crate) format: Option<Format>,
    pub(crate) operations: bool,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Lines,
    Pretty,
    Json,
}

impl Console {
    /// Nothing is written.
    pub const fn off() -> Self {
        Self {
            format: None,
            operations: false,
        }
    }

    /// A line for each event, for people and `grep`: time, level, the spans around, target, message, fields, and the ids
    /// of trace and span. What is written unless something else is set.
    pub const fn lines() -> Self {
        Self::of(Format::Lines)
    }

    /// Some lines for each event, for people: as [`lines`](Self::lines), one thing a line, with the place in the source.
    pub const fn pretty() -> Self {
        Self::of(Format::Pretty)
    }

    /// An object of JSON on a line of its own for each event, for programs.
    ///
    /// Its keys are `timestamp` (RFC 3339, UTC), `level`, `target`, `message`, `fields`, `spans` (the outermost first, each
    /// with `name` and `fields`), and inside a trace `trace_id` and `span_id`, as OpenTelemetry names them in logs that
    /// are not OTLP. What tickspan itself has to say, such as the summary, has the first four.
    pub const fn json() -> Self {
        Self::of(Format::Json)
    }

    /// Has what tickspan itself says written alike.
    pub(crate) fn with_notices(self) {
        notice::in_json(self.format == Some(Format::Json));
    }

    const fn of(format: Format) -> Self {
        Self {
            format: Some(format),
            operations: false,
        }
    }

    /// Whether each span that ends is told as well, in a line with the fields `operation.id` (the id of the span),
    /// `operation.type` (its name), `operation.status` (`ok`, `error`, `cancelled` or `panicked`) and
    /// `operation.duration` (seconds). It is not, unless set.
    ///
    /// The level is that of the span. Spans of traces that are not sampled are told as well.
    #[must_use]
    pub const fn with_operations(mut self, on: bool) -> Self {
        self.operations = on;
        self
    }
}

#[cfg(feature = "cli")]
impl Console {
    /// As `TICKSPAN_CONSOLE` names it.
    pub(crate) const fn word(self) -> &'static str {
        match (self.format, self.operations) {
            (None, _) => "off",
            (Some(Format::Lines), false) => "lines",
            (Some(Format::Lines), true) => "lines,operations",
            (Some(Format::Pretty), false) => "pretty",
            (Some(Format::Pretty), true) => "pretty,operations",
            (Some(Format::Json), false) => "json",
            (Some(Format::Json), true) => "json,operations",
        }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::lines()
    }
}

impl From<bool> for Console {
    fn from(on: bool) -> Self {
        if on { Self::lines() } else { Self::off() }
    }
}

impl Format {
    /// Appends a line, with what ends it.
    pub(crate) fn write(self, out: &mut String, line: &Line<'_>, coloured: bool) {
        match self {
            Self::Lines => plain::write(out, line, coloured),
            Self::Pretty => pretty::write(out, line, coloured),
            Self::Json => json::write(out, line),
        }
    }
}
