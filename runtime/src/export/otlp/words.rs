//! Errors of other crates, and what backends say, in words.

use std::error::Error;
use std::time::Duration;

use super::Target;
use crate::collect::human::is_no_text;

/// The most of a backend's words that is told.
const LONGEST: usize = 200;

/// An error and its sources on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !words.contains(&more) {
            words.extend([": ", &more]);
        }
        next = source.source();
    }
    words
}

/// What a backend asks for.
pub(super) fn in_words(wait: Duration) -> String {
    format!(", to be tried again in {wait:?}")
}

/// What the backend at `target` says: short, without secrets of ours that it repeats, and without what drives a terminal.
pub(super) fn told(words: &str, target: &Target) -> String {
    let words: String = target
        .redact(words)
        .chars()
        .map(|c| if is_no_text(c) { ' ' } else { c })
        .take(LONGEST)
        .collect();
    words.trim().to_owned()
}
