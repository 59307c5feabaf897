//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Ident, Lifetime, Pat, PatIdent, Path, PathArguments,
    PathSegment, ReturnType, Signature, Type, TypeParamBound, Visibility,
};

use super::parse::{Body, Err, Function, Given, Level, Options, Text};
use super::{boxed, expand};
use crate::diagnostics::{Faults, suggest};
use crate::field::{self, Capture, Field, Key, capture_argument};
use crate::paths;

/// A function to be expanded.
pub(crate) struct Stage {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    pub(crate) support: TokenStream,
    pub(crate) name: TokenStream,
    pub(crate) target: Option<Text>,
    pub(crate) level: Option<Level>,
    pub(crate) kind: Option<Ident>,
    pub(crate) parent: Parent,
    pub(crate) follows_from: Option<Expr>,
    pub(crate) captures: Vec<Capture>,
    /// Keys that are recorded later.
    pub(crate) late: Vec<Key>,
    /// Whether the body records late attributes: those of a stage that nobody wants must not reach the
    /// stage around it.
    pub(crate) records_late: bool,
    /// Arguments that the body gets under a binding of its own, so that what rustc says of an unused one
    /// is still said.
    pub(crate) rebound: Vec<PatIdent>,
    pub(crate) ending: Ending,
    pub(crate) mark: Option<Path>,
    pub(crate) shape: Shape,
}

/// What is recorded of the function's return.
pub(crate) struct Ending {
    pub(crate) ret: Option<Option<Level>>,
    pub(crate) err: Option<Given<Err>>,
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
    /// It returns nothing that could be an error, or something opaque: its body runs in place.
    Plain { body: Group, returns: Returns },
    /// It may return a `Result`: its body runs in a closure, so that the outcome is seen.
    Classified { body: Group, returns: Type },
    /// An `async fn`; without a type, it never returns.
    Async { body: Group, returns: Option<Type> },
    /// It returns `impl Future`.
    Future { body: Group },
    /// It returns `impl Stream`.
    Stream { body: Group },
    /// It returns a boxed future or stream; the body is rewritten to wrap what is boxed.
    Boxed { body: TokenStream, returns: Type },
}

/// What a plain function returns.
pub(crate) enum Returns {
    /// A value of this type.
    Value(Type),
    /// What only the body can tell (`impl Trait`), or nothing ever (`!`).
    Opaque,
}

pub(crate) fn analyze(options: Options, function: Function, faults: &mut Faults) -> Option<Stage> {
    let Function {
        attrs,
        vis,
        defaultness,
        mut sig,
        body,
    } = function;
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
    if let Some(constness) = &sig.constness {
        faults.at(
            constness,
            "a `const fn` may run while compiling, where nothing can be recorded; remove `const`, or put \
             `#[traced_stage]` on its callers",
        );
    }
    check_options(&options, &sig, &attrs, faults);

    let support = paths::support(options.krate.as_ref().map(|given| &given.value));
    let fields = options.fields.map(|given| given.value).unwrap_or_default();
    field::check(&fields, faults);

    let bindings = bindings(&sig);
    let skipped = options.skip.map(|given| given.value).unwrap_or_default();
    check_skipped(&skipped, &bindings, faults);

    let mut captures: Vec<Capture> = Vec::new();
    let mut rebound = Vec::new();
    if options.skip_all.is_none() {
        for binding in bindings {
            let key = Key::of_ident(&binding.pattern.ident).text;
            let given = fields.iter().any(|field| field.key.text == key);
            if !given && !skipped.contains(&binding.pattern.ident) {
                captures.push(capture_argument(
                    &binding.pattern.ident,
                    binding.reads_duration,
                    binding.cfgs,
                    &support,
                ));
                rebound.push(binding.pattern);
            }
        }
    }
    let (empty, given): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(Field::is_empty);
    for field in given {
        captures.push(Capture {
            value: field.capture(&support),
            key: field.key,
            cfgs: Vec::new(),
        });
    }
    let mut late: Vec<Key> = empty.into_iter().map(|field| field.key).collect();
    let recorded = recorded_keys(body.stream());
    let records_late = !recorded.is_empty();
    for key in recorded {
        let known = captures.iter().map(|capture| &capture.key).chain(&late);
        if known.into_iter().all(|known| known.text != key.text) {
            late.push(key);
        }
    }
    field::check_count(captures.len() + late.len(), &sig.ident, faults);
    check_labels(options.labels.as_ref(), &captures, &late, faults);

    let ending = Ending {
        ret: options.ret.map(|given| given.value),
        err: options.err,
    };
    let shape = shape(&sig, &attrs, body, faults, &|kind, inner| {
        expand::around(kind, inner, &ending, &sig, &support)
    });
    if matches!(
        shape,
        Shape::Async { .. }
            | Shape::Plain {
                returns: Returns::Opaque,
                ..
            }
    ) {
        // A second binding would make the future hold its arguments twice, or end what is returned.
        rebound.clear();
    }
    strip_mut(&mut sig, &rebound);

    let parent = match (options.root, options.parent) {
        (Some(_), _) => Parent::Root,
        (None, Some(given)) => Parent::given(given.value),
        (None, None) => Parent::Current,
    };
    Some(Stage {
        name: span_name(options.name, options.prefix, &sig.ident),
        attrs,
        vis,
        defaultness,
        sig,
        support,
        target: options.target.map(|given| given.value),
        level: options.level.map(|given| given.value),
        kind: options.kind.map(|given| given.value),
        parent,
        follows_from: options.follows_from.map(|given| given.value),
        captures,
        late,
        records_late,
        rebound,
        ending,
        mark: options.mark.map(|given| given.value),
        shape,
    })
}

