//! Codes of the diagnostics that the compiler itself gives.

use raspc_lang::diagnostic::Code;

/// The vocabulary is empty, names a value twice, or contains a reserved text.
pub const VOCABULARY: Code = Code("E0401");
/// The maximum length is zero or beyond what can be compiled.
pub const LENGTH: Code = Code("E0402");
/// Too many values where they must be enumerated.
pub const EXPLOSION: Code = Code("E0403");
/// An element-wise function for which there is no construction.
pub const FUNCTION: Code = Code("E0404");
/// A selector formula that one head cannot realise.
pub const SELECTOR: Code = Code("E0405");
/// Two values are too close for the arithmetic of the target.
pub const MARGIN: Code = Code("E0406");
/// A sum that leaves the range in which f32 is exact.
pub const LATTICE: Code = Code("E0407");
/// The model would be larger than the budget.
pub const BUDGET: Code = Code("E0408");
/// A number too large for f32.
pub const RANGE: Code = Code("E0409");
