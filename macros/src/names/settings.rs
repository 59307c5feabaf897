//! Where `tickspan.toml` is found, and the one that is in force for the crate that is being compiled.
//!
//! A compiler runs many expansions in one process, and an editor many crates, so what was read is kept with where and
//! when. Each expansion asks once whether it still holds.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use super::file::{Fault, File};
use crate::diagnostics::Faults;

const NAME: &str = "tickspan.toml";

thread_local! {
    static IN_FORCE: RefCell<InForce> = RefCell::default();
}

/// The rules of the crate that is being compiled.
#[derive(Default)]
struct InForce {
    /// The folder of its `Cargo.toml`.
    root: Option<PathBuf>,
    found: Option<Found>,
    file: Rc<File>,
}

/// A file, as it was when it was read.
#[derive(PartialEq, Eq)]
struct Found {
    path: PathBuf,
    changed: Option<SystemTime>,
}

/// Looks for the file of the crate that is being compiled, and reads it where that was not done. Its fault is told by
/// the expansion that reads it; the others are silent.
pub(crate) fn load(faults: &mut Faults) {
    let Some(root) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return;
    };
    IN_FORCE.with_borrow_mut(|held| {
        let found = match &held.found {
            // Where no file was, none is looked for in folder after folder at each expansion.
            None if held.root.as_ref() == Some(&root) => return,
            Some(found) if held.root.as_ref() == Some(&root) && found.is_current() => return,
            _ => find(&root),
        };
        let (file, fault) = match found.as_ref().map(|found| read(&found.path)) {
            None => (File::default(), None),
            Some(Ok(file)) => (file, None),
            Some(Err(fault)) => (File::default(), Some(fault)),
        };
        if let (Some(Fault { line, what }), Some(found)) = (fault, &found) {
            let path = found.path.strip_prefix(&root).unwrap_or(&found.path);
            let line = if line == 0 {
                String::new()
            } else {
                format!(":{line}")
            };
            faults.at_span(
                proc_macro2::Span::call_site(),
                format_args!("{}{line}: {what}", path.display()),
            );
        }
        *held = InForce {
            root: Some(root),
            found,
            file: Rc::new(file),
        };
    });
}

/// The file in force; without one, what adds nothing.
pub(super) fn current() -> Rc<File> {
    IN_FORCE.with_borrow(|held| Rc::clone(&held.file))
}

/// An item that has the compiler look at the file again when it changes; nothing where there is none.
pub(crate) fn pin() -> TokenStream {
    IN_FORCE.with_borrow(
        |held| match held.found.as_ref().and_then(|found| found.path.to_str()) {
            None => TokenStream::new(),
            Some(path) => quote!(
                const _: &[u8] = ::core::include_bytes!(#path);
            ),
        },
    )
}

impl Found {
    fn at(path: PathBuf) -> Option<Self> {
        let data = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            path,
            changed: data.modified().ok(),
        })
    }

    fn is_current(&self) -> bool {
        Self::at(self.path.clone()).is_some_and(|now| now == *self)
    }
}

/// The file beside the crate's `Cargo.toml`, or else beside that of its workspace. The first workspace ends the
/// search.
fn find(root: &Path) -> Option<Found> {
    if let Some(found) = Found::at(root.join(NAME)) {
        return Some(found);
    }
    let workspace = root.ancestors().find(|folder| is_workspace(folder))?;
    Found::at(workspace.join(NAME))
}

/// Whether the `Cargo.toml` of a folder is that of a workspace.
fn is_workspace(folder: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else {
        return false;
    };
    manifest
        .lines()
        .map(|line| line.trim_start().trim_start_matches('[').trim_start())
        .any(|line| line.starts_with("workspace]") || line.starts_with("workspace."))
}

fn read(path: &Path) -> Result<File, Fault> {
    let text = fs::read_to_string(path).map_err(|error| Fault {
        line: 0,
        what: format!("it cannot be read: {error}"),
    })?;
    File::parse(&text)
}
