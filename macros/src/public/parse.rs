//! What the user wrote.

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitBool, LitStr, Path, Token, parenthesized};

use crate::diagnostics::suggest;
use crate::groups::ungrouped;
use crate::reason;
use crate::setting::{given_twice, option_name, put};

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
    match option.to_string().as_str() {
        "reason" => put(&mut written.reason, &option, reason::parse(&option, input)?),
        "allow_name" => allow_name(&mut written.allows_name, &option, input),
        other => Err(syn::Error::new(
            option.span(),
            format_args!(
                "unknown option `{option}` of `public!`; {}",
                suggest(other, &ACCEPTED)
            ),
        )),
    }
}

/// `= true`: it is given or left out, and nothing between.
pub(crate) fn allow_name(
    is_allowed: &mut bool,
    option: &Ident,
    input: ParseStream<'_>,
) -> syn::Result<()> {
    if *is_allowed {
        return Err(given_twice(option));
    }
    let given = input
        .parse::<Token![=]>()
        .and_then(|_| input.parse::<LitBool>());
    match given {
        Ok(given) if given.value => {
            *is_allowed = true;
            Ok(())
        }
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
