//! Messages and the places they point to: read from a stored text, and compared with what a
//! compiler says.

use std::fmt;

use crate::project::Case;

/// One fault as the compiler tells it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// Line and column of the caret; nothing where it points out of the user's file.
    place: Option<(usize, usize)>,
    words: Words,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Words {
    Ours(String),
    Compilers,
    /// Of a lint that the case denies. A stored text does not tell it from an error of ours.
    Lint,
}

impl Told {
    pub(crate) fn new(code: Option<&str>, message: &str, place: Option<(usize, usize)>) -> Self {
        Self {
            place,
            words: Words::of(code, message),
        }
    }

    /// Whether the compiler told this where `expected` was to be told.
    fn is(&self, expected: &Self) -> bool {
        self.place == expected.place && (self.words == expected.words || self.words == Words::Lint)
    }
}

impl Words {
    /// A macro's error has no code, and a lint's is its name. Of the errors with a number, those of
    /// unimplemented traits have our words, where the trait is ours.
    fn of(code: Option<&str>, message: &str) -> Self {
        const COMPILERS: [&str; 2] = ["the trait bound", "the size for values of type"];
        match code {
            None => Self::Ours(message.to_owned()),
            Some("E0277") if !COMPILERS.iter().any(|start| message.starts_with(start)) => {
                Self::Ours(message.to_owned())
            }
            Some(code) if code.starts_with('E') => Self::Compilers,
            Some(_) => Self::Lint,
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{line}:{column}")?,
            None => f.write_str("outside the file")?,
        }
        match &self.words {
            Words::Ours(message) => write!(f, " {message:?}"),
            Words::Compilers => f.write_str(" (in the compiler's own words)"),
            Words::Lint => f.write_str(" (a lint)"),
        }
    }
}

/// The faults that a stored text tells of `case`.
pub(crate) fn read(text: &str, case: &Case) -> Vec<Told> {
    let file = case.source.file_name().unwrap_or_default();
    let mut faults = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((code, message)) = header(line) else {
            continue;
        };
        let place = lines
            .by_ref()
            .find_map(|line| line.trim_start().strip_prefix("--> "))
            .and_then(|place| {
                let mut parts = place.rsplitn(3, ':');
                let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
                let is_here = std::path::Path::new(parts.next()?).file_name()? == file;
                is_here.then_some((line, column))
            });
        faults.push(Told::new(code, message, place));
    }
    faults
}

/// `error: message` or `error[E0000]: message`.
fn header(line: &str) -> Option<(Option<&str>, &str)> {
    let rest = line.strip_prefix("error")?;
    if let Some(message) = rest.strip_prefix(": ") {
        return Some((None, message));
    }
    let (code, message) = rest.strip_prefix('[')?.split_once("]: ")?;
    Some((Some(code), message))
}

/// How what was told differs from what was expected.
///
/// In our words, no fault is missing and none is added. In the compiler's, every expected place is
/// told; a version may add some of its own, which the whole text shows on the named compiler.
pub(crate) fn compare(expected: &[Told], told: &[Told]) -> Vec<String> {
    let mut complaints = Vec::new();
    if expected.is_empty() {
        complaints.push("the stored text tells of no fault".to_owned());
    }
    let mut left: Vec<&Told> = told.iter().collect();
    for fault in expected {
        if fault.place.is_none() {
            complaints.push(format!("points out of the user's file: {fault:?}"));
        }
        match left.iter().position(|told| told.is(fault)) {
            Some(found) => {
                left.swap_remove(found);
            }
            None => complaints.push(format!("not told: {fault:?}")),
        }
    }
    let ours = left
        .iter()
        .filter(|told| matches!(told.words, Words::Ours(_)));
    complaints.extend(ours.map(|told| format!("told, but not expected: {told:?}")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::{Told, Words, compare, read};
    use crate::project::Case;

    const TEXT: &str = "\
error: unknown option `nam`
 --> ui/option_name.rs:4:16
  |
4 | #[traced_stage(nam = \"x\")]
  |                ^^^

error[E0277]: `String` is not proven
  --> ui/option_name.rs:14:9
   |
note: required here
  --> $WORKSPACE/runtime/src/lib.rs

error[E0308]: mismatched types
 --> ui/option_name.rs:7:8

error[E0277]: the trait bound `String: Copy` is not satisfied
 --> $WORKSPACE/runtime/src/lib.rs:1:1
";

    fn told() -> Vec<Told> {
        vec![
            Told::new(None, "unknown option `nam`", Some((4, 16))),
            Told::new(Some("E0277"), "`String` is not proven", Some((14, 9))),
            Told::new(Some("E0308"), "expected one, found another", Some((7, 8))),
        ]
    }

    #[test]
    fn a_text_is_read() {
        let case = Case::fault("ui/option_name.rs");
        let mut expected = told();
        expected.push(Told::new(Some("E0277"), "the trait bound `A: B`", None));
        assert_eq!(read(TEXT, &case), expected);
    }

    #[test]
    fn words_and_places_are_compared() {
        let expected = told();
        assert_eq!(compare(&expected, &told()), Vec::<String>::new());

        let mut other_place = told();
        other_place[0].place = Some((4, 17));
        let mut other_words = told();
        other_words[1].words = Words::Ours("`String` is proven".to_owned());
        for different in [other_place, other_words] {
            assert_eq!(compare(&expected, &different).len(), 2, "{different:?}");
        }

        assert_eq!(compare(&expected, &told()[..2]).len(), 1, "a missing one");
        let mut more = told();
        more.push(Told::new(None, "another", Some((1, 1))));
        assert_eq!(compare(&expected, &more).len(), 1, "one more of ours");
        more[3].words = Words::Compilers;
        assert_eq!(compare(&expected, &more).len(), 0, "one more of rustc's");
        let mut lint = told();
        lint[0].words = Words::Lint;
        assert_eq!(compare(&expected, &lint).len(), 0, "a lint");
        assert_eq!(compare(&[], &[]).len(), 1, "a text without faults");
    }

    #[test]
    fn a_fault_elsewhere_is_a_fault_of_ours() {
        let elsewhere = [Told::new(None, "unknown option", None)];
        assert_eq!(compare(&elsewhere, &elsewhere).len(), 1);
    }
}
