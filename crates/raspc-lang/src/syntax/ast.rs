//! Syntax trees: what a text says, before anything is looked up.
//!
//! **Invariants.** Expressions live in one vector of a [`Module`], operands before users, so that a tree of any depth is
//! dropped flat. The recursion that an evaluator needs for an expression is at most [`MAX_DEPTH`]: the parser refuses
//! more. Only the left spine of binary operators is longer; evaluators walk it in a loop. Blocks nest at most
//! [`MAX_DEPTH`] deep.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::graph::Comparison;
use crate::ops::{BinaryOp, UnaryOp};
use crate::value::Value;

/// Deepest nesting of expressions and blocks.
pub const MAX_DEPTH: u32 = 120;

/// Index of an expression in its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(u32);

/// A parsed text.
#[derive(Debug, Default)]
pub struct Module {
    exprs: Vec<ExprNode>,
    /// The statements, as written.
    pub statements: Vec<Statement>,
}

/// An expression with its place.
#[derive(Debug)]
pub struct ExprNode {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub span: Span,
    /// How deep an evaluator must recurse for it.
    depth: u32,
}

/// A name where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: Arc<str>,
    /// Where it is.
    pub span: Span,
}

/// An expression.
#[derive(Debug)]
pub enum ExprKind {
    /// A name.
    Name(Arc<str>),
    /// A number or a string.
    Atom(Value),
    /// `(e)`: kept, since the console's reference tells it from `e`.
    Paren(ExprId),
    /// `[a, b]`.
    List(Vec<ExprId>),
    /// `{k: v}`.
    Dict(Vec<(ExprId, ExprId)>),
    /// `[item for targets in iterable]`.
    ListFor {
        /// The item, evaluated for each element.
        item: ExprId,
        /// Names bound to the element, or to its parts.
        targets: Vec<Ident>,
        /// What is iterated over.
        iterable: ExprId,
    },
    /// `{key: value for targets in iterable}`.
    DictFor {
        /// The key.
        key: ExprId,
        /// The value.
        value: ExprId,
        /// Names bound to the element, or to its parts.
        targets: Vec<Ident>,
        /// What is iterated over.
        iterable: ExprId,
    },
    /// `select(keys, queries, comparison)`.
    Select {
        /// The keys.
        keys: ExprId,
        /// The queries.
        queries: ExprId,
        /// `key op query`.
        comparison: Comparison,
    },
    /// `aggregate(selector, values, default)`.
    Aggregate {
        /// The selector.
        selector: ExprId,
        /// The values.
        values: ExprId,
        /// The default, where one is written.
        default: Option<ExprId>,
    },
    /// `range(...)`.
    Range(Vec<ExprId>),
    /// `zip(...)`.
    Zip(Vec<ExprId>),
    /// `len(e)`.
    Len(ExprId),
    /// `not e`, `-e`, `+e`, `round(e)`, `indicator(e)`.
    Unary(UnaryOp, ExprId),
    /// `a op b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its left operand.
        left: ExprId,
        /// Its right operand.
        right: ExprId,
    },
    /// `item in container`.
    In {
        /// What is looked for.
        item: ExprId,
        /// Where.
        container: ExprId,
    },
    /// `then if cond else otherwise`.
    Ternary {
        /// The value where the condition holds.
        then: ExprId,
        /// The condition.
        cond: ExprId,
        /// The value elsewhere.
        otherwise: ExprId,
    },
    /// `object[index]`.
    Index {
        /// What is indexed.
        object: ExprId,
        /// The index.
        index: ExprId,
    },
    /// `callee(args)`.
    Call {
        /// What is called.
        callee: ExprId,
        /// The arguments.
        args: Vec<ExprId>,
    },
    /// Malformed, and reported.
    Error,
}

/// A statement with its place.
#[derive(Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it is.
    pub span: Span,
}

/// Which example a console statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Both.
    Both,
    /// That of s-ops.
    SOp,
    /// That of selectors.
    Selector,
}

