//! What an annotation costs the compiler and the program: a crate of annotated functions is compiled,
//! and one without any, with each library and with none.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fmt::Write as _, fs};

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, SectionKind};

use crate::arguments::{LibraryName, word};
use crate::measure::Effort;
use crate::results::Row;

/// What the table says about itself.
pub(crate) const ABOUT: &str = "A library crate of 500 annotated functions with the arguments `symbol: \
    &str, price: f64, qty: u64` is compiled, and one with none, `cargo build --release` with one unit \
    of code generation, the best of up to three builds; what the crate depends on is compiled before. \
    The difference, for one function. The first row is the function itself; the others are what the \
    annotation adds to it.";

/// Builds that are compared; the fastest counts.
const BUILDS: usize = 3;

/// No further build is made once this much time has gone into one crate.
const PATIENCE: Duration = Duration::from_secs(40);

/// The name of the crate that is compiled.
const CRATE: &str = "scratch";

/// What one annotated function costs. For "nothing" the function itself, for the others what they add.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuildCost {
    /// Time to compile, in milliseconds.
    pub(crate) milliseconds: f64,
    /// Size of its code, in bytes.
    pub(crate) text_bytes: f64,
}

/// A crate that was compiled.
struct Build {
    time: Duration,
    text_bytes: u64,
}

/// Measures every row that a crate can be made for.
pub(crate) fn measure(rows: &mut [Row], effort: Effort) -> Result<(), Box<dyn Error>> {
    let nothing = one_function(LibraryName::Nothing, effort)?;
    for row in rows {
        row.build = match row.library {
            LibraryName::Nothing => Some(nothing),
            // The first is the same annotation again, the second has no annotation that records properties.
            LibraryName::TracingLean | LibraryName::MicromegasProperties => None,
            library => Some(one_function(library, effort)?.without(nothing)),
        };
    }
    Ok(())
}

impl BuildCost {
    fn without(self, other: Self) -> Self {
        Self {
            milliseconds: self.milliseconds - other.milliseconds,
            text_bytes: self.text_bytes - other.text_bytes,
        }
    }
}

/// The difference between a crate with many functions and one with none, for one of them.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn one_function(library: LibraryName, effort: Effort) -> Result<BuildCost, Box<dyn Error>> {
    eprintln!("build: {}", word(&library));
    let functions = effort.of(50_u32, 500);
    let builds = effort.of(1, BUILDS);
    let many = compile(library, functions, builds)?;
    let none = compile(library, 0, builds)?;
    Ok(BuildCost {
        milliseconds: (many.time.as_secs_f64() - none.time.as_secs_f64()) * 1e3
            / f64::from(functions),
        text_bytes: (many.text_bytes as f64 - none.text_bytes as f64) / f64::from(functions),
    })
}

/// Writes a crate with so many functions, compiles what it depends on, then the crate alone.
fn compile(library: LibraryName, functions: u32, builds: usize) -> Result<Build, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build_cost");
    let folder = root.join(word(&library));
    let target = root.join("target");
    let source = folder.join("src").join("lib.rs");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest(library))?;
    // The same versions as here, without asking the registry.
    fs::copy(own_folder().join("Cargo.lock"), folder.join("Cargo.lock"))?;

    fs::write(&source, "")?;
    build(&folder, &target)?;
    let text = code(library, functions);
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    for _ in 0..builds {
        fs::write(&source, &text)?;
        fastest = fastest.min(build(&folder, &target)?);
        if begin.elapsed() > PATIENCE {
            break;
        }
    }
    let built = target.join("release").join(format!("lib{CRATE}.rlib"));
    Ok(Build {
        time: fastest,
        text_bytes: text_bytes(&built)?,
    })
}

fn own_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One unit of code generation, so that the time does not depend on what the other processors do.
fn manifest(library: LibraryName) -> String {
    format!(
        "[package]\nname = \"{CRATE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{}\n\n[profile.release]\ncodegen-units = 1\n",
        dependency(library),
    )
}

/// The library as a crate would name it that only annotates.
fn dependency(library: LibraryName) -> String {
    match library {
        LibraryName::Nothing => String::new(),
        LibraryName::Tickspan => {
            let runtime = own_folder().join("../../runtime");
            let runtime = runtime.display();
            format!("tickspan = {{ path = '{runtime}', default-features = false }}")
        }
        LibraryName::Tracing | LibraryName::TracingLean => "tracing = \"0.1\"".to_owned(),
        LibraryName::Fastrace => {
            "fastrace = { version = \"0.7\", features = [\"enable\"] }".to_owned()
        }
        LibraryName::Emit => "emit = \"2\"".to_owned(),
        LibraryName::Micromegas | LibraryName::MicromegasProperties => {
            "micromegas-tracing = \"0.33\"".to_owned()
        }
    }
}

/// The functions, and a table that keeps them in the program.
fn code(library: LibraryName, functions: u32) -> String {
    let mut code = format!("{}\n", uses(library));
    for number in 0..functions {
        let _ = write!(
            code,
            "{}\n#[inline(never)]\npub fn stage_{number}(symbol: &str, price: f64, qty: u64) -> u64 {{\n    \
             (symbol.len() as u64 ^ price.to_bits()).wrapping_mul(qty + {number})\n}}\n\n",
            annotation(library, number),
        );
    }
    let names: Vec<String> = (0..functions)
        .map(|number| format!("stage_{number}"))
        .collect();
    let _ = writeln!(
        code,
        "pub static STAGES: [fn(&str, f64, u64) -> u64; {functions}] = [{}];",
        names.join(", "),
    );
    code
}

/// What the annotation needs in scope.
fn uses(library: LibraryName) -> &'static str {
    match library {
        LibraryName::Micromegas => "#[allow(unused_imports)]\nuse micromegas_tracing::prelude::*;",
        _ => "",
    }
}

/// The annotation that records all arguments, where the library can.
fn annotation(library: LibraryName, number: u32) -> String {
    match library {
        LibraryName::Nothing => String::new(),
        LibraryName::Tickspan => "#[tickspan::traced_stage]".to_owned(),
        LibraryName::Tracing | LibraryName::TracingLean => "#[tracing::instrument]".to_owned(),
        LibraryName::Fastrace => "#[fastrace::trace(short_name = true, properties = { \
             \"symbol\": \"{symbol}\", \"price\": \"{price}\", \"qty\": \"{qty}\" })]"
            .to_owned(),
        LibraryName::Emit => format!("#[emit::span(\"stage_{number}\", symbol, price, qty)]"),
        LibraryName::Micromegas | LibraryName::MicromegasProperties => "#[span_fn]".to_owned(),
    }
}

/// Compiles what has changed and says how long it took.
fn build(folder: &Path, target: &Path) -> Result<Duration, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--offline", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target);
    let start = Instant::now();
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(start.elapsed())
}

/// The size of all code in a compiled library crate.
fn text_bytes(library: &Path) -> Result<u64, Box<dyn Error>> {
    let data = fs::read(library)?;
    let mut bytes = 0;
    for member in ArchiveFile::parse(&*data)?.members() {
        let member = member?;
        // The metadata beside the code is no object file.
        if let Ok(file) = object::File::parse(member.data(&*data)?) {
            bytes += file
                .sections()
                .filter(|section| section.kind() == SectionKind::Text)
                .map(|section| section.size())
                .sum::<u64>();
        }
    }
    Ok(bytes)
}
