//! The thread that writes on stderr what telemetry has to say: the lines of stages, and notices.
//!
//! A stderr that stands still holds up this thread and no other: who has something to say hands it over, and does not
//! wait. What waits is bounded. Lines that do not fit, or are not written when telemetry ends, are dropped and counted.
//! A notice is never given up once it waits; one that does not fit is dropped without a count, because what it tells
//! of is counted where it happens.
//!
//! The thread stays while there is a [`LineSink`], and else as long as something waits: notices need no telemetry.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::process;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::record::lane::health::{Loss, count_many};

/// So many bytes of lines may wait.
const LINE_BYTES: usize = 8 << 20;

/// So many notices may wait.
const NOTICES: usize = 64;

/// What is written at a time, if its lines are not longer. A pipe takes so much whole or not at all, so that the lines
/// which were written are known.
pub(crate) const BLOCK: usize = 4 << 10;

// Held for a look, and while the thread is started; never while anything is written.
static STATE: Mutex<State> = Mutex::new(State::new(0));

/// Told when something waits, and when the last sink is gone.
static MORE: Condvar = Condvar::new();

/// Told when nothing waits any more.
static DONE: Condvar = Condvar::new();

struct State {
    waiting: VecDeque<Block>,
    /// Of the lines that wait.
    line_bytes: usize,
    /// How many wait.
    notices: usize,
    is_writing: bool,
    /// Lines that are being written, unless they were given up.
    lines_in_hand: u64,
    sinks: usize,
    /// The process whose thread writes.
    writer: Option<u32>,
}

enum Block {
    Lines { text: String, count: u64 },
    Notice(String),
}

/// Takes lines. While there is one, the thread stays.
pub(crate) struct LineSink(());

impl LineSink {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start() -> io::Result<Self> {
        let mut state = lock();
        state.start()?;
        state.sinks += 1;
        Ok(Self(()))
    }

    /// Hands on `count` lines, of [`BLOCK`] bytes at most unless one line is longer.
    #[expect(clippy::unused_self, reason = "the thread stays because there is one")]
    pub(crate) fn hand_on(&self, text: String, count: u64) {
        let mut state = lock();
        if state.line_bytes + text.len() > LINE_BYTES {
            drop(state);
            count_many(Loss::LineDropped, count);
            return;
        }
        state.hand_on(Block::Lines { text, count });
    }
}

impl Drop for LineSink {
    fn drop(&mut self) {
        lock().sinks -= 1;
        MORE.notify_one();
    }
}

/// Hands on a notice, unless too many wait.
pub(super) fn hand_on_notice(text: String) {
    let mut state = lock();
    if state.notices < NOTICES {
        state.hand_on(Block::Notice(text));
    }
}

/// Waits until everything is written, `until` at most, and gives up the lines that are not. Returns whether there were
/// none, nor notices: those still wait.
pub(crate) fn finish(until: Instant) -> bool {
    let mut state = lock();
    while state.is_busy() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let waited = DONE.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    let is_written = state.is_idle();
    let lost = state.give_up_lines();
    drop(state);
    count_many(Loss::LineDropped, lost);
    is_written
}

impl State {
    const fn new(sinks: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            line_bytes: 0,
            notices: 0,
            is_writing: false,
            lines_in_hand: 0,
            sinks,
            writer: None,
        }
    }

    fn hand_on(&mut self, block: Block) {
        // Where the thread cannot be started, the next to hand something on tries again.
        let _ = self.start();
        match &block {
            Block::Lines { text, .. } => self.line_bytes += text.len(),
            Block::Notice(_) => self.notices += 1,
        }
        self.waiting.push_back(block);
        MORE.notify_one();
    }

    /// Starts the thread, unless it runs.
    fn start(&mut self) -> io::Result<()> {
        if self.writer.is_none() {
            thread::Builder::new()
                .name("tickspan-lines".to_owned())
                .spawn(write)?;
            self.writer = Some(process::id());
        }
        Ok(())
    }

    fn next(&mut self) -> Option<Block> {
        let block = self.waiting.pop_front()?;
        match &block {
            Block::Lines { text, .. } => self.line_bytes -= text.len(),
            Block::Notice(_) => self.notices -= 1,
        }
        Some(block)
    }

    /// Whether nothing waits, nor is being written.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.is_writing
    }

    /// Whether there is a thread that is about to write something, or to end.
    fn is_busy(&self) -> bool {
        self.writer.is_some() && !(self.sinks > 0 && self.is_idle())
    }

    /// Forgets the lines that are not written, and returns how many there are.
    fn give_up_lines(&mut self) -> u64 {
        let mut lost = core::mem::take(&mut self.lines_in_hand);
        self.waiting.retain(|block| match block {
            Block::Lines { count, .. } => {
                lost += count;
                false
            }
            Block::Notice(_) => true,
        });
        self.line_bytes = 0;
        lost
    }
}

/// What the thread does.
fn write() {
    let mut state = lock();
    loop {
        if let Some(block) = state.next() {
            let (text, lines) = match block {
                Block::Lines { text, count } => (text, count),
                Block::Notice(text) => (text, 0),
            };
            state.is_writing = true;
            state.lines_in_hand = lines;
            drop(state);
            // Not `eprintln!`, which panics when stderr is closed. In one piece, so that lines of several threads do
            // not mix.
            let written = io::stderr().write_all(text.as_bytes());
            state = lock();
            state.is_writing = false;
            let lines = core::mem::take(&mut state.lines_in_hand);
            if written.is_err() {
                count_many(Loss::LineDropped, lines);
            }
        } else if state.sinks > 0 {
            DONE.notify_all();
            state = MORE.wait(state).unwrap_or_else(PoisonError::into_inner);
        } else {
            state.writer = None;
            DONE.notify_all();
            return;
        }
    }
}

/// Nothing panics with the lock held.
fn lock() -> MutexGuard<'static, State> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    // A process that was forked has what waited before, which its parent writes, and has not the thread.
    if state.writer.is_some_and(|process| process != process::id()) {
        *state = State::new(state.sinks);
    }
    state
}
