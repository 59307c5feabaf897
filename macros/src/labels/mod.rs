//! `#[derive(Labels)]`: the labels of a metric.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::diagnostics::Faults;
use crate::names::settings;

/// The expansion of the derive. On any fault it holds an implementation all the same, so that only the
/// fault is told and not every use of the type.
pub(crate) fn labels(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    settings::load(&mut faults);
    let parsed = parse::parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let checked = analyze::analyze(written, &mut faults);
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    if good {
        return expand::expand(&checked);
    }
    let stand_in = expand::stand_in(&checked);
    quote::quote!(#errors #stand_in)
}
