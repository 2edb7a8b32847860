//! Codes of the diagnostics that the compiler itself gives.

use raspc_lang::diagnostic::Code;

/// The vocabulary is empty, names a value twice, or contains a reserved text.
pub const VOCABULARY: Code = Code("E0801");
/// The maximum length is zero or beyond what can be compiled.
pub const LENGTH: Code = Code("E0802");
/// Too many values where they must be enumerated.
pub const EXPLOSION: Code = Code("E0803");
/// A selector formula that one head cannot realise.
pub const SELECTOR: Code = Code("E0805");
/// Two values are too close for the arithmetic of the target.
pub const MARGIN: Code = Code("E0806");
/// A sum that leaves the range in which f32 is exact.
pub const LATTICE: Code = Code("E0807");
/// The model would be larger than the budget.
pub const BUDGET: Code = Code("E0808");
/// A width of more keys than f32 can count.
pub const WIDTH: Code = Code("E0813");
/// A number too large for f32.
pub const RANGE: Code = Code("E0809");
