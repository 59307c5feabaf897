//! Any tokens at all, and valid input with faults made in it: no macro panics, and a fault leaves
//! the item.
//!
//! `PROPTEST_CASES` says how many cases each property tries.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{tells_a_fault, tokens};
use crate::attribute_value::attribute_value;
use crate::edge_breakdown::edge_breakdown;
use crate::inline;
use crate::labels::labels;
use crate::latency_stages::latency_stages;
use crate::public::public;
use crate::redacted::redacted;
use crate::safe_error::safe_error;
use crate::stage::traced_stage;
use crate::trade_event::trade_event;

/// A token that can be shrunk and shown.
#[derive(Clone, Debug)]
enum Tree {
    Word(String),
    Raw(String),
    Punct(char, bool),
    Text(String),
    Integer(u64),
    Float(f64),
    Character(char),
    Bytes(Vec<u8>),
    Group(Delimiter, Vec<Tree>),
}

impl Tree {
    fn to_token(&self) -> TokenTree {
        match self {
            Self::Word(word) => Ident::new(word, Span::call_site()).into(),
            Self::Raw(word) => Ident::new_raw(word, Span::call_site()).into(),
            Self::Punct(punct, joint) => {
                let spacing = if *joint {
                    Spacing::Joint
                } else {
                    Spacing::Alone
                };
                Punct::new(*punct, spacing).into()
            }
            Self::Text(text) => Literal::string(text).into(),
            Self::Integer(number) => Literal::u64_unsuffixed(*number).into(),
            Self::Float(number) => Literal::f64_suffixed(*number).into(),
            Self::Character(character) => Literal::character(*character).into(),
            Self::Bytes(bytes) => Literal::byte_string(bytes).into(),
            Self::Group(delimiter, trees) => Group::new(*delimiter, to_tokens(trees)).into(),
        }
    }

    fn of(token: TokenTree) -> Self {
        match token {
            TokenTree::Group(group) => Self::Group(group.delimiter(), trees(group.stream())),
            TokenTree::Punct(punct) => {
                Self::Punct(punct.as_char(), punct.spacing() == Spacing::Joint)
            }
            TokenTree::Ident(ident) => match ident.to_string().strip_prefix("r#") {
                Some(word) => Self::Raw(word.to_owned()),
                None => Self::Word(ident.to_string()),
            },
            TokenTree::Literal(literal) => match syn::Lit::new(literal) {
                syn::Lit::Str(text) => Self::Text(text.value()),
                syn::Lit::Int(number) => Self::Integer(number.base10_parse().unwrap_or(5)),
                _ => Self::Float(1.5),
            },
        }
    }
}

fn trees(tokens: TokenStream) -> Vec<Tree> {
    tokens.into_iter().map(Tree::of).collect()
}

fn to_tokens(trees: &[Tree]) -> TokenStream {
    trees.iter().map(Tree::to_token).collect()
}

/// Words to which the macros, or the language, give a meaning.
const WORDS: &[&str] = &[
    "Box",
    "BoxFuture",
    "Debug",
    "Display",
    "Duration",
    "Empty",
    "Err",
    "Future",
    "None",
    "Ok",
    "Option",
    "Pin",
    "Result",
    "Self",
    "Stream",
    "VENUE",
    "__inherited",
    "always",
    "as",
    "async",
    "await",
    "boxed",
    "break",
    "const",
    "crate",
    "default",
    "derive",
    "dyn",
    "else",
    "enum",
    "err",
    "expose",
    "extern",
    "false",
    "fields",
    "fn",
    "follows_from",
    "for",
    "if",
    "impl",
    "in",
    "kind",
    "labels",
    "let",
    "level",
    "loop",
    "map",
    "mark",
    "match",
    "metric",
    "mod",
    "move",
    "mut",
    "name",
    "off",
    "order",
    "parent",
    "pin",
    "prefix",
    "price",
    "pub",
    "public",
    "reason",
    "record",
    "ref",
    "ret",
    "return",
    "root",
    "self",
    "skip",
    "skip_all",
    "static",
    "struct",
    "super",
    "symbol",
    "target",
    "tickspan",
    "timeout_seconds",
    "traced_stage",
    "trait",
    "true",
    "type",
    "u64",
    "union",
    "unsafe",
    "use",
    "via",
    "where",
    "while",
    "x",
    "yield",
    "_",
];

const RAW_WORDS: &[&str] = &["type", "fn", "symbol", "impl", "level", "name"];

const PUNCTS: &[char] = &[
    '=', ',', ';', ':', '.', '!', '?', '%', '&', '#', '<', '>', '-', '+', '*', '|', '@', '\'', '$',
    '/', '^', '~',
];

