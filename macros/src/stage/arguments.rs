//! The parameters of a function: which names they bind, and how the body gets them.

use std::mem;

use proc_macro2::Group;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, FieldPat, FnArg, Ident, Member, Meta, Pat, PatIdent, PatStruct,
    PatTupleStruct, PatType, Path, ReturnType, Signature, Token, Type, parse_quote,
};

use super::analyze::Rebound;
use super::late::recorded_keys;
use super::returns::{type_argument, unwrapped};
use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Argument, Field, Key, Spelled};
use crate::setting::Given;

/// A name that a parameter binds.
pub(super) struct Binding {
    pub(super) pattern: PatIdent,
    pub(super) cfgs: Vec<Attribute>,
    /// What its parameter says of lints.
    pub(super) lints: Vec<Attribute>,
    /// Which of the parameters binds it.
    pub(super) parameter: usize,
    /// Whether nobody has to name it to have it recorded.
    pub(super) recordable: bool,
    /// What there is to know to record it.
    pub(super) argument: Argument,
    /// The argument as a field, where a label asks for it.
    pub(super) label: Option<Field>,
}

/// The names that the parameters bind, in their order. A label that `body` records later asks for no argument.
pub(super) fn bindings(
    sig: &Signature,
    labels: Option<&Given<Vec<Key>>>,
    body: &Group,
) -> Vec<Binding> {
    let asked: Vec<&Key> = labels.map_or_else(Vec::new, |labels| {
        let recorded = recorded_keys(body.stream());
        let is_asked = |label: &&Key| recorded.iter().all(|later| later.text != label.text);
        labels.value.iter().filter(is_asked).collect()
    });
    let mut bindings: Vec<Binding> = Vec::new();
    for (parameter, input) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = input else {
            continue;
        };
        let mut names = BoundNames::default();
        names.visit_pat_mut(&mut argument.pat.clone());
        let (whole, spelled) = match &*argument.pat {
            // With `ref`, the name's type is another; so it may be of a name behind an `@`.
            Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
                (true, Spelled::of(unwrapped(&argument.ty)))
            }
            Pat::Ident(_) => (true, None),
            _ => (false, None),
        };
        for (pattern, taken_from) in names.found {
            let name = pattern.ident.to_string();
            let name = name.trim_start_matches("r#");
            // `None` and `Unit` are no bindings.
            let binds = !name.starts_with(char::is_uppercase);
            if binds
                && bindings
                    .iter()
                    .all(|known| known.pattern.ident != pattern.ident)
            {
                let known = Argument::of(
                    &pattern.ident,
                    &taken_from,
                    whole && reads_duration(&argument.ty),
                    spelled,
                );
                bindings.push(Binding {
                    // `_x` is not wanted, and `message` is a key of our own.
                    recordable: !name.starts_with('_') && !field::is_reserved(name),
                    label: asked
                        .iter()
                        .find_map(|label| known.labelled(&pattern.ident, label)),
                    argument: known,
                    pattern,
                    parameter,
                    cfgs: attributes(argument, &["cfg"]),
                    lints: attributes(argument, &["allow", "deny", "expect", "forbid", "warn"])
                        .into_iter()
                        .flat_map(of_binding)
                        .collect(),
                });
            }
        }
    }
    bindings
}

/// The type of what a parameter binds, where the parameter binds it whole.
pub(super) fn named_type<'a>(sig: &'a Signature, binding: &Binding) -> Option<&'a Type> {
    match sig.inputs.get(binding.parameter)? {
        FnArg::Typed(argument) if matches!(*argument.pat, Pat::Ident(_)) => Some(&argument.ty),
        _ => None,
    }
}

#[derive(Default)]
struct BoundNames {
    /// Each name, and the types and fields that the pattern takes it from, the outermost first.
    found: Vec<(PatIdent, Vec<Ident>)>,
    within: Vec<Ident>,
}

impl BoundNames {
    fn visit_within(&mut self, name: Option<Ident>, visit: impl FnOnce(&mut Self)) {
        let depth = self.within.len();
        self.within.extend(name);
        visit(self);
        self.within.truncate(depth);
    }
}

impl VisitMut for BoundNames {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        let bound = PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            // In `ref mut x` the `mut` is the reference's.
            mutability: pattern.mutability.filter(|_| pattern.by_ref.is_none()),
            ident: pattern.ident.clone(),
            subpat: None,
        };
        self.found.push((bound, self.within.clone()));
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_pat_struct_mut(&mut self, pattern: &mut PatStruct) {
        self.visit_within(last_word(&pattern.path), |names| {
            visit_mut::visit_pat_struct_mut(names, pattern);
        });
    }

    fn visit_pat_tuple_struct_mut(&mut self, pattern: &mut PatTupleStruct) {
        self.visit_within(last_word(&pattern.path), |names| {
            visit_mut::visit_pat_tuple_struct_mut(names, pattern);
        });
    }

    fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
        let member = match &field.member {
            Member::Named(name) => Some(name.clone()),
            Member::Unnamed(_) => None,
        };
        self.visit_within(member, |names| {
            visit_mut::visit_field_pat_mut(names, field);
        });
    }

    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

