//! Functions to and from JSON: expressions in postfix, tables, and the names of host functions without a table.

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::{Value as Json, json};

use super::value::{value_from_json, value_to_json};
use super::{array, object, word};
use crate::error::EvalError;
use crate::function::{Body, Expr, Function, HostFunction};
use crate::value::Value;

/// Deepest nesting of an expression: evaluating and dropping one recurse.
const MAX_DEPTH: usize = 1000;

/// A host function that was not tabulated when its graph was written.
#[derive(Debug)]
struct Untabulated {
    name: String,
}

impl HostFunction for Untabulated {
    fn call(&self, _: &[Value]) -> Result<Value, EvalError> {
        Err(EvalError::new(format!("the function {} was saved by name only", self.name)))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

pub(super) fn function_to_json(function: &Function) -> Json {
    match &function.body {
        Body::Expr(e) => {
            let mut steps = Vec::new();
            postfix(e, &mut steps);
            json!({ "expr": steps })
        }
        Body::Table(table) => {
            let entries: Vec<Json> = table.iter().map(|(args, result)| entry_to_json(args, result)).collect();
            json!({ "table": entries })
        }
        Body::Host(h) => json!({ "untabulated": h.name() }),
    }
}

fn entry_to_json(args: &[Value], result: &Result<Value, EvalError>) -> Json {
    let result = match result {
        Ok(v) => value_to_json(v),
        Err(e) => json!({ "error": e.message() }),
    };
    json!([values_to_json(args), result])
}

fn values_to_json(values: &[Value]) -> Json {
    values.iter().map(value_to_json).collect()
}

fn values_from_json(json: &Json) -> Result<Arc<[Value]>, String> {
    array(json, "a list of values")?.iter().map(value_from_json).collect()
}

/// The operands of each operator before it.
fn postfix(e: &Expr, steps: &mut Vec<Json>) {
    let step = match e {
        Expr::Arg(i) => json!({ "arg": i }),
        Expr::Const(v) => json!({ "const": value_to_json(v) }),
        Expr::Unary(op, a) => {
            postfix(a, steps);
            json!({ "unary": op })
        }
        Expr::Binary(op, a, b) => {
            postfix(a, steps);
            postfix(b, steps);
            json!({ "binary": op })
        }
        Expr::If { cond, then, otherwise } => {
            for part in [cond, then, otherwise] {
                postfix(part, steps);
            }
            json!({ "if": null })
        }
        Expr::In(a, items) => {
            postfix(a, steps);
            json!({ "in": values_to_json(items) })
        }
        Expr::Item(items, i) => {
            postfix(i, steps);
            json!({ "item": values_to_json(items) })
        }
        Expr::Entry(entries, key) => {
            postfix(key, steps);
            let entries = entries.iter().map(|(k, v)| json!([value_to_json(k), value_to_json(v)]));
            json!({ "entry": entries.collect::<Vec<_>>() })
        }
    };
    steps.push(step);
}

/// A function of `arity` arguments.
pub(super) fn function_from_json(json: &Json, arity: usize) -> Result<Function, String> {
    let (kind, json) = single(json, "a function")?;
    let body = match kind {
        "expr" => Body::Expr(Arc::new(expr_from_json(array(json, "expr")?, arity)?)),
        "table" => Body::Table(Arc::new(table_from_json(array(json, "table")?, arity)?)),
        "untabulated" => {
            let name = json.as_str().ok_or("a function's name is a string")?.to_owned();
            Body::Host(Arc::new(Untabulated { name }))
        }
        _ => return Err(format!("there is no kind of function {kind:?}")),
    };
    Ok(Function { arity, body })
}

/// The one field of an object.
fn single<'a>(json: &'a Json, what: &str) -> Result<(&'a str, &'a Json), String> {
    let fields = object(json, what)?;
    match (fields.iter().next(), fields.len()) {
        (Some((name, json)), 1) => Ok((name, json)),
        _ => Err(format!("{what} has one field")),
    }
}

fn table_from_json(json: &[Json], arity: usize) -> Result<IndexMap<Vec<Value>, Result<Value, EvalError>>, String> {
    let mut table = IndexMap::new();
    for entry in json {
        let [args, result] = array(entry, "an entry of a table")? else {
            return Err("an entry of a table is arguments and result".to_owned());
        };
        let args = values_from_json(args)?.to_vec();
        if args.len() != arity {
            let has = if args.len() == 1 { "1 argument".to_owned() } else { format!("{} arguments", args.len()) };
            return Err(format!("an entry has {has}, the function {arity}"));
        }
        let result = match result.get("error").and_then(Json::as_str) {
            Some(message) => Err(EvalError::new(message)),
            None => Ok(value_from_json(result)?),
        };
        match table.entry(args) {
            Entry::Vacant(slot) => drop(slot.insert(result)),
            Entry::Occupied(slot) if *slot.get() == result => {}
            Entry::Occupied(_) => return Err("a table has two results for the same arguments".to_owned()),
        }
    }
    Ok(table)
}

/// Builds the expression with a stack, so that its depth costs no recursion; each part with its depth.
fn expr_from_json(steps: &[Json], arity: usize) -> Result<Expr, String> {
    let mut stack: Vec<(Expr, usize)> = Vec::new();
    for step in steps {
        let made = expr_step(&mut stack, step, arity)?;
        if made.1 > MAX_DEPTH {
            return Err(format!("an expression is nested more than {MAX_DEPTH} deep"));
        }
        stack.push(made);
    }
    match (stack.pop(), stack.is_empty()) {
        (Some((e, _)), true) => Ok(e),
        _ => Err("an expression leaves one value".to_owned()),
    }
}

fn expr_step(stack: &mut Vec<(Expr, usize)>, step: &Json, arity: usize) -> Result<(Expr, usize), String> {
    let (kind, json) = single(step, "a step of an expression")?;
    let mut depth = 1;
    let mut pop = || {
        let (e, below) = stack.pop().ok_or_else(|| format!("{kind:?} lacks an operand"))?;
        depth = depth.max(below + 1);
        Ok::<_, String>(Box::new(e))
    };
    let e = match kind {
        "arg" => {
            let i = json.as_u64().and_then(|i| usize::try_from(i).ok()).filter(|i| *i < arity);
            Expr::Arg(i.ok_or_else(|| format!("there is no argument {json}"))?)
        }
        "const" => Expr::Const(value_from_json(json)?),
        "unary" => Expr::Unary(word(json)?, pop()?),
        "binary" => {
            let (op, b, a) = (word(json)?, pop()?, pop()?);
            Expr::Binary(op, a, b)
        }
        "if" => {
            let (otherwise, then, cond) = (pop()?, pop()?, pop()?);
            Expr::If { cond, then, otherwise }
        }
        "in" => Expr::In(pop()?, values_from_json(json)?),
        "item" => Expr::Item(values_from_json(json)?, pop()?),
        "entry" => Expr::Entry(entries_from_json(json)?, pop()?),
        _ => return Err(format!("there is no expression {kind:?}")),
    };
    Ok((e, depth))
}

fn entries_from_json(json: &Json) -> Result<Arc<[(Value, Value)]>, String> {
    let pair = |entry: &Json| match array(entry, "an entry of a dictionary")? {
        [key, value] => Ok((value_from_json(key)?, value_from_json(value)?)),
        _ => Err("an entry of a dictionary is key and value".to_owned()),
    };
    array(json, "a dictionary")?.iter().map(pair).collect()
}
