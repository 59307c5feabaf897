//! Why something is public: words that a reviewer can judge.

use syn::LitStr;

use crate::diagnostics::Faults;

const MIN_CHARACTERS: usize = 15;
const MIN_WORDS: usize = 3;

/// Words that are no reason, however many of them stand together.
const EMPTY_WORDS: &[&str] = &[
    "a", "because", "data", "fine", "is", "it", "just", "ok", "okay", "public", "reason", "safe",
    "test", "the", "this", "tbd", "todo", "value", "yes",
];

/// Notes a fault where `reason` gives none.
pub(crate) fn check(reason: &LitStr, faults: &mut Faults) {
    if let Some(fault) = fault(&reason.value()) {
        faults.at(reason, fault);
    }
}

/// Why `text` is no reason, if it is none.
pub(crate) fn fault(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let meaningful = words
        .iter()
        .any(|word| !EMPTY_WORDS.contains(&word.as_str()));
    let is_reason =
        text.trim().chars().count() >= MIN_CHARACTERS && words.len() >= MIN_WORDS && meaningful;
    (!is_reason).then(|| {
        format!(
            "`{text}` is no reason; say in at least {MIN_WORDS} words and {MIN_CHARACTERS} characters why anybody may \
             see this, as in \"exchange ticker, public listing\""
        )
    })
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::LitStr;

    use super::check;
    use crate::diagnostics::Faults;

    fn is_reason(text: &str) -> bool {
        let mut faults = Faults::new();
        check(&LitStr::new(text, Span::call_site()), &mut faults);
        let good = faults.is_empty();
        drop(faults.into_tokens());
        good
    }

    #[test]
    fn a_reason_says_something() {
        assert!(is_reason("exchange ticker, public listing"));
        assert!(is_reason("transaction hash on a public chain"));
        for text in [
            "",
            "todo",
            "public",
            "todo todo todo todo",
            "this is just public data",
            "ok it is safe",
            "because",
            "abcdefghijklmnopqrstuvwxyz",
            "                 ",
        ] {
            assert!(!is_reason(text), "{text:?}");
        }
    }
}
