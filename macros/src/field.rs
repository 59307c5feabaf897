//! Key-value pairs, as `fields(..)`, `stage!`, `record!` and `event!` take them: parsed, checked, and
//! turned into the expression that captures the value.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Token, Type, parse_quote};

use crate::diagnostics::Faults;
use crate::groups::ungrouped;
use crate::names::gate::{self, Named, Opened};
use crate::names::rules::{self, Exemption};
use crate::names::{self, Finding, is_market_name};
use crate::paths::Support;
use crate::public;
use crate::setting::is_constant;
use crate::vocabulary::{own_name, says_seconds};

/// The most keys of one stage, event or `record!`; as `tickspan::support::MAX_KEYS`.
pub(crate) const MAX_KEYS: usize = 32;

/// Keys that tickspan records itself.
const RESERVED: &[&str] = &[
    "error.type",
    "message",
    "otel.kind",
    "otel.name",
    "otel.status_code",
    "otel.status_description",
    "tickspan.outcome",
];

/// Whether tickspan records under this key itself.
pub(crate) fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key)
}

/// What to write instead of a reserved key.
fn instead_of(key: &str) -> &'static str {
    match key {
        "otel.kind" => "the stage's option `kind` sets it",
        "otel.name" => "the stage's name sets it",
        _ => "choose another key",
    }
}

/// A key as written: `quantity`, `order.quantity` or `"order quantity"`.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
}

impl Key {
    pub(crate) fn of_ident(ident: &Ident) -> Self {
        Self {
            text: ident.unraw().to_string(),
            tokens: ident.to_token_stream(),
        }
    }

    /// The key, if it is sensitive.
    fn named(&self) -> Option<Named> {
        let at = self.tokens.clone().into_iter().last()?.span();
        Named::find(&self.text, at)
    }

    /// The key as a string literal.
    pub(crate) fn literal(&self) -> LitStr {
        LitStr::new(&self.text, Span::call_site())
    }
}

/// One `key = value`, or a value whose name is its key.
pub(crate) struct Field {
    pub(crate) key: Key,
    pub(crate) value: Expr,
    /// What of it may be declared public.
    pub(crate) opened: Opened,
}

