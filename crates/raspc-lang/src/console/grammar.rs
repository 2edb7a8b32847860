//! Whether a text is a program of the console's grammar and, if not, what the reference's parser says: the rules R1 to R8
//! of the language's page, of which the first error is the last.
//!
//! **Invariants.** Recursion is bounded by [`MAX_DEPTH`]. Where an operand may end or go on, the decision is kept, so
//! that looking ahead stays polynomial.

#![allow(clippy::wildcard_imports, reason = "the grammar names nearly every kind of token")]

use std::collections::BTreeMap;

use super::token::{self, *};

/// Deepest nesting.
const MAX_DEPTH: usize = 150;

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reject {
    /// More text may make it one, or so the reference thinks.
    Unfinished,
    /// This is wrong.
    Wrong(String),
}

#[derive(Debug)]
enum Fail {
    /// At the end of the text, or a missing `;`.
    Unfinished,
    /// No token.
    Lexical(String),
    /// Anything else.
    Syntax(String),
}

type Check = Result<(), Fail>;

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// The furthest token at which something was wrong, looking ahead included.
    furthest: usize,
    /// Where the last error was.
    failed_at: usize,
    /// Whether the operand before this token goes on with it.
    goes_on: BTreeMap<usize, bool>,
}

/// Checks a whole text.
pub(super) fn check(text: &str) -> Result<(), Reject> {
    let tokens = token::lex(text);
    let mut parser = Parser { text, tokens, at: 0, depth: 0, furthest: 0, failed_at: 0, goes_on: BTreeMap::new() };
    parser.program().map_err(|fail| match fail {
        Fail::Unfinished => Reject::Unfinished,
        Fail::Lexical(message) | Fail::Syntax(message) => Reject::Wrong(message),
    })
}

fn has(set: Set, kind: Kind) -> bool {
    set & 1 << kind != 0
}

