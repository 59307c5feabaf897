//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! impl ::tickspan::LatencyStages for Path {
//!     type Ticks = [u64; 3];
//!     fn __tickspan_path() -> &'static ::tickspan::support::LatencyPath {
//!         static __TICKSPAN_PATH: LatencyPath = LatencyPath::new(
//!             "path",
//!             0,                                          // nanoseconds that the whole of it may take
//!             &[LatencyMark::new("ws_received", 0), LatencyMark::new("book_updated", 50000), ..],
//!         );
//!         &__TICKSPAN_PATH
//!     }
//!     fn __tickspan_place(self) -> usize {
//!         match self { Self::WsReceived => 0, Self::BookUpdated => 1, .. }
//!     }
//! }
//! ```

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::{Generics, Ident};

use super::analyze::{Mark, PathModel};
use super::parse::Written;
use crate::paths::{self, Support};

pub(crate) fn expand(model: &PathModel) -> TokenStream {
    let PathModel {
        ident,
        root,
        name,
        budget_nanoseconds,
        marks,
    } = model;
    let support = Support::within(root);
    let written = marks.iter().map(
        |Mark {
             name,
             budget_nanoseconds,
             ..
         }| {
            let budget = Literal::u64_unsuffixed(*budget_nanoseconds);
            quote!(#support::LatencyMark::new(#name, #budget))
        },
    );
    let places = marks.iter().enumerate().map(|(place, mark)| {
        let (ident, place) = (&mark.ident, Literal::usize_unsuffixed(place));
        quote!(Self::#ident => #place)
    });
    let budget = Literal::u64_unsuffixed(*budget_nanoseconds);
    let path = quote!(#support::LatencyPath::new(#name, #budget, &[#(#written),*]));
    implementation(
        ident,
        &Generics::default(),
        root,
        marks.len(),
        &path,
        &quote!(match self { #(#places,)* }),
    )
}

/// An implementation for a type with faults.
pub(crate) fn stand_in(written: &Written) -> TokenStream {
    let root = paths::root(written.krate.as_ref());
    implementation(
        &written.input.ident,
        &written.input.generics,
        &root,
        1,
        &quote!(#root::support::LatencyPath::new("", 0, &[])),
        &quote!(0),
    )
}

fn implementation(
    ident: &Ident,
    generics: &Generics,
    root: &TokenStream,
    marks: usize,
    path: &TokenStream,
    place: &TokenStream,
) -> TokenStream {
    let marks = Literal::usize_unsuffixed(marks);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #root::LatencyStages for #ident #arguments #bounds {
            type Ticks = [::core::primitive::u64; #marks];

            fn __tickspan_path() -> &'static #root::support::LatencyPath {
                static __TICKSPAN_PATH: #root::support::LatencyPath = #path;
                &__TICKSPAN_PATH
            }

            #[inline]
            fn __tickspan_place(self) -> ::core::primitive::usize {
                #place
            }
        }
    }
}
