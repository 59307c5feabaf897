//! Each measurement runs in a process of its own: a library's global state can be set up once.

use std::env;
use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::{Arguments, LibraryName, Measurement, word};
use crate::libraries::with_emit::Emit;
use crate::libraries::with_fastrace::Fastrace;
use crate::libraries::with_micromegas::Micromegas;
use crate::libraries::with_micromegas_properties::MicromegasProperties;
use crate::libraries::with_nothing::Nothing;
use crate::libraries::with_tickspan::Tickspan;
use crate::libraries::with_tracing::Tracing;
use crate::library::Library;
use crate::measure::sustained::Sustained;
use crate::measure::{
    Effort, caller, cpu, disabled, exporter_alone, full_speed, paced, sent, sustained, threads,
};

/// Sets how many spans the queue before an exporter holds. Read by the batch processor of the SDK and
/// by tickspan alike.
const QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";

/// Long enough that a queue is never the reason for a loss where libraries are compared.
const LONG_QUEUE: &str = "1048576";

/// The queue of the sustained run.
const SUSTAINED_QUEUE: &str = "65536";

/// The size of a lane in the sustained run.
const SUSTAINED_LANE: usize = 8 << 20;

/// Measures one thing of one library in a new process.
pub(crate) fn measure<T: DeserializeOwned>(
    library: LibraryName,
    measurement: Measurement,
    quick: bool,
) -> Result<T, Box<dyn Error>> {
    let mut command = command(library, measurement)?;
    if quick {
        command.arg("--quick");
    }
    command.env(QUEUE_SIZE, LONG_QUEUE);
    finish(command)
}

/// Lets tickspan keep up a rate in a new process, with a longer queue or with its own settings.
pub(crate) fn sustain(
    rate: u32,
    length: Duration,
    measurement: Measurement,
) -> Result<Sustained, Box<dyn Error>> {
    let mut command = command(LibraryName::Tickspan, measurement)?;
    command.arg("--rate").arg(rate.to_string());
    command.arg("--sustain").arg(length.as_secs().to_string());
    if measurement == Measurement::Sustained {
        command.env(QUEUE_SIZE, SUSTAINED_QUEUE);
    }
    finish(command)
}

/// This program again, without anything in its environment that a library would read.
fn command(library: LibraryName, measurement: Measurement) -> Result<Command, Box<dyn Error>> {
    let (library, measurement) = (word(&library), word(&measurement));
    eprintln!("{measurement}: {library}");
    let mut command = Command::new(env::current_exe()?);
    command.args(["--child", "--only", &library, "--measure", &measurement]);
    for (name, _) in env::vars_os() {
        let known = name.to_string_lossy().to_ascii_uppercase();
        if known.starts_with("OTEL_") || known.ends_with("_PROXY") || known == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    Ok(command)
}

fn finish<T: DeserializeOwned>(mut command: Command) -> Result<T, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The child's side: measures what the command line says, and gives the line that is printed.
pub(crate) fn answer(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let (library, measurement) = arguments
        .only_one()
        .ok_or("a child measures one thing of one library")?;
    let sustain = |lane_bytes| {
        line(&sustained::measure(
            arguments.rate,
            arguments.sustain(),
            lane_bytes,
        ))
    };
    match measurement {
        Measurement::Sustained => return sustain(Some(SUSTAINED_LANE)),
        Measurement::DefaultRate => return sustain(None),
        _ => {}
    }
    let effort = arguments.effort();
    if measurement == Measurement::ExporterAlone {
        return line(&exporter_alone::measure(effort));
    }
    if measurement == Measurement::Sent {
        return answer_sent(library, effort);
    }
    match library {
        LibraryName::Nothing => answer_for::<Nothing>(measurement, effort),
        LibraryName::Tickspan => answer_for::<Tickspan>(measurement, effort),
        LibraryName::Tracing => answer_for::<Tracing<true>>(measurement, effort),
        LibraryName::TracingLean => answer_for::<Tracing<false>>(measurement, effort),
        LibraryName::Fastrace => answer_for::<Fastrace>(measurement, effort),
        LibraryName::Emit => answer_for::<Emit>(measurement, effort),
        LibraryName::Micromegas => answer_for::<Micromegas>(measurement, effort),
        LibraryName::MicromegasProperties => {
            answer_for::<MicromegasProperties>(measurement, effort)
        }
    }
}

fn answer_for<L: Library>(
    measurement: Measurement,
    effort: Effort,
) -> Result<String, Box<dyn Error>> {
    match measurement {
        Measurement::Caller => line(&caller::measure::<L>(effort)),
        Measurement::Disabled => line(&disabled::measure::<L>(effort)),
        Measurement::Cpu => line(&cpu::measure::<L>(effort)),
        Measurement::Paced => line(&paced::measure::<L>(effort)),
        Measurement::FullSpeed => line(&full_speed::measure::<L>(effort)),
        Measurement::Threads => line(&threads::measure::<L>(effort)),
        Measurement::Sent
        | Measurement::ExporterAlone
        | Measurement::Sustained
        | Measurement::DefaultRate
        | Measurement::Build => Err("not measured for each library in a child".into()),
    }
}

fn answer_sent(library: LibraryName, effort: Effort) -> Result<String, Box<dyn Error>> {
    let measure = match library {
        LibraryName::Tickspan => sent::measure::<Tickspan>,
        LibraryName::Tracing => sent::measure::<Tracing<true>>,
        LibraryName::TracingLean => sent::measure::<Tracing<false>>,
        LibraryName::Fastrace => sent::measure::<Fastrace>,
        LibraryName::Nothing
        | LibraryName::Emit
        | LibraryName::Micromegas
        | LibraryName::MicromegasProperties => return Err("it sends nothing here".into()),
    };
    line(&measure(effort)?)
}

fn line(result: &impl Serialize) -> Result<String, Box<dyn Error>> {
    Ok(serde_json::to_string(result)?)
}
