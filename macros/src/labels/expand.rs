//! From the labels to tokens. Nothing can fail here.
//!
//! ```text
//! unsafe impl Labels for Execution<'_> {
//!     const KEYS: &'static [&'static str] = &["status", "pipeline"];
//!     fn values(&self, take: &mut dyn FnMut(&Value<'_>)) {
//!         take(&Explicit::<Plain, _>::new(&self.status).value());
//!         take(&ExplicitText::<Plain, _>::new(&self.pipeline).value());
//!     }
//! }
//! ```

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, Ident, WherePredicate, parse_quote};

use super::analyze::Labels;
use super::parse::Written;
use crate::paths;

pub(crate) fn expand(labels: &Labels) -> TokenStream {
    let Labels {
        ident,
        root,
        captures,
        generic,
        noted,
        ..
    } = labels;
    let keys = captures.iter().map(|label| label.key.literal());
    let values = captures.iter().map(|label| {
        let value = &label.value;
        quote!(__tickspan_take(&#value);)
    });
    let mut generics = labels.generics.clone();
    if !generic.is_empty() {
        let bounds = &mut generics.make_where_clause().predicates;
        bounds.extend(
            generic
                .iter()
                .map(|ty| -> WherePredicate { parse_quote!(#ty: #root::AttributeValue) }),
        );
    }
    let keys = quote!(#(#keys),*);
    implementation(ident, &generics, root, &keys, &quote!(#noted #(#values)*))
}

/// An implementation without labels, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> TokenStream {
    implementation(
        &written.input.ident,
        &written.input.generics,
        &paths::root(written.krate.as_ref()),
        &TokenStream::new(),
        &quote!(let _ = __tickspan_take;),
    )
}

fn implementation(
    ident: &Ident,
    generics: &Generics,
    root: &TokenStream,
    keys: &TokenStream,
    values: &TokenStream,
) -> TokenStream {
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        unsafe impl #parameters #root::Labels for #ident #arguments #bounds {
            const KEYS: &'static [&'static ::core::primitive::str] = &[#keys];

            fn values(
                &self,
                __tickspan_take: &mut dyn ::core::ops::FnMut(&#root::support::Value<'_>),
            ) {
                #values
            }
        }
    }
}
