//! What comes from a pipe, in a temporary file without a name.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::Source;
use crate::exit::Failure;

/// Something that was kept. It is gone with the last of its clones.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What it was called.
    pub(crate) name: PathBuf,
    file: Arc<File>,
}

impl Kept {
    /// Keeps all that there is to read.
    pub(super) fn of(name: PathBuf, mut from: impl Read) -> Result<Source, Failure> {
        let file = tempfile::tempfile().and_then(|mut file| {
            io::copy(&mut from, &mut file)?;
            Ok(Arc::new(file))
        });
        let file = file.map_err(|error| {
            let name = name.display();
            Failure::Unreadable(format!(
                "{name} cannot be kept in a temporary file: {error}"
            ))
        })?;
        Ok(Source::Kept(Self { name, file }))
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// From its beginning. Two that read at the same time would share their place.
    pub(crate) fn reader(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}
