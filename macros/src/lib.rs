//! The procedural macros of [`tickspan`](https://docs.rs/tickspan): use them through that crate.
//!
//! Each macro is a folder of three steps with one type between each: `parse` reads what the user wrote,
//! `analyze` checks it into a model that cannot be wrong, `expand` writes the model as tokens. Nothing below
//! this file knows the compiler's own token type, so all of it can be tested as a library.

#![allow(
    clippy::large_enum_variant,
    reason = "syntax trees are large, and a model of them lives for one expansion"
)]

mod attribute_value;
mod callsite;
mod derive;
mod diagnostics;
mod edge_breakdown;
mod event_type;
mod field;
mod generics;
mod groups;
mod inline;
mod inventory;
mod labels;
mod latency_stages;
mod mark;
mod names;
mod options;
mod paths;
mod public;
mod reason;
mod redacted;
mod safe_error;
mod setting;
mod stage;
#[cfg(test)]
mod tests;
mod trade_event;
mod vocabulary;

use proc_macro::TokenStream;

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_attribute]
pub fn traced_stage(options: TokenStream, item: TokenStream) -> TokenStream {
    stage::traced_stage(options.into(), &item.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(AttributeValue, attributes(public, tickspan, sensitive, pii))]
pub fn attribute_value(input: TokenStream) -> TokenStream {
    attribute_value::attribute_value(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(EdgeBreakdown, attributes(edge, tickspan, sensitive, pii))]
pub fn edge_breakdown(input: TokenStream) -> TokenStream {
    edge_breakdown::edge_breakdown(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(LatencyStages, attributes(latency, tickspan))]
pub fn latency_stages(input: TokenStream) -> TokenStream {
    latency_stages::latency_stages(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(TradeEvent, attributes(trade_event, tickspan, sensitive, pii))]
pub fn trade_event(input: TokenStream) -> TokenStream {
    trade_event::trade_event(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(Labels, attributes(label, tickspan, sensitive, pii))]
pub fn labels(input: TokenStream) -> TokenStream {
    labels::labels(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(SafeError, attributes(safe_error, tickspan))]
pub fn safe_error(input: TokenStream) -> TokenStream {
    safe_error::safe_error(input.into()).into()
}

#[expect(missing_docs, reason = "documented where users find it, in `tickspan`")]
#[proc_macro_derive(Redacted, attributes(tickspan, sensitive, pii))]
pub fn redacted(input: TokenStream) -> TokenStream {
    redacted::redacted(input.into()).into()
}

#[doc(hidden)]
#[proc_macro]
pub fn __stage(input: TokenStream) -> TokenStream {
    inline::stage(input.into()).into()
}

#[doc(hidden)]
#[proc_macro]
pub fn __event(input: TokenStream) -> TokenStream {
    inline::event(input.into()).into()
}

#[doc(hidden)]
#[proc_macro]
pub fn __record(input: TokenStream) -> TokenStream {
    inline::record(input.into()).into()
}

#[doc(hidden)]
#[proc_macro]
pub fn __public(input: TokenStream) -> TokenStream {
    public::public(input.into()).into()
}

/// The rules of names as items, for the runtime, which asks them of names that only it sees.
#[doc(hidden)]
#[proc_macro]
pub fn __name_rules(_: TokenStream) -> TokenStream {
    names::source().into()
}
