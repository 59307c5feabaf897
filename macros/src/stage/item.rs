//! The item that the attribute stands on, with its body left as it is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitStr, Signature, Token, Visibility};

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
    pub(crate) head: Head,
    pub(crate) body: Body,
}

impl Function {
    /// Whether another `#[traced_stage]` has expanded it before: its static stands in the body.
    pub(crate) fn is_expanded(&self) -> bool {
        let Body::Block(body) = &self.body else {
            return false;
        };
        body.stream()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(name) if name == "__TICKSPAN_STAGE"))
    }
}

/// All of a function but its body.
pub(crate) struct Head {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    /// The attributes that stand at the start of the body.
    pub(crate) inner_attrs: TokenStream,
}

/// A body, or the `;` of a trait's method without one.
pub(crate) enum Body {
    Block(Group),
    Missing(Token![;]),
}

/// An `impl` block: all before its braces, and what is in them.
pub(crate) struct ImplBlock {
    pub(crate) head: TokenStream,
    /// The attributes that stand at the start of the body.
    pub(crate) inner_attrs: TokenStream,
    pub(crate) body: Group,
}

/// The function as it was written.
impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Head {
            attrs,
            vis,
            defaultness,
            sig,
            inner_attrs,
        } = &self.head;
        tokens.extend(quote!(#(#attrs)* #vis #defaultness #sig));
        match &self.body {
            Body::Missing(semicolon) => semicolon.to_tokens(tokens),
            Body::Block(body) => {
                let inner = body.stream();
                let mut braces = Group::new(Delimiter::Brace, quote!(#inner_attrs #inner));
                braces.set_span(body.span());
                braces.to_tokens(tokens);
            }
        }
    }
}

/// Parses the item that the attribute stands on.
pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Annotated> {
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
    let mut inner_attrs = TokenStream::new();
    let body = if input.peek(Token![;]) {
        Body::Missing(input.parse()?)
    } else {
        let token: TokenTree = input.parse()?;
        let at = token.span();
        match braces(token) {
            Some(block) => {
                let (attrs, block) = split_inner_attrs(block);
                inner_attrs = attrs;
                Body::Block(block)
            }
            None => return Err(syn::Error::new(at, "expected the body of the function")),
        }
    };
    let head = Head {
        attrs,
        vis,
        defaultness,
        sig,
        inner_attrs,
    };
    Ok(Function { head, body })
}

/// Takes each `#![..]` from the start of a body.
fn split_inner_attrs(body: Group) -> (TokenStream, Group) {
    let is =
        |token: &TokenTree, c| matches!(token, TokenTree::Punct(punct) if punct.as_char() == c);
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let attrs = tokens
        .chunks_exact(3)
        .take_while(|three| {
            is(&three[0], '#') && is(&three[1], '!') && matches!(three[2], TokenTree::Group(_))
        })
        .count();
    if attrs == 0 {
        return (TokenStream::new(), body);
    }
    let (attrs, rest) = tokens.split_at(attrs * 3);
    let mut block = Group::new(Delimiter::Brace, rest.iter().cloned().collect());
    block.set_span(body.span());
    (attrs.iter().cloned().collect(), block)
}

/// A group of braces, also inside the invisible group that `macro_rules` puts around a `$body:block`.
pub(crate) fn braces(token: TokenTree) -> Option<Group> {
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
        Some(body) => {
            let (inner_attrs, body) = split_inner_attrs(body);
            Ok(Annotated::ImplBlock(ImplBlock {
                head: head.into_iter().collect(),
                inner_attrs,
                body,
            }))
        }
        None => Err(syn::Error::new(
            at,
            "expected the braces of the `impl` block",
        )),
    }
}
