//! All that was measured in a run.

use std::error::Error;

use serde::de::DeserializeOwned;

use crate::arguments::{Arguments, LibraryName, Measurement};
use crate::build_cost::{self, BuildCost};
use crate::child;
use crate::default_rate::{self, DefaultRate};
use crate::measure::caller::Caller;
use crate::measure::cpu::Cpu;
use crate::measure::disabled::Disabled;
use crate::measure::full_speed::FullSpeed;
use crate::measure::paced::Paced;
use crate::measure::sent::Sent;
use crate::measure::sustained::Sustained;
use crate::measure::threads::Threads;
use crate::measure::{Effort, least};

/// How often all threads are measured, one library after the other, and callers before and after that: what else goes on on a
/// machine comes and goes, and of two libraries that are measured minutes apart may concern but one.
pub(crate) fn passes(effort: Effort) -> usize {
    effort.of(1, 3)
}

/// What a run gave; nothing where it was not asked for.
#[derive(Debug)]
pub(crate) struct Results {
    /// One for each library.
    pub(crate) rows: Vec<Row>,
    /// What a process that makes no spans uses in the measurements of all threads.
    pub(crate) idle: Option<Cpu>,
    /// `SpanData` of the same content, made and encoded.
    pub(crate) exporter_alone: Option<Cpu>,
    /// tickspan at an even rate.
    pub(crate) sustained: Option<Sustained>,
    /// tickspan with the settings it has by itself.
    pub(crate) default_rate: Option<DefaultRate>,
}

/// What one library costs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) library: LibraryName,
    pub(crate) caller: Option<Caller>,
    pub(crate) disabled: Option<Disabled>,
    pub(crate) cpu: Option<Cpu>,
    pub(crate) sent: Option<Sent>,
    pub(crate) paced: Option<Paced>,
    pub(crate) full_speed: Option<FullSpeed>,
    pub(crate) threads: Option<Threads>,
    pub(crate) build: Option<BuildCost>,
}

impl Results {
    /// Measures what is asked for, one process after the other.
    pub(crate) fn measure(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let libraries = arguments.libraries();
        let mut rows = libraries
            .iter()
            .map(|&library| Row::measure(library, arguments))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut idle, mut exporter_alone) = (None, None);
        for _ in 0..passes(arguments.effort()) {
            for row in &mut rows {
                row.measure_caller(arguments)?;
            }
            for row in &mut rows {
                row.measure_all_threads(arguments)?;
            }
            let all_threads = [
                Measurement::Cpu,
                Measurement::Sent,
                Measurement::ExporterAlone,
            ];
            if all_threads.iter().any(|&any| arguments.wants(any)) {
                let now = child::measure(LibraryName::Nothing, Measurement::Cpu, arguments.quick)?;
                idle = least(idle, Some(now));
            }
            let now = in_child(LibraryName::Nothing, Measurement::ExporterAlone, arguments)?;
            exporter_alone = least(exporter_alone, now);
            for row in &mut rows {
                row.measure_caller(arguments)?;
            }
        }
        let tickspan = libraries.contains(&LibraryName::Tickspan);
        let sustained = (tickspan && arguments.wants(Measurement::Sustained))
            .then(|| {
                let length = arguments.sustain();
                child::sustain(arguments.rate, length, Measurement::Sustained)
            })
            .transpose()?;
        let default_rate = (tickspan && arguments.wants(Measurement::DefaultRate))
            .then(|| default_rate::find(arguments.effort()))
            .transpose()?;
        if arguments.wants(Measurement::Build) {
            build_cost::measure(&mut rows, arguments.effort())?;
        }
        Ok(Self {
            rows,
            idle,
            exporter_alone,
            sustained,
            default_rate,
        })
    }
}

impl Row {
    fn measure(library: LibraryName, arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            library,
            caller: None,
            disabled: None,
            cpu: None,
            sent: None,
            paced: in_child(library, Measurement::Paced, arguments)?,
            full_speed: in_child(library, Measurement::FullSpeed, arguments)?,
            threads: in_child(library, Measurement::Threads, arguments)?,
            build: None,
        })
    }

    fn measure_caller(&mut self, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
        let caller = in_child(self.library, Measurement::Caller, arguments)?;
        let disabled = in_child(self.library, Measurement::Disabled, arguments)?;
        self.caller = least(self.caller.take(), caller);
        self.disabled = least(self.disabled.take(), disabled);
        Ok(())
    }

    fn measure_all_threads(&mut self, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
        let cpu = if_exported(self.library, Measurement::Cpu, arguments)?;
        let sent = if_exported(self.library, Measurement::Sent, arguments)?;
        self.cpu = least(self.cpu.take(), cpu);
        self.sent = least(self.sent.take(), sent);
        Ok(())
    }
}

/// Whether a library's spans become OTLP bytes here.
fn exports(library: LibraryName) -> bool {
    matches!(
        library,
        LibraryName::Tickspan
            | LibraryName::Tracing
            | LibraryName::TracingLean
            | LibraryName::Fastrace
    )
}

fn if_exported<T: DeserializeOwned>(
    library: LibraryName,
    measurement: Measurement,
    arguments: &Arguments,
) -> Result<Option<T>, Box<dyn Error>> {
    if exports(library) {
        in_child(library, measurement, arguments)
    } else {
        Ok(None)
    }
}

fn in_child<T: DeserializeOwned>(
    library: LibraryName,
    measurement: Measurement,
    arguments: &Arguments,
) -> Result<Option<T>, Box<dyn Error>> {
    arguments
        .wants(measurement)
        .then(|| child::measure(library, measurement, arguments.quick))
        .transpose()
}
