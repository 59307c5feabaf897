//! From what the user wrote to a model that cannot be wrong.

use std::collections::HashSet;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Ident, LitStr, PatIdent, ReceiverKind, ReturnType, Signature, Type};

use super::item::{Body, Function, Head};
use super::late::{recorded_keys, with_recorded};
use super::marked::{self, Marks};
use super::parse::{Err, Mark, Options, Ret};
use super::returns::{
    Asynchronous, is_track_caller, may_be_result, returned_stream_or_future, unwrapped,
    without_impl,
};
use super::{arguments, boxed, expand};
use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Capture, Field, Key};
use crate::groups;
use crate::inventory::{self, Entry};
use crate::names::gate::{self, Named};
use crate::paths::Support;
use crate::setting::{Given, Kind, Level, Text};

/// A function to be expanded.
pub(crate) struct Stage {
    pub(crate) head: Head,
    pub(crate) support: Support,
    pub(crate) name: TokenStream,
    pub(crate) target: Option<Text>,
    pub(crate) level: Option<Level>,
    pub(crate) kind: Option<Kind>,
    pub(crate) parent: Parent,
    pub(crate) follows_from: Option<Expr>,
    pub(crate) captures: Vec<Capture>,
    /// What leaves the record of all decisions.
    pub(crate) noted: TokenStream,
    /// Keys that are recorded later.
    pub(crate) late: Vec<Key>,
    /// Those of both by whose values the metrics of the stage are told apart.
    pub(crate) labels: Vec<Key>,
    /// Arguments that the body gets under a binding of its own.
    pub(crate) rebound: Vec<Rebound>,
    /// What the body mentions first, so that it captures it whole and in this order.
    pub(crate) mentioned: Vec<(Vec<Attribute>, Ident)>,
    pub(crate) ending: Ending,
    /// Paths that stand for no code: each `Empty`.
    pub(crate) named: Vec<TokenStream>,
    pub(crate) shape: Shape,
    /// Where the body stands.
    pub(crate) braces_at: Span,
}

/// An argument under a binding of the body's own.
pub(crate) struct Rebound {
    pub(crate) pattern: PatIdent,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) lints: Vec<Attribute>,
    /// Which of the parameters binds it.
    pub(crate) parameter: usize,
    /// Whether an option uses it, so that the body need not.
    pub(crate) used: bool,
}

/// What is recorded of the function's return.
pub(crate) struct Ending {
    pub(crate) ret: Option<Ret>,
    pub(crate) err: Option<Given<Err>>,
    /// What is marked where the function has done what it is for.
    pub(crate) mark: Option<Mark>,
}

/// Whose child the span is.
pub(crate) enum Parent {
    Current,
    Root,
    Given(Expr),
}

impl Parent {
    /// What `parent` was given; a `None` starts a trace, as in `tracing`.
    pub(crate) fn given(expr: Expr) -> Self {
        let expr = groups::ungrouped(expr);
        match &expr {
            Expr::Path(path)
                if path
                    .path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "None") =>
            {
                Self::Root
            }
            _ => Self::Given(expr),
        }
    }
}

/// How the function runs.
pub(crate) enum Shape {
    /// Nobody need see what it returns, or nobody can: its body runs in place.
    Plain { body: Group },
    /// What it returns is looked at, so its body runs in a closure.
    Classified { body: Group, returns: Type },
    /// An `async fn`; without a type, it never returns.
    Async { body: Group, returns: Option<Type> },
    /// It returns `impl Future` or `impl Stream`.
    Opaque { kind: Asynchronous, body: Group },
    /// It returns a boxed future or stream; the body is rewritten to wrap what is boxed.
    Boxed { body: TokenStream },
}

