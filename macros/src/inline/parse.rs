//! What the user wrote.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token, parenthesized};

use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Field, skip_to_comma};
use crate::groups::ungrouped;
use crate::setting::{Given, Kind, Level, Text, is_constant, put_given};
use crate::stage::item::braces;

/// Which macro it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Stage,
    Event,
    Record,
}

impl Form {
    pub(crate) const fn usage(self) -> &'static str {
        match self {
            Self::Stage => "`stage!(\"match_levels\", depth = levels.len())`",
            Self::Event => "`event!(\"order_accepted\", price = price)`",
            Self::Record => "`record!(filled = quantity)`",
        }
    }

    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Stage => &["level", "target", "kind", "parent"],
            Self::Event => &["level", "target"],
            Self::Record => &[],
        }
    }
}

/// One invocation.
pub(crate) struct Invocation {
    pub(crate) krate: Path,
    pub(crate) name: Option<Text>,
    pub(crate) level: Option<Given<Level>>,
    pub(crate) target: Option<Given<Text>>,
    pub(crate) kind: Option<Given<Kind>>,
    pub(crate) parent: Option<Given<Expr>>,
    pub(crate) fields: Vec<Field>,
    /// The future that a stage goes around: `async { .. }`, of which the block is not taken apart.
    pub(crate) future: Option<TokenStream>,
}

impl Invocation {
    pub(crate) fn parse(tokens: TokenStream, form: Form, faults: &mut Faults) -> Option<Self> {
        let parser = |input: ParseStream<'_>| {
            let krate;
            parenthesized!(krate in input);
            let mut invocation = Self {
                krate: krate.call(Path::parse_mod_style)?,
                name: None,
                level: None,
                target: None,
                kind: None,
                parent: None,
                fields: Vec::new(),
                future: None,
            };
            invocation.parse_options(input, form, faults);
            if form != Form::Record {
                refuse_bare_level(input)?;
                invocation.name = Some(name(input, form)?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            invocation.parse_fields(input, form, faults)?;
            Ok(invocation)
        };
        let parsed = parser.parse2(tokens);
        faults.ok(parsed)
    }

    /// `level: "debug", target: "engine",` before the name, as in `tracing`.
    fn parse_options(&mut self, input: ParseStream<'_>, form: Form, faults: &mut Faults) {
        while input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
            if let Err(fault) = self.parse_option(input, form) {
                faults.push(fault);
                skip_to_comma(input);
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                faults.push(input.error("expected `,` after an option"));
            }
        }
    }

    fn parse_option(&mut self, input: ParseStream<'_>, form: Form) -> syn::Result<()> {
        let option = input.call(Ident::parse_any)?;
        input.parse::<Token![:]>()?;
        let text = option.to_string();
        if !form.options().contains(&text.as_str()) {
            let message = match form.options() {
                [] => format!(
                    "there are no options here, only keys and values: {}",
                    form.usage()
                ),
                options => format!("unknown option `{option}`; {}", suggest(&text, options)),
            };
            return Err(syn::Error::new(option.span(), message));
        }
        match text.as_str() {
            "level" => put_given(&mut self.level, option, input.parse()?),
            "target" => put_given(&mut self.target, option, name(input, form)?),
            "kind" => put_given(&mut self.kind, option, input.parse()?),
            _ => put_given(&mut self.parent, option, input.parse()?),
        }
    }

