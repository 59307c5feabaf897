//! What an invocation decided about each value, for the inventory in the binary.
//!
//! A site leaves one record. The text of it is written by the assembler into a section that no program loads, so it
//! costs neither memory nor an instruction, and one byte for each value that its type decides is computed where the
//! type is known: inside the function, where also type parameters and `Self` are.

use std::fmt::Write as _;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Ident, Lit, Type, TypeImplTrait};

use crate::field::{Argument, Field, Spelled};
use crate::mark::Mark;
use crate::names::{self, gate, settings};
use crate::paths::Support;
use crate::public::Opening;
use crate::setting::is_constant;
use crate::vocabulary::own_name;

/// Between the parts of an entry, as the assembler reads it.
const UNIT: &str = "\\037";

/// After an entry, and after what is said of the site.
const RECORD: &str = "\\036";

/// What was decided about one value.
#[derive(Default)]
pub(crate) struct Entry {
    cfgs: Vec<Attribute>,
    key: String,
    ty: String,
    class: String,
    mask: String,
    reason: String,
    verdict: Verdict,
}

/// The decision, and why: a letter, which the reader of the inventory knows.
pub(crate) enum Verdict {
    Fixed(char),
    /// The type decides: a constant of it.
    ByType(TokenStream),
}

impl Default for Verdict {
    fn default() -> Self {
        Self::Fixed(SKIPPED)
    }
}

/// Exported: the type is proven.
const PROVEN: char = 'E';
/// Exported: it is named in the source, and proven.
const NAMED: char = 'N';
/// Exported: text that stands in the source.
const SOURCE: char = 'L';
/// Exported, or its text under a name of the market vocabulary; with a reason, one of `tickspan.toml`.
const MARKET: char = 'M';
/// Exported under a sensitive name, for its type cannot hold the thing.
const EXEMPT: char = 'T';
/// Declared public, with a reason.
const PUBLIC: char = 'P';
/// Declared public, with a reason, also under a sensitive name.
const ALLOWED: char = 'A';
/// Redacted: a mark says what leaves.
const MASKED: char = 'R';
/// Skipped: a mark withholds it.
const MARKED: char = 'X';
/// Skipped: by `skip` or `skip_all`.
const SKIPPED: char = 'K';
/// Skipped: nobody may record a name of this kind, such as `_price`.
const UNRECORDED: char = 'U';
/// Cannot be decided: its type has no name.
const DEPENDS: char = 'D';

