//! Values of options that more than one macro takes: names, levels, kinds of span.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Path, Token};

use crate::diagnostics::suggest;
use crate::field::skip_to_comma;
use crate::groups::ungrouped;
use crate::paths::Support;

/// An option, with the token to which a fault of it points.
pub(crate) struct Given<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

/// Puts what an option was given into its place, which is taken where the option stands there twice.
pub(crate) fn put<T>(slot: &mut Option<T>, option: &Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(given_twice(option));
    }
    *slot = Some(value);
    Ok(())
}

/// As [`put`], with the token of the option.
pub(crate) fn put_given<T>(slot: &mut Option<Given<T>>, name: Ident, value: T) -> syn::Result<()> {
    put(slot, &name.clone(), Given { name, value })
}

pub(crate) fn given_twice(option: &Ident) -> syn::Error {
    let message = format!("`{option}` is given twice; remove one");
    syn::Error::new(option.span(), message)
}

/// Refuses a text in place of a word; `written` tells how that is written.
pub(crate) fn refuse_quotes(
    input: ParseStream<'_>,
    written: impl FnOnce(&str) -> String,
) -> syn::Result<()> {
    if !input.peek(LitStr) {
        return Ok(());
    }
    let text: LitStr = input.parse()?;
    let message = format!("write it without quotes: `{}`", written(&text.value()));
    Err(syn::Error::new(text.span(), message))
}

/// Reads options with commas between, each by `read`. The faults of all are told together.
pub(crate) fn each_option(
    input: ParseStream<'_>,
    mut read: impl FnMut(ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let mut faults: Option<syn::Error> = None;
    while !input.is_empty() {
        let is_followed = |()| {
            if input.is_empty() {
                Ok(())
            } else {
                input.parse::<Token![,]>().map(drop)
            }
        };
        if let Err(fault) = read(input).and_then(is_followed) {
            match &mut faults {
                Some(faults) => faults.combine(fault),
                None => faults = Some(fault),
            }
            skip_to_comma(input);
            _ = input.parse::<Option<Token![,]>>();
        }
    }
    faults.map_or(Ok(()), Err)
}

/// The name of an option, of which `accepted` may stand here.
pub(crate) fn option_name(input: ParseStream<'_>, accepted: &[&str]) -> syn::Result<Ident> {
    input.call(Ident::parse_any).map_err(|fault| {
        let expected = format!("expected an option; {}", suggest("", accepted));
        syn::Error::new(fault.span(), expected)
    })
}

/// The `=` after the name of an option, whose value is written like `example`.
pub(crate) fn equals(option: &Ident, example: &str, input: ParseStream<'_>) -> syn::Result<()> {
    let is_given =
        input.parse::<Token![=]>().is_ok() && !input.is_empty() && !input.peek(Token![,]);
    if is_given {
        return Ok(());
    }
    let message = format!("`{option}` needs a value: `{option} = {example}`");
    Err(syn::Error::new(option.span(), message))
}

/// A literal or a constant: text that stands in the source.
pub(crate) enum Text {
    Literal(LitStr),
    Constant(ExprPath),
}

impl Parse for Text {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        match ungrouped(input.parse()?) {
            Expr::Lit(ExprLit {
                lit: Lit::Str(literal),
                ..
            }) => match literal.value() {
                text if text.trim().is_empty() => {
                    Err(syn::Error::new_spanned(literal, "this is empty"))
                }
                text if text.contains('{') => Err(syn::Error::new_spanned(
                    literal,
                    "a name is not formatted; record the value as a field",
                )),
                _ => Ok(Self::Literal(literal)),
            },
            Expr::Path(path) if is_constant(&path.path) => {
                refuse_self(&path)?;
                Ok(Self::Constant(path))
            }
            other => Err(syn::Error::new_spanned(
                other,
                "expected a string literal or a constant: a name stands in the source, so that nothing personal gets \
                 into it",
            )),
        }
    }
}

impl Text {
    /// The text, or the name of the constant.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Literal(literal) => literal.value(),
            Self::Constant(constant) => constant.to_token_stream().to_string().replace(' ', ""),
        }
    }
}

