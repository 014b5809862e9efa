//! Makes every loop of a CEL expression check the time: rewrites its syntax tree, so that each turn asks for a variable
//! that exists only until the time is up.

use cel::common::{
    ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators::CONDITIONAL},
    types::CelBool,
};

/// The variable. Its value is true. No expression can name it, because `@` starts no name.
pub(super) const IN_TIME: &str = "@in_time";

/// Adds the check to every loop of an expression.
pub(super) fn limit_loops(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => {}
        Expr::Select(select) => limit_loops(&mut select.operand),
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| limit_loops(target));
            call.args.iter_mut().for_each(limit_loops);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(limit_loops),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| limit_entry(&mut entry.expr)),
        Expr::Struct(object) => object.entries.iter_mut().for_each(|entry| limit_entry(&mut entry.expr)),
        Expr::Comprehension(comprehension) => {
            let ComprehensionExpr { iter_range, accu_init, loop_cond, loop_step, result, .. } =
                &mut **comprehension;
            for part in [iter_range, accu_init, loop_cond, loop_step, result] {
                limit_loops(part);
            }
            add_check(comprehension);
        }
    }
}

fn limit_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            limit_loops(&mut entry.key);
            limit_loops(&mut entry.value);
        }
        EntryExpr::StructField(field) => limit_loops(&mut field.value),
    }
}

/// Adds the check where its failure ends the loop, and where the interpreter's fast path for `map` and `filter`, which needs
/// a literal condition, still recognises them.
fn add_check(loops: &mut ComprehensionExpr) {
    if !matches!(loops.loop_cond.expr, Expr::Literal(_)) {
        let condition = std::mem::take(&mut loops.loop_cond);
        loops.loop_cond = if_in_time(condition, no());
        return;
    }
    match &mut loops.loop_step.expr {
        Expr::Call(call) if call.func_name == CONDITIONAL && call.args.len() == 3 => {
            let guard = std::mem::take(&mut call.args[0]);
            call.args[0] = if_in_time(guard, no());
        }
        _ => {
            let step = std::mem::take(&mut loops.loop_step);
            loops.loop_step = if_in_time(step, node(Expr::Ident(loops.accu_var.clone())));
        }
    }
}

/// `@in_time ? expression : otherwise`. When the time is up, this is an error, which `&&` could hide.
fn if_in_time(expression: IdedExpr, otherwise: IdedExpr) -> IdedExpr {
    let args = vec![node(Expr::Ident(IN_TIME.to_owned())), expression, otherwise];
    node(Expr::Call(CallExpr { func_name: CONDITIONAL.to_owned(), target: None, args }))
}

fn no() -> IdedExpr {
    node(Expr::Literal(LiteralValue::Boolean(CelBool::from(false))))
}

fn node(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}
