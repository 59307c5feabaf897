//! `#[traced_stage]`: a span around a function.
//!
//! [`parse`] reads the options and [`item`] as much of the item as is needed, [`analyze`] checks them against each
//! other into a model that cannot be wrong, [`expand`] writes the model down. [`block`] passes the options
//! of an `impl` block on to its methods, which are then expanded one by one.

pub(crate) mod analyze;
mod arguments;
mod block;
mod boxed;
pub(crate) mod expand;
pub(crate) mod item;
pub(crate) mod late;
mod marked;
pub(crate) mod parse;
mod returns;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use crate::diagnostics::Faults;
use crate::names::settings;
use crate::options::Placement;
use item::Annotated;
use marked::Marks;
use parse::Options;

const TWICE: &str = "this function has a stage already, and another would make a second span of each call; remove \
     one of them, or in an annotated block keep the method out with `#[traced_stage(off)]`";

/// The expansion of `#[traced_stage(options)] item`. On any fault it holds the item as it was.
pub(crate) fn traced_stage(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut faults = Faults::new();
    settings::load(&mut faults);
    let mut unmarked = item.clone();
    let expanded = match item::parse(item.clone()) {
        Ok(Annotated::Function(mut function)) => {
            if function.is_expanded() {
                faults.at_span(Span::call_site(), TWICE);
            }
            let options = Options::parse(options, Placement::Function, &mut faults);
            let marks = Marks::take(&mut function.head.sig, &mut faults);
            // Left on the item, the marks would be told once more, as attributes that nobody knows.
            if marks.were_taken() {
                unmarked = function.to_token_stream();
            }
            analyze::analyze(options, *function, &marks, &mut faults)
                .map(|stage| expand::expand(&stage))
        }
        Ok(Annotated::ImplBlock(block)) => {
            // Faults among the options are told once, here, and not again at each method.
            let checked = Options::parse(options.clone(), Placement::ImplBlock, &mut faults);
            faults
                .is_empty()
                .then(|| block::expand(&checked, &options, block))
        }
        Ok(Annotated::Other { keyword, advice }) => {
            faults.at(keyword, advice);
            None
        }
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let (good, errors) = (faults.is_empty(), faults.into_tokens());
    match expanded {
        Some(expanded) if good => expanded,
        _ => quote!(#errors #unmarked),
    }
}