/// What is fixed for a callsite stands in a `static`, where `Self` means nothing.
fn refuse_self(path: &ExprPath) -> syn::Result<()> {
    match path.path.segments.first() {
        Some(first) if first.ident == "Self" => Err(syn::Error::new_spanned(
            first,
            "`Self` has no meaning here, for this stands in a `static`; write the name of the type",
        )),
        _ => Ok(()),
    }
}

/// A path that by Rust's naming rule is a constant: `VENUE`, `Self::NAME`, `config::VENUE`.
pub(crate) fn is_constant(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| {
        let name = last.ident.unraw().to_string();
        name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
    })
}

impl ToTokens for Text {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(constant) => constant.to_tokens(tokens),
        }
    }
}

/// A level, as `tracing` takes it: its name, its number, or a constant.
pub(crate) enum Level {
    Named(&'static str),
    Constant(ExprPath),
}

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

impl Parse for Level {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let value = ungrouped(input.parse()?);
        let text = match &value {
            Expr::Lit(ExprLit {
                lit: Lit::Int(literal),
                ..
            }) => literal
                .base10_parse::<usize>()
                .ok()
                .and_then(|number| LEVELS.get(number.checked_sub(1)?))
                .ok_or_else(|| {
                    let message =
                        "a level is a number from 1 (trace) to 5 (error), or a name, as \"debug\"";
                    syn::Error::new(literal.span(), message)
                })?
                .to_string(),
            // `debug` alone is a name without its quotes, not a constant.
            Expr::Path(path) if !LEVELS.iter().any(|level| path.path.is_ident(level)) => {
                refuse_self(path)?;
                if path.path.get_ident().is_some() && !is_constant(&path.path) {
                    return Err(syn::Error::new_spanned(
                        path,
                        "expected a level in quotes or a constant: a level stands in the source, as in \"debug\"",
                    ));
                }
                return Ok(Self::Constant(path.clone()));
            }
            other => as_written(other),
        };
        match LEVELS.iter().find(|level| text == **level) {
            Some(level) if matches!(value, Expr::Lit(_)) => Ok(Self::Named(level)),
            _ => Err(unknown("level", &text, &LEVELS, value)),
        }
    }
}

impl Level {
    /// The level in the runtime's terms; without one, `default`.
    pub(crate) fn tokens(level: Option<&Self>, default: &str, support: &Support) -> TokenStream {
        let name = match level {
            Some(Self::Constant(constant)) => return constant.to_token_stream(),
            Some(Self::Named(name)) => name,
            None => default,
        };
        let level = Ident::new(&name.to_uppercase(), Span::call_site());
        quote!(#support::Level::#level)
    }
}

/// A kind of span.
pub(crate) struct Kind(&'static str);

const KINDS: [(&str, &str); 5] = [
    ("internal", "Internal"),
    ("client", "Client"),
    ("server", "Server"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

impl Parse for Kind {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let value = ungrouped(input.parse()?);
        let text = as_written(&value);
        match KINDS.iter().find(|(name, _)| text == *name) {
            Some((_, variant)) if matches!(value, Expr::Lit(_)) => Ok(Self(variant)),
            _ => Err(unknown(
                "kind of span",
                &text,
                &KINDS.map(|(name, _)| name),
                value,
            )),
        }
    }
}

impl Kind {
    /// The kind as a variant of the runtime's `Kind`; without one, `Internal`.
    pub(crate) fn tokens(kind: Option<&Self>) -> TokenStream {
        let variant = Ident::new(kind.map_or("Internal", |kind| kind.0), Span::call_site());
        quote!(#variant)
    }
}

/// The text of a string, in any case; of anything else, its tokens.
fn as_written(value: &Expr) -> String {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => literal.value().to_lowercase(),
        other => other.to_token_stream().to_string(),
    }
}

/// These are written as strings, so they are listed as strings.
fn unknown(what: &str, wrong: &str, names: &[&str], at: Expr) -> syn::Error {
    if names.contains(&wrong) {
        return syn::Error::new_spanned(at, format_args!("write it in quotes: \"{wrong}\""));
    }
    let suggestion = suggest(wrong, names).replace('`', "\"");
    syn::Error::new_spanned(at, format_args!("unknown {what}; {suggestion}"))
}
