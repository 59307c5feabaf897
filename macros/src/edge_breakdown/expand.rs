//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! const _: () = {
//!     const __TICKSPAN_PARTS: &[Part] = &[Part { key: "edge.gross", role: Role::Gross }, ..];
//!     const __TICKSPAN_KEYS: [&str; ..] = event_keys(__TICKSPAN_PARTS);
//!     static __TICKSPAN_EVENT: Callsite = ..;
//!     const __TICKSPAN_UNIT: Option<&str> = Some("USD");
//!     static __TICKSPAN_EDGE: EdgeSite = EdgeSite::new(&__TICKSPAN_EVENT, "edge", __TICKSPAN_UNIT, __TICKSPAN_PARTS);
//!     impl EdgeBreakdown for Edge {
//!         type Amount = f64;
//!         const PARTS: &'static [Part] = __TICKSPAN_PARTS;
//!         const UNIT: Option<&'static str> = __TICKSPAN_UNIT;
//!         fn __tickspan_site() -> &'static EdgeSite { &__TICKSPAN_EDGE }
//!         fn __tickspan_with<'v, R>(&'v self, computed: Computed<'v>, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
//!             same_amount::<f64, f64>();
//!             let [computed_0, ..] = support::computed(computed);
//!             run(&[computed_0, .., VALUE, ..])
//!         }
//!     }
//! };
//! ```
//!
//! The keys of legs are put together when the program is compiled, from those of the legs' types. So statics and
//! constants stand outside the `impl`, where no type parameter is in scope.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse_quote;
use syn::spanned::Spanned;

use super::analyze::{Edge, Leg, Part, PartValue};
use crate::callsite::{Callsite, function_item};
use crate::generics::mentions_parameter;
use crate::names::{self, settings};
use crate::paths::Support;

/// How many values stand before those of the parts: what is computed of the edge.
const COMPUTED: usize = 6;

