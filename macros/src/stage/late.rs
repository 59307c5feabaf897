//! The keys that a body records while it runs.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};

use crate::diagnostics::Faults;
use crate::field::{self, Capture, Key};

/// The keys of each `record!` in a body, also where it stands inside other macros.
pub(crate) fn recorded_keys(body: TokenStream) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) if name == "record" => {
                let exclamation = tokens.next_if(
                    |next| matches!(next, TokenTree::Punct(punct) if punct.as_char() == '!'),
                );
                if let (Some(_), Some(TokenTree::Group(arguments))) = (exclamation, tokens.peek()) {
                    keys.extend(keys_of(arguments.stream()));
                }
            }
            TokenTree::Group(group) => keys.extend(recorded_keys(group.stream())),
            _ => {}
        }
    }
    keys
}

fn keys_of(arguments: TokenStream) -> Vec<Key> {
    // What is wrong with them, the macro itself will say.
    let mut ignored = Faults::new();
    let fields = (|input: ParseStream<'_>| Ok(field::parse_list(input, &mut ignored)))
        .parse2(arguments)
        .unwrap_or_default();
    drop(ignored.into_tokens());
    fields
        .into_iter()
        .map(|field| field.key)
        .filter(|key| !field::is_reserved(&key.text))
        .collect()
}

/// The keys for later: those declared, and those that the body records.
pub(crate) fn with_recorded(
    declared: Vec<Key>,
    recorded: Vec<Key>,
    captures: &[Capture],
) -> Vec<Key> {
    let mut late = declared;
    for key in recorded {
        let mut known = captures.iter().map(|capture| &capture.key).chain(&late);
        if known.all(|known| known.text != key.text) {
            late.push(key);
        }
    }
    late
}
