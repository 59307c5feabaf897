//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Data, Fields, Generics, Ident, Lifetime, Type, TypeReference};

use super::parse::{Kind, Mark, Marked, Written};
use crate::diagnostics::Faults;
use crate::field::{self, Field, MAX_KEYS};
use crate::generics::{is_phantom, mentions_parameter};
use crate::inventory::{self, Entry};
use crate::names::gate::{self, Named};
use crate::names::rules::Exemption;
use crate::paths::Support;
use crate::setting::Text;
use crate::{mark, paths};

/// The most fields of an edge: with those that each edge has they are as many as one event holds.
const MOST_PARTS: usize = MAX_KEYS - 7;

/// Names under which something is recorded of each edge.
const TAKEN: [&str; 8] = [
    "gross",
    "threshold",
    "name",
    "unit",
    "total_cost",
    "net",
    "decision",
    "reason",
];

/// A type to be implemented for.
pub(crate) struct Edge {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) root: TokenStream,
    pub(crate) name: TokenStream,
    pub(crate) unit: Option<Text>,
    pub(crate) level: TokenStream,
    pub(crate) target: Option<Text>,
    /// The type of all amounts, and where it stands.
    pub(crate) amount: TokenStream,
    pub(crate) amount_at: Span,
    /// The types that have to be the same, where they stand.
    pub(crate) others: Vec<(TokenStream, Span)>,
    pub(crate) legs: Vec<Leg>,
    /// The edge's own parts, in the order of the fields.
    pub(crate) parts: Vec<Part>,
    /// What leaves the record of all decisions.
    pub(crate) noted: TokenStream,
}

/// A field that is an edge itself.
pub(crate) struct Leg {
    pub(crate) name: String,
    pub(crate) field: Ident,
    /// The type as it was written.
    pub(crate) written: Type,
    /// The type, with every lifetime `'static`.
    pub(crate) ty: Type,
}

/// A field that is recorded.
pub(crate) struct Part {
    pub(crate) role: &'static str,
    pub(crate) key: String,
    pub(crate) value: PartValue,
}

/// The expression of what is recorded of a part.
pub(crate) enum PartValue {
    Value(TokenStream),
    /// What a mark leaves: it is made where the edge is recorded, and not for its sums.
    Masked(TokenStream),
}

