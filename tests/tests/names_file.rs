//! What a `tickspan.toml` does to the crate that it stands beside: packages are written, checked with cargo, and what
//! the compiler says is read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// A workspace of packages that use tickspan.
struct Workspace {
    folder: PathBuf,
}

impl Workspace {
    fn new(name: &str, packages: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("names_file")
            .join(name);
        _ = fs::remove_dir_all(&folder);
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = Self { folder };
        workspace.write(
            "Cargo.toml",
            &format!("[workspace]\nresolver = \"3\"\nmembers = {packages:?}\n"),
        );
        for package in packages {
            let runtime = ours.join("runtime").display().to_string();
            workspace.write(
                &format!("{package}/Cargo.toml"),
                &format!(
                    "[package]\nname = {package:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                     [dependencies]\ntickspan = {{ path = {runtime:?}, default-features = false }}\n"
                ),
            );
        }
        fs::copy(ours.join("Cargo.lock"), workspace.folder.join("Cargo.lock"))
            .expect("the lock file is copied");
        workspace
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        let folder = path.parent().expect("the path has a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What the compiler says of each package: errors as `package:line:column: words`.
    fn check(&self) -> Vec<String> {
        self.check_in(".")
    }

    /// The same, of the workspace in a folder of this one.
    fn check_in(&self, folder: &str) -> Vec<String> {
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "check",
                "--workspace",
                "--keep-going",
                "--offline",
                "--quiet",
                "--message-format=json",
            ])
            .arg("--target-dir")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("names_file/target"))
            .current_dir(self.folder.join(folder))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .expect("cargo starts");
        let mut told = Vec::new();
        let mut reached = false;
        for line in output.stdout.split(|byte| *byte == b'\n') {
            let Ok(message) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            reached |= message["reason"] == "compiler-artifact";
            told.extend(fault(&message));
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(reached, "nothing was compiled:\n{stderr}");
        assert_eq!(
            output.status.success(),
            told.is_empty(),
            "{told:#?}\n{stderr}"
        );
        told.sort();
        told
    }
}

fn fault(message: &Value) -> Option<String> {
    let package = message["target"]["name"].as_str()?;
    let message = &message["message"];
    let words = message["message"].as_str()?;
    let span = message["spans"]
        .as_array()?
        .iter()
        .find(|span| span["is_primary"] == true)?;
    (message["level"] == "error").then(|| {
        format!(
            "{package}:{}:{}: {words}",
            span["line_start"], span["column_start"]
        )
    })
}

const STRICT: &str = r"
use tickspan::{AttributeValue, traced_stage};

pub struct Key;

#[traced_stage]
pub fn recorded<T: AttributeValue>(symbol: &str, price: f64, size: Option<u64>, value: T, has_pin: bool, _note: &str) {
    let _ = value;
}

#[traced_stage(skip(note))]
pub fn said(note: &str, key: &tickspan::Sensitive<String>, api_key: Option<&tickspan::Sensitive<String>>) {
    let _ = (note, key, api_key);
}

#[traced_stage(skip_all)]
pub fn all(note: &str) -> usize {
    note.len()
}

#[traced_stage]
pub fn text(note: &str) -> usize {
    note.len()
}

#[traced_stage]
pub async fn own_type(key: Key) {
    let _ = key;
}

#[traced_stage]
pub fn collection(levels: &[f64], symbols: Vec<u64>) -> usize {
    levels.len() + symbols.len()
}

#[traced_stage]
pub fn sensitive(account_number: u64) -> u64 {
    account_number
}

#[traced_stage]
pub fn market(venue: Key) {
    let _ = venue;
}

#[traced_stage]
pub fn unbounded<T>(value: T) -> T {
    value
}
";

#[test]
fn a_strict_crate_says_of_each_argument_what_becomes_of_it() {
    let workspace = Workspace::new("strict", &["strict"]);
    workspace.write("strict/tickspan.toml", "strict = true\n");
    workspace.write("strict/src/lib.rs", STRICT);
    let skipped = "this argument would be skipped, and `tickspan.toml` is strict";
    let sensitive =
        "this argument would be skipped for its sensitive name, and `tickspan.toml` is strict";
    assert_eq!(
        workspace.check(),
        [
            format!("strict:22:13: {skipped}"),
            format!("strict:27:23: {skipped}"),
            format!("strict:32:19: {skipped}"),
            format!("strict:32:35: {skipped}"),
            format!("strict:37:18: {sensitive}"),
            format!("strict:42:15: {skipped}"),
            format!("strict:47:21: {skipped}"),
        ]
    );
}

const NAMES: &str = r#"
use tickspan::{event, traced_stage};

#[traced_stage]
pub fn implicit(account_id: u64, desk: &str, source: &str) {
    let _ = (account_id, desk, source);
}

pub fn explicit(account_id: u64, desk: &str, source: &str) {
    event!("desk", desk);
    event!("source", source);
    event!("account", account_id);
}