/// A statement.
#[derive(Debug)]
pub enum StatementKind {
    /// `e;`.
    Expr(ExprId),
    /// `a, b = e, f;`.
    Assign {
        /// The names.
        targets: Vec<Ident>,
        /// The values.
        values: Vec<ExprId>,
    },
    /// `draw(sop, input);`.
    Draw {
        /// What is drawn.
        drawn: ExprId,
        /// On which input.
        input: Option<ExprId>,
    },
    /// `load "path";`.
    Load {
        /// The path, without `.rasp`.
        path: Arc<str>,
    },
    /// `def f(a, b) { ... }`.
    Def(Arc<FunctionDef>),
    /// `for a in e { ... }`.
    For {
        /// The names.
        targets: Vec<Ident>,
        /// What is iterated over.
        iterable: ExprId,
        /// What is done for each element.
        body: Vec<Statement>,
    },
    /// `set example e`.
    SetExample {
        /// Which.
        which: Which,
        /// The example.
        value: ExprId,
    },
    /// `show example`.
    ShowExample(Which),
    /// `examples on`.
    Examples {
        /// Which.
        which: Which,
        /// Whether they are shown.
        on: bool,
    },
    /// `full seq display on`.
    FullDisplay {
        /// Whether it is shown.
        on: bool,
    },
    /// `exit`, `quit`.
    Exit,
    /// Malformed, and reported.
    Error {
        /// The names it would have bound.
        binds: Vec<Arc<str>>,
    },
}

/// A function as written.
#[derive(Debug)]
pub struct FunctionDef {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Ident>,
    /// What it does first.
    pub body: Vec<Statement>,
    /// What it returns; several make a list. Empty only when `malformed`.
    pub returns: Vec<ExprId>,
    /// Whether an error in it has been reported: it cannot be called, and calls say nothing more.
    pub malformed: bool,
}

impl Module {
    /// The expression.
    pub fn expr(&self, id: ExprId) -> &ExprNode {
        &self.exprs[id.0 as usize]
    }

    /// Where the expression is.
    pub fn span(&self, id: ExprId) -> Span {
        self.expr(id).span
    }

    /// How deep an evaluator must recurse for the expression.
    pub fn depth(&self, id: ExprId) -> u32 {
        self.expr(id).depth
    }

    /// Adds an expression whose operands are there already.
    pub(crate) fn push(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.exprs.len()).expect("fewer than 2^32 expressions"));
        let depth = self.depth_of(&kind);
        self.exprs.push(ExprNode { kind, span, depth });
        id
    }

    fn depth_of(&self, kind: &ExprKind) -> u32 {
        // The left operand of a binary operator is walked in a loop, so it adds no level.
        if let ExprKind::Binary { left, right, .. } | ExprKind::In { item: left, container: right } = kind {
            let right = self.depth(*right) + 1;
            return self.depth(*left).max(right);
        }
        kind.operands().into_iter().map(|e| self.depth(e) + 1).max().unwrap_or(0)
    }
}

impl ExprKind {
    /// The expressions directly inside, in the order of the text.
    pub fn operands(&self) -> Vec<ExprId> {
        match self {
            Self::Name(_) | Self::Atom(_) | Self::Error => Vec::new(),
            Self::Paren(e) | Self::Len(e) | Self::Unary(_, e) => vec![*e],
            Self::List(items) | Self::Range(items) | Self::Zip(items) => items.clone(),
            Self::Dict(entries) => entries.iter().flat_map(|&(k, v)| [k, v]).collect(),
            Self::ListFor { item, iterable, .. } => vec![*item, *iterable],
            Self::DictFor { key, value, iterable, .. } => vec![*key, *value, *iterable],
            Self::Select { keys, queries, .. } => vec![*keys, *queries],
            Self::Aggregate { selector, values, default } => [*selector, *values].into_iter().chain(*default).collect(),
            Self::Binary { left, right, .. } => vec![*left, *right],
            Self::In { item, container } => vec![*item, *container],
            Self::Ternary { then, cond, otherwise } => vec![*then, *cond, *otherwise],
            Self::Index { object, index } => vec![*object, *index],
            Self::Call { callee, args } => std::iter::once(*callee).chain(args.iter().copied()).collect(),
        }
    }
}

impl StatementKind {
    /// The names that the statement binds in its own scope, as far as the text tells.
    pub fn binds(&self) -> Vec<Arc<str>> {
        match self {
            Self::Assign { targets, .. } => targets.iter().map(|t| t.name.clone()).collect(),
            Self::Def(def) => vec![def.name.name.clone()],
            Self::For { targets, body, .. } => {
                let inner = body.iter().flat_map(|s| s.kind.binds());
                targets.iter().map(|t| t.name.clone()).chain(inner).collect()
            }
            Self::Error { binds } => binds.clone(),
            _ => Vec::new(),
        }
    }
}
