//! What the user wrote.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Field, Ident, LitStr, Path, Token};

use crate::diagnostics::{Faults, suggest};
use crate::event_type::parse_name;
use crate::mark::{self, Mark};
use crate::paths;

/// The type and what stands on it.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    /// The fields of a struct.
    pub(crate) fields: Vec<Marked>,
}

/// A field and what stands on it.
pub(crate) struct Marked {
    pub(crate) field: Field,
    pub(crate) rename: Option<LitStr>,
    pub(crate) mark: Option<Mark>,
}

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let mut input: DeriveInput = syn::parse2(tokens)?;
    mark::refuse(&input.attrs, "a type", mark::ON_FIELDS, faults);
    let fields = match &mut input.data {
        Data::Struct(data) => data
            .fields
            .iter_mut()
            .map(|field| Marked {
                mark: Mark::take(&mut field.attrs, faults),
                rename: renamed(field, faults),
                field: field.clone(),
            })
            .collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    Ok(Written {
        krate: paths::given(&input.attrs, faults),
        fields,
        input,
    })
}

/// `#[label(rename = "trigger.mode")]`.
fn renamed(field: &Field, faults: &mut Faults) -> Option<LitStr> {
    let mut name = None;
    for attribute in &field.attrs {
        if attribute.path().is_ident("label") {
            let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
                let option = input.call(Ident::parse_any)?;
                if option != "rename" {
                    let message = format!(
                        "unknown option `{option}`; {}",
                        suggest(&option.to_string(), &["rename"])
                    );
                    return Err(syn::Error::new(option.span(), message));
                }
                input.parse::<Token![=]>()?;
                parse_name(input)
            });
            let parsed = faults.ok(parsed);
            if name.is_some() {
                faults.at(attribute, "`rename` is given twice; remove one");
            }
            name = name.or(parsed);
        }
    }
    name
}
