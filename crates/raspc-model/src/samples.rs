//! Small models for tests: hand-built ones whose results are known, and random ones.

use serde_json::json;

use crate::matrix::SparseMatrix;
use crate::model::{Config, Decode, Head, Layer, LinearForm, Model, Readout};
use crate::order::mix;
use crate::token::Token;

pub(crate) fn int(i: i64) -> Token {
    Token::Int(i.to_string())
}

pub(crate) fn sparse(rows: usize, cols: usize, entries: &[(u32, u32, f32)]) -> SparseMatrix {
    SparseMatrix::from_entries(rows, cols, entries.to_vec())
}

pub(crate) fn empty_head(c: &Config) -> Head {
    let (into, out) = (sparse(c.d_model, c.d_head, &[]), sparse(c.d_head, c.d_model, &[]));
    Head { w_q: into.clone(), w_k: into.clone(), b_k: Vec::new(), w_v: into, w_o: out }
}

/// Layers that do nothing, as many as the config says.
fn idle(c: &Config) -> Vec<Layer> {
    let layer = Layer {
        heads: vec![empty_head(c); c.n_heads],
        w_in: sparse(c.d_model, c.d_mlp, &[]),
        b_in: vec![0.0; c.d_mlp],
        w_out: sparse(c.d_mlp, c.d_model, &[]),
    };
    vec![layer; c.n_layers]
}

fn model(config: Config, vocab: Vec<Token>, embed: &[(u32, u32, f32)], pos: &[(u32, u32, f32)]) -> Model {
    let d = config.d_model;
    Model {
        w_e: sparse(vocab.len() + 2, d, embed),
        w_pos: sparse(config.max_len + 1, d, pos),
        layers: idle(&config),
        labels: (0..d).map(|i| format!("direction:{i}")).collect(),
        readouts: Vec::new(),
        output: 0,
        graph: json!({}),
        circuit: json!([]),
        assumptions: Vec::new(),
        certificate: json!(null),
        vocab,
        config,
    }
}

fn config(d_model: usize, d_head: usize, d_mlp: usize, max_len: usize) -> Config {
    let (bos, pad) = ("compiler_bos".into(), "compiler_pad".into());
    Config { n_layers: 1, n_heads: 2, d_model, d_head, d_mlp, max_len, causal: false, bos, pad }
}

fn readout(name: &str, after: usize, decode: Decode) -> Readout {
    Readout { node: 0, name: name.into(), after, decode }
}

fn number(direction: u32) -> Decode {
    Decode::Numerical { value: vec![(direction, 1.0)], defined: None, bound: 1e-5, values: None }
}

/// The mean of the tokens 0, 1 and 3: uniform attention to all tokens, none to BOS or PAD.
/// Directions: 0 one (at BOS and PAD too), 1 token, 2 value, 3 mean.
pub(crate) fn mean(causal: bool) -> Model {
    let mut config = config(4, 1, 0, 40);
    config.causal = causal;
    let one = (0..5).map(|id| (id, 0, 1.0));
    let token = (0..3).map(|id| (id, 1, 1.0));
    let embed: Vec<_> = one.chain(token).chain([(1, 2, 1.0), (2, 2, 3.0)]).collect();
    let mut model = model(config, vec![int(0), int(1), int(3)], &embed, &[]);
    let head = &mut model.layers[0].heads[0];
    head.w_q = sparse(4, 1, &[(0, 0, 1.0)]);
    head.w_k = sparse(4, 1, &[(1, 0, 256.0)]);
    head.w_v = sparse(4, 1, &[(2, 0, 1.0)]);
    head.w_o = sparse(1, 4, &[(0, 3, 1.0)]);
    model.readouts = vec![readout("mean", 1, number(3))];
    model
}

