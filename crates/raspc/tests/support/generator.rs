//! A strategy of well-formed random programs, with shrinking.
//!
//! A program is built from a recipe: a list of small steps, each of which picks its operands among what was made before
//! (0 is the most recent), so operands precede users whatever is removed, and a shrunk recipe is a program again.
//! Each s-op carries what is known of its values, so that most programs have a value on most inputs; a few picks ignore it.

use std::fmt;

use proptest::prelude::*;
use raspc_lang::function::{Expr, Function};
use raspc_lang::graph::{Comparison, Graph, Mask, NodeId, Op, Predicate};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

/// A program with the domain it is meant for.
#[derive(Clone)]
pub(crate) struct Generated {
    /// The program.
    pub(crate) graph: Graph,
    /// Its output, an s-op.
    pub(crate) output: NodeId,
    /// The tokens.
    pub(crate) vocab: Vec<Value>,
    /// The longest input.
    pub(crate) max_len: usize,
    /// How many steps the recipe had.
    pub(crate) steps: usize,
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vocab: Vec<String> = self.vocab.iter().map(|v| raspc_lang::print::literal(v).to_string()).collect();
        let (n, steps) = (self.max_len, self.steps);
        write!(f, "vocab [{}], max_len {n}, output {}, {steps} steps\n{}", vocab.join(", "), self.output, self.graph)
    }
}

/// What is known of an s-op's values.
#[derive(Clone, Copy, Debug)]
struct Info {
    kind: Kind,
    /// Whether none can occur.
    nullable: bool,
    /// No number's magnitude, no string's length is above it.
    bound: f64,
    /// No two positions hold equal values.
    distinct: bool,
}

/// The kinds of an s-op's values. In a `Number` column, equal values may differ in kind (`1` and `1.0`), so nothing that
/// tells them apart is applied to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Bool,
    Number,
    Text,
    Mixed,
}

impl Kind {
    fn numeric(self) -> bool {
        matches!(self, Self::Int | Self::Bool | Self::Number)
    }

    /// Whether values of both kinds can be ordered and added.
    fn like(self, other: Self) -> bool {
        self.numeric() == other.numeric() && (self == Self::Text) == (other == Self::Text)
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            _ if self.numeric() && other.numeric() => Self::Number,
            _ => Self::Mixed,
        }
    }

    fn of(values: &[Value]) -> Self {
        let kind = |v: &Value| match v {
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Number,
            Value::Str(_) => Self::Text,
            Value::None | Value::Host(_) => Self::Mixed,
        };
        values.iter().map(kind).reduce(Self::join).unwrap_or(Self::Mixed)
    }
}

impl Info {
    fn new(kind: Kind, bound: f64) -> Self {
        Self { kind, nullable: false, bound, distinct: false }
    }

    fn nullable(self, nullable: bool) -> Self {
        Self { nullable, ..self }
    }
}

/// One step: what to make, of which operands, in which of its variants.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    picks: [u8; 3],
    variant: u8,
    named: bool,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Select,
    SelectBy,
    Combine,
    Aggregate,
    Width,
    Unary,
    Binary,
    WithConstant,
    Choose,
    Contained,
    Lookup,
    NoneIf,
    Constant,
}

/// A selector, how deep it is combined, and whether it selects at most one key a row.
#[derive(Clone, Copy, Debug)]
struct Sel {
    id: NodeId,
    depth: usize,
    single: bool,
}

/// Programs of 2 to 17 steps over 1 to 4 tokens.
pub(crate) fn program() -> impl Strategy<Value = Generated> {
    let max_len = prop_oneof![4 => 1usize..=6, 1 => 12usize..=20];
    let mask = prop_oneof![2 => Just(Mask::Full), 1 => Just(Mask::Causal)];
    (vocab(), max_len, mask, prop::collection::vec(step(), 2..18))
        .prop_map(|(vocab, max_len, mask, steps)| Recipe::new(vocab, max_len, mask).cook(&steps))
}

