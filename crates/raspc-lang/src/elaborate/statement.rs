//! Statements: what they bind, and going on after one that failed.

use std::sync::Arc;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::ast::{ExprId, FunctionDef, Ident, Module, Statement, StatementKind, Which};
use crate::value::Value;

use super::expression::parts;
use super::problem::Problem;
use super::scope::{Binding, Lazy, ScopeId};
use super::value::{Closure, Meta, Origin};
use super::{Eval, Frame, Run, Session, Stop};

/// Whether the text goes on after a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Exit,
}

impl Session {
    /// Binds a text's functions at once and its other definitions for when they are first used. Texts of this crate are
    /// made of both only.
    pub(crate) fn bind_definitions(&mut self, module: &Arc<Module>, scope: ScopeId, origin: Origin) {
        for statement in &module.statements {
            match &statement.kind {
                StatementKind::Def(def) => {
                    let (def, module) = (def.clone(), module.clone());
                    let name = def.name.name.clone();
                    let closure = Closure { def, module, scope, origin };
                    self.scopes.bind(scope, &name, &Binding::Value(Meta::Function(Arc::new(closure))));
                }
                StatementKind::Assign { targets, values } if targets.len() == 1 && values.len() == 1 => {
                    let name = targets[0].name.clone();
                    let lazy = Lazy {
                        name: name.clone(),
                        module: module.clone(),
                        expr: values[0],
                        scope,
                        origin,
                        value: None,
                    };
                    let id = self.scopes.add_lazy(lazy);
                    self.scopes.bind(scope, &name, &Binding::Lazy(id));
                }
                _ => {}
            }
        }
    }
}

impl Run<'_, '_> {
    /// Runs all statements of a text in a scope. Each that fails is reported; the others are run.
    pub fn module(&mut self, module: &Arc<Module>, scope: ScopeId) {
        let frame = Frame { module: module.clone(), scope, origin: Origin::Program, top: true };
        self.statements(&frame);
    }