/// The token to the right, `z` where there is none: a one-hot copy head on positions, selected 256, BOS 128, else 0.
/// Its PAD keys carry −1024, so that they lose to BOS though their position is selected; b_K raises all keys alike.
/// Directions: 0..3 token a, b, c; 3..6 copied; 6 default; 7 BOS; 8 PAD; 9 one; 10.. position.
pub(crate) fn next() -> Model {
    let max_len = 6;
    let (positions, d) = (max_len + 1, 10 + max_len + 1);
    let d_head = positions + 2;
    let tokens = (0..3).map(|id| (id, id, 1.0));
    let one = (0..5).map(|id| (id, 9, 1.0));
    let embed: Vec<_> = tokens.chain(one).chain([(3, 7, 1.0), (4, 8, 1.0)]).collect();
    let pos: Vec<_> = (0..positions as u32).map(|p| (p, 10 + p, 1.0)).collect();
    let vocab = ["a", "b", "c"].map(|t| Token::Str(t.into())).to_vec();
    let mut model = model(config(d, d_head, 0, max_len), vocab, &embed, &pos);
    let (bos, pad) = (positions as u32, positions as u32 + 1);
    let to_next = (0..positions as u32 - 1).map(|p| (10 + p, p + 1, 256.0));
    let head = &mut model.layers[0].heads[1];
    head.w_q = sparse(d, d_head, &to_next.chain([(9, bos, 128.0), (9, pad, 1.0)]).collect::<Vec<_>>());
    let position = (0..positions as u32).map(|p| (10 + p, p, 1.0));
    // BOS stands at position 0, which no query selects.
    head.w_k = sparse(d, d_head, &position.chain([(7, bos, 1.0), (8, pad, -1024.0)]).collect::<Vec<_>>());
    head.b_k = vec![(pad, 512.0)];
    head.w_v = sparse(d, d_head, &[(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (7, 3, 1.0)]);
    head.w_o = sparse(d_head, d, &[(0, 3, 1.0), (1, 4, 1.0), (2, 5, 1.0), (3, 6, 1.0)]);
    let letters = ["a", "b", "c", "z"].map(|t| Token::Str(t.into()));
    let classes = letters.into_iter().zip(3..).map(|(t, direction)| (t, vec![(direction, 1.0)])).collect();
    model.readouts = vec![readout("next", 1, Decode::Categorical { classes })];
    model
}

/// Whether a token of 0..=3 is at least 2: a ramp of two units, `relu(2x - 2) - relu(2x - 3)`; and its complement's one-hot.
/// Directions: 0 value, 1 one, 2 step, 3 not step.
pub(crate) fn step() -> Model {
    let embed: Vec<_> = (0..4).flat_map(|id| [(id, 0, id as f32), (id, 1, 1.0)]).collect();
    let mut model = model(config(4, 1, 3, 5), (0..4).map(int).collect(), &embed, &[]);
    let layer = &mut model.layers[0];
    layer.w_in = sparse(4, 3, &[(0, 0, 2.0), (0, 1, 2.0), (1, 2, 1.0)]);
    layer.b_in = vec![-2.0, -3.0, 0.0];
    layer.w_out = sparse(3, 4, &[(0, 2, 1.0), (1, 2, -1.0), (0, 3, -1.0), (1, 3, 1.0), (2, 3, 1.0)]);
    let classes = vec![(Token::Bool(true), vec![(2, 1.0)]), (Token::Bool(false), vec![(3, 1.0)])];
    model.readouts = vec![readout("step", 2, Decode::Categorical { classes })];
    model
}

/// A stream of numbers from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed, 99))
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = mix(self.0, 1);
        (self.0 % n as u64) as usize
    }

    /// A weight that is not zero: small integers, halves, thirds, and seldom an extreme one.
    fn weight(&mut self) -> f32 {
        let sign = if self.below(2) == 0 { 1.0 } else { -1.0 };
        let size = (1 + self.below(4)) as f32;
        sign * match self.below(20) {
            0..8 => size,
            8..12 => size / 2.0,
            12..19 => size / 3.0,
            _ => 1e-6,
        }
    }

    fn matrix(&mut self, rows: usize, cols: usize) -> SparseMatrix {
        let odds = [2, 3, 10][self.below(3)];
        let mut entries = Vec::new();
        for r in 0..rows as u32 {
            for c in 0..cols as u32 {
                if self.below(odds) == 0 {
                    entries.push((r, c, self.weight()));
                }
            }
        }
        SparseMatrix::from_entries(rows, cols, entries)
    }

    fn head(&mut self, c: &Config) -> Head {
        if self.below(5) == 0 {
            return empty_head(c);
        }
        let mut matrix = |rows, cols| self.matrix(rows, cols);
        let (w_q, w_k, w_v) = (matrix(c.d_model, c.d_head), matrix(c.d_model, c.d_head), matrix(c.d_model, c.d_head));
        let w_o = matrix(c.d_head, c.d_model);
        let b_k = self.weights(c.d_head);
        Head { w_q, w_k, b_k, w_v, w_o }
    }

    fn layer(&mut self, c: &Config) -> Layer {
        Layer {
            heads: (0..c.n_heads).map(|_| self.head(c)).collect(),
            w_in: self.matrix(c.d_model, c.d_mlp),
            b_in: (0..c.d_mlp).map(|_| if self.below(2) == 0 { 0.0 } else { self.weight() }).collect(),
            w_out: self.matrix(c.d_mlp, c.d_model),
        }
    }

    /// About a third of `n` weights, with their places.
    fn weights(&mut self, n: usize) -> LinearForm {
        let mut weights = Vec::new();
        for i in 0..n as u32 {
            if self.below(3) == 0 {
                weights.push((i, self.weight()));
            }
        }
        weights
    }

    fn token(&mut self, i: usize) -> Token {
        match self.below(4) {
            0 => int(i as i64),
            1 => Token::Float(i as f64 + 0.1),
            2 => Token::Str(format!("s\"{i}\\\u{1f600}")),
            _ => Token::Other(format!("({i}, 'x')")),
        }
    }

    fn decode(&mut self, d_model: usize) -> Decode {
        if self.below(2) == 0 {
            let mut classes: Vec<_> = (0..self.below(4)).map(|i| (self.token(i), self.weights(d_model))).collect();
            classes.push((Token::None, self.weights(d_model)));
            return Decode::Categorical { classes };
        }
        let values = (self.below(2) == 0).then(|| vec![Token::Bool(false), Token::Float(0.1), int(7)]);
        let defined = (self.below(2) == 0).then(|| self.weights(d_model));
        let bound = 1.0 / (1.0 + self.below(1000) as f64);
        Decode::Numerical { value: self.weights(d_model), defined, bound, values }
    }
}