pub(crate) fn analyze(
    mut options: Options,
    function: Function,
    marks: &Marks,
    faults: &mut Faults,
) -> Option<Stage> {
    let Function { mut head, body } = function;
    let body = match body {
        Body::Block(body) => body,
        Body::Missing(semicolon) => {
            faults.at(
                semicolon,
                "`#[traced_stage]` needs a body; put it on the implementations of this method",
            );
            return None;
        }
    };
    let braces_at = body.span();
    check_options(&options, &head, faults);

    let support = Support::of(options.krate.as_ref().map(|given| &given.value));
    let fields = options
        .fields
        .take()
        .map(|given| given.value)
        .unwrap_or_default();
    check_fields(&fields, &head.sig, faults);

    let bindings = arguments::bindings(&head.sig, options.labels.as_ref(), &body);
    let skipped = options
        .skip
        .take()
        .map(|given| given.value)
        .unwrap_or_default();
    arguments::check_skipped(&skipped, &bindings, faults);
    marks.check(
        &bindings,
        &options,
        &fields,
        &skipped,
        body.stream(),
        faults,
    );
    let rebound = rebound(&bindings, &names_in_options(&options, &fields));
    let noted = noted(
        &bindings, &head.sig, marks, &fields, &skipped, &options, &support,
    );
    let wanted = bindings
        .into_iter()
        .filter(|binding| {
            binding.recordable
                && options.skip_all.is_none()
                && !skipped.contains(&binding.pattern.ident)
        })
        .collect();
    let named: Vec<TokenStream> = fields
        .iter()
        .filter(|field| field.is_empty())
        .map(|field| field.value.to_token_stream())
        .collect();
    let (captures, declared) = attributes(wanted, fields, marks, &support);
    let late = with_recorded(declared, recorded_keys(body.stream()), &captures);
    field::check_count(&captures, &late, faults);
    check_argument_keys(&captures, faults);
    let labels = labels(options.labels.as_ref(), &captures, &late, faults);

    let ending = Ending {
        ret: options.ret.map(|given| given.value),
        err: options.err,
        mark: options.mark.map(|given| given.value),
    };
    let tokens = body.stream();
    let shape = shape(&head, body, ending.ret.is_some(), faults, &|kind, inner| {
        expand::around(kind, inner, &ending, &head.sig, &support)
    });
    let (rebound, mentioned) = match shape {
        // With a second binding a future would hold its arguments twice.
        Shape::Async { .. } => {
            let mentioned = mentioned(&rebound, &captures, &head.sig, tokens);
            (Vec::new(), mentioned)
        }
        Shape::Classified { .. } => (rebound, mentioned(&[], &[], &head.sig, tokens)),
        _ => (rebound, Vec::new()),
    };
    arguments::leave_to_bindings(&mut head.sig, &rebound);

    let parent = match (options.root, options.parent) {
        (Some(_), _) => Parent::Root,
        (None, Some(given)) => Parent::given(given.value),
        (None, None) => Parent::Current,
    };
    Some(Stage {
        noted,
        name: span_name(options.name, options.prefix, &head.sig.ident),
        head,
        support,
        target: options.target.map(|given| given.value),
        level: options.level.map(|given| given.value),
        kind: options.kind.map(|given| given.value),
        parent,
        follows_from: options.follows_from.map(|given| given.value),
        captures,
        late,
        labels,
        rebound,
        mentioned,
        ending,
        named,
        shape,
        braces_at,
    })
}

/// Notes what is wrong with `fields`. A key alone, as `tracing` declares one for later, is the value of that name: of an
/// argument, or of a constant, in capitals.
fn check_fields(fields: &[Field], sig: &Signature, faults: &mut Faults) {
    field::check(fields, faults);
    let mut names = HashSet::new();
    collect_names(sig.to_token_stream(), &mut names);
    for field in fields {
        let Expr::Path(value) = &field.value else {
            continue;
        };
        let key = &field.key.text;
        let is_bare = value
            .path
            .get_ident()
            .is_some_and(|name| name.unraw() == key);
        let is_named = || {
            names
                .iter()
                .any(|name| name.trim_start_matches("r#") == key)
        };
        if is_bare && !key.contains(char::is_uppercase) && !is_named() {
            faults.at(
                value,
                format_args!(
                    "there is no argument `{key}`; a key that is recorded later is declared as `{key} = Empty`"
                ),
            );
        }
    }
}

