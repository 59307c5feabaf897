//! `#[derive(SafeError)]`: the kind of an error, as words that stand in the source.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::diagnostics::Faults;

/// The expansion of the derive. On any fault it holds an implementation all the same, so that only the
/// fault is told and not every use of the type.
pub(crate) fn safe_error(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    let parsed = parse::parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let error = analyze::analyze(written, &mut faults);
    let errors = faults.into_tokens();
    let implementation = expand::expand(&error);
    quote::quote!(#errors #implementation)
}