const TEXTS: &[&str] = &[
    "",
    "debug",
    "loud",
    "client",
    "order",
    "Ärger \u{0} \"",
    "exchange ticker, public listing",
];

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        6 => select(WORDS).prop_map(|word| Tree::Word(word.to_owned())),
        1 => select(RAW_WORDS).prop_map(|word| Tree::Raw(word.to_owned())),
        6 => (select(PUNCTS), any::<bool>()).prop_map(|(punct, joint)| Tree::Punct(punct, joint)),
        2 => select(TEXTS).prop_map(|text| Tree::Text(text.to_owned())),
        1 => any::<u64>().prop_map(Tree::Integer),
        1 => (0.0..1e300).prop_map(Tree::Float),
        1 => any::<char>().prop_map(Tree::Character),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Tree::Bytes),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let delimiter = select(&[
        Delimiter::Parenthesis,
        Delimiter::Brace,
        Delimiter::Bracket,
        Delimiter::None,
    ]);
    leaf().prop_recursive(4, 48, 8, move |inner| {
        (delimiter.clone(), prop::collection::vec(inner, 0..8))
            .prop_map(|(delimiter, trees)| Tree::Group(delimiter, trees))
    })
}

fn any_tokens() -> impl Strategy<Value = Vec<Tree>> {
    prop::collection::vec(tree(), 0..24)
}

/// A fault to make at some place.
#[derive(Clone, Debug)]
enum Fault {
    Delete,
    Duplicate,
    SwapWithNext,
    Truncate,
    Replace(Tree),
    Insert(Tree),
}

fn faults() -> impl Strategy<Value = Vec<(Index, Fault)>> {
    let fault = prop_oneof![
        3 => Just(Fault::Delete),
        2 => Just(Fault::Duplicate),
        2 => Just(Fault::SwapWithNext),
        1 => Just(Fault::Truncate),
        2 => tree().prop_map(Fault::Replace),
        2 => tree().prop_map(Fault::Insert),
    ];
    prop::collection::vec((any::<Index>(), fault), 0..4)
}

fn mutated(source: &str, faults: &[(Index, Fault)]) -> Vec<Tree> {
    let mut trees = trees(tokens(source));
    for (index, fault) in faults {
        let count = count(&trees);
        if count > 0 {
            make(&mut trees, &mut index.index(count), fault);
        }
    }
    trees
}

fn count(trees: &[Tree]) -> usize {
    trees
        .iter()
        .map(|tree| match tree {
            Tree::Group(_, inner) => 1 + count(inner),
            _ => 1,
        })
        .sum()
}

/// Makes the fault at the token that is `place` tokens away, in the order of reading; says whether
/// it was reached.
fn make(trees: &mut Vec<Tree>, place: &mut usize, fault: &Fault) -> bool {
    for at in 0..trees.len() {
        if *place == 0 {
            match fault {
                Fault::Delete => drop(trees.remove(at)),
                Fault::Duplicate => trees.insert(at, trees[at].clone()),
                Fault::SwapWithNext if at + 1 < trees.len() => trees.swap(at, at + 1),
                Fault::SwapWithNext => {}
                Fault::Truncate => trees.truncate(at),
                Fault::Replace(tree) => trees[at] = tree.clone(),
                Fault::Insert(tree) => trees.insert(at, tree.clone()),
            }
            return true;
        }
        *place -= 1;
        if let Tree::Group(_, inner) = &mut trees[at] {
            if make(inner, place, fault) {
                return true;
            }
        }
    }
    false
}

const OPTIONS: &[&str] = &[
    "",
    "name = \"a\", target = TARGET, level = \"debug\", kind = \"client\", root, crate = ::tickspan",
    "skip(order, config), fields(depth = book.depth(), filled = Empty, \"a b\" = \"c\", symbol)",
    "skip_all, parent = &order.context, follows_from = [&batch.context]",
    "ret(level = 2), err(level = Level::WARN, map = |error| error.code())",
    "mark(Path::OrderSent, always), metric(labels(quantity))",
    "prefix = \"engine\", level = \"debug\"",
    "__inherited(prefix = \"engine\", level = \"debug\", skip_all), ret",
];

const ITEMS: &[&str] = &[
    "fn submit(quantity: u64, mut symbol: &str, (a, b): (u8, u8)) -> u64 { record!(filled = 5); quantity }",
    "/// Doc.\n#[inline] pub(crate) unsafe extern \"C\" fn submit<'a, T: Copy>(self: Box<Self>, quantity: T) where T: Send {}",
    "async fn submit(&self, quantity: u64) -> Result<impl Iterator<Item = u64>, Refused> { Ok(quantity?) }",
    "fn submit(quantity: u64) -> impl Future<Output = u64> + Send { async move { quantity } }",
    "fn submit(quantity: u64) -> impl Stream<Item = u64> { stream! { yield quantity; } }",
    "fn submit(quantity: u64) -> Pin<Box<dyn Future<Output = u64>>> {
        if quantity == 0 { return Box::pin(async { 0 }); }
        match quantity { 1 => async { 1 }.boxed(), _ => Box::pin(async move { quantity }) }
    }",
    "const fn submit(quantity: u64) -> ! { loop {} }",
    "#[allow(unused)] unsafe impl<T> Venue<T> for Engine where T: Copy {
        const LIMIT: u64 = 5;
        #[traced_stage(off)] fn quiet(&self) {}
        #[traced_stage(level = \"info\")] async fn settle(&self) -> u64 { 5 }
        fn submit(&self, #[cfg(test)] quantity: u64) -> Option<u64> { Some(quantity) }
    }",
    "pub trait Venue { fn submit(&self); }",
    "struct Order { quantity: u64 }",
];

