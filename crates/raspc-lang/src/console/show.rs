//! How the console shows values and failures, byte for byte as the reference does.

#![expect(clippy::format_push_string, reason = "a text is short, and how it reads in the code counts more")]

use std::sync::Arc;

use super::machine::{Machine, empty_input};
use super::matrix::Matrix;
use super::node::{Computed, NodeId, Sequence};
use super::value::{Applied, Eval, Fail, Item, quoted, text_of, too_long};
use crate::value::Value;

/// Most bytes that a statement shows.
pub(super) const MAX_SHOWN: usize = 16 << 20;

/// What a file has to say at its end.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) name: Option<Arc<str>>,
    pub(super) text: String,
    pub(super) error: bool,
}

/// What a failed statement prints.
pub(super) fn failure(fail: &Fail) -> String {
    match fail {
        Fail::Rasp(message) => format!("\t\t!!ignoring input:\n\t {message}\n"),
        Fail::Wrong(message) => format!("something went wrong: {message}\n"),
        Fail::Interrupted => "interrupted\n".to_owned(),
        Fail::NotImplemented => "not implemented this command yet! ignoring\n".to_owned(),
    }
}

impl Machine {
    /// A statement's value, and whether showing it failed.
    pub(super) fn show(&mut self, name: &str, item: &Item) -> (String, bool) {
        let mut text = String::new();
        let written = match item {
            Item::Applied(applied) => self.show_applied(applied).map(|shown| text = shown),
            _ => self.write(&mut text, Some(name), item, "", ""),
        };
        match written {
            Ok(()) => (text, false),
            Err(Fail::Rasp(message)) => {
                (format!("\t\t!!statement executed, but result fails on evaluation:\n\t\t {message}\n"), true)
            }
            Err(fail) => (failure(&fail), true),
        }
    }

    /// Counts what is about to be shown.
    fn showing(&mut self, bytes: usize) -> Eval<()> {
        self.shown = self.shown.saturating_add(bytes);
        if self.shown > MAX_SHOWN { Err(Fail::Wrong("this is too much to show".to_owned())) } else { Ok(()) }
    }

    /// A value on lines of its own: `name` is what it is shown under, `prefix` its indentation, `key` the text before it.
    fn write(&mut self, out: &mut String, name: Option<&str>, item: &Item, prefix: &str, key: &str) -> Eval<()> {
        let named = name.map_or(String::new(), |n| format!("{n} = "));
        self.showing(64 + prefix.len())?;
        match item {
            Item::SOp(id) => self.write_sop(out, name, *id, prefix, key)?,
            Item::Selector(id) => self.write_selector(out, name, *id, prefix, key)?,
            Item::Function(f) => *out += &format!("{prefix} {key}    {}\n", f.text()),
            Item::List(list) => {
                let head = format!("   list: {named}");
                *out += &format!("{prefix} {key} {head}");
                if list.iter().all(is_flat) {
                    *out += &self.flat(item)?;
                    return Ok(());
                }
                *out += &format!("{prefix} [\n");
                let inner = format!("{prefix}\t\t");
                for element in list.iter() {
                    self.write(out, None, element, &inner, "")?;
                }
                *out += &format!("{prefix}{}]\n", " ".repeat(head.chars().count() + 2));
            }
            Item::Dict(dict) => {
                let head = format!("   dict: {named}");
                *out += &format!("{prefix} {key} {head}");
                if dict.values().all(is_flat) {
                    *out += &self.flat(item)?;
                    return Ok(());
                }
                *out += &format!("{prefix} {{\n");
                let inner = format!("{prefix}\t\t\t");
                for (k, element) in dict.iter() {
                    self.write(out, None, element, &inner, &format!("{} : ", quoted(k)))?;
                }
                *out += &format!("{prefix}{}}}\n", " ".repeat(head.chars().count() + 2));
            }
            Item::Atom(v) if too_long(v) => {
                let text = "Exceeds the limit (4300 digits) for integer string conversion; use \
                            sys.set_int_max_str_digits() to increase the limit";
                return Err(Fail::Wrong(text.to_owned()));
            }
            Item::Atom(v) => {
                self.showing(super::node::large(v).saturating_mul(64))?;
                *out += &format!("{prefix}    value: {named} {}\n", quoted(v));
            }
            Item::Applied(_) => {
                *out += &format!("{prefix}    value: {named} {}\n", item.describe(&self.nodes));
            }
        }
        Ok(())
    }

    /// A list or dictionary on one line: all of it, or an error.
    fn flat(&mut self, item: &Item) -> Eval<String> {
        let text = item.repr_up_to(&self.nodes, MAX_SHOWN);
        self.showing(text.len())?;
        Ok(text + "\n")
    }

