//! The console's evaluator: scopes, limits, and expressions to values.
//!
//! **Invariants.** Every s-op or selector is tried on the current input as soon as it is built; what fails there binds
//! nothing. Every evaluated expression but an application becomes `out` in its scope. Steps, calls and recursion are
//! bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indexmap::{IndexMap, IndexSet};

use super::node::{Base, Computed, Nodes, Op};
use super::show::Collected;
use super::value::{Applied, Eval, Fail, Item};
use super::{Example, Limits, Loader};
use crate::diagnostic::Span;
use crate::ops::UnaryOp;
use crate::source::Sources;
use crate::syntax::ast::{ExprId, ExprKind, Ident, Module};
use crate::value::Value;

/// Deepest recursion of expressions and calls together.
const MAX_FRAMES: usize = 600;
/// Deepest nesting of calls: more than the reference is seen to manage.
pub(super) const MAX_CALLS: usize = 140;
/// As many steps at once make something large.
const MANY: usize = 1000;
/// Most scopes of a session.
const MAX_SCOPES: usize = 2_000_000;

/// Names that are never bound.
const RESERVED: [&str; 21] = [
    "if",
    "else",
    "not",
    "and",
    "or",
    "out",
    "def",
    "return",
    "range",
    "for",
    "in",
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
];

#[derive(Debug)]
pub(super) struct Scope {
    pub(super) parent: Option<usize>,
    /// What functions defined here call their creator.
    pub(super) name: Arc<str>,
    pub(super) names: IndexMap<Arc<str>, Item>,
    /// The scope that loaded this file: public names are bound there, too.
    pub(super) exports_to: Option<usize>,
}

/// Where evaluation is.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) module: Arc<Module>,
    pub(super) scope: usize,
}

/// What the statements of a session act on.
#[expect(clippy::struct_excessive_bools, reason = "the console's switches are independent of each other")]
pub(super) struct Machine {
    pub(super) nodes: Nodes,
    pub(super) scopes: Vec<Scope>,
    /// What files start from: the library and `tokens`.
    pub(super) start: usize,
    pub(super) console: usize,
    /// Names that the console cannot bind.
    pub(super) library_names: IndexSet<Arc<str>>,
    pub(super) sop_example: Example,
    pub(super) selector_example: Example,
    pub(super) show_sop_examples: bool,
    pub(super) show_selector_examples: bool,
    pub(super) full_display: bool,
    pub(super) loader: Box<Loader>,
    pub(super) limits: Limits,
    /// The files that are being loaded, each by the one before it.
    pub(super) loading: Vec<Arc<str>>,
    /// The file that loads itself, and why a file could not be read: what people are told.
    pub(super) loads_itself: Option<Arc<str>>,
    pub(super) unread: Option<String>,
    /// What the files being loaded have to say at their end.
    pub(super) collected: Vec<Collected>,
    /// What is to be printed.
    pub(super) printed: String,
    /// What `draw` has been asked for: s-ops and inputs.
    pub(super) drawn: Vec<(super::node::NodeId, Arc<[Value]>)>,
    /// What s-ops are tried on.
    pub(super) input: Arc<[Value]>,
    pub(super) steps: usize,
    /// What there was when it was last looked at what the session holds.
    pub(super) surveyed: super::survey::Surveyed,
    /// How many bytes the statement has shown.
    pub(super) shown: usize,
    frames: usize,
    pub(super) calls: usize,
    /// Whether people use it, and not a script: statements as program files write them, errors with places.
    pub(super) friendly: bool,
    /// What people are told, in order.
    pub(super) replies: Vec<super::friendly::Reply>,
    /// The texts of the statements; the first stands for those of a script, which nobody asks for.
    pub(super) sources: Sources,
    /// The innermost expression that has failed.
    pub(super) failed_at: Option<Span>,
    /// Whether it has failed on the example: it might not on another.
    pub(super) failed_on_example: bool,
    /// Whether the library is the standard one, whose functions are known.
    pub(super) standard_library: bool,
    /// Whether a function has been defined in a scope that would otherwise end with its statement.
    pub(super) keeps_scopes: bool,
}

