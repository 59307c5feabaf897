//! What the user wrote.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitBool, LitStr, Path, Token, parenthesized};

use crate::diagnostics::suggest;
use crate::groups::ungrouped;
use crate::reason;
use crate::setting::option_name;

/// The expression, and what was given with it.
pub(crate) struct Written {
    pub(crate) krate: Path,
    pub(crate) value: Expr,
    pub(crate) reason: Option<LitStr>,
    /// Whether a sensitive name may stand in it.
    pub(crate) allows_name: bool,
    /// Where a missing reason is missed.
    pub(crate) at: Span,
}

pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Written> {
    let parser = |input: ParseStream<'_>| {
        let krate;
        parenthesized!(krate in input);
        let krate = krate.call(Path::parse_mod_style)?;
        written(krate, input)
    };
    parser.parse2(tokens)
}

/// What stands in the parentheses of `public!`, after the path that the macro puts there.
pub(super) fn written(krate: Path, input: ParseStream<'_>) -> syn::Result<Written> {
    if input.is_empty() {
        return Err(input.error("expected `public!(value, reason = \"...\")`"));
    }
    let value = ungrouped(input.parse()?);
    if let Expr::Assign(assigned) = &value {
        return Err(syn::Error::new_spanned(
            assigned,
            "the value comes first: `public!(value, reason = \"...\")`",
        ));
    }
    let mut written = Written {
        krate,
        value,
        reason: None,
        allows_name: false,
        at: Span::call_site(),
    };
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if !input.is_empty() {
            parse_option(input, &mut written)?;
        }
    }
    Ok(written)
}

const ACCEPTED: [&str; 2] = ["reason", "allow_name"];

fn parse_option(input: ParseStream<'_>, written: &mut Written) -> syn::Result<()> {
    if input.peek(LitStr) {
        return Err(input.error("a reason is given as `reason = \"...\"`"));
    }
    let option = option_name(input, &ACCEPTED)?;
    let text = option.to_string();
    let fault = |message: String| Err(syn::Error::new(option.span(), message));
    match text.as_str() {
        "reason" if written.reason.is_some() => {
            fault("`reason` is given twice; remove one".to_owned())
        }
        "reason" => {
            written.reason = Some(reason::parse(&option, input)?);
            Ok(())
        }
        "allow_name" if written.allows_name => {
            fault("`allow_name` is given twice; remove one".to_owned())
        }
        "allow_name" => {
            written.allows_name = allow_name(&option, input)?;
            Ok(())
        }
        _ => fault(format!(
            "unknown option `{option}` of `public!`; {}",
            suggest(&text, &ACCEPTED)
        )),
    }
}

/// `= true`: it is given or left out, and nothing between.
pub(crate) fn allow_name(option: &Ident, input: ParseStream<'_>) -> syn::Result<bool> {
    let given = input
        .parse::<Token![=]>()
        .and_then(|_| input.parse::<LitBool>());
    match given {
        Ok(given) if given.value => Ok(true),
        Ok(given) => Err(syn::Error::new(
            given.span,
            "a sensitive name is refused anyway; write `allow_name = true`, or leave it out",
        )),
        Err(_) => Err(syn::Error::new(
            option.span(),
            "it is given as `allow_name = true`",
        )),
    }
}
