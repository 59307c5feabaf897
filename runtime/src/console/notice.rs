//! What tickspan itself has to say on stderr: troubles, and the summary at the end.
//!
//! Where console lines are JSON these are as well, so that whatever reads them meets nothing else. They are said
//! whether console lines are written or not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use tracing::Level;

use super::writer;

/// Whether notices are JSON.
// Relaxed: set before anything has to be said.
static ARE_JSON: AtomicBool = AtomicBool::new(false);

/// Sets whether notices are JSON.
pub(super) fn in_json(on: bool) {
    ARE_JSON.store(on, Ordering::Relaxed);
}

/// Says `words`, which may be several lines. Does not wait until they are written: see [`writer`].
pub(crate) fn notice(level: Level, words: &str) {
    let text = if ARE_JSON.load(Ordering::Relaxed) {
        let message = serde_json::Value::from(words);
        let time = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        format!(
            "{{\"timestamp\":\"{time:.6}\",\"level\":\"{level}\",\"target\":\"tickspan\",\"message\":{message}}}\n"
        )
    } else {
        format!("{words}\n")
    };
    writer::hand_on_notice(text);
}
