//! Verify: the interpreter, the circuit and the model compared at every readable node and position.
//!
//! A one-hot agrees when it decodes to the interpreter's value, none included. A number agrees when it lies within its
//! own bound, which the compiler states; where its values are listed, the nearest must be the interpreter's too.

use raspc_lang::graph::NodeId;
use raspc_lang::interpret::{Column, Trace, interpret};
use raspc_lang::value::Value;
use raspc_model::forward::{Keep, Run};

use crate::assemble::readout::{Reading, Way};
use crate::circuit::Form;
use crate::circuit::run::{Stream, read, run};
use crate::compile::Compilation;
use crate::observe::agree;

/// How inputs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All inputs are checked when there are at most this many; else this many are sampled.
    pub inputs: u64,
    /// Seed of the samples.
    pub seed: u64,
}

/// What verify found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many inputs were checked.
    pub checked: u64,
    /// Whether these were all inputs of the domain.
    pub exhaustive: bool,
    /// On how many inputs something disagreed.
    pub mismatches: u64,
    /// On how many inputs the program has no defined output.
    pub raised: u64,
    /// The first disagreement.
    pub first: Option<Mismatch>,
    /// On how many inputs on which all agrees a number of the model is within its bound and no closer
    /// ([`agree::plainly_differ`]).
    pub roughly: u64,
    /// The first of these numbers.
    pub first_roughly: Option<Mismatch>,
}

/// A disagreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The input.
    pub input: Vec<Value>,
    /// The level: `circuit` or `model`.
    pub level: &'static str,
    /// The node.
    pub node: NodeId,
    /// The position.
    pub position: usize,
    /// What the interpreter says.
    pub expected: Value,
    /// What the level says.
    pub got: Value,
}

/// Checks a compilation.
pub fn verify(compilation: &Compilation, plan: Plan, progress: &mut dyn FnMut(u64, u64)) -> Report {
    let vocab = compilation.options.vocab.len();
    let (total, exhaustive) = match space(vocab, compilation.options.max_len) {
        Some(all) if all <= plan.inputs => (all, true),
        _ => (plan.inputs, false),
    };
    let mut inputs = if exhaustive {
        Inputs::all(vocab, compilation.options.max_len)
    } else {
        Inputs::sampled(vocab, compilation.options.max_len, plan.seed)
    };
    let mut report =
        Report { checked: 0, exhaustive, mismatches: 0, raised: 0, first: None, roughly: 0, first_roughly: None };
    while report.checked < total {
        let ids = inputs.next();
        let (outcome, rough) = closely(compilation, &ids);
        report.checked += 1;
        match outcome {
            Outcome::Agrees => {
                report.roughly += u64::from(rough.is_some());
                report.first_roughly = report.first_roughly.or(rough);
            }
            Outcome::Raised => report.raised += 1,
            Outcome::Differs(mismatch) => {
                report.mismatches += 1;
                report.first.get_or_insert(mismatch);
            }
        }
        progress(report.checked, total);
    }
    report
}

/// What one input showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All levels agree at every node and position.
    Agrees,
    /// The program has no defined output here.
    Raised,
    /// The first disagreement, circuit before model, nodes in order.
    Differs(Mismatch),
}

/// Checks one input, given as vocabulary ids.
pub fn check(compilation: &Compilation, ids: &[u32]) -> Outcome {
    closely(compilation, ids).0
}

/// Checks one input; beside the outcome, the first number of the model that agrees within its bound and no closer.
fn closely(compilation: &Compilation, ids: &[u32]) -> (Outcome, Option<Mismatch>) {
    let input: Vec<Value> = ids.iter().map(|&i| compilation.options.vocab[i as usize].clone()).collect();
    let trace = interpret(&compilation.graph, &input);
    if matches!(trace.column(compilation.output), Column::Raised(_)) {
        return (Outcome::Raised, None);
    }
    let stream = run(&compilation.lowered.circuit, compilation.graph.mask, ids);
    let circuit = compare(compilation, &trace, &Level::Circuit(&stream));
    let mut rough = None;
    let found = circuit.or_else(|| match compilation.model.run(ids, Keep::default()) {
        Ok(ran) => {
            let level = Level::Model(&ran, compilation);
            rough = first(compilation, &trace, &level, Agreement::Roughly);
            compare(compilation, &trace, &level)
        }
        // Weights that somebody changed can leave the range of f32.
        Err(error) => {
            let node = compilation.output;
            let expected = trace.values(node).ok()?.first()?.clone();
            let (got, input) = (Value::str(error.to_string()), Vec::new());
            Some(Mismatch { input, level: "model", node, position: 0, expected, got })
        }
    });
    let on = |found: Mismatch| Mismatch { input: input.clone(), ..found };
    (found.map_or(Outcome::Agrees, |mismatch| Outcome::Differs(on(mismatch))), rough.map(on))
}

/// A level that can be read.
enum Level<'a> {
    Circuit(&'a Stream),
    Model(&'a Run, &'a Compilation),
}

