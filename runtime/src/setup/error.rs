//! What can go wrong when telemetry is set up or flushed. Written out by hand: nine cases need no
//! macro.

use std::error::Error as StdError;
use std::{fmt, io};

use crate::collect::human::is_no_text;

/// The most characters of a value that are told.
const LONGEST_TOLD: usize = 100;

/// Why telemetry could not be set up, or a flush did not deliver.
///
/// `Debug` writes the words of `Display`, and behind them those of the sources: it is what a `main` that returns the error prints.
///
/// After an error of [`init`](crate::init) nothing is installed and no thread runs, so it can be
/// tried again. A backend that cannot be reached is never an `Error` of `init`: it is counted in
/// the [`Report`](crate::Report).
///
/// # Examples
///
/// ```no_run
/// match tickspan::builder().with_endpoint("localhost:4318").init() {
///     Err(error) => eprintln!("no telemetry: {error}"),
///     Ok(telemetry) => drop(telemetry),
/// }
/// // no telemetry: `with_endpoint` is `localhost:4318`; accepted: a URL such as `http://localhost:4318`
/// ```
#[non_exhaustive]
pub enum Error {
    /// `init` has succeeded in this process before. It works once: the subscriber that it installs
    /// is global and stays, also after a shutdown.
    AlreadyInitialised,
    /// Another global `tracing` subscriber is installed.
    #[non_exhaustive]
    SubscriberInstalled {
        /// The refusal of `tracing`.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A variable or a builder method has a value that is not accepted.
    #[non_exhaustive]
    Invalid {
        /// The variable or the builder method.
        setting: &'static str,
        /// Its value, with what may be a secret masked, cut, and with control characters escaped; `None` for headers,
        /// which are secret as a whole, for attributes of the resource of which one has a sensitive name, and for a key
        /// that stands where its file is to be named.
        value: Option<String>,
        /// What is accepted.
        accepted: String,
    },
    /// A variable is set that is nearly one that is read, and is none. Where the one that is meant is tickspan's own, `init`
    /// fails: it may be what withholds something. `OTEL_*` may be meant for another program, and are told on stderr.
    #[non_exhaustive]
    Misspelt {
        /// The variable that is set.
        variable: String,
        /// The one that is probably meant.
        meant: String,
    },
    /// A filter has a directive that is not understood.
    #[non_exhaustive]
    Filter {
        /// The variable or the builder method: `RUST_LOG`, `with_span_filter`.
        setting: &'static str,
        /// The directive.
        directive: String,
        /// Why it is not understood.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A setting asks for something that is behind a feature which is not compiled in.
    #[non_exhaustive]
    MissingFeature {
        /// The variable or the builder method.
        setting: &'static str,
        /// What it asks for.
        wanted: String,
        /// The feature of the crate `tickspan` to enable.
        feature: &'static str,
    },
    /// A network exporter could not be made.
    #[non_exhaustive]
    Exporter {
        /// The protocol and the endpoint, without secrets.
        exporter: String,
        /// Why, without secrets.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A thread of telemetry could not be started.
    #[non_exhaustive]
    Thread {
        /// The refusal of the operating system.
        source: io::Error,
    },
    /// A flush did not deliver everything that was queued, or not by its deadline.
    #[non_exhaustive]
    Flush {
        /// The exporter.
        exporter: String,
        /// What it delivers: `spans`, `metrics`, `log records`, `latency clocks`.
        items: &'static str,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// A file in the PEM format that is not there. What it would hold may have been given in its place: a key.
    pub(super) fn no_pem_file(setting: &'static str, file: String) -> Self {
        Self::Invalid {
            setting,
            value: Some(file).filter(|file| !file.contains("-----BEGIN")),
            accepted: "the path of a file in the PEM format that can be read".to_owned(),
        }
    }

    /// The same, and what it tells of a value is short and drives no terminal: for the edge where it is returned.
    pub(super) fn told(mut self) -> Self {
        if let Self::Invalid {
            value: Some(value), ..
        }
        | Self::Filter {
            directive: value, ..
        }
        | Self::MissingFeature { wanted: value, .. } = &mut self
        {
            *value = told(value);
        }
        self
    }
}

fn told(value: &str) -> String {
    let mut rest = value.chars();
    let mut told = harmless(rest.by_ref().take(LONGEST_TOLD));
    if rest.next().is_some() {
        told.push_str("..");
    }
    told
}

/// With what is no text written out.
fn harmless(characters: impl Iterator<Item = char>) -> String {
    let mut told = String::new();
    for character in characters {
        if is_no_text(character) {
            told.extend(character.escape_debug());
        } else {
            told.push(character);
        }
    }
    told
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut last = String::new();
        let mut next = self.source();
        while let Some(source) = next {
            let text = harmless(source.to_string().chars());
            // Some errors speak for their source.
            if text != last {
                write!(f, ": {text}")?;
            }
            last = text;
            next = source.source();
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInitialised => f.write_str(
                "tickspan is already initialised in this process; call `init` once, and keep its \
                 guard until the end",
            ),
            Self::SubscriberInstalled { .. } => f.write_str(
                "another `tracing` subscriber is already installed; call `tickspan::init` before, or \
                 instead of, installing it",
            ),
            Self::Invalid {
                setting,
                value: Some(value),
                accepted,
            } => write!(f, "`{setting}` is `{value}`; accepted: {accepted}"),
            Self::Invalid {
                setting,
                value: None,
                accepted,
            } => write!(f, "`{setting}` is wrong (its value is not shown); accepted: {accepted}"),
            Self::Misspelt { variable, meant } => write!(
                f,
                "`{variable}` is set and is no variable that is read; is `{meant}` meant?"
            ),
            Self::Filter { setting, directive, .. } => write!(
                f,
                "`{setting}` has the directive `{directive}`; accepted: directives such as `info` or \
                 `my_crate=debug`"
            ),
            Self::MissingFeature {
                setting,
                wanted,
                feature,
            } => write!(
                f,
                "`{setting}` asks for {wanted}, which is not compiled in; enable the feature \
                 `{feature}` of `tickspan`"
            ),
            Self::Exporter { exporter, .. } => {
                write!(f, "the exporter for {exporter} could not be made")
            }
            Self::Thread { .. } => f.write_str("a thread of telemetry could not be started"),
            Self::Flush {
                exporter,
                items,
                reason,
            } => write!(f, "the flush did not deliver all {items} to {exporter}: {reason}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::SubscriberInstalled { source }
            | Self::Filter { source, .. }
            | Self::Exporter { source, .. } => Some(&**source),
            Self::Thread { source } => Some(source),
            Self::AlreadyInitialised
            | Self::Invalid { .. }
            | Self::Misspelt { .. }
            | Self::MissingFeature { .. }
            | Self::Flush { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::Directive;

    use super::Error;

    #[test]
    fn what_two_errors_of_a_chain_say_alike_is_said_once() {
        let source = "engine=loud".parse::<Directive>().unwrap_err();
        let error = Error::Filter {
            setting: "RUST_LOG",
            directive: "engine=loud".to_owned(),
            source: Box::new(source),
        };
        let told = format!("{error:?}");
        assert_eq!(told.matches("expected one of").count(), 1, "{told}");
    }
}
