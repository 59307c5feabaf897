//! Half-typed input, as an editor sends it: a body comes through whole, and a fault leaves the item
//! alone.

use super::{stage, tells_a_fault, tokens};
use crate::inline;

/// Bodies that are no Rust yet.
const HALF_TYPED_BODIES: &[&str] = &[
    "{ self. }",
    "{ let x = ; }",
    "{ let x = 5 }",
    "{ let }",
    "{ order.symbol.as_str( }",
    "{ if quantity > }",
    "{ match quantity { 0 => , _ } }",
    "{ for level in { } }",
    "{ call(quantity, ; ) }",
    "{ quantity + }",
    "{ record!(filled = ) }",
    "{ record! }",
    "{ record!(filled = 5, ?) ; event!( ) }",
    "{ return }",
    "{ fn }",
    "{ .await }",
    "{ # }",
    "{ 5 6 7 }",
    "{ Box:: }",
    "{}",
];

const RETURNS: &[&str] = &[
    "",
    "-> u64",
    "-> Result<u64, Refused>",
    "-> !",
    "-> impl Iterator<Item = u64>",
    "-> impl Future<Output = u64>",
    "-> impl Stream<Item = u64>",
    "-> Pin<Box<dyn Future<Output = u64>>>",
    "-> BoxStream<'static, u64>",
];

#[test]
fn half_typed_body_comes_through_whole() {
    // An unclosed parenthesis never reaches a macro.
    let bodies = || HALF_TYPED_BODIES.iter().filter(|body| is_balanced(body));
    assert!(bodies().count() > 15);
    for body in bodies() {
        for asynchronous in ["", "async "] {
            for returns in RETURNS {
                let item =
                    format!("{asynchronous}fn submit(&self, quantity: u64) {returns} {body}");
                let expansion = stage("", &item);
                assert!(!tells_a_fault(&expansion), "{item}: {expansion}");
                let expansion = expansion.to_string();
                let [function, body] = ["fn submit", body].map(|source| tokens(source).to_string());
                assert!(expansion.contains(&function), "{item}: {expansion}");
                assert!(expansion.contains(&body), "{item}: {expansion}");
            }
        }
    }
}

#[test]
fn half_typed_future_comes_through_whole() {
    for body in HALF_TYPED_BODIES.iter().filter(|body| is_balanced(body)) {
        let input = format!("(::tickspan) \"send\", quantity, async move {body}");
        let expansion = inline::stage(tokens(&input));
        assert!(!tells_a_fault(&expansion), "{body}: {expansion}");
        let body = tokens(body).to_string();
        assert!(expansion.to_string().contains(&body), "{body}: {expansion}");
    }
}

fn is_balanced(source: &str) -> bool {
    source.parse::<proc_macro2::TokenStream>().is_ok()
}

/// Options that nobody has finished typing, or that are no options.
const HALF_TYPED_OPTIONS: &[&str] = &[
    "na",
    "name",
    "name =",
    "name = ,",
    "name \"a\"",
    "name = \"a\" level",
    "name = name =",
    "level =",
    "level = \"",
    "kind",
    "skip",
    "skip(",
    "skip(book,, config)",
    "skip(book.)",
    "fields",
    "fields(depth = )",
    "fields(depth =, width)",
    "fields(depth.)",
    "fields(.depth)",
    "fields(depth..width)",
    "fields(depth = book.)",
    "fields(= 5)",
    "fields(?)",
    "fields(%)",
    "fields(\"depth\")",
    "fields(5)",
    "fields[depth]",
    "parent =",
    "parent = &",
    "follows_from = [",
    "follows_from =",
    "ret(",
    "ret(level)",
    "ret(level =)",
    "err(map)",
    "err(map = )",
    "err(map = |)",
    "mark",
    "mark =",
    "mark()",
    "mark(Path::)",
    "mark = Path::",
    "metric",
    "metric()",
    "metric(labels)",
    "metric(labels(",
    "metric(labels(a.b))",
    "crate",
    "crate =",
    "crate = a::",
    "prefix",
    "off",
    ",",
    ",,",
    ";",
    "#",
    "5",
    "\"name\"",
    "'a",
    "()",
    "{}",
    "root root",
    "root = ",
    "root()",
    "__inherited",
    "__inherited(na)",
    "__inherited()()",
];

#[test]
fn half_typed_options_are_told_and_leave_the_item_alone() {
    let items = [
        "pub fn submit(book: &Book, config: u64) -> Result<u64, Refused> { Ok(config) }",
        "impl Engine { fn submit(&self) {} }",
    ];
    for options in HALF_TYPED_OPTIONS
        .iter()
        .filter(|options| is_balanced(options))
    {
        for item in items {
            let expansion = stage(options, item);
            assert!(tells_a_fault(&expansion), "{options}: {expansion}");
            let item = tokens(item).to_string();
            assert!(
                expansion.to_string().ends_with(&item),
                "{options}: {expansion}"
            );
        }
    }
}

#[test]
fn trailing_commas_are_no_fault() {
    let item = "fn submit(book: &Book, config: u64) -> Result<u64, Refused> { Ok(config) }";
    for options in [
        "name = \"a\",",
        "skip(book,),",
        "fields(depth = 5,),",
        "ret(level = \"debug\",),",
        "err(level = \"debug\", map = Refused::code,),",
        "mark(Path::OrderSent, always,),",
        "mark(Path::OrderSent,),",
        "metric(labels(config,),),",
        "root,",
    ] {
        let expansion = stage(options, item);
        assert!(!tells_a_fault(&expansion), "{options}: {expansion}");
    }
}

#[test]
fn each_independent_fault_is_told() {
    let expansion = stage(
        "nam = \"a\", level = \"loud\", kind = 5, skip(bok), fields(depth = ?x, message = 5), root, parent = x, err",
        "const fn submit(book: u64) -> u64 { book }",
    );
    assert_eq!(expansion.to_string().matches("compile_error").count(), 9);
}

#[test]
fn half_typed_block_comes_through_whole() {
    for rest in [
        "",
        "fn",
        "pub fn half(",
        "fn half(&self)",
        "pub",
        "#[",
        "#[traced_stage]",
        "let x = ;",
        "}",
    ] {
        let block = format!("impl Engine {{ fn submit(&self) {{ self. }} {rest} }}");
        if !is_balanced(&block) {
            continue;
        }
        let expansion = stage("prefix = \"engine\"", &block);
        assert!(!tells_a_fault(&expansion), "{block}: {expansion}");
        let expansion = expansion.to_string();
        for part in ["fn submit(&self) { self. }", rest] {
            assert!(
                expansion.contains(&tokens(part).to_string()),
                "{block}: {expansion}"
            );
        }
    }
}

#[test]
fn qualifiers_of_unstable_rust_are_kept() {
    for item in [
        "default fn submit(&self) {}",
        "pub default unsafe fn submit(&self) {}",
        "default async fn submit(&self) {}",
    ] {
        let expansion = stage("", item);
        assert!(!tells_a_fault(&expansion), "{item}: {expansion}");
        let signature = tokens(item.trim_end_matches("{}")).to_string();
        assert!(
            expansion.to_string().starts_with(&signature),
            "{item}: {expansion}"
        );
    }
}
