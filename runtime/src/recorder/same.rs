//! Whether a path leads to a file that is open. Also the command `tickspan` asks it, of files that it follows.

use std::fs::{self, File};
use std::path::Path;

/// Whether a path leads to a file that is open.
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => is_same(&ours, &there),
        _ => false,
    }
}

#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// An open file keeps its name here.
#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}
