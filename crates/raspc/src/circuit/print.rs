//! A circuit as deterministic text.

use std::fmt::{self, Write as _};

use super::{Attention, Block, Circuit, Form, Mlp};
use crate::json::counted;

/// A form in the labels of its directions: `hist:1 + hist:2 - one`.
pub fn form(circuit: &Circuit, form: &Form) -> String {
    let mut text = String::new();
    for (i, (dir, c)) in form.terms().enumerate() {
        let sign = match (i, c < 0.0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let size = if c.abs() == 1.0 { String::new() } else { format!("{}*", c.abs()) };
        let _ = write!(text, "{sign}{size}{}", circuit.direction(dir).label);
    }
    if text.is_empty() { "0".to_owned() } else { text }
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, block) in self.blocks.iter().enumerate() {
            match block {
                Block::Attention(a) => print_attention(self, i, a, f)?,
                Block::Mlp(m) => print_mlp(self, i, m, f)?,
            }
        }
        Ok(())
    }
}

/// How many lines of one kind are printed before the rest is counted.
const SHOWN: usize = 12;

fn print_attention(c: &Circuit, i: usize, a: &Attention, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "block {i}: attention, {}", a.gadget)?;
    for p in a.scores.iter().take(SHOWN) {
        writeln!(f, "  score += ({}) at query * ({}) at key", form(c, &p.query), form(c, &p.key))?;
    }
    if a.scores.len() > SHOWN {
        writeln!(f, "  ... {} products in all", a.scores.len())?;
    }
    writeln!(f, "  score of bos = {}", a.bos_score)?;
    for m in a.moves.iter().take(SHOWN) {
        writeln!(f, "  {} <- {} (bos: {})", c.direction(m.to).label, form(c, &m.value), m.bos)?;
    }
    if a.moves.len() > SHOWN {
        writeln!(f, "  ... {} values moved in all", a.moves.len())?;
    }
    Ok(())
}

fn print_mlp(c: &Circuit, i: usize, m: &Mlp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "block {i}: mlp, {}, {}", m.gadget, counted(m.units.len(), "unit"))?;
    for u in m.units.iter().take(SHOWN) {
        let writes: Vec<String> = u.writes.iter().map(|&(d, w)| format!("{w}*{}", c.direction(d).label)).collect();
        writeln!(f, "  relu({} + {}) -> {}", form(c, &u.reads), u.bias, writes.join(", "))?;
    }
    if m.units.len() > SHOWN {
        writeln!(f, "  ... {} units in all", m.units.len())?;
    }
    Ok(())
}
