//! `#[derive(LatencyStages)]`: the ordered marks of a path.

mod analyze;
mod budget;
mod expand;
mod names;
mod parse;

use proc_macro2::TokenStream;

use crate::diagnostics::Faults;

/// The expansion of the derive. On any fault it holds an implementation all the same, so that only the fault is told and
/// not every use of the type.
pub(crate) fn latency_stages(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    let parsed = parse::parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let stand_in = expand::stand_in(&written);
    let checked = analyze::analyze(&written, &mut faults);
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(&checked),
        _ => quote::quote!(#errors #stand_in),
    }
}
