//! A program for tracr, written in RASP.

use super::parse::{Expr, Statement, What};

/// Longer expressions are not written: a lambda may hold its argument many times.
const LONGEST: usize = 4000;

/// Deeper calls of lambdas in lambdas are not written.
const DEEPEST: usize = 40;

/// The program, and how many of its lines have no RASP form.
pub(super) fn program(statements: &[Statement]) -> (String, usize) {
    let mut out = Writer::default();
    for statement in statements {
        out.close(statement.indent);
        out.statement(statement);
    }
    out.close(0);
    // What is compiled is the program's last s-op: where another one was given to tracr's compiler, it stands last.
    if let Some(output) = out.output.take()
        && out.last.as_ref() != Some(&output)
    {
        out.line(0, &format!("{output};"));
    }
    (out.metadata + &out.text, out.left)
}

#[derive(Default)]
struct Writer {
    metadata: String,
    text: String,
    left: usize,
    /// The indents of the functions that are open.
    open: Vec<usize>,
    /// The name that was assigned last.
    last: Option<String>,
    /// What tracr's compiler was given.
    output: Option<String>,
}

/// An expression's text, and whether it needs brackets beside an operator.
struct Piece {
    text: String,
    compound: bool,
}

fn simple(text: impl Into<String>) -> Piece {
    Piece { text: text.into(), compound: false }
}

fn compound(text: impl Into<String>) -> Piece {
    Piece { text: text.into(), compound: true }
}

/// What names stand for inside a lambda.
type Scope<'s> = &'s [(String, String)];

impl Writer {
    fn line(&mut self, depth: usize, text: &str) {
        self.text += &"    ".repeat(depth);
        self.text += text;
        self.text.push('\n');
    }

    /// Ends the functions that a line with this indent is no longer part of.
    fn close(&mut self, indent: usize) {
        while self.open.last().is_some_and(|&i| indent <= i) {
            self.open.pop();
            self.line(self.open.len(), "}");
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let depth = self.open.len();
        match &statement.what {
            What::Nothing => {}
            What::Def(name, parameters) => {
                self.line(depth, &format!("def {name}({}) {{", parameters.join(", ")));
                self.open.push(statement.indent);
            }
            What::Assign(_, e) | What::Value(e) if self.compiler(e) => {}
            What::Value(Expr::Call(f, _)) if matches!(&**f, Expr::Path(p) if p.last().is_some_and(|n| n == "print")) => {
            }
            What::Assign(name, e) => {
                self.expression(depth, &format!("{name} = "), e, name);
                if depth == 0 {
                    self.last = Some(name.clone());
                }
            }
            What::Value(e) => self.expression(depth, "", e, "the expression"),
            What::Return(e) => self.expression(depth, "return ", e, "return"),
            What::Unread(words) => self.unread(depth, words),
        }
    }

    fn expression(&mut self, depth: usize, before: &str, e: &Expr, what: &str) {
        match piece(e, &[], 0) {
            Some(p) => self.line(depth, &format!("{before}{};", p.text)),
            None => self.unread(depth, what),
        }
    }

    fn unread(&mut self, depth: usize, what: &str) {
        self.left += 1;
        self.line(depth, &format!("# no RASP form: {what}"));
    }

    fn say(&mut self, key: &str, value: &str) {
        self.metadata.extend(["# ", key, ": ", value, "\n"]);
    }

    /// Whether this is a call of tracr's compiler: what it is given becomes the program's metadata.
    fn compiler(&mut self, e: &Expr) -> bool {
        let Expr::Call(f, arguments) = e else { return false };
        let Expr::Path(path) = &**f else { return false };
        if path.last().is_none_or(|n| n != "compile_rasp_to_model") {
            return false;
        }
        let keys = ["program", "vocab", "max_seq_len"];
        for (i, (keyword, value)) in arguments.iter().enumerate() {
            let key = keyword.as_deref().or(keys.get(i).copied()).unwrap_or_default();
            match (key, value, piece(value, &[], 0)) {
                ("program", Expr::Path(name), _) if name.len() == 1 => self.output = Some(name[0].clone()),
                ("vocab", Expr::List(_), Some(p)) => self.say("vocab", &p.text),
                ("max_seq_len", Expr::Word(n), _) => self.say("max_len", n),
                _ => {}
            }
        }
        true
    }
}

fn piece(e: &Expr, scope: Scope<'_>, depth: usize) -> Option<Piece> {
    let p = if depth > DEEPEST { None } else { unbounded(e, scope, depth + 1) };
    p.filter(|p| p.text.len() <= LONGEST)
}

fn unbounded(e: &Expr, scope: Scope<'_>, depth: usize) -> Option<Piece> {
    let read = |e: &Expr| piece(e, scope, depth);
    // An operand, with brackets where it needs them.
    let operand = |e: &Expr| read(e).map(|p| if p.compound { format!("({})", p.text) } else { p.text });
    match e {
        Expr::Word(w) => Some(simple(w)),
        Expr::String(s) => (!s.contains(['"', '\n', '\r', '\\'])).then(|| simple(format!("\"{s}\""))),
        Expr::Path(path) => name(path, scope),
        Expr::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|i| read(i).map(|p| p.text)).collect();
            Some(simple(format!("[{}]", items?.join(", "))))
        }
        Expr::If(then, condition, otherwise) => {
            Some(compound(format!("{} if {} else {}", operand(then)?, operand(condition)?, operand(otherwise)?)))
        }
        Expr::Unary(op, inner) => match op.as_str() {
            "-" => Some(compound(format!("-{}", operand(inner)?))),
            "+" => read(inner),
            _ => Some(compound(format!("not {}", operand(inner)?))),
        },
        Expr::Binary(op, a, b) => {
            let op = match op.as_str() {
                "&" => "and",
                "|" => "or",
                "**" => "^",
                "//" => return None,
                other => other,
            };
            Some(compound(format!("{} {op} {}", operand(a)?, operand(b)?)))
        }
        Expr::Call(f, arguments) => call(f, arguments, scope, depth),
        // `.named("x")` and the annotations say nothing that RASP needs; the call around them is read there.
        Expr::Method(..) | Expr::Lambda(..) => None,
    }
}

