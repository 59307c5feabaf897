//! What could not be read, told on stderr.

use std::io::{self, Write as _};

use tickspan::replay::Damage;

use crate::exit::Exit;
use crate::human;

/// So many are told with file and line; the others are counted.
pub(crate) const MOST_TOLD: usize = 10;

/// Tells damage as it is met.
#[derive(Debug, Default)]
pub(crate) struct Damages {
    count: u64,
    told: Vec<String>,
}

impl Damages {
    /// Tells one of them, unless there were too many.
    pub(crate) fn tell(&mut self, damage: &Damage) {
        self.count += 1;
        if self.told.len() < MOST_TOLD {
            self.told.push(damage.to_string());
            // Not `eprintln!`, which panics when stderr is closed.
            let _ = writeln!(io::stderr(), "tickspan: {damage}");
        }
    }

    /// Counts some that are not told.
    pub(crate) fn add(&mut self, count: u64) {
        self.count += count;
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Those that were told.
    pub(crate) fn told(&self) -> &[String] {
        &self.told
    }

    /// Tells how many there were besides, and how the command ends if it `found` something or not.
    pub(crate) fn end(&self, found: bool) -> Exit {
        let others = self.count - self.told.len() as u64;
        if others > 0 {
            let _ = writeln!(
                io::stderr(),
                "tickspan: and {} more that cannot be read",
                human::count(others)
            );
        }
        match (self.count, found) {
            (0, true) => Exit::Fine,
            (0, false) => Exit::Nothing,
            _ => Exit::Findings,
        }
    }
}
