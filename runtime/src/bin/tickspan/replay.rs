//! `tickspan replay`.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use clap::Args;
use opentelemetry::trace::TraceId;
use tickspan::replay::Speed;

use crate::damage::Damages;
use crate::exit::{self, Exit, Failure};
use crate::input::Input;

/// Prints the lines of recordings in the order of time, as they happened or faster.
///
/// Lines of all files are merged. They are printed as JSON, as they were recorded, so that `jq` and what else reads lines can go on
/// with them.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Replay {
    #[command(flatten)]
    input: Input,

    /// Only lines of these types: `span`, `latency`, `edge`, `trade`.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,

    /// Only lines of this trace.
    #[arg(long, value_name = "ID", value_parser = trace_id)]
    trace: Option<TraceId>,

    /// How fast: `full`, `original`, or how many times as fast as it happened, such as `10` or `0.5`.
    #[arg(long, value_name = "SPEED", default_value = "full", value_parser = speed)]
    speed: Speed,
}

/// The types of lines that this version knows.
const TYPES: [&str; 5] = ["span", "latency", "edge", "trade", "recording"];

/// Tells types of which there may be no line: one that a later version wrote is asked for, or the word is misspelt.
pub(crate) fn tell_unknown(types: &[String]) {
    for unknown in types.iter().filter(|it| !TYPES.contains(&it.as_str())) {
        let _ = writeln!(
            io::stderr(),
            "tickspan: lines of the type `{unknown}` are not known to this version; known: {}",
            TYPES.join(", ")
        );
    }
}

/// Reads the id of a trace.
pub(crate) fn trace_id(text: &str) -> Result<TraceId, &'static str> {
    let is_hex = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    let id = TraceId::from_hex(text)
        .ok()
        .filter(|id| is_hex && *id != TraceId::INVALID);
    id.ok_or("a trace id has 32 hexadecimal digits, not all of them zero")
}

fn speed(text: &str) -> Result<Speed, &'static str> {
    let speed = match text {
        "full" => Some(Speed::FULL),
        "original" => Some(Speed::ORIGINAL),
        factor => factor.parse().ok().and_then(Speed::times),
    };
    speed.ok_or("write `full`, `original`, or a number above zero")
}

impl Replay {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let mut replay = self.input.replay()?.with_speed(self.speed);
        tell_unknown(&self.types);
        if !self.types.is_empty() {
            replay = replay.event_types(self.types.iter().map(String::as_str));
        }
        if let Some(trace) = self.trace {
            replay = replay.trace(trace);
        }
        let mut out = BufWriter::new(io::stdout().lock());
        // Who looks on sees a line when it is due.
        let is_watched = self.speed != Speed::FULL || io::stdout().is_terminal();
        let (mut damages, mut found) = (Damages::default(), false);
        let mut events = replay.into_iter();
        for event in events.by_ref() {
            match event {
                Err(damage) => damages.tell(&damage),
                Ok(event) => {
                    found = true;
                    serde_json::to_writer(&mut out, &event.line).map_err(io::Error::from)?;
                    out.write_all(b"\n")?;
                    if is_watched {
                        out.flush()?;
                    }
                }
            }
        }
        out.flush()?;
        if events.late() > 0 {
            let _ = writeln!(
                io::stderr(),
                "tickspan: {} lines came too late for their order",
                crate::human::count(events.late())
            );
        }
        Ok(self.input.told(damages.end(found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_words_or_factors() {
        assert_eq!(speed("full"), Ok(Speed::FULL));
        assert_eq!(speed("original"), speed("1"));
        assert_eq!(speed("0.5").ok(), Speed::times(0.5));
        for wrong in ["", "fast", "0", "-1", "inf", "NaN"] {
            speed(wrong).unwrap_err();
        }
    }

    #[test]
    fn trace_ids_are_whole() {
        trace_id("2f581398e5419f71a66d53f090545c27").unwrap();
        for wrong in [
            "",
            "2f58",
            "+f581398e5419f71a66d53f090545c27",
            "00000000000000000000000000000000",
        ] {
            trace_id(wrong).unwrap_err();
        }
    }
}
