//! Values to and from Python.
//!
//! None, booleans, integers, floats and strings are the language's own; any other hashable object is a host value: equal
//! where Python says so when it is handed over, shown by its `repr` and ordered by that: so neither the order in which values were
//! met nor whether a program comes from a model's folder, where texts alone are left, changes a weight. **Invariant:** of one registry, two
//! host values are equal exactly where their texts are, so a text finds its object again; comparing, hashing and showing need no GIL.

use std::any::Any;
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use num_bigint::BigInt;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::serial::TextObject;
use raspc_lang::value::{HostObject, HostValue, Int, Value};
use raspc_model::token::Token;

use crate::errors::{self, VALUE};

/// The host values of one program.
pub(crate) struct Registry {
    /// Python's own dictionary, from object to index: its idea of equality is the one that counts.
    known: Py<PyDict>,
    entries: Mutex<Entries>,
    /// Whether only texts are left, as in a model that was read from files.
    texts: bool,
    /// What Python functions raised of late, and how an evaluation error tells of it.
    raised: Mutex<VecDeque<(String, PyErr)>>,
}

/// Of more exceptions than this the oldest are forgotten: they are told without a traceback.
const REMEMBERED: usize = 256;

#[derive(Default)]
struct Entries {
    hosts: Vec<Arc<Host>>,
    by_text: HashMap<Arc<str>, usize>,
}

/// An object of Python's as a value.
struct Host {
    index: usize,
    text: Arc<str>,
    object: Py<PyAny>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl HostObject for Host {
    fn equals(&self, other: &dyn HostObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| o.index == self.index && o.text == self.text)
    }

    fn hash(&self) -> u64 {
        self.index as u64
    }

    fn order(&self, other: &dyn HostObject) -> Ordering {
        (*self.text).cmp(&other.display())
    }

    fn display(&self) -> String {
        self.text.to_string()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Registry {
    /// No host values yet.
    pub(crate) fn new(py: Python<'_>) -> Self {
        Self { known: PyDict::new(py).unbind(), entries: Mutex::default(), texts: false, raised: Mutex::default() }
    }

    /// The registry of a program of whose host values only the texts are left.
    pub(crate) fn of_texts(py: Python<'_>) -> Self {
        Self { texts: true, ..Self::new(py) }
    }

    /// Remembers the exception behind an evaluation error.
    pub(crate) fn remember(&self, told: String, error: PyErr) {
        let mut raised = self.raised.lock().expect("no panic while it is held");
        if raised.len() == REMEMBERED {
            raised.pop_front();
        }
        raised.push_back((told, error));
    }

    /// The exception behind an evaluation error.
    pub(crate) fn raised(&self, py: Python<'_>, is: impl Fn(&str) -> bool) -> Option<PyErr> {
        let raised = self.raised.lock().expect("no panic while it is held");
        raised.iter().find(|(told, _)| is(told)).map(|(_, error)| error.clone_ref(py))
    }

    /// The value that an object is.
    pub(crate) fn value(&self, object: &Bound<'_, PyAny>) -> PyResult<Value> {
        let py = object.py();
        if object.is_none() {
            return Ok(Value::None);
        }
        if let Ok(b) = object.cast::<PyBool>() {
            return Ok(Value::Bool(b.is_true()));
        }
        if object.cast::<PyInt>().is_ok() {
            return match object.extract::<i64>() {
                Ok(i) => Ok(Value::int(i)),
                Err(_) => Ok(Value::Int(Int::from(object.extract::<BigInt>()?))),
            };
        }
        if let Ok(x) = object.cast::<PyFloat>() {
            return Value::float(x.value()).map_err(|_| not_finite(object));
        }
        if let Ok(s) = object.cast::<PyString>()
            && let Ok(text) = s.to_cow()
        {
            return Ok(Value::str(&*text));
        }
        // A scalar of numpy or torch is the number it holds.
        if let Some(item) = scalar(object) {
            return self.value(&item);
        }
        if is_expression(object)? {
            return Err(errors::usage(
                py,
                format!("{} is an expression where a value is wanted", object.repr()?),
                "s-ops have values on an input only: functions, vocabularies and inputs hold plain values",
            ));
        }
        self.host(py, object)
    }

    /// The values of a sequence of objects.
    pub(crate) fn values(&self, objects: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
        let each = objects.try_iter().map_err(|_| {
            let shown = objects.repr().map_or_else(|_| "an object".to_owned(), |r| r.to_string_lossy().into_owned());
            let message = format!("a sequence of values is wanted, not {shown}");
            errors::usage(objects.py(), message, "a list, a string (its characters), a range, an array")
        })?;
        each.map(|o| self.value(&o?)).collect()
    }

    fn host(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Value> {
        if self.texts {
            let text = Arc::from(shown(object).map_err(|e| unusable(object, &e))?);
            return Ok(Value::Host(HostValue(Arc::new(TextObject(text)))));
        }
        let known = self.known.bind(py);
        let found = known.get_item(object).map_err(|e| unusable(object, &e))?;
        let lock = || self.entries.lock().expect("no panic while it is held");
        if let Some(index) = found {
            let index: usize = index.extract()?;
            return Ok(Value::Host(HostValue(lock().hosts[index].clone())));
        }
        let plain = shown(object).map_err(|e| unusable(object, &e))?;
        let mut entries = lock();
        let index = entries.hosts.len();
        let mut text: Arc<str> = Arc::from(plain.as_str());
        let mut copies = 1;
        while entries.by_text.contains_key(&text) {
            copies += 1;
            text = Arc::from(format!("{plain}#{copies}"));
        }
        let host = Arc::new(Host { index, text: text.clone(), object: object.clone().unbind() });
        entries.hosts.push(host.clone());
        entries.by_text.insert(text, index);
        drop(entries);
        known.set_item(object, index)?;
        Ok(Value::Host(HostValue(host)))
    }

    /// The object that a model's token is.
    pub(crate) fn of_token<'py>(&self, py: Python<'py>, token: &Token) -> PyResult<Bound<'py, PyAny>> {
        object(py, &self.token_value(token))
    }

    /// The value that a model's token is.
    pub(crate) fn token_value(&self, token: &Token) -> Value {
        let Token::Other(text) = token else { return raspc::convert::value(token) };
        let entries = self.entries.lock().expect("no panic while it is held");
        let host: Arc<dyn HostObject> = match entries.by_text.get(&**text) {
            Some(&index) => entries.hosts[index].clone(),
            None => Arc::new(TextObject(Arc::from(&**text))),
        };
        Value::Host(HostValue(host))
    }
}

/// The object that a value is.
pub(crate) fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(b) => PyBool::new(py, *b).to_owned().into_any(),
        Value::Int(i) => match i.to_i64() {
            Some(i) => i.into_pyobject(py)?.into_any(),
            None => i.to_big().into_pyobject(py)?.into_any(),
        },
        Value::Float(x) => PyFloat::new(py, x.get()).into_any(),
        Value::Str(s) => PyString::new(py, s).into_any(),
        Value::Host(h) => match h.0.as_any().downcast_ref::<Host>() {
            Some(host) => host.object.bind(py).clone(),
            None => restored(py, &h.0.display())?,
        },
    })
}

