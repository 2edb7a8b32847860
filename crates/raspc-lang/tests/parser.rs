//! The grammar: precedence, associativity, statements, and where a program file is more generous than the console.

use raspc_lang::syntax::ast::{ExprId, ExprKind, Module, Statement, StatementKind};
use raspc_lang::syntax::parser::{Grammar, parse};

/// The expression with a bracket around each operation.
fn shape(m: &Module, id: ExprId) -> String {
    let s = |id: &ExprId| shape(m, *id);
    let all = |ids: &[ExprId]| ids.iter().map(s).collect::<Vec<_>>().join(", ");
    match &m.expr(id).kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Atom(v) => format!("{v:?}").split(['(', ')']).rfind(|p| !p.is_empty()).unwrap().to_owned(),
        ExprKind::Paren(e) => s(e),
        ExprKind::List(items) => format!("[{}]", all(items)),
        ExprKind::Dict(entries) => {
            format!("{{{}}}", entries.iter().map(|(k, v)| format!("{}: {}", s(k), s(v))).collect::<Vec<_>>().join(", "))
        }
        ExprKind::ListFor { item, targets, iterable } => {
            format!("[{} for {} in {}]", s(item), targets.len(), s(iterable))
        }
        ExprKind::DictFor { key, value, targets, iterable } => {
            format!("{{{}: {} for {} in {}}}", s(key), s(value), targets.len(), s(iterable))
        }
        ExprKind::Select { keys, queries, comparison } => {
            format!("select({}, {}, {})", s(keys), s(queries), comparison.symbol())
        }
        ExprKind::Aggregate { selector, values, default } => {
            let default = default.map_or(String::new(), |d| format!(", {}", s(&d)));
            format!("aggregate({}, {}{default})", s(selector), s(values))
        }
        ExprKind::Range(args) => format!("range({})", all(args)),
        ExprKind::Zip(args) => format!("zip({})", all(args)),
        ExprKind::Len(e) => format!("len({})", s(e)),
        ExprKind::Unary(op, e) => format!("({} {})", op.symbol(), s(e)),
        ExprKind::Binary { op, left, right } => format!("({} {} {})", s(left), op.symbol(), s(right)),
        ExprKind::In { item, container } => format!("({} in {})", s(item), s(container)),
        ExprKind::Ternary { then, cond, otherwise } => format!("({} if {} else {})", s(then), s(cond), s(otherwise)),
        ExprKind::Index { object, index } => format!("{}[{}]", s(object), s(index)),
        ExprKind::Call { callee, args } => format!("{}({})", s(callee), all(args)),
        ExprKind::Error => "ERROR".to_owned(),
    }
}

fn statement(m: &Module, statement: &Statement) -> String {
    let all = |ids: &[ExprId]| ids.iter().map(|&id| shape(m, id)).collect::<Vec<_>>().join(", ");
    match &statement.kind {
        StatementKind::Expr(e) => shape(m, *e),
        StatementKind::Assign { targets, values } => {
            format!("{} = {}", targets.iter().map(|t| &*t.name).collect::<Vec<_>>().join(", "), all(values))
        }
        StatementKind::Def(def) => {
            let params = def.params.iter().map(|p| &*p.name).collect::<Vec<_>>().join(", ");
            let body: Vec<_> = def.body.iter().map(|s| self::statement(m, s)).collect();
            format!("def {}({params}) {{{}}} {}", def.name.name, body.join("; "), all(&def.returns))
        }
        StatementKind::For { targets, iterable, body } => {
            let body: Vec<_> = body.iter().map(|s| self::statement(m, s)).collect();
            format!("for {} in {} {{{}}}", targets.len(), shape(m, *iterable), body.join("; "))
        }
        StatementKind::SetExample { which, value } => format!("set {which:?} {}", shape(m, *value)),
        StatementKind::Draw { drawn, input } => {
            format!("draw {} {}", shape(m, *drawn), input.map_or(String::new(), |i| shape(m, i)))
        }
        other => format!("{other:?}"),
    }
}

fn parsed(text: &str, grammar: Grammar) -> Vec<String> {
    let parsed = parse(0, text, grammar);
    if let Some(d) = parsed.diagnostics.first() {
        return vec![format!("{d}")];
    }
    parsed.module.statements.iter().map(|s| statement(&parsed.module, s)).collect()
}

fn check(text: &str, expected: &str) {
    assert_eq!(parsed(text, Grammar::PROGRAM), [expected], "{text}");
}

#[test]
fn unary_operators_bind_tightest() {
    check("-2^2;", "((- 2) ^ 2)");
    check("not a == b;", "((not a) == b)");
    check("not t in L;", "((not t) in L)");
    check("- - a[0](1);", "(- (- a[0](1)))");
    check("2 ^ -1;", "(2 ^ (- 1))");
}

#[test]
fn binary_operators_by_level() {
    check("2*3%4;", "((2 * 3) % 4)");
    check("5%3*2;", "(5 % (3 * 2))");
    check("1 + 5 % 3;", "(1 + (5 % 3))");
    check("1+2*3^4;", "(1 + (2 * (3 ^ 4)))");
    check("a + 1 == b - 2;", "((a + 1) == (b - 2))");
    check("a == 1 and b < 2;", "((a == 1) and (b < 2))");
    check("a != b;", "(a != b)");
}

