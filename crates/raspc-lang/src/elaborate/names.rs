//! Names: those of the language, what a name stands for, and what the graph's nodes are called in the end.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::function::Function;
use crate::graph::{NodeId, Op};
use crate::ops::UnaryOp;
use crate::value::Value;

use super::problem::Problem;
use super::scope::{Binding, Found, LazyId, ScopeId};
use super::value::{Builtin, Meta, Origin};
use super::{Eval, Frame, Run, Session, Stop};
use crate::diagnostic::Span;
use crate::syntax::ast::Ident;

/// An s-op that the language has; its node is made when it is first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Base {
    Tokens,
    Str,
    Int,
    Float,
    Bool,
    Indices,
}

const BASES: [(&str, Base); 7] = [
    ("tokens", Base::Tokens),
    ("tokens_asis", Base::Tokens),
    ("tokens_str", Base::Str),
    ("tokens_int", Base::Int),
    ("tokens_float", Base::Float),
    ("tokens_bool", Base::Bool),
    ("indices", Base::Indices),
];

/// Names that cannot be bound, beside the keywords. `tokens` can.
const RESERVED: [&str; 13] = [
    "out",
    "range",
    "zip",
    "len",
    "get",
    "tokens_asis",
    "tokens_str",
    "tokens_int",
    "tokens_bool",
    "tokens_float",
    "indices",
    "True",
    "False",
];

/// Whether a name belongs to the language, and is no keyword.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name == "none"
}

impl Session {
    /// Binds the names of the language that stand for values.
    pub(super) fn bind_language(&mut self, scope: ScopeId) {
        let mut atoms = vec![("True", Value::Bool(true)), ("False", Value::Bool(false))];
        if self.dialect.none {
            atoms.push(("none", Value::None));
        }
        for (name, value) in atoms {
            self.scopes.bind(scope, &Arc::from(name), &Binding::Value(Meta::Atom(value)));
        }
        let width = Builtin::SelectorWidth;
        self.scopes.bind(scope, &Arc::from(width.name()), &Binding::Value(Meta::Builtin(width)));
    }

    /// Gives the graph's nodes their names. No two nodes share one: the program's own names go first, to the node that
    /// holds them in the end; locals and the library's names only to nodes without one.
    pub fn name_nodes(&mut self, scope: ScopeId) -> Vec<(Arc<str>, NodeId)> {
        let mut taken: IndexSet<Arc<str>> = IndexSet::new();
        let mut bindings = Vec::new();
        for (name, value) in self.scopes.values(scope) {
            if let Meta::SOp(id) | Meta::Selector(id) = value {
                self.graph.name(id, &name);
                taken.insert(name.clone());
                bindings.push((name, id));
            }
        }
        // The last binding of a local wins, as it does in the program.
        for (id, name) in std::mem::take(&mut self.candidates).into_iter().rev() {
            let source = matches!(self.graph.op(id), Op::Tokens | Op::Indices);
            if !source && self.graph.node(id).names.is_empty() && taken.insert(name.clone()) {
                self.graph.name(id, &name);
            }
        }
        bindings
    }

    /// Proposes a name for the node, should it have none in the end.
    pub(super) fn propose_name(&mut self, value: &Meta, name: &Arc<str>) {
        if let Meta::SOp(id) | Meta::Selector(id) = value {
            self.candidates.push((*id, name.clone()));
        }
    }
}

impl Run<'_, '_> {
    /// Whether the name may be bound.
    pub(super) fn bindable(&self, frame: &Frame, ident: &Ident) -> Eval<()> {
        let name = &*ident.name;
        if RESERVED.contains(&name) || (name == "none" && self.session.dialect.none) {
            return Err(self.raise(frame, Problem::ReservedName(ident.name.clone()), ident.span));
        }
        Ok(())
    }

    /// What the name stands for.
    #[inline(never)]
    pub(super) fn lookup(&mut self, frame: &Frame, name: &Arc<str>, span: Span) -> Eval<Meta> {
        match self.session.scopes.find(frame.scope, name) {
            Found::Binding(Binding::Value(value)) => Ok(value),
            Found::Binding(Binding::Lazy(id)) => self.force(frame, id, span),
            Found::Binding(Binding::Poisoned) => Err(Stop::Poisoned),
            _ if base(name).is_some() => self.base(frame, name, span).map(Meta::SOp),
            Found::Lost => Err(Stop::Poisoned),
            Found::Nothing => {
                let hint = self.suggestion(frame.scope, name);
                Err(self.raise(frame, Problem::UnknownName { name: name.clone(), hint }, span))
            }
        }
    }

