//! One open file: locked, written by whole lines, and told apart from one that somebody removed.
//!
//! A write may fail after some of its bytes. What stands there then are whole lines, which count as written, and perhaps the
//! beginning of one, which is cut off; where that is refused, the next write ends it first. So nothing is written twice, and a torn line is
//! never continued.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::same::leads_to;

/// A file that this process alone writes.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    path: PathBuf,
    /// How long it is, as far as we know.
    len: u64,
    /// It ends within a line.
    torn: bool,
}

/// Lines that were written, and why not all of them were.
#[derive(Debug)]
pub(super) struct Written {
    /// The bytes of whole lines that are in the file.
    pub(super) bytes: usize,
    pub(super) error: Option<io::Error>,
}

impl OpenFile {
    /// Opens a file, or makes it, and locks it. `None` where another process, or another recorder of this one, has it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, made, locked or read.
    pub(super) fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let len = file.metadata()?.len();
        let torn = len > 0 && !ends_with_a_line(&mut file)?;
        let opened = Self {
            file,
            path,
            len,
            torn,
        };
        // Between opening and locking, whoever had it may have packed it and removed it.
        Ok(opened.is_in_place().then_some(opened))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether a line in it was cut short, by a crash or by a write that failed.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether its path still leads to it.
    pub(super) fn is_in_place(&self) -> bool {
        leads_to(&self.path, &self.file)
    }

    /// Writes lines, each with its end.
    pub(super) fn write(&mut self, lines: &[u8]) -> Written {
        if self.torn {
            if let Err(error) = self.file.write_all(b"\n") {
                return Written {
                    bytes: 0,
                    error: Some(error),
                };
            }
            self.torn = false;
            self.len += 1;
        }
        let mut bytes = 0;
        let error = loop {
            match self.file.write(&lines[bytes..]) {
                Ok(0) if bytes < lines.len() => break Some(io::ErrorKind::WriteZero.into()),
                Ok(more) => bytes += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
            if bytes == lines.len() {
                break None;
            }
        };
        self.len += bytes as u64;
        let whole = whole_lines(&lines[..bytes]);
        if whole < bytes {
            match self.cut((bytes - whole) as u64) {
                Ok(end) => self.len = end,
                Err(_) => self.torn = true,
            }
        }
        Written {
            bytes: whole,
            error,
        }
    }

    /// Cuts the last bytes off, and tells how long it is then. Somebody else may have made it shorter, so it is asked.
    fn cut(&self, bytes: u64) -> io::Result<u64> {
        let end = self.file.metadata()?.len().saturating_sub(bytes);
        self.file.set_len(end)?;
        Ok(end)
    }

    /// Waits until what was written is safe from a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.file.sync_data() {
            // What is no file on a disk, such as a device, has nothing to wait for.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    }

    /// Gives the file up to be read, still locked.
    pub(super) fn into_file(self) -> (File, PathBuf) {
        (self.file, self.path)
    }
}

/// Locks a file that is there. `None` where somebody has it, or has put another in its place.
///
/// # Errors
///
/// When it cannot be opened or locked.
pub(super) fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = match OpenOptions::new().read(true).append(true).open(path) {
        // NFS locks for whoever may write alone; elsewhere it is enough to read.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path)?,
        opened => opened?,
    };
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(leads_to(path, &file).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A new name in a folder is safe when the folder is.
///
/// # Errors
///
/// When the disk refuses. Some file systems have nothing to wait for, and say so: that is none.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Elsewhere folders cannot be opened; the file system sees to it.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The bytes up to the end of the last line.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1)
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_leaves_what_is_there_where_somebody_else_cut_first() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut file = OpenFile::open(path.clone()).unwrap().unwrap();
        assert_eq!(file.write(b"a line that is gone\n").bytes, 20);
        File::create(&path).unwrap();
        assert_eq!(file.write(b"1\n{to").bytes, 2);
        assert!(!file.is_torn());
        assert_eq!(std::fs::read(&path).unwrap(), b"1\n");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn folder_that_knows_no_sync_is_as_safe_as_it_gets() {
        sync_folder(Path::new("/proc")).unwrap();
        assert!(sync_folder(Path::new("/proc/none")).is_err());
    }
}
