//! Nodes that the embedding fills, and views: linear functions of what is there already. No block is made here.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::{NodeId, Op};
use raspc_lang::value::Value;

use super::repr::{NumberForm, OneHotForms, U, grid_of, measure};
use super::{Lowering, Result, complement};
use crate::circuit::{Embedding, Form, Range};
use crate::encode::codes;

impl Lowering<'_> {
    pub(super) fn constant_onehot(&self, id: NodeId) -> OneHotForms {
        let value = self.constant(id);
        let one = Form::constant(1.0);
        if value.is_none() {
            OneHotForms { classes: Vec::new(), none: Some(one) }
        } else {
            OneHotForms { classes: vec![(value, one)], none: None }
        }
    }

    pub(super) fn constant_number(&self, id: NodeId) -> NumberForm {
        let x = self.constant(id).as_f64().unwrap_or(0.0);
        NumberForm { value: Form::constant(x), defined: None, error: x.abs() * U }
    }

    /// The one value of a node without sources.
    fn constant(&self, id: NodeId) -> Value {
        if let Op::Const(v) = self.graph.op(id) {
            return v.clone();
        }
        self.values.enumerate(id).ok().and_then(|v| v.first().cloned()).unwrap_or(Value::None)
    }

    /// Which ids or positions of `source` give each value of the node.
    fn sources(&self, id: NodeId, source: NodeId) -> Result<Vec<(u32, Value)>> {
        let index = |v: &Value| match self.graph.op(source) {
            Op::Tokens => self.ids[v],
            _ => v.as_int().and_then(|i| i.to_i64()).expect("an index") as u32,
        };
        let mut all: Vec<(u32, Value)> = if id == source {
            self.values.enumerate(id).expect("a source is listed").iter().map(|v| (index(v), v.clone())).collect()
        } else {
            self.joint(&[source, id])?.iter().map(|t| (index(&t[0]), t[1].clone())).collect()
        };
        all.sort_by_key(|s| s.0);
        Ok(all)
    }

    fn place(&self, source: NodeId, entries: Vec<(u32, f64)>) -> Embedding {
        match self.graph.op(source) {
            Op::Tokens => Embedding { tokens: entries, ..Embedding::default() },
            _ => Embedding { positions: entries, ..Embedding::default() },
        }
    }

    pub(super) fn embedded_onehot(&mut self, id: NodeId, source: NodeId) -> OneHotForms {
        let mut sources = self.sources(id, source).unwrap_or_default();
        // Stable: those of one value stay in the order of their ids.
        sources.sort_by(|a, b| a.1.cmp(&b.1));
        // A none of the embedding gets a direction too: it is filled like any value.
        let mut forms = OneHotForms { classes: Vec::new(), none: None };
        for alike in sources.chunk_by(|a, b| a.1 == b.1) {
            let value = alike[0].1.clone();
            let entries = alike.iter().map(|s| (s.0, 1.0)).collect();
            let dir = self.class_direction(id, &value, 0.0);
            self.circuit.directions[dir.index()].embedding = self.place(source, entries);
            if value.is_none() {
                forms.none = Some(Form::of(dir));
            } else {
                forms.classes.push((value, Form::of(dir)));
            }
        }
        forms
    }

    pub(super) fn embedded_number(&mut self, id: NodeId, source: NodeId) -> Result<NumberForm> {
        let sources = self.sources(id, source)?;
        let numbers: Vec<(u32, f64)> = sources.iter().filter_map(|s| s.1.as_f64().map(|x| (s.0, x))).collect();
        let range = self.listed_range(id, numbers.iter().map(|n| n.1))?;
        let dir = self.direction(self.label(id), id, range);
        self.circuit.directions[dir.index()].embedding = self.place(source, numbers);
        let defined = sources.iter().any(|s| s.1.is_none()).then(|| {
            let dir = self.direction(format!("{}:defined", self.label(id)), id, super::BIT);
            let entries = sources.iter().filter(|s| !s.1.is_none()).map(|s| (s.0, 1.0)).collect();
            self.circuit.directions[dir.index()].embedding = self.place(source, entries);
            Form::of(dir)
        });
        Ok(NumberForm { value: Form::of(dir), defined, error: range.error })
    }

    /// The range of a direction that holds exactly these numbers, rounded to f32.
    pub(super) fn listed_range(&self, id: NodeId, numbers: impl Iterator<Item = f64>) -> Result<Range> {
        let mut range = Range { lo: 0.0, hi: 0.0, grid: Some(f64::MAX), error: 0.0 };
        for x in numbers {
            let stored = f64::from(x as f32);
            if !stored.is_finite() {
                return Err(self.too_large(id, x));
            }
            range.lo = range.lo.min(stored);
            range.hi = range.hi.max(stored);
            range.grid = range.grid.map(|g| g.min(grid_of(stored)));
            range.error = range.error.max((stored - x).abs());
        }
        range.grid = range.grid.filter(|_| range.error == 0.0);
        Ok(range)
    }

    pub(super) fn too_large(&self, id: NodeId, x: f64) -> Box<Diagnostic> {
        let message = format!("`{}` can hold {x:e}, which 32-bit floats cannot", self.label(id));
        Box::new(Diagnostic::error(codes::RANGE, message).hint("scale the numbers down, or use strings"))
    }

    /// Classes that are sums of classes of `base`.
    pub(super) fn view(&mut self, id: NodeId, base: NodeId, none_class: bool) -> Result<OneHotForms> {
        let joint = self.joint(&[base, id])?;
        let base = self.onehot_of(base);
        let form_of = |v: &Value| match base.classes.binary_search_by(|c| c.0.cmp(v)) {
            Ok(at) => Some(&base.classes[at].1),
            Err(_) => None,
        };
        let mut classes: Vec<(Value, Vec<&Form>)> = Vec::new();
        let mut nones: Vec<&Form> = Vec::new();
        let mut tuples: Vec<(&Value, &Value)> = joint.iter().map(|t| (&t[1], &t[0])).collect();
        tuples.sort();
        for (value, from) in tuples {
            let form = if from.is_none() { base.none.as_ref() } else { form_of(from) };
            let Some(form) = form else { continue };
            if value.is_none() {
                nones.push(form);
            } else if let Some(last) = classes.last_mut().filter(|c| c.0 == *value) {
                last.1.push(form);
            } else {
                classes.push((value.clone(), vec![form]));
            }
        }
        let total = |forms: &[&Form]| Form::sum(forms.iter().map(|f| (*f, 1.0)));
        let classes: Vec<(Value, Form)> = classes.into_iter().map(|(v, f)| (v, total(&f))).collect();
        let none = match (self.values.can_be_none(id), none_class) {
            (false, _) => None,
            (true, true) => Some(total(&nones)),
            (true, false) => Some(complement(&classes)),
        };
        Ok(OneHotForms { classes, none })
    }

    /// The one-hot of a number that is 0 or 1.
    pub(super) fn bit(&self, id: NodeId) -> OneHotForms {
        let one = self.number_of(id).value.clone();
        let listed = self.values.enumerate(id).expect("a bit is listed");
        let form = |v: &Value| if *v == Value::int(0) { one.complement() } else { one.clone() };
        OneHotForms { classes: listed.iter().map(|v| (v.clone(), form(v))).collect(), none: None }
    }

    /// Σ value · class of the one-hot of `base`.
    pub(super) fn view_number(&mut self, id: NodeId, base: NodeId) -> Result<NumberForm> {
        let forms = if base == id { self.onehot_of(id).clone() } else { self.view(id, base, false)? };
        Ok(self.number_from(id, &forms))
    }

    pub(super) fn number_from(&self, id: NodeId, forms: &OneHotForms) -> NumberForm {
        let number = |v: &Value| v.as_f64().unwrap_or_else(|| panic!("{} of {} is no number", v, self.label(id)));
        let terms = forms.classes.iter().map(|(v, f)| (f, number(v)));
        let value = Form::sum(terms);
        let defined = forms.none.as_ref().map(|_| Form::sum(forms.classes.iter().map(|c| (&c.1, 1.0))));
        let worst = forms.classes.iter().filter_map(|c| c.0.as_f64()).map(|x| (f64::from(x as f32) - x).abs());
        // One class is 1 and the others exactly 0, so the sum is one rounded weight.
        let error = if measure(&self.circuit, &value).grid.is_some() { 0.0 } else { worst.fold(0.0, f64::max) };
        debug_assert!(self.values.can_be_none(id) || defined.is_none());
        NumberForm { value, defined, error }
    }
}
