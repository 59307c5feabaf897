//! What the user wrote: the options, and the item with its body left as it is.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprLit, ExprPath, Ident, Lit, LitStr, Path, Signature, Token, Visibility,
    parenthesized,
};

use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Field, skip_to_comma};
use crate::options::{self, Placement};

/// An option, with the token to which a fault of it points.
pub(crate) struct Given<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

/// The options of one invocation, each at most once.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Given<Text>>,
    pub(crate) prefix: Option<Given<Text>>,
    pub(crate) target: Option<Given<Text>>,
    pub(crate) level: Option<Given<Level>>,
    pub(crate) kind: Option<Given<Ident>>,
    pub(crate) skip: Option<Given<Vec<Ident>>>,
    pub(crate) skip_all: Option<Given<()>>,
    pub(crate) fields: Option<Given<Vec<Field>>>,
    pub(crate) parent: Option<Given<Expr>>,
    pub(crate) root: Option<Given<()>>,
    pub(crate) follows_from: Option<Given<Expr>>,
    pub(crate) ret: Option<Given<Option<Level>>>,
    pub(crate) err: Option<Given<Err>>,
    pub(crate) mark: Option<Given<Path>>,
    pub(crate) labels: Option<Given<Vec<Ident>>>,
    pub(crate) krate: Option<Given<Path>>,
    pub(crate) off: Option<Given<()>>,
}

/// A literal or a constant: text that stands in the source.
#[derive(Clone)]
pub(crate) enum Text {
    Literal(LitStr),
    Constant(ExprPath),
}

/// A level.
#[derive(Clone)]
pub(crate) enum Level {
    Named(&'static str),
    Constant(ExprPath),
}

/// What `err` was given.
#[derive(Default)]
pub(crate) struct Err {
    pub(crate) level: Option<Level>,
    pub(crate) map: Option<Expr>,
}

/// The name under which an `impl` block passes its options to its methods.
pub(crate) const INHERITED: &str = "__inherited";

impl Options {
    /// Parses options, noting each fault.
    pub(crate) fn parse(tokens: TokenStream, on: Placement, faults: &mut Faults) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| {
            let inherited = options.parse_inherited(input, faults);
            options.parse_all(input, on, faults);
            if let Some(inherited) = inherited {
                options.inherit(inherited);
            }
            Ok(())
        };
        if let Err(fault) = parser.parse2(tokens) {
            faults.push(fault);
        }
        options
    }

    fn parse_inherited(&self, input: ParseStream<'_>, faults: &mut Faults) -> Option<Self> {
        let ahead = input.fork();
        if !ahead
            .call(Ident::parse_any)
            .is_ok_and(|name| name == INHERITED)
        {
            return None;
        }
        let parsed = (|| {
            input.call(Ident::parse_any)?;
            let content;
            parenthesized!(content in input);
            let tokens: TokenStream = content.parse()?;
            input.parse::<Option<Token![,]>>()?;
            Ok(tokens)
        })();
        let tokens = faults.ok(parsed)?;
        Some(Self::parse(tokens, Placement::ImplBlock, faults))
    }

    /// Takes from the `impl` block what the method does not say itself.
    fn inherit(&mut self, block: Self) {
        self.prefix = block.prefix;
        self.target = self.target.take().or(block.target);
        self.level = self.level.take().or(block.level);
        self.kind = self.kind.take().or(block.kind);
        self.krate = self.krate.take().or(block.krate);
        if self.skip.is_none() && self.fields.is_none() {
            self.skip_all = self.skip_all.take().or(block.skip_all);
        }
    }

    fn parse_all(&mut self, input: ParseStream<'_>, on: Placement, faults: &mut Faults) {
        while !input.is_empty() {
            if let Err(fault) = self.parse_one(input, on, faults) {
                faults.push(fault);
                skip_to_comma(input);
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                faults.push(input.error("expected `,` between options"));
                skip_to_comma(input);
                _ = input.parse::<Token![,]>();
            }
        }
    }

