//! The cases as a project of their own, checked in one run, and what the compiler says of each.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::carets::Told;

/// One file to compile.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) source: PathBuf,
    /// What the compiler is to say; nothing where it is to accept the file.
    pub(crate) text: Option<PathBuf>,
}

impl Case {
    pub(crate) fn fault(source: impl Into<PathBuf>) -> Self {
        let source = source.into();
        let text = Some(source.with_extension("stderr"));
        Self { source, text }
    }

    /// The cases of a folder, sorted; a text without its case is an error.
    pub(crate) fn all_in(ui: &Path) -> Vec<Self> {
        let mut cases: Vec<Self> = files(ui, "rs").into_iter().map(Self::fault).collect();
        for text in files(ui, "stderr") {
            let source = text.with_extension("rs");
            assert!(source.exists(), "{} has no case", text.display());
        }
        let good = files(&ui.join("pass"), "rs");
        cases.extend(good.into_iter().map(|source| Self { source, text: None }));
        cases
    }

    /// A name for the binary of this case.
    fn name(&self) -> String {
        let stem = self
            .source
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        match self.text {
            Some(_) => stem.into_owned(),
            None => format!("pass_{stem}"),
        }
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension() == Some(OsStr::new(extension)))
        .collect();
    files.sort();
    files
}

/// A package whose binaries are cases.
pub(crate) struct Project {
    folder: PathBuf,
}

impl Project {
    /// Writes the package. It needs what the workspace needs, in the same versions, and no network.
    pub(crate) fn of(cases: &[Case]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("carets");
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let write = || {
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("Cargo.toml"), manifest(&workspace, cases))?;
            fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock"))
        };
        write().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self { folder }
    }

    /// Checks every case.
    pub(crate) fn check(&self) -> Checked {
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["check", "--bins", "--keep-going", "--offline", "--quiet"])
            .arg("--message-format=json")
            .arg("--target-dir")
            .arg(self.folder.join("target"))
            .current_dir(&self.folder)
            // What is denied elsewhere must not turn a warning of a case into an error.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .expect("cargo starts");
        let checked = Checked::read(&self.folder, &output.stdout);
        assert!(
            !checked.told.is_empty() || !checked.compiled.is_empty(),
            "no case was reached:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        checked
    }
}

fn manifest(workspace: &Path, cases: &[Case]) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let runtime = quoted(&workspace.join("runtime"));
    let mut manifest = format!(
        "[workspace]\n\n[package]\nname = \"carets\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\ntickspan = {{ path = {runtime}, default-features = false }}\n"
    );
    for case in cases {
        let (name, source) = (case.name(), quoted(&case.source));
        _ = write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {source}\n");
    }
    manifest
}

/// What the compiler said, by the file of the case.
pub(crate) struct Checked {
    told: HashMap<PathBuf, Vec<Told>>,
    compiled: HashSet<PathBuf>,
}

impl Checked {
    /// The faults of a case.
    pub(crate) fn told(&self, case: &Case) -> Vec<Told> {
        self.told.get(&case.source).cloned().unwrap_or_default()
    }

    /// Whether a case was accepted.
    pub(crate) fn compiled(&self, case: &Case) -> bool {
        self.compiled.contains(&case.source)
    }

    fn read(folder: &Path, messages: &[u8]) -> Self {
        let mut checked = Self {
            told: HashMap::new(),
            compiled: HashSet::new(),
        };
        for line in messages.split(|byte| *byte == b'\n') {
            let Ok(message) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            let Some(source) = message["target"]["src_path"].as_str() else {
                continue;
            };
            let source = PathBuf::from(source);
            match message["reason"].as_str() {
                Some("compiler-artifact") => {
                    checked.compiled.insert(source);
                }
                Some("compiler-message") => {
                    let fault = fault(folder, &source, &message["message"]);
                    checked.told.entry(source).or_default().extend(fault);
                }
                _ => {}
            }
        }
        checked
    }
}

/// An error, but not the compiler's last word on how many there were.
fn fault(folder: &Path, source: &Path, message: &Value) -> Option<Told> {
    let words = message["message"].as_str()?;
    let spans = message["spans"].as_array()?;
    if message["level"] != "error" || spans.is_empty() && words.starts_with("aborting due to ") {
        return None;
    }
    let place = spans
        .iter()
        .find(|span| span["is_primary"] == true)
        .and_then(|span| place(folder, source, span));
    Some(Told::new(message["code"]["code"].as_str(), words, place))
}

/// Where a span stands in the user's file; a span in a macro stands where the user calls it.
fn place(folder: &Path, source: &Path, span: &Value) -> Option<(usize, usize)> {
    let file = span["file_name"].as_str()?;
    if folder.join(file) != source {
        return place(folder, source, span.get("expansion")?.get("span")?);
    }
    let number = |name: &str| usize::try_from(span[name].as_u64()?).ok();
    Some((number("line_start")?, number("column_start")?))
}