fn visible(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

impl Parser<'_> {
    fn program(&mut self) -> Check {
        let kind = self.kind()?;
        if !has(STATEMENT, kind) {
            return self.not_one_of(STATEMENT);
        }
        loop {
            self.statement(STATEMENT | set(&[EOF]))?;
            match self.kind()? {
                EOF => return Ok(()),
                kind if has(STATEMENT, kind) => {}
                _ => return self.complain("extraneous input", STATEMENT | set(&[EOF])),
            }
        }
    }

    fn at(&mut self, index: usize) -> Result<Kind, Fail> {
        let token = self.tokens[index.min(self.tokens.len() - 1)];
        if token.kind == BAD {
            self.mark();
            let text = visible(&self.text[token.start..token.end]);
            return Err(Fail::Lexical(format!("token recognition error at: '{text}'")));
        }
        Ok(token.kind)
    }

    fn kind(&mut self) -> Result<Kind, Fail> {
        self.at(self.at)
    }

    fn second(&mut self) -> Result<Kind, Fail> {
        self.at(self.at + 1)
    }

    fn mark(&mut self) {
        self.failed_at = self.at;
        self.furthest = self.furthest.max(self.at);
    }

    fn bump(&mut self) {
        self.at += 1;
    }

    fn eat(&mut self, kind: Kind) -> Result<bool, Fail> {
        let found = self.kind()? == kind;
        self.at += usize::from(found);
        Ok(found)
    }

    fn shown(&self) -> String {
        let token = self.tokens[self.at];
        visible(&self.text[token.start..token.end])
    }

    fn complain(&mut self, what: &str, expected: Set) -> Check {
        self.mark();
        if self.kind()? == EOF {
            return Err(Fail::Unfinished);
        }
        Err(Fail::Syntax(format!("{what} '{}' expecting {}", self.shown(), token::show(expected))))
    }

    /// R1, R4, R6: none of these is here.
    fn not_one_of(&mut self, expected: Set) -> Check {
        if self.kind()? == EOF {
            return self.complain("", expected);
        }
        let what = if has(expected, self.second()?) { "extraneous input" } else { "mismatched input" };
        self.complain(what, expected)
    }

    /// R5: one of these must be here; `after` is what may follow it.
    fn expect(&mut self, expected: Set, after: Set) -> Check {
        let kind = self.kind()?;
        if has(expected, kind) {
            self.bump();
            return Ok(());
        }
        if kind == EOF || has(expected, self.second()?) || !has(after, kind) {
            return self.not_one_of(expected);
        }
        self.mark();
        if expected == set(&[SEMICOLON]) {
            return Err(Fail::Unfinished);
        }
        Err(Fail::Syntax(format!("missing {} at '{}'", token::show(expected), self.shown())))
    }

    fn one(&mut self, expected: Kind, after: Set) -> Check {
        self.expect(set(&[expected]), after)
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Check) -> Check {
        if self.depth >= MAX_DEPTH {
            self.mark();
            return Err(Fail::Lexical("maximum recursion depth exceeded".to_owned()));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn statement(&mut self, after: Set) -> Check {
        self.deeper(|p| p.statement_inner(after))
    }

    fn statement_inner(&mut self, after: Set) -> Check {
        let kind = self.kind()?;
        match kind {
            COMMENT | EXIT | EXIT_CALL | QUIT | QUIT_CALL => self.bump(),
            SET | SHOW => {
                self.bump();
                self.example_of(if kind == SET { EXPR } else { after })?;
                if kind == SET {
                    self.expr(after)?;
                }
            }
            SOP | SELECTOR | EXAMPLES | FULL => {
                self.bump();
                if matches!(kind, SOP | SELECTOR) {
                    self.one(EXAMPLES, set(&[ON, OFF]))?;
                }
                self.expect(set(&[ON, OFF]), after)?;
            }
            DEF => return self.def(),
            FOR => return self.for_loop(after),
            LOAD => {
                self.bump();
                self.one(STRING, set(&[SEMICOLON]))?;
                self.one(SEMICOLON, after)?;
            }
            DRAW => {
                self.bump();
                self.one(OPEN, EXPR)?;
                self.expr(set(&[COMMA, CLOSE]))?;
                self.last_optional(set(&[SEMICOLON]))?;
                self.one(SEMICOLON, after)?;
            }
            ID => return self.name_first(after),
            _ => {
                self.expr(set(&[SEMICOLON]))?;
                self.one(SEMICOLON, after)?;
            }
        }
        Ok(())
    }

    /// `, e)` or `)`.
    fn last_optional(&mut self, after: Set) -> Check {
        match self.kind()? {
            COMMA => {
                self.bump();
                self.expr(set(&[CLOSE]))?;
                self.one(CLOSE, after)
            }
            CLOSE => {
                self.bump();
                Ok(())
            }
            _ => self.not_one_of(set(&[COMMA, CLOSE])),
        }
    }

    fn example_of(&mut self, after: Set) -> Check {
        match self.kind()? {
            SOP | SELECTOR => {
                self.bump();
                self.one(EXAMPLE, after)
            }
            EXAMPLE => {
                self.bump();
                Ok(())
            }
            _ => self.not_one_of(set(&[SOP, SELECTOR, EXAMPLE])),
        }
    }

    /// R3: an assignment or an expression.
    fn name_first(&mut self, after: Set) -> Check {
        let second = self.second()?;
        if matches!(second, ASSIGN | COMMA) {
            self.names(set(&[ASSIGN]))?;
            self.one(ASSIGN, EXPR)?;
            self.exprs(set(&[SEMICOLON]))?;
        } else if second == SEMICOLON || has(SUFFIX, second) {
            self.expr(set(&[SEMICOLON]))?;
        } else {
            let start = self.at;
            self.bump();
            self.mark();
            return self.not_viable(start, self.at);
        }
        self.one(SEMICOLON, after)
    }

    fn not_viable(&mut self, start: usize, bad: usize) -> Check {
        self.failed_at = bad;
        if self.tokens[bad].kind == EOF {
            return Err(Fail::Unfinished);
        }
        let texts: String = self.tokens[start..=bad].iter().map(|t| &self.text[t.start..t.end]).collect();
        Err(Fail::Syntax(format!("no viable alternative at input '{}'", visible(&texts))))
    }

    fn names(&mut self, after: Set) -> Check {
        self.one(ID, after | set(&[COMMA]))?;
        while self.eat(COMMA)? {
            self.one(ID, after | set(&[COMMA]))?;
        }
        Ok(())
    }

    fn def(&mut self) -> Check {
        self.bump();
        self.one(ID, set(&[OPEN]))?;
        self.one(OPEN, set(&[ID, CLOSE]))?;
        match self.kind()? {
            CLOSE => self.bump(),
            ID => {
                self.names(set(&[CLOSE]))?;
                self.one(CLOSE, set(&[OPEN_BRACE]))?;
            }
            _ => return self.not_one_of(set(&[ID, CLOSE])),
        }
        self.one(OPEN_BRACE, BODY | set(&[RETURN]))?;
        let kind = self.kind()?;
        if !has(BODY | set(&[RETURN]), kind) {
            return self.not_one_of(BODY | set(&[RETURN]));
        }
        self.block(BODY | set(&[RETURN]))?;
        self.one(RETURN, EXPR)?;
        self.exprs(set(&[SEMICOLON]))?;
        self.one(SEMICOLON, set(&[CLOSE_BRACE, COMMENT]))?;
        while self.eat(COMMENT)? {}
        if self.eat(CLOSE_BRACE)? { Ok(()) } else { self.not_one_of(set(&[CLOSE_BRACE, COMMENT])) }
    }

    fn block(&mut self, after: Set) -> Check {
        while has(BODY, self.kind()?) {
            self.statement(after)?;
        }
        Ok(())
    }

    fn for_loop(&mut self, after: Set) -> Check {
        self.bump();
        self.names(set(&[IN]))?;
        self.one(IN, EXPR)?;
        self.expr(set(&[OPEN_BRACE]))?;
        self.one(OPEN_BRACE, BODY)?;
        let kind = self.kind()?;
        if !has(BODY, kind) {
            return self.not_one_of(BODY);
        }
        self.block(BODY | set(&[CLOSE_BRACE]))?;
        self.one(CLOSE_BRACE, after)
    }

    fn exprs(&mut self, after: Set) -> Check {
        self.expr(after | set(&[COMMA]))?;
        while self.eat(COMMA)? {
            self.expr(after | set(&[COMMA]))?;
        }
        Ok(())
    }

    /// An expression; `after` is what may follow it.
    fn expr(&mut self, after: Set) -> Check {
        self.deeper(|p| p.expr_inner(after))
    }

    fn expr_inner(&mut self, after: Set) -> Check {
        self.operand(after)?;
        loop {
            match self.kind()? {
                PLUS | MINUS | OPEN | OPEN_BRACKET => {
                    if !self.decide() {
                        return Ok(());
                    }
                    self.continued(after)?;
                }
                IF => {
                    self.bump();
                    self.expr(set(&[ELSE]))?;
                    self.one(ELSE, EXPR)?;
                    self.operand(after)?;
                }
                kind if has(SUFFIX, kind) => {
                    self.bump();
                    self.operand(after)?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// R8: whether the operand before this token goes on with it, or ends and a statement starts here.
    fn decide(&mut self) -> bool {
        let start = self.at;
        if let Some(&known) = self.goes_on.get(&start) {
            return known;
        }
        let inside = self.look(|p| p.continued(0));
        let answer = match inside {
            None => true,
            Some(inside) => {
                // Were the token read as going on, this would be decided by what follows it.
                let furthest = self.furthest;
                let beside = self.look(|p| p.statement(STATEMENT | set(&[EOF])));
                self.furthest = furthest;
                beside.is_some_and(|beside| inside > beside)
            }
        };
        self.goes_on.insert(start, answer);
        answer
    }

    /// Parses without consequences: where it fails, if it does.
    fn look(&mut self, parse: impl FnOnce(&mut Self) -> Check) -> Option<usize> {
        let (at, depth) = (self.at, self.depth);
        let result = parse(self);
        (self.at, self.depth) = (at, depth);
        result.is_err().then_some(self.failed_at)
    }

    /// `+ operand`, `- operand`, `(arguments)`, `[index]`.
    fn continued(&mut self, after: Set) -> Check {
        let kind = self.kind()?;
        self.bump();
        match kind {
            OPEN => {
                if self.eat(CLOSE)? {
                    return Ok(());
                }
                self.exprs(set(&[CLOSE]))?;
                self.one(CLOSE, SUFFIX | after)
            }
            OPEN_BRACKET => {
                self.expr(set(&[CLOSE_BRACKET]))?;
                self.one(CLOSE_BRACKET, SUFFIX | after)
            }
            _ => self.operand(after),
        }
    }

    fn operand(&mut self, after: Set) -> Check {
        while matches!(self.kind()?, NOT | PLUS | MINUS) {
            self.bump();
        }
        let after = SUFFIX | after;
        let kind = self.kind()?;
        if !has(EXPR, kind) {
            return self.not_one_of(EXPR);
        }
        if kind == OPEN_BRACKET || kind == OPEN_BRACE {
            return self.deeper(|p| p.collection(kind, after));
        }
        self.bump();
        match kind {
            OPEN | LEN => {
                self.expr(set(&[CLOSE]))?;
                self.one(CLOSE, after)
            }
            ROUND | INDICATOR => {
                self.one(OPEN, EXPR)?;
                self.expr(set(&[CLOSE]))?;
                self.one(CLOSE, after)
            }
            RANGE | ZIP => {
                self.exprs(set(&[CLOSE]))?;
                self.one(CLOSE, after)
            }
            SELECT | AGGREGATE => {
                self.expr(set(&[COMMA]))?;
                self.one(COMMA, EXPR)?;
                if kind == AGGREGATE {
                    self.expr(set(&[COMMA, CLOSE]))?;
                    return self.last_optional(after);
                }
                self.expr(set(&[COMMA]))?;
                self.one(COMMA, COMPARISON)?;
                self.expect(COMPARISON, set(&[CLOSE]))?;
                self.one(CLOSE, after)
            }
            _ => Ok(()),
        }
    }

    /// R7: a list, a dictionary or a comprehension, which the whole first element decides.
    fn collection(&mut self, open: Kind, after: Set) -> Check {
        let start = self.at;
        let close = if open == OPEN_BRACKET { CLOSE_BRACKET } else { CLOSE_BRACE };
        self.bump();
        if self.eat(close)? {
            return Ok(());
        }
        let outer = std::mem::replace(&mut self.furthest, self.at);
        let first = self.element(open, set(&[COMMA, close, FOR]));
        let next = self.kind();
        let bad = self.furthest.max(self.at);
        self.furthest = self.furthest.max(outer);
        match (first, next) {
            (Err(Fail::Syntax(_)), _) => return self.not_viable(start, bad),
            (Err(fail), _) | (Ok(()), Err(fail)) => return Err(fail),
            (Ok(()), Ok(kind)) if !has(set(&[COMMA, close, FOR]), kind) => {
                self.mark();
                return self.not_viable(start, bad);
            }
            _ => {}
        }
        if self.eat(FOR)? {
            self.names(set(&[IN]))?;
            self.one(IN, EXPR)?;
            self.expr(set(&[close]))?;
            return self.one(close, after);
        }
        while self.eat(COMMA)? {
            self.element(open, set(&[COMMA, close]))?;
        }
        self.one(close, after)
    }

    fn element(&mut self, open: Kind, after: Set) -> Check {
        if open == OPEN_BRACE {
            self.expr(set(&[COLON]))?;
            self.one(COLON, EXPR)?;
        }
        self.expr(after)
    }
}
