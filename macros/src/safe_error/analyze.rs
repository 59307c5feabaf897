//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Data, Generics, Ident};

use super::parse::{Written, kind_of, refuse_on_field};
use crate::diagnostics::Faults;
use crate::paths;

/// An error and its kinds.
pub(crate) struct Error {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) root: TokenStream,
    pub(crate) kinds: Kinds,
}

pub(crate) enum Kinds {
    /// All values are of one kind.
    One(String),
    /// Each variant has its own; there may be none.
    Each(Vec<(Ident, String)>),
}

/// An error of one kind, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> Error {
    Error {
        ident: written.input.ident.clone(),
        generics: written.input.generics.clone(),
        root: paths::root(written.krate.as_ref()),
        kinds: Kinds::One(String::new()),
    }
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Error {
    let Written { input, krate, kind } = written;
    let one = |kind: Option<syn::LitStr>| {
        Kinds::One(kind.map_or_else(|| input.ident.unraw().to_string(), |kind| kind.value()))
    };
    let kinds = match &input.data {
        Data::Struct(_) => one(kind),
        Data::Enum(data) => {
            if let Some(kind) = kind {
                faults.at(
                    kind,
                    "each variant has a kind of its own: put it on the variants",
                );
            }
            let variants = data.variants.iter().map(|variant| {
                for field in &variant.fields {
                    refuse_on_field(&field.attrs, faults);
                }
                let kind = kind_of(&variant.attrs, faults);
                let name = || variant.ident.unraw().to_string();
                (
                    variant.ident.clone(),
                    kind.map_or_else(name, |kind| kind.value()),
                )
            });
            Kinds::Each(variants.collect())
        }
        Data::Union(data) => {
            faults.at(
                data.union_token,
                "a union does not say which of its fields it holds; `SafeError` is derived for structs and enums",
            );
            one(kind)
        }
    };
    Error {
        root: paths::root(krate.as_ref()),
        ident: input.ident,
        generics: input.generics,
        kinds,
    }
}
