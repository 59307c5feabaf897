//! Marks of sensitive data on arguments and fields: `#[sensitive]`, `#[pii(Class)]`, `#[pii(Class, export = ..)]`.
//!
//! Any macro whose input has attributes may take them: [`Mark::take`] removes the marks from a list of attributes and
//! checks them, [`Mark::exported`] writes what leaves of a value.

mod class;
mod mode;
mod parse;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Expr, Ident, LitInt};

use crate::diagnostics::Faults;
use crate::field::{self, Capture, Key};
use crate::paths::Support;
pub(crate) use class::Class;
pub(crate) use mode::Mode;

/// That a value is sensitive, of which class, and what of it may leave.
pub(crate) struct Mark {
    pub(crate) class: Class,
    /// `None`: nothing, and no code that reads the value is written.
    pub(crate) export: Option<Mode>,
    /// The attribute, to which a fault of it points.
    pub(crate) attribute: Attribute,
}

impl Mark {
    /// Takes the marks out of `attributes`. Faulty ones are noted, and taken all the same.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, faults: &mut Faults) -> Option<Self> {
        let mut taken = Vec::new();
        attributes.retain(|attribute| {
            let is_mark = is_mark(attribute);
            if is_mark {
                taken.push(attribute.clone());
            }
            !is_mark
        });
        let first = taken.first()?;
        if let Some(second) = taken.get(1) {
            faults.at(
                second,
                "a value has one class; remove all marks but one of this value",
            );
        }
        if let Some(public) = attributes.iter().find(|attribute| is_public(attribute)) {
            contradiction(public, first, faults);
        }
        parse::parse(first, faults)
    }

    /// What is recorded of `value` under its key, or nothing.
    pub(crate) fn capture(&self, key: Key, value: &Expr, support: &Support) -> Option<Capture> {
        let masked = self.masked(value, support)?;
        let at = self.export.as_ref()?.span().resolved_at(Span::mixed_site());
        Some(Capture {
            key,
            cfgs: Vec::new(),
            value: quote_spanned!(at=> #masked.value()),
            argument: None,
        })
    }

    /// The expression of what is left of `value`, or nothing. It owns what it has made, and borrows the rest.
    pub(crate) fn masked(&self, value: &Expr, support: &Support) -> Option<TokenStream> {
        let mode = self.export.as_ref()?;
        let class = self.class.tokens(support);
        let at = mode.span().resolved_at(Span::mixed_site());
        // A fault of the type points to the name of the mode.
        let support = support.at(at);
        let mask = quote_spanned!(Span::call_site().located_at(at)=> #support::mark);
        let operand = field::operand(value);
        let seen = quote_spanned!(at=> #mask::Readable::new(&#operand).__tickspan_seen());
        Some(match mode {
            Mode::Redacted(_) => quote!(#mask::redacted::<#class>()),
            Mode::Last4(_) => quote_spanned!(at=> #mask::last4::<#class>(#seen)),
            Mode::Domain(_) => quote_spanned!(at=> #mask::domain::<#class>(#seen)),
            Mode::Prefix(_) if self.class.is("Ip") => {
                quote_spanned!(at=> #mask::network::<#class>(#seen))
            }
            Mode::Prefix(_) => quote_spanned!(at=> #mask::prefix::<#class>(#seen)),
            Mode::Hmac(_) => quote_spanned!(at=> #mask::hmac::<#class>(#seen)),
            Mode::Bucket { width, .. } => {
                let width = LitInt::new(&format!("{width}u32"), at);
                quote_spanned!(at=> #mask::bucket::<#class, _>(&#operand, #width))
            }
        })
    }

    /// Notes that a part of what is skipped is exported.
    pub(crate) fn check_skipped(&self, name: &Ident, faults: &mut Faults) {
        if let Some(mode) = &self.export {
            faults.at(
                &self.attribute,
                format_args!(
                    "this exports a part of `{name}`, which is skipped; remove `export = {}`, or do not skip it",
                    mode.text()
                ),
            );
        }
    }
}

/// What a mark on a type is told.
pub(crate) const ON_FIELDS: &str = "mark the fields that hold something sensitive";

/// Whether an attribute is a mark.
pub(crate) fn is_mark(attribute: &Attribute) -> bool {
    attribute.path().is_ident("sensitive") || attribute.path().is_ident("pii")
}

/// Whether an attribute opens what it stands on.
pub(crate) fn is_public(attribute: &Attribute) -> bool {
    attribute.path().is_ident("public")
}

/// Notes that an item is declared public and sensitive.
pub(crate) fn contradiction(public: &Attribute, mark: &Attribute, faults: &mut Faults) {
    let mark = if mark.path().is_ident("pii") {
        "#[pii(..)]"
    } else {
        "#[sensitive]"
    };
    faults.at(
        public,
        format_args!("`#[public(..)]` opens what `{mark}` withholds; remove one of them"),
    );
}

/// Notes each mark among `attributes`, which stand on a place that cannot have one.
pub(crate) fn refuse(attributes: &[Attribute], place: &str, advice: &str, faults: &mut Faults) {
    for attribute in attributes.iter().filter(|attribute| is_mark(attribute)) {
        faults.at(
            attribute,
            format_args!("a mark stands on a field or an argument, not on {place}; {advice}"),
        );
    }
}
