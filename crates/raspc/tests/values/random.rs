//! Random graphs: everything that is inferred is checked on all inputs.

use std::sync::Arc;

use indexmap::IndexMap;
use raspc::options::Options;
use raspc::values::infer;
use raspc_lang::error::EvalError;
use raspc_lang::function::{Body, Expr, Function, HostFunction};
use raspc_lang::graph::{Comparison, Graph, Kind, Mask, NodeId, Op, Predicate};
use raspc_lang::interpret::{Column, interpret};
use raspc_lang::ops::{BinaryOp, UnaryOp};
use raspc_lang::value::Value;

use crate::build::{Build, inputs};
use crate::check::check_values;

/// A small generator of pseudo-random numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..4).for_each(|_| _ = random.next());
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// Later items are more likely.
    fn late<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len()).max(self.below(items.len()))].clone()
    }
}

/// A host function that tells types apart and raises now and then.
#[derive(Debug)]
struct Odd;

impl HostFunction for Odd {
    fn call(&self, args: &[Value]) -> Result<Value, EvalError> {
        match args {
            [Value::Bool(b), ..] => Ok(Value::str(if *b { "yes" } else { "no" })),
            [Value::None, ..] => Ok(Value::int(-1)),
            [Value::Float(x), ..] if x.get() == 0.5 => Err(EvalError::new("one half")),
            [a, .., b] => Ok(Value::Bool(a == b)),
            [a] => Ok(a.clone()),
            [] => unreachable!("a function has arguments"),
        }
    }

    fn name(&self) -> String {
        "odd".to_owned()
    }
}

fn vocabulary(random: &mut Random) -> Vec<Value> {
    let float = |x: f64| Value::float(x).unwrap();
    let vocabularies = [
        vec![Value::int(0), Value::int(1)],
        vec![Value::int(0), Value::int(1), Value::int(2)],
        vec![Value::int(-1), Value::int(3)],
        vec![Value::str("a"), Value::str("b")],
        vec![Value::str("a"), Value::str("b"), Value::str("c")],
        vec![Value::Bool(false), Value::Bool(true)],
        vec![float(0.1), float(0.25), Value::int(1)],
        vec![Value::str("a"), Value::int(1)],
        vec![Value::int(2)],
    ];
    random.one_of(&vocabularies)
}

fn expression(random: &mut Random, arity: usize, depth: usize) -> Expr {
    let leaf = depth == 0 || random.below(4) == 0;
    if leaf {
        return match random.below(4) {
            0 => Expr::Const(random.one_of(&[Value::int(0), Value::int(1), Value::int(2), Value::Bool(true)])),
            _ => Expr::Arg(random.below(arity)),
        };
    }
    let mut inner = || Box::new(expression(random, arity, depth - 1));
    let (a, b, c) = (inner(), inner(), inner());
    match random.below(10) {
        0..=4 => {
            use BinaryOp::{Add, And, Div, Eq, Lt, Mod, Mul, Ne, Or, Sub};
            Expr::Binary(random.one_of(&[Add, Add, Sub, Sub, Mul, Eq, Ne, Lt, And, Or, Mod, Div]), a, b)
        }
        5..=6 => {
            use UnaryOp::{Indicator, Neg, Not, Round, ToFloat, ToStr};
            Expr::Unary(random.one_of(&[Not, Neg, Round, Indicator, ToFloat, ToStr]), a)
        }
        7 => Expr::In(a, Arc::from([Value::int(1), Value::str("a")])),
        8 => Expr::Item(Arc::from([Value::int(5), Value::int(4), Value::int(5)]), a),
        _ => Expr::If { cond: a, then: b, otherwise: c },
    }
}

fn function(random: &mut Random, arity: usize, host: &Arc<dyn HostFunction>) -> Function {
    match random.below(12) {
        0 => Function { arity, body: Body::Host(host.clone()) },
        1 if arity == 1 => {
            let entries = [(0, 1), (1, 0), (2, 2), (3, 0), (4, 1)];
            let entry = |(k, v): (i64, i64)| (vec![Value::int(k)], Ok(Value::int(v)));
            Function { arity, body: Body::Table(Arc::new(entries.into_iter().map(entry).collect::<IndexMap<_, _>>())) }
        }
        2..=4 if arity == 2 => {
            use BinaryOp::{Add, And, Eq, Mul, Or, Sub};
            Function::binary(random.one_of(&[Add, Sub, Mul, Eq, And, Or]))
        }
        _ => {
            let depth = 1 + random.below(2);
            Function::expr(arity, expression(random, arity, depth))
        }
    }
}

