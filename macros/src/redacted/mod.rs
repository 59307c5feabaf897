//! `#[derive(Redacted)]`: a `Debug` that withholds marked fields, and with which a `derive(Debug)` collides.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Faults;

/// The expansion of the derive. On any fault it holds an implementation that shows no field, so that only the fault
/// is told and not every use of the type.
pub(crate) fn redacted(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    let parsed = parse::parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let stand_in = expand::stand_in(&written);
    let checked = analyze::analyze(written, &mut faults);
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(&checked),
        _ => quote!(#errors #stand_in),
    }
}