impl Machine {
    pub(super) fn new(loader: Box<Loader>, limits: Limits) -> Self {
        let hello =
            Example::new(&Item::Atom(Value::str("hello")), &Nodes::new(limits)).expect("a string can be an example");
        let scope =
            |parent, name: &str| Scope { parent, name: Arc::from(name), names: IndexMap::new(), exports_to: None };
        let mut sources = Sources::new();
        sources.add("script", "");
        let mut machine = Self {
            nodes: Nodes::new(limits),
            scopes: vec![scope(None, "language"), scope(Some(0), "start"), scope(Some(1), "console")],
            start: 1,
            console: 2,
            library_names: IndexSet::new(),
            input: hello.values.clone(),
            sop_example: hello.clone(),
            selector_example: hello,
            show_sop_examples: true,
            show_selector_examples: true,
            full_display: false,
            loader,
            limits,
            loading: Vec::new(),
            loads_itself: None,
            unread: None,
            collected: Vec::new(),
            printed: String::new(),
            drawn: Vec::new(),
            steps: 0,
            surveyed: super::survey::Surveyed::default(),
            shown: 0,
            frames: 0,
            calls: 0,
            friendly: false,
            replies: Vec::new(),
            sources,
            failed_at: None,
            failed_on_example: false,
            standard_library: false,
            keeps_scopes: false,
        };
        machine.bind_language();
        machine
    }

    fn bind_language(&mut self) {
        let bases = [
            ("tokens_asis", Base::AsIs),
            ("tokens_str", Base::Converted(UnaryOp::ToStr)),
            ("tokens_int", Base::Converted(UnaryOp::ToInt)),
            ("tokens_float", Base::Converted(UnaryOp::ToFloat)),
            ("tokens_bool", Base::Converted(UnaryOp::ToBool)),
            ("indices", Base::Indices),
        ];
        for (name, base) in bases {
            let id = self.nodes.push(Op::Base(base), name).expect("the first nodes");
            self.scopes[0].names.insert(Arc::from(name), Item::SOp(id));
        }
        for (name, value) in [("True", true), ("False", false)] {
            self.scopes[0].names.insert(Arc::from(name), Item::Atom(Value::Bool(value)));
        }
    }

    /// Before a statement of the console: everything is counted from zero.
    pub(super) fn begin(&mut self) {
        self.survey_if_due();
        self.nodes.begin();
        self.failed_at = None;
        self.failed_on_example = false;
        self.loads_itself = None;
        self.unread = None;
        self.steps = 0;
        self.shown = 0;
        self.frames = 0;
        self.calls = 0;
        self.input = self.sop_example.values.clone();
    }

    pub(super) fn interrupt_by(&mut self, flag: &Arc<AtomicBool>) {
        self.nodes.interrupt = flag.clone();
    }

    /// Remembers that an expression has failed, if none inside it has.
    fn note<T>(&mut self, frame: &Frame, id: ExprId, result: Eval<T>) -> Eval<T> {
        if result.is_err() && self.failed_at.is_none() {
            self.failed_at = Some(frame.module.span(id)).filter(|span| span.source != 0);
        }
        result
    }

    /// Binds a name where it is written.
    pub(super) fn bind_at(&mut self, scope: usize, ident: &Ident, item: &Item) -> Eval<()> {
        let bound = self.bind(scope, &ident.name, item);
        if bound.is_err() && self.failed_at.is_none() {
            self.failed_at = Some(ident.span).filter(|span| span.source != 0);
        }
        bound
    }

