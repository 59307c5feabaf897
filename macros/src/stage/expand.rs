//! From the model to tokens. Nothing can fail here.
//!
//! A function that may return a `Result`, such as
//!
//! ```text
//! #[traced_stage(err)]
//! fn submit(quantity: u64, venue: &Venue) -> Result<OrderId, Rejected> { body }
//! ```
//!
//! becomes
//!
//! ```text
//! fn submit(quantity: u64, venue: &Venue) -> Result<OrderId, Rejected> {
//!     enum Function {}                                   // its type name is the function's path
//!     static STAGE: Callsite = Callsite::new(&Site { name: "submit", fields: &["quantity", "venue", ..], .. }, &STAGE);
//!     static ERROR: Callsite = ..;
//!     let guard = if STAGE.is_enabled() {
//!         STAGE.start(&[Value::u64(quantity), ImplicitText(TextOrSkipped(&venue), Plain).value()])
//!     } else {
//!         StageGuard::off()
//!     };
//!     let quantity = quantity;                           // an unused argument is still told
//!     let venue = venue;
//!     let returned = support::call(move || -> Result<OrderId, Rejected> { body });
//!     guard.finish_with_event(&returned, ErrorKind::new(&returned).kind(), &ERROR);
//!     returned
//! }
//! ```
//!
//! Without `err`, the stage ends by `guard.finish(Returned::new(&returned).error())`; with more than `err`, by a closure.
//!
//! Local names are hygienic, and items begin with `__TICKSPAN`.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Lifetime, ReturnType, Signature, Type};

use super::analyze::{Ending, Parent, Rebound, Shape, Stage};
use super::arguments::returns_duration;
use super::item::Head;
use super::parse::Mark;
use super::returns::{Asynchronous, output, without_impl};
use crate::callsite::{Callsite, SPAN_TAIL, function_item, keys, values};
use crate::field::Key;
use crate::names::gate::{Named, Opened};
use crate::names::settings;
use crate::paths::Support;
use crate::setting::{Kind, Level};