/// A random graph and its last s-op.
fn graph(random: &mut Random) -> (Graph, NodeId) {
    let mut b = Build::new(random.one_of(&[Mask::Full, Mask::Full, Mask::Causal]));
    let host: Arc<dyn HostFunction> = Arc::new(Odd);
    let mut sops = vec![b.indices(), b.tokens(), b.length()];
    sops.push(b.tokens());
    let mut selectors = vec![b.select(sops[0], sops[0], Comparison::Le), b.select(sops[1], sops[1], Comparison::Eq)];
    for _ in 0..4 + random.below(9) {
        let id = node(random, &mut b, &sops, &selectors, &host);
        if b.graph.op(id).kind() == Kind::SOp { sops.push(id) } else { selectors.push(id) }
    }
    (b.graph, *sops.last().expect("there are sources"))
}

fn node(
    random: &mut Random,
    b: &mut Build,
    sops: &[NodeId],
    selectors: &[NodeId],
    host: &Arc<dyn HostFunction>,
) -> NodeId {
    match random.below(16) {
        0..=4 => {
            let arity = 1 + random.below(2) + random.below(2) * random.below(2);
            let args: Vec<NodeId> = (0..arity).map(|_| random.late(sops)).collect();
            let function = function(random, arity, host);
            b.map(function, &args)
        }
        5..=8 => {
            let keys = random.late(sops);
            let queries = if random.below(2) == 0 { keys } else { random.late(sops) };
            let predicate = match random.below(6) {
                0 => Predicate::Function(function(random, 2, host)),
                1..=2 => Predicate::Compare(Comparison::Eq),
                _ => Predicate::Compare(random.one_of(&Comparison::ALL)),
            };
            b.push(Op::Select { keys, queries, predicate })
        }
        9 => b.push(Op::And(random.late(selectors), random.late(selectors))),
        10 => b.push(Op::Or(random.late(selectors), random.late(selectors))),
        11 => b.push(Op::Not(random.late(selectors))),
        12..=13 => b.push(Op::SelectorWidth(random.late(selectors))),
        _ => {
            let default = random.one_of(&[Value::None, Value::int(0), Value::str("a")]);
            b.push(Op::Aggregate { selector: random.late(selectors), values: random.late(sops), default })
        }
    }
}

/// Whether some node that the output depends on raises on some input.
fn raises(graph: &Graph, output: NodeId, options: &Options) -> bool {
    inputs(options).iter().any(|input| matches!(interpret(graph, input).column(output), Column::Raised(_)))
}

/// Shows the graph of a failed check.
struct Shown<'a>(u64, &'a Graph, &'a Options);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}: {:?}, length {}, vocabulary {:?}", self.0, self.1.mask, self.2.max_len, self.2.vocab);
            self.1.iter().for_each(|(id, node)| eprintln!("{id} = {:?}", node.op));
        }
    }
}

fn check_seed(seed: u64) -> bool {
    let mut random = Random::new(seed);
    let (graph, output) = graph(&mut random);
    let vocab = vocabulary(&mut random);
    let max_len = if vocab.len() > 2 { 1 + random.below(3) } else { 1 + random.below(4) };
    let mut options = Options::new(vocab, max_len);
    // What is not affordable must not become wrong.
    options.limits.enumerate = random.one_of(&[options.limits.enumerate, options.limits.enumerate, 6, 30, 200]);
    let _shown = Shown(seed, &graph, &options);
    match infer(&graph, output, &options) {
        Err(errors) => {
            assert!(!errors.is_empty() && raises(&graph, output, &options), "seed {seed}: {errors:?}");
            false
        }
        Ok(values) => {
            if values.assumptions().is_empty() {
                assert!(!raises(&graph, output, &options), "seed {seed} raises, and that is not assumed away");
            }
            check_values(&graph, output, &options, &values);
            true
        }
    }
}

#[test]
fn observed_is_inferred() {
    let accepted = (0..2500).filter(|&seed| check_seed(seed)).count();
    assert!(accepted > 1000, "only {accepted} graphs were accepted");
}
