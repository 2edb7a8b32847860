//! Python's statements and expressions, as far as programs for tracr need them.

use super::token::{Kind, Token};

/// Deeper nesting is not read.
const DEEPEST: usize = 60;
/// Longer chains of operators, calls or names are not read: each link is a level of the tree, and of the stack of whoever walks
/// it.
const LONGEST: usize = 500;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// A number or another word that RASP writes the same way.
    Word(String),
    String(String),
    /// `rasp.tokens` is two parts.
    Path(Vec<String>),
    Call(Box<Expr>, Vec<(Option<String>, Expr)>),
    /// A method of an expression that is no path.
    Method(Box<Expr>, String),
    Unary(String, Box<Expr>),
    Binary(String, Box<Expr>, Box<Expr>),
    /// Then, condition, else.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Lambda(Vec<String>, Box<Expr>),
    List(Vec<Expr>),
}

/// A statement with the blanks before it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) indent: usize,
    pub(super) what: What,
}

/// What it does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Assign(String, Expr),
    Value(Expr),
    Return(Expr),
    Def(String, Vec<String>),
    /// An import, a text, `pass`: nothing.
    Nothing,
    /// What is not read.
    Unread(String),
}

type Read<T> = Option<T>;

struct Parser<'t, 's> {
    tokens: &'s [Token<'t>],
    at: usize,
    depth: usize,
}

/// The statements of a text, one a line.
pub(super) fn statements(tokens: &[Token<'_>]) -> Vec<Statement> {
    let mut all = Vec::new();
    let mut indent = 0;
    for line in tokens.split_inclusive(|t| matches!(t.kind, Kind::Line(_))) {
        let (body, next) = match line.split_last() {
            Some((Token { kind: Kind::Line(blanks), .. }, body)) => (body, *blanks),
            _ => (line, 0),
        };
        if !body.is_empty() {
            let mut parser = Parser { tokens: body, at: 0, depth: 0 };
            let what = parser.statement().filter(|_| parser.at == body.len());
            let words = || body.iter().take(12).map(|t| t.kind.text()).collect::<Vec<_>>().join(" ");
            all.push(Statement { indent, what: what.unwrap_or_else(|| What::Unread(words())) });
        }
        indent = next;
    }
    all
}

impl<'t> Kind<'t> {
    fn text(self) -> &'t str {
        match self {
            Self::Name(t) | Self::Number(t) | Self::Mark(t) | Self::String(t) => t,
            Self::Line(_) => "",
        }
    }
}

