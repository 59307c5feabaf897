//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DataStruct, Fields, Generics, Ident, Index, Member, Type};

use super::parse::{Public, Written};
use crate::diagnostics::Faults;
use crate::generics::{is_phantom, mentions_parameter};
use crate::inventory::Entry;
use crate::names::gate::{Named, Opened};
use crate::{paths, reason};

/// A type to be proven.
pub(crate) struct Proof {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) root: proc_macro2::TokenStream,
    pub(crate) content: Content,
    /// That the type is declared public, for the inventory.
    pub(crate) opening: Option<Entry>,
}

/// How its values are recorded.
pub(crate) enum Content {
    /// As the one field, which must be proven.
    Proven {
        member: Member,
        ty: Type,
        generic: bool,
        /// The sensitive name of the type or of its field.
        named: Option<Named>,
    },
    /// As the one field, which may be text.
    Public {
        member: Member,
        at: Span,
        allows_name: bool,
    },
    /// As the text that the one field's `Display` writes.
    Displayed {
        member: Member,
        at: Span,
        allows_name: bool,
    },
    /// As the name of the variant.
    Names(Vec<Ident>),
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Option<Proof> {
    let Written {
        input,
        krate,
        public,
    } = written;
    if let Some(public) = &public {
        check_reason(public, faults);
    }
    let content = match &input.data {
        Data::Struct(data) => {
            newtype(data, &input.ident, &input.generics, public.as_ref(), faults)?
        }
        Data::Enum(data) => names(data, &input.ident, public.as_ref(), faults),
        Data::Union(data) => {
            faults.at(
                data.union_token,
                "a union may hold anything; `AttributeValue` is derived for newtypes and fieldless enums",
            );
            return None;
        }
    };
    let opening = public.as_ref().and_then(|public| {
        let name = input.ident.unraw().to_string();
        let reason = public.reason.as_ref()?.value();
        let ty = field_type(&input.data)?;
        Some(Entry::public(&name, &ty, &reason, public.allows_name))
    });
    Some(Proof {
        opening,
        root: paths::root(krate.as_ref()),
        ident: input.ident,
        generics: input.generics,
        content,
    })
}

fn field_type(data: &Data) -> Option<Type> {
    let Data::Struct(data) = data else {
        return None;
    };
    let field = data.fields.iter().find(|field| !is_phantom(&field.ty))?;
    Some(field.ty.clone())
}

fn check_reason(public: &Public, faults: &mut Faults) {
    match &public.reason {
        Some(given) => reason::check(given, faults),
        None => faults.at(
            &public.attribute,
            "`#[public]` needs a reason: why may anybody see these values? as in \
             `#[public(reason = \"exchange ticker, public listing\")]`",
        ),
    }
}

fn newtype(
    data: &DataStruct,
    ident: &Ident,
    generics: &Generics,
    public: Option<&Public>,
    faults: &mut Faults,
) -> Option<Content> {
    let mut fields = data
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| !is_phantom(&field.ty));
    let Some((index, field)) = fields.next() else {
        faults.at(ident, "this type holds nothing that could be recorded");
        return None;
    };
    if let Some((_, second)) = fields.next() {
        faults.at(
            second,
            "a value is recorded as one attribute, so `AttributeValue` is derived for structs with one field; record \
             the fields one by one",
        );
        return None;
    }
    let member = match &field.ident {
        Some(name) => Member::Named(name.clone()),
        None => Member::Unnamed(Index {
            span: field.ty.span(),
            ..Index::from(index)
        }),
    };
    let at = field.ty.span().resolved_at(Span::call_site());
    let named = Named::find(&ident.to_string(), ident.span()).or_else(|| {
        let name = field.ident.as_ref()?;
        let of_field = Named::find(&name.to_string(), name.span());
        of_field.or_else(|| Named::find(&format!("{ident}.{name}"), name.span()))
    });
    let allows_name = public.is_some_and(|public| public.allows_name);
    if let (Some(named), Some(_), false) = (&named, public, allows_name) {
        named.refuse_opening(Opened::Type, faults);
    }
    Some(match public {
        None => Content::Proven {
            member,
            ty: field.ty.clone(),
            generic: mentions_parameter(&field.ty, generics),
            named,
        },
        Some(public) if public.via_display.is_some() => Content::Displayed {
            member,
            at,
            allows_name,
        },
        Some(_) => Content::Public {
            member,
            at,
            allows_name,
        },
    })
}

fn names(data: &DataEnum, ident: &Ident, public: Option<&Public>, faults: &mut Faults) -> Content {
    if let Some(public) = public {
        faults.at(
            &public.attribute,
            "the names of variants stand in the source and are public already; remove `#[public(..)]`",
        );
    }
    if data.variants.is_empty() {
        faults.at(ident, "an enum without variants has no values to record");
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            faults.at(
                &variant.fields,
                format_args!(
                    "the variant `{}` holds data; `AttributeValue` is derived for enums without, so record its fields \
                     one by one, or derive it for an enum of the bare names",
                    variant.ident
                ),
            );
        }
    }
    Content::Names(
        data.variants
            .iter()
            .map(|variant| variant.ident.clone())
            .collect(),
    )
}
