//! Where and with what it was measured.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The crates whose versions are told.
const CRATES: [&str; 13] = [
    "tickspan",
    "tracing",
    "tracing-opentelemetry",
    "tracing-subscriber",
    "opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry-proto",
    "opentelemetry-otlp",
    "reqwest",
    "fastrace",
    "fastrace-opentelemetry",
    "emit",
    "micromegas-tracing",
];

/// The processor's model, as the kernel names it, and how many of them this process may use.
pub(crate) fn processors() -> Result<String, Box<dyn Error>> {
    let listed = fs::read_to_string("/proc/cpuinfo")?;
    let model = listed
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(':'))
        .map_or("unknown model", |(_, model)| model.trim());
    Ok(match thread::available_parallelism()?.get() {
        1 => format!("one processor of {model}"),
        many => format!("{many} processors of {model}"),
    })
}

/// The compiler, in its own words.
pub(crate) fn compiler() -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The versions of the libraries, from the lock file.
pub(crate) fn versions() -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"))?;
    CRATES
        .iter()
        .map(|&name| {
            let version = version(&lock, name).ok_or("a crate is not in the lock file")?;
            Ok((name, version.to_owned()))
        })
        .collect()
}

fn version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&start)?;
    rest.split('"').next()
}
