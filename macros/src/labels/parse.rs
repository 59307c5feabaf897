//! What the user wrote.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Field, LitStr, Path};

use crate::diagnostics::{Faults, suggest};
use crate::event_type::parse_name;
use crate::mark::{self, Mark};
use crate::paths;
use crate::setting::{each_option, option_name, put};

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

const ACCEPTED: [&str; 1] = ["rename"];

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let mut input: DeriveInput = syn::parse2(tokens)?;
    mark::refuse(&input.attrs, "a type", mark::ON_FIELDS, faults);
    refuse_on_type(&input.attrs, faults);
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
        krate: paths::given(&input, faults),
        fields,
        input,
    })
}

/// On the type it would do nothing.
fn refuse_on_type(attributes: &[Attribute], faults: &mut Faults) {
    for attribute in attributes.iter().filter(|it| it.path().is_ident("label")) {
        faults.at(
            attribute,
            "`#[label(..)]` stands on a field, not on the type",
        );
    }
}

/// `#[label(rename = "trigger.mode")]`.
fn renamed(field: &Field, faults: &mut Faults) -> Option<LitStr> {
    let mut name = None;
    for attribute in field.attrs.iter().filter(|it| it.path().is_ident("label")) {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            each_option(input, |input| {
                let option = option_name(input, &ACCEPTED)?;
                if option != "rename" {
                    let message = format!(
                        "unknown option `{option}`; {}",
                        suggest(&option.to_string(), &ACCEPTED)
                    );
                    return Err(syn::Error::new(option.span(), message));
                }
                put(&mut name, &option, parse_name(&option, input)?)
            })
        });
        faults.ok(parsed);
    }
    name
}
