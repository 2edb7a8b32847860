//! Calls of functions: a new scope below the defining one, bounded in depth.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::syntax::ast::{ExprId, Statement, StatementKind};

use super::problem::Problem;
use super::scope::{Binding, Found};
use super::value::{Closure, Meta, Origin};
use super::{Eval, Frame, MAX_CALLS, Operand, Run, Stop};

impl Run<'_, '_> {
    /// `callee(args)`.
    #[inline(never)]
    pub(super) fn eval_call(&mut self, frame: &Frame, callee: ExprId, args: &[ExprId], span: Span) -> Eval<Meta> {
        let callee = self.operand(frame, callee)?;
        let args = self.operands(frame, args)?;
        match &callee.value {
            Meta::Function(closure) => self.call(frame, closure, &args, span),
            Meta::Builtin(builtin) => self.call_builtin(frame, *builtin, &args, span),
            _ => Err(self.raise(frame, Problem::NotCallable(callee.value.clone()), callee.span)),
        }
    }

    /// Calls a function that a program or the library defined.
    #[inline(never)]
    fn call(&mut self, frame: &Frame, closure: &Arc<Closure>, args: &[Operand], span: Span) -> Eval<Meta> {
        let def = &closure.def;
        if def.malformed {
            return Err(Stop::Poisoned);
        }
        if args.len() != def.params.len() {
            let params = def.params.iter().map(|p| p.name.clone()).collect();
            let defined = Some(def.name.span).filter(|_| closure.origin == Origin::Program);
            let problem = Problem::Arity { function: def.name.name.clone(), params, got: args.len(), defined };
            return Err(self.raise(frame, problem, span));
        }
        if self.calls >= MAX_CALLS {
            return Err(self.raise(frame, Problem::Recursion, span));
        }
        self.calls += 1;
        let result = self.at_site(frame, closure.origin, span, |run| run.body(closure, args));
        self.calls -= 1;
        result.map_err(|stop| match stop {
            Stop::Raised(mut raised) if closure.origin == Origin::Program => {
                raised.through(span, &def.name.name);
                Stop::Raised(raised)
            }
            stop => stop,
        })
    }

    /// Binds the arguments, runs the body, evaluates what is returned.
    #[inline(never)]
    fn body(&mut self, closure: &Closure, args: &[Operand]) -> Eval<Meta> {
        let def = &closure.def;
        let scope = self.session.scopes.add(Some(closure.scope), None);
        let frame = Frame { module: closure.module.clone(), scope, origin: closure.origin, top: false };
        for (param, arg) in def.params.iter().zip(args) {
            self.bind(&frame, param, arg.value.clone())?;
        }
        self.block(&frame, &def.body)?;
        let mut values = self.evals(&frame, &def.returns)?;
        self.propose_locals(&frame, &def.body);
        if values.len() == 1 {
            return Ok(values.remove(0));
        }
        self.list(&frame, values, def.name.span)
    }

    /// The locals of the user's functions are names for nodes that get no other: `target_pos`.
    fn propose_locals(&mut self, frame: &Frame, body: &[Statement]) {
        if frame.origin == Origin::Library {
            return;
        }
        for statement in body {
            match &statement.kind {
                StatementKind::Assign { targets, .. } => {
                    for target in targets {
                        if let Found::Binding(Binding::Value(value)) =
                            self.session.scopes.find(frame.scope, &target.name)
                        {
                            self.session.propose_name(&value, &target.name);
                        }
                    }
                }
                StatementKind::For { body, .. } => self.propose_locals(frame, body),
                _ => {}
            }
        }
    }
}
