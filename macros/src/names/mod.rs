//! The name gate: which names are sensitive, and what the macros write about them.

#[allow(
    unreachable_pub,
    dead_code,
    reason = "the runtime compiles the same text, and asks more of it"
)]
pub(crate) mod rules;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// The rules as source, for the runtime: they are asked there too, while it compiles and while it runs.
pub(crate) fn source() -> TokenStream {
    include_str!("rules.rs")
        .parse()
        .expect("the macros have compiled it")
}