/// What leaves the record of what is decided about each argument, each field, and what the function returns.
fn noted(
    bindings: &[arguments::Binding],
    sig: &Signature,
    marks: &Marks,
    fields: &[Field],
    skipped: &[Ident],
    options: &Options,
    support: &Support,
) -> TokenStream {
    let given = |name: &Ident| {
        let key = Key::of_ident(name).text;
        fields.iter().any(|field| field.key.text == key)
    };
    let of_arguments = bindings
        .iter()
        .filter(|binding| !given(&binding.pattern.ident))
        .map(|binding| {
            let name = &binding.pattern.ident;
            let ty = arguments::named_type(sig, binding);
            let entry = if let Some(mark) = marks.of(binding) {
                Entry::marked(name, ty, mark)
            } else if binding.recordable && options.skip_all.is_none() && !skipped.contains(name) {
                match &binding.label {
                    Some(field) => Entry::field(field),
                    None => Entry::argument(name, ty, &binding.argument, support),
                }
            } else {
                Entry::not_captured(name, ty, binding.recordable)
            };
            entry.with_cfgs(binding.cfgs.clone())
        });
    let of_fields = fields
        .iter()
        .filter(|field| !field.is_empty())
        .map(Entry::field);
    let name = sig.ident.unraw().to_string();
    let returned = options.ret.as_ref().map(|_| {
        let is_exempt = Named::find(&name, sig.ident.span()).is_some();
        match &sig.output {
            ReturnType::Default => Entry::own("return", &quote!(()), is_exempt),
            ReturnType::Type(_, ty) => Entry::own("return", &**ty, is_exempt),
        }
    });
    let map = options.err.as_ref().and_then(|err| err.value.map.as_ref());
    let mapped = map.map(|map| Entry::own("error.type", map, false));
    let entries: Vec<Entry> = of_arguments
        .chain(of_fields)
        .chain(returned)
        .chain(mapped)
        .collect();
    inventory::noted("stage", &name, sig.ident.span(), &entries, support)
}

/// An argument's key may have got its unit from the macro, and be another argument's. Of two fields it is told
/// already.
fn check_argument_keys(captures: &[Capture], faults: &mut Faults) {
    for (index, capture) in captures.iter().enumerate() {
        let key = &capture.key;
        if captures[..index]
            .iter()
            .filter(|earlier| capture.argument.is_some() || earlier.argument.is_some())
            .any(|earlier| earlier.key.text == key.text)
        {
            faults.at(
                &key.tokens,
                format_args!(
                    "another argument is recorded as `{}` too; skip one of them",
                    key.text
                ),
            );
        }
    }
}

/// The names that stand in options: an argument among them is used.
fn names_in_options(options: &Options, fields: &[Field]) -> HashSet<String> {
    let mut names = HashSet::new();
    for field in fields {
        collect_names(field.value.to_token_stream(), &mut names);
    }
    for expr in [&options.parent, &options.follows_from]
        .into_iter()
        .flatten()
    {
        collect_names(expr.value.to_token_stream(), &mut names);
    }
    for label in options.labels.iter().flat_map(|labels| &labels.value) {
        collect_names(label.tokens.clone(), &mut names);
    }
    names
}

fn collect_names(tokens: TokenStream, names: &mut HashSet<String>) {
    let mut member = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(ident) if !member => _ = names.insert(ident.to_string()),
            TokenTree::Group(group) => collect_names(group.stream(), names),
            TokenTree::Literal(literal) => names.extend(gate::names_in_format(literal)),
            _ => {}
        }
        member = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
}

/// What a body that becomes a closure or a future shall capture whole: what it drops, it drops in the order in which it
/// captures, and the last argument goes first.
fn mentioned(
    arguments: &[Rebound],
    captures: &[Capture],
    sig: &Signature,
    body: TokenStream,
) -> Vec<(Vec<Attribute>, Ident)> {
    let mut names = HashSet::new();
    collect_names(body, &mut names);
    // What nothing uses is left out: that is still told.
    let is_used = |argument: &&Rebound| {
        let name = &argument.pattern.ident;
        let mut recorded = captures.iter().filter_map(|it| it.argument.as_ref());
        let text = name.to_string();
        argument.used
            || text.starts_with('_')
            || names.contains(&text)
            || recorded.any(|recorded| recorded == name)
    };
    let receiver = sig
        .receiver()
        .filter(|receiver| {
            !matches!(receiver.kind, ReceiverKind::Reference { .. }) && names.contains("self")
        })
        .map(|receiver| (Vec::new(), receiver.self_token.into()));
    let arguments = arguments.iter().rev().filter(is_used);
    arguments
        .map(|it| (it.cfgs.clone(), it.pattern.ident.clone()))
        .chain(receiver)
        .collect()
}