pub struct Order {
    pub account_id: u64,
}

pub fn member(order: &Order) {
    event!("account", who = order.account_id);
}
"#;

#[test]
fn a_file_adds_names_and_takes_words_away() {
    let workspace = Workspace::new("names", &["beside", "around"]);
    workspace.write(
        "tickspan.toml",
        "[names]\npersonal = [\"account_id\"]\n\n[vocabulary.add]\ndesk = \"names of desks, printed in the report\"\n",
    );
    // The nearer file holds, and alone.
    workspace.write(
        "beside/tickspan.toml",
        "[vocabulary.remove]\nsource = \"holds names of customers in this crate\"\n",
    );
    workspace.write("beside/src/lib.rs", NAMES);
    workspace.write("around/src/lib.rs", NAMES);
    let unproven =
        "`str` is not proven free of personal data and secrets, so it cannot be exported";
    assert_eq!(
        workspace.check(),
        [
            "around:12:23: `u64` would be exported under the sensitive name `account_id`"
                .to_owned(),
            "around:20:35: `u64` would be exported under the sensitive name `account_id`"
                .to_owned(),
            format!("beside:10:20: {unproven}"),
            format!("beside:11:22: {unproven}"),
        ]
    );
}

#[test]
fn the_workspace_is_the_one_that_cargo_finds() {
    let workspace = Workspace::new("nested", &["within"]);
    workspace.write("within/src/lib.rs", NAMES);
    workspace.write(
        "tickspan.toml",
        "[names]\npersonal = [\"account_id\"]\n\n[vocabulary.add]\ndesk = \"names of desks, printed in the report\"\n",
    );
    let manifest = fs::read_to_string(workspace.folder.join("within/Cargo.toml"))
        .expect("the manifest was written");
    // It lies in the folder of a workspace that excludes it, and names another, whose file holds.
    let of = |name: &str, workspace: &str| {
        manifest.replace(
            "[package]\nname = \"within\"",
            &format!("[package]\nname = {name:?}\nworkspace = {workspace:?}"),
        )
    };
    workspace.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nexclude = [\"apart\"]\nmembers = [\"within\"]\n",
    );
    workspace.write(
        "apart/other/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"../named\"]\n",
    );
    fs::copy(
        workspace.folder.join("Cargo.lock"),
        workspace.folder.join("apart/other/Cargo.lock"),
    )
    .expect("the lock file is copied");
    workspace.write(
        "apart/other/tickspan.toml",
        "[vocabulary.add]\ndesk = \"names of desks, printed in the report\"\n",
    );
    workspace.write("apart/named/Cargo.toml", &of("named", "../other"));
    workspace.write("apart/named/src/lib.rs", NAMES);
    workspace.write(
        "apart/alone/Cargo.toml",
        &manifest.replace("\"within\"", "\"alone\""),
    );
    workspace.write("apart/alone/src/lib.rs", NAMES);
    fs::copy(
        workspace.folder.join("Cargo.lock"),
        workspace.folder.join("apart/alone/Cargo.lock"),
    )
    .expect("the lock file is copied");
    assert_eq!(
        workspace.check(),
        [
            "within:12:23: `u64` would be exported under the sensitive name `account_id`",
            "within:20:35: `u64` would be exported under the sensitive name `account_id`",
        ]
    );
    assert_eq!(workspace.check_in("apart/other"), [""; 0]);
    // Excluded, and of no workspace: there is no file, and the market vocabulary alone.
    let unproven =
        "`str` is not proven free of personal data and secrets, so it cannot be exported";
    assert_eq!(
        workspace.check_in("apart/alone"),
        [format!("alone:10:20: {unproven}")]
    );
}

const CLEAN: &str = r#"
#[tickspan::traced_stage]
pub fn first(member_id: u64) -> u64 {
    tickspan::event!("seen", member_id);
    member_id
}

#[derive(tickspan::AttributeValue)]
pub struct Second(pub u64);
"#;

#[test]
fn a_changed_file_is_read_again() {
    let workspace = Workspace::new("changed", &["changed"]);
    workspace.write("changed/tickspan.toml", "strict = true\n");
    workspace.write("changed/src/lib.rs", CLEAN);
    assert_eq!(workspace.check(), [""; 0]);
    workspace.write(
        "changed/tickspan.toml",
        "[names]\npersonal = [\"member_id\"]\n",
    );
    assert_eq!(
        workspace.check(),
        ["changed:4:30: `u64` would be exported under the sensitive name `member_id`"]
    );
    workspace.write(
        "changed/tickspan.toml",
        "\n[names]\npersonl = [\"member_id\"]\n",
    );
    assert_eq!(
        workspace.check(),
        [
            "changed:2:1: tickspan.toml:3: unknown key `personl` in `[names]`; did you mean `personal`? accepted: \
          `personal`, `secret`"
        ]
    );
}
