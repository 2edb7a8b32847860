//! Recorded sessions: what a console printed for a script, replayed and compared.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{Console, Options};

/// A recorded session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Recording {
    /// `malformed` where the wording of syntax errors is not compared; anything else is compared byte for byte.
    pub kind: String,
    /// The script.
    pub stdin: String,
    /// Everything that was printed.
    pub stdout: String,
}

/// Reads recordings, one JSON object a line; empty lines are none.
///
/// # Errors
/// The number of a line that is no recording (from 1), and why.
pub fn recordings(text: &str) -> Result<Vec<Recording>, (usize, String)> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(i, line)| serde_json::from_str(line).map_err(|e| (i + 1, e.to_string()))).collect()
}

/// Everything that a console prints for a script.
pub fn replay(script: &str, options: Options) -> String {
    let mut console = Console::new(options);
    let mut out = console.banner();
    for line in script.lines() {
        let output = console.line(line);
        out += &output.text;
        if output.ended {
            return out;
        }
    }
    out + &console.finish()
}

/// What the rule for malformed input looks at: the wording after "antlr exception" is the parser's own.
fn without_wording(text: &str) -> String {
    let line = |line: &str| match line.split_once("!! antlr exception: ") {
        Some((before, _)) => format!("{before}!! antlr exception"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

impl Recording {
    /// Where what is printed now parts from the recording, as text; nothing if it does not.
    pub fn difference(&self, now: &str) -> Option<String> {
        let (then, now) = match self.kind.as_str() {
            "malformed" => (without_wording(&self.stdout), without_wording(now)),
            _ => (self.stdout.clone(), now.to_owned()),
        };
        if then == now {
            return None;
        }
        let (then, now): (Vec<&str>, Vec<&str>) = (then.split('\n').collect(), now.split('\n').collect());
        let at = (0..then.len()).find(|&i| then.get(i) != now.get(i)).unwrap_or(then.len());
        let mut text = String::new();
        for line in &then[at.saturating_sub(2)..at] {
            let _ = writeln!(text, "    {}", line.escape_debug());
        }
        for (mark, lines) in [('-', &then), ('+', &now)] {
            for line in lines.iter().skip(at).take(3) {
                let _ = writeln!(text, "  {mark} {}", line.escape_debug());
            }
        }
        Some(text)
    }
}
