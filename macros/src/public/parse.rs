//! What the user wrote.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token, parenthesized};

/// The expression, and what was given with it.
pub(crate) struct Written {
    pub(crate) krate: Path,
    pub(crate) value: Expr,
    pub(crate) reason: Option<LitStr>,
    /// Where a missing reason is missed.
    pub(crate) at: Span,
}

pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Written> {
    let parser = |input: ParseStream<'_>| {
        let krate;
        parenthesized!(krate in input);
        let krate = krate.call(Path::parse_mod_style)?;
        if input.is_empty() {
            return Err(input.error("expected `public!(value, reason = \"...\")`"));
        }
        let value: Expr = input.parse()?;
        if let Expr::Assign(assigned) = &value {
            return Err(syn::Error::new_spanned(
                assigned,
                "the value comes first: `public!(value, reason = \"...\")`",
            ));
        }
        let mut reason = None;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if input.peek(LitStr) {
            return Err(input.error("a reason is given as `reason = \"...\"`"));
        }
        if !input.is_empty() {
            let option = input.call(Ident::parse_any)?;
            if option != "reason" {
                return Err(syn::Error::new(
                    option.span(),
                    format_args!("unknown option `{option}`; accepted: `reason`"),
                ));
            }
            input.parse::<Token![=]>()?;
            reason = Some(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        if !input.is_empty() {
            return Err(input.error("nothing may follow the reason"));
        }
        Ok(Written {
            krate,
            value,
            reason,
            at: Span::call_site(),
        })
    };
    parser.parse2(tokens)
}
