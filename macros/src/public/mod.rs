//! `public!`: the value of one expression, declared public with a reason.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Faults;

/// The expansion of `public!(expr, reason = "...")`.
pub(crate) fn public(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    let parsed = parse::parse(input);
    let checked = faults
        .ok(parsed)
        .map(|written| analyze::analyze(written, &mut faults));
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(checked),
        // A proven value stands in, so that nothing else is told of the same expression.
        _ => quote!({ #errors false }),
    }
}
