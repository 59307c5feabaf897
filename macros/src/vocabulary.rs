//! What the name of a value or a key tells of it.

use syn::{Expr, Member, UnOp};

/// The last identifier of an expression that merely names a value: `symbol`, `order.symbol`, also through
/// `&`, `*`, `.as_str()`, `.as_ref()`, `.as_deref()` and `.clone()`.
pub(crate) fn own_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().map(ToString::to_string),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        },
        Expr::Reference(reference) => own_name(&reference.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => own_name(&unary.expr),
        Expr::Paren(paren) => own_name(&paren.expr),
        Expr::Group(group) => own_name(&group.expr),
        Expr::MethodCall(call) if call.args.is_empty() && call.turbofish.is_none() => {
            let through = ["as_str", "as_ref", "as_deref", "clone"];
            through
                .iter()
                .any(|method| call.method == method)
                .then(|| own_name(&call.receiver))?
        }
        _ => None,
    }
}

/// Whether a name says that what it holds is in seconds.
pub(crate) fn says_seconds(name: &str) -> bool {
    let last = name.rsplit(['.', '_']).next().unwrap_or(name);
    last != name && ["seconds", "secs", "sec", "s"].contains(&last)
        || ["seconds", "secs"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{own_name, says_seconds};

    #[test]
    fn a_values_own_name_is_its_last_identifier() {
        let name = |source: &str| own_name(&syn::parse_str(source).unwrap());
        for source in [
            "symbol",
            "order.symbol",
            "&self.order.symbol",
            "order.symbol.as_str()",
            "(*symbol).clone()",
            "&mut order.symbol.as_deref()",
        ] {
            assert_eq!(name(source).as_deref(), Some("symbol"), "{source}");
        }
        for source in [
            "symbol()",
            "order.symbol()",
            "symbol[0]",
            "symbol.trim()",
            "a + symbol",
            "Order::symbol",
            "order.0",
            "format!(\"{symbol}\")",
            "symbol.as_str().to_owned()",
        ] {
            assert_eq!(name(source), None, "{source}");
        }
    }

    #[test]
    fn seconds_are_said_by_the_last_word() {
        for name in [
            "timeout_seconds",
            "timeout_secs",
            "ttl_s",
            "http.duration.seconds",
            "seconds",
        ] {
            assert!(says_seconds(name), "{name}");
        }
        for name in ["timeout", "s", "seconds_left", "basis", "class"] {
            assert!(!says_seconds(name), "{name}");
        }
    }
}