    fn write_sop(&mut self, out: &mut String, name: Option<&str>, id: NodeId, prefix: &str, key: &str) -> Eval<()> {
        let name = name.unwrap_or(self.nodes.name(id)).to_owned();
        *out += &format!("{prefix} {key}    s-op: {name}\n");
        if !self.show_sop_examples {
            return Ok(());
        }
        let example = self.sop_example.clone();
        if example.values.is_empty() {
            return Err(empty_input(""));
        }
        let Computed::Sequence(sequence) = self.nodes.compute(id, &example.values)? else {
            unreachable!("an s-op");
        };
        self.showing(sequence.text_size() + example.shown.len())?;
        let line = format!("{prefix} \t Example: {name}({}) = {}", example.shown, sequence.text());
        if !self.full_display {
            *out += &format!("{line}\n");
        } else if sequence.uniform() {
            *out += &format!("{line} [skipped full display: identical values]\n");
        } else {
            *out += &format!("{prefix} \t Example:\n");
            // The input that the reference shows is the selectors', even where the two differ.
            *out += &full_display(&self.selector_example.values, &sequence, prefix);
        }
        Ok(())
    }

    fn write_selector(
        &mut self,
        out: &mut String,
        name: Option<&str>,
        id: NodeId,
        prefix: &str,
        key: &str,
    ) -> Eval<()> {
        let name = name.unwrap_or(self.nodes.name(id)).to_owned();
        *out += &format!("{prefix} {key}    selector: {name}\n");
        if !self.show_selector_examples {
            return Ok(());
        }
        let values = self.selector_example.values.clone();
        if values.is_empty() {
            return Err(empty_input(""));
        }
        let Computed::Matrix(matrix) = self.nodes.compute(id, &values)? else {
            unreachable!("a selector");
        };
        self.showing(matrix_size(&values))?;
        *out += &format!("{prefix} \t Example:\n{}", matrix_text(&values, &matrix, prefix));
        Ok(())
    }

    /// What an application gives.
    pub(super) fn show_applied(&mut self, applied: &Applied) -> Eval<String> {
        self.showing(match &applied.result {
            Computed::Matrix(_) => matrix_size(&applied.input),
            Computed::Sequence(s) => s.text_size(),
        })?;
        Ok(match &applied.result {
            Computed::Matrix(matrix) => format!("\t = \n{}", matrix_text(&applied.input, matrix, "")),
            Computed::Sequence(s) if !self.full_display => format!("\t =  {}\n", s.text()),
            Computed::Sequence(s) if s.uniform() => {
                format!("\t =   {} [skipped full display: identical values]\n", s.text())
            }
            Computed::Sequence(s) => format!("\t = \n{}", full_display(&self.selector_example.values, s, "")),
        })
    }
}

/// How long the text of a matrix is, about.
fn matrix_size(tokens: &[Value]) -> usize {
    let longest = tokens.iter().map(super::node::large).max().unwrap_or(0);
    tokens.len().saturating_mul(tokens.len().saturating_add(longest.saturating_mul(64))).saturating_mul(2)
}

/// Whether Python's own text shows the item inside a list or dictionary.
fn is_flat(item: &Item) -> bool {
    !matches!(item, Item::List(_) | Item::Dict(_)) && !item.is_node()
}

fn matrix_text(tokens: &[Value], matrix: &Matrix, prefix: &str) -> String {
    let tokens: Vec<String> = tokens.iter().map(text_of).collect();
    let mut out = format!("{prefix} \t\t\t     {}\n", tokens.join(" "));
    for (q, token) in tokens.iter().enumerate() {
        let cells: Vec<&str> = (0..tokens.len()).map(|k| if matrix.get(q, k) { "1" } else { " " }).collect();
        out += &format!("{prefix} \t\t\t {token} | {}\n", cells.join(" "));
    }
    out
}

/// The input and the output, one above the other.
fn full_display(input: &[Value], sequence: &Sequence, prefix: &str) -> String {
    let inputs: Vec<String> = input.iter().map(text_of).collect();
    let trues = sequence.values.iter().filter(|v| v.truthy()).count();
    let falses = sequence.values.len() - trues;
    let cell = |v: &Value| match v {
        Value::Bool(true) if sequence.label == "bool" => if trues <= falses { "T" } else { " " }.to_owned(),
        Value::Bool(false) if sequence.label == "bool" => if falses <= trues { "F" } else { " " }.to_owned(),
        _ => text_of(v),
    };
    let outputs: Vec<String> = sequence.values.iter().map(cell).collect();
    let width = inputs.iter().chain(&outputs).map(|c| c.chars().count()).max().unwrap_or(0);
    let line = |head: &str, cells: &[String], label: &str| {
        let cells: Vec<String> = cells.iter().map(|c| format!("{c:>width$}")).collect();
        format!("{prefix} \t\t{head} {} \t ({label}s)\n", cells.join(" "))
    };
    line("input:  ", &inputs, "string") + &line("output: ", &outputs, sequence.label)
}
