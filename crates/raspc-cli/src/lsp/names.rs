//! Names of a text: where each is defined, where it can be seen, and which definition a use means.

use std::ops::Range;

use raspc_lang::syntax::ast::{ExprId, ExprKind, FunctionDef, Ident, Module, Statement, StatementKind};
use raspc_lang::syntax::lexer::lex;
use raspc_lang::syntax::token::TokenKind;

/// What a definition makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A variable.
    Variable,
    /// A function.
    Function,
    /// A parameter of a function.
    Parameter,
    /// The variable of a loop.
    Loop,
}

/// A definition.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// The name.
    pub(super) name: String,
    /// What it makes.
    pub(super) what: What,
    /// Where the name is written.
    pub(super) at: Range<usize>,
    /// The whole statement.
    pub(super) whole: Range<usize>,
    /// The expression, where there is one for this name.
    pub(super) value: Option<Range<usize>>,
    /// Where it can be seen.
    pub(super) scope: Range<usize>,
    /// Whether it is the text's own and not inside a function.
    pub(super) top: bool,
    /// Of a function: its parameters.
    pub(super) params: Vec<String>,
}

/// Every definition of a text, in its order.
pub(super) fn definitions(module: &Module, length: usize) -> Vec<Definition> {
    let mut walk = Walk { module, all: Vec::new() };
    walk.statements(&module.statements, &(0..length), true);
    walk.all.sort_by_key(|d| d.at.start);
    walk.all
}

/// The word at a place of a text, if it is a name or a keyword.
pub(super) fn word(text: &str, at: usize) -> Option<(String, Range<usize>)> {
    let tokens = lex(0, text).tokens;
    let token = tokens.iter().find(|t| {
        let range = t.span.range();
        (range.contains(&at) || range.end == at) && (t.kind == TokenKind::Ident || t.kind.is_keyword())
    })?;
    Some((text[token.span.range()].to_owned(), token.span.range()))
}

/// The definition that a name means at a place: of those that can be seen, the innermost and then the last before it.
pub(super) fn meant<'d>(all: &'d [Definition], name: &str, at: usize) -> Option<&'d Definition> {
    // The name of a comprehension is used before it is written.
    let early = |d: &Definition| d.what == What::Loop && d.whole == d.scope;
    let seen = |d: &&Definition| d.name == name && d.scope.contains(&at) && (d.at.start <= at || early(d));
    let inside = all.iter().filter(seen).min_by_key(|d| (d.scope.len(), usize::MAX - d.at.start));
    // On its own definition, where a cursor may stand just behind it, a name means that one.
    inside.or_else(|| all.iter().find(|d| d.name == name && (d.at.start..=d.at.end).contains(&at)))
}

struct Walk<'m> {
    module: &'m Module,
    all: Vec<Definition>,
}

impl Walk<'_> {
    fn add(&mut self, ident: &Ident, what: What, whole: &Range<usize>, scope: &Range<usize>, top: bool) {
        self.all.push(Definition {
            name: ident.name.to_string(),
            what,
            at: ident.span.range(),
            whole: whole.clone(),
            value: None,
            scope: scope.clone(),
            top,
            params: Vec::new(),
        });
    }

    fn statements(&mut self, statements: &[Statement], scope: &Range<usize>, top: bool) {
        for statement in statements {
            let whole = statement.span.range();
            match &statement.kind {
                StatementKind::Assign { targets, values } => {
                    for &value in values {
                        self.expr(value);
                    }
                    for (i, target) in targets.iter().enumerate() {
                        // What an assignment defines is seen after it.
                        let after = whole.end.min(scope.end)..scope.end + 1;
                        self.add(target, What::Variable, &whole, &after, top);
                        let value = values.get(i).filter(|_| values.len() == targets.len());
                        let value = value.map(|&v| self.module.span(v).range());
                        self.all.last_mut().expect("just added").value = value;
                    }
                }
                StatementKind::Def(def) => self.function(def, &whole, scope, top),
                StatementKind::For { targets, iterable, body } => {
                    self.expr(*iterable);
                    let after = whole.start..scope.end + 1;
                    for target in targets {
                        self.add(target, What::Loop, &whole, &after, top);
                    }
                    self.statements(body, scope, top);
                }
                StatementKind::Expr(e) | StatementKind::SetExample { value: e, .. } => self.expr(*e),
                StatementKind::Draw { drawn, input } => {
                    self.expr(*drawn);
                    if let Some(input) = input {
                        self.expr(*input);
                    }
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, def: &FunctionDef, whole: &Range<usize>, scope: &Range<usize>, top: bool) {
        let after = whole.start..scope.end + 1;
        self.add(&def.name, What::Function, whole, &after, top);
        self.all.last_mut().expect("just added").params = def.params.iter().map(|p| p.name.to_string()).collect();
        for param in &def.params {
            self.add(param, What::Parameter, whole, whole, false);
        }
        self.statements(&def.body, whole, false);
        for &e in &def.returns {
            self.expr(e);
        }
    }

    /// The names that comprehensions inside an expression bind.
    fn expr(&mut self, id: ExprId) {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            let node = self.module.expr(id);
            if let ExprKind::ListFor { targets, .. } | ExprKind::DictFor { targets, .. } = &node.kind {
                let whole = node.span.range();
                for target in targets {
                    self.add(target, What::Loop, &whole, &whole, false);
                }
            }
            todo.extend(node.kind.operands());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use raspc_lang::syntax::parser::{Grammar, parse};

    /// Where the name at the marker `|` is defined: the text from there to the end of its line.
    fn defined(marked: &str) -> Option<String> {
        let at = marked.find('|').expect("a marker");
        let text = marked.replace('|', "");
        let all = definitions(&parse(0, &text, Grammar::PROGRAM).module, text.len());
        let (name, _) = word(&text, at)?;
        let found = meant(&all, &name, at)?;
        Some(text[found.at.start..].lines().next().unwrap_or("").to_owned())
    }

    #[test]
    fn a_use_means_the_last_definition_before_it() {
        let text = "a = 1;\na = a| + 1;\nb = a;";
        assert_eq!(defined(text).as_deref(), Some("a = 1;"));
        assert_eq!(defined("a = 1;\na = 2;\nb = |a;").as_deref(), Some("a = 2;"));
        assert_eq!(defined("a| = 1;\nb = a;").as_deref(), Some("a = 1;"));
    }

    #[test]
    fn names_of_functions_and_comprehensions_stay_inside() {
        assert_eq!(defined("x = 1;\ndef f(x) { y = x|; return y; }").as_deref(), Some("x) { y = x; return y; }"));
        assert_eq!(defined("x = 1;\ndef f(x) { return x; }\nz = f(x|);").as_deref(), Some("x = 1;"));
        assert_eq!(defined("l = [i| + 1 for i in [1,2]];").as_deref(), Some("i in [1,2]];"));
        assert_eq!(defined("def f(a) { return a; }\nb = f|(1);").as_deref(), Some("f(a) { return a; }"));
        assert_eq!(defined("b = nothing|;"), None);
    }
}
