//! The tables of the page.

use std::error::Error;

use super::number::{count, digits, rate, share, size, time};
use crate::library::SPANS_PER_TICK;
use crate::machine;
use crate::measure::cpu::Cpu;
use crate::measure::full_speed::FullSpeed;
use crate::measure::threads::{Crowd, THREADS};
use crate::results::{Results, Row};

/// In a cell where nothing was measured.
const NONE: &str = "–";

/// How many attributes a tick has at least: three for each span.
const ATTRIBUTES_PER_TICK: u64 = 3 * SPANS_PER_TICK;

/// What a tick and a span cost; nothing if none of it was measured.
pub(super) fn costs(results: &Results) -> Option<String> {
    let head = [
        "",
        "caller, a tick",
        "caller, a bare span",
        "off, a span with attributes / bare",
        "all threads, a tick to OTLP bytes",
        "all threads, a tick sent over OTLP",
        "bytes of a tick",
        "paced, a tick: p50 / p99 / p99.9",
        "full speed: ticks a second",
        "full speed: spans lost",
    ];
    let idle = results.idle.as_ref();
    let rows = results.rows.iter().map(|row| {
        vec![
            row.library.title().to_owned(),
            cell(row.caller.as_ref(), |caller| time(caller.tick_ns)),
            cell(row.caller.as_ref(), |caller| time(caller.bare_ns)),
            cell(row.disabled.as_ref(), |off| {
                format!("{} / {}", time(off.stage_ns), time(off.bare_ns))
            }),
            cell(row.cpu.as_ref().zip(idle), |(cpu, idle)| {
                time(cpu.tick_ns - idle.tick_ns)
            }),
            cell(row.sent.as_ref().zip(idle), |(sent, idle)| {
                time(sent.cpu.tick_ns - idle.tick_ns)
            }),
            cell(row.cpu.as_ref().and_then(bytes_of_a_tick), count),
            cell(row.paced.as_ref(), |paced| {
                [paced.p50, paced.p99, paced.p999]
                    .map(|nanoseconds| time(whole(nanoseconds)))
                    .join(" / ")
            }),
            cell(row.full_speed.as_ref(), |run| rate(run.ticks_per_second)),
            cell(
                row.full_speed.as_ref().and_then(lost_at_full_speed),
                |lost| lost,
            ),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let measured = rows
        .iter()
        .any(|row| row[1..].iter().any(|cell| cell != NONE));
    measured.then(|| table(&head.map(str::to_owned), rows.into_iter()))
}

/// What the exporter and what it is given cost by themselves; nothing if it was not measured.
pub(super) fn exporter_alone(results: &Results) -> Option<String> {
    let (alone, idle) = results.exporter_alone.as_ref().zip(results.idle.as_ref())?;
    Some(time(alone.tick_ns - idle.tick_ns))
}

/// How many spans each library put into a request; nothing if it was not measured.
pub(super) fn spans_per_request(results: &Results) -> Option<String> {
    let of_each: Vec<String> = results
        .rows
        .iter()
        .filter_map(|row| {
            let spans = row.sent.as_ref()?.spans_per_request()?;
            Some(format!("{} {}", row.library.title(), count(spans)))
        })
        .collect();
    (!of_each.is_empty()).then(|| of_each.join("; "))
}

/// What several threads at once cost; nothing if it was not measured.
pub(super) fn threads(results: &Results) -> Option<String> {
    let head = [String::new()]
        .into_iter()
        .chain(THREADS.iter().map(|number| match number {
            1 => "1 thread".to_owned(),
            more => format!("{more} threads"),
        }))
        .collect::<Vec<_>>();
    let rows: Vec<_> = results
        .rows
        .iter()
        .filter_map(|row| {
            let threads = row.threads.as_ref()?;
            let cells = threads.crowds.iter().map(crowd);
            Some(
                [row.library.title().to_owned()]
                    .into_iter()
                    .chain(cells)
                    .collect(),
            )
        })
        .collect();
    (!rows.is_empty()).then(|| table(&head, rows.into_iter()))
}

/// What an annotated function costs the compiler; nothing if it was not measured.
pub(super) fn build(results: &Results) -> Option<String> {
    let head = ["", "time to compile a function", "its code"].map(str::to_owned);
    let rows: Vec<_> = results
        .rows
        .iter()
        .filter_map(|row| {
            let build = row.build?;
            Some(vec![
                row.library.title().to_owned(),
                format!("{} ms", digits(build.milliseconds)),
                size(build.text_bytes),
            ])
        })
        .collect();
    (!rows.is_empty()).then(|| table(&head, rows.into_iter()))
}

/// The versions of the libraries.
pub(super) fn versions() -> Result<String, Box<dyn Error>> {
    let head = ["crate", "version"].map(str::to_owned);
    let versions = machine::versions()?.into_iter();
    Ok(table(
        &head,
        versions.map(|(name, version)| vec![format!("`{name}`"), version]),
    ))
}

/// What a reader of the tables must know of this run: a library that lost spans where it had time, and
/// one that delivered something else than was made.
pub(super) fn irregularities(results: &Results) -> Vec<String> {
    results.rows.iter().flat_map(irregularities_of).collect()
}

fn irregularities_of(row: &Row) -> Vec<String> {
    let lost = [
        ("caller", row.caller.as_ref().and_then(|caller| caller.lost)),
        ("all threads", row.cpu.as_ref().and_then(Cpu::lost)),
        (
            "all threads, sent over OTLP",
            row.sent.as_ref().and_then(|sent| sent.cpu.lost()),
        ),
        ("paced", row.paced.as_ref().and_then(|paced| paced.lost)),
        (
            "several threads",
            row.threads.as_ref().and_then(|threads| threads.lost),
        ),
    ];
    let title = row.library.title();
    let mut notes: Vec<String> = lost
        .into_iter()
        .filter_map(|(measurement, lost)| {
            let lost = lost.filter(|&lost| lost > 0)?;
            Some(format!(
                "- {title} lost {} spans in the measurement \"{measurement}\".",
                count(lost),
            ))
        })
        .collect();
    let sent = row.sent.as_ref().map(|sent| &sent.cpu);
    if !row.cpu.iter().chain(sent).all(complete) {
        notes.push(format!(
            "- {title} did not deliver an event and {ATTRIBUTES_PER_TICK} attributes for each tick."
        ));
    }
    notes
}

/// Whether what arrived is what a tick is made of, unless spans were lost.
fn complete(cpu: &Cpu) -> bool {
    cpu.lost() != Some(0)
        || cpu.delivered.is_none_or(|delivered| {
            delivered.events == cpu.ticks && delivered.attributes >= cpu.ticks * ATTRIBUTES_PER_TICK
        })
}

fn bytes_of_a_tick(cpu: &Cpu) -> Option<u64> {
    let delivered = cpu.delivered?;
    (delivered.bytes * SPANS_PER_TICK).checked_div(delivered.spans)
}

fn lost_at_full_speed(run: &FullSpeed) -> Option<String> {
    let lost = run.lost?;
    Some(match (lost, run.told_lost) {
        (0, _) => "none".to_owned(),
        (lost, told) if told == Some(lost) => format!("{}, told", share(lost, run.made)),
        (lost, Some(told)) => format!("{}, {} told", share(lost, run.made), share(told, run.made)),
        (lost, None) => format!("{}, not told", share(lost, run.made)),
    })
}

fn crowd(crowd: &Crowd) -> String {
    format!(
        "{}, {}/s",
        time(crowd.tick_ns),
        rate(crowd.ticks_per_second)
    )
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn whole(nanoseconds: u64) -> f64 {
    nanoseconds as f64
}

fn cell<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), write)
}

fn table(head: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rule = format!("|{}", "---|".repeat(head.len()));
    [line(head), rule]
        .into_iter()
        .chain(rows.map(|cells| line(&cells)))
        .collect::<Vec<_>>()
        .join("\n")
}
