//! How expanded code names the runtime crate.

use proc_macro2::TokenStream;
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
