//! Statements: what they bind, what they have to show, and `load`.

#![expect(clippy::format_push_string, reason = "a text is short, and how it reads in the code counts more")]

use std::sync::Arc;

use super::Example;
use super::machine::{Frame, Machine, empty_input};
use super::reader::{Read, Reader};
use super::show::{Collected, failure};
use super::value::{Applied, Eval, Fail, Function, Item, text_of};
use crate::diagnostic::Severity;
use crate::syntax::ast::{ExprId, ExprKind, FunctionDef, Ident, Module, Statement, StatementKind, Which};
use crate::syntax::parser::{Grammar, parse};

/// Deepest nesting of files that load files.
const MAX_LOADS: usize = 16;
/// Most pictures that wait to be drawn.
const MAX_DRAWN: usize = 64;
/// Longest argument that a function's result shows in its name, when it is a list or dictionary.
const MAX_ARGUMENT: usize = 20;

/// What a statement has to show.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Values with the names they are shown under.
    Values(Vec<(Arc<str>, Item)>),
    /// Text.
    Text(String),
    /// The session, or the file, is over.
    Exit,
}

/// The only statement of a text that the grammar accepts, or nothing when it holds several.
pub(super) fn only_statement(text: &str) -> Eval<Option<Arc<Module>>> {
    let parsed = parse(0, text, Grammar::CONSOLE);
    if let Some(error) = parsed.diagnostics.iter().find(|d| d.severity == Severity::Error) {
        return Err(Fail::Wrong(error.message.clone()));
    }
    Ok((parsed.module.statements.len() == 1).then(|| Arc::new(parsed.module)))
}

impl Machine {
    /// Carries out one statement.
    pub(super) fn execute(&mut self, frame: &Frame, statement: &Statement) -> Eval<Outcome> {
        self.step(1)?;
        match &statement.kind {
            StatementKind::Expr(expr) => {
                let item = self.eval(frame, *expr)?;
                Ok(Outcome::Values(vec![(shown_name(&frame.module, *expr), item)]))
            }
            StatementKind::Assign { targets, values } => self.assign(frame, targets, values),
            StatementKind::Def(def) => self.define(frame, def),
            StatementKind::For { targets, iterable, body } => self.for_loop(frame, targets, *iterable, body),
            StatementKind::Load { path } => self.load(frame, path).map(|()| nothing()),
            StatementKind::Draw { drawn, input } => self.draw(frame, *drawn, *input),
            StatementKind::SetExample { which, value } => self.set_example(frame, *which, *value),
            StatementKind::ShowExample(which) => Ok(Outcome::Text(self.show_example(*which))),
            StatementKind::Examples { which, on } => {
                self.show_sop_examples = if *which == Which::Selector { self.show_sop_examples } else { *on };
                self.show_selector_examples = if *which == Which::SOp { self.show_selector_examples } else { *on };
                Ok(nothing())
            }
            StatementKind::FullDisplay { on } => {
                self.full_display = *on;
                Ok(nothing())
            }
            StatementKind::Exit => Ok(Outcome::Exit),
            StatementKind::Error { .. } => Err(Fail::Wrong("a malformed statement".to_owned())),
        }
    }

    #[inline(never)]
    fn assign(&mut self, frame: &Frame, targets: &[Ident], values: &[ExprId]) -> Eval<Outcome> {
        let mut items = self.eval_all(frame, values)?;
        if targets.len() == 1 && items.len() > 1 {
            items = vec![Item::list(items)?];
        } else if targets.len() > 1 && items.len() == 1 {
            let kind = items[0].kind();
            items = items[0].parts().ok_or_else(|| Fail::Wrong(format!("object of type '{kind}' has no len()")))?;
        }
        if items.len() != targets.len() {
            let (names, got) = (targets.len(), items.len());
            return Err(Fail::Rasp(format!("expected {names} values, but got: {got}")));
        }
        let mut shown = Vec::new();
        for (target, item) in targets.iter().zip(items) {
            if let Item::SOp(id) | Item::Selector(id) = item {
                self.nodes.rename(id, &target.name);
            }
            self.bind_at(frame.scope, target, &item)?;
            shown.push((target.name.clone(), item));
        }
        Ok(Outcome::Values(shown))
    }

    #[inline(never)]
    fn define(&mut self, frame: &Frame, def: &Arc<FunctionDef>) -> Eval<Outcome> {
        self.keeps_scopes |= frame.scope != self.console;
        let creator = self.scopes[frame.scope].name.clone();
        let function = Function { def: def.clone(), module: frame.module.clone(), scope: frame.scope, creator };
        let item = Item::Function(Arc::new(function));
        self.bind_at(frame.scope, &def.name, &item)?;
        Ok(Outcome::Values(vec![(def.name.name.clone(), item)]))
    }

