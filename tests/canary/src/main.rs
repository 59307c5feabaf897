//! Starts itself with a secret in everything that stages see, and searches for it in what that process leaves: on stdout, on
//! stderr, and with a feature for OTLP on the wire.
//!
//! The tests in `tests/tests/canaries` do so with all features at once. `.ci/canaries` builds this with each alone.

#[path = "../../tests/canaries/derived.rs"]
#[allow(dead_code, reason = "more is asked where all features are there")]
mod derived;
#[path = "../../tests/canaries/forms.rs"]
mod forms;
mod sink;
#[path = "../../tests/canaries/stages.rs"]
mod stages;

use std::env;
use std::panic;
use std::process::Command;

use forms::assert_clean;
use sink::Sink;

/// Asks for the secrets to be let loose.
const LOOSE: &str = "loose";

fn main() {
    if env::args().nth(1).as_deref() == Some(LOOSE) {
        return program();
    }
    let sink = Sink::listen();
    let mut command = Command::new(env::current_exe().expect("the program has a path"));
    command.arg(LOOSE);
    if cfg!(feature = "init") {
        command.env("OTEL_TRACES_EXPORTER", "console");
        command.env("RUST_LOG", "trace");
    }
    let sends = cfg!(feature = "otlp");
    if sends {
        command.env("OTEL_TRACES_EXPORTER", "console,otlp");
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url());
    }
    let left = command.output().expect("the program starts again");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&left.stdout),
        String::from_utf8_lossy(&left.stderr),
    );
    assert!(left.status.success(), "{stdout}\n{stderr}");
    let sent = sink.seen();
    for name in stages::SPANS.iter().chain(derived::SPANS) {
        assert!(
            stdout.contains(name) || stderr.contains(name),
            "no span `{name}`:\n{stdout}\n{stderr}"
        );
        let name = name.as_bytes();
        let mut windows = sent.windows(name.len());
        assert!(
            !sends || windows.any(|it| it == name),
            "a span was not sent"
        );
    }
    assert_clean("stdout", &left.stdout);
    assert_clean("stderr", &left.stderr);
    assert_clean("what was sent", &sent);
    println!(
        "{} spans are clean, in {} bytes of lines and {} bytes on the wire",
        stages::SPANS.len() + derived::SPANS.len(),
        left.stdout.len() + left.stderr.len(),
        sent.len()
    );
}

fn program() {
    // The message of a panic is not telemetry.
    panic::set_hook(Box::new(|_| ()));
    #[cfg(feature = "init")]
    let _telemetry = tickspan::builder()
        .with_location(true)
        // The sink gives no answer.
        .with_shutdown_deadline(std::time::Duration::from_secs(5))
        .init()
        .expect("telemetry starts");
    // A library's way: whatever subscriber the program installs.
    #[cfg(not(feature = "init"))]
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .init();
    stages::exercise();
    derived::exercise();
}
