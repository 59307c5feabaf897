//! From the model to tokens. Nothing can fail here.
//!
//! A function that may return a `Result`, such as
//!
//! ```ignore
//! #[traced_stage(err)]
//! fn submit(quantity: u64, venue: &Venue) -> Result<OrderId, Rejected> { body }
//! ```
//!
//! becomes
//!
//! ```ignore
//! fn submit(quantity: u64, venue: &Venue) -> Result<OrderId, Rejected> {
//!     enum Function {}                                   // its type name is the function's path
//!     static STAGE: Callsite = Callsite::new(&Site { name: "submit", fields: &["quantity", "venue", ..], .. }, &STAGE);
//!     static ERROR: Callsite = ..;
//!     let guard = if STAGE.is_enabled() {
//!         STAGE.start(Parent::Current, &[Implicit::new(&quantity).value(), Implicit::new(&venue).value()]).enter()
//!     } else {
//!         StageGuard::off()
//!     };
//!     let quantity = quantity;                           // an unused argument is still told
//!     let venue = venue;
//!     let returned = support::call(move || -> Result<OrderId, Rejected> { body });
//!     guard.finish(&returned, |returned, stage| stage.end_with_event(returned, &ERROR));
//!     returned
//! }
//! ```
//!
//! Local names are hygienic, and items begin with `__TICKSPAN`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ReturnType, Signature};

use super::analyze::{Asynchronous, Ending, Parent, Returns, Shape, Stage};
use super::parse::{Level, Text};
use crate::field::{Capture, Key};

/// The keys that end the list of every span; `tickspan::record::callsite::tail` knows their places.
pub(crate) const TAIL: [&str; 4] = [
    "otel.kind",
    "otel.status_code",
    "tickspan.outcome",
    "error.type",
];