const INLINES: &[&str] = &[
    "(::tickspan) \"match\", depth = levels.len(), order.symbol, \"a b\" = 5",
    "($crate) level: \"debug\", target: TARGET, kind: \"client\", parent: &order.context, NAME, depth = Empty",
    "(::tickspan) \"match\", depth = 5, async move { 5 }",
    "(::tickspan) filled = quantity, timeout = order.timeout, memo = public!(memo, reason = \"..\")",
    "(::tickspan) order.memo, reason = \"text printed on the public trade tape\"",
];

const DERIVES: &[&str] = &[
    "pub struct Price(f64);",
    "struct Of<'a, T: Copy, const N: usize>(&'a [T; N], PhantomData<T>) where T: Send;",
    "#[public(reason = \"exchange ticker, public listing\", via = Display)] struct Symbol { symbol: String }",
    "#[tickspan(crate = facade::tickspan)] enum Side { Buy = 1, r#Sell }",
    "union Either { a: u64, b: f64 }",
    "#[latency(name = \"orders\", budget = \"2ms\")] enum Path { #[latency(name = \"in\")] Received, #[latency(budget = \"1.5us\")] Sent }",
    "#[edge(name = \"arb\", unit = \"USD\")] struct Edge<N> { #[edge(gross)] gross: N, #[edge(cost, rename = \"gas\")] fees: N, #[edge(context)] symbol: &'static str }",
    "#[trade_event(name = \"pulled\", level = \"debug\")] struct Pulled<'a> { #[trade_event(rename = \"quote.price\")] price: &'a f64, #[trade_event(skip)] note: String }",
    "#[derive(Debug)] struct Client { #[pii(Email, export = domain)] email: String, #[sensitive] note: String }",
    "struct Status { status: Status, #[label(rename = \"mode\")] trigger_mode: Mode }",
];

/// Expands the item, and holds that it is still there: whole beside a fault, else by its name.
fn expand_stage(options: &[Tree], item: &[Tree]) -> Result<(), TestCaseError> {
    let (options, item) = (to_tokens(options), to_tokens(item));
    let expansion = traced_stage(options, &item);
    if !tells_a_fault(&expansion) {
        prop_assert_eq!(function(&expansion), function(&item));
    } else if !tells_a_fault(&item) {
        let (expansion, item) = (expansion.to_string(), item.to_string());
        prop_assert!(
            expansion.ends_with(&item),
            "{} is not in {}",
            item,
            expansion
        );
    }
    Ok(())
}

/// The name of the function that the tokens define, if they do.
fn function(tokens: &TokenStream) -> Option<String> {
    let mut tokens = tokens.clone().into_iter();
    tokens.find(|token| token.to_string() == "fn")?;
    tokens.next().map(|name| name.to_string())
}

/// Expands the tokens as the input of each of the other macros.
fn expand_others(input: &[Tree]) {
    let input = to_tokens(input);
    for macro_ in [
        inline::stage,
        inline::event,
        inline::record,
        public,
        attribute_value,
        edge_breakdown,
        labels,
        latency_stages,
        redacted,
        safe_error,
        trade_event,
    ] {
        macro_(input.clone());
    }
}

fn config() -> ProptestConfig {
    // `PROPTEST_CASES` comes with the default, and is worth more than ours.
    let default = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default.cases,
        None => 512,
    };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_tokens_as_options_leave_the_item(options in any_tokens(), item in select(ITEMS)) {
        expand_stage(&options, &trees(tokens(item)))?;
    }

    #[test]
    fn any_tokens_as_item_are_left(options in select(OPTIONS), item in any_tokens()) {
        expand_stage(&trees(tokens(options)), &item)?;
    }

    #[test]
    fn faults_in_options_and_item_leave_the_item(
        options in (select(OPTIONS), faults()),
        item in (select(ITEMS), faults()),
    ) {
        expand_stage(&mutated(options.0, &options.1), &mutated(item.0, &item.1))?;
    }

    #[test]
    fn any_tokens_as_input_of_the_others_are_taken(input in any_tokens()) {
        expand_others(&input);
        let mut with_path = trees(tokens("(::tickspan)"));
        with_path.extend(input);
        expand_others(&with_path);
    }

    #[test]
    fn faults_in_the_input_of_the_others_are_taken(
        input in (prop_oneof![select(INLINES), select(DERIVES)], faults()),
    ) {
        expand_others(&mutated(input.0, &input.1));
    }
}
