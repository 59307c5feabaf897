//! How expanded code names the runtime crate.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Attribute, Path, Token};

use crate::diagnostics::Faults;

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

/// The path in `#[tickspan(crate = path)]`, where a derive finds the runtime crate.
pub(crate) fn given(attributes: &[Attribute], faults: &mut Faults) -> Option<Path> {
    let mut krate = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("tickspan"))
    {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        });
        krate = faults.ok(parsed);
    }
    krate
}
