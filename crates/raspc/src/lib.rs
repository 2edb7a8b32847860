//! The compiler from RASP graphs to exact transformers.

pub mod admit;
pub mod assemble;
pub mod certify;
pub mod circuit;
pub mod cleanup;
pub mod codes;
pub mod compile;
pub mod convert;
pub mod draw;
pub mod encode;
pub mod expect;
pub mod explain;
pub mod explore;
pub mod formula;
pub mod gadgets;
pub mod interrupt;
pub mod intervene;
pub mod json;
pub mod lower;
pub mod observe;
pub mod options;
pub mod schedule;
pub mod show;
pub mod simplify;
pub mod values;
pub mod verify;
