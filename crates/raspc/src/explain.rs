//! Explain: the six steps of a compilation in words and tables.

use std::fmt::Write as _;

use raspc_lang::graph::{Graph, Mask, Op};

use crate::circuit::{Attention, Block, Mlp};
use crate::compile::Compilation;
use crate::encode;
use crate::json::{Sizes, counted};
use crate::schedule::Shown;

/// Which stage to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// (1) the computational graph
    Graph,
    /// (2) value sets and encodings
    Encoded,
    /// (3) blocks
    Circuit,
    /// (4) layers
    Schedule,
    /// (5) and (6): residual stream and weights
    Model,
    /// what is proved of the model
    Certificate,
}

/// One stage as deterministic text.
pub fn emit(compilation: &Compilation, stage: Stage) -> String {
    match stage {
        Stage::Graph => compilation.graph.to_string(),
        Stage::Encoded => encode::print::print(&compilation.encoded, &compilation.values),
        Stage::Circuit => compilation.lowered.circuit.to_string(),
        Stage::Schedule => Shown(&compilation.schedule, &compilation.lowered.circuit).to_string(),
        Stage::Model => format!("{}\n{}", stream(compilation), weights(compilation)),
        Stage::Certificate => certificate(compilation),
    }
}

/// The certificate, or what stands in its way.
fn certificate(compilation: &Compilation) -> String {
    match &compilation.certificate {
        Ok(certificate) => certificate.to_string(),
        Err(errors) => {
            let told = |e: &raspc_lang::diagnostic::Diagnostic| {
                let hint = e.hint.as_deref().unwrap_or_default();
                format!("{} {}\n      {hint}\n", e.code, e.message)
            };
            format!(
                "not certified for {}\n{}",
                compilation.options.dtype.name(),
                errors.iter().map(told).collect::<String>()
            )
        }
    }
}

