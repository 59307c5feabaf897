//! The folder of a recording: which file is written now, and when the next is begun.
//!
//! Runs on the recorder's thread alone. Several processes may record into one folder: each locks the file that it writes, and takes
//! the last name of the day, or the first behind it that nobody has locked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::file::{OpenFile, Written, sync_folder};
use super::keeper::Keeper;
use super::names::{self, Day, Name, Packing};
use super::notices::{Notices, Trouble};
use super::settings::{Durability, Form, Recorder};

/// Makes the line that begins what a process writes into a file.
pub(super) type FirstLine = Box<dyn Fn(SystemTime) -> Vec<u8> + Send>;

/// Writes lines into the files of a folder.
pub(super) struct Store {
    dir: PathBuf,
    form: Form,
    file_bytes: u64,
    durability: Durability,
    first_line: FirstLine,
    open: Option<Open>,
    /// The last file that was closed: its day goes on with a later number.
    closed: Option<Name>,
    /// Lines were written that `fsync` has not seen.
    unsynced: bool,
    keeper: Keeper,
    pub(super) notices: Arc<Notices>,
}

struct Open {
    file: OpenFile,
    name: Name,
    /// How long it was when it was opened, with its first line.
    begun_at: u64,
    /// An `fsync` of it has succeeded.
    was_safe: bool,
}

impl Store {
    pub(super) fn new(
        recorder: &Recorder,
        first_line: FirstLine,
        keeper: Keeper,
        notices: Arc<Notices>,
    ) -> Self {
        Self {
            dir: recorder.dir.clone(),
            form: recorder.form,
            file_bytes: recorder.file_bytes,
            durability: recorder.durability,
            first_line,
            open: None,
            closed: None,
            unsynced: false,
            keeper,
            notices,
        }
    }

    /// Writes lines, each with its end. With [`Durability::EachBatch`] those that are told as written are safe.
    pub(super) fn write(&mut self, lines: &[u8], now: SystemTime) -> Written {
        let failed = |error| Written {
            bytes: 0,
            error: Some(error),
        };
        if let Err(error) = self.make_ready(lines.len(), now) {
            return failed(error);
        }
        let Some(open) = &mut self.open else {
            return failed(io::Error::other("no file is open"));
        };
        let written = open.file.write(lines);
        self.unsynced |= written.bytes > 0;
        if self.durability == Durability::EachBatch {
            if let Err(error) = self.sync() {
                // What reached the disk cannot be known. Written again it might stand there twice; so it is told as lost.
                return Written {
                    bytes: lines.len(),
                    error: Some(error),
                };
            }
        }
        let is_too_large = |error: &io::Error| error.kind() == io::ErrorKind::FileTooLarge;
        if written.error.as_ref().is_some_and(is_too_large) {
            // The next one has room.
            self.close();
        }
        written
    }

