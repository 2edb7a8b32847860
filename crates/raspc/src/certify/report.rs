//! A certificate as text.

use std::fmt;

use super::Certificate;

impl Certificate {
    /// Float type, error and margin in one line.
    pub fn line(&self) -> String {
        let most = if self.max_error == 0.0 {
            "no error".to_owned()
        } else {
            format!("error at most {}", error(self.max_error))
        };
        let least = self.min_margin.map_or_else(String::new, |m| format!(", margin {}", margin(m)));
        format!("certified for {}: {most}{least}", self.dtype)
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.line())?;
        let width = self.nodes.iter().map(|n| n.name.chars().count()).max().unwrap_or(0).clamp(4, 40);
        writeln!(f, "{:<width$}  {:>10}  {:>10}  needs true f32", "node", "bound", "margin")?;
        for node in &self.nodes {
            let name: String = node.name.chars().take(40).collect();
            let margin = node.margin.map_or_else(|| "-".to_owned(), margin);
            let needs = if node.needs_true_f32 { "yes" } else { "no" };
            writeln!(f, "{name:<width$}  {:>10}  {margin:>10}  {needs}", error(node.bound))?;
        }
        writeln!(f, "\nassuming that")?;
        self.assumptions.iter().try_for_each(|a| writeln!(f, "- {a}"))
    }
}

/// An error, rounded up to three digits.
fn error(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let unit = libm::pow(10.0, libm::floor(libm::log10(x)) - 2.0);
    format!("{:.2e}", (x / unit).ceil() * unit)
}

/// A margin, rounded down to four places where it is not small.
fn margin(x: f64) -> String {
    if x.abs() < 1e-3 && x != 0.0 || x.abs() > 1e6 {
        format!("{x:.2e}")
    } else {
        format!("{}", (x * 1e4).floor() / 1e4)
    }
}
