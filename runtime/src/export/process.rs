//! The process as OpenTelemetry metrics: processor time, memory, threads, descriptors, page faults.
//!
//! Read from `/proc/self` when the meters are, on the thread that reads them. Names, units and attributes are those of the
//! semantic conventions for processes. What could hold anything of a person (the command line, the environment) is
//! never read.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter, MeterProvider};
use procfs::process::{Process, Stat};

/// Registers the instruments.
pub(super) fn register(provider: &dyn MeterProvider) {
    let meter = provider.meter("tickspan");
    count_processor_time(&meter);
    count_faults(&meter);
    current(
        &meter,
        "process.memory.usage",
        "By",
        "The physical memory that the process uses.",
        |_, stat| stat.rss.saturating_mul(procfs::page_size()),
    );
    current(
        &meter,
        "process.memory.virtual",
        "By",
        "The address space of the process.",
        |_, stat| stat.vsize,
    );
    current(
        &meter,
        "process.thread.count",
        "{thread}",
        "The threads of the process.",
        |_, stat| u64::try_from(stat.num_threads).unwrap_or_default(),
    );
    current(
        &meter,
        "process.unix.file_descriptor.count",
        "{file_descriptor}",
        "The file descriptors that the process holds open.",
        // It cannot fail where the one before it did not.
        |process, _| process.fd_count().unwrap_or_default() as u64,
    );
}

fn count_processor_time(meter: &Meter) {
    meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("Processor time of all threads, by mode.")
        .with_callback(|observer| {
            read(|_, stat| {
                for (mode, ticks) in [("user", stat.utime), ("system", stat.stime)] {
                    observer.observe(seconds(ticks), &[KeyValue::new("cpu.mode", mode)]);
                }
            });
        })
        .build();
}

fn count_faults(meter: &Meter) {
    meter
        .u64_observable_counter("process.paging.faults")
        .with_unit("{fault}")
        .with_description("Page faults; for a major one the thread waited for a disk.")
        .with_callback(|observer| {
            read(|_, stat| {
                for (kind, number) in [("minor", stat.minflt), ("major", stat.majflt)] {
                    let kind = KeyValue::new("system.paging.fault.type", kind);
                    observer.observe(number, &[kind]);
                }
            });
        })
        .build();
}

/// An instrument that tells a number as it stands, which several processes may add up.
fn current(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    of: impl Fn(&Process, &Stat) -> u64 + Send + Sync + 'static,
) {
    meter
        .i64_observable_up_down_counter(name)
        .with_unit(unit)
        .with_description(description)
        .with_callback(move |observer: &dyn AsyncInstrument<i64>| {
            read(|process, stat| {
                let number = i64::try_from(of(process, stat)).unwrap_or(i64::MAX);
                observer.observe(number, &[]);
            });
        })
        .build();
}

/// Reads the process. Where it cannot be read, as without `/proc`, nothing is told.
fn read(take: impl FnOnce(&Process, &Stat)) {
    if let Ok(process) = Process::myself() {
        if let Ok(stat) = process.stat() {
            take(&process, &stat);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a process does not live for 2^53 ticks"
)]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}
