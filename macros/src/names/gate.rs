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
use syn::visit::{self, Visit};
use syn::{Expr, LitStr, Member};

use super::rules::{Exemption, Kind, ends_in, ends_in_head_noun, stricter};
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
        let mut members = Members(None);
        members.visit_expr(expr);
        let mut named = Self::stricter(strictest_in(expr.to_token_stream(), false), members.0)?;
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
        // These are formats to the compiler, and a quoted key may hold braces.
        let name = self.name.replace('{', "{{").replace('}', "}}");
        let message = format!("`{{Self}}` would be exported under the sensitive name `{name}`");
        let label = format!("`{name}` names {}", what(self.finding.kind));
        let rule = self.rule(&name);
        let ways = format!(
            "{}; if `{name}` is something else here, give it a name that says so",
            opened.way_out(),
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
    fn rule(&self, name: &str) -> String {
        match self.finding.exemption {
            Exemption::Truths => "only a `bool` may be exported under this name".to_owned(),
            Exemption::Counts => {
                "under a plural only a count may be exported, as an integer, or a `bool`".to_owned()
            }
            Exemption::Measures => format!(
                "the last word of `{name}` says that it is a measure or a kind: numbers, times and fieldless enums may be \
                 exported, no text; a `Duration` under a key that ends in `_seconds`"
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

/// The sensitive member that exempts least, asked with what it is of also where calls stand between:
/// `account.lock().number`, and a function with its type: `Account::number(&account)`.
struct Members(Option<Named>);

impl Visit<'_> for Members {
    fn visit_expr(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Field(_) | Expr::MethodCall(_) | Expr::Call(_)) {
            self.0 = Named::stricter(self.0.take(), of_last(expr));
        }
        visit::visit_expr(self, expr);
    }
}

/// The last name of an expression, if it is sensitive: alone, or with the one or two before it. A call between may be a
/// part of the name, as in `account().number`, or only hand on what it is called on.
fn of_last(expr: &Expr) -> Option<Named> {
    let name = last_name(expr)?;
    let text = name.unraw().to_string();
    let with = |before: &str| Named::find(&format!("{before}.{text}"), name.span());
    Named::find(&text, name.span()).or_else(|| {
        [true, false].into_iter().find_map(|with_calls| {
            let before = names_before(expr, with_calls);
            (1..=before.len().min(2))
                .map(|count| before[before.len() - count..].join("."))
                // What follows the sensitive thing is told of it, or made of it.
                .take_while(|before| sensitive(before).is_none())
                .find_map(|before| with(&before))
        })
    })
}

/// The name of a member, a method or a function.
fn last_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::MethodCall(call) => Some(&call.method),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name),
            Member::Unnamed(_) => None,
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().map(|last| &last.ident),
            _ => None,
        },
        _ => None,
    }
}

/// The names before the last one of an expression.
fn names_before(expr: &Expr, with_calls: bool) -> Vec<String> {
    match expr {
        Expr::Field(field) => names(&field.base, with_calls),
        Expr::MethodCall(call) => names(&call.receiver, with_calls),
        Expr::Call(call) => {
            let mut names = names(&call.func, with_calls);
            names.pop();
            names
        }
        _ => Vec::new(),
    }
}

