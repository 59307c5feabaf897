//! The code of the README and the book, compiled and run as documentation tests.
//!
//! `cargo test -p tickspan-tests --doc`. Nothing here exists otherwise.

macro_rules! pages {
    ($($name:ident: $file:literal;)+) => {$(
        #[doc = include_str!($file)]
        struct $name;
    )+};
}

pages! {
    TracedStage: "../../docs/traced-stage.md";
    InsideBodies: "../../docs/inside-bodies.md";
    AttributesAndPrivacy: "../../docs/attributes-and-privacy.md";
}
