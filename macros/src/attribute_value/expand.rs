//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! unsafe impl ::tickspan::AttributeValue for Price {
//!     type Form = <f64 as ::tickspan::AttributeValue>::Form;
//!     fn attribute(&self) -> ::tickspan::support::Value<'_> {
//!         ::tickspan::AttributeValue::attribute(&self.0)
//!     }
//! }
//! ```
//!
//! The tokens of the `unsafe impl` are the macro's, so it stands in crates that forbid unsafe code.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Ident, parse_quote};

use super::analyze::{Content, Proof};
use super::parse::Written;
use crate::inventory;
use crate::names::gate::Opened;
use crate::names::settings;
use crate::paths::{self, Support};

pub(crate) fn expand(proof: Proof) -> TokenStream {
    let Proof {
        ident,
        mut generics,
        root,
        content,
        opening,
    } = proof;
    let support = Support::within(&root);
    let noted = opening.map(|entry| {
        let name = ident.unraw().to_string();
        inventory::noted("type", &name, ident.span(), &[entry], &support)
    });
    let (form, attribute) = match content {
        Content::Proven {
            member,
            ty,
            generic,
            named,
        } => {
            // The field's type carries the caret where it is not proven.
            let at = ty.span().resolved_at(Span::call_site());
            if generic {
                let bound = quote_spanned!(at=> #ty: #root::AttributeValue);
                generics
                    .make_where_clause()
                    .predicates
                    .push(parse_quote!(#bound));
            }
            let value = match named {
                // A probe, which needs no proof: that there is none has been told by the line above.
                None => quote!(#support::Held::new(&self.#member).__tickspan_value()),
                Some(named) => {
                    let gate = named.gate(&quote!(#support::SaysSeconds), &support, Opened::Type);
                    quote!(#gate(&self.#member))
                }
            };
            (
                // Also where the field's type is more private than this one.
                quote_spanned!(at=> type Form = <#ty as #root::AttributeValue>::Form;),
                value,
            )
        }
        Content::Public {
            member,
            at,
            allows_name,
        } => (
            declared(allows_name, &support),
            quote_spanned!(at=> #support::ExplicitText::<#support::Plain, _>::new(&self.#member).__tickspan_value()),
        ),
        Content::Displayed {
            member,
            at,
            allows_name,
        } => {
            let here = support.at(at);
            (
                declared(allows_name, &support),
                quote_spanned!(at=> #here::displayed(&self.#member)),
            )
        }
        Content::Names(variants) => {
            let names = variants.iter().map(|variant| variant.unraw().to_string());
            (
                quote!(type Form = #support::Scalar;),
                quote!(#support::Value::text(match self { #(Self::#variants => #names,)* })),
            )
        }
    };
    implementation(&ident, &generics, &root, &form, &quote!(#noted #attribute))
}

/// The form of what somebody declared public.
fn declared(allows_name: bool, support: &Support) -> TokenStream {
    if allows_name {
        quote!(type Form = #support::Allowed;)
    } else {
        quote!(type Form = #support::Words;)
    }
}

/// An implementation that records nothing, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> TokenStream {
    let root = paths::root(written.krate.as_ref());
    implementation(
        &written.input.ident,
        &written.input.generics,
        &root,
        &quote!(type Form = #root::support::Scalar;),
        &quote!(#root::support::Value::ABSENT),
    )
}

fn implementation(
    ident: &Ident,
    generics: &Generics,
    root: &TokenStream,
    form: &TokenStream,
    attribute: &TokenStream,
) -> TokenStream {
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let pin = settings::pin();
    quote! {
        #pin
        #[automatically_derived]
        unsafe impl #parameters #root::AttributeValue for #ident #arguments #bounds {
            #form

            #[inline]
            fn attribute(&self) -> #root::support::Value<'_> {
                #attribute
            }
        }
    }
}
