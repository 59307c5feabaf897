//! From what was written to what can be expanded.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Data, Fields, Generics, Ident, Type};

use super::parse::{Marked, Written};
use crate::diagnostics::Faults;
use crate::field::{self, Capture, Field};
use crate::generics::{is_phantom, mentions_parameter};
use crate::inventory::{self, Entry};
use crate::paths::{self, Support};

/// Labels that can be expanded.
pub(crate) struct Labels {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The runtime crate.
    pub(crate) root: TokenStream,
    pub(crate) captures: Vec<Capture>,
    /// The types of fields that depend on a parameter, which have to be proven.
    pub(crate) generic: Vec<Type>,
    /// What leaves the record of all decisions.
    pub(crate) noted: TokenStream,
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Labels {
    let Written {
        input,
        krate,
        fields,
    } = written;
    check_shape(&input.ident, &input.data, faults);
    let support = Support::of(krate.as_ref());
    let mut generic = Vec::new();
    let mut labels = Vec::new();
    let mut entries = Vec::new();
    let mut captures = Vec::new();
    for Marked {
        field,
        rename,
        mark,
    } in fields
    {
        let Some(ident) = &field.ident else { continue };
        let ty = &field.ty;
        if is_phantom(ty) {
            continue;
        }
        let label = Field::of_member(ident, rename.as_ref());
        if let Some(mark) = mark {
            entries.push(Entry::marked(ident, Some(ty), &mark));
            if let Some(capture) = mark.capture(label.key.clone(), &label.value, &support) {
                captures.push(capture);
                labels.push(label);
            }
            continue;
        }
        if mentions_parameter(ty, &input.generics) {
            generic.push(ty.clone());
        }
        entries.push(Entry::field(&label).with_type(ty));
        captures.push(label.captured(&support));
        labels.push(label);
    }
    field::check(&labels, faults);
    field::check_count(&captures, &[], faults);
    let name = input.ident.unraw().to_string();
    Labels {
        noted: inventory::noted("labels", &name, input.ident.span(), &entries, &support),
        ident: input.ident,
        generics: input.generics,
        root: paths::root(krate.as_ref()),
        captures,
        generic,
    }
}

fn check_shape(ident: &Ident, data: &Data, faults: &mut Faults) {
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => {}
            Fields::Unnamed(_) => faults.at(
                ident,
                "labels have names: write a struct with named fields",
            ),
            Fields::Named(_) | Fields::Unit => faults.at(
                ident,
                "there is no label in it; a metric without labels has `()`, as `Counter` alone says",
            ),
        },
        Data::Enum(_) | Data::Union(_) => faults.at(
            ident,
            "`Labels` is derived on a struct, whose fields are the labels; an enum can be the type of one",
        ),
    }
}
