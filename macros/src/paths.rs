//! How expanded code names the runtime crate.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, Ident, Path, Token};

use crate::diagnostics::Faults;
use crate::setting::put;

/// The module that expanded code may name.
// As trees: a stream that is put into another asks the compiler each time.
#[derive(Clone)]
pub(crate) struct Support(Vec<TokenTree>);

impl Support {
    /// That of `krate`, or else of `::tickspan`.
    pub(crate) fn of(krate: Option<&Path>) -> Self {
        Self::within(&root(krate))
    }

    /// That of the runtime crate.
    pub(crate) fn within(root: &TokenStream) -> Self {
        Self(quote!(#root::support).into_iter().collect())
    }

    /// The same, resolved where it was, and standing at `at`: a caret that begins with it begins there.
    pub(crate) fn at(&self, at: Span) -> Self {
        let mut trees = self.0.clone();
        for tree in &mut trees {
            tree.set_span(tree.span().located_at(at));
        }
        Self(trees)
    }
}

impl ToTokens for Support {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.iter().cloned());
    }
}

/// The runtime crate.
pub(crate) fn root(krate: Option<&Path>) -> TokenStream {
    krate.map_or_else(|| quote!(::tickspan), ToTokens::to_token_stream)
}

/// The path in `#[tickspan(crate = path)]`, where a derive finds the runtime crate.
pub(crate) fn given(input: &DeriveInput, faults: &mut Faults) -> Option<Path> {
    refuse_within(&input.data, "tickspan", faults);
    let mut krate = None;
    for attribute in named(&input.attrs, "tickspan") {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            let option: Token![crate] = input.parse()?;
            input.parse::<Token![=]>()?;
            let path = input.call(Path::parse_mod_style)?;
            input.parse::<Option<Token![,]>>()?;
            Ok((Ident::new("crate", option.span), path))
        });
        let parsed = parsed.map_err(|fault| {
            let expected =
                "expected the path of the crate: `#[tickspan(crate = my_facade::tickspan)]`";
            syn::Error::new(fault.span(), expected)
        });
        if let Some((option, path)) = faults.ok(parsed) {
            let single = put(&mut krate, &option, path);
            faults.ok(single);
        }
    }
    krate
}

/// Refuses the attribute `name`, which stands on the type, on fields and variants: there it would do nothing.
pub(crate) fn refuse_within(data: &Data, name: &str, faults: &mut Faults) {
    let mut refuse = |attributes: &[Attribute], place: &str| {
        for attribute in named(attributes, name) {
            faults.at(
                attribute,
                format_args!("`#[{name}(..)]` stands on the type, not on a {place}"),
            );
        }
    };
    match data {
        Data::Struct(data) => data
            .fields
            .iter()
            .for_each(|field| refuse(&field.attrs, "field")),
        Data::Enum(data) => {
            for variant in &data.variants {
                refuse(&variant.attrs, "variant");
                variant
                    .fields
                    .iter()
                    .for_each(|field| refuse(&field.attrs, "field"));
            }
        }
        Data::Union(_) => {}
    }
}

fn named<'a>(attributes: &'a [Attribute], name: &str) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}
