//! Records that a test asked for, kept apart from the lanes.

use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Mode, mode, set_mode};

/// The records of each capture that goes on, as they came.
// A lock on the caller's thread: tests only.
static CAPTURES: Mutex<Option<HashMap<u32, Vec<Vec<u8>>>>> = Mutex::new(None);
static NEXT: AtomicU32 = AtomicU32::new(1);

fn captures() -> MutexGuard<'static, Option<HashMap<u32, Vec<Vec<u8>>>>> {
    CAPTURES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a capture, and tells its number.
pub(crate) fn begin() -> u32 {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut captures = captures();
    captures.get_or_insert_default().insert(number, Vec::new());
    if mode() == Mode::Tracing {
        set_mode(Mode::Capturing);
    }
    number
}

/// Ends a capture, and gives its records.
pub(crate) fn end(number: u32) -> Vec<Vec<u8>> {
    let mut captures = captures();
    let Some(going_on) = captures.as_mut() else {
        return Vec::new();
    };
    let records = going_on.remove(&number).unwrap_or_default();
    if going_on.is_empty() && mode() == Mode::Capturing {
        set_mode(Mode::Tracing);
    }
    records
}

/// Keeps a record, if its capture goes on.
#[cold]
pub(super) fn write(number: u32, record: &[u8]) -> bool {
    if let Some(records) = captures().as_mut().and_then(|all| all.get_mut(&number)) {
        records.push(record.to_vec());
    }
    true
}
