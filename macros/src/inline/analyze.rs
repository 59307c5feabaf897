//! From what the user wrote to a model that cannot be wrong.

use proc_macro2::{Span, TokenStream};
use syn::Expr;

use super::parse::{Form, Invocation};
use crate::diagnostics::Faults;
use crate::field::{self, Capture, Field, Key};
use crate::inventory::{self, Entry};
use crate::paths::Support;
use crate::setting::{Kind, Level, Text};
use crate::stage::analyze::Parent;
use crate::stage::late::{recorded_keys, with_recorded};

/// An invocation to be expanded.
pub(crate) enum Inline {
    Stage {
        common: Common,
        kind: Option<Kind>,
        parent: Parent,
        /// Keys that are recorded later, and the paths to `Empty` that say so.
        late: Vec<Key>,
        named: Vec<Expr>,
        future: Option<TokenStream>,
    },
    Event(Common),
    Record {
        support: Support,
        captures: Vec<Capture>,
        noted: TokenStream,
    },
}

/// What a stage and an event have in common.
pub(crate) struct Common {
    pub(crate) support: Support,
    pub(crate) name: Text,
    pub(crate) level: Option<Level>,
    pub(crate) target: Option<Text>,
    pub(crate) captures: Vec<Capture>,
    /// What leaves the record of all decisions.
    pub(crate) noted: TokenStream,
}

pub(crate) fn analyze(invocation: Invocation, form: Form, faults: &mut Faults) -> Option<Inline> {
    let Invocation {
        krate,
        name,
        level,
        target,
        kind,
        parent,
        fields,
        future,
    } = invocation;
    field::check(&fields, faults);
    if form == Form::Record && fields.is_empty() && faults.is_empty() {
        faults.at_span(
            Span::call_site(),
            format_args!(
                "there is nothing to record; name what, as in {}",
                form.usage()
            ),
        );
    }
    let support = Support::of(Some(&krate));
    let (late, given): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(Field::is_empty);
    if form != Form::Stage {
        for field in &late {
            faults.at(
                &field.value,
                "`Empty` declares a key that a stage records later; here a value is needed",
            );
        }
    }
    let site = match form {
        Form::Stage => "block",
        Form::Event => "event",
        Form::Record => "record",
    };
    let written = name
        .as_ref()
        .map_or_else(|| "record!".to_owned(), Text::written);
    let entries: Vec<Entry> = given.iter().map(Entry::field).collect();
    let noted = inventory::noted(site, &written, Span::call_site(), &entries, &support);
    let captures: Vec<Capture> = given
        .into_iter()
        .map(|field| field.captured(&support))
        .collect();
    let named = late.iter().map(|field| field.value.clone()).collect();
    let late = with_recorded(
        late.into_iter().map(|field| field.key).collect(),
        recorded_keys(future.clone().unwrap_or_default()),
        &captures,
    );
    field::check_count(&captures, &late, faults);
    if form == Form::Record {
        return Some(Inline::Record {
            support,
            captures,
            noted,
        });
    }
    let common = Common {
        support,
        name: name?,
        level: level.map(|given| given.value),
        target: target.map(|given| given.value),
        captures,
        noted,
    };
    Some(match form {
        Form::Stage => Inline::Stage {
            kind: kind.map(|given| given.value),
            parent: parent.map_or(Parent::Current, |given| Parent::given(given.value)),
            named,
            late,
            common,
            future,
        },
        Form::Event | Form::Record => Inline::Event(common),
    })
}
