//! The classes of sensitive data, as a mark names them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Ident, Path};

use crate::diagnostics::suggest;
use crate::paths::Support;

/// The names of tickspan's classes, and the module of each.
const KNOWN: [(&str, &str); 14] = [
    ("Secret", ""),
    ("Confidential", ""),
    ("Email", "pii"),
    ("Phone", "pii"),
    ("Name", "pii"),
    ("GovId", "pii"),
    ("BirthDate", "pii"),
    ("Address", "pii"),
    ("Ip", "pii"),
    ("Device", "pii"),
    ("AccountNumber", "financial"),
    ("Card", "financial"),
    ("Iban", "financial"),
    ("TaxId", "financial"),
];

/// A class: one of tickspan's by its name, or one of a crate's own by its path.
pub(crate) enum Class {
    Known {
        name: &'static str,
        module: &'static str,
        at: Span,
    },
    Own(Path),
}

impl Class {
    /// The class of `#[sensitive]`.
    pub(crate) const fn secret(at: Span) -> Self {
        Self::Known {
            name: "Secret",
            module: "",
            at,
        }
    }

    /// `Email`, or `crate::StrategyParameter`.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.call(Path::parse_mod_style).map_err(|_| {
            syn::Error::new(
                input.span(),
                format_args!("expected a class, as in `#[pii(Email)]`; {}", accepted()),
            )
        })?;
        let Some(name) = path.get_ident() else {
            return Ok(Self::Own(path));
        };
        let known = KNOWN.iter().find(|(known, _)| name == known);
        match known {
            Some((name, module)) => Ok(Self::Known {
                name,
                module,
                at: path.span(),
            }),
            None => Err(syn::Error::new(
                name.span(),
                format_args!(
                    "unknown class `{name}`; {}; a class of your own is named by its path: `self::{name}`",
                    suggest(&name.to_string(), &names())
                ),
            )),
        }
    }

    /// Whether it is tickspan's class of this name.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Known { name, .. } if *name == wanted)
    }

    /// Whether it is one of a crate's own.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// The class as a type.
    pub(crate) fn tokens(&self, support: &Support) -> TokenStream {
        match self {
            Self::Known { name, module, at } => {
                let support = support.at(*at);
                let name = Ident::new(name, *at);
                if module.is_empty() {
                    quote!(#support::#name)
                } else {
                    let module = Ident::new(module, *at);
                    quote!(#support::#module::#name)
                }
            }
            Self::Own(path) => unlinted(path),
        }
    }

    /// The class as it was written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Known { name, .. } => (*name).to_owned(),
            Self::Own(path) => path.to_token_stream().to_string().replace(' ', ""),
        }
    }
}

/// A path that the user must write longer than lints would have it: of its tokens they are told that a macro wrote
/// them. `$crate` must stay what it is.
fn unlinted(path: &Path) -> TokenStream {
    let mut path = path.clone();
    for segment in &mut path.segments {
        if segment.ident == "$crate" {
            return path.into_token_stream();
        }
        let at = segment.ident.span();
        segment.ident.set_span(Span::call_site().located_at(at));
    }
    path.into_token_stream()
}

fn names() -> [&'static str; KNOWN.len()] {
    KNOWN.map(|(name, _)| name)
}

fn accepted() -> String {
    suggest("", &names())
}
