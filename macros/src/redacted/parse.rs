//! What the user wrote.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields, Path};

use crate::diagnostics::Faults;
use crate::mark::{self, Mark};
use crate::paths;

/// The type, without its marks, and the marks of its fields in their order.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    pub(crate) marks: Vec<Option<Mark>>,
}

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let mut input: DeriveInput = syn::parse2(tokens)?;
    let krate = paths::given(&input, faults);
    mark::refuse(&input.attrs, "a type", mark::ON_FIELDS, faults);
    let mut marks = Vec::new();
    let mut take = |fields: &mut Fields, faults: &mut Faults| {
        for field in fields {
            marks.push(Mark::take(&mut field.attrs, faults));
        }
    };
    match &mut input.data {
        Data::Struct(data) => take(&mut data.fields, faults),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                mark::refuse(
                    &variant.attrs,
                    "a variant",
                    "mark the fields that it holds",
                    faults,
                );
                take(&mut variant.fields, faults);
            }
        }
        Data::Union(data) => faults.at(
            data.union_token,
            "which field of a union holds a value is not known, so none can be shown; write its `Debug` by hand",
        ),
    }
    Ok(Written {
        input,
        krate,
        marks,
    })
}
