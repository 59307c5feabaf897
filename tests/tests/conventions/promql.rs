//! The names in an expression of Prometheus. The expression itself is for Prometheus to judge.

use std::collections::BTreeSet;

/// What an expression names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Names {
    pub(crate) selectors: Vec<Selector>,
    /// Labels by which is grouped and joined.
    pub(crate) labels: BTreeSet<String>,
    /// Labels that `label_replace` makes.
    pub(crate) made: BTreeSet<String>,
}

/// `metric{label="value"}`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selector {
    /// The name, or what matches it.
    pub(crate) metric: String,
    pub(crate) matchers: Vec<Matcher>,
}

/// `label="value"`.
#[derive(Debug, PartialEq)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

/// Words that are followed by labels in parentheses.
const GROUPS: &[&str] = &[
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

/// Words that name nothing.
const OPERATORS: &[&str] = &["and", "or", "unless", "bool", "offset"];

/// What Grafana puts for all that is wanted of a span.
const TAGS: &str = "$$__tags";

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

/// The names in `expression`.
///
/// # Panics
///
/// When it is none that this understands.
pub(crate) fn names(expression: &str) -> Names {
    let tokens = tokens(&expression.replace(TAGS, ""));
    let mut names = Names::default();
    let mut rest = &tokens[..];
    while let Some((token, after)) = rest.split_first() {
        rest = match (token, after.first()) {
            (Token::Word(word), _) if GROUPS.contains(&word.as_str()) => labels(after, &mut names),
            // An aggregation that is told by what before what of.
            (Token::Word(_), Some(Token::Word(next))) if GROUPS.contains(&next.as_str()) => after,
            (Token::Word(word), Some(Token::Sign(sign))) if sign == "(" => {
                if word == "label_replace" {
                    names.made.insert(made(after));
                }
                after
            }
            (Token::Word(word), _) if !OPERATORS.contains(&word.as_str()) => {
                selector(word.clone(), after, &mut names)
            }
            (Token::Sign(sign), _) if sign == "{" => selector(String::new(), rest, &mut names),
            (Token::Sign(sign), _) if sign == "[" => {
                let end = rest
                    .iter()
                    .position(|token| *token == Token::Sign("]".to_owned()));
                &rest[end.expect("a range ends") + 1..]
            }
            _ => after,
        };
    }
    names
}

/// The labels after a word such as `by`; there may be none.
fn labels<'a>(tokens: &'a [Token], names: &mut Names) -> &'a [Token] {
    let is = |token: Option<&Token>, sign: &str| token == Some(&Token::Sign(sign.to_owned()));
    if !is(tokens.first(), "(") {
        return tokens;
    }
    let end = tokens
        .iter()
        .position(|token| *token == Token::Sign(")".to_owned()));
    let end = end.expect("labels end");
    names
        .labels
        .extend(tokens[1..end].iter().filter_map(|token| match token {
            Token::Word(label) => Some(label.clone()),
            _ => None,
        }));
    &tokens[end + 1..]
}

/// The label that `label_replace` makes: its first text outside of the selectors.
fn made(tokens: &[Token]) -> String {
    let mut depth = 0;
    for token in tokens {
        match token {
            Token::Sign(sign) if sign == "{" => depth += 1,
            Token::Sign(sign) if sign == "}" => depth -= 1,
            Token::Text(text) if depth == 0 => return text.clone(),
            _ => {}
        }
    }
    panic!("`label_replace` makes nothing");
}

/// The metric, and its matchers if there are any.
fn selector<'a>(metric: String, tokens: &'a [Token], names: &mut Names) -> &'a [Token] {
    let mut selector = Selector {
        metric,
        matchers: Vec::new(),
    };
    let mut rest = tokens;
    if rest.first() == Some(&Token::Sign("{".to_owned())) {
        rest = &rest[1..];
        loop {
            match rest {
                [Token::Sign(sign), after @ ..] if sign == "}" => {
                    rest = after;
                    break;
                }
                [Token::Sign(sign), after @ ..] if sign == "," => rest = after,
                [
                    Token::Word(label),
                    Token::Sign(operator),
                    Token::Text(value),
                    after @ ..,
                ] => {
                    if label == "__name__" {
                        selector.metric.clone_from(value);
                    } else {
                        selector.matchers.push(Matcher {
                            label: label.clone(),
                            operator: operator.clone(),
                            value: value.clone(),
                        });
                    }
                    rest = after;
                }
                other => panic!("no matchers: {other:?}"),
            }
        }
    }
    names.selectors.push(selector);
    rest
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            let end = rest[1..].find('"').expect("a text ends") + 1;
            tokens.push(Token::Text(rest[1..end].to_owned()));
            end + 1
        } else if first.is_ascii_alphabetic() || "_:".contains(first) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c)));
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            end
        } else if first.is_ascii_digit() || first == '$' {
            // A number, a duration or a variable of Grafana's.
            let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
            end.map_or(rest.len(), |end| end + 1)
        } else {
            let signs = ["=~", "!~", "!=", "=="];
            let sign = signs.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.unwrap_or(&rest[..first.len_utf8()]);
            tokens.push(Token::Sign(sign.to_owned()));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

#[test]
fn names_are_found_wherever_they_stand() {
    let matcher = |label: &str, operator: &str, value: &str| Matcher {
        label: label.to_owned(),
        operator: operator.to_owned(),
        value: value.to_owned(),
    };
    let found = names(
        "histogram_quantile(0.99, sum by (le, stage) (rate(took_bucket{job=~\"$job\",stage!=\"a\"}[$__rate_interval]))) \
         / on (job) group_left sum(calls) + label_replace({__name__=~\"net_.*\"}, \"unit\", \"$1\", \"__name__\", \"x\") > 0",
    );
    assert_eq!(
        found.selectors,
        [
            Selector {
                metric: "took_bucket".to_owned(),
                matchers: vec![matcher("job", "=~", "$job"), matcher("stage", "!=", "a")],
            },
            Selector {
                metric: "calls".to_owned(),
                matchers: Vec::new(),
            },
            Selector {
                metric: "net_.*".to_owned(),
                matchers: Vec::new(),
            },
        ]
    );
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(found.labels, words(&["job", "le", "stage"]));
    assert_eq!(found.made, words(&["unit"]));
}