pub(crate) fn expand(stage: &Stage) -> TokenStream {
    let Stage {
        head,
        support,
        ending,
        shape,
        braces_at,
        ..
    } = stage;
    let Head {
        attrs,
        vis,
        defaultness,
        sig,
        inner_attrs,
    } = head;
    let items = items(stage);
    // Names that stand for no code: so that they are looked up, and their imports count as used.
    let named = stage.named.iter();
    let named = quote!(#(if false { _ = #named; })*);
    let body = match shape {
        Shape::Plain { body } => {
            let guard = guard(stage);
            let marking = marking(ending, support);
            let rebound = rebound(stage);
            let body = in_place(body, *braces_at);
            quote!(#guard #marking #rebound #body)
        }
        Shape::Classified { body, returns } => {
            let guard = guard(stage);
            let rebound = rebound(stage);
            let body = in_place(body, *braces_at);
            let marking = always(ending, support);
            let marked = marked(ending, support);
            let finished = finished(ending, sig, support);
            let captured = captured(stage);
            let braces = braces(*braces_at, quote!(#captured #rebound #body));
            quote_spanned!(Span::mixed_site()=>
                #guard
                #marking
                let __tickspan_returned = #support::call(move || -> #returns #braces);
                #marked
                #finished;
                __tickspan_returned
            )
        }
        Shape::Async { body, returns } => {
            let begin = begin(stage);
            let body = in_place(body, *braces_at);
            let captured = captured(stage);
            // Of what never returns nothing can be asked.
            let finish = if returns.is_some() {
                finish(ending, sig, support)
            } else {
                quote!(|_, _| {})
            };
            // The type of the block is fixed first, so that what is returned is coerced to it and a mismatch is
            // told where it stands.
            let anchor = returns.as_ref().map(|returns| anchor(returns, support));
            let braces = braces(*braces_at, quote!(#captured #begin #anchor #body));
            let body = quote_spanned!(Span::mixed_site()=> async move #braces);
            let body = marking_future(body, returns.is_some(), ending, support);
            quote_spanned!(Span::mixed_site()=> #support::StageFuture::around(#body, #finish).await)
        }
        Shape::Opaque { kind, body } => {
            let open = open(stage);
            let rebound = rebound(stage);
            let made = quote_spanned!(Span::mixed_site()=> #support::call(move || #body));
            let wrapped = wrap(*kind, &made, ending, sig, support);
            quote!(#open #rebound #wrapped)
        }
        Shape::Boxed { body } => {
            let open = open(stage);
            let rebound = rebound(stage);
            let body = in_place(body, *braces_at);
            quote!(#open #rebound #body)
        }
    };
    let mut whole = Group::new(Delimiter::Brace, quote!(#inner_attrs #items #named #body));
    // With the braces of the user's own, the item is the user's: lints that look at it whole still fire.
    whole.set_span(*braces_at);
    quote!(#(#attrs)* #vis #defaultness #sig #whole)
}

/// Braces that stand where the user's body stands: what is told of them, such as that they have no value, is
/// told of that.
fn braces(at: Span, content: TokenStream) -> Group {
    let mut braces = Group::new(Delimiter::Brace, content);
    braces.set_span(at.resolved_at(Span::mixed_site()));
    braces
}

/// A `return` of the type `returns` that is never reached. It stands where the type stands: rustc tells of it as
/// the reason for a type.
fn anchor(returns: &Type, support: &Support) -> TokenStream {
    let mut spans = returns
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::mixed_site);
    let last = spans.last().unwrap_or(first);
    let here = support.at(first);
    // What begins with the path and ends with the parentheses is one place only if both are resolved alike.
    let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
    nothing.set_span(last.resolved_at(here.to_token_stream().span()));
    quote_spanned!(Span::mixed_site()=>
        if false {
            return #here::any::<#returns> #nothing;
        }
    )
}

/// The body as the value of what is around it. The braces around it are of this crate's edition: what its last
/// expression borrows ends there, before the bindings that it borrows from. The label keeps rustc from
/// calling the body's own braces unnecessary; it stands where they stand, for a fault of the whole body is told
/// from there on.
fn in_place(body: &impl ToTokens, at: Span) -> Group {
    let label = Lifetime::new("'__tickspan_body", at);
    braces(at, quote_spanned!(Span::mixed_site()=> #label: #body))
}

/// A future or stream with the stage around it.
pub(crate) fn around(
    kind: Asynchronous,
    inner: &Expr,
    ending: &Ending,
    sig: &Signature,
    support: &Support,
) -> TokenStream {
    wrap(kind, &inner.to_token_stream(), ending, sig, support)
}

fn wrap(
    kind: Asynchronous,
    inner: &TokenStream,
    ending: &Ending,
    sig: &Signature,
    support: &Support,
) -> TokenStream {
    match kind {
        Asynchronous::Future => {
            let finish = finish(ending, sig, support);
            let output = match &sig.output {
                ReturnType::Type(_, ty) => output(ty).map(without_impl),
                ReturnType::Default => None,
            };
            let output = output.map_or_else(|| quote!(_), ToTokens::into_token_stream);
            let inner =
                quote_spanned!(Span::mixed_site()=> #support::of_output::<#output, _>(#inner));
            let inner = marking_future(inner, true, ending, support);
            quote_spanned!(Span::mixed_site()=>
                #support::StageFuture::of(#inner, __tickspan_open, #finish)
            )
        }
        Asynchronous::Stream => {
            let inner = match &ending.mark {
                None => inner.clone(),
                Some(given) => {
                    let (mark, always) = (mark(given, support), given.always);
                    quote_spanned!(Span::mixed_site()=>
                        #support::MarkStream::new(#inner, || #mark, #always)
                    )
                }
            };
            quote_spanned!(Span::mixed_site()=> #support::StageStream::of(#inner, __tickspan_open))
        }
    }
}

/// The statics.
fn items(stage: &Stage) -> TokenStream {
    let Stage {
        head,
        support,
        ending,
        ..
    } = stage;
    let function = function_item();
    let level = Level::tokens(stage.level.as_ref(), "info", support);
    let callsite = |ident, name, level, kind, fields| Callsite {
        ident,
        name,
        target: stage.target.as_ref(),
        level,
        kind,
        fields,
        labels: &[],
        at: head.sig.ident.span(),
        support,
    };
    let error = ending.err.as_ref().map(|err| {
        let level = Level::tokens(err.value.level.as_ref(), "error", support);
        callsite(
            "__TICKSPAN_ERROR",
            quote!("error"),
            level,
            quote!(Event),
            if err.value.map.is_some() {
                quote!(&["error.type"])
            } else {
                quote!(&["error.type", "tickspan.error.kind"])
            },
        )
    });
    let returned = ending.ret.as_ref().map(|ret| {
        let key = if returns_duration(&head.sig.output) {
            "return_seconds"
        } else {
            "return"
        };
        let level = match &ret.level {
            Some(given) => Level::tokens(Some(given), "info", support),
            None => level.clone(),
        };
        callsite(
            "__TICKSPAN_RETURN",
            quote!("return"),
            level,
            quote!(Event),
            quote!(&[#key]),
        )
    });
    let mut span = callsite(
        "__TICKSPAN_STAGE",
        stage.name.clone(),
        level,
        Kind::tokens(stage.kind.as_ref()),
        keys(&stage.captures, &stage.late, &SPAN_TAIL),
    );
    span.labels = &stage.labels;
    let pin = settings::pin();
    quote!(#pin #function #span #error #returned)
}

/// The expression that starts the stage. Methods are called by their path: a trait of the user's in scope
/// must not come between.
fn start(stage: &Stage) -> TokenStream {
    let Stage {
        support,
        parent,
        follows_from,
        captures,
        noted,
        ..
    } = stage;
    let values = values(captures);
    let start = match follows_from {
        None => started(parent, &values, support),
        Some(spans) => {
            let parent = parent_tokens(parent, support);
            let at = spans.span().resolved_at(Span::mixed_site());
            let here = support.at(at);
            quote_spanned! {at=>
                #here::Callsite::start_following(&__TICKSPAN_STAGE, #parent, #values, #spans)
            }
        }
    };
    quote!({ #noted #start })
}

/// The expression that starts a stage without links.
pub(crate) fn started(parent: &Parent, values: &TokenStream, support: &Support) -> TokenStream {
    if let Parent::Current = parent {
        return quote!(#support::Callsite::start(&__TICKSPAN_STAGE, #values));
    }
    let parent = parent_tokens(parent, support);
    quote!(#support::Callsite::start_under(&__TICKSPAN_STAGE, #parent, #values))
}

/// Whose child the span is, in the runtime's terms.
fn parent_tokens(parent: &Parent, support: &Support) -> TokenStream {
    match parent {
        Parent::Current => quote!(#support::Parent::Current),
        Parent::Root => quote!(#support::Parent::Root),
        Parent::Given(span) => {
            let at = span.span().resolved_at(Span::mixed_site());
            let here = support.at(at);
            quote_spanned!(at=> #here::IntoParent::into_parent(#span))
        }
    }
}

/// The stage that stands in for one that nobody wants, where late attributes must not pass it by.
pub(crate) fn hidden(late: &[Key], support: &Support) -> Option<TokenStream> {
    (!late.is_empty()).then(|| quote!(#support::Callsite::hidden(&__TICKSPAN_STAGE)))
}

/// The expression that makes a stage current, or nothing.
pub(crate) fn entered(
    start: &TokenStream,
    hidden: Option<TokenStream>,
    support: &Support,
) -> TokenStream {
    let off = hidden.unwrap_or_else(|| quote!(#support::StageGuard::off()));
    quote!(
        if #support::Callsite::is_enabled(&__TICKSPAN_STAGE) {
            #start
        } else {
            #off
        }
    )
}

/// The expression that makes a stage current until a future or stream takes it, or nothing.
pub(crate) fn opened(
    start: &TokenStream,
    hidden: Option<TokenStream>,
    support: &Support,
) -> TokenStream {
    let off = hidden.map_or_else(
        || quote!(::core::option::Option::None),
        |hidden| quote!(::core::option::Option::Some(#hidden)),
    );
    quote!(
        if #support::Callsite::is_enabled(&__TICKSPAN_STAGE) {
            ::core::option::Option::Some(#start)
        } else {
            #off
        }
    )
}

fn guard(stage: &Stage) -> TokenStream {
    let entered = entered(
        &start(stage),
        hidden(&stage.late, &stage.support),
        &stage.support,
    );
    quote_spanned!(Span::mixed_site()=> let __tickspan_guard = #entered;)
}

fn begin(stage: &Stage) -> TokenStream {
    let support = &stage.support;
    let start = start(stage);
    let off = hidden(&stage.late, support)
        .map(|hidden| quote!(else { #support::StageGuard::begin(#hidden); }));
    quote!(
        if #support::Callsite::is_enabled(&__TICKSPAN_STAGE) {
            #support::StageGuard::begin(#start);
        }
        #off
    )
}

fn open(stage: &Stage) -> TokenStream {
    let opened = opened(
        &start(stage),
        hidden(&stage.late, &stage.support),
        &stage.support,
    );
    quote_spanned!(Span::mixed_site()=> let __tickspan_open = #opened;)
}

/// The arguments under bindings of the body's own, so that they are dropped in their order and what rustc
/// says of an unused one is still said. Clippy's lints are not for a binding of the same name; they are named to
/// clippy alone, for rustc takes long to find that a lint is not one of its own. No group is named: a crate may forbid
/// one of its lints.
fn rebound(stage: &Stage) -> TokenStream {
    let bindings = stage.rebound.iter().map(
        |Rebound {
             pattern,
             cfgs,
             lints,
             ..
         }| {
            let ident = &pattern.ident;
            let of_underscore = ident.to_string().starts_with('_').then(|| {
                quote!(
                    clippy::no_effect_underscore_binding,
                    clippy::used_underscore_binding
                )
            });
            quote! {
                #(#cfgs)*
                #[cfg_attr(clippy, allow(clippy::shadow_same, #of_underscore))]
                #(#lints)*
                let #pattern = #ident;
            }
        },
    );
    // What an option uses, the body need not.
    let used = stage.rebound.iter().filter(|it| it.used);
    let used = mentioned(used.map(|it| (&it.cfgs, &it.pattern.ident)));
    quote!(#(#bindings)* #used)
}

/// Mentions what the body captures.
fn captured(stage: &Stage) -> TokenStream {
    mentioned(stage.mentioned.iter().map(|(cfgs, name)| (cfgs, name)))
}

/// Mentions arguments, which then count as used.
fn mentioned<'a>(arguments: impl Iterator<Item = (&'a Vec<Attribute>, &'a Ident)>) -> TokenStream {
    let mentions: TokenStream = arguments
        .map(|(cfgs, argument)| {
            let is_underscore = argument.to_string().starts_with('_');
            let lint = is_underscore
                .then(|| quote!(#[cfg_attr(clippy, allow(clippy::used_underscore_binding))]));
            quote!(#(#cfgs)* #lint { _ = &#argument; })
        })
        .collect();
    if mentions.is_empty() {
        return mentions;
    }
    quote!(if false { #mentions })
}

/// The expression that ends a stage by what the function returned. A closure would be compiled again for each
/// function, so there is one only where more is asked than whether it is an error.
fn finished(ending: &Ending, sig: &Signature, support: &Support) -> TokenStream {
    match ending {
        Ending {
            ret: None,
            err: None,
            ..
        } => quote_spanned!(Span::mixed_site()=>
            #support::StageGuard::finish(
                __tickspan_guard,
                #support::Returned::new(&__tickspan_returned).__tickspan_error(),
            )
        ),
        Ending {
            ret: None,
            err: Some(err),
            ..
        } if err.value.map.is_none() => {
            let at = err.name.span().resolved_at(Span::mixed_site());
            let here = support.at(at);
            quote_spanned!(at=>
                #here::StageGuard::finish_with_event(
                    __tickspan_guard,
                    &__tickspan_returned,
                    #here::ErrorKind::new(&__tickspan_returned).__tickspan_kind(),
                    &__TICKSPAN_ERROR,
                )
            )
        }
        _ => {
            let finish = finish(ending, sig, support);
            quote_spanned!(Span::mixed_site()=>
                #support::StageGuard::finish_with(__tickspan_guard, &__tickspan_returned, #finish)
            )
        }
    }
}

/// The expression that marks, with a caret on the path where it is none.
fn mark(mark: &Mark, support: &Support) -> TokenStream {
    let path = &mark.path;
    let at = path.span().resolved_at(Span::mixed_site());
    let here = support.at(at);
    quote_spanned!(at=> #here::mark(#path))
}

/// A guard that marks where a function ends whose return is not looked at.
fn marking(ending: &Ending, support: &Support) -> Option<TokenStream> {
    let mark = ending.mark.as_ref()?;
    let how = if mark.always { "always" } else { "returned" };
    Some(guarded(mark, how, support))
}

/// A guard that marks where a function ends, if that is asked for.
fn always(ending: &Ending, support: &Support) -> Option<TokenStream> {
    let mark = ending.mark.as_ref().filter(|mark| mark.always)?;
    Some(guarded(mark, "always", support))
}

fn guarded(given: &Mark, how: &str, support: &Support) -> TokenStream {
    let (how, mark) = (Ident::new(how, Span::mixed_site()), mark(given, support));
    quote_spanned!(Span::mixed_site()=> let __tickspan_marking = #support::MarkGuard::#how(|| #mark);)
}

/// Marks, before the stage ends.
fn marked(ending: &Ending, support: &Support) -> Option<TokenStream> {
    let given = ending.mark.as_ref()?;
    if given.always {
        return Some(quote_spanned!(Span::mixed_site()=> ::core::mem::drop(__tickspan_marking);));
    }
    let mark = mark(given, support);
    Some(quote_spanned!(Span::mixed_site()=>
        if #support::Passed::new(&__tickspan_returned).__tickspan_passed() {
            #mark;
        }
    ))
}

/// A future that marks where it is done. Of what never returns nothing can be asked.
fn marking_future(
    future: TokenStream,
    returns: bool,
    ending: &Ending,
    support: &Support,
) -> TokenStream {
    let Some(given) = &ending.mark else {
        return future;
    };
    let (mark, always) = (mark(given, support), given.always);
    let passed = if returns {
        quote_spanned!(Span::mixed_site()=>
            |__tickspan_returned| #support::Passed::new(__tickspan_returned).__tickspan_passed()
        )
    } else {
        quote!(|_| false)
    };
    quote_spanned!(Span::mixed_site()=>
        #support::MarkFuture::new(#future, || #mark, #always, #passed)
    )
}

/// The closure that is told what the function returned.
fn finish(ending: &Ending, sig: &Signature, support: &Support) -> TokenStream {
    let returned_at = match &sig.output {
        ReturnType::Type(_, ty) => ty.span().resolved_at(Span::mixed_site()),
        ReturnType::Default => Span::mixed_site(),
    };
    let ret = ending.ret.as_ref().map(|_| {
        let value = match Named::find(&sig.ident.to_string(), returned_at) {
            None => {
                let unit = if returns_duration(&sig.output) {
                    quote!(#support::SaysSeconds)
                } else {
                    quote!(#support::Plain)
                };
                quote_spanned!(returned_at=>
                    #support::Explicit::<#unit, _>::new(__tickspan_value).__tickspan_value()
                )
            }
            Some(named) => {
                let gate = named.gate(&quote!(#support::SaysSeconds), support, Opened::Type);
                quote_spanned!(Span::mixed_site()=> #gate(__tickspan_value))
            }
        };
        let value = quote_spanned!(Span::mixed_site()=>
            match #support::Returned::new(__tickspan_returned).__tickspan_returned() {
                ::core::option::Option::Some(__tickspan_value) => #value,
                ::core::option::Option::None => #support::Value::ABSENT,
            }
        );
        quote_spanned!(Span::mixed_site()=> #support::emit_value(&__TICKSPAN_RETURN, &#value);)
    });
    let end = match &ending.err {
        None => quote_spanned!(Span::mixed_site()=>
            #support::StageGuard::end_as(__tickspan_stage, #support::Returned::new(__tickspan_returned).__tickspan_error());
        ),
        Some(err) => {
            let at = err.name.span().resolved_at(Span::mixed_site());
            let here = support.at(at);
            match &err.value.map {
                None => quote_spanned!(at=>
                    #here::StageGuard::end_with_event(
                        __tickspan_stage,
                        __tickspan_returned,
                        #here::ErrorKind::new(__tickspan_returned).__tickspan_kind(),
                        &__TICKSPAN_ERROR,
                    );
                ),
                Some(map) => {
                    let at = map.span().resolved_at(Span::mixed_site());
                    let here = support.at(at);
                    quote_spanned!(at=>
                        #here::StageGuard::end_mapped(__tickspan_stage, __tickspan_returned, #map, &__TICKSPAN_ERROR);
                    )
                }
            }
        }
    };
    quote_spanned!(Span::mixed_site()=> |__tickspan_returned, __tickspan_stage| { #ret #end })
}