pub(crate) fn expand(edge: &Edge) -> TokenStream {
    let Edge {
        ident,
        root,
        name,
        amount,
        amount_at,
        ..
    } = edge;
    let support = Support::within(root);
    // Here stands the caret where it is more private than the edge.
    let amount_item = quote_spanned!(*amount_at=> type Amount = #amount;);
    let parts = parts(edge, &support);
    let function = function_item();
    let event = Callsite {
        ident: "__TICKSPAN_EVENT",
        name: quote!("edge"),
        target: edge.target.as_ref(),
        level: edge.level.clone(),
        kind: quote!(Event),
        fields: quote!(&__TICKSPAN_KEYS),
        labels: &[],
        at: ident.span(),
        support: &support,
    };
    let unit = unit(edge, &support);
    let mut generics = edge.generics.clone();
    if let Ok(ty) = syn::parse2(amount.clone()) {
        if mentions_parameter(&ty, &edge.generics) {
            let bound = parse_quote!(#ty: #root::EdgeAmount);
            generics.make_where_clause().predicates.push(bound);
        }
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let same = edge.others.iter().map(|(other, at)| {
        let at = at.resolved_at(Span::call_site());
        quote_spanned!(at=> #support::same_amount::<#amount, #other>();)
    });
    let values = values(edge, &support);
    let noted = &edge.noted;
    let pin = settings::pin();
    quote! {
        const _: () = {
            #pin
            #function
            #parts
            const __TICKSPAN_KEYS: [&::core::primitive::str; #support::event_keys_len(__TICKSPAN_PARTS)] =
                #support::event_keys(__TICKSPAN_PARTS);
            #event
            #unit
            static __TICKSPAN_EDGE: #support::EdgeSite =
                #support::EdgeSite::new(&__TICKSPAN_EVENT, #name, __TICKSPAN_UNIT, __TICKSPAN_PARTS);

            #[automatically_derived]
            impl #parameters #root::EdgeBreakdown for #ident #arguments #bounds {
                #amount_item

                const PARTS: &'static [#support::Part] = __TICKSPAN_PARTS;

                const UNIT: ::core::option::Option<&'static ::core::primitive::str> = __TICKSPAN_UNIT;

                #[inline]
                fn __tickspan_site() -> &'static #support::EdgeSite {
                    &__TICKSPAN_EDGE
                }

                #[inline]
                fn __tickspan_with<'__tickspan, __TickspanReturned>(
                    &'__tickspan self,
                    __tickspan_computed: #support::Computed<'__tickspan>,
                    __tickspan_run: impl ::core::ops::FnOnce(&[#support::Value<'_>]) -> __TickspanReturned,
                ) -> __TickspanReturned {
                    #(#same)*
                    #noted
                    #values
                }
            }
        };
    }
}

/// The unit of the edge: its own, which its legs have, too, or theirs.
fn unit(edge: &Edge, support: &Support) -> TokenStream {
    let own = edge.unit.as_ref().map_or_else(
        || quote!(::core::option::Option::None),
        |unit| quote!(::core::option::Option::Some(#unit)),
    );
    let root = &edge.root;
    let unit = edge.legs.iter().fold(own, |unit, Leg { ty, .. }| {
        let at = ty.span().resolved_at(Span::call_site());
        let here = support.at(at);
        // Each use of the type as an edge stands where the type stands: what is no edge is told once.
        let of_leg = quote!(<#ty as #root::EdgeBreakdown>::UNIT);
        quote_spanned!(at=> #here::one_unit(#unit, #of_leg))
    });
    quote!(
        const __TICKSPAN_UNIT: ::core::option::Option<&::core::primitive::str> = #unit;
    )
}

/// The parts of the edge: its legs', and its own.
fn parts(edge: &Edge, support: &Support) -> TokenStream {
    let own = edge.parts.iter().map(|Part { role, key, .. }| {
        let role = format_ident!("{role}");
        quote!(#support::Part { key: #key, role: #support::Role::#role })
    });
    if edge.legs.is_empty() {
        return quote!(const __TICKSPAN_PARTS: &[#support::Part] = &[#(#own),*];);
    }
    let root = &edge.root;
    let mut legs = TokenStream::new();
    let mut lists = Vec::new();
    for (index, leg) in edge.legs.iter().enumerate() {
        let (of_type, bytes, list) = (
            format_ident!("__TICKSPAN_TYPE_{index}"),
            format_ident!("__TICKSPAN_BYTES_{index}"),
            format_ident!("__TICKSPAN_LEG_{index}"),
        );
        let (name, ty) = (&leg.name, &leg.ty);
        legs.extend(quote! {
            const #of_type: &[#support::Part] = <#ty as #root::EdgeBreakdown>::PARTS;
            const #bytes: [::core::primitive::u8; #support::leg_len(#name, #of_type)] =
                #support::leg_bytes(#name, #of_type);
            const #list: [#support::Part; <[#support::Part]>::len(#of_type)] = #support::leg_parts(#name, #of_type, &#bytes);
        });
        if names::may_begin(&leg.name) {
            let at = leg.field.span().resolved_at(Span::call_site());
            let here = support.at(at);
            legs.extend(quote_spanned! {at=>
                // Keys are looked at byte by byte.
                #[allow(long_running_const_eval)]
                const _: () = #here::check_leg(#of_type, &#list);
            });
        }
        lists.push(list);
    }
    let count = edge.parts.len();
    quote! {
        #legs
        const __TICKSPAN_COUNT: ::core::primitive::usize = #count #(+ <[#support::Part]>::len(&#lists))*;
        const __TICKSPAN_PARTS: &[#support::Part] =
            &#support::join_parts::<__TICKSPAN_COUNT>(&[#(&#lists,)* &[#(#own),*]]);
    }
}

/// The call of what gets the values.
fn values(edge: &Edge, support: &Support) -> TokenStream {
    let mut masks = Vec::new();
    let own: Vec<TokenStream> = edge
        .parts
        .iter()
        .map(|part| match &part.value {
            PartValue::Value(value) => value.clone(),
            PartValue::Masked(masked) => {
                let name = format_ident!("__tickspan_mask_{}", masks.len());
                masks.push(quote!(let #name = __tickspan_computed.is_some().then(|| #masked);));
                quote!(#support::masked(&#name))
            }
        })
        .collect();
    if edge.legs.is_empty() {
        let computed: Vec<_> = (0..COMPUTED)
            .map(|index| format_ident!("__tickspan_computed_{index}"))
            .collect();
        return quote! {
            #(#masks)*
            let [#(#computed),*] = #support::computed(__tickspan_computed);
            __tickspan_run(&[#(#computed,)* #(#own),*])
        };
    }
    let root = &edge.root;
    let lists: Vec<_> = (0..edge.legs.len())
        .map(|index| format_ident!("__tickspan_leg_{index}"))
        .collect();
    let joined = quote! {
        __tickspan_run(&#support::join_values::<{ __TICKSPAN_COUNT + #COMPUTED }>(
            #support::computed(__tickspan_computed),
            &[#(#lists),*],
            &[#(#own),*],
        ))
    };
    let call = edge
        .legs
        .iter()
        .zip(&lists)
        .rev()
        .fold(joined, |inner, (leg, list)| {
            let (field, ty) = (&leg.field, &leg.written);
            quote! {
                <#ty as #root::EdgeBreakdown>::__tickspan_with(
                    &self.#field,
                    #support::computed_of_leg(&__tickspan_computed),
                    |#list| #inner,
                )
            }
        });
    quote!(#(#masks)* #call)
}
