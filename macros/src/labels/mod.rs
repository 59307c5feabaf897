//! `#[derive(Labels)]`: the labels of a metric.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;
use crate::names::settings;

/// The expansion of the derive.
pub(crate) fn labels(input: TokenStream) -> TokenStream {
    derive(
        input,
        |tokens, faults| {
            settings::load(faults);
            parse::parse(tokens, faults)
        },
        expand::stand_in,
        |written, faults| Some(analyze::analyze(written, faults)),
        |labels| expand::expand(&labels),
    )
}