    fn parse_one(
        &mut self,
        input: ParseStream<'_>,
        on: Placement,
        faults: &mut Faults,
    ) -> syn::Result<()> {
        if input.peek(LitStr) {
            return Err(input.error("a name is given as `name = \"...\"`"));
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format_args!(
                "expected an option: {}",
                suggest("", &options::accepted(on))
            )));
        }
        let name = input.call(Ident::parse_any)?;
        let text = name.to_string();
        let Some(spec) = options::find(&text) else {
            let message = format!(
                "unknown option `{name}`; {}",
                suggest(&text, &options::accepted(on))
            );
            return Err(syn::Error::new(name.span(), message));
        };
        let misplaced = match (spec.on, on) {
            (Placement::Function, Placement::ImplBlock) => {
                "belongs on a method, not on its `impl` block"
            }
            (Placement::ImplBlock, _) if on != Placement::ImplBlock => "belongs on an `impl` block",
            (Placement::Method, _) => "belongs on a method of an annotated `impl` block",
            _ => "",
        };
        if !misplaced.is_empty() {
            // Only a block reads the `off` of its method; here there is no block.
            return Err(syn::Error::new(
                name.span(),
                format_args!("`{name}` {misplaced}"),
            ));
        }
        match text.as_str() {
            "name" => put(&mut self.name, name, input.call(text_value)?, faults),
            "prefix" => put(&mut self.prefix, name, input.call(text_value)?, faults),
            "target" => put(&mut self.target, name, input.call(text_value)?, faults),
            "level" => put(&mut self.level, name, input.call(level_value)?, faults),
            "kind" => put(&mut self.kind, name, input.call(kind_value)?, faults),
            "skip" => put(&mut self.skip, name, input.call(names)?, faults),
            "skip_all" => put(&mut self.skip_all, name, (), faults),
            "fields" => {
                let content;
                parenthesized!(content in input);
                let fields = field::parse_list(&content, faults);
                put(&mut self.fields, name, fields, faults);
            }
            "parent" => put(&mut self.parent, name, input.call(expr_value)?, faults),
            "root" => put(&mut self.root, name, (), faults),
            "follows_from" => put(
                &mut self.follows_from,
                name,
                input.call(expr_value)?,
                faults,
            ),
            "ret" => put(&mut self.ret, name, input.call(ret_options)?, faults),
            "err" => put(&mut self.err, name, input.call(err_options)?, faults),
            "mark" => put(&mut self.mark, name, input.call(mark_value)?, faults),
            "metric" => put(&mut self.labels, name, input.call(metric_labels)?, faults),
            "crate" => {
                input.parse::<Token![=]>()?;
                put(
                    &mut self.krate,
                    name,
                    input.call(Path::parse_mod_style)?,
                    faults,
                );
            }
            _ => put(&mut self.off, name, (), faults),
        }
        Ok(())
    }
}

fn put<T>(slot: &mut Option<Given<T>>, name: Ident, value: T, faults: &mut Faults) {
    if slot.is_some() {
        faults.at(&name, format_args!("`{name}` is given twice; remove one"));
    } else {
        *slot = Some(Given { name, value });
    }
}

fn expr_value(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn text_value(input: ParseStream<'_>) -> syn::Result<Text> {
    match expr_value(input)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Ok(Text::Literal(literal)),
        Expr::Path(path) => Ok(Text::Constant(path)),
        other => Err(syn::Error::new_spanned(
            other,
            "expected a string literal or a constant: names stand in the source, so that nothing personal gets into them",
        )),
    }
}

pub(crate) const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// `= "debug"`, `= 2` or `= Level::DEBUG`.
fn level_value(input: ParseStream<'_>) -> syn::Result<Level> {
    input.parse::<Token![=]>()?;
    input.call(level)
}

/// A level, as `tracing` takes it.
pub(crate) fn level(input: ParseStream<'_>) -> syn::Result<Level> {
    let value: Expr = input.parse()?;
    let text = match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => literal.value().to_lowercase(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(literal),
            ..
        }) => literal.base10_digits().to_owned(),
        Expr::Path(path)
            if !path
                .path
                .segments
                .last()
                .is_some_and(|last| LEVELS.iter().any(|level| last.ident == level)) =>
        {
            return Ok(Level::Constant(path.clone()));
        }
        other => other.to_token_stream().to_string(),
    };
    let named = LEVELS
        .iter()
        .enumerate()
        .find(|(index, name)| text == **name || text == (index + 1).to_string());
    match named {
        Some((_, name)) if matches!(value, Expr::Lit(_)) => Ok(Level::Named(name)),
        _ => Err(syn::Error::new_spanned(
            value,
            format_args!("unknown level; {}", suggest_quoted(&text, &LEVELS)),
        )),
    }
}

const KINDS: [&str; 5] = ["internal", "client", "server", "producer", "consumer"];

fn kind_value(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Token![=]>()?;
    input.call(kind)
}

