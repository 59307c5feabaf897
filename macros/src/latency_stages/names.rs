//! Names of paths and marks, and of the hops between these.

use std::collections::HashSet;

use syn::{Expr, ExprLit, Lit};

use crate::groups::ungrouped;

/// The most characters of a name.
const LONGEST: usize = 64;

/// A name as it was given.
pub(super) fn given(value: Expr) -> syn::Result<String> {
    let value = ungrouped(value);
    let Expr::Lit(ExprLit {
        lit: Lit::Str(literal),
        ..
    }) = &value
    else {
        return Err(syn::Error::new_spanned(
            value,
            "expected a string literal: a name stands in the source",
        ));
    };
    let name = literal.value();
    let fits = name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().count() <= LONGEST
        && name
            .chars()
            .all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || c == '_' || c == '.');
    if fits {
        Ok(name)
    } else {
        Err(syn::Error::new_spanned(
            literal,
            "a name has lower-case letters, digits, `_` and `.`, begins with a letter, and is at most 64 characters \
             long: \"book_updated\"",
        ))
    }
}

/// The name of the whole path, as of a hop.
pub(super) const WHOLE: &str = "end_to_end";

/// The first mark that gives a hop a name which another hop has, or the whole path; and that name.
pub(super) fn ambiguous(marks: &[String]) -> Option<(usize, String)> {
    let mut hops = HashSet::from([WHOLE.to_owned()]);
    for (to, name) in marks.iter().enumerate() {
        for from in &marks[..to] {
            let hop = format!("{from}_to_{name}");
            if !hops.insert(hop.clone()) {
                return Some((to, hop));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::ambiguous;

    #[test]
    fn hops_of_one_name_are_found() {
        let marks = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ambiguous(&marks(&["a", "b", "c"])), None);
        let (place, hop) = ambiguous(&marks(&["a", "a_to_b", "b_to_c", "c"])).unwrap();
        assert_eq!((place, hop.as_str()), (3, "a_to_b_to_c"));
        assert!(ambiguous(&marks(&["end", "b", "end"])).is_some());
    }
}