impl<'t> Parser<'t, '_> {
    fn peek(&self) -> Option<Kind<'t>> {
        self.tokens.get(self.at).map(|t| t.kind)
    }

    fn next(&mut self) -> Option<Kind<'t>> {
        let kind = self.peek()?;
        self.at += 1;
        Some(kind)
    }

    fn eat(&mut self, kind: Kind<'_>) -> bool {
        let found = self.peek() == Some(kind);
        self.at += usize::from(found);
        found
    }

    fn mark(&mut self, mark: &str) -> bool {
        self.eat(Kind::Mark(mark))
    }

    fn word(&mut self, word: &str) -> bool {
        self.eat(Kind::Name(word))
    }

    fn name(&mut self) -> Read<String> {
        if let Some(Kind::Name(name)) = self.peek() {
            self.at += 1;
            return Some(name.to_owned());
        }
        None
    }

    fn statement(&mut self) -> Read<What> {
        match self.peek()? {
            Kind::Name("import" | "from" | "pass") | Kind::String(_) => {
                self.at = self.tokens.len();
                Some(What::Nothing)
            }
            Kind::Name("return") => {
                self.at += 1;
                self.expression().map(What::Return)
            }
            Kind::Name("def") => {
                self.at += 1;
                self.definition()
            }
            _ => {
                if let (Some(Kind::Name(name)), Some(Kind::Mark("=" | ":"))) =
                    (self.peek(), self.tokens.get(self.at + 1).map(|t| t.kind))
                {
                    self.at += 1;
                    self.annotation("=");
                    self.mark("=").then_some(())?;
                    return Some(What::Assign(name.to_owned(), self.expression()?));
                }
                self.expression().map(What::Value)
            }
        }
    }

    /// Skips `: type`, up to one of the marks of this text at depth 0.
    fn annotation(&mut self, until: &str) {
        if !self.mark(":") {
            return;
        }
        let mut depth = 0;
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Mark(m) if depth == 0 && until.contains(m) => return,
                Kind::Mark("[" | "(") => depth += 1,
                Kind::Mark("]" | ")") => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn definition(&mut self) -> Read<What> {
        let name = self.name()?;
        let mut parameters = Vec::new();
        self.mark("(").then_some(())?;
        while !self.mark(")") {
            parameters.push(self.name()?);
            self.annotation(",=)");
            if self.mark("=") {
                return None;
            }
            self.mark(",");
        }
        // What is returned needs no type.
        while self.peek().is_some_and(|k| k != Kind::Mark(":")) {
            self.at += 1;
        }
        self.mark(":").then_some(What::Def(name, parameters))
    }

    fn expression(&mut self) -> Read<Expr> {
        self.depth += 1;
        let read = if self.depth > DEEPEST { None } else { self.whole() };
        self.depth -= 1;
        read
    }

    fn whole(&mut self) -> Read<Expr> {
        if self.word("lambda") {
            let mut parameters = Vec::new();
            while !self.mark(":") {
                parameters.push(self.name()?);
                self.mark(",");
            }
            return Some(Expr::Lambda(parameters, Box::new(self.expression()?)));
        }
        let then = self.level(0)?;
        if !self.word("if") {
            return Some(then);
        }
        let condition = self.level(0)?;
        self.word("else").then_some(())?;
        Some(Expr::If(Box::new(then), Box::new(condition), Box::new(self.expression()?)))
    }

    /// Binary operators from this level on, and what binds tighter.
    fn level(&mut self, level: usize) -> Read<Expr> {
        const LEVELS: &[&[&str]] = &[
            &["or"],
            &["and"],
            &["not"],
            &["==", "!=", "<", ">", "<=", ">="],
            &["|"],
            &["&"],
            &["+", "-"],
            &["*", "/", "//", "%"],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        if operators == &["not"] {
            return if self.word("not") {
                self.depth += 1;
                let inner = if self.depth > DEEPEST { None } else { self.level(level) };
                self.depth -= 1;
                Some(Expr::Unary("not".to_owned(), Box::new(inner?)))
            } else {
                self.level(level + 1)
            };
        }
        let mut left = self.level(level + 1)?;
        let mut last: Option<Expr> = None;
        let mut links = 0;
        while let Some(Kind::Mark(op) | Kind::Name(op)) = self.peek().filter(|k| operators.contains(&k.text())) {
            self.at += 1;
            links += 1;
            if links > LONGEST {
                return None;
            }
            let right = self.level(level + 1)?;
            let operand = |e: Expr| Box::new(e);
            left = match last.take() {
                // `a < b < c`
                Some(middle) => {
                    let second = Expr::Binary(op.to_owned(), operand(middle), operand(right.clone()));
                    Expr::Binary("and".to_owned(), operand(left), operand(second))
                }
                None => Expr::Binary(op.to_owned(), operand(left), operand(right.clone())),
            };
            last = (level == 3).then_some(right);
        }
        Some(left)
    }

    fn unary(&mut self) -> Read<Expr> {
        for mark in ["-", "~", "+"] {
            if self.mark(mark) {
                self.depth += 1;
                let inner = if self.depth > DEEPEST { None } else { self.unary() };
                self.depth -= 1;
                return Some(Expr::Unary(mark.to_owned(), Box::new(inner?)));
            }
        }
        let base = self.postfix()?;
        if self.mark("**") {
            self.depth += 1;
            let power = if self.depth > DEEPEST { None } else { self.unary() };
            self.depth -= 1;
            return Some(Expr::Binary("**".to_owned(), Box::new(base), Box::new(power?)));
        }
        Some(base)
    }

    fn postfix(&mut self) -> Read<Expr> {
        let mut left = self.atom()?;
        for _ in 0..LONGEST {
            if self.mark(".") {
                let name = self.name()?;
                left = match left {
                    Expr::Path(mut path) => {
                        path.push(name);
                        Expr::Path(path)
                    }
                    other => Expr::Method(Box::new(other), name),
                };
            } else if self.mark("(") {
                left = Expr::Call(Box::new(left), self.arguments()?);
            } else {
                return Some(left);
            }
        }
        None
    }

    fn arguments(&mut self) -> Read<Vec<(Option<String>, Expr)>> {
        let mut all = Vec::new();
        while !self.mark(")") {
            let named = self.tokens.get(self.at + 1).is_some_and(|t| t.kind == Kind::Mark("="));
            let keyword = if named { self.name() } else { None };
            self.at += usize::from(named);
            all.push((keyword, self.expression()?));
            if !self.mark(",") {
                self.mark(")").then_some(())?;
                break;
            }
        }
        Some(all)
    }

    fn atom(&mut self) -> Read<Expr> {
        match self.next()? {
            Kind::Number(n) => Some(Expr::Word(n.to_owned())),
            Kind::String(s) => Some(Expr::String(s.to_owned())),
            Kind::Name("True") => Some(Expr::Word("True".to_owned())),
            Kind::Name("False") => Some(Expr::Word("False".to_owned())),
            Kind::Name("None") => Some(Expr::Word("none".to_owned())),
            Kind::Name(n) => Some(Expr::Path(vec![n.to_owned()])),
            Kind::Mark("(") => {
                let inner = self.expression()?;
                self.mark(")").then_some(inner)
            }
            Kind::Mark(open @ ("[" | "{")) => {
                let close = if open == "[" { "]" } else { "}" };
                let mut items = Vec::new();
                while !self.mark(close) {
                    items.push(self.expression()?);
                    if !self.mark(",") {
                        self.mark(close).then_some(())?;
                        break;
                    }
                }
                Some(Expr::List(items))
            }
            _ => None,
        }
    }
}