/// A model of random sizes and weights that passes its check.
pub(crate) fn random(seed: u64) -> Model {
    let mut r = Random::new(seed);
    // Now and then wide enough that activations are packed as lists.
    let wide = if r.below(4) == 0 { 4 } else { 1 };
    let mut config = config(1 + r.below(6 * wide), 1 + r.below(4 * wide), r.below(5), 1 + r.below(6 * wide));
    (config.n_layers, config.n_heads, config.causal) = (r.below(3), r.below(4), r.below(2) == 0);
    let vocab: Vec<Token> = (0..=r.below(4)).map(|i| r.token(i)).collect();
    let d = config.d_model;
    let mut model = model(config, vocab, &[], &[]);
    model.w_e = r.matrix(model.vocab.len() + 2, d);
    model.w_pos = r.matrix(model.config.max_len + 1, d);
    model.layers = (0..model.config.n_layers).map(|_| r.layer(&model.config)).collect();
    let after = 2 * model.layers.len();
    let nodes = 1 + r.below(3) as u32;
    let decode = |node| Readout { node, name: format!("n{node}"), after: r.below(after + 1), decode: r.decode(d) };
    model.readouts = (0..nodes).map(decode).collect();
    model.output = r.below(model.readouts.len());
    model.graph = json!({"nodes": [{"op": "tokens", "x": 0.1 + r.below(9) as f64}, null, [true, -3, "é\n"]], "z": {}});
    model.circuit = json!([[seed, 1e-300, -0.0], {"b": 1, "a": 2}]);
    model.certificate = json!({"certified": r.below(2) == 0, "nodes": [{"bound": 1e-9}, null]});
    model.assumptions = (0..r.below(3)).map(|i| format!("assumption {i}")).collect();
    model.check().expect("random models are well formed");
    model
}

/// Random ids, at most as many as the model takes.
pub(crate) fn random_ids(model: &Model, seed: u64) -> Vec<u32> {
    let mut r = Random::new(mix(seed, 3));
    (0..r.below(model.config.max_len + 1)).map(|_| r.below(model.vocab.len()) as u32).collect()
}
