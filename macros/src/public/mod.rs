//! `public!`: the value of one expression, declared public with a reason.

mod analyze;
mod expand;
pub(crate) mod parse;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Expr;
use syn::parse::{ParseStream, Parser};

use crate::diagnostics::Faults;
use crate::names::settings;

/// The expansion of `public!(expr, reason = "...")`.
pub(crate) fn public(input: TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    settings::load(&mut faults);
    let parsed = parse::parse(input);
    let checked = faults
        .ok(parsed)
        .map(|written| analyze::analyze(written, &mut faults));
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(checked),
        // A proven value stands in, so that nothing else is told of the same expression.
        _ => quote!({ #errors false }),
    }
}

/// A `public!(..)` as it stands in a field.
pub(crate) struct Opening {
    /// Whether it says that a sensitive name may be exported.
    pub(crate) allows_name: bool,
    pub(crate) reason: String,
    /// What it opens, if that can be read.
    pub(crate) value: Option<Expr>,
}

impl Opening {
    /// The `public!(..)` that `expr` is, if it is one. It is known by its name.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        let Expr::Macro(called) = expr else {
            return None;
        };
        if called.mac.path.segments.last()?.ident != "public" {
            return None;
        }
        let here = called.mac.path.clone();
        let parser = |input: ParseStream<'_>| parse::written(here, input);
        // What is wrong with it, the macro itself will say.
        let written = parser.parse2(called.mac.tokens.clone()).ok();
        let Some(written) = written else {
            return Some(Self {
                allows_name: true,
                reason: String::new(),
                value: None,
            });
        };
        Some(Self {
            allows_name: written.allows_name,
            reason: written
                .reason
                .map(|reason| reason.value())
                .unwrap_or_default(),
            value: Some(written.value),
        })
    }
}
