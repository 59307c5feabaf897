//! From what the user wrote to a model that cannot be wrong.

use syn::Expr;

use super::parse::Written;
use crate::diagnostics::Faults;
use crate::names::gate::{Named, Opened};
use crate::paths::Support;
use crate::{field, reason};

/// An expression that somebody gave a reason for.
pub(crate) struct Public {
    pub(crate) support: Support,
    pub(crate) value: Expr,
    pub(crate) reason: String,
    pub(crate) allows_name: bool,
}

pub(crate) fn analyze(written: Written, faults: &mut Faults) -> Public {
    let Written {
        krate,
        value,
        reason,
        allows_name,
        at,
    } = written;
    match &reason {
        Some(given) => reason::check(given, faults),
        None => faults.at_span(
            at,
            "`public!` needs a reason: why may anybody see this? as in \
             `public!(memo, reason = \"text printed on the public trade tape\")`",
        ),
    }
    field::check_exposure(&value, faults);
    if let Some(named) = Named::find_in(&value).filter(|_| !allows_name) {
        named.refuse_opening(Opened::Value, faults);
    }
    Public {
        support: Support::of(Some(&krate)),
        value,
        reason: reason.map(|given| given.value()).unwrap_or_default(),
        allows_name,
    }
}
