//! Reads every line once, in no order, on all cores: for what only counts.
//!
//! Threads take pieces of whole lines in turn. Memory is what the pieces and what is counted need, however long the input is.

mod pieces;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tickspan::recorded::Recording;
use tickspan::replay::{Damage, Fault, Place};

use crate::damage::{Damages, MOST_TOLD};
use crate::exit::Failure;
use crate::input::Input;
use crate::progress::Progress;
use pieces::{Piece, Pieces};

/// What counts lines. Each thread has one of its own, and in the end they are merged.
pub(crate) trait Fold: Send {
    /// Says who wrote the lines that come next.
    fn written_by(&mut self, _recording: Option<&Arc<Recording<'static>>>) {}

    /// Takes in a line, without its end.
    ///
    /// # Errors
    ///
    /// When the line cannot be read; it must not have counted.
    fn take(&mut self, line: &str) -> Result<(), serde_json::Error>;

    /// Takes in what another has counted.
    fn merge(&mut self, other: Self);
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Scanned<F> {
    pub(crate) fold: F,
    /// How many lines could be read.
    pub(crate) lines: u64,
    pub(crate) damages: Damages,
}

/// Reads all lines of the input.
///
/// # Errors
///
/// When something that was named cannot be read. Damage is told on stderr, and no error.
pub(crate) fn scan<F: Fold>(
    input: &Input,
    new: impl Fn() -> F + Sync,
) -> Result<Scanned<F>, Failure> {
    read(input, new).map(Worker::end)
}

/// Reads all lines of the input again, and tells of no damage again.
///
/// # Errors
///
/// When something that was named cannot be read.
pub(crate) fn scan_again<F: Fold>(input: &Input, new: impl Fn() -> F + Sync) -> Result<F, Failure> {
    read(input, new).map(|all| all.fold)
}

fn read<F: Fold>(input: &Input, new: impl Fn() -> F + Sync) -> Result<Worker<F>, Failure> {
    let (sources, bytes) = input.sources()?;
    let progress = Progress::of(bytes);
    let pieces = Mutex::new(Pieces::of(sources, &progress));
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let work = || {
        let mut worker = Worker::new(new());
        let mut piece = Piece::default();
        loop {
            // A thread that panicked while it read leaves nothing half done that others would count.
            let mut pieces = pieces.lock().unwrap_or_else(PoisonError::into_inner);
            if !pieces.next(&mut piece) {
                return worker;
            }
            drop(pieces);
            worker.take(&piece);
        }
    };
    let mut workers = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut workers = vec![work()];
        for other in others {
            match other.join() {
                Ok(worker) => workers.push(worker),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        workers
    })
    .into_iter();
    let mut all = workers.next().unwrap_or_else(|| Worker::new(new()));
    workers.for_each(|worker| all.merge(worker));
    let pieces = pieces.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.found.merge(pieces.found);
    drop(progress);
    Ok(all)
}

/// What one thread counts.
struct Worker<F> {
    fold: F,
    lines: u64,
    found: Found,
}

/// Damage that was met: the first, each with the number of its file, and how many.
#[derive(Debug, Default)]
struct Found {
    first: Vec<(usize, Damage)>,
    count: u64,
}

impl Found {
    fn note(&mut self, file: usize, damage: Damage) {
        self.count += 1;
        if self.first.len() < MOST_TOLD {
            self.first.push((file, damage));
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
    }

    /// Tells it. Whoever met some met them in their order.
    fn tell(mut self) -> Damages {
        self.first
            .sort_by_key(|(file, damage)| (*file, damage.place.line));
        let mut damages = Damages::default();
        let told = self.first.iter().take(MOST_TOLD);
        told.for_each(|(_, damage)| damages.tell(damage));
        damages.add(self.count - damages.count());
        damages
    }
}

impl<F: Fold> Worker<F> {
    fn new(fold: F) -> Self {
        Self {
            fold,
            lines: 0,
            found: Found::default(),
        }
    }

    fn take(&mut self, piece: &Piece) {
        for part in &piece.parts {
            let bytes = &piece.bytes[part.bytes.clone()];
            self.fold.written_by(part.recording.as_ref());
            match std::str::from_utf8(bytes) {
                Ok(text) => self.take_lines(piece, text, part.first_line),
                Err(_) => self.take_damaged(piece, bytes, part.first_line),
            }
        }
    }

    fn take_lines(&mut self, piece: &Piece, text: &str, mut number: u64) {
        let mut rest = text;
        while !rest.is_empty() {
            let (line, is_ended) = match memchr::memchr(b'\n', rest.as_bytes()) {
                Some(end) => {
                    let line = &rest[..end];
                    rest = &rest[end + 1..];
                    (line, true)
                }
                None => (std::mem::take(&mut rest), false),
            };
            self.take_line(piece, line, is_ended, number);
            number += 1;
        }
    }

    fn take_line(&mut self, piece: &Piece, line: &str, is_ended: bool, number: u64) {
        if line.is_empty() {
            return;
        }
        match self.fold.take(line) {
            Ok(()) => self.lines += 1,
            Err(error) if is_ended => self.damage(piece, number, Fault::Unreadable(error)),
            Err(_) => self.damage(piece, number, Fault::Torn),
        }
    }

    /// A piece with a line that is no text.
    fn take_damaged(&mut self, piece: &Piece, bytes: &[u8], mut number: u64) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let is_ended = line.ends_with(b"\n");
            match std::str::from_utf8(line) {
                Ok(text) => {
                    let text = text.strip_suffix('\n').unwrap_or(text);
                    self.take_line(piece, text, is_ended, number);
                }
                Err(_) if is_ended => self.damage(piece, number, Fault::NotText),
                Err(_) => self.damage(piece, number, Fault::Torn),
            }
            number += 1;
        }
    }

    fn damage(&mut self, piece: &Piece, line: u64, fault: Fault) {
        let place = Place {
            file: piece.file.clone(),
            line,
        };
        self.found.note(piece.file_number, Damage { place, fault });
    }

    fn merge(&mut self, other: Self) {
        self.fold.merge(other.fold);
        self.lines += other.lines;
        self.found.merge(other.found);
    }

    fn end(self) -> Scanned<F> {
        Scanned {
            fold: self.fold,
            lines: self.lines,
            damages: self.found.tell(),
        }
    }
}