fn last_word(path: &Path) -> Option<Ident> {
    path.segments.last().map(|last| last.ident.clone())
}

/// The attributes of a parameter with one of these names.
fn attributes(argument: &PatType, names: &[&str]) -> Vec<Attribute> {
    let is_named = |attr: &&Attribute| names.iter().any(|name| attr.path().is_ident(name));
    argument.attrs.iter().filter(is_named).cloned().collect()
}

/// Moves `mut`, and the lints that are expected, from the parameters to the bindings that the body gets.
pub(super) fn leave_to_bindings(sig: &mut Signature, rebound: &[Rebound]) {
    struct StripMut<'a>(&'a [Rebound]);

    impl VisitMut for StripMut<'_> {
        fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
            // In `ref mut x` the `mut` is the reference's.
            if pattern.by_ref.is_none()
                && self
                    .0
                    .iter()
                    .any(|name| name.pattern.ident == pattern.ident)
            {
                pattern.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pattern);
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }

    for (place, input) in sig.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(argument) = input {
            StripMut(rebound).visit_pat_mut(&mut argument.pat);
            if rebound.iter().any(|it| it.parameter == place) {
                let attributes = mem::take(&mut argument.attrs);
                let left = attributes.into_iter().filter_map(without_unused);
                argument.attrs = left.collect();
            }
        }
    }
}

/// An attribute of a parameter, without the lints it expects of what is not used.
fn without_unused(attribute: Attribute) -> Option<Attribute> {
    match Expected::of(&attribute) {
        Some(Expected { others, .. }) => others,
        None => Some(attribute),
    }
}

/// An attribute of a parameter, as its binding in the body has it: what is expected of the parameter is told of both.
fn of_binding(attribute: Attribute) -> Vec<Attribute> {
    match Expected::of(&attribute) {
        Some(Expected { unused, others }) => {
            let mut others = others;
            others.iter_mut().for_each(allow_expected);
            unused.into_iter().chain(others).collect()
        }
        None => vec![attribute],
    }
}

/// An `#[expect(..)]` in two: of a parameter that has a binding in the body, whether it is used is told of the binding.
struct Expected {
    unused: Option<Attribute>,
    others: Option<Attribute>,
}

impl Expected {
    fn of(attribute: &Attribute) -> Option<Self> {
        if !attribute.path().is_ident("expect") {
            return None;
        }
        let list = Punctuated::<Meta, Token![,]>::parse_terminated;
        let (reason, lints): (Vec<Meta>, Vec<Meta>) = attribute
            .parse_args_with(list)
            .ok()?
            .into_iter()
            .partition(|meta| meta.path().is_ident("reason"));
        let (unused, others): (Vec<Meta>, Vec<Meta>) = lints.into_iter().partition(|lint| {
            let name = lint.path().get_ident();
            name.is_some_and(|name| name.to_string().starts_with("unused"))
        });
        let expecting = |lints: Vec<Meta>| {
            (!lints.is_empty()).then(|| parse_quote!(#[expect(#(#lints,)* #(#reason)*)]))
        };
        Some(Self {
            unused: expecting(unused),
            others: expecting(others),
        })
    }
}

/// Allows the lints that an `#[expect(..)]` expects.
pub(super) fn allow_expected(lint: &mut Attribute) {
    if let Meta::List(list) = &mut lint.meta {
        if list.path.is_ident("expect") {
            list.path = parse_quote!(allow);
        }
    }
}

/// Whether what a function returns reads `Duration`, also as the value of a `Result`.
pub(super) fn returns_duration(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    match unwrapped(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            reads_duration(ty)
                || last.ident.to_string().ends_with("Result")
                    && type_argument(last).is_some_and(reads_duration)
        }),
        other => reads_duration(other),
    }
}

/// Whether a type reads `Duration`, through references and `Option`.
fn reads_duration(ty: &Type) -> bool {
    match unwrapped(ty) {
        Type::Reference(reference) => reads_duration(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            ["Duration", "SignedDuration", "TimeDelta"]
                .iter()
                .any(|name| last.ident == name)
                || last.ident == "Option" && type_argument(last).is_some_and(reads_duration)
        }),
        _ => false,
    }
}

/// Notes names to skip that no parameter binds. What is never recorded may be skipped all the same.
pub(super) fn check_skipped(skipped: &[Ident], bindings: &[Binding], faults: &mut Faults) {
    let names: Vec<String> = bindings
        .iter()
        .filter(|binding| binding.recordable)
        .map(|binding| binding.pattern.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (index, name) in skipped.iter().enumerate() {
        if skipped[..index].contains(name) {
            faults.at(name, format_args!("`{name}` is skipped twice; remove one"));
        } else if name != "self"
            && !name.to_string().starts_with('_')
            && !bindings.iter().any(|it| it.pattern.ident == *name)
        {
            let hint = if names.is_empty() {
                "the function has none that would be recorded".to_owned()
            } else {
                suggest(&name.to_string(), &names)
            };
            faults.at(
                name,
                format_args!("there is no argument `{name}` to skip; {hint}"),
            );
        }
    }
}
