//! `#[derive(EdgeBreakdown)]`: what a trade would gain and cost, and whether to take it.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;
use crate::names::settings;

/// The expansion of the derive.
pub(crate) fn edge_breakdown(input: TokenStream) -> TokenStream {
    derive(
        input,
        |tokens, faults| {
            settings::load(faults);
            parse::parse(tokens, faults)
        },
        |written| expand::expand(&analyze::stand_in(written)),
        analyze::analyze,
        |edge| expand::expand(&edge),
    )
}
