//! What the user wrote.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Expr, Meta, Path};

use crate::diagnostics::{Faults, suggest};
use crate::paths;
use crate::setting::{Given, each_option, equals, option_name, put_given};

/// The type and what stands on it and on its variants.
pub(crate) struct Written {
    pub(crate) input: DeriveInput,
    pub(crate) krate: Option<Path>,
    pub(crate) path: Options,
    /// One for each variant.
    pub(crate) marks: Vec<Options>,
}

/// `#[latency(name = "..", budget = "50us")]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Given<Expr>>,
    pub(crate) budget: Option<Given<Expr>>,
}

const ACCEPTED: [&str; 2] = ["name", "budget"];

pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> syn::Result<Written> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let krate = paths::given(&input, faults);
    let path = Options::of(&input.attrs, faults);
    let mut marks = Vec::new();
    if let Data::Enum(data) = &input.data {
        for variant in &data.variants {
            marks.push(Options::of(&variant.attrs, faults));
            for field in &variant.fields {
                refuse(&field.attrs, faults);
            }
        }
    }
    Ok(Written {
        input,
        krate,
        path,
        marks,
    })
}

/// On a field it would do nothing.
fn refuse(attributes: &[Attribute], faults: &mut Faults) {
    for attribute in attributes.iter().filter(|it| it.path().is_ident("latency")) {
        faults.at(
            attribute,
            "`#[latency(..)]` stands on the enum or on a variant, not on a field",
        );
    }
}

impl Options {
    fn of(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|it| it.path().is_ident("latency")) {
            if !matches!(attribute.meta, Meta::List(_)) {
                faults.at(
                    attribute,
                    "`latency` needs its options in parentheses: `#[latency(budget = \"50us\")]`",
                );
                continue;
            }
            let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
                each_option(input, |input| options.parse_one(input))
            });
            faults.ok(parsed);
        }
        options
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let option = option_name(input, &ACCEPTED)?;
        let fault = |message: String| Err(syn::Error::new(option.span(), message));
        let (slot, example) = match option.to_string().as_str() {
            "name" => (&mut self.name, "\"signal\""),
            "budget" => (&mut self.budget, "\"50us\""),
            "rename" => {
                return fault("a mark or path is given another name by `name = \"..\"`".to_owned());
            }
            other => {
                let suggestion = suggest(other, &ACCEPTED);
                return fault(format!(
                    "unknown option `{other}` of `latency`; {suggestion}"
                ));
            }
        };
        equals(&option, example, input)?;
        put_given(slot, option, input.parse()?)
    }
}
