//! Questions about the return type that its tokens can answer.

use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, GenericArgument, Lifetime, PathArguments, PathSegment, Type, TypeParamBound,
    parse_quote,
};

/// What a function returns that does its work when polled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asynchronous {
    Future,
    Stream,
}

impl Asynchronous {
    /// `Future<Output = T>` or `Stream<Item = T>`: a trait of a user's by one of these names says neither.
    fn of_bound(bound: &TypeParamBound) -> Option<Self> {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        if last.ident == "Future" {
            associated(last, "Output").map(|_| Self::Future)
        } else if last.ident == "Stream" {
            associated(last, "Item").map(|_| Self::Stream)
        } else {
            None
        }
    }
}

/// The type that a bound gives to an associated type.
fn associated<'a>(bound: &'a PathSegment, name: &str) -> Option<&'a Type> {
    let PathArguments::AngleBracketed(arguments) = &bound.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(given) if given.ident == name => Some(&given.ty),
        _ => None,
    })
}

/// `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture` and the like of streams.
pub(super) fn returned_stream_or_future(ty: &Type) -> Option<Asynchronous> {
    match unwrapped(ty) {
        Type::ImplTrait(opaque) => opaque.bounds.iter().find_map(Asynchronous::of_bound),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" => {
                    let Type::Path(boxed) = unwrapped(type_argument(last)?) else {
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
                "BoxFuture" | "LocalBoxFuture" => type_argument(last).map(|_| Asynchronous::Future),
                "BoxStream" | "LocalBoxStream" => type_argument(last).map(|_| Asynchronous::Stream),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The output of a future that a function returns, where its type says it.
pub(super) fn output(ty: &Type) -> Option<Type> {
    fn of_bounds<'a>(mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Type> {
        bounds.find_map(|bound| {
            let TypeParamBound::Trait(bound) = bound else {
                return None;
            };
            associated(bound.path.segments.last()?, "Output").cloned()
        })
    }

    match unwrapped(ty) {
        Type::ImplTrait(opaque) => of_bounds(opaque.bounds.iter()),
        Type::TraitObject(object) => of_bounds(object.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "Pin" || last.ident == "Box" {
                output(type_argument(last)?)
            } else {
                // An alias, which may be a team's own: what its arguments say, it alone knows.
                Some(parse_quote!(<#path as ::core::future::Future>::Output))
            }
        }
        _ => None,
    }
}

pub(super) fn type_argument(segment: &PathSegment) -> Option<&Type> {
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
pub(super) fn may_be_result(ty: &Type) -> bool {
    match unwrapped(ty) {
        Type::Path(path) => !PRIMITIVES.iter().any(|name| path.path.is_ident(name)),
        Type::Macro(_) => true,
        _ => false,
    }
}

pub(super) fn is_track_caller(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("track_caller"))
}

/// A type without parentheses and the invisible groups of `macro_rules`.
pub(super) fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        other => other,
    }
}

/// The type with `_` for each `impl Trait`, as a type inside a body must be written.
pub(super) fn without_impl(mut ty: Type) -> Type {
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
