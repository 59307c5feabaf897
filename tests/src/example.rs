//! Programs of the package of examples, as their users run them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Builds an example, and gives a command that runs it.
///
/// It is built as `cargo test --workspace` has built it: after that nothing is left to do.
///
/// # Panics
///
/// When it cannot be built.
pub fn example(name: &str) -> Command {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--example", name])
        .arg("--message-format=json")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo starts");
    let built = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    let program = built.unwrap_or_else(|| {
        panic!(
            "`{name}` is not built: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    Command::new(program)
}
