//! A bar on stderr, where somebody looks at it and it takes long.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is done sooner needs no bar.
const SOON: Duration = Duration::from_millis(500);

/// How much of the input has been read. Nothing is drawn where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

/// Reads, and tells how much.
#[derive(Debug)]
pub(crate) struct Metered<R> {
    input: R,
    bar: ProgressBar,
    /// When the bar is drawn; nothing when it is.
    due: Option<Instant>,
}

impl Progress {
    /// Of so many bytes, if that is known.
    pub(crate) fn of(bytes: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::hidden());
        let template = match bytes {
            Some(_) => "{bar:30} {percent:>3} %  {bytes_per_sec}  {eta} left",
            None => "{spinner} {bytes} read  {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// A reader whose bytes count.
    pub(crate) fn meter<R: Read>(&self, input: R) -> Metered<R> {
        Metered {
            input,
            bar: self.0.clone(),
            due: Instant::now().checked_add(SOON),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.bar.inc(read as u64);
        if self.bar.is_hidden() && self.due.is_some_and(|due| due <= Instant::now()) {
            self.due = None;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        Ok(read)
    }
}
