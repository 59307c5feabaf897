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
use syn::parse_quote;

use super::analyze::Labels;

pub(crate) fn expand(labels: &Labels) -> TokenStream {
    let keys = labels.captures.iter().map(|label| label.key.literal());
    let values = labels.captures.iter().map(|label| {
        let value = &label.value;
        quote!(__tickspan_take(&#value);)
    });
    let noted = &labels.noted;
    implementation(labels, &quote!(#(#keys),*), &quote!(#noted #(#values)*))
}

/// An implementation without labels, for a type with faults.
pub(crate) fn stand_in(labels: &Labels) -> TokenStream {
    implementation(
        labels,
        &TokenStream::new(),
        &quote!(let _ = __tickspan_take;),
    )
}

fn implementation(labels: &Labels, keys: &TokenStream, values: &TokenStream) -> TokenStream {
    let Labels {
        ident,
        generics,
        root,
        generic,
        ..
    } = labels;
    let mut generics = generics.clone();
    if !generic.is_empty() {
        let bounds = generics.make_where_clause();
        for ty in generic {
            bounds
                .predicates
                .push(parse_quote!(#ty: #root::AttributeValue));
        }
    }
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
