//! The progress bar, where somebody looks at it.

use indicatif::{ProgressBar, ProgressStyle};
use tickspan_examples::feed::Feed;
use tickspan_examples::readable;

/// Rows between two looks at the clock: the bar should not slow the pipeline down.
const ROWS_A_STEP: u64 = 1_024;

/// A bar on stderr that vanishes at the end. Nothing is drawn where stderr is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for the whole of `feed`; of unknown length if the feed's is.
    pub(crate) fn of(feed: &Feed) -> Self {
        let (bar, template) = match feed.length() {
            Some(length) => (
                ProgressBar::new(length),
                "{bar:40} {percent:>3} %  {msg}  {elapsed}",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Draws how far `feed` has come, after so many rows, every now and then.
    pub(crate) fn show(&self, rows: u64, feed: &Feed) {
        if rows % ROWS_A_STEP == 0 {
            self.bar.set_position(feed.position());
            self.bar
                .set_message(format!("{} rows", readable::count(rows)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
