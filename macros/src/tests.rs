//! What the macros write, for every shape of input: stored expansions, half-typed input, any tokens
//! at all.

mod options;
mod properties;
mod snapshots;
mod tolerance;

use proc_macro2::TokenStream;

use crate::stage::traced_stage;

/// The expansion of `#[traced_stage(options)] item`.
fn stage(options: &str, item: &str) -> TokenStream {
    traced_stage(tokens(options), &tokens(item))
}

fn tokens(source: &str) -> TokenStream {
    source
        .parse()
        .unwrap_or_else(|error| panic!("{error}: {source}"))
}

/// Whether an expansion tells of a fault.
fn tells_a_fault(expansion: &TokenStream) -> bool {
    expansion.to_string().contains(":: core :: compile_error !")
}
