//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, Fields, Generics, Ident, Member};

use super::parse::Written;
use crate::diagnostics::Faults;
use crate::mark::{Class, Mark};
use crate::paths::Support;

/// A type whose `Debug` is written.
pub(crate) struct Shown {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) support: Support,
    /// The struct, or each variant of the enum.
    pub(crate) shapes: Vec<Shape>,
}

/// A struct or a variant.
pub(crate) struct Shape {
    /// `None` for the struct itself.
    pub(crate) variant: Option<Ident>,
    pub(crate) name: String,
    pub(crate) fields: Vec<ShownField>,
}

/// A field of a shape.
pub(crate) struct ShownField {
    pub(crate) member: Member,
    /// Where its type stands.
    pub(crate) at: Span,
    /// The class of what is withheld.
    pub(crate) class: Option<Class>,
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Option<Shown> {
    let Written {
        input,
        krate,
        marks,
    } = written;
    if faults.is_empty() && marks.iter().all(Option::is_none) {
        faults.at(
            &input.ident,
            "no field is marked, so there is nothing to withhold; derive `Debug`, or mark a field with \
             `#[sensitive]` or `#[pii(Class)]`",
        );
    }
    let mut marks = marks.into_iter();
    let shapes = match &input.data {
        Data::Struct(data) => vec![shape(None, &input.ident, &data.fields, &mut marks)],
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                shape(
                    Some(variant.ident.clone()),
                    &variant.ident,
                    &variant.fields,
                    &mut marks,
                )
            })
            .collect(),
        Data::Union(_) => return None,
    };
    Some(Shown {
        support: Support::of(krate.as_ref()),
        ident: input.ident,
        generics: input.generics,
        shapes,
    })
}

fn shape(
    variant: Option<Ident>,
    name: &Ident,
    fields: &Fields,
    marks: &mut impl Iterator<Item = Option<Mark>>,
) -> Shape {
    Shape {
        variant,
        name: name.unraw().to_string(),
        fields: fields
            .members()
            .zip(fields)
            .map(|(member, field)| ShownField {
                member,
                at: field.ty.span(),
                class: marks.next().flatten().map(|mark| mark.class),
            })
            .collect(),
    }
}
