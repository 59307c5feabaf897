//! Questions about the return type that its tokens can answer.

use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, GenericArgument, Ident, Lifetime, PathArguments, PathSegment, Type, TypeParamBound,
};

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
pub(super) fn returned_stream_or_future(ty: &Type) -> Option<Asynchronous> {
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