    /// Has what was written made safe, if it is not.
    ///
    /// # Errors
    ///
    /// When the disk refuses: then the file is given up, for a second `fsync` would not tell. One of which nothing was ever safe stays, or
    /// a disk that always refuses would have a file for each attempt.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let synced = self.sync_open();
        if synced.is_err() && self.open.as_ref().is_some_and(|open| open.was_safe) {
            self.close();
        }
        synced
    }

    fn sync_open(&mut self) -> io::Result<()> {
        match &mut self.open {
            Some(open) if core::mem::take(&mut self.unsynced) => {
                open.file.sync()?;
                open.was_safe = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// Closes the file if its day is over.
    pub(super) fn close_past_day(&mut self, now: SystemTime) {
        let today = Day::of(now);
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.name.day != today)
        {
            self.close();
        }
    }

    /// Has old files looked after.
    pub(super) fn look_after_old(&self, now: SystemTime) {
        self.keeper.look(Day::of(now));
    }

    /// Ends: what is open stays as it is, for the next process of the day to go on with.
    pub(super) fn end(mut self) {
        if self.durability != Durability::Never {
            if let Err(error) = self.sync() {
                self.notices.trouble(Trouble::Syncing, &error);
            }
        }
        self.keeper.end();
    }

    /// Sees that a file of today is open, in its place, and has room.
    fn make_ready(&mut self, bytes: usize, now: SystemTime) -> io::Result<()> {
        let today = Day::of(now);
        if let Some(open) = &self.open {
            let is_full =
                open.file.len() > open.begun_at && open.file.len() + bytes as u64 > self.file_bytes;
            if !open.file.is_in_place() {
                // Somebody removed it, with all that it held, or named it otherwise.
                self.settle();
                self.open = None;
            } else if is_full || open.name.day != today {
                self.close();
            }
        }
        if self.open.is_none() {
            self.open = Some(self.open_next(today, now)?);
        }
        Ok(())
    }

    /// Opens the last file of the day, or the next that is neither full nor packed nor somebody else's.
    fn open_next(&mut self, day: Day, now: SystemTime) -> io::Result<Open> {
        let folder = self.dir.join(day.to_string());
        fs::create_dir_all(&folder)?;
        let behind = match self.closed {
            Some(closed) if closed.day == day => closed.number.saturating_add(1),
            _ => 0,
        };
        for number in behind.max(self.first_number(day))..=u32::MAX {
            let name = Name {
                day,
                form: self.form,
                number,
                packing: Packing::Plain,
            };
            if self.is_packed(&name)? {
                continue;
            }
            let path = name.path(&self.dir);
            let file = match OpenFile::open(path.clone()) {
                Ok(Some(file)) => file,
                Ok(None) => continue,
                // What is in the way may stay there all day.
                Err(_) if fs::symlink_metadata(&path).is_ok() => continue,
                Err(error) => return Err(error),
            };
            // It may have been packed between the two looks.
            if self.is_packed(&name)? {
                continue;
            }
            if file.len() >= self.file_bytes {
                self.keeper.closed(name, file.into_file().0);
                continue;
            }
            let is_new = file.len() == 0;
            match self.begin(file, name, &folder, now) {
                // It is larger than the system allows; the next one has room.
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge && !is_new => {}
                begun => return begun,
            }
        }
        Err(io::Error::other("the day has no name left for a file"))
    }

    /// The number of the day's last file, or the next where that is packed. Lower ones may have been deleted: they are not used again,
    /// for files are deleted in the order of their numbers.
    fn first_number(&self, day: Day) -> u32 {
        // Where the folder cannot be read, each number is tried.
        let names = names::files(&self.dir, day).unwrap_or_default();
        let last = names.iter().rfind(|name| name.form == self.form);
        match last {
            None => 0,
            Some(last) if last.packing == Packing::Plain => last.number,
            Some(last) => last.number.saturating_add(1),
        }
    }

    fn is_packed(&self, name: &Name) -> io::Result<bool> {
        for packing in [Packing::Gzip, Packing::Zstd] {
            if name.packed(packing).path(&self.dir).try_exists()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the first line.
    fn begin(
        &mut self,
        mut file: OpenFile,
        name: Name,
        folder: &Path,
        now: SystemTime,
    ) -> io::Result<Open> {
        if file.is_torn() {
            self.notices.say(&format!(
                "the last line of {} was cut short; it is left, and a new line begins",
                file.path().display()
            ));
        }
        // Before the first line, which each attempt would write again.
        self.sync_folders(folder)?;
        let first = (self.first_line)(now);
        let written = file.write(&first);
        if let Some(error) = written.error {
            return Err(error);
        }
        self.unsynced = true;
        Ok(Open {
            begun_at: file.len(),
            file,
            name,
            was_safe: false,
        })
    }

    /// Has the names of a new file and of its folder made safe.
    ///
    /// # Errors
    ///
    /// When they cannot be, and each batch was promised to be.
    fn sync_folders(&self, folder: &Path) -> io::Result<()> {
        if self.durability == Durability::Never {
            return Ok(());
        }
        let synced = sync_folder(folder).and_then(|()| sync_folder(&self.dir));
        match synced {
            Err(error) if self.durability != Durability::EachBatch => {
                self.notices.trouble(Trouble::Syncing, &error);
                Ok(())
            }
            other => other,
        }
    }

    /// Closes the open file for good.
    fn close(&mut self) {
        self.settle();
        if let Some(open) = self.open.take() {
            self.closed = Some(open.name);
            self.keeper.closed(open.name, open.file.into_file().0);
        }
    }

    /// Has what was written made safe before the file is let go.
    fn settle(&mut self) {
        if self.durability != Durability::Never {
            if let Err(error) = self.sync_open() {
                self.notices.trouble(Trouble::Syncing, &error);
            }
        }
        self.unsynced = false;
    }
}
