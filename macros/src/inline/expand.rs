//! From the model to tokens. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::analyze::{Common, Inline};
use crate::callsite::{Callsite, SPAN_TAIL, function_item, keys, values};
use crate::setting::{Kind, Level};
use crate::stage::expand::parent_tokens;

pub(crate) fn expand(inline: Inline) -> TokenStream {
    match inline {
        Inline::Stage {
            common,
            kind,
            parent,
            late,
            future,
        } => {
            let support = &common.support;
            let kind = Kind::tokens(kind.as_ref());
            let fields = keys(&common.captures, &late, &SPAN_TAIL);
            let site = site("__TICKSPAN_STAGE", &common, kind, fields);
            let parent = parent_tokens(&parent, support);
            let values = values(&common.captures);
            let start = quote!(__TICKSPAN_STAGE.start(#parent, #values));
            let stage = match future {
                None => quote! {
                    if __TICKSPAN_STAGE.is_enabled() { #start.enter() } else { #support::StageGuard::off() }
                },
                Some(future) => quote_spanned! {Span::mixed_site()=>
                    #support::StageFuture::of(
                        if __TICKSPAN_STAGE.is_enabled() {
                            ::core::option::Option::Some(#start)
                        } else {
                            ::core::option::Option::None
                        },
                        #future,
                        |__tickspan_returned, __tickspan_stage| {
                            __tickspan_stage.end(&#support::Returned::new(__tickspan_returned).outcome());
                        },
                    )
                },
            };
            quote!({ #site #stage })
        }
        Inline::Event(common) => {
            let support = &common.support;
            let fields = keys(&common.captures, &[], &[]);
            let fields = quote!("message", #fields);
            let site = site("__TICKSPAN_EVENT", &common, quote!(Event), fields);
            let values = values(&common.captures);
            quote! {{
                #site
                if __TICKSPAN_EVENT.is_enabled() {
                    #support::emit(&__TICKSPAN_EVENT, #values);
                }
            }}
        }
        Inline::Record { support, captures } => {
            let fields = keys(&captures, &[], &[]);
            let values = values(&captures);
            quote! {{
                static __TICKSPAN_LATE: #support::LateCallsite = #support::LateCallsite::new(&[#fields]);
                if __TICKSPAN_LATE.is_enabled() {
                    #support::record_late(&__TICKSPAN_LATE, #values);
                }
            }}
        }
    }
}

fn site(ident: &str, common: &Common, kind: TokenStream, fields: TokenStream) -> TokenStream {
    let Common {
        support,
        name,
        level,
        target,
        ..
    } = common;
    let function = function_item();
    let callsite = Callsite {
        ident,
        name: name.to_token_stream(),
        target: target.as_ref(),
        level: Level::tokens(level.as_ref(), "info", support),
        kind,
        fields,
        at: Span::call_site(),
        support,
    };
    quote!(#function #callsite)
}
