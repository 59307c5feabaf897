//! Errors of other crates in words.

use std::error::Error;
use std::time::Duration;

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
