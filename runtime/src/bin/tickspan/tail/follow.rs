//! The files of a recording while they are written.
//!
//! A file is known by its name without its packing. It stays open while it is read, so what was written last is read even where the file has
//! been packed and deleted meanwhile.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use tickspan::recorded::{Data, Line};
use tickspan::replay::{LONGEST_LINE, Replay, unpack};

use crate::exit::Failure;
use crate::same::leads_to;

/// So much of each file's end is looked at for the last lines.
const END: u64 = 4 << 20;

/// So much is read at once.
const PIECE: usize = 256 << 10;

/// What is followed.
#[derive(Debug)]
pub(super) struct Follow {
    path: PathBuf,
    files: HashMap<PathBuf, Written>,
}

/// A file that is being written.
#[derive(Debug, Default)]
struct Written {
    /// None of one that was packed when it was met.
    file: Option<File>,
    /// The beginning of a line that has not been written to its end.
    rest: Vec<u8>,
    /// A line that is too long is passed by.
    is_too_long: bool,
    version: Version,
}

/// Of which version the lines are that follow.
#[derive(Debug, Default)]
struct Version {
    is_foreign: bool,
}

impl Follow {
    /// Follows a folder, the folder of a day, or a file.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| Failure::Unreadable(format!("{}: {error}", path.display()));
        fs::metadata(path).map_err(unreadable)?;
        Replay::open(path).map(drop).map_err(unreadable)?;
        Ok(Self {
            path: path.to_owned(),
            files: HashMap::new(),
        })
    }

    /// Gives the lines at the end of the files of the last day, and passes by all that is there.
    pub(super) fn last(&mut self, mut take: impl FnMut(&[u8])) {
        let files = self.list();
        let last_day = files
            .last()
            .and_then(|file| file.parent())
            .map(Path::to_owned);
        for path in files {
            let is_last = path.parent().map(Path::to_owned) == last_day;
            let name = plain_name(&path);
            let mut written = Written::default();
            if name == path {
                let Ok(mut file) = File::open(&path) else {
                    continue;
                };
                // Of what is over, nothing is kept open.
                if !is_last {
                    self.files.insert(name, written);
                    continue;
                }
                let len = file.metadata().map_or(0, |it| it.len());
                let begin = len.saturating_sub(END);
                if file.seek(SeekFrom::Start(begin)).is_err() {
                    continue;
                }
                written.file = Some(file);
                // In the middle of a line.
                let mut is_whole = begin == 0;
                written.read(|line| {
                    if std::mem::replace(&mut is_whole, true) {
                        take(line);
                    }
                });
            } else if is_last {
                _ = packed(&path, &mut take);
            }
            self.files.insert(name, written);
        }
    }

    /// Gives the lines that have been written since.
    pub(super) fn more(&mut self, mut take: impl FnMut(&[u8])) {
        let list = self.list();
        for path in &list {
            let name = plain_name(path);
            if let Some(written) = self.files.get_mut(&name) {
                // Packed it is another as well, with the same lines.
                if name != *path || !written.is_replaced_at(path) {
                    continue;
                }
                written.read(&mut take);
            }
            let mut written = Written::default();
            if name == *path {
                // One that cannot be opened is tried again.
                let Ok(file) = File::open(path) else { continue };
                written.file = Some(file);
            } else {
                _ = packed(path, &mut take);
            }
            self.files.insert(name, written);
        }
        for written in self.files.values_mut() {
            written.read(&mut take);
        }
        self.close_past(&list);
    }

    /// Closes what is not written any more: the files of all days but the last two. Where the folder is gone for now, nothing is known of
    /// that.
    fn close_past(&mut self, list: &[PathBuf]) {
        if list.is_empty() {
            return;
        }
        let days: BTreeSet<&Path> = list.iter().filter_map(|path| path.parent()).collect();
        let written: Vec<&Path> = days.into_iter().rev().take(2).collect();
        for (path, file) in &mut self.files {
            let is_written = path.parent().is_some_and(|day| written.contains(&day));
            if !is_written {
                file.file = None;
            }
        }
    }

    /// The files that there are; none where the folder is gone for now. The folder of a day that cannot be read is none.
    fn list(&self) -> Vec<PathBuf> {
        let files = Replay::open(&self.path).map(Replay::files);
        let mut files = files.unwrap_or_default();
        files.retain(|path| !path.is_dir());
        files
    }
}

impl Written {
    /// Whether another file was made under its name.
    fn is_replaced_at(&self, path: &Path) -> bool {
        let is_there = fs::metadata(path).is_ok_and(|there| there.is_file());
        is_there && self.file.as_ref().is_some_and(|ours| !leads_to(path, ours))
    }

    /// Gives the lines that have come to their end.
    fn read(&mut self, mut take: impl FnMut(&[u8])) {
        let Some(file) = &mut self.file else { return };
        loop {
            let begin = self.rest.len();
            let piece = file.take(PIECE as u64).read_to_end(&mut self.rest);
            if piece.is_err() || self.rest.len() == begin {
                return;
            }
            let mut start = 0;
            while let Some(end) = memchr::memchr(b'\n', &self.rest[start.max(begin)..]) {
                let end = start.max(begin) + end;
                let line = &self.rest[start..end];
                let is_cut = std::mem::take(&mut self.is_too_long);
                if !is_cut && !line.is_empty() && self.version.has(line) {
                    take(line);
                }
                start = end + 1;
            }
            self.rest.drain(..start);
            if self.rest.len() > LONGEST_LINE {
                self.rest.clear();
                self.is_too_long = true;
            }
        }
    }
}

impl Version {
    /// Whether a line is of a version that can be read, or tells that those behind it are not.
    fn has(&mut self, line: &[u8]) -> bool {
        if !line.starts_with(BEGINS) {
            return !self.is_foreign;
        }
        let line = std::str::from_utf8(line).ok();
        let line = line.and_then(|line| Line::from_json(line).ok());
        if let Some(Data::Recording(recording)) = line.map(|line| line.data) {
            self.is_foreign = !recording.is_supported();
        }
        true
    }
}

/// Of a line that begins a recording, in every version.
const BEGINS: &[u8] = br#"{"event_type":"recording""#;

/// The name that a file had before it was packed.
fn plain_name(path: &Path) -> PathBuf {
    match path.extension() {
        Some(packing) if packing == "gz" || packing == "zst" => path.with_extension(""),
        _ => path.to_owned(),
    }
}

/// Gives the lines of a packed file.
fn packed(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    lines(File::open(path)?, |line| {
        take(line);
        Ok(())
    })
}

/// Gives the lines of what can be read but once, packed or not, until `take` fails. One that is too long comes in pieces.
pub(super) fn lines<E: From<io::Error>>(
    input: impl Read + Send + 'static,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let unpacked = unpack(input).map_err(io::Error::other)?;
    let mut lines = BufReader::new(unpacked);
    let mut line = Vec::new();
    let mut version = Version::default();
    loop {
        line.clear();
        let read = (&mut lines)
            .take(LONGEST_LINE as u64)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let line = line.trim_ascii_end();
        if !line.is_empty() && version.has(line) {
            take(line)?;
        }
    }
}
