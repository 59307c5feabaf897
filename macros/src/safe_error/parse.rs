//! What the user wrote.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, LitStr, Path, Token};

use crate::diagnostics::Faults;
use crate::paths;
use crate::setting::{equals, option_name};

/// The type and what stands on it.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    /// `#[safe_error(kind = "..")]` on the type.
    pub(crate) kind: Option<LitStr>,
}

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let krate = paths::given(&input, faults);
    let kind = kind_of(&input.attrs, faults);
    if let Data::Struct(data) = &input.data {
        for field in &data.fields {
            refuse_on_field(&field.attrs, faults);
        }
    }
    Ok(Written { input, krate, kind })
}

/// The kind that `#[safe_error(kind = "..")]` gives.
pub(crate) fn kind_of(attributes: &[Attribute], faults: &mut Faults) -> Option<LitStr> {
    let mut kind = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("safe_error"))
    {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            let option = option_name(input, &["kind"])?;
            if option != "kind" {
                return Err(syn::Error::new(
                    option.span(),
                    format_args!("unknown option `{option}` of `safe_error`; accepted: `kind`"),
                ));
            }
            equals(&option, "\"venue_halted\"", input)?;
            if !input.peek(LitStr) {
                return Err(input.error("a kind is a string literal: it stands in the source, so that nothing of a value gets into it"));
            }
            let literal: LitStr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            if input.peek(Ident::peek_any) {
                return Err(input.error("one kind is all that is given here"));
            }
            if literal.value().trim().is_empty() {
                return Err(syn::Error::new(literal.span(), "this is empty"));
            }
            Ok(literal)
        });
        if kind.is_some() {
            faults.at(attribute, "the kind is given twice; remove one");
        }
        kind = faults.ok(parsed).or(kind);
    }
    kind
}

pub(crate) fn refuse_on_field(attributes: &[Attribute], faults: &mut Faults) {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("safe_error"))
    {
        faults.at(
            attribute,
            "`#[safe_error(..)]` stands on the type or on a variant, not on a field",
        );
    }
}
