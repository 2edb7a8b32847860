//! Python functions as functions of the language, called at most once for each tuple of arguments.
//!
//! Arguments are told apart by value and type (`1`, `1.0` and `True` are equal, and a function may tell them apart). What
//! was called once is remembered for as long as the graph lives, so the compiler, the interpreter and `verify` share it, and none of
//! them needs the GIL for it again.
//!
//! **Limit.** Python's collector does not see who holds a function. It lies behind `Arc`s that graphs, every stage of a compilation,
//! traces and working threads share, so no object of Python's owns that one reference: if each of those that share it told the
//! collector of it (`__traverse__`), it would be counted as often as they are, and a function that is still in use taken for garbage.
//! So a cycle through a model is never collected: a function that refers to the model made of it keeps both, and so does an
//! exception that a function raised, by its traceback, where a frame holds the graph or the model ([`Registry::remember`]).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use num_bigint::BigInt;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::ops::python_repr;
use raspc_lang::value::Value;

use crate::errors;
use crate::registry::{self, Registry};
use crate::work::{self, Stop};

/// A Python function.
pub(crate) struct PyFunction {
    callable: Arc<Py<PyAny>>,
    name: String,
    registry: Arc<Registry>,
    seen: Mutex<HashMap<Vec<Key>, Result<Value, EvalError>>>,
}

/// An argument, told apart from all that a function could tell it apart from.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    None,
    Bool(bool),
    Small(i64),
    Big(BigInt),
    Float(u64),
    Str(Arc<str>),
    Host(Value),
}

fn key(value: &Value) -> Key {
    match value {
        Value::None => Key::None,
        Value::Bool(b) => Key::Bool(*b),
        Value::Int(i) => i.to_i64().map_or_else(|| Key::Big(i.to_big()), Key::Small),
        Value::Float(x) => Key::Float(x.get().to_bits()),
        Value::Str(s) => Key::Str(s.clone()),
        Value::Host(_) => Key::Host(value.clone()),
    }
}

impl fmt::Debug for PyFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A Python function of `arity` arguments.
pub(crate) fn function(registry: &Arc<Registry>, f: &Bound<'_, PyAny>, arity: usize, name: Option<String>) -> Function {
    let own = || f.getattr("__name__").and_then(|n| n.extract::<String>());
    let name = name.or_else(|| own().ok()).unwrap_or_else(|| "function".to_owned());
    let callable = Arc::new(f.clone().unbind());
    let body = PyFunction { callable, name, registry: registry.clone(), seen: Mutex::default() };
    Function { arity, body: Body::Host(Arc::new(body)) }
}

impl HostFunction for PyFunction {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let keys: Vec<Key> = args.iter().map(key).collect();
        // Not held during the call: the function may come back here.
        let lock = || self.seen.lock().expect("no panic while it is held");
        if let Some(known) = lock().get(&keys) {
            return known.clone();
        }
        let (callable, registry) = (self.callable.clone(), self.registry.clone());
        let (name, args) = (self.name.clone(), args.to_vec());
        let result = work::call(Box::new(move |py| ask(py, &callable, &registry, &name, &args)));
        let Some(result) = result else { return Err(EvalError::new("interrupted")) };
        lock().insert(keys, result.clone());
        result
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

fn ask(py: Python<'_>, callable: &Py<PyAny>, registry: &Registry, name: &str, args: &[Value]) -> Result<Value, Stop> {
    let shown = || args.iter().map(python_repr).collect::<Vec<_>>().join(", ");
    let called = registry::tuple(py, args).and_then(|args| callable.bind(py).call1(args));
    let result = called.map_err(|e| stop(py, registry, e, |what| format!("{name}({}) raised {what}", shown())))?;
    registry.value(&result).map_err(|e| {
        let kind = result.get_type().name().map_or_else(|_| "object".to_owned(), |n| n.to_string());
        let finite = format!("{result} is no value: values are finite");
        let why = if registry::is_number(&result) { finite } else { format!("a {kind} is no value") };
        let told = |_: &str| format!("{name}({}) returned {result}, and {why}", shown());
        stop(py, registry, e, told)
    })
}

/// What a raised exception means for the work under way: an ordinary one is an evaluation error, remembered beside it.
fn stop(py: Python<'_>, registry: &Registry, error: PyErr, describe: impl FnOnce(&str) -> String) -> Stop {
    if !error.is_instance_of::<PyException>(py) {
        return Stop::Interrupted(error);
    }
    let told = describe(&errors::told(py, &error));
    registry.remember(told.clone(), error);
    Stop::Raised(EvalError::new(told))
}
