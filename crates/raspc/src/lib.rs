//! The compiler from RASP graphs to exact transformers.

pub mod compile;
pub mod explain;
pub mod gadgets;
pub mod options;
pub mod values;
pub mod verify;
