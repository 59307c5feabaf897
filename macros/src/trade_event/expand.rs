//! From the model to tokens. Nothing can fail here.
//!
//! ```text
//! const _: () = {
//!     static __TICKSPAN_EVENT: Callsite = ..;
//!     impl TradeEvent for QuotePulled {
//!         const NAME: &'static str = "quote_pulled";
//!         const KEYS: &'static [&'static str] = &["symbol", ..];
//!         fn record(&self) -> Acknowledgement {
//!             if Callsite::is_enabled(&__TICKSPAN_EVENT) {
//!                 record_trade(&__TICKSPAN_EVENT, &[VALUE, ..])
//!             } else {
//!                 left_out()
//!             }
//!         }
//!     }
//! };
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::analyze::Event;
use crate::callsite::{Callsite, event_keys, function_item, keys, values};
use crate::names::settings;
use crate::paths::Support;

pub(crate) fn expand(event: &Event) -> TokenStream {
    let Event {
        ident,
        generics,
        root,
        name,
        captures,
        noted,
        ..
    } = event;
    let support = Support::within(root);
    let function = function_item();
    let site = Callsite {
        ident: "__TICKSPAN_EVENT",
        name: name.clone(),
        target: event.target.as_ref(),
        level: event.level.clone(),
        kind: quote!(TradeEvent),
        fields: event_keys(captures),
        labels: &[],
        at: ident.span(),
        support: &support,
    };
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let own_keys = keys(captures, &[], &[]);
    let values = values(captures);
    let pin = settings::pin();
    quote! {
        const _: () = {
            #pin
            #function
            #site

            #[automatically_derived]
            impl #parameters #root::TradeEvent for #ident #arguments #bounds {
                const NAME: &'static ::core::primitive::str = #name;

                const KEYS: &'static [&'static ::core::primitive::str] = #own_keys;

                #[inline]
                fn record(&self) -> #root::Acknowledgement {
                    if #support::Callsite::is_enabled(&__TICKSPAN_EVENT) {
                        #noted
                        #support::record_trade(&__TICKSPAN_EVENT, #values)
                    } else {
                        #support::left_out()
                    }
                }
            }
        };
    }
}
