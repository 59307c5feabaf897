//! What is exported under a sensitive name: found in what the user wrote, and left to the type to decide.
//!
//! Where a name is clean, nothing is written. Where one is sensitive, the value passes a trait of this one place,
//! whose words for the compiler hold the name:
//!
//! ```text
//! ({
//!     #[diagnostic::on_unimplemented(message = "`{Self}` would be exported under the sensitive name `pin`", ..)]
//!     trait Named { fn value(&self) -> Value<'_>; }
//!     impl<T: AttributeValue> Named for T where T::Form: Exempt<Truths> + Fits<Plain> { .. }
//!     Named::value
//! })(Approaching::new(&pin).__tickspan_passed())       // of a `Sensitive` it is told that it is one
//! ```
//!
//! The value stands outside of the block, so what it borrows lives as long as without the gate.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, LitStr, Member};

use super::rules::{Exemption, Kind, ends_in_head_noun, stricter};
use super::{Finding, sensitive};
use crate::diagnostics::Faults;
use crate::paths::Support;
use crate::vocabulary::own_name;

/// A sensitive name under which something would be exported.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) at: Span,
    pub(crate) finding: Finding,
}

impl Named {
    /// `name`, if it is sensitive.
    pub(crate) fn find(name: &str, at: Span) -> Option<Self> {
        let finding = sensitive(name)?;
        Some(Self {
            name: name.trim_start_matches("r#").to_owned(),
            at,
            finding,
        })
    }

    /// The sensitive name in an expression that is exported; of several, the one that exempts least.
    pub(crate) fn find_in(expr: &Expr) -> Option<Self> {
        let mut named = strictest_in(expr.to_token_stream(), false)?;
        if is_measure(expr) {
            named.finding.exemption = Exemption::Measures;
        } else if named.finding.exemption == Exemption::Counts && !is_count(expr) {
            named.finding.exemption = Exemption::Truths;
        }
        Some(named)
    }

    /// The one that exempts less; of equals, the first.
    pub(crate) fn stricter(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        let finding = |named: &Option<Self>| named.as_ref().map(|named| named.finding);
        let of_both = stricter(finding(&first), finding(&second));
        if of_both == finding(&first) {
            first
        } else {
            second
        }
    }

    /// A function that gives the value behind a reference if its type may stand under the name, and is a compile
    /// error if not. `unit` says what the key says of units.
    pub(crate) fn gate(
        &self,
        unit: &TokenStream,
        support: &Support,
        opened: Opened,
    ) -> TokenStream {
        let message = format!(
            "`{{Self}}` would be exported under the sensitive name `{}`",
            self.name
        );
        let label = format!("`{}` names {}", self.name, what(self.finding.kind));
        let rule = self.rule();
        let ways = format!(
            "{}; if `{}` is something else here, give it a name that says so",
            opened.way_out(),
            self.name
        );
        let public = format!("if anybody may see it: {}", opened.way_to_say());
        let exemption = exemption(self.finding.exemption, support);
        let at = self.at.resolved_at(Span::mixed_site());
        let call = quote_spanned!(at=> __TickspanNamed::__tickspan_value);
        quote! {({
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #rule, note = #ways, note = #public)]
            trait __TickspanNamed {
                fn __tickspan_value(&self) -> #support::Value<'_>;
            }
            #[diagnostic::do_not_recommend]
            impl<T: #support::AttributeValue + ?::core::marker::Sized> __TickspanNamed for T
            where
                T::Form: #support::Exempt<#exemption> + #support::Fits<#unit>,
            {
                #[inline]
                fn __tickspan_value(&self) -> #support::Value<'_> {
                    #support::AttributeValue::attribute(self)
                }
            }
            #call
        })}
    }

    /// What may be exported under the name, in words.
    fn rule(&self) -> String {
        match self.finding.exemption {
            Exemption::Truths => "only a `bool` may be exported under this name".to_owned(),
            Exemption::Counts => {
                "under a plural only a count may be exported, as an integer, or a `bool`".to_owned()
            }
            Exemption::Measures => format!(
                "the last word of `{}` says that it is a measure or a kind: numbers, times and fieldless enums may be \
                 exported, no text; a `Duration` under a key that ends in `_seconds`",
                self.name
            ),
        }
    }

    /// Notes that what is declared public says nothing of the name.
    pub(crate) fn refuse_opening(&self, opened: Opened, faults: &mut Faults) {
        let usage = opened.way_to_say();
        faults.at_span(
            self.at,
            format_args!(
                "`{}` names {}; if anybody may see this value all the same, say so beside the reason: {usage}",
                self.name,
                what(self.finding.kind),
            ),
        );
    }
}

/// What may be declared public under a sensitive name.
#[derive(Clone, Copy)]
pub(crate) enum Opened {
    Value,
    Type,
    /// A field of a type that derives what is recorded: there is no expression that could be opened.
    Field,
}

