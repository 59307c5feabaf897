//! The options of `#[traced_stage]`: one table for the parser, the messages and the tests.

/// One option.
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// How it is written.
    pub(crate) usage: &'static str,
    pub(crate) on: Placement,
}

/// What follows the name of an option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Alone,
    /// `= value`.
    Value,
    /// `(..)`.
    List,
    AloneOrList,
    ValueOrList,
}

/// Where an option may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    Function,
    ImplBlock,
    Both,
    /// On a method of an annotated block.
    Method,
}

use Form::{Alone, AloneOrList, List, Value, ValueOrList};
use Placement::{Both, Function, ImplBlock, Method};

#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionSpec] = &[
    option("name", Value, "name = \"place_order\"", Function),
    option("target", Value, "target = \"engine\"", Both),
    option("level", Value, "level = \"debug\"", Both),
    option("skip", List, "skip(book, config)", Function),
    option("skip_all", Alone, "skip_all", Both),
    option("fields", List, "fields(depth = book.depth(), filled = Empty)", Function),
    option("parent", Value, "parent = &order.context", Function),
    option("follows_from", Value, "follows_from = [&batch.context]", Function),
    option("ret", AloneOrList, "ret(level = \"debug\")", Function),
    option("err", AloneOrList, "err(level = \"warn\", map = Rejected::code)", Function),
    option("kind", Value, "kind = \"client\"", Both),
    option("root", Alone, "root", Function),
    option("mark", ValueOrList, "mark = Path::OrderSent", Function),
    option("metric", List, "metric(labels(symbol, venue))", Function),
    option("crate", Value, "crate = my_facade::tickspan", Both),
    option("prefix", Value, "prefix = \"engine\"", ImplBlock),
    option("off", Alone, "off", Method),
];

const fn option(name: &'static str, form: Form, usage: &'static str, on: Placement) -> OptionSpec {
    OptionSpec {
        name,
        form,
        usage,
        on,
    }
}

pub(crate) fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The names that may stand on a function, or on an `impl` block.
pub(crate) fn accepted(on: Placement) -> Vec<&'static str> {
    OPTIONS
        .iter()
        .filter(|option| option.on == on || option.on == Both)
        .map(|option| option.name)
        .collect()
}
