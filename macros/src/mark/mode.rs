//! How much of a marked value is exported.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, LitInt, parenthesized};

use super::Class;
use crate::diagnostics::suggest;
use crate::setting::refuse_quotes;

pub(super) const NAMES: [&str; 6] = ["last4", "domain", "prefix", "hmac", "bucket", "redacted"];

/// What `export` was given.
pub(crate) enum Mode {
    Last4(Span),
    Domain(Span),
    Prefix(Span),
    Hmac(Span),
    Bucket { width: u32, at: Span },
    Redacted(Span),
}

impl Mode {
    /// `last4`, or `bucket(10)`.
    pub(super) fn parse(input: ParseStream<'_>, class: &Class) -> syn::Result<Self> {
        refuse_quotes(input, |mode| format!("export = {mode}"))?;
        let expected = || format!("expected what is exported; {}", suggest("", &NAMES));
        let name = input
            .call(Ident::parse_any)
            .map_err(|fault| syn::Error::new(fault.span(), expected()))?;
        let at = name.span();
        let mode = match name.to_string().as_str() {
            "last4" => Self::Last4(at),
            "domain" if class.is("Email") || class.is_own() => Self::Domain(at),
            "domain" => {
                return Err(syn::Error::new(
                    at,
                    format_args!(
                        "`domain` is a part of an `Email`, and this is a `{}`; export another part, or none",
                        class.text()
                    ),
                ));
            }
            "prefix" => Self::Prefix(at),
            "hmac" => Self::Hmac(at),
            "redacted" => Self::Redacted(at),
            "bucket" => Self::Bucket {
                width: width(input, at)?,
                at,
            },
            other => {
                return Err(syn::Error::new(
                    at,
                    format_args!("unknown mode `{other}`; {}", suggest(other, &NAMES)),
                ));
            }
        };
        if input.peek(syn::token::Paren) {
            return Err(input.error(format_args!("`{name}` takes nothing in parentheses")));
        }
        Ok(mode)
    }

    pub(crate) const fn span(&self) -> Span {
        match self {
            Self::Last4(at)
            | Self::Domain(at)
            | Self::Prefix(at)
            | Self::Hmac(at)
            | Self::Bucket { at, .. }
            | Self::Redacted(at) => *at,
        }
    }

    /// The mode as it was written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Last4(_) => "last4".to_owned(),
            Self::Domain(_) => "domain".to_owned(),
            Self::Prefix(_) => "prefix".to_owned(),
            Self::Hmac(_) => "hmac".to_owned(),
            Self::Bucket { width, .. } => format!("bucket({width})"),
            Self::Redacted(_) => "redacted".to_owned(),
        }
    }
}

/// The `(10)` of `bucket(10)`. A bucket of one value would tell the value.
fn width(input: ParseStream<'_>, bucket: Span) -> syn::Result<u32> {
    let needed = "`bucket` needs the width of its buckets, a whole number from 2: `bucket(10)`";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(bucket, needed));
    }
    let content;
    parenthesized!(content in input);
    let at = content.span();
    let width = content
        .parse::<LitInt>()
        .and_then(|literal| literal.base10_parse::<u32>());
    match width {
        Ok(width) if width >= 2 && content.is_empty() => Ok(width),
        _ => Err(syn::Error::new(at, needed)),
    }
}