/// The bindings of the body's own; `used` are the names that options use.
fn rebound(bindings: &[arguments::Binding], used: &HashSet<String>) -> Vec<Rebound> {
    let rebound = bindings.iter().map(|binding| {
        let mut lints = binding.lints.clone();
        let of_parameter = bindings
            .iter()
            .filter(|it| it.parameter == binding.parameter);
        if of_parameter.count() > 1 {
            // What is expected of one of them is not of the others.
            lints.iter_mut().for_each(arguments::allow_expected);
        }
        Rebound {
            pattern: binding.pattern.clone(),
            cfgs: binding.cfgs.clone(),
            lints,
            parameter: binding.parameter,
            used: used.contains(&binding.pattern.ident.to_string()),
        }
    });
    rebound.collect()
}

/// What is recorded at the start, and the keys that are declared for later. A field with the key of an
/// argument takes its place.
fn attributes(
    arguments: Vec<arguments::Binding>,
    fields: Vec<Field>,
    marks: &Marks,
    support: &Support,
) -> (Vec<Capture>, Vec<Key>) {
    let mut captures: Vec<Capture> = arguments
        .into_iter()
        .filter_map(|argument| {
            let name = &argument.pattern.ident;
            let capture = match marks.of(&argument) {
                Some(mark) => marked::capture(&argument, mark, support)?,
                None => match &argument.label {
                    Some(field) => Capture {
                        argument: Some(name.clone()),
                        cfgs: argument.cfgs.clone(),
                        ..field.captured(support)
                    },
                    None => argument
                        .argument
                        .captured(name, argument.cfgs.clone(), support),
                },
            };
            let keys = [&Key::of_ident(name).text, &capture.key.text];
            let given = fields.iter().any(|field| keys.contains(&&field.key.text));
            (!given).then_some(capture)
        })
        .collect();
    let (empty, given): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(Field::is_empty);
    captures.extend(given.into_iter().map(|field| field.captured(support)));
    let declared = empty.into_iter().map(|field| field.key).collect();
    (captures, declared)
}

/// What `map` gives is exported, and no type decides there what a sensitive name may hold.
fn check_map(map: &Expr, faults: &mut Faults) {
    field::check_exposure(map, faults);
    if let Some(named) = Named::find_in(map) {
        faults.at_span(
            named.at,
            format_args!(
                "`{}` names {}, and what `map` gives is exported; map to a code that stands in the source",
                named.name,
                gate::what(named.finding.kind)
            ),
        );
    }
}

/// Options that contradict each other or the function.
fn check_options(options: &Options, head: &Head, faults: &mut Faults) {
    if let Some(constness) = &head.sig.constness {
        faults.at(
            constness,
            "a `const fn` may run while compiling, where nothing can be recorded; remove `const`, or put \
             `#[traced_stage]` on its callers",
        );
    }
    if let Some(map) = options.err.as_ref().and_then(|err| err.value.map.as_ref()) {
        check_map(map, faults);
    }
    if let (Some(all), Some(_)) = (&options.skip_all, &options.skip) {
        faults.at(
            &all.name,
            "`skip_all` already skips every argument; remove `skip(..)` or `skip_all`",
        );
    }
    if let (Some(root), Some(_)) = (&options.root, &options.parent) {
        faults.at(
            &root.name,
            "`root` starts a new trace and `parent` continues one; remove one of them",
        );
    }
    let returned = [
        options.ret.as_ref().map(|given| &given.name),
        options.err.as_ref().map(|given| &given.name),
    ];
    for name in returned.into_iter().flatten() {
        if let Some(why) = returns_nothing_to_record(name, head) {
            faults.at(name, why);
        }
    }
}