/// The objects of values, as a list.
pub(crate) fn list<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Bound<'py, PyList>> {
    let objects = values.iter().map(|v| object(py, v)).collect::<PyResult<Vec<_>>>()?;
    PyList::new(py, objects)
}

/// The objects of values, as a tuple.
pub(crate) fn tuple<'py>(py: Python<'py>, values: &[Value]) -> PyResult<Bound<'py, PyTuple>> {
    let objects = values.iter().map(|v| object(py, v)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, objects)
}

/// What shows an object: its `repr`; an address, which differs from run to run, is no part of it.
fn shown(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let kind = object.get_type();
    let plain = object.py().import("builtins")?.getattr("object")?.getattr("__repr__")?;
    if kind.getattr("__repr__")?.is(&plain) {
        return Ok(format!("<{}>", kind.name()?));
    }
    Ok(object.repr()?.to_string_lossy().into_owned())
}

/// What is left of an object whose text alone was kept: itself where the text is a literal, else `raspc.Opaque`.
fn restored<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("raspc._opaque")?.call_method1("restore", (text,))
}

fn scalar<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let dimensions: usize = object.getattr("ndim").ok()?.extract().ok()?;
    if dimensions != 0 {
        return None;
    }
    let item = object.call_method0("item").ok()?;
    (!item.is(object) && item.getattr("ndim").is_err()).then_some(item)
}

/// Whether it is an s-op or a selector: hashable, and no value all the same.
fn is_expression(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let kind =
        KIND.get_or_try_init(py, || Ok::<_, PyErr>(py.import("raspc.sops")?.getattr("_Expression")?.unbind()))?;
    object.is_instance(kind.bind(py))
}

fn not_finite(object: &Bound<'_, PyAny>) -> PyErr {
    let message = format!("{object} is no value: values are finite");
    errors::one(object.py(), Diagnostic::error(VALUE, message).hint("use None where there is no number"))
}

/// Whether it is a number, of Python or another library.
pub(crate) fn is_number(object: &Bound<'_, PyAny>) -> bool {
    object.cast::<PyFloat>().is_ok() || scalar(object).is_some_and(|item| item.cast::<PyFloat>().is_ok())
}

/// An object that cannot be hashed, compared or shown. What its own methods raise that is no mistake (Ctrl-C) is passed on.
fn unusable(object: &Bound<'_, PyAny>, why: &PyErr) -> PyErr {
    let py = object.py();
    if !why.is_instance_of::<PyException>(py) {
        return why.clone_ref(py);
    }
    let kind = object.get_type().name().map_or_else(|_| "object".to_owned(), |n| n.to_string());
    let shown = object.repr().map_or_else(|_| kind.clone(), |r| r.to_string_lossy().into_owned());
    let shown: String =
        if shown.chars().count() > 80 { shown.chars().take(77).chain("...".chars()).collect() } else { shown };
    let hint = match kind.as_str() {
        "list" => "use a tuple in place of a list",
        "set" => "use a frozenset in place of a set",
        _ => "tokens and values are hashable: numbers, strings, tuples, frozen dataclasses",
    };
    let raised = errors::told(py, why);
    let reason = if raised.starts_with("TypeError: unhashable") {
        "it is not hashable".to_owned()
    } else {
        format!("hashing, comparing or showing it raises {raised}")
    };
    let error =
        errors::one(py, Diagnostic::error(VALUE, format!("{shown} ({kind}) cannot be a value: {reason}")).hint(hint));
    error.set_cause(py, Some(why.clone_ref(py)));
    error
}