/// An edge without parts, for a type with faults.
pub(crate) fn stand_in(written: &Written) -> Edge {
    Edge {
        ident: written.input.ident.clone(),
        generics: written.input.generics.clone(),
        root: paths::root(written.krate.as_ref()),
        name: quote!("edge"),
        unit: None,
        level: {
            let support = Support::of(written.krate.as_ref());
            quote!(#support::Level::INFO)
        },
        target: None,
        amount: quote!(f64),
        amount_at: Span::call_site(),
        others: Vec::new(),
        legs: Vec::new(),
        parts: Vec::new(),
        noted: TokenStream::new(),
    }
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Option<Edge> {
    check_shape(&written, faults)?;
    let Written {
        input,
        krate,
        options,
        fields,
    } = written;
    let support = Support::of(krate.as_ref());
    let mut edge = Edge {
        root: paths::root(krate.as_ref()),
        name: options.name(&input.ident),
        level: options.level(&support),
        unit: options.unit,
        target: options.target,
        amount: TokenStream::new(),
        amount_at: Span::call_site(),
        others: Vec::new(),
        legs: Vec::new(),
        parts: Vec::new(),
        noted: TokenStream::new(),
        ident: input.ident,
        generics: input.generics,
    };
    let is_told = fields
        .iter()
        .all(|field| field.mark.is_some() || !field.has_mark && is_phantom(&field.field.ty));
    let marked = marks(fields, faults);
    // A mark that is not there or cannot be read may be the one that is missing.
    if is_told {
        check_needed(&edge.ident, &marked, faults);
    }
    check_single(&marked, faults);
    if let Some(beyond) = marked.get(MOST_PARTS) {
        faults.at(
            &beyond.name,
            format_args!(
                "{} fields are more than the {MOST_PARTS} that one event holds; leave some out with `#[edge(skip)]`",
                marked.len()
            ),
        );
    }
    let first = first_amount(&marked)?;
    edge.amount = amount_type(&marked[first], &edge.root);
    edge.amount_at = marked[first].ty.span().resolved_at(Span::call_site());
    let mut names: Vec<String> = Vec::new();
    let mut contexts: Vec<Field> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for (index, field) in marked.into_iter().enumerate() {
        let name = recorded_name(&field, faults);
        let has_own_name = !matches!(field.mark.kind, Kind::Gross | Kind::Threshold);
        if has_own_name && names.contains(&name) {
            faults.at_span(
                field.name_span(),
                format_args!("two fields are recorded as `{name}`; give one another name with `rename = \"..\"`"),
            );
        }
        names.push(name.clone());
        if field.mark.kind != Kind::Context {
            check_amount_name(&field, &name, faults);
        }
        if index != first && field.mark.kind != Kind::Context {
            edge.others
                .push((amount_type(&field, &edge.root), field.ty.span()));
        }
        match field.mark.kind {
            Kind::Leg => edge.take_leg(&field, name, faults),
            Kind::Context => {
                let (entry, context) = edge.take_context(&field, &support);
                entries.push(entry);
                contexts.extend(context);
            }
            Kind::Skip => {}
            kind => {
                let role = match kind {
                    Kind::Gross => "Gross",
                    Kind::Threshold => "Threshold",
                    _ => "Cost",
                };
                let key = format!("edge.{name}");
                entries.push(Entry::own(&key, &field.ty, false));
                edge.take_amount(role, &field, key, &support);
            }
        }
    }
    field::check(&contexts, faults);
    let name = edge.ident.unraw().to_string();
    edge.noted = inventory::noted("edge", &name, edge.ident.span(), &entries, &support);
    Some(edge)
}

/// What is sensitive is no amount. (A context passes the gate of all fields.)
fn check_amount_name(field: &MarkedField, name: &str, faults: &mut Faults) {
    let words = [name.to_owned(), field.name.to_string()];
    // A measure may be a number, and amounts are.
    let named = words
        .iter()
        .filter_map(|name| Named::find(name, field.name_span()))
        .find(|named| named.finding.exemption != Exemption::Measures);
    if let Some(named) = named {
        faults.at_span(
            named.at,
            format_args!(
                "`{}` names {}, which is no amount of an edge; give the field the name of what it is",
                named.name,
                gate::what(named.finding.kind)
            ),
        );
    }
}

/// The place of the field whose type is that of all amounts: the gross amount, or else the first leg.
fn first_amount(fields: &[MarkedField]) -> Option<usize> {
    let place = |kind| fields.iter().position(|field| field.mark.kind == kind);
    place(Kind::Gross).or_else(|| place(Kind::Leg))
}

/// The type of the amounts in a field.
fn amount_type(field: &MarkedField, root: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    match field.mark.kind {
        Kind::Leg => {
            // It stands where the type stands, from its first token to its last.
            let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
            let first = spans.next().unwrap_or_else(Span::call_site);
            let amount = Ident::new("Amount", spans.last().unwrap_or(first));
            quote_spanned!(first=> <#ty as #root::EdgeBreakdown>::#amount)
        }
        _ => ty.to_token_stream(),
    }
}

/// A field that is part of the edge.
struct MarkedField {
    name: Ident,
    ty: Type,
    mark: Mark,
    sensitive: Option<mark::Mark>,
}

fn check_shape(written: &Written, faults: &mut Faults) -> Option<()> {
    let what = "an edge has its amounts as fields, so `EdgeBreakdown` is derived for structs with named fields";
    match &written.input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) => return Some(()),
            Fields::Unnamed(fields) => faults.at(
                fields,
                format_args!("{what}: each is recorded under its name"),
            ),
            Fields::Unit => faults.at(&written.input.ident, what),
        },
        Data::Enum(data) => faults.at(data.enum_token, what),
        Data::Union(data) => faults.at(data.union_token, what),
    }
    None
}

/// The fields that are part of the edge. One without a mark might be a cost that was forgotten.
fn marks(fields: Vec<Marked>, faults: &mut Faults) -> Vec<MarkedField> {
    let mut marked = Vec::new();
    for Marked {
        field,
        mark,
        has_mark,
        sensitive,
    } in fields
    {
        let Some(name) = field.ident else { continue };
        if let (Some(sensitive), Some(mark)) = (&sensitive, &mark) {
            check_sensitive(sensitive, &name, mark, faults);
        }
        match mark {
            Some(mark) if mark.kind != Kind::Skip => marked.push(MarkedField {
                name,
                ty: field.ty,
                mark,
                sensitive,
            }),
            Some(Mark {
                rename: Some(given),
                ..
            }) => faults.at(given.name, "what is skipped has no name in the edge"),
            None if !has_mark && !is_phantom(&field.ty) => faults.at(
                &name,
                format_args!(
                    "say what `{name}` is to the edge: `#[edge(cost)]`, `#[edge(gross)]`, `#[edge(threshold)]`, \
                     `#[edge(context)]`, `#[edge(leg)]`, or `#[edge(skip)]`; a cost that is forgotten would make every \
                     trade look better than it is"
                ),
            ),
            _ => {}
        }
    }
    marked
}

/// What is sensitive may stand beside the amounts, and is none of them.
fn check_sensitive(sensitive: &mark::Mark, name: &Ident, mark: &Mark, faults: &mut Faults) {
    match mark.kind {
        Kind::Context => {}
        Kind::Skip => sensitive.check_skipped(name, faults),
        _ => faults.at(
            &sensitive.attribute,
            format_args!(
                "`{name}` is an amount, and the amounts of an edge are recorded; remove this mark, or make it \
                 `#[edge(context)]` or `#[edge(skip)]`"
            ),
        ),
    }
}

