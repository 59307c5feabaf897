//! The macros for use inside a body: `stage!`, `event!` and `record!`.
//!
//! Their input begins with the path of the runtime crate in parentheses, which the `macro_rules` that users
//! call put there.

mod analyze;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diagnostics::Faults;
use crate::names::settings;
use parse::Invocation;

/// The expansion of `stage!(..)`.
pub(crate) fn stage(input: TokenStream) -> TokenStream {
    expansion(input, parse::Form::Stage)
}

/// The expansion of `event!(..)`.
pub(crate) fn event(input: TokenStream) -> TokenStream {
    expansion(input, parse::Form::Event)
}

/// The expansion of `record!(..)`.
pub(crate) fn record(input: TokenStream) -> TokenStream {
    expansion(input, parse::Form::Record)
}

fn expansion(input: TokenStream, form: parse::Form) -> TokenStream {
    let mut faults = Faults::new();
    settings::load(&mut faults);
    let checked = Invocation::parse(input, form, &mut faults)
        .and_then(|invocation| analyze::analyze(invocation, form, &mut faults));
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match checked {
        Some(checked) if good => expand::expand(checked),
        _ => quote!({ #errors }),
    }
}
