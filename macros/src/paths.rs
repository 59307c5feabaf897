//! How expanded code names the runtime crate.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;

/// The module that expanded code may name, inside `krate` or else `::tickspan`.
pub(crate) fn support(krate: Option<&Path>) -> TokenStream {
    let root = root(krate);
    quote!(#root::support)
}

/// The runtime crate.
pub(crate) fn root(krate: Option<&Path>) -> TokenStream {
    krate.map_or_else(|| quote!(::tickspan), ToTokens::to_token_stream)
}

/// A path whose tokens are resolved where they were and stand at `at`: a caret that begins with them begins
/// there.
pub(crate) fn located(path: TokenStream, at: Span) -> TokenStream {
    path.into_iter()
        .map(|mut token| {
            token.set_span(token.span().located_at(at));
            token
        })
        .collect()
}
