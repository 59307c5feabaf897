//! Variables that are set and not read, with a name that is nearly that of one that is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use strsim::osa_distance;

use super::Lookup;
use crate::setup::{Error, hmac_key};

/// The most characters that are wrong, left out, one too many, or in the place of their neighbour.
const MOST_WRONG: usize = 2;

/// What tickspan's own variables begin with.
const OURS: &str = "TICKSPAN_";

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

/// [`Error::Misspelt`] of the variable that is set as `name`, where those of `read` are. One that stands for another
/// program's, such as `RUST_LOG`, is not taken for misspelt.
pub(super) fn misspelt(name: &OsStr, read: &BTreeSet<String>) -> Option<Error> {
    let name = name.to_str()?;
    let upper = name.to_ascii_uppercase();
    // Windows finds variables in any case.
    if read.contains(name) || (cfg!(windows) && read.contains(&upper)) {
        return None;
    }
    let (_, meant) = read
        .iter()
        .filter(|it| it.starts_with(OURS) || it.starts_with("OTEL_"))
        .filter(|it| it.len().abs_diff(upper.len()) <= MOST_WRONG)
        .map(|it| (osa_distance(it, &upper), it))
        .filter(|(wrong, _)| *wrong <= MOST_WRONG)
        .min()?;
    Some(Error::Misspelt {
        variable: name.escape_debug().to_string(),
        meant: meant.clone(),
    })
}

/// Whether nobody but tickspan reads what was meant.
pub(super) fn is_ours(misspelt: &Error) -> bool {
    matches!(misspelt, Error::Misspelt { meant, .. } if meant.starts_with(OURS))
}
