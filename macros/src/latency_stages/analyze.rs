//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Data, DataEnum, DeriveInput, Fields, Ident};

use super::parse::{Options, Written};
use super::{budget, names};
use crate::diagnostics::Faults;
use crate::event_type::snake_case;
use crate::paths;

/// The most marks of a path, as in the runtime.
pub(crate) const MOST_MARKS: usize = 16;

/// A path to be written down.
pub(crate) struct PathModel {
    pub(crate) ident: Ident,
    pub(crate) root: TokenStream,
    pub(crate) name: String,
    /// 0 where none is given.
    pub(crate) budget_nanoseconds: u64,
    /// From 2 to 16.
    pub(crate) marks: Vec<Mark>,
}

/// One mark.
pub(crate) struct Mark {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    /// Of the hop that ends here; 0 where none is given.
    pub(crate) budget_nanoseconds: u64,
}

pub(crate) fn analyze(written: &Written, faults: &mut Faults) -> Option<PathModel> {
    let Written {
        input,
        krate,
        path,
        marks,
    } = written;
    let data = enumeration(input, faults)?;
    check_generics(input, faults);
    check_variants(data, &input.ident, faults);
    if let Some(Options {
        budget: Some(given),
        ..
    }) = marks.first()
    {
        faults.at(
            &given.name,
            "a budget is that of the hop which ends at a mark, and none ends at the first; put it on the next mark, or on \
             the enum for the whole path",
        );
    }
    let model = PathModel {
        root: paths::root(krate.as_ref()),
        name: name(path, &input.ident, faults),
        budget_nanoseconds: budget(path, faults),
        marks: data
            .variants
            .iter()
            .zip(marks)
            .map(|(variant, options)| Mark {
                name: name(options, &variant.ident, faults),
                budget_nanoseconds: budget(options, faults),
                ident: variant.ident.clone(),
            })
            .collect(),
        ident: input.ident.clone(),
    };
    check_names(&model, marks, faults);
    Some(model)
}

fn enumeration<'a>(input: &'a DeriveInput, faults: &mut Faults) -> Option<&'a DataEnum> {
    const RULE: &str = "`LatencyStages` is derived for an enum: its variants are the marks of a path, in their order";
    match &input.data {
        Data::Enum(data) => return Some(data),
        Data::Struct(data) => faults.at(data.struct_token, RULE),
        Data::Union(data) => faults.at(data.union_token, RULE),
    }
    None
}

fn check_generics(input: &DeriveInput, faults: &mut Faults) {
    if !input.generics.params.is_empty() {
        faults.at(
            &input.generics.params,
            "a latency path has no parameters: its marks are known before the program runs; name an enum for each path",
        );
    }
}

fn check_variants(data: &DataEnum, ident: &Ident, faults: &mut Faults) {
    match data.variants.len() {
        0 => faults.at(
            ident,
            "a path without marks has no hops; write at least two, in their order",
        ),
        1 => faults.at(
            &data.variants[0].ident,
            "a path of one mark has no hop; write at least two marks, in their order",
        ),
        _ => {}
    }
    if let Some(beyond) = data.variants.iter().nth(MOST_MARKS) {
        faults.at(
            &beyond.ident,
            format_args!(
                "a path has at most {MOST_MARKS} marks, and this one has {}; split it into paths that follow each other",
                data.variants.len()
            ),
        );
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            faults.at(
                &variant.fields,
                format_args!(
                    "a mark is only a moment; remove the data of `{}`, and record it with `event!`",
                    variant.ident
                ),
            );
        }
    }
}

fn name(options: &Options, ident: &Ident, faults: &mut Faults) -> String {
    options
        .name
        .as_ref()
        .and_then(|given| faults.ok(names::given(given.value.clone())))
        .unwrap_or_else(|| snake_case(ident))
}

fn budget(options: &Options, faults: &mut Faults) -> u64 {
    options
        .budget
        .as_ref()
        .and_then(|given| faults.ok(budget::nanoseconds(given.value.clone())))
        .unwrap_or_default()
}

/// Two marks, or two hops, of one name could not be told apart.
fn check_names(model: &PathModel, options: &[Options], faults: &mut Faults) {
    let guilty = |place: usize| match &options[place].name {
        Some(given) => given.value.to_token_stream(),
        None => model.marks[place].ident.to_token_stream(),
    };
    for (place, mark) in model.marks.iter().enumerate() {
        if let Some(earlier) = model.marks[..place].iter().find(|it| it.name == mark.name) {
            faults.at(
                guilty(place),
                format_args!(
                    "the mark `{}` is named `{}` too; give one of them another name by `#[latency(name = \"..\")]`",
                    earlier.ident, mark.name
                ),
            );
            return;
        }
    }
    let names: Vec<String> = model.marks.iter().map(|mark| mark.name.clone()).collect();
    if let Some((place, hop)) = names::ambiguous(&names) {
        faults.at(
            guilty(place),
            format_args!(
                "two hops of this path would be named `{hop}`; give a mark another name by `#[latency(name = \"..\")]`"
            ),
        );
    }
}