    /// Evaluates a definition that waited for its first use.
    fn force(&mut self, frame: &Frame, id: LazyId, span: Span) -> Eval<Meta> {
        let lazy = self.session.scopes.lazy(id).clone();
        if let Some(value) = lazy.value {
            return Ok(value);
        }
        let inner = Frame { module: lazy.module, scope: lazy.scope, origin: lazy.origin, top: true };
        let value = self.at_site(frame, lazy.origin, span, |run| run.eval(&inner, lazy.expr))?;
        self.session.propose_name(&value, &lazy.name);
        self.session.scopes.set_lazy(id, value.clone());
        Ok(value)
    }

    /// Runs `evaluate` for text of `origin`; when that enters the library, `span` is where the user did so.
    pub(super) fn at_site<T>(
        &mut self,
        frame: &Frame,
        origin: Origin,
        span: Span,
        evaluate: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.site;
        if origin == Origin::Library && frame.origin == Origin::Program {
            self.site = Some(span);
        }
        let result = evaluate(self);
        self.site = before;
        result
    }

    /// The node of one of the language's s-ops.
    pub(super) fn base(&mut self, frame: &Frame, name: &str, span: Span) -> Eval<NodeId> {
        let mut base = base(name).expect("one of the language's s-ops");
        if name == "tokens" && !self.session.dialect.tokens_as_given {
            base = Base::Str;
        }
        if let Some(&id) = self.session.base.get(&base) {
            return Ok(id);
        }
        let conversion = match base {
            Base::Tokens | Base::Indices => None,
            Base::Str => Some(UnaryOp::ToStr),
            Base::Int => Some(UnaryOp::ToInt),
            Base::Float => Some(UnaryOp::ToFloat),
            Base::Bool => Some(UnaryOp::ToBool),
        };
        let op = match conversion {
            None if base == Base::Indices => Op::Indices,
            None => Op::Tokens,
            Some(conversion) => {
                let tokens = self.base(frame, "tokens_asis", span)?;
                Op::Map { function: Function::unary(conversion), args: vec![tokens] }
            }
        };
        let id = self.node(frame, op, span)?;
        if conversion.is_some() {
            self.session.propose_name(&Meta::SOp(id), &Arc::from(name));
        }
        self.session.base.insert(base, id);
        Ok(id)
    }

    /// What to do about an unknown name.
    fn suggestion(&self, scope: ScopeId, name: &str) -> Option<String> {
        let hint = match name {
            "out" => "the last value is called `out` in the console only: give it a name",
            "true" => "write `True`",
            "false" => "write `False`",
            "None" | "null" | "nil" if self.session.dialect.none => "write `none`",
            "select" => "write `select(keys, queries, ==)`",
            "aggregate" => "write `aggregate(selector, values)`",
            "len" => "write `len(list)`; the length of the input is `length`",
            "print" => "the last s-op that is defined is the program's output",
            "sum" => {
                "a sum is a mean times how many there are: `length * average(x)`, or `selector_width(s) * aggregate(s, x)`"
            }
            "mean" | "avg" => "write `average(x)`, or `aggregate(s, x)` for the mean of what `s` selects",
            "abs" => "write `x if x > 0 else -x`",
            "any" => "write `contains(x, True)`",
            "all" => "write `not contains(x, False)`",
            "int" | "floor" => {
                "write `x - x % 1` to round down, `round(x)` for the nearest; `tokens_int` reads tokens as numbers"
            }
            _ => return self.similar(scope, name),
        };
        Some(hint.to_owned())
    }

    /// The known name that is nearest, or a standard program that defines it.
    fn similar(&self, scope: ScopeId, name: &str) -> Option<String> {
        if let Some(program) = crate::programs::defining(name) {
            return Some(format!("`load \"{program}\";` defines it"));
        }
        let known = self.session.scopes.visible(scope).chain(BASES.iter().map(|(name, _)| *name));
        let forms = ["select", "aggregate", "range", "zip", "len", "round", "indicator"];
        nearest(name, known.chain(forms)).map(|candidate| format!("did you mean `{candidate}`?"))
    }
}

/// The candidate that a mistyped name is nearest to, if it is near.
pub(crate) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // A word of one letter is as close to every other one.
    let length = name.chars().count();
    let limit = if length == 1 { 0 } else { (length / 3).max(1) };
    let near = candidates.map(|candidate| (distance(name, candidate), candidate)).filter(|(d, _)| *d <= limit);
    near.min_by_key(|(d, _)| *d).map(|(_, candidate)| candidate)
}

fn base(name: &str) -> Option<Base> {
    BASES.iter().find(|(n, _)| *n == name).map(|(_, base)| *base)
}

/// How many characters to insert, remove, replace or swap with their neighbour to get from one to the other.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_count_single_slips() {
        assert_eq!(distance("lenght", "length"), 1);
        assert_eq!(distance("token", "tokens"), 1);
        assert_eq!(distance("sort", "sort"), 0);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
