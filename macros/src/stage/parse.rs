//! The options that the user wrote.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token, parenthesized};

use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Field, Key, skip_to_comma};
use crate::groups::ungrouped;
use crate::options::{self, Form, Placement};
use crate::setting::{
    Given, Kind, Level, Text, each_option, option_name, put, put_given, refuse_quotes,
};

/// The options of one invocation, each at most once.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Given<Text>>,
    pub(crate) prefix: Option<Given<LitStr>>,
    pub(crate) target: Option<Given<Text>>,
    pub(crate) level: Option<Given<Level>>,
    pub(crate) kind: Option<Given<Kind>>,
    pub(crate) skip: Option<Given<Vec<Ident>>>,
    pub(crate) skip_all: Option<Given<()>>,
    pub(crate) fields: Option<Given<Vec<Field>>>,
    pub(crate) parent: Option<Given<Expr>>,
    pub(crate) root: Option<Given<()>>,
    pub(crate) follows_from: Option<Given<Expr>>,
    pub(crate) ret: Option<Given<Ret>>,
    pub(crate) err: Option<Given<Err>>,
    pub(crate) mark: Option<Given<Mark>>,
    pub(crate) labels: Option<Given<Vec<Key>>>,
    pub(crate) krate: Option<Given<Path>>,
}

/// What `ret` was given.
#[derive(Default)]
pub(crate) struct Ret {
    pub(crate) level: Option<Level>,
}

/// What `err` was given.
#[derive(Default)]
pub(crate) struct Err {
    pub(crate) level: Option<Level>,
    pub(crate) map: Option<Expr>,
}

/// What `mark` was given.
pub(crate) struct Mark {
    pub(crate) path: Path,
    /// However the function ends.
    pub(crate) always: bool,
}

/// The name under which an `impl` block passes its options to its methods.
pub(crate) const INHERITED: &str = "__inherited";

impl Options {
    /// Parses options, noting each fault.
    pub(crate) fn parse(tokens: TokenStream, on: Placement, faults: &mut Faults) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| {
            let inherited = Self::parse_inherited(input, faults);
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

    fn parse_inherited(input: ParseStream<'_>, faults: &mut Faults) -> Option<Self> {
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
        if self.skip.is_none() {
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
        let name = option_name(input, &options::accepted(on))?;
        let text = name.to_string();
        let fault = |message: String| Err(syn::Error::new(name.span(), message));
        let Some(spec) = options::find(&text) else {
            return fault(if text == "always" {
                "`always` goes inside: `mark(Path::OrderSent, always)`".to_owned()
            } else {
                let suggestion = suggest(&text, &options::accepted(on));
                format!("unknown option `{name}`; {suggestion}")
            });
        };
        let misplaced = match (spec.on, on) {
            (Placement::Function, Placement::ImplBlock) => {
                "belongs on a method, not on its `impl` block"
            }
            (Placement::ImplBlock, Placement::Function) => "belongs on an `impl` block",
            // A block takes the `off` of its methods away, where it stands alone.
            (Placement::Method, _) => {
                "stands alone, `#[traced_stage(off)]`, on a method of an annotated `impl` block"
            }
            _ => "",
        };
        if !misplaced.is_empty() {
            return fault(format!("`{name}` {misplaced}"));
        }
        if !follows(spec.form, input) {
            return fault(match spec.form {
                Form::Alone => format!("`{name}` takes no value"),
                Form::AloneOrList => {
                    format!("`{name}` stands alone or with options: `{}`", spec.usage)
                }
                _ => format!("`{name}` needs a value: `{}`", spec.usage),
            });
        }
        match text.as_str() {
            "name" => put_given(&mut self.name, name, value(input)?),
            "prefix" => put_given(&mut self.prefix, name, value(input)?),
            "target" => put_given(&mut self.target, name, value(input)?),
            "level" => put_given(&mut self.level, name, value(input)?),
            "kind" => put_given(&mut self.kind, name, value(input)?),
            "skip" => put_given(&mut self.skip, name, names(input)?),
            "skip_all" => put_given(&mut self.skip_all, name, ()),
            "fields" => {
                let fields = inside(input, |content| Ok(field::parse_list(content, faults)))?;
                put_given(&mut self.fields, name, fields)
            }
            "parent" => put_given(&mut self.parent, name, value(input)?),
            "root" => put_given(&mut self.root, name, ()),
            "follows_from" => put_given(&mut self.follows_from, name, ungrouped(value(input)?)),
            "ret" => put_given(&mut self.ret, name, ret_options(input)?),
            "err" => put_given(&mut self.err, name, err_options(input)?),
            "mark" => put_given(&mut self.mark, name, mark_value(input)?),
            "metric" => put_given(&mut self.labels, name, metric_labels(input)?),
            _ => put_given(&mut self.krate, name, crate_value(input)?),
        }
    }
}

/// `= value`.
fn value<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn crate_value(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    let at = input.span();
    input.call(Path::parse_mod_style).map_err(|_| {
        syn::Error::new(
            at,
            "expected the path of the crate: `crate = my_facade::tickspan`",
        )
    })
}

/// Whether what an option needs stands after its name.
fn follows(form: Form, input: ParseStream<'_>) -> bool {
    let alone = input.is_empty() || input.peek(Token![,]);
    let list = input.peek(syn::token::Paren);
    let value = || {
        let ahead = input.fork();
        ahead.parse::<Token![=]>().is_ok() && !ahead.is_empty() && !ahead.peek(Token![,])
    };
    match form {
        Form::Alone => alone,
        Form::Value => value(),
        Form::List => list,
        Form::AloneOrList => alone || list,
        Form::ValueOrList => value() || list,
    }
}

/// Parses what stands in parentheses, all of it.
fn inside<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let content;
    parenthesized!(content in input);
    let parsed = parse(&content).and_then(|parsed| {
        if content.is_empty() {
            Ok(parsed)
        } else {
            Err(content.error("nothing may follow here"))
        }
    });
    // What is left would be told a second time.
    content.parse::<TokenStream>()?;
    parsed
}

fn names(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    inside(input, |content| {
        let name = |content: ParseStream<'_>| {
            let name = bare_name(content)?;
            if content.peek(Token![.]) {
                let message = format!("an argument is skipped whole: `skip({name})`");
                return Err(content.error(message));
            }
            Ok(name)
        };
        let names = content.parse_terminated(name, Token![,])?;
        Ok(names.into_iter().collect())
    })
}

