//! Finds the section in a binary, and reads its records.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use object::{BinaryFormat, Object, ObjectSection};

use super::decision::{Decision, Listed, Outcome};
use super::settings::Source;

const SECTION: &str = ".tickspan.inventory";

/// Begins the record of a site.
const BEGIN: u8 = 0x1d;
/// Ends an entry, and what is said of a site.
const END: u8 = 0x1e;
/// Stands between the parts of an entry.
const UNIT: u8 = 0x1f;
/// Stands between the places of a `tickspan.toml`.
const PLACE: char = '\u{1c}';

/// The form of records that this command reads.
const VERSION: &[u8] = b"1";

/// The decisions in a binary, each once: a function that was inlined has left its record several times.
pub(super) fn listed(path: &Path) -> Result<Listed, String> {
    let shown = path.display();
    let data = fs::read(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let format = object::FileKind::parse(&*data)
        .map_err(|_| format!("`{shown}` is no binary; name an ELF executable or shared object"))?;
    let file = object::File::parse(&*data).map_err(|error| {
        format!("`{shown}` ({format:?}) cannot be read as a binary: {error}; inventories are written into ELF only")
    })?;
    if file.format() != BinaryFormat::Elf {
        return Err(format!(
            "`{shown}` is {:?}: on this platform no inventory is written, so nothing can be said of it; build for one \
             with ELF, such as Linux",
            file.format()
        ));
    }
    let Some(section) = file.section_by_name(SECTION) else {
        return Err(format!(
            "`{shown}` has no inventory: no stage, event or public type of tickspan is in it, or it was built with \
             `--cfg tickspan_off`, or the section `{SECTION}` was stripped"
        ));
    };
    let bytes = section
        .data()
        .map_err(|error| format!("the inventory of `{shown}` cannot be read: {error}"))?;
    parse(bytes).ok_or_else(|| {
        format!("the inventory of `{shown}` is damaged, or of another version of tickspan than this command")
    })
}

fn parse(bytes: &[u8]) -> Option<Listed> {
    let mut settings = BTreeSet::new();
    let mut decisions = BTreeSet::new();
    for record in bytes.split(|byte| *byte == BEGIN).skip(1) {
        let mut entries = record.split(|byte| *byte == END);
        let [version, kind, places, file, line, module, name] = parts(entries.next()?)?;
        if version.as_bytes() != VERSION {
            return None;
        }
        let elsewhere = folder_elsewhere(&file);
        for place in places.split(PLACE).filter(|place| !place.is_empty()) {
            let (fingerprint, file) = place.split_once(' ')?;
            let fingerprint = (fingerprint != "-").then(|| fingerprint.to_owned());
            settings.extend(match elsewhere {
                None => Some(Source {
                    file: file.to_owned(),
                    fingerprint,
                }),
                // It cannot get a file that it did not have.
                Some(_) if fingerprint.is_none() => None,
                Some(folder) => Some(Source {
                    file: Path::new(folder).join(file).display().to_string(),
                    fingerprint,
                }),
            });
        }
        let site = Site {
            kind,
            path: format!("{module}::{name}"),
            file,
            line: line.parse().ok()?,
        };
        for entry in entries.filter(|entry| !entry.is_empty()) {
            decisions.insert(site.decision(entry)?);
        }
    }
    Some(Listed {
        settings: settings.into_iter().collect(),
        decisions: decisions.into_iter().collect(),
    })
}

/// The folder of a crate that is none of the workspace's: cargo has the compiler run there, and names its sources by whole
/// paths.
fn folder_elsewhere(source: &str) -> Option<&str> {
    if !Path::new(source).is_absolute() {
        return None;
    }
    Some(source.rsplit_once("/src/").map_or("", |(folder, _)| folder))
}

/// What is said of a site.
struct Site {
    kind: String,
    path: String,
    file: String,
    line: u32,
}

impl Site {
    fn decision(&self, entry: &[u8]) -> Option<Decision> {
        let [key, ty, class, export, reason, letter] = parts(entry)?;
        let (outcome, why) = match letter.as_bytes() {
            [letter] => Outcome::of_letter(*letter)?,
            _ => return None,
        };
        let (why, reason) = outcome.with_reason(why, reason);
        Some(Decision {
            kind: self.kind.clone(),
            path: self.path.clone(),
            key,
            ty,
            outcome,
            why,
            class,
            export,
            reason,
            file: self.file.clone(),
            line: self.line,
        })
    }
}

fn parts<const COUNT: usize>(bytes: &[u8]) -> Option<[String; COUNT]> {
    let parts: Vec<String> = bytes
        .split(|byte| *byte == UNIT)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "\u{1d}1\u{1f}stage\u{1f}- desk/tickspan.toml\u{1c}00ff tickspan.toml\u{1f}src/a.rs\u{1f}7\u{1f}desk::book\u{1f}submit\u{1e}";

    #[test]
    fn each_decision_is_read_once() {
        let entry = "price\u{1f}f64\u{1f}\u{1f}\u{1f}\u{1f}E\u{1e}";
        let read = parse(format!("{SITE}{entry}{SITE}{entry}").as_bytes()).unwrap();
        let places = read.settings.iter();
        let places: Vec<_> = places
            .map(|place| (&*place.file, place.fingerprint.as_deref()))
            .collect();
        assert_eq!(
            places,
            [
                ("desk/tickspan.toml", None),
                ("tickspan.toml", Some("00ff"))
            ]
        );
        let read = read.decisions;
        assert_eq!(read.len(), 1);
        assert_eq!(
            (&*read[0].path, &*read[0].key, read[0].outcome, read[0].line),
            ("desk::book::submit", "price", Outcome::Exported, 7)
        );
    }

    #[test]
    fn a_crate_from_elsewhere_looks_for_no_file_in_the_workspace() {
        let site = SITE.replace("src/a.rs", "/registry/src/desk-1.0.0/src/a.rs");
        let read = parse(site.as_bytes()).unwrap();
        let places: Vec<_> = read.settings.iter().map(|place| &*place.file).collect();
        assert_eq!(places, ["/registry/src/desk-1.0.0/tickspan.toml"]);
    }

    #[test]
    fn what_is_damaged_or_of_another_version_is_refused() {
        for damaged in [
            SITE.replace("\u{1d}1", "\u{1d}2"),
            SITE.replace("\u{1f}7", "\u{1f}seven"),
            format!("{SITE}price\u{1f}f64\u{1e}"),
            format!("{SITE}price\u{1f}f64\u{1f}\u{1f}\u{1f}\u{1f}?\u{1e}"),
        ] {
            assert!(parse(damaged.as_bytes()).is_none(), "{damaged:?}");
        }
    }
}