pub(crate) fn expand(stage: Stage) -> TokenStream {
    let Stage {
        attrs,
        vis,
        defaultness,
        sig,
        support,
        ending,
        mark,
        shape,
        ..
    } = &stage;
    let items = items(&stage);
    let mark = mark.as_ref().map(|mark| quote!(if false { _ = #mark; }));
    let body = match shape {
        Shape::Plain { body, returns } => {
            let guard = guard(&stage);
            let rebound = rebound(&stage);
            let finish = ending.ret.as_ref().map(|_| {
                let finish = finish(ending, sig, support);
                quote!(__tickspan_guard.finish(&__tickspan_returned, #finish);)
            });
            match returns {
                Returns::Opaque => quote_spanned!(Span::mixed_site()=> #guard #body),
                Returns::Value(ty) => quote_spanned!(Span::mixed_site()=>
                    #guard
                    #rebound
                    let __tickspan_returned: #ty = #body;
                    // Where the body never ends, this is never reached, and that is nothing to warn of.
                    #[allow(unreachable_code, clippy::needless_return)]
                    {
                        #finish
                        return __tickspan_returned;
                    }
                ),
            }
        }
        Shape::Classified { body, returns } => {
            let guard = guard(&stage);
            let rebound = rebound(&stage);
            let finish = finish(ending, sig, support);
            quote_spanned!(Span::mixed_site()=>
                #guard
                #rebound
                let __tickspan_returned = #support::call(move || -> #returns #body);
                __tickspan_guard.finish(&__tickspan_returned, #finish);
                __tickspan_returned
            )
        }
        Shape::Async { body, returns } => {
            let begin = begin(&stage);
            let finish = finish(ending, sig, support);
            // The type of the block is fixed first, so that what is returned is coerced to it and a mismatch is
            // told where it stands.
            let anchor = returns.as_ref().map(|returns| {
                quote_spanned!(Span::mixed_site()=>
                    if false {
                        return #support::any::<#returns>();
                    }
                )
            });
            quote_spanned!(Span::mixed_site()=>
                #support::StageFuture::around(async move { #begin #anchor #body }, #finish).await
            )
        }
        Shape::Future { body } => {
            let open = open(&stage);
            let rebound = rebound(&stage);
            let future = quote_spanned!(Span::mixed_site()=> #support::call(move || #body));
            let wrapped = wrap(Asynchronous::Future, &future, ending, sig, support);
            quote!(#open #rebound #wrapped)
        }
        Shape::Stream { body } => {
            let open = open(&stage);
            let rebound = rebound(&stage);
            let stream = quote_spanned!(Span::mixed_site()=> #support::call(move || #body));
            let wrapped = wrap(Asynchronous::Stream, &stream, ending, sig, support);
            quote!(#open #rebound #wrapped)
        }
        Shape::Boxed { body, returns } => {
            let open = open(&stage);
            let rebound = rebound(&stage);
            quote_spanned!(Span::mixed_site()=>
                #open
                #rebound
                let __tickspan_returned: #returns = #body;
                __tickspan_returned
            )
        }
    };
    quote! {
        #(#attrs)*
        #vis #defaultness #sig {
            #items
            #mark
            #body
        }
    }
}

/// A future or stream with the stage around it.
pub(crate) fn around(
    kind: Asynchronous,
    inner: &Expr,
    ending: &Ending,
    sig: &Signature,
    support: &TokenStream,
) -> TokenStream {
    wrap(kind, &inner.to_token_stream(), ending, sig, support)
}

fn wrap(
    kind: Asynchronous,
    inner: &TokenStream,
    ending: &Ending,
    sig: &Signature,
    support: &TokenStream,
) -> TokenStream {
    match kind {
        Asynchronous::Future => {
            let finish = finish(ending, sig, support);
            quote_spanned!(Span::mixed_site()=> #support::StageFuture::of(__tickspan_open, #inner, #finish))
        }
        Asynchronous::Stream => {
            quote_spanned!(Span::mixed_site()=> #support::StageStream::of(__tickspan_open, #inner))
        }
    }
}

/// The statics.
fn items(stage: &Stage) -> TokenStream {
    let Stage {
        sig,
        support,
        name,
        target,
        level,
        kind,
        captures,
        late,
        ending,
        ..
    } = stage;
    let kind = kind
        .as_ref()
        .map_or_else(|| quote!(Internal), ToTokens::to_token_stream);
    let function = quote!(__TickspanFunction);
    let at = sig.ident.span();
    let level = level_tokens(level.as_ref(), "info", support);
    let fields = keys(captures, late, &TAIL);
    let span = callsite(&Callsite {
        ident: "__TICKSPAN_STAGE",
        name: name.clone(),
        target: target.as_ref(),
        level: level.clone(),
        kind,
        function: function.clone(),
        fields,
        at,
        support,
    });
    let error = ending.err.as_ref().map(|err| {
        callsite(&Callsite {
            ident: "__TICKSPAN_ERROR",
            name: quote!("error"),
            target: target.as_ref(),
            level: level_tokens(err.value.level.as_ref(), "error", support),
            kind: quote!(Event),
            function: function.clone(),
            fields: quote!("error.type"),
            at,
            support,
        })
    });
    let returned = ending.ret.as_ref().map(|given| {
        callsite(&Callsite {
            ident: "__TICKSPAN_RETURN",
            name: quote!("return"),
            target: target.as_ref(),
            level: given
                .as_ref()
                .map_or(level, |given| level_tokens(Some(given), "info", support)),
            kind: quote!(Event),
            function: function.clone(),
            fields: quote!("return"),
            at,
            support,
        })
    });
    quote! {
        enum #function {}
        #span
        #error
        #returned
    }
}

/// What a static callsite is made of.
pub(crate) struct Callsite<'a> {
    pub(crate) ident: &'a str,
    pub(crate) name: TokenStream,
    pub(crate) target: Option<&'a Text>,
    pub(crate) level: TokenStream,
    pub(crate) kind: TokenStream,
    /// A type whose name tells the function's path.
    pub(crate) function: TokenStream,
    pub(crate) fields: TokenStream,
    /// Where `line!()` looks.
    pub(crate) at: Span,
    pub(crate) support: &'a TokenStream,
}

pub(crate) fn callsite(callsite: &Callsite<'_>) -> TokenStream {
    let Callsite {
        ident,
        name,
        target,
        level,
        kind,
        function,
        fields,
        at,
        support,
    } = callsite;
    let ident = syn::Ident::new(ident, Span::call_site());
    let target = match target {
        None => quote!(::core::module_path!()),
        Some(Text::Literal(target)) => target.to_token_stream(),
        Some(Text::Constant(target)) => target.to_token_stream(),
    };
    let line = quote_spanned!(*at=> ::core::line!());
    quote! {
        static #ident: #support::Callsite = #support::Callsite::new(
            &#support::Site {
                name: #name,
                target: #target,
                level: #level,
                kind: #support::Kind::#kind,
                function: ::core::any::type_name::<#function>,
                file: ::core::file!(),
                line: #line,
                module: ::core::module_path!(),
                fields: &[#fields],
            },
            &#ident,
        );
    }
}

/// The keys of a record, in their order.
pub(crate) fn keys(captures: &[Capture], late: &[Key], tail: &[&str]) -> TokenStream {
    let from_start = captures.iter().map(|Capture { key, cfgs, .. }| {
        let key = key.literal();
        quote!(#(#cfgs)* #key,)
    });
    let late = late.iter().map(Key::literal);
    quote!(#(#from_start)* #(#late,)* #(#tail,)*)
}

/// The values of a record, in the order of their keys.
pub(crate) fn values(captures: &[Capture]) -> TokenStream {
    let values = captures
        .iter()
        .map(|Capture { cfgs, value, .. }| quote!(#(#cfgs)* #value,));
    quote!(&[#(#values)*])
}

/// A level in the runtime's terms.
pub(crate) fn level_tokens(
    level: Option<&Level>,
    default: &str,
    support: &TokenStream,
) -> TokenStream {
    match level {
        Some(Level::Constant(path)) => path.to_token_stream(),
        Some(Level::Named(name)) => named_level(name, support),
        None => named_level(default, support),
    }
}

fn named_level(name: &str, support: &TokenStream) -> TokenStream {
    let level = syn::Ident::new(&name.to_uppercase(), Span::call_site());
    quote!(#support::Level::#level)
}

/// The expression that starts the stage.
fn start(stage: &Stage) -> TokenStream {
    let Stage {
        support,
        parent,
        follows_from,
        captures,
        ..
    } = stage;
    let parent = parent_tokens(parent, support);
    let values = values(captures);
    let links = follows_from.as_ref().map(|spans| {
        let at = spans.span().resolved_at(Span::mixed_site());
        quote_spanned!(at=> .following(#spans))
    });
    quote!(__TICKSPAN_STAGE.start(#parent, #values) #links)
}

/// Whose child the span is, in the runtime's terms.
pub(crate) fn parent_tokens(parent: &Parent, support: &TokenStream) -> TokenStream {
    match parent {
        Parent::Current => quote!(#support::Parent::Current),
        Parent::Root => quote!(#support::Parent::Root),
        Parent::Given(span) => {
            let at = span.span().resolved_at(Span::mixed_site());
            quote_spanned!(at=> #support::IntoParent::into_parent(#span))
        }
    }
}

/// The stage that stands in for one that nobody wants, where late attributes must not pass it by.
fn hidden(stage: &Stage) -> Option<TokenStream> {
    stage
        .records_late
        .then(|| quote!(__TICKSPAN_STAGE.hidden()))
}

fn guard(stage: &Stage) -> TokenStream {
    let support = &stage.support;
    let start = start(stage);
    let off = match hidden(stage) {
        Some(hidden) => quote!(#hidden.enter()),
        None => quote!(#support::StageGuard::off()),
    };
    quote_spanned!(Span::mixed_site()=>
        let __tickspan_guard = if __TICKSPAN_STAGE.is_enabled() { #start.enter() } else { #off };
    )
}

fn begin(stage: &Stage) -> TokenStream {
    let start = start(stage);
    let off = hidden(stage).map(|hidden| quote!(else { #hidden.begin(); }));
    quote!(if __TICKSPAN_STAGE.is_enabled() { #start.begin(); } #off)
}

fn open(stage: &Stage) -> TokenStream {
    let start = start(stage);
    let off = match hidden(stage) {
        Some(hidden) => quote!(::core::option::Option::Some(#hidden)),
        None => quote!(::core::option::Option::None),
    };
    quote_spanned!(Span::mixed_site()=>
        let __tickspan_open = if __TICKSPAN_STAGE.is_enabled() { ::core::option::Option::Some(#start) } else { #off };
    )
}

/// The arguments under bindings of the body's own. The lints that are allowed are those that fire on a
/// binding of the same name; those that fire on an unused one are not.
fn rebound(stage: &Stage) -> TokenStream {
    let bindings = stage
        .rebound
        .iter()
        .zip(&stage.captures)
        .map(|(pattern, capture)| {
            let (cfgs, ident) = (&capture.cfgs, &pattern.ident);
            quote! {
                #(#cfgs)*
                #[allow(
                    clippy::redundant_locals,
                    clippy::shadow_reuse,
                    clippy::shadow_same,
                    clippy::shadow_unrelated,
                )]
                let #pattern = #ident;
            }
        });
    quote!(#(#bindings)*)
}

/// The closure that is told what the function returned.
fn finish(ending: &Ending, sig: &Signature, support: &TokenStream) -> TokenStream {
    let returned_at = match &sig.output {
        ReturnType::Type(_, ty) => ty.span().resolved_at(Span::mixed_site()),
        ReturnType::Default => Span::mixed_site(),
    };
    let ret = ending.ret.as_ref().map(|_| {
        let value =
            quote_spanned!(returned_at=> #support::Returned::new(__tickspan_returned).value());
        quote_spanned!(Span::mixed_site()=> #support::emit(&__TICKSPAN_RETURN, &[#value]);)
    });
    let end = match &ending.err {
        None => quote_spanned!(Span::mixed_site()=>
            __tickspan_stage.end(#support::Returned::new(__tickspan_returned).outcome());
        ),
        Some(err) => {
            let at = err.name.span().resolved_at(Span::mixed_site());
            match &err.value.map {
                None => quote_spanned!(at=>
                    __tickspan_stage.end_with_event(__tickspan_returned, &__TICKSPAN_ERROR);
                ),
                Some(map) => {
                    let at = map.span().resolved_at(Span::mixed_site());
                    quote_spanned!(at=>
                        __tickspan_stage.end_mapped(__tickspan_returned, #map, &__TICKSPAN_ERROR);
                    )
                }
            }
        }
    };
    quote_spanned!(Span::mixed_site()=> |__tickspan_returned, __tickspan_stage| { #ret #end })
}
