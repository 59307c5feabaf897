//! The command `tickspan doctor`, as a script uses it.
#![cfg(feature = "cli")]

use std::process::{Command, Output};

fn doctor(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tickspan"))
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn nothing_set_exits_with_4() {
    let output = doctor(&[], &[]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output).contains("nothing is sent"), "{output:?}");
}

#[test]
fn a_wrong_variable_exits_with_3_and_is_named() {
    let output = doctor(&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost")]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output).contains("`OTEL_EXPORTER_OTLP_ENDPOINT` is `localhost`"),
        "{output:?}"
    );
}

#[test]
fn a_wrong_use_exits_with_2() {
    assert_eq!(doctor(&["--loud"], &[]).status.code(), Some(2));
    assert_eq!(doctor(&["--timeout", "0"], &[]).status.code(), Some(2));
}

#[cfg(feature = "otlp-http")]
#[test]
fn nobody_exits_with_1_in_json_too() {
    let variables = [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://desk:hunter2@127.0.0.1:1",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=swordfish"),
    ];
    let output = doctor(&["--json", "--timeout", "2"], &variables);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["verdict"], "not_taken");
    assert_eq!(json["probes"].as_array().unwrap().len(), 2);
    let told = format!("{output:?}");
    assert!(
        !told.contains("hunter2") && !told.contains("swordfish"),
        "{told}"
    );
}
