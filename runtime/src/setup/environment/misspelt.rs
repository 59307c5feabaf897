//! Variables that are set and not read, with a name that is nearly that of one that is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt;

use strsim::osa_distance;

use super::Lookup;
use crate::setup::hmac_key;

/// The most characters that are wrong, left out, one too many, or in the place of their neighbour.
const MOST_WRONG: usize = 2;

/// A look-up that keeps the names which it was asked for.
pub(super) struct Asked<'a> {
    lookup: Lookup<'a>,
    names: RefCell<BTreeSet<String>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self {
            lookup,
            // Read by itself, for a key is not to be copied.
            names: RefCell::new(BTreeSet::from([hmac_key::VARIABLE.to_owned()])),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<OsString> {
        self.names.borrow_mut().insert(name.to_owned());
        (self.lookup)(name)
    }

    pub(super) fn into_names(self) -> BTreeSet<String> {
        self.names.into_inner()
    }
}

/// A variable that is set and not read, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Misspelt {
    pub(in super::super) name: String,
    pub(in super::super) meant: String,
}

impl Misspelt {
    /// Of the variable that is set as `name`, where those of `read` are. Other programs' names that are short, as
    /// `RUST_LOG` is, are near to nothing.
    pub(super) fn of(name: &OsStr, read: &BTreeSet<String>) -> Option<Self> {
        let name = name.to_str()?;
        let upper = name.to_ascii_uppercase();
        // Windows finds variables in any case.
        if read.contains(name) || (cfg!(windows) && read.contains(&upper)) {
            return None;
        }
        let ours = read
            .iter()
            .filter(|it| it.starts_with("TICKSPAN_") || it.starts_with("OTEL_"));
        let (_, meant) = ours
            .filter(|it| it.len().abs_diff(upper.len()) <= MOST_WRONG)
            .map(|it| (osa_distance(it, &upper), it))
            .filter(|(wrong, _)| *wrong <= MOST_WRONG)
            .min()?;
        Some(Self {
            name: name.escape_debug().to_string(),
            meant: meant.clone(),
        })
    }

    /// Whether nobody but tickspan reads what was meant.
    pub(in super::super) fn is_ours(&self) -> bool {
        self.meant.starts_with("TICKSPAN_")
    }
}

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, meant } = self;
        write!(
            f,
            "`{name}` is set and is no variable that is read; is `{meant}` meant?"
        )
    }
}