/// A span kind, as the name of a variant of `Kind`.
pub(crate) fn kind(input: ParseStream<'_>) -> syn::Result<Ident> {
    let value: Expr = input.parse()?;
    let text = match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => literal.value().to_lowercase(),
        other => other.to_token_stream().to_string(),
    };
    if matches!(value, Expr::Lit(_)) && KINDS.contains(&text.as_str()) {
        let mut variant = text;
        variant[..1].make_ascii_uppercase();
        return Ok(Ident::new(&variant, Span::call_site()));
    }
    Err(syn::Error::new_spanned(
        value,
        format_args!("unknown kind of span; {}", suggest_quoted(&text, &KINDS)),
    ))
}

fn suggest_quoted(wrong: &str, names: &[&str]) -> String {
    suggest(wrong, names).replace('`', "\"")
}

fn names(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let content;
    parenthesized!(content in input);
    let names = content.parse_terminated(Ident::parse_any, Token![,])?;
    Ok(names.into_iter().collect())
}

fn ret_options(input: ParseStream<'_>) -> syn::Result<Option<Level>> {
    let mut given = None;
    for_each_option(input, "ret", &["level"], |name, content| {
        if name == "level" {
            given = Some(level_value(content)?);
        }
        Ok(())
    })?;
    Ok(given)
}

fn err_options(input: ParseStream<'_>) -> syn::Result<Err> {
    let mut err = Err::default();
    for_each_option(input, "err", &["level", "map"], |name, content| {
        if name == "level" {
            err.level = Some(level_value(content)?);
        } else {
            err.map = Some(expr_value(content)?);
        }
        Ok(())
    })?;
    Ok(err)
}

/// Parses the options in parentheses of `option`, if there are any.
fn for_each_option(
    input: ParseStream<'_>,
    option: &str,
    accepted: &[&str],
    mut parse: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        return Ok(());
    }
    let content;
    parenthesized!(content in input);
    while !content.is_empty() {
        let name = content.call(Ident::parse_any)?;
        if name == "Debug" || name == "Display" {
            let message = format!(
                "the text that `{name}` makes is never exported; `{option}` alone records what is proven public: {}",
                if option == "err" {
                    "the type of the error"
                } else {
                    "a value that is an `AttributeValue`"
                },
            );
            return Err(syn::Error::new(name.span(), message));
        }
        if !accepted.iter().any(|accepted| name == accepted) {
            let message = format!(
                "unknown option `{name}` of `{option}`; {}",
                suggest(&name.to_string(), accepted)
            );
            return Err(syn::Error::new(name.span(), message));
        }
        parse(&name, &content)?;
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// `= Path::X`, `(Path::X)` or `(Path::X, always)`.
fn mark_value(input: ParseStream<'_>) -> syn::Result<Path> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return mark_path(input);
    }
    if !input.peek(syn::token::Paren) {
        return Err(input.error(format_args!(
            "expected a mark: `{}`",
            options::usage("mark")
        )));
    }
    let content;
    parenthesized!(content in input);
    let path = mark_path(&content)?;
    if content.parse::<Option<Token![,]>>()?.is_some() && !content.is_empty() {
        let when = content.call(Ident::parse_any)?;
        if when != "always" {
            return Err(syn::Error::new(
                when.span(),
                format_args!("unknown condition `{when}`; accepted: `always`"),
            ));
        }
        content.parse::<Option<Token![,]>>()?;
    }
    if content.is_empty() {
        Ok(path)
    } else {
        Err(content.error("nothing may follow"))
    }
}

fn mark_path(input: ParseStream<'_>) -> syn::Result<Path> {
    let value: Expr = input.parse()?;
    match value {
        Expr::Path(path) if path.qself.is_none() && path.path.segments.len() > 1 => Ok(path.path),
        other => Err(syn::Error::new_spanned(
            other,
            "a mark is a variant of a latency path, with the path's name: `Path::OrderSent`",
        )),
    }
}

/// `(labels(symbol, venue))`.
fn metric_labels(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let wrong = |span: Span| {
        syn::Error::new(
            span,
            format_args!(
                "expected the labels of the metric: `{}`",
                options::usage("metric")
            ),
        )
    };
    if !input.peek(syn::token::Paren) {
        return Err(wrong(input.span()));
    }
    let content;
    parenthesized!(content in input);
    let name = content
        .call(Ident::parse_any)
        .map_err(|fault| wrong(fault.span()))?;
    if name != "labels" || !content.peek(syn::token::Paren) {
        return Err(wrong(name.span()));
    }
    let labels = content.call(names)?;
    content.parse::<Option<Token![,]>>()?;
    if content.is_empty() {
        Ok(labels)
    } else {
        Err(wrong(content.span()))
    }
}

