//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! unsafe impl ::tickspan::SafeError for Rejected {
//!     fn kind(&self) -> &'static str {
//!         match self { Self::TooLarge { .. } => "TooLarge", .. }
//!     }
//! }
//! ```
//!
//! The tokens of the `unsafe impl` are the macro's, so it stands in crates that forbid unsafe code.

use proc_macro2::TokenStream;
use quote::quote;

use super::analyze::{Error, Kinds};

pub(crate) fn expand(error: &Error) -> TokenStream {
    let Error {
        ident,
        generics,
        root,
        kinds,
    } = error;
    let kind = match kinds {
        Kinds::One(kind) => quote!(#kind),
        Kinds::Each(variants) if variants.is_empty() => quote!(match *self {}),
        Kinds::Each(variants) => {
            let arms = variants
                .iter()
                .map(|(variant, kind)| quote!(Self::#variant { .. } => #kind,));
            quote!(match self { #(#arms)* })
        }
    };
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        unsafe impl #parameters #root::SafeError for #ident #arguments #bounds {
            #[inline]
            fn kind(&self) -> &'static ::core::primitive::str {
                #kind
            }
        }
    }
}
