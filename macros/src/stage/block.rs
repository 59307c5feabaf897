//! An annotated `impl` block: each function in it with a body is annotated, unless it opts out.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::item::{self, Annotated, ImplBlock};
use super::marked::Marks;
use super::parse::{INHERITED, Options};
use crate::diagnostics::Faults;
use crate::paths;

/// The block with `#[traced_stage]` on its functions, which pass on the block's `options`.
pub(crate) fn expand(checked: &Options, options: &TokenStream, block: ImplBlock) -> TokenStream {
    let root = paths::root(checked.krate.as_ref().map(|given| &given.value));
    let inherited = Ident::new(INHERITED, Span::call_site());
    let inherited = quote!(#inherited(#options));
    let items: TokenStream = items(block.body.stream())
        .into_iter()
        .map(|item| annotate(item, &root, &inherited))
        .collect();
    let inner_attrs = block.inner_attrs;
    let mut body = Group::new(Delimiter::Brace, quote!(#inner_attrs #items));
    body.set_span(block.body.span());
    let mut tokens = block.head;
    body.to_tokens(&mut tokens);
    tokens
}

/// The items of a block: each ends with a `;` or with braces. What is half typed comes through as it is.
fn items(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut items = vec![Vec::new()];
    for token in tokens {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(_) => item::braces(token.clone()).is_some(),
            _ => false,
        };
        if let Some(item) = items.last_mut() {
            item.push(token);
        }
        if ends {
            items.push(Vec::new());
        }
    }
    items
}

fn annotate(item: Vec<TokenTree>, root: &TokenStream, inherited: &TokenStream) -> TokenStream {
    if !is_traceable(&item) {
        return unmarked(item.into_iter().collect());
    }
    let (mut annotated, mut is_off) = (false, false);
    let mut tokens = TokenStream::new();
    let mut item = item.into_iter().peekable();
    while let Some(token) = item.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        match item.peek() {
            Some(TokenTree::Group(attribute))
                if is_hash && attribute.delimiter() == Delimiter::Bracket =>
            {
                match Own::of(attribute) {
                    None => token.to_tokens(&mut tokens),
                    Some(Own::Off) => {
                        item.next();
                        is_off = true;
                    }
                    Some(Own::Options { path, options }) => {
                        item.next();
                        annotated = true;
                        tokens.extend(quote!(#token[#path(#inherited, #options)]));
                    }
                }
            }
            _ => token.to_tokens(&mut tokens),
        }
    }
    if is_off {
        unmarked(tokens)
    } else if annotated {
        tokens
    } else {
        quote!(#[#root::traced_stage(#inherited)] #tokens)
    }
}

/// An item that is not traced, without the marks on its parameters: to the compiler they would be unknown attributes.
fn unmarked(item: TokenStream) -> TokenStream {
    let Ok(Annotated::Function(mut function)) = item::parse(item.clone()) else {
        return item;
    };
    let mut faults = Faults::new();
    let marks = Marks::take(&mut function.head.sig, &mut faults);
    let faults = faults.into_tokens();
    if marks.were_taken() {
        quote!(#faults #function)
    } else {
        item
    }
}

/// Whether an item is a function with a body that runs at run time.
fn is_traceable(item: &[TokenTree]) -> bool {
    let word =
        |token: &TokenTree, text: &str| matches!(token, TokenTree::Ident(ident) if ident == text);
    let function = item
        .windows(2)
        .position(|pair| word(&pair[0], "fn") && matches!(pair[1], TokenTree::Ident(_)));
    let has_body = matches!(item.last(), Some(TokenTree::Group(_)));
    function.is_some_and(|at| has_body && !item[..at].iter().any(|token| word(token, "const")))
}

/// The `#[traced_stage]` that a method has of its own.
enum Own {
    Off,
    Options {
        path: TokenStream,
        options: TokenStream,
    },
}

impl Own {
    fn of(attribute: &Group) -> Option<Self> {
        let mut tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
        let options = match tokens.last() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let stream = group.stream();
                tokens.pop();
                stream
            }
            _ => TokenStream::new(),
        };
        match tokens.last() {
            Some(TokenTree::Ident(name)) if name == "traced_stage" => {}
            _ => return None,
        }
        if options.to_string() == "off" {
            return Some(Self::Off);
        }
        Some(Self::Options {
            path: tokens.into_iter().collect(),
            options,
        })
    }
}