fn name(path: &[String], scope: Scope<'_>) -> Option<Piece> {
    match path {
        [one] => Some(match scope.iter().rev().find(|(n, _)| n == one) {
            Some((_, text)) => simple(text),
            None => simple(one),
        }),
        [module, what] if module == "rasp" => match what.as_str() {
            "tokens" | "indices" | "length" => Some(simple(what)),
            _ => None,
        },
        _ => None,
    }
}

fn comparison(e: &Expr) -> Option<&'static str> {
    let Expr::Path(path) = e else { return None };
    Some(match path.last()?.as_str() {
        "EQ" => "==",
        "NEQ" => "!=",
        "LT" => "<",
        "LEQ" => "<=",
        "GT" => ">",
        "GEQ" => ">=",
        _ => return None,
    })
}

fn call(f: &Expr, arguments: &[(Option<String>, Expr)], scope: Scope<'_>, depth: usize) -> Option<Piece> {
    let read = |e: &Expr| piece(e, scope, depth);
    let get = |i: usize, keyword: &str| {
        let named = arguments.iter().find(|(k, _)| k.as_deref() == Some(keyword)).map(|(_, e)| e);
        named.or_else(|| arguments.get(i).filter(|(k, _)| k.is_none()).map(|(_, e)| e))
    };
    let text = |i: usize, keyword: &str| get(i, keyword).and_then(read).map(|p| p.text);
    let operand = |e: &Expr| read(e).map(|p| if p.compound { format!("({})", p.text) } else { p.text });
    let path = match f {
        Expr::Method(inner, _) => return read(inner),
        Expr::Path(path) => path,
        _ => return None,
    };
    let what = match path.as_slice() {
        [module, what] if module == "rasp" => what.as_str(),
        // `hist.named("hist")`
        [of, method] if method == "named" => return name(std::slice::from_ref(of), scope),
        [one] => one.as_str(),
        _ => return None,
    };
    match what {
        "Select" => {
            let (keys, queries, predicate) = (text(0, "keys")?, text(1, "queries")?, get(2, "predicate")?);
            match (predicate, comparison(predicate)) {
                (_, Some(op)) => Some(simple(format!("select({keys}, {queries}, {op})"))),
                (Expr::Lambda(parameters, body), _) => select_by(&keys, &queries, parameters, body),
                (Expr::Path(p), _) if p.last().is_some_and(|n| n == "TRUE") => Some(simple("select(1, 1, ==)")),
                (Expr::Path(p), _) if p.last().is_some_and(|n| n == "FALSE") => Some(simple("select(1, 0, ==)")),
                _ => None,
            }
        }
        "Aggregate" => {
            let (selector, sop) = (text(0, "selector")?, text(1, "sop")?);
            let default = text(2, "default").filter(|d| d != "none").map_or_else(String::new, |d| format!(", {d}"));
            Some(simple(format!("aggregate({selector}, {sop}{default})")))
        }
        "SelectorWidth" => Some(simple(format!("selector_width({})", text(0, "selector")?))),
        "SelectorAnd" => Some(compound(format!("{} and {}", operand(get(0, "fst")?)?, operand(get(1, "snd")?)?))),
        "SelectorOr" => Some(compound(format!("{} or {}", operand(get(0, "fst")?)?, operand(get(1, "snd")?)?))),
        "SelectorNot" => Some(compound(format!("not {}", operand(get(0, "inner")?)?))),
        "Full" => read(get(0, "fill")?),
        "Map" => apply(get(0, "f")?, &[operand(get(1, "inner")?)?], scope, depth),
        "SequenceMap" => apply(get(0, "f")?, &[operand(get(1, "fst")?)?, operand(get(2, "snd")?)?], scope, depth),
        "LinearSequenceMap" => {
            let (fst, snd) = (operand(get(0, "fst")?)?, operand(get(1, "snd")?)?);
            let (a, b) = (operand(get(2, "fst_fac")?)?, operand(get(3, "snd_fac")?)?);
            Some(compound(format!("{a} * {fst} + {b} * {snd}")))
        }
        "numerical" | "categorical" | "annotate" => read(get(0, "expr")?),
        // Functions of the program itself.
        own if path.len() == 1 && arguments.iter().all(|(k, _)| k.is_none()) => {
            let all: Option<Vec<String>> = arguments.iter().map(|(_, e)| read(e).map(|p| p.text)).collect();
            Some(simple(format!("{own}({})", all?.join(", "))))
        }
        _ => None,
    }
}

