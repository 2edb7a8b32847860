//! A certificate as text.

use std::fmt;

use super::Certificate;

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = self.min_margin.map_or_else(|| "nothing is decoded".to_owned(), |m| format!("margin {m}"));
        writeln!(f, "certified for {}: error at most {}, {margin}", self.dtype, figure(self.max_error))?;
        let width = self.nodes.iter().map(|n| n.name.chars().count()).max().unwrap_or(0).clamp(4, 40);
        writeln!(f, "{:<width$}  {:>10}  {:>10}  needs true f32", "node", "bound", "margin")?;
        for node in &self.nodes {
            let name: String = node.name.chars().take(40).collect();
            let margin = node.margin.map_or_else(|| "-".to_owned(), figure);
            let needs = if node.needs_true_f32 { "yes" } else { "no" };
            writeln!(f, "{name:<width$}  {:>10}  {margin:>10}  {needs}", figure(node.bound))?;
        }
        writeln!(f, "assuming that")?;
        self.assumptions.iter().try_for_each(|a| writeln!(f, "- {a}"))
    }
}

fn figure(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x) { format!("{x}") } else { format!("{x:.2e}") }
}