impl Opened {
    const fn way_out(self) -> &'static str {
        match self {
            Self::Value | Self::Type => "leave it out, or hold it in a `Sensitive`",
            Self::Field => "mark it `#[sensitive]`, or skip it",
        }
    }

    const fn way_to_say(self) -> &'static str {
        match self {
            Self::Value => "`public!(value, reason = \"...\", allow_name = true)`",
            Self::Type => "`#[public(reason = \"...\", allow_name = true)]`",
            Self::Field => {
                "give it a type of its own, with `#[public(reason = \"...\", allow_name = true)]`"
            }
        }
    }
}

/// What a sensitive name names, in words.
pub(crate) const fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Secret => "a secret",
        Kind::Personal => "personal data",
    }
}

/// The exemption as a type of the runtime.
pub(crate) fn exemption(exemption: Exemption, support: &Support) -> TokenStream {
    let name = match exemption {
        Exemption::Truths => "Truths",
        Exemption::Counts => "Counts",
        Exemption::Measures => "Measures",
    };
    let name = Ident::new(name, Span::call_site());
    quote!(#support::#name)
}

/// The sensitive identifier that exempts least, of members also with what they are of: `account.number`. What `public!`
/// holds is looked at by `public!` itself.
fn strictest_in(tokens: TokenStream, inside: bool) -> Option<Named> {
    let mut strictest = None;
    let (mut members, mut is_member) = (String::new(), false);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Ident(ident) => {
                let is_macro =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '!');
                if is_macro && ident == "public" {
                    tokens.next();
                    tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                    continue;
                }
                let name = ident.unraw().to_string();
                members = if is_member && !members.is_empty() {
                    format!("{members}.{name}")
                } else {
                    name.clone()
                };
                let found = Named::find(&name, ident.span());
                let found = found.or_else(|| Named::find(&members, ident.span()));
                if found.is_some() {
                    // What follows is told of it, or made of it.
                    members.clear();
                }
                found
            }
            TokenTree::Group(group) => {
                let inside = inside || group.delimiter() != Delimiter::None;
                strictest_in(group.stream(), inside)
            }
            TokenTree::Literal(literal) if inside => names_in_format(&literal)
                .iter()
                .find_map(|name| Named::find(name, literal.span())),
            TokenTree::Literal(_) => None,
            TokenTree::Punct(punct) => {
                is_member = punct.as_char() == '.';
                if !is_member && punct.as_char() != '?' {
                    members.clear();
                }
                continue;
            }
        };
        is_member = false;
        strictest = Named::stricter(strictest, found);
    }
    strictest
}

/// Why what a pattern takes out of types and fields of these names is sensitive, if it is.
pub(crate) fn of_members(names: &[Ident]) -> Option<Finding> {
    strictest_in(quote!(#(#names).*), false).map(|named| named.finding)
}

/// The names that a format string captures: `"{password}"`.
pub(crate) fn names_in_format(literal: &Literal) -> Vec<String> {
    let Ok(text) = syn::parse2::<LitStr>(literal.to_token_stream()) else {
        return Vec::new();
    };
    let name = |part: &str| part.split(['}', ':']).next().unwrap_or_default().to_owned();
    text.value().split('{').skip(1).map(name).collect()
}

/// Whether an expression is the count that its name says, and not one of what is counted: `passwords`, `passwords + 1`.
fn is_count(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(cast) => is_count(&cast.expr),
        Expr::Binary(binary) => {
            let fits = |expr: &Expr| matches!(expr, Expr::Lit(_)) || is_count(expr);
            fits(&binary.left) && fits(&binary.right)
        }
        _ => own_name(expr).is_some(),
    }
}

/// Whether an expression ends in what is told of a thing: `password.len()`, `key.kind as u64`, `a.len() + 1`.
fn is_measure(expr: &Expr) -> bool {
    let says = |name: &dyn ToString| ends_in_head_noun(&name.to_string());
    match expr {
        Expr::MethodCall(call) => says(&call.method),
        Expr::Field(field) => matches!(&field.member, Member::Named(name) if says(name)),
        Expr::Reference(reference) => is_measure(&reference.expr),
        Expr::Paren(paren) => is_measure(&paren.expr),
        Expr::Group(group) => is_measure(&group.expr),
        Expr::Unary(unary) => is_measure(&unary.expr),
        Expr::Cast(cast) => is_measure(&cast.expr),
        Expr::Try(tried) => is_measure(&tried.expr),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|last| says(&last.ident)),
            _ => false,
        },
        Expr::Binary(binary) => {
            let is_literal = |expr: &Expr| matches!(expr, Expr::Lit(_));
            let fits = |expr: &Expr| is_literal(expr) || is_measure(expr);
            fits(&binary.left) && fits(&binary.right) && !is_literal(&binary.left)
        }
        _ => false,
    }
}
