//! Why something is public: words that a reviewer can judge.

use syn::parse::ParseStream;
use syn::{Ident, LitStr};

use crate::diagnostics::Faults;
use crate::names::rules::{REASON_CHARACTERS, REASON_WORDS, is_reason};
use crate::setting::equals;

/// Reads what follows `reason`: `= ".."`.
pub(crate) fn parse(option: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    equals(option, "\"exchange ticker, public listing\"", input)?;
    if input.peek(LitStr) {
        input.parse()
    } else {
        Err(input.error("expected a string literal: a reason is for who reads it here"))
    }
}

/// Notes a fault where `reason` gives none.
pub(crate) fn check(reason: &LitStr, faults: &mut Faults) {
    if let Some(fault) = fault(&reason.value()) {
        faults.at(reason, fault);
    }
}

/// Why `text` is no reason, if it is none.
pub(crate) fn fault(text: &str) -> Option<String> {
    (!is_reason(text)).then(|| {
        format!(
            "`{text}` is no reason; say in at least {REASON_WORDS} words and {REASON_CHARACTERS} characters why anybody may \
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