/// All six steps, told to a student.
pub fn explain(compilation: &Compilation) -> String {
    let c = compilation;
    let layers = c.schedule.layers;
    let steps = [
        ("1. The computational graph", graph_intro(&c.graph), emit(c, Stage::Graph)),
        ("2. Value sets and encodings", encoding_intro(c), emit(c, Stage::Encoded)),
        ("3. Blocks", block_intro(), blocks(c)),
        ("4. Layers", layer_intro(layers), emit(c, Stage::Schedule)),
        ("5. The residual stream", stream_intro(c), stream(c)),
        ("6. Weights", weight_intro(), weights(c)),
    ];
    let mut text = String::new();
    for (title, intro, body) in steps {
        let _ = writeln!(text, "{title}\n{}\n{intro}\n", "=".repeat(title.len()));
        for line in body.lines() {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
    }
    text
}

fn graph_intro(graph: &Graph) -> String {
    let mask = if graph.mask == Mask::Causal {
        "Position q sees keys up to q only (causal mask)."
    } else {
        "Every position sees every position."
    };
    format!("The program traced: each line is one operation on sequences, operands first. {mask}")
}

fn encoding_intro(c: &Compilation) -> String {
    format!(
        "What each s-op can hold, for {} in inputs of up to {}, and how the residual stream holds it:\n\
         a one-hot has one direction for each value, a number one direction that holds the value.",
        counted(c.options.vocab.len(), "token"),
        counted(c.options.max_len, "position")
    )
}

fn block_intro() -> String {
    "Attention blocks move values between positions; MLP blocks compute at each position. Every input begins with BOS:\n\
     a key whose score and value the compiler chooses. Scores are whole numbers so far apart that softmax gives\n\
     selected keys equal weight and all others exactly none."
        .to_owned()
}

fn layer_intro(layers: usize) -> String {
    format!(
        "A block runs after whatever it reads is complete; attention and MLP alternate. {} needed, and\n\
         no schedule of these blocks has fewer.",
        if layers == 1 { "1 layer is".to_owned() } else { format!("{layers} layers are") }
    )
}

fn stream_intro(c: &Compilation) -> String {
    format!(
        "The {} directions of the residual stream, a direct sum of named subspaces. Each is filled by one half-layer, some\n\
         on top of a constant that the embedding puts there: the 1 under 1/(1+w), and others that keep sums exact.",
        c.layout.direction.len()
    )
}

fn weight_intro() -> String {
    "Heads that share a pattern are one head; hidden units that read the same are one unit.".to_owned()
}

fn blocks(c: &Compilation) -> String {
    let mut text = String::new();
    for (i, block) in c.lowered.circuit.blocks.iter().enumerate() {
        let names: Vec<String> = block.origins().iter().map(|&o| c.encoded.graph.describe(o)).collect();
        let _ = writeln!(text, "block {i} computes {}", names.join(", "));
        match block {
            Block::Attention(a) => attention(c, a, &mut text),
            Block::Mlp(m) => mlp(c, m, &mut text),
        }
    }
    text
}

fn attention(c: &Compilation, a: &Attention, text: &mut String) {
    let circuit = &c.lowered.circuit;
    let width = a.gadget.starts_with("1/(1+w)");
    let (selector, _) = c.lowered.patterns[a.pattern as usize];
    let graph = &c.encoded.graph;
    let _ = writeln!(text, "  an attention head: {}", a.gadget);
    if let Op::Select { keys, queries, .. } = graph.op(selector) {
        let (keys, queries) = (graph.describe(*keys), graph.describe(*queries));
        let _ = writeln!(
            text,
            "    keys hold {keys}, queries hold {queries}; W_QK compares them in {}",
            counted(a.scores.len(), "dimension")
        );
    }
    let unselected = a.bos_score - if width { 256.0 } else { 128.0 };
    let _ = writeln!(
        text,
        "    scores: selected keys {}, BOS {}, others at most {unselected}",
        unselected + 256.0,
        a.bos_score
    );
    if width {
        let _ = writeln!(
            text,
            "    BOS scores as a selected key does, and only BOS carries 1: with w keys selected, 1/(1+w) arrives"
        );
    } else {
        let _ = writeln!(text, "    where no key is selected all weight falls on BOS, which carries the default");
    }
    for m in a.moves.iter().take(8) {
        let from = crate::circuit::print::form(circuit, &m.value);
        let _ = writeln!(text, "    W_OV: {} <- {from} (from BOS: {})", circuit.direction(m.to).label, m.bos);
    }
    if a.moves.len() > 8 {
        let _ = writeln!(text, "    … {} values moved in all", a.moves.len());
    }
}

fn mlp(c: &Compilation, m: &Mlp, text: &mut String) {
    let circuit = &c.lowered.circuit;
    let _ = writeln!(text, "  an MLP: {}, {}", m.gadget, counted(m.units.len(), "hidden unit"));
    for u in m.units.iter().take(6) {
        let writes: Vec<String> =
            u.writes.iter().take(4).map(|&(d, w)| format!("{w:+} {}", circuit.direction(d).label)).collect();
        let more = if u.writes.len() > 4 { ", …" } else { "" };
        let _ = writeln!(
            text,
            "    relu({} {:+}) adds {}{more}",
            crate::circuit::print::form(circuit, &u.reads),
            u.bias,
            writes.join(", ")
        );
    }
    if m.units.len() > 6 {
        let _ = writeln!(text, "    … {} units in all", m.units.len());
    }
}

/// The subspaces: runs of directions with the same owner.
fn stream(c: &Compilation) -> String {
    let labels = &c.model.labels;
    let owner = |l: &str| l.split_once(':').map_or(l, |x| x.0).to_owned();
    let mut text = String::new();
    let mut at = 0;
    while at < labels.len() {
        let name = owner(&labels[at]);
        let end = (at..labels.len()).find(|&i| owner(&labels[i]) != name).unwrap_or(labels.len());
        let writer = c.lowered.circuit.direction(c.layout.direction[at]).writer;
        let when = writer.map_or("embedding".to_owned(), |w| {
            let half = c.schedule.half[w.index()];
            format!("layer {} {}", half / 2, if half.is_multiple_of(2) { "attention" } else { "mlp" })
        });
        let place = if end - at == 1 { format!("{at}") } else { format!("{at}..{}", end - 1) };
        let shown: Vec<&str> = labels[at..end].iter().take(6).map(String::as_str).collect();
        let more = if end - at > 6 { ", …" } else { "" };
        let _ = writeln!(text, "{place:>9}  {name:<20} {when:<18} {}{more}", shown.join(", "));
        at = end;
    }
    text
}

fn weights(c: &Compilation) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", Sizes::of(&c.model).line());
    let _ = writeln!(text, "W_E {} nonzeros, W_pos {} nonzeros", c.model.w_e.nonzeros(), c.model.w_pos.nonzeros());
    for (l, layer) in c.model.layers.iter().enumerate() {
        for (h, head) in layer.heads.iter().enumerate().filter(|(_, h)| h.w_o.nonzeros() > 0) {
            let names = c.placement.heads[l][h].origins.iter().map(|&o| c.encoded.graph.describe(o));
            let (q, k, v, o) = (head.w_q.nonzeros(), head.w_k.nonzeros(), head.w_v.nonzeros(), head.w_o.nonzeros());
            let _ = writeln!(
                text,
                "layer {l} head {h} ({}): W_Q {q}, W_K {k}, W_V {v}, W_O {o} nonzeros",
                names.collect::<Vec<_>>().join(", ")
            );
        }
        for group in &c.placement.units[l] {
            let names: Vec<String> = group.origins.iter().map(|&o| c.encoded.graph.describe(o)).collect();
            let _ =
                writeln!(text, "layer {l} mlp: {} for {}", counted(group.neurons.len(), "neuron"), names.join(", "));
        }
    }
    text
}
