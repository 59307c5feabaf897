//! Which files a replay reads, a day at a time.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::recorder::names::{self, Day, Form, Name};

/// The files of a recording that have not been read.
#[derive(Debug)]
pub(super) struct Files {
    /// Where the days are.
    dir: PathBuf,
    days: VecDeque<Day>,
    form: Form,
    /// One file that was named by itself.
    one: Option<(PathBuf, Name)>,
}

impl Files {
    /// The files of a folder of days, of the folder of a day, or one file.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be read, or is a file of another name.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let parent = || path.parent().unwrap_or(Path::new("")).to_owned();
        if fs::metadata(path)?.is_file() {
            // Its day says nothing of what it holds.
            let name = Name::parse(Day::of(SystemTime::UNIX_EPOCH), name).ok_or_else(|| {
                let wanted = "a file of a recording is named `events.jsonl`, or as the recorder names others";
                io::Error::new(io::ErrorKind::InvalidInput, wanted)
            })?;
            return Ok(Self {
                dir: parent(),
                days: VecDeque::new(),
                form: name.form,
                one: Some((path.to_owned(), name)),
            });
        }
        let (dir, days) = match Day::parse(name) {
            Some(day) => (parent(), vec![day]),
            None => (path.to_owned(), names::days(path)?),
        };
        let mut form = Form::Otlp;
        for day in &days {
            if names::files(&dir, *day)?
                .iter()
                .any(|name| name.form == Form::Events)
            {
                form = Form::Events;
                break;
            }
        }
        Ok(Self {
            dir,
            days: days.into(),
            form,
            one: None,
        })
    }

    /// Leaves out the days on which nothing of `time` or later can have been written.
    pub(super) fn skip_before(&mut self, time: SystemTime) {
        // A day more, for a clock that was set.
        let first = Day::of(time - std::time::Duration::from_secs(86_400));
        self.days.retain(|day| *day >= first);
    }

    /// The files of the next day that has any.
    pub(super) fn next_day(&mut self) -> Option<Vec<(PathBuf, Name)>> {
        if let Some(one) = self.one.take() {
            return Some(vec![one]);
        }
        while let Some(day) = self.days.pop_front() {
            // A day that was deleted meanwhile has none.
            let mut names = names::files(&self.dir, day).unwrap_or_default();
            names.retain(|name| name.form == self.form);
            if !names.is_empty() {
                let of = |name: Name| (name.path(&self.dir), name);
                return Some(names.into_iter().map(of).collect());
            }
        }
        None
    }
}
