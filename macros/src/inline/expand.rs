//! From the model to tokens. Nothing can fail here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::analyze::{Common, Inline};
use crate::callsite::{Callsite, SPAN_TAIL, event_keys, function_item, keys, values};
use crate::names::settings;
use crate::setting::{Kind, Level};
use crate::stage::expand::{entered, hidden, opened, started};

pub(crate) fn expand(inline: Inline) -> TokenStream {
    let pin = settings::pin();
    match inline {
        Inline::Stage {
            common,
            kind,
            parent,
            late,
            named,
            future,
        } => {
            let support = &common.support;
            let kind = Kind::tokens(kind.as_ref());
            let fields = keys(&common.captures, &late, &SPAN_TAIL);
            let site = site("__TICKSPAN_STAGE", &common, kind, fields);
            let noted = &common.noted;
            let start = started(&parent, &values(&common.captures), support);
            let start = quote!({ #noted #start });
            let hidden = hidden(&late, support);
            let stage = match future {
                None => entered(&start, hidden, support),
                Some(future) => {
                    let opened = opened(&start, hidden, support);
                    quote_spanned! {Span::mixed_site()=>
                        let __tickspan_open = #opened;
                        #support::StageFuture::of(
                            #future,
                            __tickspan_open,
                            |__tickspan_returned, __tickspan_stage| {
                                #support::StageGuard::end_as(
                                    __tickspan_stage,
                                    #support::Returned::new(__tickspan_returned).__tickspan_error(),
                                );
                            },
                        )
                    }
                }
            };
            quote!({ #pin #site #(if false { _ = #named; })* #stage })
        }
        Inline::Event(common) => {
            let support = &common.support;
            let fields = event_keys(&common.captures);
            let site = site("__TICKSPAN_EVENT", &common, quote!(Event), fields);
            let values = values(&common.captures);
            let noted = &common.noted;
            quote! {{
                #pin
                #site
                if #support::Callsite::is_enabled(&__TICKSPAN_EVENT) {
                    #noted
                    #support::emit(&__TICKSPAN_EVENT, #values);
                }
            }}
        }
        Inline::Record {
            support,
            captures,
            noted,
        } => {
            let fields = keys(&captures, &[], &[]);
            let values = values(&captures);
            quote! {{
                #pin
                static __TICKSPAN_LATE: #support::LateCallsite = #support::LateCallsite::new(#fields);
                if #support::LateCallsite::is_enabled(&__TICKSPAN_LATE) {
                    #noted
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
        labels: &[],
        at: Span::call_site(),
        support,
    };
    quote!(#function #callsite)
}
