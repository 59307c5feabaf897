//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! impl ::core::fmt::Debug for Login {
//!     fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
//!         match self {
//!             Self { desk: __tickspan_0, .. } => {
//!                 let mut shown = Formatter::debug_struct(f, "Login");
//!                 DebugStruct::field(&mut shown, "desk", &__tickspan_0);
//!                 DebugStruct::field(&mut shown, "password", &withheld::<Secret>());
//!                 DebugStruct::finish(&mut shown)
//!             }
//!         }
//!     }
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Generics, Ident, Member, parse_quote};

use super::analyze::{Shape, Shown, ShownField};
use super::parse::Written;
use crate::paths::Support;

/// The implementation of `Debug` that withholds what is marked.
pub(crate) fn expand(shown: &Shown) -> TokenStream {
    let arms = shown.shapes.iter().map(|shape| arm(shape, &shown.support));
    let body = if shown.shapes.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#arms)* })
    };
    implementation(&shown.ident, &shown.generics, &body)
}

fn arm(shape: &Shape, support: &Support) -> TokenStream {
    let Shape {
        variant,
        name,
        fields,
    } = shape;
    let path = variant
        .as_ref()
        .map_or_else(|| quote!(Self), |variant| quote!(Self::#variant));
    let bound = |index: usize| Ident::new(&format!("__tickspan_{index}"), Span::mixed_site());
    let bindings = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.class.is_none())
        .map(|(index, ShownField { member, .. })| {
            let bound = bound(index);
            quote!(#member: #bound,)
        });
    let is_tuple = matches!(
        fields.first(),
        Some(ShownField {
            member: Member::Unnamed(_),
            ..
        })
    );
    let (begin, builder) = if is_tuple {
        ("debug_tuple", quote!(::core::fmt::DebugTuple))
    } else {
        ("debug_struct", quote!(::core::fmt::DebugStruct))
    };
    let begin = format_ident!("{begin}");
    let calls = fields.iter().enumerate().map(|(index, field)| {
        let ShownField { member, at, class } = field;
        let value = match class {
            None => {
                // A reference to it has a size, and is what a missing `Debug` is told of.
                let at = at.resolved_at(Span::mixed_site());
                let mut bound = bound(index);
                bound.set_span(at);
                quote_spanned!(at=> &#bound)
            }
            Some(class) => {
                let class = class.tokens(support);
                quote!(&#support::mark::withheld::<#class>())
            }
        };
        let key = match member {
            Member::Named(name) => {
                let name = name.unraw().to_string();
                quote!(#name,)
            }
            Member::Unnamed(_) => quote!(),
        };
        quote!(#builder::field(&mut __tickspan_shown, #key #value);)
    });
    quote! {
        #path { #(#bindings)* .. } => {
            let mut __tickspan_shown = ::core::fmt::Formatter::#begin(__tickspan_f, #name);
            #(#calls)*
            #builder::finish(&mut __tickspan_shown)
        }
    }
}

/// An implementation that shows the name alone, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> TokenStream {
    let name = written.input.ident.unraw().to_string();
    implementation(
        &written.input.ident,
        &written.input.generics,
        &quote!(::core::fmt::Formatter::write_str(__tickspan_f, #name)),
    )
}

/// The bounds are those of the standard library's derive.
fn implementation(ident: &Ident, generics: &Generics, body: &TokenStream) -> TokenStream {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::core::fmt::Debug));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #ident #arguments #bounds {
            fn fmt(&self, __tickspan_f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
    }
}
