//! Where `tickspan.toml` is found, and the one that is in force for the crate that is being compiled.
//!
//! A compiler runs many expansions in one process, and an editor many crates, so what was read is kept with where and
//! when. Each expansion asks once whether it still holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use super::file::{Fault, File};
use super::rules::{self, Finding};
use super::workspace::workspace_of;
use crate::diagnostics::Faults;

const NAME: &str = "tickspan.toml";

/// Between the places of one crate, in the inventory.
const SEPARATOR: &str = "\u{1c}";

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
    /// What was found of names by its rules: most stand in a crate many times.
    findings: HashMap<String, Option<Finding>>,
    /// What the inventory says of it.
    sources: Rc<str>,
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
        match &held.found {
            // Where no file was, none is looked for in folder after folder at each expansion.
            None if held.root.as_ref() == Some(&root) => return,
            Some(found) if held.root.as_ref() == Some(&root) && found.is_current() => return,
            _ => {}
        }
        let places = places(&root);
        let found = places.iter().cloned().find_map(Found::at);
        let text = found.as_ref().map(|found| read(&found.path));
        let (file, fault) = match &text {
            None => (File::default(), None),
            Some(text) => match text
                .as_ref()
                .map_err(Fault::clone)
                .and_then(|text| File::parse(text))
            {
                Ok(file) => (file, None),
                Err(fault) => (File::default(), Some(fault)),
            },
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
        let text = text.and_then(Result::ok);
        *held = InForce {
            sources: sources_of(&places, found.as_ref(), text.as_deref()).into(),
            root: Some(root),
            found,
            file: Rc::new(file),
            findings: HashMap::new(),
        };
    });
}

/// The file in force; without one, what adds nothing.
pub(super) fn current() -> Rc<File> {
    IN_FORCE.with_borrow(|held| Rc::clone(&held.file))
}

/// Why `name` is sensitive by the file in force, if it is.
pub(super) fn sensitive(name: &str) -> Option<Finding> {
    IN_FORCE.with_borrow_mut(|held| {
        if let Some(finding) = held.findings.get(name) {
            return *finding;
        }
        let finding = held.file.sensitive(name);
        held.findings.insert(name.to_owned(), finding);
        finding
    })
}

/// Where the file was looked for, as the inventory has it: a fingerprint before the one that was there, a `-` before
/// those that were not, and a separator between.
pub(crate) fn sources() -> Rc<str> {
    IN_FORCE.with_borrow(|held| Rc::clone(&held.sources))
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

/// Where the file may stand: beside the crate's `Cargo.toml`, or else beside that of its workspace, as cargo finds it.
fn places(root: &Path) -> Vec<PathBuf> {
    let mut places = vec![root.join(NAME)];
    if let Some(workspace) = workspace_of(root).filter(|workspace| workspace != root) {
        places.push(workspace.join(NAME));
    }
    places
}

/// See [`sources`]. The paths are those of the compiler, which runs in the folder of the workspace; a crate from
/// elsewhere cannot get a file that it did not have.
fn sources_of(places: &[PathBuf], found: Option<&Found>, text: Option<&str>) -> String {
    let here = env::current_dir().unwrap_or_default();
    let mut sources = Vec::new();
    for place in places {
        let is_found = found.is_some_and(|found| found.path == *place);
        let folder = place.parent().and_then(|folder| folder.canonicalize().ok());
        let inside = folder
            .as_ref()
            .and_then(|folder| folder.strip_prefix(&here).ok());
        if is_found {
            let path = inside.map_or_else(|| place.clone(), |inside| inside.join(NAME));
            let fingerprint = rules::fingerprint(text.unwrap_or_default().as_bytes());
            sources.push(format!("{fingerprint:016x} {}", path.display()));
            break;
        }
        if let Some(inside) = inside {
            sources.push(format!("- {}", inside.join(NAME).display()));
        }
    }
    sources.join(SEPARATOR)
}

fn read(path: &Path) -> Result<String, Fault> {
    fs::read_to_string(path).map_err(|error| Fault {
        line: 0,
        what: format!("it cannot be read: {error}"),
    })
}