    #[inline(never)]
    fn for_loop(&mut self, frame: &Frame, targets: &[Ident], over: ExprId, body: &[Statement]) -> Eval<Outcome> {
        let over = self.eval(frame, over)?;
        for element in self.elements(&over, "for loop needs to iterate over a list or dict, but got:")? {
            self.bind_targets(frame, targets, &element)?;
            for statement in body {
                self.execute(frame, statement)?;
            }
        }
        Ok(nothing())
    }

    /// Calls a function with as many arguments as it takes, and names what it returns after the call.
    #[inline(never)]
    pub(super) fn call_function(&mut self, function: &Arc<Function>, args: &[Item]) -> Eval<Item> {
        if self.calls >= super::machine::MAX_CALLS {
            return Err(Fail::Wrong("maximum recursion depth exceeded".to_owned()));
        }
        let shown: Vec<String> = args.iter().map(|a| self.argument(a)).collect();
        self.step(shown.iter().map(|s| s.len() / 64).sum())?;
        let name = format!("{}({})", function.def.name.name, shown.join(" , "));
        let scopes = self.scopes.len();
        let scope = self.new_scope(function.scope, &Arc::from(format!("{}'", function.creator)))?;
        let frame = Frame { module: function.module.clone(), scope };
        // A function's body is tried on the example, whatever the caller is tried on.
        let outer = std::mem::replace(&mut self.input, self.sop_example.values.clone());
        self.calls += 1;
        let result = self.body(function, &frame, args);
        self.calls -= 1;
        self.input = outer;
        // What a call has bound ends with it, unless a function has been defined where it sees it.
        if !self.keeps_scopes {
            self.scopes.truncate(scopes);
        }
        let result = result?;
        if let Item::SOp(id) | Item::Selector(id) = result {
            self.nodes.rename(id, &name);
        }
        super::export::remember_width(self, function, args, &result);
        Ok(result)
    }

    #[inline(never)]
    fn body(&mut self, function: &Function, frame: &Frame, args: &[Item]) -> Eval<Item> {
        for (param, arg) in function.def.params.iter().zip(args) {
            self.bind(frame.scope, &param.name, arg)?;
        }
        for statement in &function.def.body {
            self.execute(frame, statement)?;
        }
        let mut returned = self.eval_all(frame, &function.def.returns)?;
        if returned.len() == 1 { Ok(returned.remove(0)) } else { Item::list(returned) }
    }

    /// An argument as the name of a function's result shows it.
    fn argument(&self, item: &Item) -> String {
        // A list or dictionary that is longer is not shown: it need not be written out.
        let text = item.describe_up_to(&self.nodes, 4 * MAX_ARGUMENT);
        match item {
            Item::List(_) if text.chars().count() > MAX_ARGUMENT => "(list)".to_owned(),
            Item::Dict(_) if text.chars().count() > MAX_ARGUMENT => "(dict)".to_owned(),
            _ => text,
        }
    }

    #[inline(never)]
    fn draw(&mut self, frame: &Frame, drawn: ExprId, input: Option<ExprId>) -> Eval<Outcome> {
        let input = input.map(|i| self.eval(frame, i)).transpose()?;
        let outer = self.input.clone();
        if let Some(input) = input.as_ref().and_then(Item::input) {
            self.input = input;
        }
        let item = self.eval(frame, drawn);
        let on = std::mem::replace(&mut self.input, outer);
        let item = item?;
        if let Some(input) = input.filter(|i| i.input().is_none()) {
            return Err(empty_input(&input.bare(&self.nodes)));
        }
        let Item::SOp(id) = item else {
            let got = item.bare(&self.nodes);
            return Err(Fail::Rasp(format!("draw expects unfinished sequence, got: {got}")));
        };
        if self.drawn.len() >= MAX_DRAWN {
            return Err(Fail::Wrong(format!("more than {MAX_DRAWN} pictures at once")));
        }
        let result = self.nodes.compute(id, &on)?;
        let text = self.show_applied(&Applied { result, input: on.clone() })?;
        self.printed.push_str(&text);
        // The same s-op on the same input is one picture.
        self.drawn.retain(|(drawn, input)| *drawn != id || *input != on);
        self.drawn.push((id, on));
        Ok(nothing())
    }

    fn set_example(&mut self, frame: &Frame, which: Which, value: ExprId) -> Eval<Outcome> {
        let item = self.eval(frame, value)?;
        let example = Example::new(&item, &self.nodes)
            .ok_or_else(|| Fail::Rasp(format!("example not iterable: {}", item.bare(&self.nodes))))?;
        if which != Which::Selector {
            self.input = example.values.clone();
            self.sop_example = example.clone();
        }
        if which != Which::SOp {
            self.selector_example = example;
        }
        Ok(nothing())
    }