    /// Runs the statements of the frame's text. Whether the run may go on.
    pub(super) fn statements(&mut self, frame: &Frame) -> bool {
        for statement in &frame.module.statements {
            match self.statement(frame, statement) {
                Ok(Flow::Next) => {}
                Ok(Flow::Exit) => return true,
                Err(stop) => {
                    self.poison(frame, statement);
                    if !self.report(stop) {
                        self.session.scopes.poison(frame.scope);
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Runs the statements of a function or a loop.
    #[inline(never)]
    pub(super) fn block(&mut self, frame: &Frame, statements: &[Statement]) -> Eval<()> {
        for statement in statements {
            self.statement(frame, statement)?;
        }
        Ok(())
    }

    /// Marks what a failed statement would have bound.
    fn poison(&mut self, frame: &Frame, statement: &Statement) {
        for name in statement.kind.binds() {
            self.session.scopes.bind(frame.scope, &name, &Binding::Poisoned);
        }
    }

    #[inline(never)]
    fn statement(&mut self, frame: &Frame, statement: &Statement) -> Eval<Flow> {
        let span = statement.span;
        self.step(frame, span, 1)?;
        match &statement.kind {
            StatementKind::Expr(expr) => {
                let value = self.eval(frame, *expr)?;
                self.defined(frame, &value);
            }
            StatementKind::Assign { targets, values } => self.assign(frame, targets, values, span)?,
            StatementKind::Def(def) => self.define(frame, def)?,
            StatementKind::For { targets, iterable, body } => self.for_loop(frame, targets, *iterable, body, span)?,
            StatementKind::Load { path } => self.load(frame, path, span)?,
            StatementKind::SetExample { which, value } => self.set_example(frame, *which, *value)?,
            StatementKind::Exit => return Ok(Flow::Exit),
            StatementKind::Draw { .. } => self.ignored(frame, "draw", span),
            StatementKind::ShowExample(_) => self.ignored(frame, "show", span),
            StatementKind::Examples { .. } => self.ignored(frame, "examples", span),
            StatementKind::FullDisplay { .. } => self.ignored(frame, "full seq display", span),
            StatementKind::Error { .. } => return Err(Stop::Poisoned),
        }
        Ok(Flow::Next)
    }

    /// A statement that only a console can carry out.
    fn ignored(&mut self, frame: &Frame, word: &str, span: Span) {
        if frame.origin == Origin::Library {
            return;
        }
        let d = Diagnostic::warning(codes::CONSOLE_STATEMENT, format!("`{word}` does nothing in a program file"));
        self.session.report(d.at(span).hint("remove it, or use it in the console"));
    }

    #[inline(never)]
    fn assign(&mut self, frame: &Frame, targets: &[Ident], values: &[ExprId], span: Span) -> Eval<()> {
        for target in targets {
            self.bindable(frame, target)?;
        }
        let mut values = self.operands(frame, values)?;
        let parts = match (targets.len(), values.len()) {
            (1, 1) => vec![values.remove(0).value],
            (1, _) => vec![self.list(frame, values.into_iter().map(|v| v.value).collect(), span)?],
            (names, 1) => self.unpack(frame, names, &values[0].value, values[0].span)?,
            (names, n) if names == n => values.into_iter().map(|v| v.value).collect(),
            (names, n) => {
                let got = Meta::Atom(Value::int(n as i64));
                return Err(self.raise(frame, Problem::Unpack { names, parts: Some(n), got }, span));
            }
        };
        for (target, value) in targets.iter().zip(parts) {
            self.bind(frame, target, value)?;
        }
        Ok(())
    }

    /// Binds a name.
    #[inline(never)]
    pub(super) fn bind(&mut self, frame: &Frame, target: &Ident, value: Meta) -> Eval<()> {
        self.bindable(frame, target)?;
        self.defined(frame, &value);
        if frame.top && frame.origin == Origin::Program && target.name.starts_with('_') {
            // A loaded file's private name reaches no other scope; its node may still be called so.
            self.session.propose_name(&value, &target.name);
        }
        self.session.scopes.bind(frame.scope, &target.name, &Binding::Value(value));
        Ok(())
    }

    /// Remembers the last s-op or selector at the top level: the program's output, where nobody says otherwise.
    fn defined(&mut self, frame: &Frame, value: &Meta) {
        if let (true, Meta::SOp(id) | Meta::Selector(id)) = (frame.top, value) {
            self.session.last = Some(*id);
        }
    }

    #[inline(never)]
    fn define(&mut self, frame: &Frame, def: &Arc<FunctionDef>) -> Eval<()> {
        for param in &def.params {
            self.bindable(frame, param)?;
        }
        let closure =
            Closure { def: def.clone(), module: frame.module.clone(), scope: frame.scope, origin: frame.origin };
        self.bind(frame, &def.name, Meta::Function(Arc::new(closure)))
    }

    #[inline(never)]
    fn for_loop(
        &mut self,
        frame: &Frame,
        targets: &[Ident],
        iterable: ExprId,
        body: &[Statement],
        span: Span,
    ) -> Eval<()> {
        let elements = self.iterate(frame, iterable)?;
        self.deeper(frame, span, |run| {
            for element in elements.iter() {
                run.bind_targets(frame, targets, element, span)?;
                run.block(frame, body)?;
            }
            Ok(())
        })
    }

    /// `set example e`: the program's own example. One that a loaded file sets is that file's.
    #[inline(never)]
    fn set_example(&mut self, frame: &Frame, which: Which, value: ExprId) -> Eval<()> {
        let operand = self.operand(frame, value)?;
        // A string, a list of atoms, the keys of a dictionary.
        let parts = parts(&operand.value);
        let atoms: Option<Vec<Value>> = parts.and_then(|p| p.iter().map(|m| m.as_atom().cloned()).collect());
        let Some(atoms) = atoms.filter(|atoms| atoms.iter().all(|v| !v.is_none())) else {
            return Err(self.raise(frame, Problem::Example(operand.value), operand.span));
        };
        if which == Which::Selector {
            let d =
                Diagnostic::warning(codes::CONSOLE_STATEMENT, "a program file has one example, that of `set example`");
            self.session.report(d.at(operand.span).hint("write `set example ...`"));
        } else if self.loading.is_empty() {
            self.session.example = Some(atoms);
        }
        Ok(())
    }
}
