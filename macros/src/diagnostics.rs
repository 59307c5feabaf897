//! Faults found in what the user wrote: gathered, so that everything independent is told at once.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The faults of one macro invocation.
///
/// It must be consumed: one that is dropped unread would let a fault pass in silence.
#[must_use]
#[derive(Default)]
pub(crate) struct Faults {
    faults: Vec<syn::Error>,
    consumed: bool,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Notes a fault at the tokens of `guilty`.
    pub(crate) fn at(&mut self, guilty: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(guilty, message));
    }

    /// Notes a fault at `span`.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, fault: syn::Error) {
        self.faults.push(fault);
    }

    /// The value, or the fault noted and nothing.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The compile errors, for the expansion.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.consumed = true;
        self.faults
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        debug_assert!(
            self.consumed || self.faults.is_empty() || std::thread::panicking(),
            "faults were found and not told"
        );
    }
}

/// `names` in a sentence, those most like `wrong` first; and the nearest, if it is likely what was meant.
pub(crate) fn nearest<'a>(wrong: &str, names: &[&'a str]) -> (Option<&'a str>, String) {
    let mut ranked: Vec<(usize, &str)> = names
        .iter()
        .map(|name| (distance(wrong, name), *name))
        .collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    let likely = ranked
        .first()
        .filter(|(distance, name)| *distance <= name.chars().count().max(3) / 3)
        .map(|(_, name)| *name);
    let list = ranked
        .iter()
        .map(|(_, name)| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    (likely, list)
}

/// `did you mean ..?` and the list, for the end of a message about an unknown name.
pub(crate) fn suggest(wrong: &str, names: &[&str]) -> String {
    match nearest(wrong, names) {
        (Some(likely), list) => format!("did you mean `{likely}`? accepted: {list}"),
        (None, list) => format!("accepted: {list}"),
    }
}

/// The edit distance of two words, a swap of neighbours counting as one edit (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn counts_edits_and_swaps() {
        assert_eq!(distance("level", "level"), 0);
        assert_eq!(distance("lvel", "level"), 1);
        assert_eq!(distance("levle", "level"), 1);
        assert_eq!(distance("", "err"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn likely_names_are_near_ones() {
        let names = ["level", "name", "skip_all"];
        assert_eq!(nearest("lvel", &names).0, Some("level"));
        assert_eq!(nearest("skipall", &names).0, Some("skip_all"));
        assert_eq!(nearest("colour", &names).0, None);
        assert!(nearest("nam", &names).1.starts_with("`name`"));
    }
}
