//! Marks on the parameters of a function, and what they forbid.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, Pat, Signature};

use super::arguments::Binding;
use super::parse::Options;
use crate::diagnostics::Faults;
use crate::field::{Capture, Field, Key};
use crate::mark::{self, Mark};
use crate::names::gate;
use crate::paths::Support;

/// The marks of a function's parameters, in their order.
#[derive(Default)]
pub(crate) struct Marks {
    parameters: Vec<Option<Mark>>,
    taken: bool,
}

impl Marks {
    /// Takes the marks off the parameters: to the compiler they would be unknown attributes.
    pub(super) fn take(sig: &mut Signature, faults: &mut Faults) -> Self {
        let attributes = |sig: &Signature| -> usize {
            let of = |input: &FnArg| match input {
                FnArg::Receiver(receiver) => receiver.attrs.len(),
                FnArg::Typed(argument) => argument.attrs.len(),
            };
            sig.inputs.iter().map(of).sum()
        };
        let before = attributes(sig);
        let take = |input: &mut FnArg| match input {
            FnArg::Receiver(receiver) => {
                let attributes = receiver.attrs.clone();
                receiver.attrs.retain(|attribute| !mark::is_mark(attribute));
                mark::refuse(&attributes, "`self`", "`self` is never recorded", faults);
                None
            }
            FnArg::Typed(argument) => {
                let mark = Mark::take(&mut argument.attrs, faults);
                argument.attrs.retain(|attribute| {
                    let public = mark::is_public(attribute);
                    if public && mark.is_none() {
                        faults.at(
                            attribute,
                            "`#[public(..)]` stands on a type; to record one argument: \
                             `fields(key = public!(argument, reason = \"...\"))`",
                        );
                    }
                    !public
                });
                let mark = mark?;
                if mark.export.is_some() && !matches!(*argument.pat, Pat::Ident(_)) {
                    faults.at(
                        &argument.pat,
                        "`export` needs one value, and this pattern takes several out; mark an argument with a name",
                    );
                }
                Some(mark)
            }
        };
        let parameters = sig.inputs.iter_mut().map(take).collect();
        Self {
            parameters,
            taken: attributes(sig) < before,
        }
    }

    /// Whether the signature is no longer as it was written.
    pub(super) const fn were_taken(&self) -> bool {
        self.taken
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.parameters.iter().all(Option::is_none)
    }

    /// The mark of a name that a parameter binds.
    pub(super) fn of(&self, binding: &Binding) -> Option<&Mark> {
        self.parameters.get(binding.parameter)?.as_ref()
    }

    /// Notes where options and the body export a marked argument by its name, and where an export cannot be.
    pub(super) fn check(
        &self,
        bindings: &[Binding],
        options: &Options,
        fields: &[Field],
        skipped: &[Ident],
        body: TokenStream,
        faults: &mut Faults,
    ) {
        if self.is_empty() {
            return;
        }
        let marked: Vec<(&Ident, &Mark)> = bindings
            .iter()
            .filter_map(|binding| Some((&binding.pattern.ident, self.of(binding)?)))
            .collect();
        for binding in bindings {
            let Some(mark) = self.of(binding) else {
                continue;
            };
            check_export(mark, binding, options, skipped, faults);
        }
        let map = options.err.as_ref().and_then(|err| err.value.map.as_ref());
        let values = fields.iter().map(|field| &field.value).chain(map);
        for value in values {
            check_exported(value.to_token_stream(), &marked, faults);
        }
        check_body(body, &marked, faults);
    }
}

/// Notes an export that something else takes away.
fn check_export(
    mark: &Mark,
    binding: &Binding,
    options: &Options,
    skipped: &[Ident],
    faults: &mut Faults,
) {
    let Some(mode) = &mark.export else { return };
    let name = &binding.pattern.ident;
    if options.skip_all.is_some() || skipped.contains(name) {
        mark.check_skipped(name, faults);
    } else if !binding.recordable {
        faults.at(
            name,
            format_args!(
                "`{name}` is never recorded under this name, and its mark exports a part of it; rename it, or remove \
                 `export = {}`",
                mode.text()
            ),
        );
    }
}

/// What is recorded of a marked argument, under its name.
pub(super) fn capture(binding: &Binding, mark: &Mark, support: &Support) -> Option<Capture> {
    let ident = &binding.pattern.ident;
    let capture = mark.capture(Key::of_ident(ident), &syn::parse_quote!(#ident), support)?;
    Some(Capture {
        cfgs: binding.cfgs.clone(),
        argument: Some(ident.clone()),
        ..capture
    })
}

/// Notes marked names in the `record!`, `event!` and `stage!` of a body.
fn check_body(body: TokenStream, marked: &[(&Ident, &Mark)], faults: &mut Faults) {
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) if ["record", "event", "stage"].iter().any(|it| name == it) => {
                let exclamation = tokens.next_if(
                    |next| matches!(next, TokenTree::Punct(punct) if punct.as_char() == '!'),
                );
                if let (Some(_), Some(TokenTree::Group(arguments))) = (exclamation, tokens.peek()) {
                    let fields = arguments.stream().into_iter().take_while(
                        |token| !matches!(token, TokenTree::Ident(word) if word == "async"),
                    );
                    check_exported(fields.collect(), marked, faults);
                }
            }
            TokenTree::Group(group) => check_body(group.stream(), marked, faults),
            _ => {}
        }
    }
}

/// Notes marked names in an expression that is exported, also in format strings: not the fields and methods of others,
/// and not keys.
fn check_exported(tokens: TokenStream, marked: &[(&Ident, &Mark)], faults: &mut Faults) {
    let is = |token: Option<&TokenTree>, c| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == c);
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => check_exported(group.stream(), marked, faults),
            TokenTree::Ident(name) => {
                let before = at.checked_sub(1).and_then(|before| tokens.get(before));
                let is_member = is(before, '.');
                let is_key = is(tokens.get(at + 1), '=') && !is(tokens.get(at + 2), '=');
                if !is_member && !is_key {
                    check_name(&name.unraw().to_string(), name.span(), marked, faults);
                }
            }
            TokenTree::Literal(literal) => {
                for name in gate::names_in_format(literal) {
                    check_name(&name, literal.span(), marked, faults);
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// Notes a name that is marked.
fn check_name(name: &str, at: Span, marked: &[(&Ident, &Mark)], faults: &mut Faults) {
    let mark = marked.iter().find(|(known, _)| known.unraw() == name);
    if let Some((_, mark)) = mark {
        let instead = if mark.export.is_some() {
            "its mark says what of it leaves, and that is recorded already"
        } else {
            "record something else, or say in its mark what may leave: `#[pii(Class, export = ..)]`"
        };
        faults.at_span(
            at,
            format_args!(
                "`{name}` is marked sensitive, and this expression is exported; {instead}"
            ),
        );
    }
}
