//! `#[derive(AttributeValue)]`: the proof that a type's values may leave the process.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;
use crate::names::settings;

/// The expansion of the derive.
pub(crate) fn attribute_value(input: TokenStream) -> TokenStream {
    derive(
        input,
        |tokens, faults| {
            settings::load(faults);
            parse::parse(tokens, faults)
        },
        expand::stand_in,
        analyze::analyze,
        expand::expand,
    )
}