impl Entry {
    /// An argument that nobody named, and which is captured as its type allows.
    pub(crate) fn argument(
        name: &Ident,
        ty: Option<&Type>,
        argument: &Argument,
        support: &Support,
    ) -> Self {
        let Argument {
            finding, is_public, ..
        } = argument;
        let verdict = match argument.known() {
            Some(Spelled::Scalar(_)) => Some(Verdict::Fixed(PROVEN)),
            Some(Spelled::Text) => Some(Verdict::Fixed(MARKET)),
            None => ty.filter(|ty| has_a_name(ty)).map(|ty| {
                let unit = argument.unit(support);
                let by_type = quote!(<#support::ByType<#unit, #ty>>::VERDICT);
                Verdict::ByType(match finding {
                    Some(finding) => {
                        let exemption = gate::exemption(finding.exemption, support);
                        quote!(<#support::BySensitive<#unit, #exemption, #ty>>::VERDICT)
                    }
                    None if *is_public => {
                        quote!(#support::or_text(#by_type, <#support::ByText<#ty>>::VERDICT))
                    }
                    None => by_type,
                })
            }),
        };
        Self {
            key: name.unraw().to_string(),
            ty: ty.map(text_of).unwrap_or_default(),
            reason: reason_of_name(is_public.then(|| name.to_string())),
            verdict: verdict.unwrap_or(Verdict::Fixed(DEPENDS)),
            ..Self::default()
        }
    }

    /// An argument that is not captured.
    pub(crate) fn not_captured(name: &Ident, ty: Option<&Type>, recordable: bool) -> Self {
        Self {
            key: name.unraw().to_string(),
            ty: ty.map(text_of).unwrap_or_default(),
            verdict: Verdict::Fixed(if recordable { SKIPPED } else { UNRECORDED }),
            ..Self::default()
        }
    }

    /// An argument or a field with a mark.
    pub(crate) fn marked(name: &Ident, ty: Option<&Type>, mark: &Mark) -> Self {
        Self {
            key: name.unraw().to_string(),
            ty: ty.map(text_of).unwrap_or_default(),
            class: mark.class.text(),
            mask: mark
                .export
                .as_ref()
                .map(crate::mark::Mode::text)
                .unwrap_or_default(),
            verdict: Verdict::Fixed(if mark.export.is_some() {
                MASKED
            } else {
                MARKED
            }),
            ..Self::default()
        }
    }

    /// A value that is named: in `fields`, `stage!`, `event!`, `record!`, or a field of a derived event.
    pub(crate) fn field(field: &Field) -> Self {
        let value = &field.value;
        let key = &field.key.text;
        if let Some(opening) = Opening::of(value) {
            let opened = opening.value.as_ref().unwrap_or(value);
            return Self::public(key, opened, &opening.reason, opening.allows_name);
        }
        let is_text = matches!(value, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
        let is_const = matches!(value, Expr::Path(path) if is_constant(&path.path));
        let market = own_name(value).filter(|name| names::is_market_name(name));
        let letter = if is_text || is_const {
            SOURCE
        } else if field.named().is_some() {
            EXEMPT
        } else if market.is_some() {
            MARKET
        } else {
            NAMED
        };
        Self {
            reason: reason_of_name(market.filter(|_| letter == MARKET)),
            verdict: Verdict::Fixed(letter),
            ..Self::own(key, value, false)
        }
    }

    /// A value under a key of tickspan's own: what a function returns, what an error was mapped to, an amount.
    /// Its type may be exempt from a sensitive name.
    pub(crate) fn own(key: &str, what: &impl ToTokens, is_exempt: bool) -> Self {
        Self {
            key: key.to_owned(),
            ty: text_of(what),
            verdict: Verdict::Fixed(if is_exempt { EXEMPT } else { NAMED }),
            ..Self::default()
        }
    }

    /// A type or an expression that is declared public.
    pub(crate) fn public(key: &str, what: &impl ToTokens, reason: &str, allows_name: bool) -> Self {
        Self {
            reason: reason.to_owned(),
            verdict: Verdict::Fixed(opened(allows_name)),
            ..Self::own(key, what, false)
        }
    }

    /// With the type of a field, which tells more than `self.field`.
    pub(crate) fn with_type(self, ty: &Type) -> Self {
        Self {
            ty: text_of(ty),
            ..self
        }
    }

    pub(crate) fn with_cfgs(self, cfgs: Vec<Attribute>) -> Self {
        Self { cfgs, ..self }
    }
}

const fn opened(allows_name: bool) -> char {
    if allows_name { ALLOWED } else { PUBLIC }
}

/// Why text under the name is public, where `tickspan.toml` says so.
fn reason_of_name(name: Option<String>) -> String {
    name.and_then(|name| names::reason_of(&name))
        .unwrap_or_default()
}

/// The statements that leave the record of a site, and of each entry that a `#[cfg]` may take away one of its own.
pub(crate) fn noted(
    kind: &str,
    name: &str,
    at: Span,
    entries: &[Entry],
    support: &Support,
) -> TokenStream {
    let (always, sometimes): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.cfgs.is_empty());
    let always = (!always.is_empty()).then(|| record(kind, name, at, &always, support));
    let sometimes = sometimes.into_iter().map(|entry| {
        let cfgs = &entry.cfgs;
        let record = record(kind, name, at, &[entry], support);
        quote!(#(#cfgs)* { #record })
    });
    quote!(#always #(#sometimes)*)
}

fn record(kind: &str, name: &str, at: Span, entries: &[&Entry], support: &Support) -> TokenStream {
    let before = format!(
        "{}{UNIT}{}{UNIT}",
        escaped(kind),
        escaped(&settings::sources())
    );
    let after = format!("{UNIT}{}{RECORD}", escaped(name));
    let mut text = String::new();
    let mut verdicts = Vec::new();
    for entry in entries {
        let Entry {
            key,
            ty,
            class,
            mask,
            reason,
            verdict,
            ..
        } = entry;
        for part in [key, ty, class, mask, reason] {
            text.push_str(&escaped(part));
            text.push_str(UNIT);
        }
        match verdict {
            Verdict::Fixed(letter) => text.push(*letter),
            Verdict::ByType(decision) => {
                text.push_str("\"\n.byte {}\n.ascii \"");
                verdicts.push(decision);
            }
        }
        text.push_str(RECORD);
    }
    let line = quote_spanned!(at=> ::core::line!());
    // An import that nothing needs would be told.
    let verdicts = (!verdicts.is_empty()).then(|| quote!(#(#verdicts),*; use #support::Otherwise));
    quote!(#support::inventory! { #before, #after, #line, #text; #verdicts })
}

/// The text as the assembler and `asm!` read it: what either might take for its own is written as a number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && !b"\"\\{}".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            _ = write!(escaped, "\\{byte:03o}");
        }
    }
    escaped
}

/// The most characters of a type or an expression: it is for whoever looks it up in the source.
const LONGEST: usize = 120;

/// Tokens as a person writes them, more or less, cut where they are long.
fn text_of(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (" < ", "<"),
        (" > ", "> "),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ;", ";"),
    ] {
        text = text.replace(spaced, tight);
    }
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a type can be written where a value is: an `impl Trait` cannot.
fn has_a_name(ty: &Type) -> bool {
    struct Find(bool);

    impl Visit<'_> for Find {
        fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
            self.0 = true;
            visit::visit_type_impl_trait(self, ty);
        }
    }

    let mut find = Find(false);
    find.visit_type(ty);
    !find.0
}
