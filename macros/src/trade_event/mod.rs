//! `#[derive(TradeEvent)]`: a struct as an event of a trading system.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::derive::derive;
use crate::names::settings;

/// The expansion of the derive.
pub(crate) fn trade_event(input: TokenStream) -> TokenStream {
    derive(
        input,
        |tokens, faults| {
            settings::load(faults);
            parse::parse(tokens, faults)
        },
        |written| expand::expand(&analyze::stand_in(written)),
        analyze::analyze,
        |event| expand::expand(&event),
    )
}
