//! `#[derive(SafeError)]`: the kind of an error, as words that stand in the source.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;

/// The expansion of the derive.
pub(crate) fn safe_error(input: TokenStream) -> TokenStream {
    derive(
        input,
        parse::parse,
        |written| expand::expand(&analyze::stand_in(written)),
        |written, faults| Some(analyze::analyze(written, faults)),
        |error| expand::expand(&error),
    )
}