    fn parse_fields(
        &mut self,
        input: ParseStream<'_>,
        form: Form,
        faults: &mut Faults,
    ) -> syn::Result<()> {
        let mut ahead = TokenStream::new();
        while !input.is_empty() {
            if form == Form::Stage && input.peek(Token![async]) {
                self.future = Some(future(input)?);
                input.parse::<Option<Token![,]>>()?;
                if !input.is_empty() {
                    return Err(input.error("nothing may follow the future of a stage"));
                }
                break;
            }
            if let Err(fault) = refuse_misplaced(input, form) {
                faults.push(fault);
                field_tokens(input)?;
                continue;
            }
            // One field at a time, so that the future after them is found.
            ahead.extend(field_tokens(input)?);
        }
        self.fields =
            (|fields: ParseStream<'_>| Ok(field::parse_list(fields, faults))).parse2(ahead)?;
        Ok(())
    }
}

/// An option after the name, or a future that is no block.
fn refuse_misplaced(input: ParseStream<'_>, form: Form) -> syn::Result<()> {
    let ahead = input.fork();
    if input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let option = ahead.call(Ident::parse_any)?;
        if form.options().iter().any(|name| option == name) {
            let usage = match form {
                Form::Event => format!("`event!({option}: .., \"order_accepted\")`"),
                Form::Stage | Form::Record => format!("`stage!({option}: .., \"match_levels\")`"),
            };
            let message = format!("options stand before the name: {usage}");
            return Err(syn::Error::new(option.span(), message));
        }
    } else if form == Form::Stage {
        let value = ahead.parse::<Expr>().ok().map(ungrouped);
        let message = match &value {
            Some(Expr::Await(_) | Expr::Call(_)) => FUTURE_IS_A_BLOCK,
            Some(Expr::Block(_) | Expr::Closure(_)) => {
                "a stage lasts for the rest of the block that it stands in: `let _stage = stage!(\"match_levels\");`; around \
                 a future: `stage!(\"send\", async { .. })`"
            }
            _ => return Ok(()),
        };
        return Err(syn::Error::new_spanned(value, message));
    }
    Ok(())
}

const FUTURE_IS_A_BLOCK: &str = "a future is given as a block: `stage!(\"send\", async { .. })`";

/// `async { .. }`, or `async move { .. }`.
fn future(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let start = input.parse::<Token![async]>()?;
    let moves = input.parse::<Option<Token![move]>>()?;
    let block = input.parse::<TokenTree>().ok().and_then(braces);
    block.map_or_else(
        || Err(syn::Error::new(start.span, FUTURE_IS_A_BLOCK)),
        |block| Ok(quote!(#start #moves #block)),
    )
}

/// The tokens of a field and of the comma after it.
fn field_tokens(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let comma = input.peek(Token![,]);
        tokens.extend([input.parse::<TokenTree>()?]);
        if comma {
            break;
        }
    }
    Ok(tokens)
}

/// A level where the name stands and a name behind it, as in `tracing::event!`: it would be read as a constant that names.
fn refuse_bare_level(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    let Ok(Expr::Path(level)) = ahead.parse::<Expr>() else {
        return Ok(());
    };
    let segments = &level.path.segments;
    let is_level = segments
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|of| of.ident == "Level");
    let before_a_name =
        ahead.parse::<Token![,]>().is_ok() && ahead.peek(LitStr) && !ahead.peek2(Token![=]);
    if !is_level || !before_a_name {
        return Ok(());
    }
    let level = level.to_token_stream();
    let written = level.to_string().replace(' ', "");
    let message = format!("before the name, an option is given with a colon: `level: {written},`");
    Err(syn::Error::new_spanned(level, message))
}

fn name(input: ParseStream<'_>, form: Form) -> syn::Result<Text> {
    let at = input.span();
    if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
        let option = input.call(Ident::parse_any)?;
        if form.options().iter().any(|name| option == name) {
            let message =
                format!("before the name, an option is given with a colon: `{option}: ..,`");
            return Err(syn::Error::new(at, message));
        }
    }
    let usage = || {
        syn::Error::new(
            at,
            format_args!(
                "expected a string literal or a constant: a name stands in the source, as in {}",
                form.usage()
            ),
        )
    };
    let ahead = input.fork();
    match ahead.parse::<Expr>().map(ungrouped) {
        Ok(Expr::Lit(_)) => input.parse(),
        Ok(Expr::Path(path)) if !ahead.peek(Token![=]) && is_constant(&path.path) => input.parse(),
        _ => Err(usage()),
    }
}
