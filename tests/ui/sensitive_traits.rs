use tickspan::{AttributeValue, Sensitive};

struct NotAClass;

struct NotErased;

fn shown(_: impl std::fmt::Display) {}
fn referenced(_: impl AsRef<String>) {}
fn ordered(_: impl PartialOrd) {}
fn compared(_: impl PartialEq) {}
fn hashed(_: impl std::hash::Hash) {}
fn converted(_: impl Into<String>) {}
fn recorded(_: impl AttributeValue) {}

fn borrowed(_: &Sensitive<&str>) {}
fn not_erased(_: &Sensitive<NotErased>) {}

fn main() {
    let key = || Sensitive::<String>::new("k".to_owned());
    shown(key());
    referenced(key());
    ordered(key());
    compared(key());
    hashed(key());
    converted(key());
    recorded(key());
    let _ = key().len();
    let _: &str = &*key();
    let _ = key() + "x";
    let _ = Sensitive::<String, NotAClass>::new("k".to_owned());
}
