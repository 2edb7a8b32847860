//! Reading values out of the residual stream.
//!
//! The rules are those of a stock runtime: one-hots by argmax (the first of equals), numbers as they stand, in f32.

use crate::forward::Run;
use crate::matrix::{Matrix, SparseMatrix};
use crate::model::{Decode, LinearForm, Model, Readout};
use crate::token::Token;

/// The value of a linear form on a row of the residual stream, summed in ascending order.
pub fn evaluate(form: &LinearForm, row: &[f32]) -> f32 {
    form.iter().fold(0.0, |sum, &(direction, weight)| sum + weight * row[direction as usize])
}

impl Decode {
    /// The value at a position, from its row `[d_model]` of the residual stream.
    ///
    /// A one-hot is the class with the largest component (the first of equals), none where no component exceeds 1/2.
    /// A number is none where it is not defined, else the nearest of its listed values (the lesser of two as near), else a float.
    pub fn read(&self, row: &[f32]) -> Token {
        match self {
            Self::Categorical { classes } => {
                let components: Vec<f32> = classes.iter().map(|(_, form)| evaluate(form, row)).collect();
                match largest(&components) {
                    Some(i) if components[i] > 0.5 => classes[i].0.clone(),
                    _ => Token::None,
                }
            }
            Self::Numerical { value, defined, values, .. } => {
                if defined.as_ref().is_some_and(|form| evaluate(form, row) <= 0.5) {
                    return Token::None;
                }
                let value = f64::from(evaluate(value, row));
                match values.as_deref() {
                    Some(values) => nearest(values, value),
                    None => Token::Float(value),
                }
            }
        }
    }

    /// The forms that are read: one for each class, or the value and, where it can be none, whether it is defined.
    pub fn forms(&self) -> Vec<&LinearForm> {
        match self {
            Self::Categorical { classes } => classes.iter().map(|(_, form)| form).collect(),
            Self::Numerical { value, defined, .. } => std::iter::once(value).chain(defined).collect(),
        }
    }
}

/// The index of the largest number, the first of equals.
fn largest(values: &[f32]) -> Option<usize> {
    let better = |best: Option<usize>, i: usize| match best {
        Some(b) if values[i] <= values[b] => Some(b),
        _ => Some(i),
    };
    (0..values.len()).fold(None, better)
}

fn nearest(values: &[Token], value: f64) -> Token {
    let distance = |token: &Token| token.number().map_or(f64::INFINITY, |v| (v - value).abs());
    let closer = |best: Option<(f64, usize)>, i: usize| {
        let d = distance(&values[i]);
        if best.is_none_or(|(b, _)| d < b) { Some((d, i)) } else { best }
    };
    (0..values.len()).fold(None, closer).map_or(Token::None, |(_, i)| values[i].clone())
}

impl Model {
    /// The read-out of the output.
    pub fn output_readout(&self) -> &Readout {
        &self.readouts[self.output]
    }

    /// The logits of a row `[d_model]` of the last residual: `row W_U`, one for each form of the output.
    pub fn logits(&self, row: &[f32]) -> Vec<f32> {
        self.output_readout().decode.forms().into_iter().map(|form| evaluate(form, row)).collect()
    }

    /// `W_U` `[d_model, d_vocab_out]`: a column for each form of the output. A number has one column, or two where it can
    /// be none (value, defined).
    pub fn unembed(&self) -> SparseMatrix {
        let forms = self.output_readout().decode.forms();
        let column = |(c, form): (u32, &&LinearForm)| form.iter().map(|&(d, w)| (d, c, w)).collect::<Vec<_>>();
        let entries = (0..).zip(&forms).flat_map(column).collect();
        SparseMatrix::from_entries(self.config.d_model, forms.len(), entries)
    }

    /// The token of each column of `W_U`; none at all where the output is a number.
    pub fn output_tokens(&self) -> Vec<Token> {
        match &self.output_readout().decode {
            Decode::Categorical { classes } => classes.iter().map(|(token, _)| token.clone()).collect(),
            Decode::Numerical { .. } => Vec::new(),
        }
    }

    /// The output at each position after BOS, without it; where the input is PAD, the pad token as a string.
    pub fn decode_output(&self, run: &Run) -> Vec<Token> {
        self.decode_rows(&self.output_readout().decode, run, &run.last)
    }

