//! The name gate: which names are sensitive, and what the macros write about them.

mod file;
pub(crate) mod gate;
#[allow(
    unreachable_pub,
    dead_code,
    reason = "the runtime compiles the same text, and asks more of it"
)]
pub(crate) mod rules;
pub(crate) mod settings;
#[cfg(test)]
mod tests;
mod workspace;

use proc_macro2::TokenStream;

pub(crate) use rules::Finding;

/// The rules as source, for the runtime: they are asked there too, while it compiles and while it runs.
pub(crate) fn source() -> TokenStream {
    include_str!("rules.rs")
        .parse()
        .expect("the macros have compiled it")
}

/// Why `name` is sensitive, if it is.
pub(crate) fn sensitive(name: &str) -> Option<Finding> {
    settings::sensitive(name)
}

/// Whether what follows this name, which is clean, can make a sensitive one of it: `account`, for `account.number`.
pub(crate) fn may_begin(name: &str) -> bool {
    let mut words = rules::WORDS
        .iter()
        .flat_map(|(_, rule)| rule.split([' ', '|']));
    words.any(|word| sensitive(&format!("{name}.{word}")).is_some() && sensitive(word).is_none())
}

/// Whether text under this whole name is public.
pub(crate) fn is_market_name(name: &str) -> bool {
    settings::current().is_public_name(name)
}

/// Why text under this whole name is public, where a `tickspan.toml` has made it so.
pub(crate) fn reason_of(name: &str) -> Option<String> {
    settings::current().reason_of(name).map(str::to_owned)
}

/// Whether an argument that would be skipped is an error.
pub(crate) fn is_strict() -> bool {
    settings::current().strict
}