impl Field {
    /// The field of a derived type, as one that somebody named in `event!`: it passes the same gates.
    pub(crate) fn of_member(ident: &Ident, rename: Option<&LitStr>) -> Self {
        let key = match rename {
            Some(literal) => Key {
                text: literal.value(),
                tokens: literal.to_token_stream(),
            },
            None => Key::of_ident(ident),
        };
        Self {
            key,
            value: parse_quote!(self.#ident),
            opened: Opened::Field,
        }
    }

    /// Whether the value is to be recorded later: `Empty`, alone or from a module. `State::Empty` is a value.
    pub(crate) fn is_empty(&self) -> bool {
        let Expr::Path(path) = &self.value else {
            return false;
        };
        let mut segments = path.path.segments.iter().rev();
        segments.next().is_some_and(|last| last.ident == "Empty")
            && segments.next().is_none_or(|module| {
                let module = module.ident.to_string();
                !module.contains(char::is_uppercase)
            })
    }

    /// What is captured of the field.
    pub(crate) fn captured(&self, support: &Support) -> Capture {
        Capture {
            value: self.capture(support),
            key: self.key.clone(),
            cfgs: Vec::new(),
            argument: None,
        }
    }

    /// The sensitive name under which the value would be exported: its key, or a name in the expression.
    pub(crate) fn named(&self) -> Option<Named> {
        if let Some(opened) = public::Opening::of(&self.value) {
            // What it opens under which name, it says itself.
            return if opened.allows_name {
                None
            } else {
                self.key.named()
            };
        }
        let named = match self.key.named() {
            // It says what is told of the thing, which is not the value's own name then.
            Some(key) if key.finding.exemption == Exemption::Measures => key,
            key => Named::stricter(key, Named::find_in(&self.value))?,
        };
        // The kind of a credential may be a word of the source.
        let is_told = named.finding.exemption == Exemption::Measures && is_source_text(&self.value);
        (!is_told).then_some(named)
    }

    /// The expression that captures the value.
    fn capture(&self, support: &Support) -> TokenStream {
        let at = guilty(&self.value).resolved_at(Span::mixed_site());
        // What is wrong deep in a type is told of the whole expression, which begins with the path.
        let support = &support.at(at);
        let unit = if says_seconds(&self.key.text) {
            quote_spanned!(at=> #support::SaysSeconds)
        } else {
            quote_spanned!(at=> #support::Plain)
        };
        let value = operand(&self.value);
        if let Some(named) = self.named() {
            let gate = named.gate(&unit, support, self.opened);
            let passed =
                quote_spanned!(at=> #support::Approaching::new(&#value).__tickspan_passed());
            return quote!(#gate(#passed));
        }
        match &self.value {
            Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
                quote_spanned!(at=> #support::Value::text(#value))
            }
            // A constant is source text: the `const` block proves that it is one.
            Expr::Path(path) if is_constant(&path.path) => {
                quote_spanned!(at=> #support::ExplicitText::<#unit, _>::new(&const { #value }).__tickspan_value())
            }
            _ if own_name(&self.value).is_some_and(|name| is_market_name(&name)) => {
                quote_spanned!(at=> #support::ExplicitText::<#unit, _>::new(&#value).__tickspan_value())
            }
            _ => {
                quote_spanned!(at=> #support::Explicit::<#unit, _>::new(&#value).__tickspan_value())
            }
        }
    }
}

/// Whether an expression is text that stands in the source.
fn is_source_text(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Str(_)),
        Expr::Path(path) => is_constant(&path.path),
        _ => false,
    }
}

/// The token of an expression that a fault of its type points to: the name of what is recorded.
pub(crate) fn guilty(expr: &Expr) -> Span {
    match expr {
        Expr::Field(field) => field.member.span(),
        Expr::MethodCall(call) => call.method.span(),
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(|| expr.span(), Spanned::span),
        Expr::Reference(reference) => guilty(&reference.expr),
        Expr::Paren(paren) => guilty(&paren.expr),
        Expr::Group(group) => guilty(&group.expr),
        other => other.span(),
    }
}

/// The expression as an operand of `&`.
pub(crate) fn operand(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Array(_)
        | Expr::Block(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Group(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Reference(_)
        | Expr::Tuple(_)
        | Expr::Unary(_) => expr.to_token_stream(),
        other => quote!((#other)),
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        refuse_sigil(input)?;
        let quoted = input.peek(LitStr);
        let key = if quoted {
            let literal: LitStr = input.parse()?;
            Key {
                text: literal.value(),
                tokens: literal.to_token_stream(),
            }
        } else {
            parse_dotted(input)?
        };
        let value = if quoted || input.peek(Token![=]) {
            let equals = input.parse::<Option<Token![=]>>()?;
            if equals.is_none() || input.is_empty() || input.peek(Token![,]) {
                let message = format!("`{}` needs a value: `{} = ..`", key.text, key.tokens);
                return Err(syn::Error::new_spanned(&key.tokens, message));
            }
            refuse_sigil(input)?;
            ungrouped(input.parse()?)
        } else if input.is_empty() || input.peek(Token![,]) {
            // The key is the value: it was parsed as names and dots, so it is an expression.
            syn::parse2(key.tokens.clone())?
        } else {
            return Err(input.error("expected `=` and a value after the key, or a `,`"));
        };
        let opened = Opened::Value;
        Ok(Self { key, value, opened })
    }
}

pub(crate) fn parse_dotted(input: ParseStream<'_>) -> syn::Result<Key> {
    let mut tokens = TokenStream::new();
    let mut text = String::new();
    loop {
        let lookahead = input.lookahead1();
        if !(lookahead.peek(Ident::peek_any)) {
            return Err(
                input.error("expected a key: a name, names with dots between, or a string literal; what is none of these has one: \
                 `key = value`")
            );
        }
        let ident = input.call(Ident::parse_any)?;
        text.push_str(&ident.unraw().to_string());
        ident.to_tokens(&mut tokens);
        if !input.peek(Token![.]) {
            return Ok(Key { text, tokens });
        }
        input.parse::<Token![.]>()?.to_tokens(&mut tokens);
        text.push('.');
    }
}

/// `?value` and `%value` would format a user's value: they are not taken.
fn refuse_sigil(input: ParseStream<'_>) -> syn::Result<()> {
    let fault = |span, sigil, what| {
        let message = format!(
            "`{sigil}` records the text that `{what}` makes, which nothing proves public; record the value itself \
             (`key = value`), or `key = public!(value, reason = \"...\")`"
        );
        Err(syn::Error::new(span, message))
    };
    if input.peek(Token![?]) {
        return fault(input.parse::<Token![?]>()?.span(), '?', "Debug");
    }
    if input.peek(Token![%]) {
        return fault(input.parse::<Token![%]>()?.span(), '%', "Display");
    }
    Ok(())
}

/// Parses fields until the end of `input`. A faulty one is noted and passed over.
pub(crate) fn parse_list(input: ParseStream<'_>, faults: &mut Faults) -> Vec<Field> {
    let mut fields = Vec::new();
    while !input.is_empty() {
        match input.parse() {
            Ok(field) => fields.push(field),
            Err(fault) => {
                faults.push(fault);
                skip_to_comma(input);
            }
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            faults.push(input.error("expected `,` between fields"));
            skip_to_comma(input);
            _ = input.parse::<Token![,]>();
        }
    }
    fields
}

/// Drops what stands before the next comma.
pub(crate) fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        _ = input.parse::<TokenTree>();
    }
}

/// Notes what is wrong with `fields` and can be known without types.
pub(crate) fn check(fields: &[Field], faults: &mut Faults) {
    for (index, field) in fields.iter().enumerate() {
        let key = &field.key;
        if key.text.trim().is_empty() {
            faults.at(&key.tokens, "a key needs a name");
        }
        if is_reserved(&key.text) {
            faults.at(
                &key.tokens,
                format_args!(
                    "`{}` is recorded by tickspan itself; {}",
                    key.text,
                    instead_of(&key.text)
                ),
            );
        }
        if fields[..index]
            .iter()
            .any(|earlier| earlier.key.text == key.text)
        {
            faults.at(
                &key.tokens,
                format_args!("the key `{}` is given twice; remove one", key.text),
            );
        }
        check_exposure(&field.value, faults);
        check_opening(field, faults);
    }
}

/// Notes a value that is declared public, without a word on the sensitive name of its key.
fn check_opening(field: &Field, faults: &mut Faults) {
    let Some(opening) = public::Opening::of(&field.value) else {
        return;
    };
    if let Some(named) = field.key.named().filter(|_| !opening.allows_name) {
        named.refuse_opening(Opened::Value, faults);
    }
}

/// Notes the first key that is one more than a record can hold.
pub(crate) fn check_count(captures: &[Capture], late: &[Key], faults: &mut Faults) {
    let from_start = captures.iter().map(|capture| &capture.key);
    let mut keys = from_start.chain(late).skip(MAX_KEYS);
    if let Some(key) = keys.next() {
        let count = MAX_KEYS + 1 + keys.count();
        faults.at(
            &key.tokens,
            format_args!(
                "{count} keys are more than the {MAX_KEYS} that one record holds; leave some out"
            ),
        );
    }
}

/// Notes an expression that opens a sensitive value and is exported.
pub(crate) fn check_exposure(value: &impl ToTokens, faults: &mut Faults) {
    if let Some(exposed) = find_exposure(value.to_token_stream()) {
        let name = exposed.unraw();
        faults.at(
            &exposed,
            format_args!(
                "`{name}(..)` opens a sensitive value, and this expression is exported; record something else, or \
                 nothing"
            ),
        );
    }
}

/// The first name in `tokens` that opens a sensitive value: as a method, or by its path.
fn find_exposure(tokens: TokenStream) -> Option<Ident> {
    let mut qualified = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if qualified
                    && ["expose", "expose_secret", "expose_secret_mut"]
                        .iter()
                        .any(|name| ident.unraw() == name)
                {
                    return Some(ident);
                }
                qualified = false;
            }
            TokenTree::Group(group) => {
                if let Some(found) = find_exposure(group.stream()) {
                    return Some(found);
                }
                qualified = false;
            }
            TokenTree::Punct(punct) => qualified = matches!(punct.as_char(), '.' | ':'),
            TokenTree::Literal(_) => qualified = false,
        }
    }
    None
}

/// What is captured at a stage's start, under which key.
pub(crate) struct Capture {
    pub(crate) key: Key,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) value: TokenStream,
    /// The argument that nobody had to name.
    pub(crate) argument: Option<Ident>,
}

/// An argument that nobody named, and that is recorded as its type allows.
pub(crate) struct Argument {
    key: Key,
    unit: Unit,
    /// Why the key is sensitive, if it is.
    pub(crate) finding: Option<Finding>,
    /// Whether text under its name is public.
    pub(crate) is_public: bool,
    spelled: Option<Spelled>,
}

/// What the key of an argument says of units.
#[derive(Clone, Copy)]
enum Unit {
    /// Nothing.
    Plain,
    /// Seconds, in the user's own word.
    SaysSeconds,
    /// Seconds, added to the name for the type reads `Duration`.
    AddsSeconds,
}

/// A type whose name tells all: the compiler need not be asked, which takes it an eighth of what it does for a function.
/// Somebody else's type by this name does not compile.
#[derive(Clone, Copy)]
pub(crate) enum Spelled {
    /// A number or truth value of the language, by its name.
    Scalar(&'static str),
    /// `&str`.
    Text,
}

impl Spelled {
    const SCALARS: [&str; 13] = [
        "bool", "f32", "f64", "i16", "i32", "i64", "i8", "isize", "u16", "u32", "u64", "u8",
        "usize",
    ];

    pub(crate) fn of(ty: &Type) -> Option<Self> {
        match ty {
            Type::Path(path) if path.qself.is_none() => {
                let name = path.path.get_ident()?;
                let scalar = Self::SCALARS.into_iter().find(|scalar| name == scalar);
                scalar.map(Self::Scalar)
            }
            Type::Reference(reference) if reference.mutability.is_none() => {
                match &*reference.elem {
                    Type::Path(path) if path.qself.is_none() && path.path.is_ident("str") => {
                        Some(Self::Text)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl Argument {
    /// `taken_from` is what a pattern names before it.
    pub(crate) fn of(
        name: &Ident,
        taken_from: &[Ident],
        reads_duration: bool,
        spelled: Option<Spelled>,
    ) -> Self {
        let mut key = Key::of_ident(name);
        let unit = if says_seconds(&key.text) {
            Unit::SaysSeconds
        } else if reads_duration {
            key.text.push_str("_seconds");
            Unit::AddsSeconds
        } else {
            Unit::Plain
        };
        // A unit that the user did not write makes no measure of the thing.
        let written = rules::stricter(
            names::sensitive(&name.to_string()),
            names::sensitive(&key.text),
        );
        let finding = rules::stricter(written, gate::of_members(taken_from));
        Self {
            is_public: finding.is_none() && is_market_name(&name.to_string()),
            key,
            unit,
            finding,
            spelled,
        }
    }

    /// What the key says of units, as a type of the runtime.
    pub(crate) fn unit(&self, support: &Support) -> TokenStream {
        match self.unit {
            Unit::Plain => quote!(#support::Plain),
            Unit::SaysSeconds => quote!(#support::SaysSeconds),
            Unit::AddsSeconds => quote!(#support::AddsSeconds),
        }
    }

    /// Its type, where that is recorded under the key without a question.
    pub(crate) fn known(&self) -> Option<Spelled> {
        self.spelled.filter(|spelled| match spelled {
            Spelled::Scalar(_) => self.finding.is_none(),
            Spelled::Text => self.is_public,
        })
    }

    /// The value of the argument, or what its type says of it.
    fn value(&self, name: &Ident, support: &Support) -> TokenStream {
        if let Some(spelled) = self.known() {
            let constructor = match spelled {
                Spelled::Scalar(name) => name,
                Spelled::Text => "text",
            };
            let constructor = Ident::new(constructor, Span::call_site());
            return quote!(#support::Value::#constructor(#name));
        }
        let unit = self.unit(support);
        let exemption = self
            .finding
            .map(|finding| gate::exemption(finding.exemption, support));
        if names::is_strict() {
            // The argument is what a fault is told of.
            let at = name.span().resolved_at(Span::mixed_site());
            let probe = match exemption {
                Some(exemption) => quote!(StrictSensitive::<_, #exemption, _>::new),
                None if self.is_public => quote!(StrictText::new),
                None => quote!(Strict::new),
            };
            return quote_spanned!(at=> #support::#probe(&#name, #unit).__tickspan_value());
        }
        // Of an argument that an option has moved, this is what is told.
        let at = name.span().resolved_at(Span::mixed_site());
        let name = quote_spanned!(at=> &#name);
        let probe = match exemption {
            Some(exemption) => quote!(ImplicitSensitive::<_, #exemption, _>::new(#name, #unit)),
            None if self.is_public => quote!(ImplicitText(#support::TextOrSkipped(#name), #unit)),
            None => quote!(Implicit(#name, #unit)),
        };
        quote!(#support::#probe.__tickspan_value())
    }

    /// The argument as a field: asked for by name, where `label` names it and its type does not say what it is.
    pub(crate) fn labelled(&self, name: &Ident, label: &Key) -> Option<Field> {
        if label.text != self.key.text || self.known().is_some() {
            return None;
        }
        let at = label.tokens.clone().into_iter().next()?.span();
        let mut name = name.clone();
        name.set_span(name.span().located_at(at));
        Some(Field {
            key: label.clone(),
            value: parse_quote!(#name),
            opened: Opened::Value,
        })
    }

    /// What is captured of it.
    pub(crate) fn captured(
        &self,
        name: &Ident,
        cfgs: Vec<Attribute>,
        support: &Support,
    ) -> Capture {
        Capture {
            key: self.key.clone(),
            cfgs,
            argument: Some(name.clone()),
            value: self.value(name, support),
        }
    }
}
