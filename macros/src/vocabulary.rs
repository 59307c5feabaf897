//! Names under which text is public by definition in the trade, and the name that a value has by itself.

use syn::{Expr, Member, UnOp};

/// Text held in an argument or field with one of these whole names is recorded. FIX tags and their
/// everyday forms.
const MARKET: &[&str] = &[
    "asset",
    "asset_id",
    "base",
    "block_hash",
    "broker",
    "broker_type",
    "ccy",
    "chain",
    "client_order_id",
    "component",
    "condition_id",
    "currency",
    "direction",
    "event_id",
    "event_type",
    "exchange",
    "exec_id",
    "instrument",
    "instrument_id",
    "interval",
    "leg",
    "log_level",
    "market",
    "market_id",
    "method",
    "mic",
    "mode",
    "operation",
    "operation_id",
    "ord_type",
    "order_id",
    "order_type",
    "pair",
    "pipeline",
    "pipeline_id",
    "pool",
    "queue",
    "quote",
    "route",
    "security_id",
    "side",
    "signal",
    "signal_id",
    "signal_type",
    "source",
    "stage",
    "status",
    "strategy",
    "strategy_id",
    "symbol",
    "ticker",
    "tif",
    "time_in_force",
    "timeframe",
    "token_id",
    "topic",
    "trade_id",
    "trigger_mode",
    "tx_hash",
    "venue",
];

/// Whether text under this whole name is public.
pub(crate) fn is_market_name(name: &str) -> bool {
    MARKET.binary_search(&plain(name)).is_ok()
}

/// An identifier without what only Rust sees in it.
pub(crate) fn plain(identifier: &str) -> &str {
    identifier.trim_start_matches("r#").trim_matches('_')
}

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
    use super::{MARKET, is_market_name, own_name, says_seconds};

    #[test]
    fn the_list_is_sorted_for_binary_search() {
        assert!(MARKET.is_sorted());
    }

    #[test]
    fn only_whole_names_count() {
        assert!(is_market_name("symbol"));
        assert!(is_market_name("r#symbol"));
        assert!(!is_market_name("symbols"));
        assert!(!is_market_name("user_symbol"));
        assert!(!is_market_name("owner"));
    }

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
