//! What the user wrote.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Field, Ident, LitStr, Meta, Path};

use crate::diagnostics::{Faults, suggest};
use crate::event_type::{TypeOptions, parse_name};
use crate::setting::{Given, each_option, option_name, put_given};
use crate::{mark, paths};

/// The type and what stands on it.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    pub(crate) options: TypeOptions,
    /// The fields of a struct, with their marks.
    pub(crate) fields: Vec<Marked>,
}

/// A field and its mark, if there is one that can be read.
pub(crate) struct Marked {
    pub(crate) field: Field,
    pub(crate) mark: Option<Mark>,
    /// Whether there is a mark, good or not.
    pub(crate) has_mark: bool,
    /// That what it holds is sensitive.
    pub(crate) sensitive: Option<mark::Mark>,
}

/// `#[edge(cost, rename = "taker_fee")]`.
pub(crate) struct Mark {
    pub(crate) kind: Kind,
    /// The token of the kind.
    pub(crate) word: Ident,
    pub(crate) rename: Option<Given<LitStr>>,
}

/// What a field is to its edge.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gross,
    Cost,
    Threshold,
    Context,
    Leg,
    Skip,
}

const KINDS: [(&str, Kind); 6] = [
    ("gross", Kind::Gross),
    ("cost", Kind::Cost),
    ("threshold", Kind::Threshold),
    ("context", Kind::Context),
    ("leg", Kind::Leg),
    ("skip", Kind::Skip),
];

const ON_TYPE: [&str; 4] = ["name", "unit", "level", "target"];

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let mut input: DeriveInput = syn::parse2(tokens)?;
    mark::refuse(&input.attrs, "a type", mark::ON_FIELDS, faults);
    let mut options = TypeOptions::default();
    let kinds = KINDS.map(|(name, _)| name);
    for attribute in edge_attributes(&input.attrs) {
        let parsed = options.parse(attribute, &ON_TYPE, &kinds);
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

fn edge_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("edge"))
}

fn marked(field: &mut Field, faults: &mut Faults) -> Marked {
    let sensitive = mark::Mark::take(&mut field.attrs, faults);
    let mut marks = edge_attributes(&field.attrs);
    let first = marks.next();
    for second in marks {
        faults.at(
            second,
            "a field has one mark; put all of it into one `#[edge(..)]`",
        );
    }
    Marked {
        mark: first.and_then(|attribute| {
            let parsed = parse_mark(attribute);
            faults.ok(parsed)
        }),
        has_mark: first.is_some(),
        sensitive,
        field: field.clone(),
    }
}

fn parse_mark(attribute: &Attribute) -> syn::Result<Mark> {
    let incomplete = || {
        syn::Error::new_spanned(
            attribute,
            "say what the field is: `#[edge(gross)]`, `cost`, `threshold`, `context`, `leg` or `skip`",
        )
    };
    if matches!(attribute.meta, Meta::Path(_)) {
        return Err(incomplete());
    }
    attribute.parse_args_with(|input: ParseStream<'_>| {
        let mut kind = None;
        let mut rename = None;
        each_option(input, |input| {
            let word = option_name(input, &names())?;
            let text = word.to_string();
            let known = KINDS.iter().find(|(name, _)| text == *name);
            match (known, &kind) {
                (Some(_), Some((_, first))) => {
                    let message = format!("a field is one thing: `{first}` or `{word}`");
                    return Err(syn::Error::new(word.span(), message));
                }
                (Some((_, given)), None) => kind = Some((*given, word)),
                (None, _) if text == "rename" => {
                    let name = parse_name(&word, input)?;
                    put_given(&mut rename, word, name)?;
                }
                (None, _) => return Err(unknown(&word)),
            }
            Ok(())
        })?;
        let Some((kind, word)) = kind else {
            return Err(incomplete());
        };
        Ok(Mark { kind, word, rename })
    })
}

/// What may stand in the mark of a field.
fn names() -> Vec<&'static str> {
    let kinds = KINDS.iter().map(|(name, _)| *name);
    kinds.chain(["rename"]).collect()
}

fn unknown(word: &Ident) -> syn::Error {
    let text = word.to_string();
    let message = if ON_TYPE.contains(&text.as_str()) {
        format!(
            "`{word}` stands on the type, and holds for all its amounts: `#[edge({word} = \"..\")]` above the struct"
        )
    } else {
        format!("unknown mark `{word}`; {}", suggest(&text, &names()))
    };
    syn::Error::new(word.span(), message)
}
