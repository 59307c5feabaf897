//! What travels with requests and messages.

use super::{Error, Variables};
use crate::propagate::Propagator;

const PROPAGATORS: &str = "OTEL_PROPAGATORS";

pub(super) fn read(variables: &Variables<'_>) -> Result<Option<Propagator>, Error> {
    let Some(text) = variables.text(PROPAGATORS)? else {
        return Ok(None);
    };
    let mut propagator = Propagator {
        trace_context: false,
        baggage: false,
    };
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(Some(propagator));
    }
    for name in text.split(',') {
        match name.trim().to_ascii_lowercase().as_str() {
            "tracecontext" => propagator.trace_context = true,
            "baggage" => propagator.baggage = true,
            _ => {
                return Err(Error::Invalid {
                    setting: PROPAGATORS,
                    value: Some(text),
                    accepted: "`tracecontext`, `baggage`, both separated by a comma, or `none`; \
                               another propagator is given to `with_propagator`"
                        .to_owned(),
                });
            }
        }
    }
    Ok(Some(propagator))
}