#[test]
fn binary_operators_are_left_associative() {
    check("2^3^2;", "((2 ^ 3) ^ 2)");
    check("10-3-2;", "((10 - 3) - 2)");
    check("3>2>1;", "((3 > 2) > 1)");
    check("1==1==True;", "((1 == 1) == True)");
    check("a or b and c;", "((a or b) and c)");
    check("a in b in c;", "((a in b) in c)");
}

#[test]
fn choices_and_membership_are_loosest() {
    check("a if b else c if d else e;", "((a if b else c) if d else e)");
    check("a if b if c else d else e;", "(a if (b if c else d) else e)");
    check("1 in [1, 2] and True;", "(1 in ([1, 2] and True))");
    check("True and 1 in [1, 2];", "((True and 1) in [1, 2])");
    check("a if b else c in d;", "((a if b else c) in d)");
    check("a in b if c else d;", "(a in (b if c else d))");
    check("a + b if c or d else e * f;", "((a + b) if (c or d) else (e * f))");
}

#[test]
fn forms() {
    check("select(a, b, !=);", "select(a, b, !=)");
    check("aggregate(select(a, b, ==), c, -1);", "aggregate(select(a, b, ==), c, (- 1))");
    check("round(a)[0] + indicator (b);", "((round a)[0] + (indicator b))");
    check("[a for x, y in zip(b, c)];", "[a for 2 in zip(b, c)]");
    check("{a: b for x in range(1, 2)};", "{a: b for 1 in range(1, 2)}");
    check("{};", "{}");
    check("[];", "[]");
    check("{1: [2], 3: {}};", "{1: [2], 3: {}}");
    check("len(f(a, b)(c));", "len(f(a, b)(c))");
    check("007 + 1.50;", "(7 + 1.5)");
    check("\"a\\\";", "\"a\\\\\"");
}

#[test]
fn statements() {
    check("a, b = 1, 2;", "a, b = 1, 2");
    check("def f() { return a, b; }", "def f() {} a, b");
    check(
        "def f(a, b) { # why\n c = a; def g(x) { return x; } return g(c); # so\n }",
        "def f(a, b) {c = a; def g(x) {} x} g(c)",
    );
    check("for a, b in c { d = a; e; }", "for 2 in c {d = a; e}");
    check("for a in b { # nothing\n }", "for 1 in b {}");
    check("load \"x/y\";", "Load { path: \"x/y\" }");
    check("draw(a, \"b\");", "draw a \"b\"");
    check("full seq display on", "FullDisplay { on: true }");
    check("s-op examples off", "Examples { which: SOp, on: false }");
    check("examples on", "Examples { which: Both, on: true }");
    check("show selector example", "ShowExample(Selector)");
    check("exit()", "Exit");
    check("quit;", "Exit");
}

#[test]
fn the_example_of_a_program_ends_with_its_line() {
    let program = |text| parsed(text, Grammar::PROGRAM);
    assert_eq!(program("set example \"abc\"\n[a, b];"), ["set Both \"abc\"", "[a, b]"]);
    assert_eq!(program("set example \"abc\";\n-a;"), ["set Both \"abc\"", "(- a)"]);
    assert_eq!(program("set s-op example [1,\n2] + [3]\n(a);"), ["set SOp ([1, 2] + [3])", "a"]);
    assert_eq!(program("set example range\n(3);"), ["set Both range", "3"]);
}

#[test]
fn glued_forms() {
    assert_eq!(parsed("select (a, b, ==);", Grammar::PROGRAM), ["select(a, b, ==)"]);
    assert_eq!(parsed("range (a);", Grammar::PROGRAM), ["range(a)"]);
    assert_eq!(parsed("range (a);", Grammar::CONSOLE), ["range(a)"], "a call of the name `range`");
    assert_eq!(
        parsed("select (a, b, ==);", Grammar::CONSOLE),
        ["error[E0104]: expected an expression, found `==`"],
        "a call of the name `select`"
    );
    assert_eq!(parsed("a != b;", Grammar::CONSOLE), ["error[E0104]: expected an operator or `;`, found `!=`"]);
    assert_eq!(parsed("select(a, b, !=);", Grammar::CONSOLE), ["select(a, b, !=)"]);
}

#[test]
fn a_snippet_may_leave_out_its_last_semicolon() {
    assert_eq!(parsed("a = 1; a + 1", Grammar::SNIPPET), ["a = 1", "(a + 1)"]);
    assert_eq!(parsed("a", Grammar::PROGRAM), ["error[E0105]: expected `;` after this statement"]);
}

#[test]
fn comments_are_kept_apart_and_spans_point_at_the_text() {
    let text = "# one\nx = 1 + # two\n 2; # three";
    let parsed = parse(0, text, Grammar::PROGRAM);
    let comments: Vec<_> = parsed.comments.iter().map(|s| &text[s.range()]).collect();
    assert_eq!(comments, ["# one", "# two", "# three"]);
    assert_eq!(&text[parsed.module.statements[0].span.range()], "x = 1 + # two\n 2;");
}
