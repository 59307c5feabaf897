//! The files of settings that decisions were taken with.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// A place of a `tickspan.toml`, as it was when a crate of the binary was compiled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Source {
    /// Its path, from the folder of the workspace.
    pub(super) file: String,
    /// FNV-1a, 64 bits, of the file; `None`: there was no file.
    pub(super) fingerprint: Option<String>,
}

/// Where the files on disk are not those of the binary, and where those of the binary are not those of the baseline.
pub(super) fn changes(baseline: &[Source], now: &[Source], folder: &Path) -> Vec<String> {
    let stale = now.iter().filter_map(|source| {
        let fault = against_disk(source, folder)?;
        Some(format!("other settings: `{}` {fault}", source.file))
    });
    let changed = now
        .iter()
        .filter(|source| source.fingerprint.is_some() && !baseline.contains(source))
        .map(|source| {
            format!(
                "other settings: `{}` is not the file that was reviewed",
                source.file
            )
        });
    let gone = baseline
        .iter()
        .filter(|before| before.fingerprint.is_some())
        .filter(|before| {
            let same =
                |source: &&Source| source.file == before.file && source.fingerprint.is_some();
            !now.iter().any(|source| same(&source))
        })
        .map(|before| {
            format!(
                "other settings: `{}` was reviewed, and is in force no longer",
                before.file
            )
        });
    stale.chain(changed).chain(gone).collect()
}

fn against_disk(source: &Source, folder: &Path) -> Option<String> {
    let path = folder.join(&source.file);
    let there = match fs::read(&path) {
        Ok(bytes) => Some(tickspan::support::names::fingerprint(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    let there = there.map(|fingerprint| format!("{fingerprint:016x}"));
    match (&source.fingerprint, &there) {
        (compiled, there) if compiled == there => None,
        (None, _) => Some("is new, and the binary was compiled without it; build the crate again (`cargo clean -p`)".to_owned()),
        (Some(_), None) => Some(format!(
            "was compiled in, and is not in `{}`; say with `--sources` where the workspace lies",
            folder.display()
        )),
        (Some(_), Some(_)) => Some("is not the file that was compiled in; build the binary again".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str, fingerprint: Option<&str>) -> Source {
        Source {
            file: file.to_owned(),
            fingerprint: fingerprint.map(str::to_owned),
        }
    }

    #[test]
    fn the_files_on_disk_and_those_of_the_review_are_compared() {
        let folder = tempfile::tempdir().unwrap();
        let told = |baseline: &[Source], now: &[Source]| changes(baseline, now, folder.path());
        let none = [source("tickspan.toml", None)];
        assert!(told(&none, &none).is_empty());
        fs::write(folder.path().join("tickspan.toml"), "").unwrap();
        assert!(told(&none, &none)[0].contains("is new"));
        // FNV-1a of nothing, and of one letter.
        let empty = [source("tickspan.toml", Some("cbf29ce484222325"))];
        let letter = [source("tickspan.toml", Some("af63dc4c8601ec8c"))];
        assert!(told(&empty, &empty).is_empty());
        assert!(told(&none, &empty)[0].contains("not the file that was reviewed"));
        assert!(told(&letter, &letter)[0].contains("is not the file that was compiled in"));
        fs::write(folder.path().join("tickspan.toml"), "a").unwrap();
        assert!(told(&letter, &letter).is_empty());
        fs::remove_file(folder.path().join("tickspan.toml")).unwrap();
        assert!(told(&letter, &letter)[0].contains("is not in"));
        assert!(told(&letter, &none)[0].contains("in force no longer"));
    }
}