/// Options that contradict each other or the function.
fn check_options(options: &Options, sig: &Signature, attrs: &[Attribute], faults: &mut Faults) {
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
        if let Some(why) = returns_nothing_to_record(name, sig, attrs) {
            faults.at(name, why);
        }
    }
}

/// Why `ret` or `err` cannot be had, where the signature alone tells.
fn returns_nothing_to_record(
    option: &Ident,
    sig: &Signature,
    attrs: &[Attribute],
) -> Option<String> {
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
                "is `#[track_caller]`, which no code around the body may hide".to_owned()
            }
            (_, None) => return None,
        },
    };
    Some(match option == "err" {
        true => format!("`err` needs a function that returns a `Result`; this one {what}"),
        false => format!("`ret` needs a function that returns a value; this one {what}"),
    })
}

fn check_skipped(skipped: &[Ident], bindings: &[Binding], faults: &mut Faults) {
    let names: Vec<String> = bindings
        .iter()
        .map(|binding| binding.pattern.ident.to_string())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (index, name) in skipped.iter().enumerate() {
        if skipped[..index].contains(name) {
            faults.at(name, format_args!("`{name}` is skipped twice; remove one"));
        } else if name != "self"
            && !name.to_string().starts_with('_')
            && !names.contains(&name.to_string().as_str())
        {
            let hint = if names.is_empty() {
                "it has none that would be recorded".to_owned()
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

fn check_labels(
    labels: Option<&Given<Vec<Ident>>>,
    captures: &[Capture],
    late: &[Key],
    faults: &mut Faults,
) {
    let Some(labels) = labels else { return };
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
        if labels.value[..index].contains(label) {
            faults.at(
                label,
                format_args!("the label `{label}` is given twice; remove one"),
            );
        } else if !keys.contains(&Key::of_ident(label).text.as_str()) {
            let hint = if keys.is_empty() {
                "this stage records none".to_owned()
            } else {
                suggest(&label.to_string(), &keys)
            };
            faults.at(
                label,
                format_args!("the label `{label}` names no attribute of this stage; {hint}"),
            );
        }
    }
}

fn span_name(
    name: Option<Given<Text>>,
    prefix: Option<Given<Text>>,
    function: &Ident,
) -> TokenStream {
    use syn::ext::IdentExt;
    match (name, prefix) {
        (
            Some(Given {
                value: Text::Literal(name),
                ..
            }),
            _,
        ) => name.to_token_stream(),
        (
            Some(Given {
                value: Text::Constant(name),
                ..
            }),
            _,
        ) => name.to_token_stream(),
        (
            None,
            Some(Given {
                value: Text::Literal(prefix),
                ..
            }),
        ) => {
            let name = format!("{}.{}", prefix.value(), function.unraw());
            syn::LitStr::new(&name, prefix.span()).to_token_stream()
        }
        (None, _) => function.unraw().to_string().to_token_stream(),
    }
}

/// A name that a parameter binds.
struct Binding {
    pattern: PatIdent,
    cfgs: Vec<Attribute>,
    reads_duration: bool,
}

/// The names that the parameters bind and that may be recorded, in their order.
fn bindings(sig: &Signature) -> Vec<Binding> {
    let mut bindings: Vec<Binding> = Vec::new();
    for input in &sig.inputs {
        let FnArg::Typed(argument) = input else {
            continue;
        };
        let mut names = BoundNames::default();
        names.visit_pat_mut(&mut argument.pat.clone());
        let alone = matches!(*argument.pat, Pat::Ident(_));
        for pattern in names.0 {
            let name = pattern.ident.to_string();
            let first = name.trim_start_matches("r#").chars().next();
            // `_x` is not wanted; `None` and `Unit` are no bindings.
            let recordable = first.is_some_and(|c| c != '_' && !c.is_uppercase());
            if recordable
                && bindings
                    .iter()
                    .all(|known| known.pattern.ident != pattern.ident)
            {
                bindings.push(Binding {
                    pattern,
                    cfgs: argument
                        .attrs
                        .iter()
                        .filter(|attr| attr.path().is_ident("cfg"))
                        .cloned()
                        .collect(),
                    reads_duration: alone && reads_duration(&argument.ty),
                });
            }
        }
    }
    bindings
}

#[derive(Default)]
struct BoundNames(Vec<PatIdent>);

impl VisitMut for BoundNames {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.0.push(PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: pattern.mutability,
            ident: pattern.ident.clone(),
            subpat: None,
        });
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}

/// Moves `mut` from the parameters to the bindings that the body gets.
fn strip_mut(sig: &mut Signature, rebound: &[PatIdent]) {
    struct StripMut<'a>(&'a [PatIdent]);

    impl VisitMut for StripMut<'_> {
        fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
            // In `ref mut x` the `mut` is the reference's.
            if pattern.by_ref.is_none() && self.0.iter().any(|name| name.ident == pattern.ident) {
                pattern.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pattern);
        }

        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }

    for input in &mut sig.inputs {
        if let FnArg::Typed(argument) = input {
            StripMut(rebound).visit_pat_mut(&mut argument.pat);
        }
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

fn shape(
    sig: &Signature,
    attrs: &[Attribute],
    body: Group,
    faults: &mut Faults,
    around: &dyn Fn(Asynchronous, &Expr) -> TokenStream,
) -> Shape {
    let unit: Type = syn::parse_quote!(());
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
        Some(Asynchronous::Future) if opaque => Shape::Future { body },
        Some(Asynchronous::Stream) if opaque => Shape::Stream { body },
        Some(kind) => Shape::Boxed {
            body: boxed::rewrite(body, kind, &|inner| around(kind, inner), faults),
            returns,
        },
        None if opaque || matches!(returns, Type::Never(_)) => Shape::Plain {
            body,
            returns: Returns::Opaque,
        },
        None if may_be_result(&returns) && !is_track_caller(attrs) => Shape::Classified {
            body,
            returns: without_impl(returns),
        },
        None => Shape::Plain {
            body,
            returns: if mentions_impl(&returns) {
                Returns::Opaque
            } else {
                Returns::Value(returns)
            },
        },
    }
}

