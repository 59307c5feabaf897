//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, Fields, Generics, Ident};

use super::parse::{Marked, Written};
use crate::diagnostics::Faults;
use crate::field::{self, Capture, Field};
use crate::generics::is_phantom;
use crate::inventory::{self, Entry};
use crate::paths::{self, Support};
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
    /// What leaves the record of all decisions.
    pub(crate) noted: TokenStream,
}

/// An event without fields, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> Event {
    let support = Support::of(written.krate.as_ref());
    Event {
        ident: written.input.ident.clone(),
        generics: written.input.generics.clone(),
        root: paths::root(written.krate.as_ref()),
        name: quote!("event"),
        level: quote!(#support::Level::INFO),
        target: None,
        captures: Vec::new(),
        noted: TokenStream::new(),
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
    let support = Support::of(krate.as_ref());
    let mut entries = Vec::new();
    let mut recorded = Vec::new();
    let mut captures = Vec::new();
    for Marked {
        field,
        rename,
        skipped,
        mark,
    } in fields
    {
        let Some(ident) = &field.ident else { continue };
        let ty = &field.ty;
        if is_phantom(ty) {
            continue;
        }
        let named = Field::of_member(ident, rename.as_ref());
        match mark {
            Some(mark) if skipped => {
                mark.check_skipped(ident, faults);
                entries.push(Entry::marked(ident, Some(ty), &mark));
            }
            None if skipped => entries.push(Entry::not_captured(ident, Some(ty), true)),
            Some(mark) => {
                entries.push(Entry::marked(ident, Some(ty), &mark));
                if let Some(capture) = mark.capture(named.key.clone(), &named.value, &support) {
                    captures.push(capture);
                    recorded.push(named);
                }
            }
            None => {
                entries.push(Entry::field(&named).with_type(ty));
                captures.push(named.captured(&support));
                recorded.push(named);
            }
        }
    }
    field::check(&recorded, faults);
    let name = input.ident.unraw().to_string();
    let noted = inventory::noted("trade_event", &name, input.ident.span(), &entries, &support);
    field::check_count(&captures, &[], faults);
    Some(Event {
        root: paths::root(krate.as_ref()),
        name: options.name(&input.ident),
        level: options.level(&support),
        target: options.target,
        captures,
        noted,
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
