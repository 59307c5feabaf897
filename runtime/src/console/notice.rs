//! What tickspan itself has to say on stderr: troubles, and the summary at the end.
//!
//! Where console lines are JSON these are as well, so that whatever reads them meets nothing else. They are said
//! whether console lines are written or not.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use tracing::Level;

/// Whether notices are JSON.
// Relaxed: set before anything has to be said.
static ARE_JSON: AtomicBool = AtomicBool::new(false);

/// Sets whether notices are JSON.
pub(super) fn in_json(on: bool) {
    ARE_JSON.store(on, Ordering::Relaxed);
}

/// Says `words`, which may be several lines.
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
    // Not `eprintln!`, which panics when stderr is closed. In one piece, so that lines of several threads do not mix.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
