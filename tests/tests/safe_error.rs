//! What is told of errors and panics: a type, a kind of the source, an outcome. Never a text.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "functions of every shape, as users write them"
)]

use std::fmt;
use std::panic;
use std::sync::Arc;

use tickspan::{SafeError, traced_stage};
use tickspan_tests::capture::{Capture, Value};

const SECRET: &str = "account 12345678 of Jane Roe";

#[derive(Debug, SafeError)]
enum Rejected {
    TooLarge {
        #[allow(dead_code, reason = "what must not be told")]
        text: String,
    },
    #[safe_error(kind = "venue_halted")]
    Halted(#[allow(dead_code, reason = "what must not be told")] String),
    r#Unknown,
}

#[derive(Debug, SafeError)]
struct Timeout<T>(#[allow(dead_code, reason = "what must not be told")] T);

#[derive(Debug)]
struct Unsafe(#[allow(dead_code, reason = "what must not be told")] String);

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn rejected(code: u8) -> Rejected {
    match code {
        0 => Rejected::TooLarge {
            text: SECRET.to_owned(),
        },
        1 => Rejected::Halted(SECRET.to_owned()),
        _ => Rejected::Unknown,
    }
}

#[traced_stage(err)]
fn submit(code: u8) -> Result<u8, Rejected> {
    Err(rejected(code))
}

#[traced_stage(err, ret)]
fn shared(code: u8) -> Result<u8, Arc<Rejected>> {
    Err(Arc::new(rejected(code)))
}

#[traced_stage(err)]
async fn generic(code: u8) -> Result<u8, Timeout<String>> {
    Err(Timeout(format!("{SECRET} {code}")))
}

#[traced_stage(err)]
fn no_kind(code: u8) -> Result<u8, Unsafe> {
    Err(Unsafe(format!("{SECRET} {code}")))
}

#[traced_stage(err)]
fn panics(code: u8) -> Result<u8, Rejected> {
    panic!("{SECRET} {code}")
}

/// The kind in the event of the error that `f` returns.
fn kind_of<T, E>(f: impl FnOnce() -> Result<T, E>) -> Option<Value> {
    let capture = Capture::new();
    assert!(capture.run(f).is_err());
    assert!(!capture.tree().contains("Jane"), "{}", capture.tree());
    let event = capture.one("error");
    assert!(event.field("error.type").is_some());
    event.field("tickspan.error.kind").cloned()
}

#[test]
fn the_kind_of_a_safe_error_is_told_beside_its_type() {
    assert_eq!(kind_of(|| submit(0)), text("TooLarge"));
    assert_eq!(kind_of(|| submit(1)), text("venue_halted"));
    assert_eq!(kind_of(|| submit(2)), text("Unknown"));
    assert_eq!(kind_of(|| shared(1)), text("venue_halted"));
    assert_eq!(
        kind_of(|| futures::executor::block_on(generic(0))),
        text("Timeout")
    );
}

#[test]
fn other_errors_have_a_type_alone() {
    assert_eq!(kind_of(|| no_kind(0)), None);
}

#[test]
fn on_the_lane_route_as_well() {
    let (_, seen) = tickspan::testing::capture(|| submit(0));
    assert!(
        seen.tree().contains("tickspan.error.kind=\"TooLarge\""),
        "{}",
        seen.tree()
    );
    let (_, seen) = tickspan::testing::capture(|| no_kind(0));
    assert!(
        !seen.tree().contains("tickspan.error.kind"),
        "{}",
        seen.tree()
    );
    assert!(!seen.tree().contains("Jane"), "{}", seen.tree());
}

#[test]
fn a_panic_is_an_outcome_without_its_payload() {
    let capture = Capture::new();
    let ended = capture.run(|| panic::catch_unwind(|| panics(0)));
    assert!(ended.is_err());
    let stage = capture.one("panics");
    assert_eq!(stage.field("tickspan.outcome").cloned(), text("panicked"));
    assert_eq!(stage.field("error.type").cloned(), text("panic"));
    assert!(!capture.tree().contains("Jane"), "{}", capture.tree());
}
