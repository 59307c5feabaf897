//! Functions that return a boxed future or stream: the stage goes into the box that they make, so that no
//! second one is needed.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprBreak, ExprClosure, ExprReturn, Item, Path, Stmt};

use super::returns::Asynchronous;
use crate::diagnostics::Faults;
use crate::groups;

/// The body with what each of its ends boxes wrapped by `wrap`; a fault is noted where an end boxes
/// nothing that can be seen.
pub(crate) fn rewrite(
    body: Group,
    kind: Asynchronous,
    wrap: &dyn Fn(&Expr) -> TokenStream,
    faults: &mut Faults,
) -> TokenStream {
    // A body that is half typed is left as it is: rustc tells what is wrong with it.
    let Ok(mut block) = syn::parse2::<Block>(TokenTree::Group(body.clone()).into()) else {
        return TokenTree::Group(body).into();
    };
    // It is written down again.
    groups::ungroup(&mut block);
    let mut ends = Ends { kind, wrap, faults };
    ends.visit_block_mut(&mut block);
    ends.block(&mut block);
    block.into_token_stream()
}

struct Ends<'a> {
    kind: Asynchronous,
    wrap: &'a dyn Fn(&Expr) -> TokenStream,
    faults: &'a mut Faults,
}

impl Ends<'_> {
    fn block(&mut self, block: &mut Block) {
        if let Some(Stmt::Expr(last, None)) = block.stmts.last_mut() {
            self.end(last);
        }
    }

    fn wrap(&self, expr: &mut Expr) {
        *expr = Expr::Verbatim((self.wrap)(expr));
    }

    /// Rewrites an expression whose value the function returns.
    fn end(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Block(block) if block.label.is_none() || !breaks_with_value(&block.block) => {
                self.block(&mut block.block);
            }
            Expr::Unsafe(block) => self.block(&mut block.block),
            Expr::If(branch) => {
                self.block(&mut branch.then_branch);
                if let Some((_, otherwise)) = &mut branch.else_branch {
                    self.end(otherwise);
                }
            }
            Expr::Match(choice) => {
                for arm in &mut choice.arms {
                    self.end(&mut arm.body);
                }
            }
            Expr::Paren(paren) => self.end(&mut paren.expr),
            Expr::Group(group) => self.end(&mut group.expr),
            // These do not come to an end here, or were seen to by the visitor.
            Expr::Return(_) => {}
            Expr::Loop(repeated) if !breaks_with_value(&repeated.body) => {}
            Expr::Macro(call) if makes_no_box(&call.mac.path) => {}
            Expr::Call(call) if is_box_pin(&call.func) => {
                // Without its argument it is half typed.
                if let Some(boxed) = call.args.first_mut() {
                    self.wrap(boxed);
                }
            }
            Expr::MethodCall(call)
                if call.args.is_empty()
                    && (call.method == "boxed" || call.method == "boxed_local") =>
            {
                self.wrap(&mut call.receiver);
            }
            other => {
                let what = match self.kind {
                    Asynchronous::Future => "future",
                    Asynchronous::Stream => "stream",
                };
                self.faults.at(
                    other,
                    format_args!(
                        "the {what} that is boxed cannot be seen here, and a second box would be needed to trace it; \
                         return `Box::pin(..)` or `.boxed()`, or put `#[traced_stage]` where the {what} is made"
                    ),
                );
            }
        }
    }
}

impl VisitMut for Ends<'_> {
    fn visit_expr_return_mut(&mut self, node: &mut ExprReturn) {
        // A `return` may stand in what another returns.
        visit_mut::visit_expr_return_mut(self, node);
        if let Some(value) = &mut node.expr {
            self.end(value);
        }
    }

    // A `return` in one of these is not the function's.
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// Whether a `break` in a block carries a value, of the block's or of an inner loop's.
fn breaks_with_value(block: &Block) -> bool {
    struct Find(bool);

    impl Visit<'_> for Find {
        fn visit_expr_break(&mut self, node: &ExprBreak) {
            self.0 |= node.expr.is_some();
        }

        // A `break` in one of these does not leave it.
        fn visit_expr_async(&mut self, _: &ExprAsync) {}
        fn visit_expr_closure(&mut self, _: &ExprClosure) {}
        fn visit_item(&mut self, _: &Item) {}
    }

    let mut find = Find(false);
    find.visit_block(block);
    find.0
}

/// A macro that does not return, or one of ours: a box is not what it makes.
fn makes_no_box(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| {
        [
            "event",
            "panic",
            "record",
            "todo",
            "unimplemented",
            "unreachable",
        ]
        .iter()
        .any(|name| last.ident == name)
    })
}

/// `Box::pin`, under whatever path.
fn is_box_pin(expr: &Expr) -> bool {
    let Expr::Path(path) = expr else { return false };
    let mut last = path.path.segments.iter().rev();
    last.next().is_some_and(|last| last.ident == "pin")
        && last.next().is_some_and(|owner| owner.ident == "Box")
}