/// A name, which some would quote.
fn bare_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    refuse_quotes(input, str::to_owned)?;
    input
        .call(Ident::parse_any)
        .map_err(|fault| syn::Error::new(fault.span(), "expected a name"))
}

fn ret_options(input: ParseStream<'_>) -> syn::Result<Ret> {
    let mut ret = Ret::default();
    for_each_option(input, "ret", &["level"], |name, content| {
        put(&mut ret.level, name, value(content)?)
    })?;
    Ok(ret)
}

fn err_options(input: ParseStream<'_>) -> syn::Result<Err> {
    let mut err = Err::default();
    for_each_option(input, "err", &["level", "map"], |name, content| {
        if name == "level" {
            put(&mut err.level, name, value(content)?)
        } else {
            put(&mut err.map, name, ungrouped(value(content)?))
        }
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
    let one = |content: ParseStream<'_>| {
        let name = option_name(content, accepted)?;
        let fault = |message: String| Err(syn::Error::new(name.span(), message));
        if name == "Debug" || name == "Display" {
            let instead = if option == "err" {
                "the type of the error"
            } else {
                "a value that is an `AttributeValue`"
            };
            return fault(format!(
                "the text that `{name}` makes is never exported; `{option}` alone records what is proven public: {instead}"
            ));
        }
        if !accepted.iter().any(|accepted| name == accepted) {
            let suggestion = suggest(&name.to_string(), accepted);
            return fault(format!(
                "unknown option `{name}` of `{option}`; {suggestion}"
            ));
        }
        if !follows(Form::Value, content) {
            return fault(format!("`{name}` needs a value: `{name} = ..`"));
        }
        parse(&name, content)
    };
    inside(input, |content| each_option(content, one))
}

/// `= Path::X`, `(Path::X)` or `(Path::X, always)`.
fn mark_value(input: ParseStream<'_>) -> syn::Result<Mark> {
    if input.parse::<Option<Token![=]>>()?.is_some() {
        return Ok(Mark {
            path: mark_path(input)?,
            always: false,
        });
    }
    inside(input, |content| {
        let path = mark_path(content)?;
        let mut always = false;
        if content.parse::<Option<Token![,]>>()?.is_some() && !content.is_empty() {
            let when = content.call(Ident::parse_any)?;
            if when != "always" {
                return Err(syn::Error::new(
                    when.span(),
                    format_args!("unknown condition `{when}`; accepted: `always`"),
                ));
            }
            always = true;
            content.parse::<Option<Token![,]>>()?;
        }
        Ok(Mark { path, always })
    })
}

fn mark_path(input: ParseStream<'_>) -> syn::Result<Path> {
    match input.parse()? {
        Expr::Path(path) if path.qself.is_none() && path.path.segments.len() > 1 => Ok(path.path),
        other => Err(syn::Error::new_spanned(
            other,
            "a mark is a variant of a latency path, with the path's name: `Path::OrderSent`",
        )),
    }
}

/// `(labels(symbol, venue))`.
fn metric_labels(input: ParseStream<'_>) -> syn::Result<Vec<Key>> {
    inside(input, |content| {
        let at = content.span();
        let labels = content.call(Ident::parse_any);
        if labels.is_ok_and(|name| name == "labels") && content.peek(syn::token::Paren) {
            let labels = inside(content, |labels| {
                let labels = labels.parse_terminated(label, Token![,])?;
                Ok(labels.into_iter().collect())
            })?;
            content.parse::<Option<Token![,]>>()?;
            return Ok(labels);
        }
        Err(syn::Error::new(
            at,
            "expected the labels of the metric: `metric(labels(symbol, venue))`",
        ))
    })
}

/// The key of an attribute, which some would quote.
fn label(input: ParseStream<'_>) -> syn::Result<Key> {
    refuse_quotes(input, str::to_owned)?;
    field::parse_dotted(input)
}
