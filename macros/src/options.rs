//! The options of `#[traced_stage]`: one table for the parser, the messages and the tests.

/// One option.
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) usage: &'static str,
    pub(crate) on: Placement,
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

use Placement::{Both, Function, ImplBlock, Method};

pub(crate) const OPTIONS: &[OptionSpec] = &[
    option("name", "name = \"place_order\"", Function),
    option("target", "target = \"engine\"", Both),
    option("level", "level = \"debug\"", Both),
    option("skip", "skip(book, config)", Function),
    option("skip_all", "skip_all", Both),
    option(
        "fields",
        "fields(depth = book.depth(), filled = Empty)",
        Function,
    ),
    option("parent", "parent = &order.context", Function),
    option("follows_from", "follows_from = [&batch.context]", Function),
    option("ret", "ret, or ret(level = \"debug\")", Function),
    option(
        "err",
        "err, or err(level = \"warn\", map = Rejected::code)",
        Function,
    ),
    option("kind", "kind = \"client\"", Both),
    option("root", "root", Function),
    option(
        "mark",
        "mark = Path::OrderSent, or mark(Path::OrderSent, always)",
        Function,
    ),
    option("metric", "metric(labels(symbol, venue))", Function),
    option("crate", "crate = my_facade::tickspan", Both),
    option("prefix", "prefix = \"engine\"", ImplBlock),
    option("off", "off", Method),
];

const fn option(name: &'static str, usage: &'static str, on: Placement) -> OptionSpec {
    OptionSpec { name, usage, on }
}

pub(crate) fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// How an option is written, for a message.
pub(crate) fn usage(name: &str) -> &'static str {
    find(name).map_or("", |option| option.usage)
}

/// The names that may stand on a function, or on an `impl` block.
pub(crate) fn accepted(on: Placement) -> Vec<&'static str> {
    OPTIONS
        .iter()
        .filter(|option| option.on == on || option.on == Both)
        .map(|option| option.name)
        .collect()
}