    pub(super) fn step(&mut self, steps: usize) -> Eval<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.nodes.interrupt.load(Ordering::Relaxed) {
            return Err(Fail::Interrupted);
        }
        if self.surveyed.full && steps > MANY {
            return Err(Fail::Wrong("this session holds too much: nothing large can be added".to_owned()));
        }
        if self.steps > self.limits.steps { Err(too_long()) } else { Ok(()) }
    }

    pub(super) fn new_scope(&mut self, parent: usize, name: &Arc<str>) -> Eval<usize> {
        if self.scopes.len() >= MAX_SCOPES {
            return Err(Fail::Wrong("too many scopes in this session".to_owned()));
        }
        let scope = Scope { parent: Some(parent), name: name.clone(), names: IndexMap::new(), exports_to: None };
        self.scopes.push(scope);
        Ok(self.scopes.len() - 1)
    }

    /// After a statement: its scopes end with it, unless a function has been defined in one.
    pub(super) fn end_scopes(&mut self, before: usize) {
        if !std::mem::take(&mut self.keeps_scopes) {
            self.scopes.truncate(before);
        }
    }

    pub(super) fn lookup(&self, scope: usize, name: &str) -> Eval<Item> {
        let mut next = Some(scope);
        while let Some(scope) = next {
            if let Some(item) = self.scopes[scope].names.get(name) {
                return Ok(item.clone());
            }
            next = self.scopes[scope].parent;
        }
        Err(Fail::Rasp(format!("Error: Undefined variable: {name}")))
    }

    /// Binds a name, in the scopes that loaded this one, too. The file's own name is bound even where theirs cannot be.
    pub(super) fn bind(&mut self, scope: usize, name: &Arc<str>, item: &Item) -> Eval<()> {
        let mut next = Some(scope);
        while let Some(scope) = next {
            let library = scope == self.console && self.library_names.contains(name);
            if library || RESERVED.contains(&&**name) || &**name == "False" {
                return Err(Fail::Rasp(format!("Error: Cannot set reserved name: {name}")));
            }
            self.scopes[scope].names.insert(name.clone(), item.clone());
            next = self.scopes[scope].exports_to.filter(|_| !name.starts_with('_'));
        }
        Ok(())
    }

    pub(super) fn set_out(&mut self, scope: usize, item: &Item) {
        self.scopes[scope].names.insert(Arc::from("out"), item.clone());
    }

    /// The value on the input that things are tried on.
    pub(super) fn try_on_input(&mut self, item: &Item) -> Eval<Option<Computed>> {
        match item {
            Item::SOp(id) | Item::Selector(id) => {
                let input = self.input.clone();
                if input.is_empty() {
                    return Err(empty_input(""));
                }
                let computed = self.nodes.compute(*id, &input);
                self.failed_on_example |= computed.is_err();
                computed.map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Evaluates an expression, tries it, and keeps it as `out`.
    pub(super) fn eval(&mut self, frame: &Frame, id: ExprId) -> Eval<Item> {
        self.step(1)?;
        if self.frames >= MAX_FRAMES {
            return Err(Fail::Wrong("maximum recursion depth exceeded".to_owned()));
        }
        self.frames += 1;
        let result = self.eval_kind(frame, id);
        self.frames -= 1;
        let item = self.note(frame, id, result)?;
        let tried = self.try_on_input(&item);
        self.note(frame, id, tried)?;
        if !matches!(item, Item::Applied(_)) {
            self.set_out(frame.scope, &item);
        }
        Ok(item)
    }

    fn eval_kind(&mut self, frame: &Frame, id: ExprId) -> Eval<Item> {
        match &frame.module.expr(id).kind {
            ExprKind::Name(name) => self.lookup(frame.scope, name),
            ExprKind::Atom(value) => Ok(Item::Atom(value.clone())),
            ExprKind::Paren(inner) => self.eval(frame, *inner),
            ExprKind::List(items) => self.eval_all(frame, items).and_then(Item::list),
            ExprKind::Dict(entries) => self.eval_dict(frame, entries),
            ExprKind::ListFor { item, targets, iterable } => self.list_for(frame, *item, targets, *iterable),
            ExprKind::DictFor { key, value, targets, iterable } => {
                self.dict_for(frame, (*key, *value), targets, *iterable)
            }
            ExprKind::Select { keys, queries, comparison } => self.select(frame, *keys, *queries, *comparison),
            ExprKind::Aggregate { selector, values, default } => self.aggregate(frame, *selector, *values, *default),
            ExprKind::Range(args) => self.range(frame, args),
            ExprKind::Zip(args) => self.zip(frame, args),
            ExprKind::Len(of) => self.len(frame, *of),
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(frame, *operand)?;
                self.unary(*op, &operand)
            }
            ExprKind::Binary { .. } | ExprKind::In { .. } => self.chain(frame, id),
            ExprKind::Ternary { then, cond, otherwise } => self.ternary(frame, *then, *cond, *otherwise),
            ExprKind::Index { object, index } => self.index(frame, *object, *index),
            ExprKind::Call { callee, args } => self.call(frame, *callee, args),
            ExprKind::Error => Err(Fail::Wrong("a malformed expression".to_owned())),
        }
    }

    pub(super) fn eval_all(&mut self, frame: &Frame, ids: &[ExprId]) -> Eval<Vec<Item>> {
        let mut items = Vec::with_capacity(ids.len());
        for &id in ids {
            items.push(self.eval(frame, id)?);
        }
        Ok(items)
    }

    /// Binary operators: the left spine is walked in a loop, for it may be as long as the text.
    #[inline(never)]
    fn chain(&mut self, frame: &Frame, id: ExprId) -> Eval<Item> {
        let mut spine = Vec::new();
        let mut at = id;
        while let ExprKind::Binary { left, .. } | ExprKind::In { item: left, .. } = &frame.module.expr(at).kind {
            spine.push(at);
            at = *left;
        }
        let mut left = self.eval(frame, at)?;
        while let Some(id) = spine.pop() {
            left = match &frame.module.expr(id).kind {
                ExprKind::Binary { op, right, .. } => {
                    let right = self.eval(frame, *right)?;
                    let value = self.binary(*op, &left, &right);
                    self.note(frame, id, value)?
                }
                ExprKind::In { container, .. } => {
                    let right = self.eval(frame, *container)?;
                    let value = self.member(frame, *container, &left, &right);
                    self.note(frame, id, value)?
                }
                _ => unreachable!("the spine holds binary forms only"),
            };
            if !spine.is_empty() {
                self.step(1)?;
                let tried = self.try_on_input(&left);
                self.note(frame, id, tried)?;
                self.set_out(frame.scope, &left);
            }
        }
        Ok(left)
    }

    #[inline(never)]
    fn eval_dict(&mut self, frame: &Frame, entries: &[(ExprId, ExprId)]) -> Eval<Item> {
        let mut dict = IndexMap::new();
        for &entry in entries {
            self.entry(frame, entry, &mut dict)?;
        }
        Item::dict(dict)
    }

    /// Adds an entry; of equal keys the first is kept, with the last value.
    fn entry(&mut self, frame: &Frame, entry: (ExprId, ExprId), dict: &mut IndexMap<Value, Item>) -> Eval<()> {
        let key = self.eval(frame, entry.0)?;
        let value = self.eval(frame, entry.1)?;
        let Item::Atom(key) = key else {
            let got = key.describe(&self.nodes);
            return Err(Fail::Rasp(format!("dictionary keys can only be atoms, but instead got: {got}")));
        };
        self.step(super::node::large(&key))?;
        dict.insert(key, value);
        Ok(())
    }

    #[inline(never)]
    fn list_for(&mut self, frame: &Frame, item: ExprId, targets: &[Ident], over: ExprId) -> Eval<Item> {
        let (inner, elements) = self.comprehension(
            frame,
            over,
            "list comprehension should have got a list or dict to loop over, but got:",
        )?;
        let mut items = Vec::new();
        for element in &elements {
            self.bind_targets(&inner, targets, element)?;
            items.push(self.eval(&inner, item)?);
        }
        Item::list(items)
    }

    #[inline(never)]
    fn dict_for(&mut self, frame: &Frame, entry: (ExprId, ExprId), targets: &[Ident], over: ExprId) -> Eval<Item> {
        let (inner, elements) = self.comprehension(
            frame,
            over,
            "dict comprehension should have got a list or dict to loop over, but got:",
        )?;
        let mut dict = IndexMap::new();
        for element in &elements {
            self.bind_targets(&inner, targets, element)?;
            self.entry(&inner, entry, &mut dict)?;
        }
        Item::dict(dict)
    }

    /// A frame whose names do not leak, and what is looped over.
    fn comprehension(&mut self, frame: &Frame, over: ExprId, complaint: &str) -> Eval<(Frame, Vec<Item>)> {
        let over = self.eval(frame, over)?;
        let elements = self.elements(&over, complaint)?;
        let name = self.scopes[frame.scope].name.clone();
        let scope = self.new_scope(frame.scope, &name)?;
        Ok((Frame { scope, ..frame.clone() }, elements))
    }

    /// The items of a list or the keys of a dictionary.
    pub(super) fn elements(&mut self, over: &Item, complaint: &str) -> Eval<Vec<Item>> {
        let parts = over.parts().filter(|_| !matches!(over, Item::Atom(_)));
        self.step(parts.as_ref().map_or(0, Vec::len))?;
        parts.ok_or_else(|| Fail::Rasp(format!("{complaint} {}", over.bare(&self.nodes))))
    }

    /// Binds a loop's name to an item, or several names to its parts.
    pub(super) fn bind_targets(&mut self, frame: &Frame, targets: &[Ident], item: &Item) -> Eval<()> {
        self.step(1)?;
        if let [target] = targets {
            return self.bind_at(frame.scope, target, item);
        }
        let Some(parts) = item.parts() else {
            let got = item.describe(&self.nodes);
            let text = "iterating with multiple iterator names, but got single iterator value:";
            return Err(Fail::Rasp(format!("{text} {got}")));
        };
        if parts.len() != targets.len() {
            let (names, values, got) = (targets.len(), parts.len(), item.describe(&self.nodes));
            return Err(Fail::Rasp(format!("iterating with {names} names but got {values} values ( {got} )")));
        }
        for (target, part) in targets.iter().zip(parts) {
            self.bind_at(frame.scope, target, &part)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn ternary(&mut self, frame: &Frame, then: ExprId, cond: ExprId, otherwise: ExprId) -> Eval<Item> {
        let cond = self.eval(frame, cond)?;
        match cond {
            Item::SOp(cond) => {
                let (then, otherwise) = (self.eval(frame, then)?, self.eval(frame, otherwise)?);
                let (then, otherwise) = (self.operand(&then)?, self.operand(&otherwise)?);
                let name = format!(
                    "{} if {} else {}",
                    self.nodes.name(then),
                    self.nodes.name(cond),
                    self.nodes.name(otherwise)
                );
                self.nodes.push(Op::If { then, cond, otherwise }, &name).map(Item::SOp)
            }
            Item::Selector(_) => Err(Fail::Rasp("Cannot use a selector as condition".to_owned())),
            _ => self.eval(frame, if cond.truthy() { then } else { otherwise }),
        }
    }

    /// Whether the expression is the name of a function, which no input changes.
    fn names_function(&self, frame: &Frame, id: ExprId) -> bool {
        let ExprKind::Name(name) = &frame.module.expr(id).kind else { return false };
        matches!(self.lookup(frame.scope, name), Ok(Item::Function(_)))
    }

    /// `callee(args)`: a function, or an s-op or selector on an input.
    #[inline(never)]
    fn call(&mut self, frame: &Frame, callee: ExprId, args: &[ExprId]) -> Eval<Item> {
        // A single argument is evaluated first: what is applied is then tried on it, not on the example.
        let first = if let [arg] = args { Some(self.eval(frame, *arg)?) } else { None };
        let outer = self.input.clone();
        if let Some(arg) = first.as_ref().filter(|_| !self.names_function(frame, callee)) {
            self.step(arg.effort())?;
            if let Some(input) = arg.input() {
                self.input = input;
            }
        }
        let callee = self.eval(frame, callee);
        self.input = outer;
        match callee? {
            Item::Function(f) => {
                if f.def.params.len() != args.len() {
                    let (name, expected, got) = (&f.def.name.name, f.def.params.len(), args.len());
                    let text = format!("wrong number of args for {name}- expected: {expected}, got: {got}.");
                    return Err(Fail::Rasp(text));
                }
                let args = match first {
                    Some(arg) => {
                        self.set_out(frame.scope, &arg);
                        vec![arg]
                    }
                    None => self.eval_all(frame, args)?,
                };
                self.call_function(&f, &args)
            }
            Item::SOp(id) | Item::Selector(id) => {
                let Some(arg) = first else {
                    let got = args.len();
                    let text = format!("wrong number of args for evaluate unfinished- expected: 1, got: {got}.");
                    return Err(Fail::Rasp(text));
                };
                self.set_out(frame.scope, &arg);
                let input = arg.input().ok_or_else(|| empty_input(&arg.bare(&self.nodes)))?;
                let result = self.nodes.compute(id, &input)?;
                Ok(Item::Applied(Arc::new(Applied { result, input })))
            }
            _ => Err(Fail::NotImplemented),
        }
    }
}

pub(super) fn too_long() -> Fail {
    Fail::Wrong("this takes too long".to_owned())
}

pub(super) fn empty_input(got: &str) -> Fail {
    Fail::Rasp(format!("RASP sequences/selectors expect non-empty iterables, got: {got}"))
}
