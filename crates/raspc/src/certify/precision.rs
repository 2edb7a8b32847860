//! Other float types: what they could carry.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::Op;

use super::{Certificate, Parts, certify, codes};
use crate::simplify::reachable;

/// A float type of matrix products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32 bits, 24 of them significant.
    Float32,
    /// 32 bits, of which products keep 11 significant ones.
    TensorFloat32,
    /// 16 bits, 11 of them significant.
    Float16,
    /// 16 bits, 8 of them significant.
    Bfloat16,
}

impl Dtype {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::TensorFloat32 => "tf32",
            Self::Float16 => "float16",
            Self::Bfloat16 => "bfloat16",
        }
    }

    /// Significant bits.
    pub fn significant_bits(self) -> u32 {
        match self {
            Self::Float32 => 24,
            Self::TensorFloat32 | Self::Float16 => 11,
            Self::Bfloat16 => 8,
        }
    }

    /// The longest input of which widths could be told apart: the greatest L with (L + 1) u < 1/4, u being the error of
    /// one rounding (numerics section 1).
    pub fn carries(self) -> usize {
        // u = 2^-bits, so L + 1 < 2^(bits − 2).
        (1usize << (self.significant_bits() - 2)) - 2
    }
}

/// The certificate for a float type: of these, only [`Dtype::Float32`] has one.
///
/// # Errors
/// For another type, the node that needs most of it and the length it could carry; else as [`certify`].
pub fn certify_for(parts: &Parts<'_>, dtype: Dtype) -> Result<Certificate, Vec<Diagnostic>> {
    if dtype == Dtype::Float32 {
        return certify(parts);
    }
    let graph = &parts.encoded.graph;
    let needed = reachable(graph, parts.encoded.output);
    let widths = graph.iter().filter(|(id, _)| needed[id.index()]).filter_map(|(id, node)| match node.op {
        Op::SelectorWidth(s) => Some((parts.values.width_range(s).1, id)),
        _ => None,
    });
    let (name, carries) = (dtype.name(), dtype.carries());
    let Some((most, id)) = widths.max_by_key(|w| (w.0, std::cmp::Reverse(w.1))) else {
        let message = format!("the model is certified for float32 with true 32-bit products, not for {name}");
        let hint = format!("use float32; without counts, {name} could carry what has up to {} bits", dtype.significant_bits());
        return Err(vec![Diagnostic::error(codes::PRECISION, message).hint(hint)]);
    };
    let what = graph.describe(id);
    let margin = (most as f64 + 1.0) * libm::exp2(-f64::from(dtype.significant_bits()));
    let message = format!(
        "`{what}` counts up to {most}, off by up to {margin:.3} in {name}: weights made for float32 are not certified there"
    );
    let hint = format!("use float32 with TF32 off; {name} could carry widths up to a length of {carries}");
    Err(vec![Diagnostic::error(codes::PRECISION, message).hint(hint).at(graph.node(id).span).node(what)])
}
