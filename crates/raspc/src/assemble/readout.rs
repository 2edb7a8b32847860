//! Read-outs: how each node of the program is read from the residual stream.

use raspc_lang::graph::{Graph, Kind, NodeId};
use raspc_lang::value::Value;
use raspc_model::model::{Decode, LinearForm, Readout};

use super::Layout;
use crate::circuit::{Circuit, DirId, Form};
use crate::convert;
use crate::encode::plan::Encoded;
use crate::lower::Lowered;
use crate::lower::repr::measure;
use crate::options::{OptLevel, Options};
use crate::schedule::Schedule;
use crate::values::{ValueSet, Values};

/// How a node is read, in directions of the circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The node in the program's graph.
    pub node: NodeId,
    /// Its name, or a description.
    pub name: String,
    /// How.
    pub way: Way,
}

/// How a node is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// A one-hot.
    Categorical(Vec<(Value, Form)>),
    /// A number.
    Numerical {
        /// The number.
        value: Form,
        /// 1 where there is one.
        defined: Option<Form>,
        /// |form − interpreter's value| is at most this.
        bound: f64,
        /// The values, where they are few and further apart than the bound.
        values: Option<Vec<Value>>,
    },
}

/// Longer lists of values are not written into a read-out.
const LISTED: usize = 1 << 12;

/// The readings of every named s-op (at `-O0`: every s-op) that the output depends on; the output's index is second.
pub fn readings(
    program: &Graph,
    output: NodeId,
    encoded: &Encoded,
    lowered: &Lowered,
    values: &Values,
    options: &Options,
) -> (Vec<Reading>, usize) {
    let mut all = Vec::new();
    let mut at = 0;
    for (id, node) in program.iter() {
        let Some(here) = encoded.of[id.index()] else { continue };
        let wanted = id == output || !node.names.is_empty() || options.opt == OptLevel::O0;
        if node.op.kind() != Kind::SOp || !wanted {
            continue;
        }
        let Some(way) = way(here, id == output, lowered, values) else { continue };
        if id == output {
            at = all.len();
        }
        all.push(Reading { node: id, name: program.describe(id), way });
    }
    (all, at)
}

fn way(id: NodeId, output: bool, lowered: &Lowered, values: &Values) -> Option<Way> {
    if let Some(onehot) = &lowered.onehots[id.index()] {
        let mut classes = onehot.classes.clone();
        // Elsewhere none is what exceeds no 1/2; the output's none is a class, so that argmax finds it.
        classes.extend(onehot.none.iter().filter(|_| output).map(|f| (Value::None, f.clone())));
        return Some(Way::Categorical(classes));
    }
    let number = lowered.numbers[id.index()].as_ref()?;
    let bound = number.error.max(measure(&lowered.circuit, &number.value).error);
    let values = match values.set(id) {
        ValueSet::Finite(v) if v.len() <= LISTED => {
            let listed: Vec<Value> = v.iter().filter(|v| !v.is_none()).cloned().collect();
            let numbers: Option<Vec<f64>> = listed.iter().map(Value::as_f64).collect();
            let apart = numbers.is_some_and(|n| n.windows(2).all(|w| w[1] - w[0] > 4.0 * bound));
            (apart && !listed.is_empty()).then_some(listed)
        }
        _ => None,
    };
    Some(Way::Numerical { value: number.value.clone(), defined: number.defined.clone(), bound, values })
}

impl Reading {
    /// The directions it reads.
    pub fn dirs(&self) -> Vec<DirId> {
        match &self.way {
            Way::Categorical(classes) => classes.iter().flat_map(|c| c.1.dirs()).collect(),
            Way::Numerical { value, defined, .. } => value.dirs().chain(defined.iter().flat_map(Form::dirs)).collect(),
        }
    }

    /// The read-out of the model.
    pub fn place(&self, circuit: &Circuit, schedule: &Schedule, layout: &Layout) -> Readout {
        let form = |f: &Form| -> LinearForm {
            f.terms().map(|(d, w)| (layout.coordinate[d.index()].expect("laid out"), w as f32)).collect()
        };
        let written = |d: DirId| circuit.direction(d).writer.map_or(0, |b| schedule.half[b.index()] + 1);
        let after = self.dirs().into_iter().map(written).max().unwrap_or(0);
        let decode = match &self.way {
            Way::Categorical(classes) => {
                Decode::Categorical { classes: classes.iter().map(|(v, f)| (convert::token(v), form(f))).collect() }
            }
            Way::Numerical { value, defined, bound, values } => Decode::Numerical {
                value: form(value),
                defined: defined.as_ref().map(form),
                bound: *bound,
                values: values.as_ref().map(|v| v.iter().map(convert::token).collect()),
            },
        };
        Readout { node: self.node.0, name: self.name.clone(), after, decode }
    }
}
