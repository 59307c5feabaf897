//! What stands in a mark.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Token};

use super::{Class, Mark, Mode, mode};
use crate::diagnostics::{Faults, suggest};
use crate::setting::{option_name, put};

/// The mark that an attribute is; a faulty one is noted, and withholds.
pub(super) fn parse(attribute: &Attribute, faults: &mut Faults) -> Option<Mark> {
    let parsed = if attribute.path().is_ident("sensitive") {
        sensitive(attribute)
    } else {
        pii(attribute)
    };
    let (class, export) = faults.ok(parsed)?;
    Some(Mark {
        class,
        export,
        attribute: attribute.clone(),
    })
}

fn sensitive(attribute: &Attribute) -> syn::Result<(Class, Option<Mode>)> {
    match &attribute.meta {
        Meta::Path(path) => Ok((Class::secret(path.span()), None)),
        _ => Err(syn::Error::new_spanned(
            attribute,
            "`#[sensitive]` stands alone: nothing of the value leaves; a class, and what of it may leave, go into \
             `#[pii(Email, export = domain)]`",
        )),
    }
}

fn pii(attribute: &Attribute) -> syn::Result<(Class, Option<Mode>)> {
    if !matches!(&attribute.meta, Meta::List(list) if !list.tokens.is_empty()) {
        return Err(syn::Error::new_spanned(
            attribute,
            "`#[pii]` needs the class of the value: `#[pii(Email)]`; what has none is `#[sensitive]`",
        ));
    }
    attribute.parse_args_with(|input: ParseStream<'_>| {
        let class = Class::parse(input)?;
        let mut export = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let option = option_name(input, &["export"])?;
            if option != "export" {
                let text = option.to_string();
                let message = if mode::NAMES.contains(&text.as_str()) {
                    format!("what may leave is given as `export = {text}`")
                } else {
                    format!(
                        "unknown option `{text}` of `pii`; {}",
                        suggest(&text, &["export"])
                    )
                };
                return Err(syn::Error::new(option.span(), message));
            }
            if input.parse::<Option<Token![=]>>()?.is_none() {
                let message = "`export` needs a mode: `export = last4`";
                return Err(syn::Error::new(option.span(), message));
            }
            put(&mut export, &option, Mode::parse(input, &class)?)?;
        }
        Ok((class, export))
    })
}