/// The names of an expression, the outermost member last.
fn names(expr: &Expr, with_calls: bool) -> Vec<String> {
    let (inner, name) = match expr {
        Expr::Path(path) => {
            let names = path.path.segments.iter();
            return names
                .map(|segment| segment.ident.unraw().to_string())
                .collect();
        }
        Expr::Field(field) => match &field.member {
            Member::Named(name) => (&field.base, Some(name)),
            Member::Unnamed(_) => (&field.base, None),
        },
        Expr::MethodCall(call) => (&call.receiver, with_calls.then_some(&call.method)),
        Expr::Call(call) if with_calls => (&call.func, None),
        // `Arc::clone(&account)`
        Expr::Call(call) => {
            let first = call.args.first();
            return first.map_or_else(Vec::new, |first| names(first, with_calls));
        }
        Expr::Await(awaited) => (&awaited.base, None),
        Expr::Cast(cast) => (&cast.expr, None),
        Expr::Group(group) => (&group.expr, None),
        Expr::Index(index) => (&index.expr, None),
        Expr::Paren(paren) => (&paren.expr, None),
        Expr::Reference(reference) => (&reference.expr, None),
        Expr::Try(tried) => (&tried.expr, None),
        Expr::Unary(unary) => (&unary.expr, None),
        _ => return Vec::new(),
    };
    let mut names = names(inner, with_calls);
    names.extend(name.map(|name| name.unraw().to_string()));
    names
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

/// Whether an expression ends in what is told of a thing: `password.len()`, `key.kind as u64`, `a.len() + 1`. Of a
/// name that is the thing, such as `tax_id`, nothing is told by its last word.
fn is_measure(expr: &Expr) -> bool {
    match expr {
        // `card.expiry.as_secs()` and `birth_date.timestamp_millis()` are the thing in another form.
        Expr::MethodCall(call) if converts(&call.method) || is_of_a_date(&call.receiver) => {
            is_measure(&call.receiver)
        }
        Expr::MethodCall(_) | Expr::Field(_) | Expr::Call(_) => {
            let is_thing = || {
                of_last(expr).is_some_and(|named| named.finding.exemption != Exemption::Measures)
            };
            last_name(expr).is_some_and(|name| ends_in_head_noun(&name.to_string())) && !is_thing()
        }
        Expr::Reference(reference) => is_measure(&reference.expr),
        Expr::Paren(paren) => is_measure(&paren.expr),
        Expr::Group(group) => is_measure(&group.expr),
        Expr::Unary(unary) => is_measure(&unary.expr),
        Expr::Cast(cast) => is_measure(&cast.expr),
        Expr::Try(tried) => is_measure(&tried.expr),
        Expr::Binary(binary) => {
            let is_literal = |expr: &Expr| matches!(expr, Expr::Lit(_));
            let fits = |expr: &Expr| is_literal(expr) || is_measure(expr);
            fits(&binary.left) && fits(&binary.right) && !is_literal(&binary.left)
        }
        _ => false,
    }
}

/// Whether a method by Rust's naming rule gives what it is called on in another form.
fn converts(method: &Ident) -> bool {
    let name = method.to_string();
    ["as_", "into_", "to_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Whether an expression begins with a date, or what is made of one: all that a method tells of it is the date again.
fn is_of_a_date(expr: &Expr) -> bool {
    let is_date = |name: &String| ends_in("date|dob|birth|birthday|year|expiry", name);
    names(expr, true).iter().any(is_date)
}

#[cfg(test)]
mod tests {
    use super::{Exemption, Named};

    fn exemption(source: &str) -> Option<Exemption> {
        let expr = syn::parse_str(source).unwrap();
        Named::find_in(&expr).map(|named| named.finding.exemption)
    }

    #[test]
    fn what_is_told_of_a_thing_is_a_measure() {
        for source in [
            "tax_id.len()",
            "client.tax_id.len() as u64 + 1",
            "session.access_token.expiry",
            "session.access_token.as_ref()?.expiry",
            "session.access_token.expiry.as_secs()",
            "session.access_token.expiry.unwrap().timestamp_millis()",
            "access_token_expiry.timestamp_millis()",
            "password_timeout.as_millis() as u64",
            "session.password_len",
            "*session.password_len()",
            "key_version(&api_key)",
            "password_len(tax_id)",
            "token::version(&access_token)",
        ] {
            assert_eq!(exemption(source), Some(Exemption::Measures), "{source}");
        }
    }

    #[test]
    fn a_thing_is_no_measure_of_itself() {
        for source in [
            "client.tax_id",
            "client.tax_id as u64",
            "&client.tax_id",
            "client.tax_id? + 1",
            "(client.birth_date())",
            "tax_id(&client)",
            "client::tax_id(&client)",
            "card.expiry",
            "card.expiry()",
            "card.as_ref()?.expiry",
            "card.expiry.as_secs()",
            "client.birth_date.to_date()",
            "client.birth_date.timestamp_millis()",
            "client.birth_date()?.and_time(noon).timestamp_millis() / 1000",
            "dob.time()",
            "Some(client.tax_id)",
        ] {
            assert_eq!(exemption(source), Some(Exemption::Truths), "{source}");
        }
        assert_eq!(exemption("clients.tax_ids"), Some(Exemption::Counts));
    }

    #[test]
    fn members_are_asked_with_what_they_are_of() {
        for source in [
            "account.number",
            "account().number",
            "client.account().number",
            "account.as_ref().unwrap().number",
            "account.lock().number",
            "account.read().await.number()",
            "(*account).number",
            "(&mut *account)?.0.number % 10",
            "accounts[0].number",
            "Arc::clone(&account).number",
            "take(social.get().security.number)",
            "wrap(&[session.lock().key])",
            "Account::number(&a)",
            "client::Account::number(&a) + 1",
        ] {
            assert_eq!(exemption(source), Some(Exemption::Truths), "{source}");
        }
        for source in [
            "account.orders.number",
            "order.lock().number",
            "account.id + order.number",
            "number(account)",
            "(account, number).1",
        ] {
            assert_eq!(exemption(source), None, "{source}");
        }
    }
}