/// A lambda's body with its parameters replaced.
fn apply(f: &Expr, arguments: &[String], scope: Scope<'_>, depth: usize) -> Option<Piece> {
    let Expr::Lambda(parameters, body) = f else { return None };
    if parameters.len() != arguments.len() {
        return None;
    }
    let mut inner = scope.to_vec();
    inner.extend(parameters.iter().cloned().zip(arguments.iter().cloned()));
    piece(body, &inner, depth)
}

/// A selector by a lambda of key and query that compares the two.
fn select_by(keys: &str, queries: &str, parameters: &[String], body: &Expr) -> Option<Piece> {
    const OPERATORS: [(&str, &str); 6] =
        [("==", "=="), ("!=", "!="), ("<", ">"), ("<=", ">="), (">", "<"), (">=", "<=")];
    let ([key, query], Expr::Binary(op, a, b)) = (parameters, body) else { return None };
    let (straight, turned) = OPERATORS.iter().find(|(o, _)| o == op)?;
    let is = |e: &Expr, name: &String| matches!(e, Expr::Path(p) if p.len() == 1 && p[0] == *name);
    let op = match (is(a, key) && is(b, query), is(a, query) && is(b, key)) {
        (true, _) => straight,
        (_, true) => turned,
        _ => return None,
    };
    Some(simple(format!("select({keys}, {queries}, {op})")))
}