    fn show_example(&self, which: Which) -> String {
        let mut text = String::new();
        if which != Which::Selector {
            text += &format!("\ts-op example: {}\n", self.sop_example.shown);
        }
        if which != Which::SOp {
            text += &format!("\tselector example: {}\n", self.selector_example.shown);
        }
        text
    }

    /// Runs a file in a scope of its own, which sees nothing of the loader's.
    #[inline(never)]
    pub(super) fn load(&mut self, frame: &Frame, path: &str) -> Eval<()> {
        let file = format!("{path}.rasp");
        let missing = || Fail::Rasp(format!("could not find file: {file}"));
        if self.friendly && self.loading.iter().any(|loading| **loading == *path) {
            self.loads_itself = Some(Arc::from(path));
            return Err(missing());
        }
        let text = match (self.loader)(&file) {
            Ok(text) => text,
            Err(why) => {
                self.unread = Some(why);
                return Err(missing());
            }
        };
        if self.loading.len() >= MAX_LOADS {
            return Err(Fail::Wrong("maximum recursion depth exceeded".to_owned()));
        }
        let scope = self.new_scope(self.start, &Arc::from(path))?;
        self.scopes[scope].exports_to = Some(frame.scope);
        self.keeps_scopes = true;
        self.loading.push(Arc::from(path));
        if self.friendly {
            self.run_friendly_file(path, &text, scope);
        } else {
            self.run_file(&text, scope);
        }
        self.loading.pop();
        self.flush_collected();
        Ok(())
    }

    /// Runs the statements of a file, with examples off; what they show is collected.
    pub(super) fn run_file(&mut self, text: &str, scope: usize) {
        let shown = (self.show_sop_examples, self.show_selector_examples);
        (self.show_sop_examples, self.show_selector_examples) = (false, false);
        let mut reader = Reader::default();
        // Python's text files end their lines as any system does.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for line in text.split_inclusive('\n') {
            let complete = match reader.push(line) {
                Read::More => continue,
                Read::Wrong(text) => {
                    self.printed.push_str(&text);
                    continue;
                }
                Read::Complete(text) => text,
            };
            match self.file_statement(&complete, scope) {
                Ok(true) => break,
                Ok(false) => {}
                Err(fail) => self.collected.push(Collected { name: None, text: failure(&fail), error: true }),
            }
        }
        (self.show_sop_examples, self.show_selector_examples) = shown;
    }

    /// Whether the file is over.
    fn file_statement(&mut self, text: &str, scope: usize) -> Eval<bool> {
        let Some(module) = only_statement(text)? else {
            return Err(Fail::Wrong(String::new()));
        };
        let frame = Frame { module: module.clone(), scope };
        let outcome = self.execute(&frame, &module.statements[0])?;
        let over = matches!(outcome, Outcome::Exit);
        self.collect(outcome);
        Ok(over)
    }

    /// Prints what files have collected: of each name the last, unless there was an error.
    pub(super) fn flush_collected(&mut self) {
        let collected = std::mem::take(&mut self.collected);
        let failed = collected.iter().any(|c| c.error);
        let mut later = indexmap::IndexSet::new();
        let mut kept: Vec<&str> = Vec::new();
        for c in collected.iter().rev() {
            if failed || c.name.as_ref().is_none_or(|name| later.insert(name.clone())) {
                kept.push(&c.text);
            }
        }
        kept.iter().rev().for_each(|text| self.printed.push_str(text));
    }
}

fn nothing() -> Outcome {
    Outcome::Values(Vec::new())
}

/// The name under which an expression's value is shown: its own if it is a bare variable, in brackets or not.
fn shown_name(module: &Module, mut id: ExprId) -> Arc<str> {
    loop {
        match &module.expr(id).kind {
            ExprKind::Paren(inner) => id = *inner,
            ExprKind::Name(name) => return name.clone(),
            _ => return Arc::from("out"),
        }
    }
}

impl Example {
    /// The example that a value can be.
    pub(super) fn new(item: &Item, nodes: &super::node::Nodes) -> Option<Self> {
        let values: Option<Vec<_>> =
            item.parts()?.into_iter().map(|p| if let Item::Atom(v) = p { Some(v) } else { None }).collect();
        let shown = match item {
            Item::Atom(v) => format!("\"{}\"", text_of(v)),
            _ => item.repr_up_to(nodes, super::show::MAX_SHOWN),
        };
        Some(Self { values: values?.into(), shown })
    }
}
