//! What is asked of the types of fields.

use syn::visit::{self, Visit};
use syn::{GenericParam, Generics, PathSegment, Type};

/// Whether a field holds nothing.
pub(crate) fn is_phantom(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PhantomData"))
}

/// Whether a type depends on a type parameter, or on one for a constant.
pub(crate) fn mentions_parameter(ty: &Type, generics: &Generics) -> bool {
    struct Find<'a> {
        generics: &'a Generics,
        found: bool,
    }

    impl Visit<'_> for Find<'_> {
        fn visit_path_segment(&mut self, segment: &PathSegment) {
            self.found |= self
                .generics
                .params
                .iter()
                .any(|parameter| match parameter {
                    GenericParam::Type(parameter) => parameter.ident == segment.ident,
                    GenericParam::Const(parameter) => parameter.ident == segment.ident,
                    GenericParam::Lifetime(_) => false,
                });
            visit::visit_path_segment(self, segment);
        }
    }

    let mut find = Find {
        generics,
        found: false,
    };
    find.visit_type(ty);
    find.found
}
