//! Texts of well-formed programs: every form of the grammar, blanks, line ends and comments anywhere between tokens.

use proptest::prelude::*;

/// How many cases a property is tried on: `RASPC_CASES`, or so many.
pub(crate) fn cases(default: u32) -> u32 {
    std::env::var("RASPC_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The tokens of a text; an empty one stands where a console statement's line must end.
type Tokens = Vec<String>;

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "tokens", "indices", "f", "a_rather_long_name", "length"])
        .prop_map(str::to_owned)
}

fn atom() -> BoxedStrategy<Tokens> {
    let literal = prop::sample::select(vec![
        "0",
        "12",
        "007",
        "2.50",
        "\"\"",
        "\"ab\"",
        "\"# no comment\"",
        "\"é\\\"",
        "[]",
        "{}",
    ]);
    prop_oneof![name().prop_map(|n| vec![n]), literal.prop_map(split)].boxed()
}

fn split(literal: &str) -> Tokens {
    match literal {
        "[]" => vec!["[".into(), "]".into()],
        "{}" => vec!["{".into(), "}".into()],
        _ => vec![literal.to_owned()],
    }
}

fn word(w: &str) -> Tokens {
    vec![w.to_owned()]
}

fn join(parts: impl IntoIterator<Item = Tokens>) -> Tokens {
    parts.into_iter().flatten().collect()
}

fn commas(items: Vec<Tokens>) -> Tokens {
    let mut out = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(",".to_owned());
        }
        out.extend(item);
    }
    out
}

const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in"];
const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

/// Any expression.
pub(crate) fn expr() -> BoxedStrategy<Tokens> {
    atom()
        .prop_recursive(4, 40, 4, |inner| {
            let e = move || inner.clone();
            let names = || prop::collection::vec(name(), 1..3).prop_map(|n| commas(n.into_iter().map(|n| vec![n]).collect()));
            let args = |range| prop::collection::vec(e(), range).prop_map(commas);
            prop_oneof![
                4 => (e(), prop::sample::select(OPERATORS), e())
                    .prop_map(|(a, op, b)| join([a, word(op), b])),
                1 => (e(), e(), e()).prop_map(|(a, c, b)| join([a, word("if"), c, word("else"), b])),
                1 => (prop::sample::select(vec!["not", "-", "+"]), e()).prop_map(|(op, a)| join([word(op), a])),
                2 => e().prop_map(|a| join([word("("), a, word(")")])),
                1 => args(0..4).prop_map(|a| join([word("["), a, word("]")])),
                1 => (e(), names(), e())
                    .prop_map(|(a, n, b)| join([word("["), a, word("for"), n, word("in"), b, word("]")])),
                1 => prop::collection::vec((e(), e()), 0..3).prop_map(|entries| {
                    let entries = entries.into_iter().map(|(k, v)| join([k, word(":"), v])).collect();
                    join([word("{"), commas(entries), word("}")])
                }),
                1 => (e(), e(), names(), e()).prop_map(|(k, v, n, b)| {
                    join([word("{"), k, word(":"), v, word("for"), n, word("in"), b, word("}")])
                }),
                1 => (e(), e(), prop::sample::select(COMPARISONS))
                    .prop_map(|(k, q, c)| join([word("select"), word("("), k, word(","), q, word(","), word(c), word(")")])),
                1 => (prop::sample::select(vec!["aggregate"]), args(2..4))
                    .prop_map(|(f, a)| join([word(f), word("("), a, word(")")])),
                1 => (prop::sample::select(vec!["range", "zip"]), args(1..4))
                    .prop_map(|(f, a)| join([word(f), word("("), a, word(")")])),
                1 => (prop::sample::select(vec!["len", "round", "indicator"]), e())
                    .prop_map(|(f, a)| join([word(f), word("("), a, word(")")])),
                1 => (name(), args(0..3)).prop_map(|(f, a)| join([vec![f], word("("), a, word(")")])),
                1 => (name(), e()).prop_map(|(x, i)| join([vec![x], word("["), i, word("]")])),
            ]
        })
        .boxed()
}

/// A statement; `top` allows the console's own.
fn statement(depth: u32, top: bool) -> BoxedStrategy<Tokens> {
    let exprs = || prop::collection::vec(expr(), 1..3).prop_map(commas);
    let names =
        |range| prop::collection::vec(name(), range).prop_map(|n| commas(n.into_iter().map(|n| vec![n]).collect()));
    let simple = prop_oneof![
        2 => expr().prop_map(|e| join([e, word(";")])),
        4 => (names(1..3), exprs()).prop_map(|(n, e)| join([n, word("="), e, word(";")])),
        1 => expr().prop_map(|e| join([word("draw"), word("("), e, word(")"), word(";")])),
        1 => Just(vec!["load".into(), "\"file\"".into(), ";".into()]),
    ];
    let mut all = simple.boxed();
    if depth > 0 {
        let body = move |range| prop::collection::vec(statement(depth - 1, false), range).prop_map(join);
        let params = prop::sample::subsequence(vec!["p", "q", "r"], 0..3)
            .prop_map(|p| commas(p.into_iter().map(word).collect()));
        all = prop_oneof![
            3 => all,
            1 => (name(), params, body(0..3), exprs()).prop_map(|(f, p, b, r)| {
                join([word("def"), vec![f], word("("), p, word(")"), word("{"), b, word("return"), r, word(";"), word("}")])
            }),
            1 => (names(1..2), expr(), body(1..3))
                .prop_map(|(n, e, b)| join([word("for"), n, word("in"), e, word("{"), b, word("}")])),
        ]
        .boxed();
    }
    if top {
        let console = prop_oneof![
            Just("set example \"ab\""),
            Just("set s-op example [1, 2]"),
            Just("show selector example"),
            Just("examples off"),
            Just("full seq display on"),
        ];
        all = prop_oneof![8 => all, 1 => console.prop_map(|c| vec![c.to_owned(), String::new()])].boxed();
    }
    all
}

/// A program's text.
pub(crate) fn program() -> impl Strategy<Value = String> {
    let tokens = prop::collection::vec(statement(2, true), 0..5).prop_map(join);
    (tokens, prop::collection::vec(any::<prop::sample::Index>(), 1..40))
        .prop_map(|(tokens, gaps)| laid_out(&tokens, &gaps))
}

/// The tokens with something between each two.
fn laid_out(tokens: &[String], gaps: &[prop::sample::Index]) -> String {
    const GAPS: &[&str] = &[
        "",
        " ",
        " ",
        " ",
        " ",
        "",
        "",
        "  ",
        "\n",
        "\n\n",
        "\n\n\n",
        "\t",
        " # one\n",
        "\n# two\n",
        "\n\n  #three \n\n",
        "\r\n",
        "#\n",
    ];
    let mut out = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if token.is_empty() {
            out.push('\n');
            continue;
        }
        out += token;
        let gap = GAPS[gaps[i % gaps.len()].index(GAPS.len())];
        let line_must_end = tokens.get(i + 1).is_some_and(String::is_empty);
        // Words that would grow together are kept apart.
        let words = |t: &String| t.chars().last().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let starts =
            tokens.get(i + 1).is_some_and(|t| t.starts_with(|c: char| c.is_alphanumeric() || "_=".contains(c)));
        if line_must_end {
        } else if gap.is_empty() && starts && (words(token) || "=<>!".contains(token.as_str())) {
            out.push(' ');
        } else {
            out += gap;
        }
    }
    out
}