fn vocab() -> impl Strategy<Value = Vec<Value>> {
    let floats = |xs: &[f64]| xs.iter().map(|&x| Value::float(x).unwrap()).collect::<Vec<_>>();
    let texts = |n| ["a", "b", "ab", "c"][..n].iter().map(Value::str).collect();
    prop_oneof![
        6 => (1i64..=4, -1i64..=2).prop_map(|(n, start)| (start..start + n).map(Value::int).collect()),
        3 => (1usize..=4).prop_map(texts),
        1 => Just(vec![Value::Bool(true), Value::Bool(false)]),
        1 => Just(floats(&[0.5, 1.5, -0.25])),
        1 => Just(vec![Value::int(0), Value::float(0.5).unwrap(), Value::int(2)]),
        1 => Just(vec![Value::int(1), Value::str("a")]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    use What::*;
    let what = prop_oneof![
        10 => Just(Aggregate),
        7 => Just(Select),
        3 => Just(Width),
        3 => Just(Binary),
        3 => Just(WithConstant),
        2 => Just(SelectBy),
        3 => Just(Combine),
        2 => Just(Lookup),
        2 => Just(Unary),
        1 => Just(NoneIf),
        1 => prop_oneof![Just(Choose), Just(Contained), Just(Constant)],
    ];
    (what, any::<[u8; 3]>(), any::<u8>(), prop::bool::weighted(0.4)).prop_map(|(what, picks, variant, named)| Step {
        what,
        picks,
        variant,
        named,
    })
}

/// A program under construction.
struct Recipe {
    graph: Graph,
    vocab: Vec<Value>,
    max_len: usize,
    sops: Vec<(NodeId, Info)>,
    selectors: Vec<Sel>,
}

const TOKENS: usize = 0;
const INDICES: usize = 1;

impl Recipe {
    fn new(vocab: Vec<Value>, max_len: usize, mask: Mask) -> Self {
        let mut graph = Graph::new(mask);
        let (tokens, indices) = (graph.push(Op::Tokens, None), graph.push(Op::Indices, None));
        let indices_info = Info { distinct: true, ..Info::new(Kind::Int, max_len as f64) };
        let sops = vec![(tokens, Info::new(Kind::of(&vocab), 2.0)), (indices, indices_info)];
        Self { graph, vocab, max_len, sops, selectors: Vec::new() }
    }

    fn cook(mut self, steps: &[Step]) -> Generated {
        for (i, step) in steps.iter().enumerate() {
            let id = self.step(*step);
            if step.named {
                self.graph.name(id, &format!("s{i}"));
            }
        }
        // A selector at the end would not be seen.
        if let Some(&last) = self.selectors.last().filter(|s| s.id.index() + 1 == self.graph.len()) {
            self.sop(Op::SelectorWidth(last.id), Info::new(Kind::Int, self.max_len as f64));
        }
        let output = self.richest();
        self.graph.name(output, "out");
        Generated { graph: self.graph, output, vocab: self.vocab, max_len: self.max_len, steps: steps.len() }
    }

    /// The s-op that depends on the most nodes, the last of several.
    fn richest(&self) -> NodeId {
        let mut depends: Vec<Vec<bool>> = Vec::new();
        for (id, node) in self.graph.iter() {
            let mut row = vec![false; self.graph.len()];
            row[id.index()] = true;
            for operand in node.op.operands() {
                depends[operand.index()].iter().zip(&mut row).for_each(|(below, own)| *own |= below);
            }
            depends.push(row);
        }
        let size = |id: NodeId| depends[id.index()].iter().filter(|d| **d).count();
        self.sops.iter().map(|(id, _)| *id).max_by_key(|&id| size(id)).expect("there are tokens")
    }

    fn step(&mut self, step: Step) -> NodeId {
        match step.what {
            What::Select => self.select(step),
            What::SelectBy => self.select_by(step),
            What::Combine => self.combine(step),
            What::Aggregate => self.aggregate(step),
            What::Width => {
                let selector = self.selector(step, |_| true);
                self.sop(Op::SelectorWidth(selector.id), Info::new(Kind::Int, self.max_len as f64))
            }
            What::Unary => self.unary(step),
            What::Binary => self.binary(step),
            What::WithConstant => self.with_constant(step),
            What::Choose => self.choose(step),
            What::Contained => {
                let (a, info) = self.pick(step.picks[0], |_| true);
                let items: Vec<Value> = step.picks.iter().map(|&p| self.constant(info.kind, p)).collect();
                let e = Expr::In(Box::new(Expr::Arg(0)), items.into());
                self.map(e, &[a], Info::new(Kind::Bool, 1.0).nullable(info.nullable))
            }
            What::Lookup => self.lookup(step),
            What::NoneIf => {
                let (a, info) = self.pick(step.picks[0], |_| true);
                let item = self.constant(info.kind, step.variant);
                let cond = binary(BinaryOp::Eq, Expr::Arg(0), Expr::Const(item));
                let e = choose(cond, Expr::Const(Value::None), Expr::Arg(0));
                self.map(e, &[a], Info { distinct: false, ..info.nullable(true) })
            }
            What::Constant => {
                let v = self
                    .constant(if step.variant.is_multiple_of(4) { Kind::Text } else { Kind::Number }, step.picks[0]);
                self.sop(Op::Const(v.clone()), Info::new(Kind::of(&[v]), 3.0))
            }
        }
    }

    /// An acceptable s-op, the more recent the more likely; rarely any.
    fn pick(&self, p: u8, accept: impl Fn(&Info) -> bool) -> (NodeId, Info) {
        let careless = p >= 251;
        let found: Vec<_> = self.sops.iter().filter(|(_, info)| careless || accept(info)).collect();
        // Tokens and indices stay likely however many s-ops there are: they are what programs mostly read.
        match p % 7 {
            4 if accept(&self.sops[TOKENS].1) => self.sops[TOKENS],
            3 if accept(&self.sops[INDICES].1) => self.sops[INDICES],
            _ => found.get(recent(found.len(), p)).copied().copied().unwrap_or(self.sops[INDICES]),
        }
    }

    /// An acceptable selector, the more recent the more likely; a new one where there is none.
    fn selector(&mut self, step: Step, accept: impl Fn(&Sel) -> bool) -> Sel {
        let found: Vec<Sel> = self.selectors.iter().filter(|s| accept(s)).copied().collect();
        if let Some(s) = found.get(recent(found.len(), step.picks[0])) {
            *s
        } else {
            self.select(step);
            *self.selectors.last().expect("just made")
        }
    }

    fn sop(&mut self, op: Op, info: Info) -> NodeId {
        let id = self.graph.push(op, None);
        self.sops.push((id, info));
        id
    }

    fn map(&mut self, e: Expr, args: &[NodeId], info: Info) -> NodeId {
        // Numbers and strings are kept small: a program whose values explode says little about the compiler.
        let (e, info) = match info.kind {
            Kind::Int | Kind::Number if info.bound > 1000.0 => {
                (binary(BinaryOp::Mod, e, Expr::Const(Value::int(7))), Info { bound: 7.0, distinct: false, ..info })
            }
            Kind::Text if info.bound > 8.0 => {
                (binary(BinaryOp::Eq, e, Expr::Const(Value::str("a"))), Info { kind: Kind::Bool, ..info })
            }
            _ => (e, info),
        };
        self.sop(Op::Map { function: Function::expr(args.len(), e), args: args.to_vec() }, info)
    }

    /// A selector of s-ops of a kind, by a comparison.
    fn select(&mut self, step: Step) -> NodeId {
        // Each fourth looks up a position: the select of most programs that move values.
        let position = step.variant >= 192;
        let comparison = if position { Comparison::Eq } else { Comparison::ALL[usize::from(step.variant) % 6] };
        let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
        let ordered = |i: &Info| equality || (!i.nullable && i.kind != Kind::Mixed);
        let (keys, key_info) = if position { self.sops[INDICES] } else { self.pick(step.picks[1], ordered) };
        let (queries, _) = self.pick(step.picks[2], |i| ordered(i) && i.kind.like(key_info.kind));
        let op = Op::Select { keys, queries, predicate: Predicate::Compare(comparison) };
        self.new_selector(op, 0, comparison == Comparison::Eq && key_info.distinct)
    }

    /// A selector by a function of key and query.
    fn select_by(&mut self, step: Step) -> NodeId {
        use BinaryOp::{Add, And, Eq, Gt, Le, Lt, Mod, Mul, Ne, Or};
        let (key, query) = (|| Expr::Arg(0), || Expr::Arg(1));
        let c = || Expr::Const(self.constant(Kind::Int, step.picks[0]));
        let not = |e| Expr::Unary(UnaryOp::Not, Box::new(e));
        let two = || Expr::Const(Value::int(2));
        let variant = step.variant % 7;
        let e = match variant {
            0 => binary(Eq, binary(Add, key(), c()), query()),
            1 => binary(Eq, binary(Mod, key(), two()), binary(Mod, query(), two())),
            2 => binary(Or, binary(Eq, key(), query()), binary(Eq, key(), c())),
            3 => binary(And, binary(Lt, key(), query()), not(binary(Eq, key(), c()))),
            4 => binary(Le, binary(Mul, key(), two()), binary(Add, query(), c())),
            5 => binary(Ne, key(), Expr::Const(Value::None)),
            _ => choose(binary(Gt, query(), c()), key(), binary(Eq, key(), c())),
        };
        let accept = |i: &Info| variant == 5 || (i.kind.numeric() && !i.nullable);
        let (keys, key_info) = self.pick(step.picks[1], accept);
        let (queries, _) = self.pick(step.picks[2], accept);
        let predicate = Predicate::Function(Function::expr(2, e));
        self.new_selector(Op::Select { keys, queries, predicate }, 0, variant == 0 && key_info.distinct)
    }

    fn combine(&mut self, step: Step) -> NodeId {
        let a = self.selector(step, |s| s.depth < 3);
        let other = Step { picks: [step.picks[1], step.picks[2], step.picks[0]], ..step };
        let b = self.selector(other, |s| s.depth < 3);
        let depth = a.depth.max(b.depth) + 1;
        match step.variant % 3 {
            0 => self.new_selector(Op::And(a.id, b.id), depth, a.single || b.single),
            1 => self.new_selector(Op::Or(a.id, b.id), depth, false),
            _ => self.new_selector(Op::Not(a.id), a.depth + 1, false),
        }
    }

    fn new_selector(&mut self, op: Op, depth: usize, single: bool) -> NodeId {
        let id = self.graph.push(op, None);
        self.selectors.push(Sel { id, depth, single });
        id
    }

    fn aggregate(&mut self, step: Step) -> NodeId {
        let selector = self.selector(step, |_| true);
        let (values, info) = self.pick(step.picks[1], |i| selector.single || (i.kind.numeric() && !i.nullable));
        let default = match step.variant % 5 {
            // Of another kind than the values, now and then.
            2 if step.picks[2] % 4 == 3 => Value::str("-"),
            0..=2 => Value::None,
            3 if info.kind == Kind::Bool => Value::Bool(false),
            3 => self.constant(info.kind, step.picks[2]),
            _ => self.constant(Kind::Number, step.picks[2]),
        };
        let kind = match &default {
            Value::None => info.kind,
            default => info.kind.join(Kind::of(std::slice::from_ref(default))),
        };
        let kind = if selector.single || kind == Kind::Mixed { kind } else { Kind::Number };
        let nullable = info.nullable || default.is_none();
        let op = Op::Aggregate { selector: selector.id, values, default };
        self.sop(op, Info::new(kind, info.bound.max(3.0)).nullable(nullable))
    }

    fn unary(&mut self, step: Step) -> NodeId {
        let op = UnaryOp::ALL[usize::from(step.variant) % UnaryOp::ALL.len()];
        let accept = |i: &Info| match op {
            UnaryOp::Not | UnaryOp::Indicator | UnaryOp::ToBool => true,
            // Of a number it could tell 1 from 1.0.
            UnaryOp::ToStr => !matches!(i.kind, Kind::Number | Kind::Mixed),
            _ => i.kind.numeric(),
        };
        let (a, info) = self.pick(step.picks[0], accept);
        let result = match op {
            UnaryOp::Not | UnaryOp::ToBool => Info::new(Kind::Bool, 1.0),
            UnaryOp::Indicator => Info::new(Kind::Int, 1.0),
            UnaryOp::ToStr => Info::new(Kind::Text, 5.0),
            UnaryOp::ToFloat => Info::new(Kind::Number, info.bound),
            UnaryOp::Neg | UnaryOp::Pos => Info { kind: arithmetic_kind(info.kind), ..info },
            UnaryOp::Round | UnaryOp::ToInt => Info::new(Kind::Int, info.bound + 1.0),
        };
        self.map(Expr::Unary(op, Box::new(Expr::Arg(0))), &[a], result.nullable(info.nullable))
    }

    fn binary(&mut self, step: Step) -> NodeId {
        let op = BinaryOp::ALL[usize::from(step.variant) % BinaryOp::ALL.len()];
        let (a, x) = self.pick(step.picks[0], |i| accepts(op, i.kind));
        let (b, y) = self.pick(step.picks[1], |i| accepts(op, i.kind) && i.kind.like(x.kind));
        let plain = binary(op, Expr::Arg(0), Expr::Arg(1));
        let (e, mut info) = match op {
            BinaryOp::Div | BinaryOp::Mod => {
                (choose(Expr::Arg(1), plain, Expr::Const(Value::int(0))), result(op, x, y))
            }
            // Powers of s-ops mostly have no value or too large a one.
            BinaryOp::Pow => (binary(BinaryOp::Mul, Expr::Arg(0), Expr::Arg(1)), result(BinaryOp::Mul, x, y)),
            _ => (plain, result(op, x, y)),
        };
        // The quotient by a fraction is larger.
        info.bound *= if op == BinaryOp::Div { 8.0 } else { 1.0 };
        self.map(e, &[a, b], info)
    }

    fn with_constant(&mut self, step: Step) -> NodeId {
        let op = BinaryOp::ALL[usize::from(step.variant) % BinaryOp::ALL.len()];
        let (a, x) = self.pick(step.picks[0], |i| accepts(op, i.kind));
        let c = match op {
            BinaryOp::Pow => Value::int(i64::from(step.picks[1] % 4)),
            BinaryOp::Div | BinaryOp::Mod => Value::int(i64::from(step.picks[1] % 3) + 2),
            _ => self.constant(x.kind, step.picks[1]),
        };
        let y = Info::new(Kind::of(std::slice::from_ref(&c)), 3.0);
        let mut info = result(op, x, y);
        info.distinct = x.distinct && matches!(op, BinaryOp::Add | BinaryOp::Sub);
        info.bound =
            if op == BinaryOp::Pow { x.bound.max(1.0) * x.bound.max(1.0) * x.bound.max(1.0) } else { info.bound };
        let left = step.picks[2].is_multiple_of(4) && !matches!(op, BinaryOp::Pow | BinaryOp::Div | BinaryOp::Mod);
        if step.picks[2] % 4 == 1 {
            let constant = self.graph.push(Op::Const(c), None);
            return self.map(binary(op, Expr::Arg(0), Expr::Arg(1)), &[a, constant], info);
        }
        let (first, second) = (Expr::Arg(0), Expr::Const(c));
        let e = if left { binary(op, second, first) } else { binary(op, first, second) };
        self.map(e, &[a], info)
    }

    fn choose(&mut self, step: Step) -> NodeId {
        let (c, cond) = self.pick(step.picks[0], |i| matches!(i.kind, Kind::Bool | Kind::Int));
        let (a, x) = self.pick(step.picks[1], |_| true);
        let (b, y) = self.pick(step.picks[2], |i| i.kind.like(x.kind));
        let nullable = cond.nullable || x.nullable || y.nullable;
        let info = Info::new(x.kind.join(y.kind), x.bound.max(y.bound)).nullable(nullable);
        self.map(choose(Expr::Arg(0), Expr::Arg(1), Expr::Arg(2)), &[c, a, b], info)
    }

    /// A dictionary over the tokens, or a list at an integer.
    fn lookup(&mut self, step: Step) -> NodeId {
        let values: Vec<Value> = match step.variant % 4 {
            0 => vec![Value::int(3), Value::None, Value::int(0), Value::int(1)],
            1 => ["b", "a", "a", "c"].map(Value::str).to_vec(),
            2 => [17, -4, 101, 0].map(Value::int).to_vec(),
            _ => [2, 0, 5, 2].map(Value::int).to_vec(),
        };
        let nullable = step.variant.is_multiple_of(4);
        let info = Info::new(
            if step.variant % 4 == 1 { Kind::Text } else { Kind::Int },
            if step.variant % 4 == 2 { 101.0 } else { 5.0 },
        );
        if step.picks[0].is_multiple_of(2) {
            let entries: Vec<(Value, Value)> = self.vocab.iter().cloned().zip(values).collect();
            let e = Expr::Entry(entries.into(), Box::new(Expr::Arg(0)));
            return self.map(e, &[self.sops[TOKENS].0], info.nullable(nullable));
        }
        let (a, x) = self.pick(step.picks[1], |i| i.kind == Kind::Int);
        let index = binary(BinaryOp::Mod, Expr::Arg(0), Expr::Const(Value::int(values.len() as i64)));
        self.map(Expr::Item(values.into(), Box::new(index)), &[a], info.nullable(nullable || x.nullable))
    }

    /// A constant of a kind: often a token.
    fn constant(&self, kind: Kind, p: u8) -> Value {
        let tokens: Vec<&Value> =
            self.vocab.iter().filter(|v| Kind::of(std::slice::from_ref(*v)).join(kind) == kind).collect();
        match (tokens.get(usize::from(p) % 8), kind) {
            (Some(v), _) => (*v).clone(),
            (None, Kind::Text) => Value::str(["", "a", "b"][usize::from(p) % 3]),
            (None, Kind::Bool) => Value::Bool(p.is_multiple_of(2)),
            (None, Kind::Number) if p.is_multiple_of(4) => Value::float(0.5).unwrap(),
            (None, _) => Value::int(i64::from(p % 5) - 1),
        }
    }
}

/// An index into a list of `len`, its end at 0, with the end likelier than the beginning.
fn recent(len: usize, p: u8) -> usize {
    let p = usize::from(p);
    (len.max(1) - 1).saturating_sub(len * p * p / 65_536)
}

fn binary(op: BinaryOp, a: Expr, b: Expr) -> Expr {
    Expr::Binary(op, Box::new(a), Box::new(b))
}

fn choose(cond: Expr, then: Expr, otherwise: Expr) -> Expr {
    Expr::If { cond: Box::new(cond), then: Box::new(then), otherwise: Box::new(otherwise) }
}

/// The kind of a sum: booleans are integers in arithmetic.
fn arithmetic_kind(kind: Kind) -> Kind {
    if kind == Kind::Bool { Kind::Int } else { kind }
}

/// Whether an operator has results for operands of a kind.
fn accepts(op: BinaryOp, kind: Kind) -> bool {
    match op {
        BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod | BinaryOp::Pow => kind.numeric(),
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::And | BinaryOp::Or => true,
        _ => kind != Kind::Mixed,
    }
}

/// What is known of `x op y`.
fn result(op: BinaryOp, x: Info, y: Info) -> Info {
    let number = arithmetic_kind(x.kind).join(arithmetic_kind(y.kind));
    let info = match op {
        BinaryOp::Add | BinaryOp::Sub => Info::new(number, x.bound + y.bound),
        BinaryOp::Mul => Info::new(number, x.bound * y.bound),
        BinaryOp::Div | BinaryOp::Pow => Info::new(Kind::Number, x.bound),
        BinaryOp::Mod => Info::new(number, y.bound),
        _ => Info::new(Kind::Bool, 1.0),
    };
    info.nullable(x.nullable || y.nullable)
}
