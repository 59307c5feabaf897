//! What a derive does with what it is given, whichever it is.

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Faults;

/// The expansion of a derive. On any fault it holds the stand-in, an implementation all the same, so that only the
/// fault is told and not every use of the type.
pub(crate) fn derive<Written, Model>(
    input: TokenStream,
    parse: impl FnOnce(TokenStream, &mut Faults) -> syn::Result<Written>,
    stand_in: impl FnOnce(&Written) -> TokenStream,
    analyze: impl FnOnce(Written, &mut Faults) -> Option<Model>,
    expand: impl FnOnce(Model) -> TokenStream,
) -> TokenStream {
    let mut faults = Faults::new();
    let parsed = parse(input, &mut faults);
    let Some(written) = faults.ok(parsed) else {
        return faults.into_tokens();
    };
    let stand_in = stand_in(&written);
    let checked = analyze(written, &mut faults);
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand(checked),
        _ => quote!(#errors #stand_in),
    }
}
