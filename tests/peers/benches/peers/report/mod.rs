//! The page that tells what was measured, where, and how.

mod number;
mod tables;

use std::error::Error;

use crate::arguments::Arguments;
use crate::build_cost;
use crate::default_rate::DefaultRate;
use crate::machine;
use crate::measure::sustained::Sustained;
use crate::measure::{caller, paced, threads};
use crate::results::{self, Results};
use number::count;

/// How the page is made.
const COMMAND: &str = "cargo bench --manifest-path tests/peers/Cargo.toml";

/// The page, as Markdown.
pub(crate) fn page(results: &Results, arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let mut parts = vec![introduction(arguments)?];
    parts.extend(
        tables::costs(results).map(|table| format!("{table}\n\n{}", about_costs(arguments))),
    );
    parts.extend(tables::exporter_alone(results).map(|cost| {
        format!(
            "Of the cost of all threads, {cost} a tick is that of what follows a library: a thread that \
             does nothing else makes `SpanData` of the same content and gives it to the same exporter, \
             in batches of 510, at the same pace."
        )
    }));
    parts.extend(tables::spans_per_request(results).map(|spans| {
        format!("Where spans are sent, a request brings this many on average: {spans}.")
    }));
    parts.extend(notes(results));
    parts.extend(
        tables::threads(results)
            .map(|table| format!("## Several threads\n\n{}\n\n{table}", about_threads())),
    );
    parts.extend(tables::build(results).map(|table| {
        format!(
            "## Compile time and code size\n\n{}\n\n{table}",
            build_cost::ABOUT
        )
    }));
    let rates: Vec<String> = [
        results.sustained.as_ref().map(about_sustained),
        results.default_rate.as_ref().map(about_default_rate),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !rates.is_empty() {
        parts.push(format!(
            "## Rates that tickspan holds\n\n{}",
            rates.join("\n\n")
        ));
    }
    parts.push(format!("## Versions\n\n{}", tables::versions()?));
    Ok(parts.join("\n\n") + "\n")
}

fn introduction(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let quick = if arguments.quick {
        "\n\nThis is a quick run, to see that the benchmark works; its numbers say little."
    } else {
        ""
    };
    Ok(format!(
        "# Performance on {processors}\n\n\
         What tickspan costs, beside other libraries that do the same work in the same run. A *tick* \
         is a root span and four stages, three attributes each, and one event of six numbers in the \
         third stage. A *bare* span is a child without attributes in an open root.\n\n\
         Measured on {date} with {compiler}, release build, thin LTO. One command measures and prints \
         all of it:\n\n\
         ```sh\n{COMMAND}\n```\n\n\
         With `-- --write NAME` it also writes a page such as this; `-- --quick` takes a second for each \
         measurement; `-- --help` lists the rest. Only ratios travel between machines, and \
         [not all of them](../performance.md).{quick}",
        date = jiff::Timestamp::now().strftime("%Y-%m-%d"),
        processors = machine::processors()?,
        compiler = machine::compiler()?,
    ))
}

/// What is to be known about single numbers of this run.
fn notes(results: &Results) -> Option<String> {
    let notes = tables::irregularities(results);
    (!notes.is_empty()).then(|| format!("In this run:\n\n{}", notes.join("\n")))
}

fn about_costs(arguments: &Arguments) -> String {
    let rounds = caller::rounds(arguments.effort());
    format!(
        "Each measurement of each library has a process of its own, and every library gets the same \
         messages: a third are four stages one after the other, a third are four stages each in the \
         one before, a third are two pairs with other kinds of attributes (text, `i64`, `bool` \
         instead of text, `f64`, `u64`). Texts have 1 to 33 characters, prices change from message \
         to message. Each library is used through its attribute where it has one that records \
         arguments, with the settings it has by default; the queue before the exporter holds \
         1,048,576 spans. Except where spans are sent, the exporter makes OTLP protobuf of each batch \
         and drops it; it is the same for all. \"nothing\" is the same functions without a library.\n\n\
         - *Caller*: what the calling thread uses of its processor in the round that takes least: what else \
         goes on on the machine adds to some. A round is ten batches of 500 ticks, or of 2,500 bare spans, \
         each after as many that are not counted and with a pause in between in which the other threads \
         catch up. All libraries are measured one after the other, {rounds} rounds each, and that {caller_passes} times.\n\
         - *Off*: one call of a function with three attributes, and of one without, in a process \
         that never turned the library on. The call and its work are part of it. Measured as often; what is told is \
         the least.\n\
         - *All threads*: what the whole process uses of its processors for a tick until all spans \
         are bytes, less what a process without a library uses at the same pace. The pace is that of \
         the column *paced*. All libraries are measured one after the other, and that {passes} times; what is told is \
         the least.\n\
         - *Sent over OTLP*: the same until a receiver has answered for all spans, with the exporter \
         that users of a library run: tickspan's own (feature `otlp-http`, `with_endpoint`), which also \
         sends metrics of the stages, and `opentelemetry-otlp` with its blocking client for the others. \
         Each posts protobuf over HTTP, not compressed, to another process on the same machine, which \
         counts spans and answers; what that process uses is not part of it.\n\
         - *Bytes*: the size of a tick in OTLP. By default `tracing-opentelemetry` adds the place in the \
         source, the thread, the target and the busy time to each span, and makes it the current one \
         of OpenTelemetry; the row below it is without these five. tickspan adds none of them unless \
         it is asked to.\n\
         - *Paced*: bursts of 20 ticks with 0.8 ms between them; percentiles of one tick as the \
         caller sees it, whatever else the machine does meanwhile. Two readings of the processor's counter, \
         one right after the other, are at least {resolution} ns apart here; tickspan takes two a span \
         and one an event.\n\
         - *Full speed*: one thread makes ticks without a pause for three seconds; then the library \
         is ended as its documentation says. Lost are spans that were made and never reached the \
         exporter. \"told\" means that the library gave the exact number, \"not told\" that the \
         program does not learn of it.",
        passes = results::passes(arguments.effort()),
        caller_passes = 2 * results::passes(arguments.effort()),
        resolution = paced::resolution(),
    )
}

fn about_threads() -> String {
    format!(
        "Nanoseconds of its own processor that a tick costs the thread that makes it, and ticks a \
         second of all threads together, with {} threads at once; the threads of the exporter \
         compete for the same processors. Rounds of 1,000 ticks a thread, with a pause in between.",
        threads::THREADS.map(|number| number.to_string()).join(", "),
    )
}

fn about_sustained(run: &Sustained) -> String {
    format!(
        "At an even {rate} ticks a second for {seconds:.0} s, with lanes of 8 MiB, a queue of 65,536 spans and an \
         exporter in the process that counts: {achieved} ticks a second, {made} spans made, \
         {exported} exported, {lost} lost by tickspan's own account.",
        rate = count(run.rate.into()),
        seconds = run.seconds,
        achieved = number::rate(run.achieved),
        made = count(run.made),
        exported = count(run.exported),
        lost = count(run.lost),
    )
}

fn about_default_rate(found: &DefaultRate) -> String {
    let held = found.held.as_ref().map_or_else(
        || "no rate that was tried was held without a loss".to_owned(),
        |run| {
            format!(
                "{} ticks a second were held for {:.0} s without a loss",
                count(run.rate.into()),
                run.seconds,
            )
        },
    );
    let missed = found.missed.as_ref().map_or_else(
        || "the highest that was tried".to_owned(),
        |run| {
            format!(
                "at {} ticks a second, {} were made and {} of {} spans lost",
                count(run.rate.into()),
                number::rate(run.achieved),
                count(run.made.abs_diff(run.exported)),
                count(run.made),
            )
        },
    );
    format!(
        "With the settings that tickspan has by itself, and the same exporter: {held}; {missed}."
    )
}
