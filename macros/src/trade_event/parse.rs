//! What the user wrote.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Field, Ident, LitStr, Path};

use crate::diagnostics::{Faults, suggest};
use crate::event_type::{TypeOptions, parse_name};
use crate::mark::{self, Mark};
use crate::paths;
use crate::setting::{each_option, option_name};

/// The type and what stands on it.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    pub(crate) options: TypeOptions,
    /// The fields of a struct.
    pub(crate) fields: Vec<Marked>,
}

/// A field and what stands on it.
pub(crate) struct Marked {
    pub(crate) field: Field,
    pub(crate) rename: Option<LitStr>,
    pub(crate) skipped: bool,
    pub(crate) mark: Option<Mark>,
}

const ON_TYPE: [&str; 3] = ["name", "level", "target"];
const ON_FIELD: [&str; 2] = ["rename", "skip"];

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let mut input: DeriveInput = syn::parse2(tokens)?;
    mark::refuse(&input.attrs, "a type", mark::ON_FIELDS, faults);
    let mut options = TypeOptions::default();
    for attribute in event_attributes(&input.attrs) {
        let parsed = options.parse(attribute, &ON_TYPE, &ON_FIELD);
        faults.ok(parsed);
    }
    let fields = match &mut input.data {
        Data::Struct(data) => data
            .fields
            .iter_mut()
            .map(|field| marked(field, faults))
            .collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    Ok(Written {
        krate: paths::given(&input, faults),
        options,
        fields,
        input,
    })
}

fn event_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("trade_event"))
}

fn marked(field: &mut Field, faults: &mut Faults) -> Marked {
    let mark = Mark::take(&mut field.attrs, faults);
    let mut skipped = false;
    let mut rename = None;
    for attribute in event_attributes(&field.attrs) {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            each_option(input, |input| {
                let word = option_name(input, &ON_FIELD)?;
                match word.to_string().as_str() {
                    "skip" if rename.is_none() && !skipped => skipped = true,
                    "rename" if rename.is_none() && !skipped => {
                        rename = Some(parse_name(&word, input)?);
                    }
                    "skip" | "rename" => {
                        let message = "a field is skipped, or has one name: remove one of the two";
                        return Err(syn::Error::new(word.span(), message));
                    }
                    _ => return Err(unknown(&word)),
                }
                Ok(())
            })
        });
        faults.ok(parsed);
    }
    Marked {
        field: field.clone(),
        rename,
        skipped,
        mark,
    }
}

fn unknown(word: &Ident) -> syn::Error {
    let text = word.to_string();
    let message = if ON_TYPE.contains(&text.as_str()) {
        format!("`{word}` stands on the type: `#[trade_event({word} = \"..\")]` above the struct")
    } else {
        format!("unknown option `{word}`; {}", suggest(&text, &ON_FIELD))
    };
    syn::Error::new(word.span(), message)
}
