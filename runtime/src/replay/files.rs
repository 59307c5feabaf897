//! Which files a replay reads, a day at a time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::recorder::Form;
use crate::recorder::names::{self, Day, Name, Packing};

/// The files of a recording that have not been read.
#[derive(Debug, Default)]
pub(super) struct Files {
    batches: VecDeque<Batch>,
}

/// Files that may have been written at the same time.
#[derive(Debug)]
enum Batch {
    /// Those of a day, of the folder in which the days are.
    Day(PathBuf, Day),
    /// Those that were named.
    These(Vec<PathBuf>),
}

impl Files {
    /// The files of a folder of days, of the folder of a day, or one file.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be read, or is a file for a Collector.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        if !fs::metadata(path)?.is_dir() {
            if ours(path, Name::parse).is_some_and(|name| !is_replayed(&name)) {
                let why = "it holds lines of OTLP, which a Collector's `otlpjsonfile` receiver reads; `events.jsonl` is replayed";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            return Ok(Self::these(vec![path.to_owned()]));
        }
        let days = names::days(path)?;
        let (dir, days) = match name.and_then(Day::parse) {
            // A recording may be named as a day is.
            Some(day) if days.is_empty() => (path.parent().unwrap_or(Path::new("")), vec![day]),
            _ => (path, days),
        };
        let days = days.into_iter();
        Ok(Self {
            batches: days.map(|day| Batch::Day(dir.to_owned(), day)).collect(),
        })
    }

    /// The files of several, whose times may overlap.
    ///
    /// # Errors
    ///
    /// When one is not there, or cannot be read. A file that is named more than once is read once.
    pub(super) fn of_all(paths: &[PathBuf]) -> io::Result<Self> {
        let named = |path: &PathBuf| Self::of(path).map_err(|error| naming(path, &error));
        if let [path] = paths {
            return named(path);
        }
        let mut all: Vec<PathBuf> = Vec::new();
        let mut places = HashMap::new();
        for path in paths {
            for file in named(path)?.rest() {
                match places.entry(place(&file)) {
                    Entry::Vacant(new) => {
                        new.insert(all.len());
                        all.push(file);
                    }
                    // As it is packed, if it is named so as well.
                    Entry::Occupied(known) => {
                        let known = &mut all[*known.get()];
                        if packing(&file) > packing(known) {
                            *known = file;
                        }
                    }
                }
            }
        }
        Ok(Self::these(all))
    }

    fn these(files: Vec<PathBuf>) -> Self {
        Self {
            batches: VecDeque::from([Batch::These(files)]),
        }
    }

    /// Leaves out the days on which nothing of `time` or later can have been written.
    pub(super) fn skip_before(&mut self, time: SystemTime) {
        // A day more, for a clock that was set.
        let Some(before) = time.checked_sub(std::time::Duration::from_secs(86_400)) else {
            return;
        };
        let first = Day::of(before);
        self.batches
            .retain(|batch| !matches!(batch, Batch::Day(_, day) if *day < first));
    }

    /// The files of the next day that has any.
    pub(super) fn next_batch(&mut self) -> Option<Vec<PathBuf>> {
        while let Some(batch) = self.batches.pop_front() {
            let files = match batch {
                Batch::These(files) => files,
                Batch::Day(dir, day) => {
                    match names::files(&dir, day) {
                        Ok(mut names) => {
                            names.retain(is_replayed);
                            names.iter().map(|name| name.path(&dir)).collect()
                        }
                        // A day that was deleted meanwhile has none.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                        // Whoever reads the folder for a file is told why it cannot be read.
                        Err(_) => vec![dir.join(day.to_string())],
                    }
                }
            };
            if !files.is_empty() {
                return Some(files);
            }
        }
        None
    }

    /// All that have not been read, the first first.
    pub(super) fn rest(mut self) -> Vec<PathBuf> {
        std::iter::from_fn(|| self.next_batch()).flatten().collect()
    }
}

/// What is the same for all names of a file: for one of ours also before it was packed, and while it is.
fn place(file: &Path) -> PathBuf {
    // A pipe has none.
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    match ours(&real, Name::parse).or_else(|| ours(&real, Name::parse_unfinished)) {
        Some(name) => real.with_file_name(name.packed(Packing::Plain).file()),
        None => real,
    }
}

/// How a file of ours is packed, if it is whole.
fn packing(file: &Path) -> Option<Packing> {
    ours(file, Name::parse).map(|name| name.packing)
}

fn ours(file: &Path, parse: fn(Day, &str) -> Option<Name>) -> Option<Name> {
    // Its day says nothing of what it holds.
    let day = Day::of(SystemTime::UNIX_EPOCH);
    parse(day, file.file_name()?.to_str()?)
}

/// Lines of OTLP are for a Collector.
fn is_replayed(name: &Name) -> bool {
    name.form == Form::Events
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
