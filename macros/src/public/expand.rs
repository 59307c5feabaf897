//! From the model to tokens. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::analyze::Public;

pub(crate) fn expand(public: Public) -> TokenStream {
    let Public { support, value } = public;
    let at = value.span().resolved_at(Span::mixed_site());
    quote_spanned!(at=> #support::Public::new(&#value).open())
}
