//! Other float types: what they could carry.
//!
//! The weights are made for 32-bit floats. A matrix unit that shortens its factors to 11 significant bits (TF32) and adds
//! in 32 bits computes the same products where no factor is longer: then, and only then, the certificate holds there too.
//! 16-bit types also hold activations and sums in 16 bits, for which nothing here is made.

use raspc_lang::diagnostic::Diagnostic;
use raspc_lang::graph::Op;

use super::{Analysis, Certificate, Parts, analyse, codes};
use crate::simplify::reachable;

/// A float type of matrix products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32 bits, 24 of them significant.
    #[default]
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

    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Float32, Self::TensorFloat32, Self::Float16, Self::Bfloat16].into_iter().find(|d| d.name() == name)
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

/// The certificate for a float type.
///
/// # Errors
/// As [`super::certify`]; for another type than [`Dtype::Float32`], the node that needs more of it than it has, and the
/// length it could carry.
pub fn certify_for(parts: &Parts<'_>, dtype: Dtype) -> Result<Certificate, Vec<Diagnostic>> {
    analyse_for(parts, dtype).certificate
}

/// As [`analyse`], for a float type.
pub fn analyse_for(parts: &Parts<'_>, dtype: Dtype) -> Analysis {
    let analysis = analyse(parts);
    let certificate = analysis.certificate.and_then(|c| for_type(parts, c, dtype));
    Analysis { certificate, ..analysis }
}

fn for_type(parts: &Parts<'_>, certificate: Certificate, dtype: Dtype) -> Result<Certificate, Vec<Diagnostic>> {
    match dtype {
        Dtype::Float32 => Ok(certificate),
        Dtype::TensorFloat32 if certificate.nodes.iter().all(|n| !n.needs_true_f32) => Ok(shortened(certificate)),
        _ => Err(vec![refusal(parts, &certificate, dtype)]),
    }
}

/// The certificate of a model no product of which has a factor that TF32 would shorten.
fn shortened(mut certificate: Certificate) -> Certificate {
    Dtype::TensorFloat32.name().clone_into(&mut certificate.dtype);
    "products keep 11 significant bits of their factors (TF32 may be on: none has more) and are added as 32-bit floats, in \
     any order; the residual is added to a half-layer's finished sum"
        .clone_into(&mut certificate.assumptions[0]);
    certificate
}

/// Why a model is not for this float type: the widest count, else the first node whose products have long factors.
fn refusal(parts: &Parts<'_>, certificate: &Certificate, dtype: Dtype) -> Diagnostic {
    let graph = &parts.encoded.graph;
    let needed = reachable(graph, parts.encoded.output);
    let widths = graph.iter().filter(|(id, _)| needed[id.index()]).filter_map(|(id, node)| match node.op {
        Op::SelectorWidth(s) => Some((parts.values.width_range(s).1, id)),
        _ => None,
    });
    let (name, carries) = (dtype.name(), dtype.carries());
    let hint = |rest: &str| format!("use float32 with TF32 off{rest}");
    if let Some((most, id)) = widths.max_by_key(|w| (w.0, std::cmp::Reverse(w.1))) {
        let what = graph.describe(id);
        let error = (most as f64 + 1.0) * libm::exp2(-f64::from(dtype.significant_bits()));
        let message = format!(
            "`{what}` counts up to {most}, which {name} could hold to {error:.3}: the weights are made for float32 and not \
             certified there"
        );
        let rest = format!("; {name} could carry counts up to a length of {carries}");
        return Diagnostic::error(codes::PRECISION, message).hint(hint(&rest)).at(graph.node(id).span).node(what);
    }
    let (bits, rest) = (dtype.significant_bits(), format!("; {name} could carry means over a length of {carries}"));
    if let Some(node) = certificate.nodes.iter().find(|n| n.needs_true_f32) {
        let message = format!("`{}` needs products of more than the {bits} significant bits of {name}", node.name);
        let span = parts.graph.node(node.node).span;
        Diagnostic::error(codes::PRECISION, message).hint(hint(&rest)).at(span).node(node.name.clone())
    } else {
        let what = graph.describe(parts.encoded.output);
        let message = format!("`{what}` is certified for float32, and not for activations held in {name}");
        let span = graph.node(parts.encoded.output).span;
        Diagnostic::error(codes::PRECISION, message).hint(hint(&rest)).at(span).node(what)
    }
}
