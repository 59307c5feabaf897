//! What a user is told. Each file beside this folder holds faults, and beside it stands the text
//! that the compiler prints for them; each file of `pass/` holds none.
//!
//! - On every compiler: our own messages are those of the text, and every caret lands where it does
//!   there ([`carets`]).
//! - On one named compiler, too: the whole text is the same, by `trybuild`. Other versions word and
//!   draw what surrounds our messages in their own way.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test -p tickspan-ui` on the named
//! compiler writes the texts anew. Read them.

mod carets;
mod project;

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, io, panic};

use project::{Case, Project};

/// The one whose whole texts are held.
const NAMED_COMPILER: &str = "rustc 1.95.0";

#[test]
fn faults_are_told_in_our_words_at_their_tokens() {
    let compiler = compiler();
    let is_named = compiler.starts_with(&format!("{NAMED_COMPILER} "));
    // Straight to the terminal: the harness holds back what a passing test prints.
    _ = writeln!(
        io::stderr(),
        "ui: {compiler}; messages and carets are compared, {}",
        if is_named {
            "and whole texts".to_owned()
        } else {
            format!("whole texts are not (they are on {NAMED_COMPILER})")
        }
    );
    let ui = Path::new(env!("CARGO_MANIFEST_DIR"));
    let whole_texts =
        is_named.then(|| panic::catch_unwind(|| trybuild::TestCases::new().compile_fail("*.rs")));
    let complaints = complaints(&Case::all_in(ui));
    assert!(complaints.is_empty(), "\n\n{}", complaints.join("\n"));
    if let Some(Err(differences)) = whole_texts {
        panic::resume_unwind(differences);
    }
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What is wrong with what the compiler says of `cases`.
fn complaints(cases: &[Case]) -> Vec<String> {
    assert!(!cases.is_empty(), "there are no cases");
    let checked = Project::of(cases).check();
    cases
        .iter()
        .flat_map(|case| {
            let told = checked.told(case);
            let complaints = match &case.text {
                None if checked.compiled(case) => Vec::new(),
                None => vec![format!("does not compile: {told:?}")],
                Some(text) => match std::fs::read_to_string(text) {
                    Ok(text) => carets::compare(&carets::read(&text, case), &told),
                    Err(error) => vec![format!("{}: {error}", text.display())],
                },
            };
            let path = case.source.display().to_string();
            complaints
                .into_iter()
                .map(move |complaint| format!("{path}: {complaint}"))
        })
        .collect()
}
