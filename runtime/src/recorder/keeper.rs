//! The thread that looks after closed files: packs them, and deletes old ones.
//!
//! A file that is being packed stays locked, and the packed one gets its name when it is whole and safe: whoever finds both takes
//! the packed one. Nothing waits for this thread; what it has not done when the process ends, the next process does.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::write::GzEncoder;

use super::file;
use super::names::{self, Day, Name, Packing};
use super::notices::{Notices, Trouble};
use super::settings::{Compression, Form, Recorder};

/// The thread's other end.
pub(super) struct Keeper {
    work: Sender<Work>,
    /// Relaxed: read between pieces of a file.
    ending: Arc<AtomicBool>,
}

enum Work {
    /// A file was closed; it is still locked.
    Closed(Name, File),
    /// Files of other days, and of processes that have ended, are to be looked after.
    Look(Day),
}

struct Keeping {
    dir: PathBuf,
    form: Form,
    compression: Compression,
    max_age: Option<Duration>,
    max_total_bytes: Option<u64>,
    ending: Arc<AtomicBool>,
    notices: Arc<Notices>,
}

impl Keeper {
    /// Starts the thread.
    pub(super) fn start(recorder: &Recorder, notices: Arc<Notices>) -> io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let keeping = Keeping {
            dir: recorder.dir.clone(),
            form: recorder.form,
            compression: recorder.compression,
            max_age: recorder.max_age,
            max_total_bytes: recorder.max_total_bytes,
            ending: Arc::clone(&ending),
            notices,
        };
        let (work, received) = mpsc::channel();
        thread::Builder::new()
            .name("tickspan-keep".to_owned())
            .spawn(move || {
                let _quiet = crate::export::quiet();
                keeping.run(&received);
            })?;
        Ok(Self { work, ending })
    }

    /// Hands over a file that was closed, locked.
    pub(super) fn closed(&self, name: Name, file: File) {
        // Where the thread is gone, the next process finds the file.
        _ = self.work.send(Work::Closed(name, file));
    }

    /// Has old files looked after.
    pub(super) fn look(&self, today: Day) {
        _ = self.work.send(Work::Look(today));
    }

    /// Lets the thread end, with its work done or not.
    pub(super) fn end(self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

impl Keeping {
    fn run(&self, work: &Receiver<Work>) {
        for work in work {
            if self.ending.load(Ordering::Relaxed) {
                return;
            }
            let done = match work {
                Work::Closed(name, file) => self
                    .pack(&name, &file)
                    .and_then(|()| self.delete_old(Day::of(SystemTime::now()))),
                Work::Look(today) => self.look(today),
            };
            // Where the folder itself is missing, lines cannot be written, and that is told.
            let is_told = |error: &io::Error| {
                matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                )
            };
            if let Some(error) = done.err().filter(|error| !is_told(error)) {
                self.notices.trouble(Trouble::Keeping, &error);
            }
        }
    }

    /// Packs what nobody writes any more, and deletes what is too old.
    fn look(&self, today: Day) -> io::Result<()> {
        for day in names::days(&self.dir)? {
            if day >= today {
                continue;
            }
            for name in self.files(day)? {
                if name.packing == Packing::Plain {
                    if let Some(file) = file::lock(&name.path(&self.dir))? {
                        self.pack(&name, &file)?;
                    }
                } else {
                    // A process may have ended between packing and removing.
                    _ = fs::remove_file(name.packed(Packing::Plain).path(&self.dir));
                }
            }
        }
        self.delete_old(today)
    }

    fn files(&self, day: Day) -> io::Result<Vec<Name>> {
        let mut files = names::files(&self.dir, day)?;
        files.retain(|name| name.form == self.form);
        Ok(files)
    }

    /// Packs a file that is locked, and removes it.
    fn pack(&self, name: &Name, file: &File) -> io::Result<()> {
        let packing = match self.compression {
            Compression::None => return Ok(()),
            Compression::Gzip => Packing::Gzip,
            #[cfg(feature = "zstd")]
            Compression::Zstd => Packing::Zstd,
        };
        let packed = name.packed(packing);
        let unfinished = packed.unfinished(&self.dir);
        let whole = self.write_packed(file, &unfinished);
        if !matches!(whole, Ok(true)) {
            _ = fs::remove_file(&unfinished);
            return whole.map(drop);
        }
        fs::rename(&unfinished, packed.path(&self.dir))?;
        // It is still locked.
        fs::remove_file(name.path(&self.dir))
    }

    /// False where the process ends before it is done.
    fn write_packed(&self, mut file: &File, to: &PathBuf) -> io::Result<bool> {
        file.seek(SeekFrom::Start(0))?;
        let mut from = BufReader::with_capacity(PIECE, file);
        let to = File::create(to)?;
        match self.compression {
            Compression::None => Ok(false),
            Compression::Gzip => {
                let mut gzip = GzEncoder::new(&to, flate2::Compression::default());
                let whole = self.copy(&mut from, &mut gzip)?;
                gzip.finish()?;
                to.sync_all()?;
                Ok(whole)
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut zstd = zstd::Encoder::new(&to, 0)?;
                zstd.include_checksum(true)?;
                let whole = self.copy(&mut from, &mut zstd)?;
                zstd.finish()?;
                to.sync_all()?;
                Ok(whole)
            }
        }
    }

    fn copy(&self, from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
        let mut piece = vec![0; PIECE];
        loop {
            if self.ending.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match from.read(&mut piece)? {
                0 => return Ok(true),
                read => to.write_all(&piece[..read])?,
            }
        }
    }

    /// Deletes files that are too old or too many: closed ones, the oldest first.
    fn delete_old(&self, today: Day) -> io::Result<()> {
        if self.max_age.is_none() && self.max_total_bytes.is_none() {
            return Ok(());
        }
        let mut files = Vec::new();
        for day in names::days(&self.dir)? {
            for name in self.files(day)? {
                let len = fs::metadata(name.path(&self.dir)).map_or(0, |it| it.len());
                files.push((name, len));
            }
        }
        let mut total: u64 = files.iter().map(|(_, len)| len).sum();
        for (name, len) in files {
            let is_too_old = self
                .max_age
                .is_some_and(|age| is_over(name.day, today, age));
            let are_too_many = self.max_total_bytes.is_some_and(|most| total > most);
            if (is_too_old || are_too_many) && self.delete(&name)? {
                total -= len;
            }
        }
        Ok(())
    }

    /// Deletes a file, and its folder if that was the last. False for one that is open.
    fn delete(&self, name: &Name) -> io::Result<bool> {
        let path = name.path(&self.dir);
        let lock = match name.packing {
            Packing::Plain => match file::lock(&path)? {
                Some(lock) => Some(lock),
                None => return Ok(false),
            },
            Packing::Gzip | Packing::Zstd => None,
        };
        fs::remove_file(&path)?;
        drop(lock);
        // Refused while anything is in it.
        _ = fs::remove_dir(self.dir.join(name.day.to_string()));
        Ok(true)
    }
}

/// So many bytes are packed before the thread looks whether it should end.
const PIECE: usize = 128 << 10;

/// Whether a day ended longer ago than `age`.
fn is_over(day: Day, today: Day, age: Duration) -> bool {
    let end = day.start() + Duration::from_secs(86_400);
    today
        .start()
        .duration_since(end)
        .is_ok_and(|since| since >= age && day < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_is_over_when_its_end_is() {
        let day = |text| Day::parse(text).unwrap();
        let days = |count: u64| Duration::from_secs(count * 86_400);
        let today = day("20261121");
        assert!(is_over(day("20261119"), today, days(1)));
        assert!(!is_over(day("20261120"), today, days(1)));
        assert!(is_over(day("20261120"), today, Duration::ZERO));
        assert!(!is_over(today, today, Duration::ZERO));
    }
}
