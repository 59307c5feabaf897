//! `#[derive(EdgeBreakdown)]`: what a trade would gain and cost, and whether to take it.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::diagnostics::Faults;
use crate::names::settings;

/// The expansion of the derive. On any fault it holds an implementation all the same, so that only the
/// fault is told and not every use of the type.
pub(crate) fn edge_breakdown(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    settings::load(&mut faults);
    let parsed = parse::parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let stand_in = analyze::stand_in(&written);
    let checked = analyze::analyze(written, &mut faults);
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(&checked),
        _ => {
            let stand_in = expand::expand(&stand_in);
            quote::quote!(#errors #stand_in)
        }
    }
}
