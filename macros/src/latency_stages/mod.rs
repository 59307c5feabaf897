//! `#[derive(LatencyStages)]`: the ordered marks of a path.

mod analyze;
mod budget;
mod expand;
mod names;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;

/// The expansion of the derive.
pub(crate) fn latency_stages(input: TokenStream) -> TokenStream {
    derive(
        input,
        parse::parse,
        expand::stand_in,
        |written, faults| analyze::analyze(&written, faults),
        |path| expand::expand(&path),
    )
}
