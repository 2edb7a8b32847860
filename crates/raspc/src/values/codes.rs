//! The diagnostics of value inference.

use raspc_lang::diagnostic::Code;

/// A function or comparison raises on arguments that an input reaches, for instance `1 / indices` at index 0.
///
/// A transformer cannot raise, so there is nothing to compile such a program to. Give the function a value there, or keep
/// the arguments away from it: `1 / (indices + 1)`.
pub const RAISES: Code = Code("E0810");

/// The greatest length or the vocabulary is larger than the number of values that may be enumerated for one node.
///
/// Indices and tokens are enumerated, so there would be no value sets. Lower them, or raise the limit.
pub const TOO_LARGE: Code = Code("E0803");

/// A function or comparison raises on arguments that could not be excluded, though no input was found that reaches them.
///
/// The model is right on every input on which the program has a value; that it has one is assumed.
pub const MAY_RAISE: Code = Code("W0801");

/// A function tells equal values apart, for instance `str(1)` and `str(1.0)`, where its argument can be either.
///
/// The values of an s-op are compared by equality, so the model cannot tell them apart. Convert the argument first:
/// `str(float(x))`.
pub const TELLS_EQUAL_APART: Code = Code("W0802");

/// An aggregate may meet several selected keys whose values have no mean (strings, none).
///
/// There the program has no value. That at most one key is selected is assumed.
pub const MAY_AVERAGE: Code = Code("W0803");
