//! The static that an invocation leaves behind, and the lists of keys and values that go with it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;

use crate::field::{Capture, Key};
use crate::paths::Support;
use crate::setting::Text;

/// The keys that end the list of every span; `tickspan::record` knows their places.
pub(crate) const SPAN_TAIL: [&str; 4] = [
    "otel.kind",
    "otel.status_code",
    "tickspan.outcome",
    "error.type",
];

/// What a static callsite is made of.
pub(crate) struct Callsite<'a> {
    pub(crate) ident: &'a str,
    pub(crate) name: TokenStream,
    pub(crate) target: Option<&'a Text>,
    pub(crate) level: TokenStream,
    pub(crate) kind: TokenStream,
    /// A slice of the keys.
    pub(crate) fields: TokenStream,
    /// Which of them are labels of the stage's metrics.
    pub(crate) labels: &'a [Key],
    /// Where `line!()` looks.
    pub(crate) at: Span,
    pub(crate) support: &'a Support,
}

/// The item whose type name tells the path of the function around it.
pub(crate) fn function_item() -> TokenStream {
    quote!(
        enum __TickspanFunction {}
    )
}

impl ToTokens for Callsite<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            ident,
            name,
            target,
            level,
            kind,
            fields,
            labels,
            at,
            support,
        } = self;
        let labels = labels.iter().map(Key::literal);
        let labels = (!self.labels.is_empty()).then(|| quote!(.with_labels(&[#(#labels),*])));
        let ident = Ident::new(ident, Span::call_site());
        let target =
            target.map_or_else(|| quote!(::core::module_path!()), ToTokens::to_token_stream);
        let line = quote_spanned!(*at=> ::core::line!());
        tokens.extend(quote! {
            static #ident: #support::Callsite = #support::Callsite::new(
                &#support::Site {
                    name: #name,
                    target: #target,
                    level: #level,
                    kind: #support::Kind::#kind,
                    function: ::core::any::type_name::<__TickspanFunction>,
                    file: ::core::file!(),
                    line: #line,
                    module: ::core::module_path!(),
                    fields: #fields,
                },
                &#ident,
            )#labels;
        });
    }
}

/// The keys of a record, in their order.
pub(crate) fn keys(captures: &[Capture], late: &[Key], tail: &[&str]) -> TokenStream {
    let from_start = captures.iter().map(|Capture { key, cfgs, .. }| {
        let key = key.literal();
        quote!(#(#cfgs)* #key,)
    });
    let late = late.iter().map(Key::literal);
    quote!(&[#(#from_start)* #(#late,)* #(#tail,)*])
}

/// The keys of an event: the first stands for its name.
pub(crate) fn event_keys(captures: &[Capture]) -> TokenStream {
    let keys = captures.iter().map(|Capture { key, cfgs, .. }| {
        let key = key.literal();
        quote!(#(#cfgs)* #key,)
    });
    quote!(&["message", #(#keys)*])
}

/// The values of a record, in the order of their keys.
pub(crate) fn values(captures: &[Capture]) -> TokenStream {
    let values = captures
        .iter()
        .map(|Capture { cfgs, value, .. }| quote!(#(#cfgs)* #value,));
    quote!(&[#(#values)*])
}