/// Why `ret` or `err` cannot be had, where the signature alone tells.
fn returns_nothing_to_record(option: &Ident, head: &Head) -> Option<String> {
    let Head { attrs, sig, .. } = head;
    let what = match &sig.output {
        ReturnType::Default => "returns nothing".to_owned(),
        ReturnType::Type(_, ty) => match (unwrapped(ty), returned_stream_or_future(ty)) {
            (_, Some(Asynchronous::Stream)) => {
                "returns a stream, which has no single result".to_owned()
            }
            (_, Some(Asynchronous::Future)) => return None,
            (Type::ImplTrait(_), None) if sig.asyncness.is_none() => {
                "returns an `impl Trait`, which cannot be looked into".to_owned()
            }
            (Type::Never(_), _) => "never returns".to_owned(),
            (ty, None) if option == "err" && sig.asyncness.is_none() && !may_be_result(ty) => {
                format!("returns `{}`", ty.to_token_stream())
            }
            (_, None) if sig.asyncness.is_none() && is_track_caller(attrs) => {
                "is `#[track_caller]`, and what it returns cannot be seen".to_owned()
            }
            (_, None) => return None,
        },
    };
    let needed = if option == "err" { "`Result`" } else { "value" };
    Some(format!(
        "`{option}` needs a function that returns a {needed}; this one {what}"
    ))
}

/// The keys that are labels of the stage's metrics.
fn labels(
    labels: Option<&Given<Vec<Key>>>,
    captures: &[Capture],
    late: &[Key],
    faults: &mut Faults,
) -> Vec<Key> {
    let Some(labels) = labels else {
        return Vec::new();
    };
    if labels.value.is_empty() {
        faults.at(
            &labels.name,
            "`metric(labels(..))` needs at least one label",
        );
    }
    let keys: Vec<&str> = captures
        .iter()
        .map(|capture| &capture.key)
        .chain(late)
        .map(|key| key.text.as_str())
        .collect();
    for (index, label) in labels.value.iter().enumerate() {
        let text = &label.text;
        if labels.value[..index].iter().any(|it| it.text == *text) {
            faults.at(
                &label.tokens,
                format_args!("the label `{text}` is given twice; remove one"),
            );
        } else if !keys.contains(&text.as_str()) {
            let hint = if keys.is_empty() {
                "this stage records none".to_owned()
            } else {
                suggest(text, &keys)
            };
            faults.at(
                &label.tokens,
                format_args!("the label `{text}` names no attribute of this stage; {hint}"),
            );
        }
    }
    labels.value.clone()
}

fn span_name(
    name: Option<Given<Text>>,
    prefix: Option<Given<LitStr>>,
    function: &Ident,
) -> TokenStream {
    let function = function.unraw().to_string();
    match (name, prefix) {
        (Some(name), _) => name.value.to_token_stream(),
        (None, Some(Given { value, .. })) => {
            LitStr::new(&format!("{}.{function}", value.value()), value.span()).to_token_stream()
        }
        (None, None) => function.to_token_stream(),
    }
}

fn shape(
    head: &Head,
    body: Group,
    ret: bool,
    faults: &mut Faults,
    around: &dyn Fn(Asynchronous, &Expr) -> TokenStream,
) -> Shape {
    let Head { attrs, sig, .. } = head;
    let unit: Type = syn::parse_quote_spanned!(sig.ident.span()=> ());
    let returns = match &sig.output {
        ReturnType::Default => unit,
        ReturnType::Type(_, ty) => unwrapped(ty).clone(),
    };
    if sig.asyncness.is_some() {
        let never = matches!(returns, Type::Never(_));
        return Shape::Async {
            body,
            returns: (!never).then(|| without_impl(returns)),
        };
    }
    let opaque = matches!(returns, Type::ImplTrait(_));
    match returned_stream_or_future(&returns) {
        Some(kind) if opaque => Shape::Opaque { kind, body },
        Some(kind) => Shape::Boxed {
            body: boxed::rewrite(body, kind, &|inner| around(kind, inner), faults),
        },
        None if opaque || matches!(returns, Type::Never(_)) || is_track_caller(attrs) => {
            Shape::Plain { body }
        }
        None if ret || may_be_result(&returns) => Shape::Classified {
            body,
            returns: without_impl(returns),
        },
        None => Shape::Plain { body },
    }
}