impl Level<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Circuit(_) => "circuit",
            Self::Model(..) => "model",
        }
    }

    /// The value of a form at a token's position.
    fn read(&self, form: &Form, position: usize) -> f64 {
        match self {
            Self::Circuit(stream) => read(form, &stream[position + 1]),
            Self::Model(run, c) => {
                let row = run.last.row(position + 1);
                let sum = form.terms().fold(0.0f32, |sum, (d, w)| {
                    sum + w as f32 * row[c.layout.coordinate[d.index()].expect("laid out") as usize]
                });
                f64::from(sum)
            }
        }
    }
}

/// The first reading at which a run of the model disagrees with the interpreter.
pub(crate) fn compare_model(compilation: &Compilation, trace: &Trace, run: &Run) -> Option<Mismatch> {
    compare(compilation, trace, &Level::Model(run, compilation))
}

fn compare(compilation: &Compilation, trace: &Trace, level: &Level<'_>) -> Option<Mismatch> {
    first(compilation, trace, level, Agreement::Not)
}

/// How what a level holds agrees with what the interpreter says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Yes,
    /// Within a bound too wide to be taken for equal at sight.
    Roughly,
    Not,
}

impl Agreement {
    fn of(agrees: bool) -> Self {
        if agrees { Self::Yes } else { Self::Not }
    }
}

/// The first reading that agrees as asked for.
fn first(compilation: &Compilation, trace: &Trace, level: &Level<'_>, wanted: Agreement) -> Option<Mismatch> {
    for reading in &compilation.readings {
        let Ok(values) = trace.values(reading.node) else { continue };
        for (position, expected) in values.iter().enumerate() {
            let (got, agrees) = observe(reading, level, position, expected);
            if agrees == wanted {
                let (level, node, expected) = (level.name(), reading.node, expected.clone());
                return Some(Mismatch { input: Vec::new(), level, node, position, expected, got });
            }
        }
    }
    None
}

/// What the level holds, and whether that agrees.
fn observe(reading: &Reading, level: &Level<'_>, position: usize, expected: &Value) -> (Value, Agreement) {
    match &reading.way {
        Way::Categorical(classes) => {
            let best = classes.iter().map(|c| (level.read(&c.1, position), &c.0));
            let best = best.fold((0.5, &Value::None), |a, b| if b.0 > a.0 { b } else { a });
            (best.1.clone(), Agreement::of(best.1 == expected))
        }
        Way::Numerical { value, defined, bound, values } => {
            if defined.as_ref().is_some_and(|d| level.read(d, position) <= 0.5) {
                return (Value::None, Agreement::of(expected.is_none()));
            }
            let got = level.read(value, position);
            let shown = Value::float(got).unwrap_or(Value::None);
            let Some(wanted) = expected.as_f64() else { return (shown, Agreement::Not) };
            let slack = 1e-12 * wanted.abs().max(1.0);
            let near = (got - wanted).abs() <= bound + slack;
            let nearest = values.as_ref().is_none_or(|v| {
                let distance = |x: &Value| x.as_f64().map_or(f64::INFINITY, |y| (y - got).abs());
                v.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))) == Some(expected)
            });
            // A listed value is what the number is read as, whatever it is near to.
            let roughly = near && values.is_none() && agree::plainly_differ(expected, &shown);
            let agreement = if roughly { Agreement::Roughly } else { Agreement::of(near && nearest) };
            (shown, agreement)
        }
    }
}

/// How many inputs of length 1 to `longest` there are.
pub fn space(vocab: usize, longest: usize) -> Option<u64> {
    let mut total: u64 = 0;
    let mut power: u64 = 1;
    for _ in 0..longest {
        power = power.checked_mul(vocab as u64)?;
        total = total.checked_add(power)?;
        if total > 1 << 40 {
            return None;
        }
    }
    Some(total)
}

/// Inputs in turn: all, shortest first, or samples.
struct Inputs {
    vocab: usize,
    longest: usize,
    next: Vec<u32>,
    /// State of the generator of samples.
    state: Option<u64>,
}

impl Inputs {
    fn all(vocab: usize, longest: usize) -> Self {
        Self { vocab, longest, next: vec![0], state: None }
    }

    fn sampled(vocab: usize, longest: usize, seed: u64) -> Self {
        Self { vocab, longest, next: Vec::new(), state: Some(seed) }
    }

    fn next(&mut self) -> Vec<u32> {
        match self.state {
            None => {
                let current = self.next.clone();
                self.advance();
                current
            }
            Some(_) => self.sample(),
        }
    }

    fn advance(&mut self) {
        for digit in self.next.iter_mut().rev() {
            *digit += 1;
            if (*digit as usize) < self.vocab {
                return;
            }
            *digit = 0;
        }
        self.next.push(0);
    }

    /// Half of the samples have full length; a quarter draw from few tokens, so that tokens repeat.
    fn sample(&mut self) -> Vec<u32> {
        let n = if self.draw(2) == 0 { self.longest } else { 1 + self.draw(self.longest) };
        let few = if self.draw(4) == 0 { 1 + self.draw(self.vocab.min(4)) } else { self.vocab };
        let start = self.draw(self.vocab);
        (0..n).map(|_| ((start + self.draw(few)) % self.vocab) as u32).collect()
    }

    /// A number below `n` (splitmix64).
    fn draw(&mut self, n: usize) -> usize {
        let state = self.state.as_mut().expect("samples are drawn");
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