/// What a function returns that does its work when polled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asynchronous {
    Future,
    Stream,
}

impl Asynchronous {
    fn of_bound(bound: &TypeParamBound) -> Option<Self> {
        match bound {
            TypeParamBound::Trait(bound) => Self::of_name(&bound.path.segments.last()?.ident),
            _ => None,
        }
    }

    fn of_name(name: &Ident) -> Option<Self> {
        if name == "Future" {
            Some(Self::Future)
        } else if name == "Stream" {
            Some(Self::Stream)
        } else {
            None
        }
    }
}

/// `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture` and the like of streams.
fn returned_stream_or_future(ty: &Type) -> Option<Asynchronous> {
    match unwrapped(ty) {
        Type::ImplTrait(opaque) => opaque.bounds.iter().find_map(Asynchronous::of_bound),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" => {
                    let Type::Path(boxed) = type_argument(last)? else {
                        return None;
                    };
                    let boxed = boxed
                        .path
                        .segments
                        .last()
                        .filter(|last| last.ident == "Box")?;
                    match unwrapped(type_argument(boxed)?) {
                        Type::TraitObject(object) => {
                            object.bounds.iter().find_map(Asynchronous::of_bound)
                        }
                        _ => None,
                    }
                }
                "BoxFuture" | "LocalBoxFuture" => Some(Asynchronous::Future),
                "BoxStream" | "LocalBoxStream" => Some(Asynchronous::Stream),
                _ => None,
            }
        }
        _ => None,
    }
}

fn type_argument(segment: &PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16",
    "u32", "u64", "u8", "usize",
];

/// Whether a type could be a `Result`: a path that is no primitive, or a macro.
fn may_be_result(ty: &Type) -> bool {
    match unwrapped(ty) {
        Type::Path(path) => !PRIMITIVES.iter().any(|name| path.path.is_ident(name)),
        Type::Macro(_) => true,
        _ => false,
    }
}

fn is_track_caller(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("track_caller"))
}

/// A type without parentheses and the invisible groups of `macro_rules`.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        other => other,
    }
}

fn mentions_impl(ty: &Type) -> bool {
    struct Find(bool);

    impl VisitMut for Find {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            self.0 |= matches!(ty, Type::ImplTrait(_));
            visit_mut::visit_type_mut(self, ty);
        }
    }

    let mut find = Find(false);
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// The type with `_` for each `impl Trait`, as a type inside a body must be written.
fn without_impl(mut ty: Type) -> Type {
    struct Erase;

    impl VisitMut for Erase {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = syn::parse_quote!(_);
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }

        fn visit_lifetime_mut(&mut self, _: &mut Lifetime) {}
    }

    Erase.visit_type_mut(&mut ty);
    ty
}

/// The keys of each `record!` in a body, also where it stands inside other macros.
fn recorded_keys(body: TokenStream) -> Vec<Key> {
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
    use syn::parse::Parser;
    // What is wrong with them, the macro itself will say.
    let mut ignored = Faults::new();
    let fields = (|input: syn::parse::ParseStream<'_>| Ok(field::parse_list(input, &mut ignored)))
        .parse2(arguments)
        .unwrap_or_default();
    drop(ignored.into_tokens());
    fields.into_iter().map(|field| field.key).collect()
}
