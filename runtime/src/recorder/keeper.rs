//! The thread that looks after closed files: packs them, and deletes old ones.
//!
//! A file that is being packed stays locked, and the packed one gets its name when it is whole and safe: whoever finds both takes
//! the packed one. Nothing waits for this thread; what it has not done when the process ends, the next process does.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use flate2::write::GzEncoder;

use super::file;
use super::names::{self, Day, Name, Packing};
use super::notices::{Notices, Trouble};
use super::same::leads_to;
use super::settings::{Compression, Form, Recorder};

/// The thread's other end.
pub(super) struct Keeper {
    work: SyncSender<Work>,
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
    calendar: Calendar,
}

/// So many closed files wait at most, each of them open.
const MOST_WAITING: usize = 64;

impl Keeper {
    /// Starts the thread.
    pub(super) fn start(recorder: &Recorder, notices: Arc<Notices>) -> io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let mut keeping = Keeping {
            dir: recorder.dir.clone(),
            form: recorder.form,
            compression: recorder.compression,
            max_age: recorder.max_age,
            max_total_bytes: recorder.max_total_bytes,
            ending: Arc::clone(&ending),
            notices,
            calendar: Calendar::default(),
        };
        let (work, received) = mpsc::sync_channel(MOST_WAITING);
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
        // Where the thread is gone or has too much to do, the file is found later.
        _ = self.work.try_send(Work::Closed(name, file));
    }

    /// Has old files looked after.
    pub(super) fn look(&self, today: Day) {
        _ = self.work.try_send(Work::Look(today));
    }

    /// Lets the thread end, with its work done or not.
    pub(super) fn end(self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

impl Keeping {
    fn run(&mut self, work: &Receiver<Work>) {
        for work in work {
            if self.ending.load(Ordering::Relaxed) {
                return;
            }
            let mut faults = Faults::default();
            // Before anything is packed: that needs room.
            match work {
                Work::Closed(name, file) => {
                    self.delete_old(Day::of(SystemTime::now()), &mut faults);
                    faults.take(self.pack(&name, &file));
                }
                Work::Look(today) => {
                    self.delete_old(today, &mut faults);
                    self.pack_left(today, &mut faults);
                }
            }
            if let Some(error) = faults.first {
                self.notices.trouble(Trouble::Keeping, &error);
            }
        }
    }

    /// Packs what nobody writes any more: files of days past, and of today those that others follow.
    fn pack_left(&self, today: Day, faults: &mut Faults) {
        for day in self.days(faults) {
            let mut files = self.files(day, faults);
            if day >= today {
                files.pop();
            }
            for name in files {
                let plain = name.packed(Packing::Plain);
                let locked = faults.take(file::lock(&plain.path(&self.dir)));
                if let Some(Some(file)) = locked {
                    faults.take(if name == plain {
                        self.pack(&name, &file)
                    } else {
                        // A process ended between packing and removing.
                        fs::remove_file(plain.path(&self.dir))
                    });
                }
            }
            self.delete_unfinished(day, faults);
        }
    }

    /// Deletes what a process that ended has left half packed, where nothing is there any more to be packed again.
    fn delete_unfinished(&self, day: Day, faults: &mut Faults) {
        let left = faults
            .take(names::unfinished(&self.dir, day))
            .unwrap_or_default();
        for name in left.into_iter().filter(|name| name.form == self.form) {
            if !name.packed(Packing::Plain).path(&self.dir).exists() {
                faults.take(fs::remove_file(name.unfinished(&self.dir)));
                self.remove_folder(day);
            }
        }
    }

    fn days(&self, faults: &mut Faults) -> Vec<Day> {
        let mut days = faults.take(names::days(&self.dir)).unwrap_or_default();
        // What a link leads to is somebody else's to keep.
        days.retain(|day| !self.dir.join(day.to_string()).is_symlink());
        days
    }

    fn files(&self, day: Day, faults: &mut Faults) -> Vec<Name> {
        let mut files = faults
            .take(names::files(&self.dir, day))
            .unwrap_or_default();
        files.retain(|name| name.form == self.form);
        files
    }

    /// Packs a file that is locked, and removes it.
    fn pack(&self, name: &Name, file: &File) -> io::Result<()> {
        let packing = match self.compression {
            Compression::None => return Ok(()),
            Compression::Gzip => Packing::Gzip,
            #[cfg(feature = "zstd")]
            Compression::Zstd => Packing::Zstd,
        };
        let plain = name.path(&self.dir);
        let packed = name.packed(packing);
        let unfinished = packed.unfinished(&self.dir);
        let whole = self.write_packed(file, &unfinished);
        // Where somebody removed it meanwhile, its name may be another's by now.
        let is_ours = leads_to(&plain, file);
        if !matches!(whole, Ok(true)) || !is_ours {
            _ = fs::remove_file(&unfinished);
            return whole.map(drop);
        }
        fs::rename(&unfinished, packed.path(&self.dir))?;
        file::sync_folder(&self.dir.join(name.day.to_string()))?;
        // It is still locked.
        fs::remove_file(plain)
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
    fn delete_old(&mut self, today: Day, faults: &mut Faults) {
        if self.max_age.is_none() && self.max_total_bytes.is_none() {
            return;
        }
        let today = self.calendar.day(today, Instant::now());
        let mut files = Vec::new();
        for day in self.days(faults) {
            for name in self.files(day, faults) {
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
            if (is_too_old || are_too_many) && faults.take(self.delete(&name)) == Some(true) {
                total -= len;
            }
        }
    }

    /// Deletes a file, and its folder if that was the last. False for one that is open, or another by now.
    fn delete(&self, name: &Name) -> io::Result<bool> {
        let path = name.path(&self.dir);
        let lock = match name.packing {
            Packing::Plain => match file::lock(&path)? {
                Some(lock) => Some(lock),
                None => return Ok(false),
            },
            Packing::Gzip | Packing::Zstd => {
                // A process may have ended between packing and removing.
                _ = fs::remove_file(name.packed(Packing::Plain).path(&self.dir));
                None
            }
        };
        fs::remove_file(&path)?;
        drop(lock);
        self.remove_folder(name.day);
        Ok(true)
    }

    /// Removes the folder of a day, unless anything is in it.
    fn remove_folder(&self, day: Day) {
        _ = fs::remove_dir(self.dir.join(day.to_string()));
    }
}

/// Which day it is, for files to be old: a clock that is set ahead is not believed before it has stayed so for a day.
#[derive(Default)]
struct Calendar {
    /// A day that was believed, and when.
    believed: Option<(Day, Instant)>,
    /// The day on which it was first seen to be ahead, and when.
    ahead: Option<(Day, Instant)>,
}

impl Calendar {
    fn day(&mut self, today: Day, now: Instant) -> Day {
        let latest = |(day, at): (Day, Instant)| {
            let gone_by = now.saturating_duration_since(at);
            Day::of(day.start() + gone_by + DAY)
        };
        let believed = *self.believed.get_or_insert((today, now));
        if today <= latest(believed) {
            self.ahead = None;
            return today;
        }
        match self.ahead {
            Some(ahead) if today <= latest(ahead) => {
                if now.saturating_duration_since(ahead.1) >= DAY {
                    self.believed = self.ahead.take();
                    return today;
                }
            }
            _ => self.ahead = Some((today, now)),
        }
        latest(believed)
    }
}

/// What failed while the rest was done.
#[derive(Default)]
struct Faults {
    first: Option<io::Error>,
}

impl Faults {
    /// What came of an attempt, if anything did.
    fn take<T>(&mut self, done: io::Result<T>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                // What is gone needs nothing done; where the folder itself is missing, lines cannot be written, and that is told.
                let is_gone = matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                );
                if !is_gone {
                    self.first.get_or_insert(error);
                }
                None
            }
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// So many bytes are packed before the thread looks whether it should end.
const PIECE: usize = 128 << 10;

/// Whether a day ended longer ago than `age`.
fn is_over(day: Day, today: Day, age: Duration) -> bool {
    let end = day.start() + DAY;
    today
        .start()
        .duration_since(end)
        .is_ok_and(|since| since >= age && day < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_that_is_set_ahead_is_believed_after_a_day() {
        let day = |text| Day::parse(text).unwrap();
        let mut calendar = Calendar::default();
        let begin = Instant::now();
        let hours = |count: u64| begin + Duration::from_secs(count * 3_600);
        for (wall, hour, believed) in [
            ("20261121", 0, "20261121"),
            ("20261122", 1, "20261122"),
            // It is set ahead, and back.
            ("20271121", 2, "20261122"),
            ("20261122", 20, "20261122"),
            ("20261123", 30, "20261123"),
            // Ahead, and further ahead, for good.
            ("20271121", 31, "20261123"),
            ("20281121", 32, "20261123"),
            ("20281122", 55, "20261124"),
            ("20281122", 56, "20281122"),
            ("20281123", 80, "20281123"),
        ] {
            let found = calendar.day(day(wall), hours(hour));
            assert_eq!(found, day(believed), "{wall} in hour {hour}");
        }
    }

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