    /// A node's value at each position after BOS, read after its own half-layer; where the input is PAD, the pad token.
    /// Nothing where the run did not keep that residual.
    pub fn decode_node(&self, readout: &Readout, run: &Run) -> Option<Vec<Token>> {
        let at_end = readout.after == 2 * self.layers.len();
        let residual = run.residuals.get(readout.after).or(at_end.then_some(&run.last))?;
        Some(self.decode_rows(&readout.decode, run, residual))
    }

    fn decode_rows(&self, decode: &Decode, run: &Run, residual: &Matrix) -> Vec<Token> {
        let read = |position: usize| {
            if run.ids[position] == self.pad_id() {
                return Token::Str(self.config.pad.clone());
            }
            decode.read(residual.row(position))
        };
        (1..run.n).map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forward::Keep;
    use crate::samples;

    fn int(i: i32) -> Token {
        Token::Int(i.to_string())
    }

    #[test]
    fn a_one_hot_is_its_largest_component_above_a_half() {
        let decode = Decode::Categorical {
            classes: vec![(int(7), vec![(0, 1.0)]), (int(8), vec![(1, 1.0), (2, 1.0)]), (Token::None, vec![(3, 1.0)])],
        };
        assert_eq!(decode.read(&[1.0, 0.0, 0.0, 0.0]), int(7));
        assert_eq!(decode.read(&[0.6, 0.3, 0.3, 0.0]), int(7), "the first of equals");
        assert_eq!(decode.read(&[0.6, 0.4, 0.3, 0.0]), int(8));
        assert_eq!(decode.read(&[0.5, 0.25, 0.25, 0.0]), Token::None, "a half does not exceed a half");
        assert_eq!(decode.read(&[0.6, 0.0, 0.0, 1.0]), Token::None, "the class none wins");
        assert_eq!(Decode::Categorical { classes: Vec::new() }.read(&[]), Token::None);
    }

    #[test]
    fn a_number_is_its_form_or_the_nearest_of_its_values() {
        let number =
            |defined, values| Decode::Numerical { value: vec![(0, 2.0), (1, -1.0)], defined, bound: 0.0, values };
        assert_eq!(number(None, None).read(&[0.75, 1.0, 0.0]), Token::Float(0.5));
        assert_eq!(number(None, None).read(&[-0.0, 0.0, 0.0]), Token::Float(0.0));
        let values = Some(vec![Token::Bool(false), Token::Float(0.5), int(3)]);
        assert_eq!(number(None, values.clone()).read(&[0.25, 0.0, 0.0]), Token::Float(0.5));
        assert_eq!(
            number(None, values.clone()).read(&[0.125, 0.0, 0.0]),
            Token::Bool(false),
            "the lesser of two as near"
        );
        assert_eq!(number(None, values.clone()).read(&[99.0, 0.0, 0.0]), int(3));
        let defined = Some(vec![(2, 1.0)]);
        assert_eq!(number(defined.clone(), values.clone()).read(&[1.0, 0.0, 0.5]), Token::None);
        assert_eq!(number(defined, values).read(&[1.5, 0.0, 1.0]), int(3));
    }

    proptest! {
        #[test]
        fn logits_are_the_row_times_w_u(seed: u64, input: u64) {
            let model = samples::random(seed);
            let Ok(run) = model.run(&samples::random_ids(&model, input), Keep::default()) else {
                return Err(TestCaseError::reject("a number left f32"));
            };
            let w_u = model.unembed().to_dense();
            for position in 0..run.n {
                let row = run.last.row(position);
                let column = |c: usize| (0..w_u.rows).fold(0.0, |sum, i| sum + w_u.row(i)[c] * row[i]);
                prop_assert_eq!(model.logits(row), (0..w_u.cols).map(column).collect::<Vec<f32>>());
            }
            // Where the model writes a direction for none, as for an output, argmax is all a runtime needs.
            let tokens = model.output_tokens();
            prop_assert!(tokens.is_empty() || tokens.len() == w_u.cols);
            for (position, token) in (1..).zip(model.decode_output(&run)) {
                let logits = model.logits(run.last.row(position));
                let best = largest(&logits).filter(|&i| logits[i] > 0.5);
                prop_assert!(tokens.is_empty() || token == best.map_or(Token::None, |i| tokens[i].clone()));
            }
        }
    }
}
