//! Weights changed at random: whatever is certified all the same is right all the same.
//!
//! `RASPC_CASES` sets how many changes are tried (default 1500).

use raspc::certify::{Parts, analyse};
use raspc::compile::{Compilation, compile};
use raspc::options::{OptLevel, Options};
use raspc::verify::{Plan, verify};
use raspc_lang::graph::Mask;
use raspc_lang::value::Value;
use raspc_model::matrix::SparseMatrix;
use raspc_model::model::Model;

use crate::draw::Draw;
use crate::measured;
use crate::programs::{balance, copies, hist, ints, letters, reverse, shifts, sort};

impl Draw {
    /// A weight that was `x` before.
    fn weight(&mut self, x: f32) -> f32 {
        let factors = [0.0, -1.0, 0.5, 2.0, 1.5, 1.0 + 1.0 / 64.0, 1.0 - 1.0 / 4096.0, 1.0 + 1.0 / 1_048_576.0, 0.99];
        match self.below(12) {
            i @ 0..9 => x * factors[i],
            9 => x + 1.0,
            10 => x - 1.0,
            _ => f32::from_bits(x.to_bits().wrapping_add(1)),
        }
    }

    /// One entry changed, or (now and then) one added.
    fn matrix(&mut self, m: &mut SparseMatrix) {
        let mut entries: Vec<(u32, u32, f32)> = m.entries().collect();
        if entries.is_empty() || self.below(8) == 0 {
            let at = (self.below(m.rows()) as u32, self.below(m.cols().max(1)) as u32);
            let x = [1.0, -1.0, 0.25, 256.0, 1e-3][self.below(5)];
            if m.cols() == 0 || m.get(at.0 as usize, at.1 as usize) != 0.0 {
                return;
            }
            entries.push((at.0, at.1, x));
        } else {
            let at = self.below(entries.len());
            entries[at].2 = self.weight(entries[at].2);
        }
        *m = SparseMatrix::from_entries(m.rows(), m.cols(), entries);
    }

    /// One weight of the model changed.
    fn model(&mut self, model: &mut Model) {
        if self.below(6) == 0 {
            return if self.below(2) == 0 { self.matrix(&mut model.w_e) } else { self.matrix(&mut model.w_pos) };
        }
        let l = self.below(model.layers.len());
        let layer = &mut model.layers[l];
        match self.below(3) {
            0 => {
                let h = self.below(layer.heads.len());
                let head = &mut layer.heads[h];
                match self.below(5) {
                    0 => self.matrix(&mut head.w_q),
                    1 => self.matrix(&mut head.w_k),
                    2 => self.matrix(&mut head.w_v),
                    3 => self.matrix(&mut head.w_o),
                    _ if head.b_k.is_empty() => {}
                    _ => {
                        let i = self.below(head.b_k.len());
                        head.b_k[i].1 = self.weight(head.b_k[i].1);
                        head.b_k.retain(|b| b.1 != 0.0);
                    }
                }
            }
            1 => self.matrix(&mut layer.w_in),
            _ if layer.b_in.is_empty() || self.below(3) > 0 => self.matrix(&mut layer.w_out),
            _ => {
                let i = self.below(layer.b_in.len());
                layer.b_in[i] = self.weight(layer.b_in[i]);
            }
        }
    }
}

fn subjects() -> Vec<Compilation> {
    let all = [
        (hist(Mask::Full), letters(2), 4),
        (hist(Mask::Causal), letters(3), 3),
        (reverse(), letters(2), 4),
        (sort(true), ints(2), 4),
        (sort(false), ints(3), 3),
        (shifts(Mask::Full, Value::str("a")), letters(3), 3),
        (shifts(Mask::Causal, Value::str("z")), letters(2), 4),
        (balance(Mask::Causal), letters(2), 4),
        (copies(), ints(2), 4),
    ];
    let both = |(made, vocab, n): &(crate::programs::Made, Vec<Value>, usize)| {
        [OptLevel::O0, OptLevel::O1].map(|opt| {
            let mut options = Options::new(vocab.clone(), *n);
            options.opt = opt;
            compile(&made.0, made.1, &options).unwrap_or_else(|e| panic!("{e:#?}"))
        })
    };
    all.iter().flat_map(both).collect()
}

#[test]
fn what_is_certified_is_right() {
    let subjects = subjects();
    let cases = std::env::var("RASPC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1500);
    let mut draw = Draw(7);
    let (mut refused, mut harmful, mut certified) = (0, 0, 0);
    for case in 0..cases {
        let whole = &subjects[case % subjects.len()];
        let mut model = whole.model.clone();
        draw.model(&mut model);
        if model == whole.model || model.check().is_err() {
            continue;
        }
        let analysis = analyse(&Parts { model: &model, ..whole.parts() });
        let mut changed = whole_with(whole, model);
        if let Ok(certificate) = &analysis.certificate {
            raspc::compile::state_bounds(certificate, &mut changed.readings, &mut changed.model);
        }
        let report = verify(&changed, Plan { inputs: 200, seed: 1 }, &mut |_, _| {});
        assert!(report.exhaustive);
        let wrong = report.mismatches > 0;
        harmful += usize::from(wrong);
        match &analysis.certificate {
            Ok(certificate) => {
                certified += 1;
                assert!(!wrong, "case {case}: certified and wrong: {:#?}\n{certificate}", report.first);
            }
            Err(_) => refused += 1,
        }
        // Certified or not, nothing leaves its domain.
        for ids in [&[0, 1][..], &[1, 0, 0], &[1, 1, 1], &[0]] {
            measured::check(&changed, &analysis, ids).unwrap_or_else(|e| panic!("case {case}: {e}"));
        }
    }
    println!("{certified} changes certified, {refused} refused, {harmful} harmful");
    assert!(harmful * 4 > refused, "most refusals are for a reason: {harmful} of {refused}");
    assert!(harmful > cases / 8 && certified > cases / 20);
}

fn whole_with(c: &Compilation, model: Model) -> Compilation {
    let mut options = c.options.clone();
    options.uncertified = true;
    let mut again = compile(&c.graph, c.output, &options).expect("it compiled before");
    again.model = model;
    again
}
