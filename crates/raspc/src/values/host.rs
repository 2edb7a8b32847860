//! Host functions that are called at most once for each argument tuple, whoever calls: the enumeration, or the interpreter
//! on a witness.

use std::sync::{Arc, Mutex};

use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Function, HostFunction};
use raspc_lang::value::Value;

use super::intern::{Id, Interner, WordMap};

/// A host function and what it returned so far.
#[derive(Debug)]
struct Remembered {
    inner: Arc<dyn HostFunction>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    table: Interner,
    results: WordMap<Box<[Id]>, Result<Value, EvalError>>,
}

impl HostFunction for Remembered {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        let lock = || self.seen.lock().expect("no call panicked before");
        let key: Box<[Id]> = {
            let mut seen = lock();
            let key = args.iter().map(|a| seen.table.intern(a)).collect();
            if let Some(known) = seen.results.get(&key) {
                return known.clone();
            }
            key
        };
        // Not locked here: the host may call back.
        let result = self.inner.call(args);
        lock().results.insert(key, result.clone());
        result
    }

    fn name(&self) -> String {
        self.inner.name()
    }

    fn outcomes(&self) -> Option<Vec<Value>> {
        self.inner.outcomes()
    }

    fn is_opaque(&self) -> bool {
        self.inner.is_opaque()
    }
}

/// The function, remembering what the host returns.
pub(super) fn remembered(function: &Function) -> Function {
    match &function.body {
        Body::Host(inner) => {
            let remembered = Remembered { inner: inner.clone(), seen: Mutex::default() };
            Function { arity: function.arity, body: Body::Host(Arc::new(remembered)) }
        }
        Body::Expr(_) | Body::Table(_) => function.clone(),
    }
}
