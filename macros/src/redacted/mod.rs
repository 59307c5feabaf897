//! `#[derive(Redacted)]`: a `Debug` that withholds marked fields, and with which a `derive(Debug)` collides.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;

/// The expansion of the derive.
pub(crate) fn redacted(input: TokenStream) -> TokenStream {
    derive(
        input,
        parse::parse,
        expand::stand_in,
        analyze::analyze,
        |shown| expand::expand(&shown),
    )
}
