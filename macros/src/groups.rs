//! The invisible groups that `macro_rules` puts around what it was given.
//!
//! Of `$price * 2`, given `1 + 1`, a procedural macro sees `⟦1 + 1⟧ * 2`. A group that it writes down again is not
//! looked at by the compiler, which would read `1 + 1 * 2`. What is not taken apart, such as a body that is passed on
//! as one token, keeps its groups.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, ExprParen, GenericArgument, Macro, Pat, parse2, token};

/// The expression without a group around it, and with parentheses for those within.
pub(crate) fn ungrouped(expr: Expr) -> Expr {
    let mut expr = without_group(expr);
    Parentheses.visit_expr_mut(&mut expr);
    expr
}

/// Puts parentheses in place of groups.
pub(crate) fn ungroup(block: &mut Block) {
    Parentheses.visit_block_mut(block);
}

fn without_group(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) if group.attrs.is_empty() => without_group(*group.expr),
        other => other,
    }
}

struct Parentheses;

impl VisitMut for Parentheses {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Group(group) = expr {
            let inner = without_group((*group.expr).clone());
            *expr = if binds_tightly(&inner) && group.attrs.is_empty() {
                inner
            } else {
                Expr::Paren(ExprParen {
                    attrs: std::mem::take(&mut group.attrs),
                    paren_token: token::Paren(written_here(group.group_token.span)),
                    expr: Box::new(inner),
                })
            };
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_macro_mut(&mut self, called: &mut Macro) {
        called.tokens = in_tokens(called.tokens.clone());
    }

    // Parentheses may not stand in these.
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
}

/// The same in what another macro is given. It may be no expression there: only what can be nothing else is looked at.
fn in_tokens(tokens: TokenStream) -> TokenStream {
    let parenthesized = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            match parse2(group.stream()).map(without_group) {
                Ok(Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_)) => {
                    let mut parentheses = Group::new(Delimiter::Parenthesis, group.stream());
                    parentheses.set_span(written_here(group.span()));
                    TokenTree::Group(parentheses)
                }
                _ => TokenTree::Group(group),
            }
        }
        // It is passed on as it is, and keeps its groups.
        other => other,
    };
    tokens.into_iter().map(parenthesized).collect()
}

/// That a macro wrote it, so that no lint asks the user to remove it.
fn written_here(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Whether an expression stays one whatever stands beside it.
fn binds_tightly(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Array(_)
            | Expr::Await(_)
            | Expr::Call(_)
            | Expr::Field(_)
            | Expr::Index(_)
            | Expr::Infer(_)
            | Expr::Lit(_)
            | Expr::Macro(_)
            | Expr::MethodCall(_)
            | Expr::Paren(_)
            | Expr::Path(_)
            | Expr::Repeat(_)
            | Expr::Try(_)
            | Expr::Tuple(_)
    )
}
