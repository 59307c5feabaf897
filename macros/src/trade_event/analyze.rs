//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, Fields, Generics, Ident, parse_quote};

use super::parse::{Recorded, Written};
use crate::diagnostics::Faults;
use crate::field::{self, Capture, Field, Key};
use crate::generics::is_phantom;
use crate::paths;
use crate::setting::Text;

/// A type to be implemented for.
pub(crate) struct Event {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) root: TokenStream,
    pub(crate) name: TokenStream,
    pub(crate) level: TokenStream,
    pub(crate) target: Option<Text>,
    pub(crate) captures: Vec<Capture>,
}

/// An event without fields, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> Event {
    let support = paths::support(written.krate.as_ref());
    Event {
        ident: written.input.ident.clone(),
        generics: written.input.generics.clone(),
        root: paths::root(written.krate.as_ref()),
        name: quote!("event"),
        level: quote!(#support::Level::INFO),
        target: None,
        captures: Vec::new(),
    }
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Option<Event> {
    check_shape(&written, faults)?;
    let Written {
        input,
        krate,
        options,
        fields,
    } = written;
    let support = paths::support(krate.as_ref());
    let fields: Vec<Field> = fields.iter().filter_map(named).collect();
    field::check(&fields, faults);
    let captures: Vec<Capture> = fields
        .into_iter()
        .map(|field| field.into_capture(&support))
        .collect();
    field::check_count(&captures, &[], faults);
    Some(Event {
        root: paths::root(krate.as_ref()),
        name: options.name(&input.ident),
        level: options.level(&support),
        target: options.target,
        captures,
        ident: input.ident,
        generics: input.generics,
    })
}

fn check_shape(written: &Written, faults: &mut Faults) -> Option<()> {
    let what = "an event has its attributes as fields, so `TradeEvent` is derived for structs with named fields";
    match &written.input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) | Fields::Unit => return Some(()),
            Fields::Unnamed(fields) => faults.at(
                fields,
                format_args!("{what}: each is recorded under its name"),
            ),
        },
        Data::Enum(data) => faults.at(
            data.enum_token,
            format_args!(
                "{what}: give each variant a struct of its own, as each event has its own name"
            ),
        ),
        Data::Union(data) => faults.at(data.union_token, what),
    }
    None
}

/// The field as one that somebody named in `event!`: it passes the same gates.
fn named(Recorded { field, rename }: &Recorded) -> Option<Field> {
    let ident = field.ident.as_ref()?;
    if is_phantom(&field.ty) {
        return None;
    }
    let (text, tokens) = match rename {
        Some(literal) => (literal.value(), literal.to_token_stream()),
        None => (ident.unraw().to_string(), ident.to_token_stream()),
    };
    Some(Field {
        key: Key { text, tokens },
        value: parse_quote!(self.#ident),
    })
}