/// What an edge has at least.
fn check_needed(ident: &Ident, fields: &[MarkedField], faults: &mut Faults) {
    let has = |kind| fields.iter().any(|field| field.mark.kind == kind);
    if has(Kind::Leg) {
        return;
    }
    if !has(Kind::Gross) {
        faults.at(
            ident,
            "an edge needs what there is to gain: mark one field `#[edge(gross)]`, or fields that are edges themselves \
             `#[edge(leg)]`",
        );
    }
    if !has(Kind::Cost) {
        faults.at(
            ident,
            "an edge needs what it costs: mark at least one field `#[edge(cost)]`; without costs the net edge is the \
             gross one",
        );
    }
}

/// What an edge has at most once.
fn check_single(fields: &[MarkedField], faults: &mut Faults) {
    let of = |kind: Kind| fields.iter().filter(move |field| field.mark.kind == kind);
    let first = of(Kind::Gross).next().map(|field| field.name.clone());
    for second in of(Kind::Gross).skip(1) {
        faults.at(
            &second.mark.word,
            format_args!(
                "an edge has one gross amount, which is `{}`; add the two up, or make each an edge of its own and mark \
                 it `#[edge(leg)]`",
                first.to_token_stream()
            ),
        );
    }
    let first = of(Kind::Threshold).next().map(|field| field.name.clone());
    for second in of(Kind::Threshold).skip(1) {
        faults.at(
            &second.mark.word,
            format_args!(
                "an edge has at most one threshold, which is `{}`; mark this one `#[edge(context)]`, or decide with \
                 `decide_with`",
                first.to_token_stream()
            ),
        );
    }
}

/// The name of a field in what is recorded.
fn recorded_name(field: &MarkedField, faults: &mut Faults) -> String {
    let mark = &field.mark;
    if let Kind::Gross | Kind::Threshold = mark.kind {
        if let Some(given) = &mark.rename {
            faults.at(
                &given.name,
                format_args!(
                    "this amount is `edge.{}` in every edge, so that edges can be compared; it has no other name",
                    mark.word
                ),
            );
        }
        return mark.word.to_string();
    }
    let name = match &mark.rename {
        Some(given) => given.value.value(),
        None => field.name.unraw().to_string(),
    };
    if mark.kind == Kind::Context && name.starts_with("edge.") {
        faults.at_span(
            field.name_span(),
            "names that begin with `edge.` are those of amounts; give this field another",
        );
    }
    if mark.kind != Kind::Context && TAKEN.contains(&name.as_str()) {
        faults.at_span(
            field.name_span(),
            format_args!(
                "`edge.{name}` is recorded of every edge; give this field another name with `rename = \"..\"`"
            ),
        );
    }
    name
}

impl MarkedField {
    /// Where the name stands by which the field is recorded.
    fn name_span(&self) -> Span {
        let rename = self.mark.rename.as_ref();
        rename.map_or_else(|| self.name.span(), |given| given.value.span())
    }
}

impl Edge {
    fn take_amount(
        &mut self,
        role: &'static str,
        field: &MarkedField,
        key: String,
        support: &Support,
    ) {
        let ident = &field.name;
        self.parts.push(Part {
            role,
            key,
            // Whether it is an amount is asked of its type, once.
            value: PartValue::Value(quote!(#support::Held::new(&self.#ident).__tickspan_value())),
        });
    }

    /// What the inventory says of a context, and the context, unless a mark withholds all of it.
    fn take_context(&mut self, field: &MarkedField, support: &Support) -> (Entry, Option<Field>) {
        let rename = field.mark.rename.as_ref().map(|given| &given.value);
        let context = Field::of_member(&field.name, rename);
        let (entry, value) = match &field.sensitive {
            None => {
                let value = PartValue::Value(context.captured(support).value);
                (Entry::field(&context).with_type(&field.ty), Some(value))
            }
            Some(mark) => {
                let value = mark.masked(&context.value, support);
                let entry = Entry::marked(&field.name, Some(&field.ty), mark);
                (entry, value.map(PartValue::Masked))
            }
        };
        let Some(value) = value else {
            return (entry, None);
        };
        self.parts.push(Part {
            role: "Context",
            key: context.key.text.clone(),
            value,
        });
        (entry, Some(context))
    }

    fn take_leg(&mut self, field: &MarkedField, name: String, faults: &mut Faults) {
        if mentions_parameter(&field.ty, &self.generics) {
            faults.at(
                &field.ty,
                "the type of a leg has no type parameter: the keys of an event are known when the program is compiled; \
                 name the type, as in `Leg<f64>`",
            );
            return;
        }
        if let Type::Reference(reference) = &field.ty {
            faults.at(
                reference,
                "a leg is a part of its edge: hold the struct itself, and no reference to it",
            );
            return;
        }
        let mut ty = field.ty.clone();
        Static.visit_type_mut(&mut ty);
        self.legs.push(Leg {
            name,
            field: field.name.clone(),
            written: field.ty.clone(),
            ty,
        });
    }
}

/// Makes every lifetime `'static`: the keys of a leg do not depend on it.
struct Static;

impl VisitMut for Static {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference
            .lifetime
            .get_or_insert_with(|| Lifetime::new("'static", Span::call_site()));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}