/// What the attribute stands on.
pub(crate) enum Annotated {
    Function(Box<Function>),
    ImplBlock(ImplBlock),
    Other {
        keyword: TokenStream,
        advice: &'static str,
    },
}

/// A function with its body unparsed: a body that is half typed must not hide the function.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

/// A body, or the `;` of a trait's method without one.
pub(crate) enum Body {
    Block(Group),
    Missing(Token![;]),
}

/// An `impl` block: all before its braces, and what is in them.
pub(crate) struct ImplBlock {
    pub(crate) head: TokenStream,
    pub(crate) body: Group,
}

/// Parses the item that the attribute stands on.
pub(crate) fn item(tokens: TokenStream) -> syn::Result<Annotated> {
    let start = tokens.clone();
    let parser = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        match keyword(&input.fork())? {
            Some(word) if word == "fn" => {
                function(attrs, input).map(|f| Annotated::Function(Box::new(f)))
            }
            Some(word) if word == "impl" => {
                input.parse::<TokenStream>()?;
                impl_block(start)
            }
            word => {
                let rest: TokenStream = input.parse()?;
                let keyword = match &word {
                    Some(word) => word.to_token_stream(),
                    None => rest.into_iter().take(1).collect(),
                };
                Ok(Annotated::Other {
                    advice: advice(word.map(|word| word.to_string()).as_deref()),
                    keyword,
                })
            }
        }
    };
    parser.parse2(tokens)
}

fn advice(keyword: Option<&str>) -> &'static str {
    match keyword {
        Some("trait") => {
            "`#[traced_stage]` goes on a function or an `impl` block: put it on the methods with a body"
        }
        Some("mod") => {
            "`#[traced_stage]` goes on a function or an `impl` block: put it on the functions of the module"
        }
        Some("struct" | "enum" | "union") => {
            "`#[traced_stage]` goes on a function or an `impl` block; for a value to be recorded, derive `AttributeValue`"
        }
        _ => {
            "`#[traced_stage]` goes on a function or an `impl` block; inside a body, `stage!(\"name\")` starts a stage"
        }
    }
}

/// The keyword that says what the item is.
fn keyword(ahead: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    ahead.parse::<Visibility>()?;
    let mut constant = None;
    loop {
        if ahead.peek(LitStr) {
            ahead.parse::<LitStr>()?;
            continue;
        }
        let Ok(word) = ahead.call(Ident::parse_any) else {
            return Ok(constant);
        };
        match word.to_string().as_str() {
            "const" => constant = Some(word),
            "default" | "async" | "unsafe" | "safe" | "extern" => {}
            _ => {
                return Ok(match constant {
                    Some(constant) if word != "fn" && word != "impl" => Some(constant),
                    _ => Some(word),
                });
            }
        }
    }
}

fn function(attrs: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Function> {
    let vis = input.parse()?;
    let ahead = input.fork();
    let defaultness = match ahead.parse::<Ident>() {
        Ok(word) if word == "default" => Some(input.parse()?),
        _ => None,
    };
    let sig = input.parse()?;
    let body = if input.peek(Token![;]) {
        Body::Missing(input.parse()?)
    } else {
        let token: TokenTree = input.parse()?;
        let at = token.span();
        match braces(token) {
            Some(block) => Body::Block(block),
            None => return Err(syn::Error::new(at, "expected the body of the function")),
        }
    };
    Ok(Function {
        attrs,
        vis,
        defaultness,
        sig,
        body,
    })
}

/// A group of braces, also inside the invisible group that `macro_rules` puts around a `$body:block`.
fn braces(token: TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => {
            let mut inner = group.stream().into_iter();
            let only = inner.next().filter(|_| inner.next().is_none());
            only.and_then(braces)
        }
        Delimiter::Parenthesis | Delimiter::Bracket => None,
    }
}

fn impl_block(tokens: TokenStream) -> syn::Result<Annotated> {
    let mut head: Vec<TokenTree> = tokens.into_iter().collect();
    let last = head.pop();
    let at = last.span();
    match last.and_then(braces) {
        Some(body) => Ok(Annotated::ImplBlock(ImplBlock {
            head: head.into_iter().collect(),
            body,
        })),
        None => Err(syn::Error::new(
            at,
            "expected the braces of the `impl` block",
        )),
    }
}
