//! What derives of events say on the type: the name, the level, the target.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitStr};

use crate::diagnostics::suggest;
use crate::paths::Support;
use crate::setting::{Level, Text, each_option, equals, option_name, put};

/// What stands on the type.
#[derive(Default)]
pub(crate) struct TypeOptions {
    pub(crate) name: Option<Text>,
    pub(crate) unit: Option<Text>,
    level: Option<Level>,
    pub(crate) target: Option<Text>,
}

impl TypeOptions {
    /// Reads one attribute, of which `accepted` are the options. One of `misplaced` is told to stand on a field.
    pub(crate) fn parse(
        &mut self,
        attribute: &Attribute,
        accepted: &[&str],
        misplaced: &[&str],
    ) -> syn::Result<()> {
        attribute.parse_args_with(|input: ParseStream<'_>| {
            each_option(input, |input| self.parse_one(input, accepted, misplaced))
        })
    }

    fn parse_one(
        &mut self,
        input: ParseStream<'_>,
        accepted: &[&str],
        misplaced: &[&str],
    ) -> syn::Result<()> {
        let option = option_name(input, accepted)?;
        let text = option.to_string();
        if misplaced.contains(&text.as_str()) {
            let message = format!("`{option}` stands on a field, not on the type");
            return Err(syn::Error::new(option.span(), message));
        }
        if !accepted.contains(&text.as_str()) {
            let message = format!("unknown option `{option}`; {}", suggest(&text, accepted));
            return Err(syn::Error::new(option.span(), message));
        }
        let example = if text == "level" {
            "\"debug\""
        } else {
            "\"..\""
        };
        equals(&option, example, input)?;
        match text.as_str() {
            "name" => put(&mut self.name, &option, input.parse()?),
            "unit" => put(&mut self.unit, &option, input.parse()?),
            "level" => put(&mut self.level, &option, input.parse()?),
            _ => put(&mut self.target, &option, input.parse()?),
        }
    }

    /// The level in the runtime's terms.
    pub(crate) fn level(&self, support: &Support) -> TokenStream {
        Level::tokens(self.level.as_ref(), "info", support)
    }

    /// The name that was given, or that of the type.
    pub(crate) fn name(&self, ident: &Ident) -> TokenStream {
        self.name.as_ref().map_or_else(
            || LitStr::new(&snake_case(ident), Span::call_site()).to_token_stream(),
            |name| quote!(#name),
        )
    }
}

/// Reads what follows `rename`: `= ".."`, the name of a field in what is recorded.
pub(crate) fn parse_name(rename: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    equals(rename, "\"taker_fee\"", input)?;
    if !input.peek(LitStr) {
        return Err(input.error("expected a string literal: a name stands in the source"));
    }
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    let good = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
    if good {
        Ok(literal)
    } else {
        Err(syn::Error::new(
            literal.span(),
            "a name begins with a lower-case letter and holds letters, digits, `_` and `.`, as in \"taker_fee\"",
        ))
    }
}

/// `CrossVenueEdge` as `cross_venue_edge`, `RFQEdge2` as `rfq_edge2`.
pub(crate) fn snake_case(ident: &Ident) -> String {
    let name: Vec<char> = ident.unraw().to_string().chars().collect();
    let mut text = String::with_capacity(name.len() + 4);
    for (index, &letter) in name.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| name[before]);
        let after = name.get(index + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before != '_'
                    && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
        if begins_word {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::Ident;

    use super::snake_case;

    #[test]
    fn type_names_are_cut_into_words() {
        for (name, words) in [
            ("Edge", "edge"),
            ("CrossVenueEdge", "cross_venue_edge"),
            ("RFQEdge2", "rfq_edge2"),
            ("Edge_", "edge_"),
            ("Cross_Venue", "cross_venue"),
            ("WSReceived", "ws_received"),
            ("L2Updated", "l2_updated"),
            ("FIX", "fix"),
            ("ÉtatReçu", "état_reçu"),
        ] {
            assert_eq!(snake_case(&Ident::new(name, Span::call_site())), words);
        }
        let raw = Ident::new_raw("Sent", Span::call_site());
        assert_eq!(snake_case(&raw), "sent");
    }
}
