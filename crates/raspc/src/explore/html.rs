//! The page's text: modules joined into one script, data as JSON, and the policy that allows these and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// The modules, each before its users. In the page they are one script: see [`script`].
const MODULES: &[&str] = &[
    include_str!("page/values.mjs"),
    include_str!("page/ops.mjs"),
    include_str!("page/interpret.mjs"),
    include_str!("page/model.mjs"),
    include_str!("page/input.mjs"),
    include_str!("page/words.mjs"),
    include_str!("page/dom.mjs"),
    include_str!("page/names.mjs"),
    include_str!("page/unnamed.mjs"),
    include_str!("page/state.mjs"),
    include_str!("page/whatif.mjs"),
    include_str!("page/paint.mjs"),
    include_str!("page/matrix.mjs"),
    include_str!("page/numbers.mjs"),
    include_str!("page/source.mjs"),
    include_str!("page/layout.mjs"),
    include_str!("page/graph.mjs"),
    include_str!("page/sets.mjs"),
    include_str!("page/blocks.mjs"),
    include_str!("page/layers.mjs"),
    include_str!("page/stream.mjs"),
    include_str!("page/weights.mjs"),
    include_str!("page/run.mjs"),
    include_str!("page/inspect.mjs"),
    include_str!("page/main.mjs"),
];

const STYLE: &str = concat!(include_str!("page/page.css"), include_str!("page/views.css"));

/// The page.
pub(super) fn page(name: &str, data: &Json, served: bool) -> String {
    let script = script();
    let policy = policy(&script, STYLE, served);
    let title = escaped(name);
    let data = embedded(data);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} · raspc explore</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <noscript>This page needs JavaScript: it runs the transformer it shows.</noscript>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n"
    )
}

/// All modules in one scope: imports name what is there already, and nothing is exported from a page.
fn script() -> String {
    let mut text = String::from("(() => {\n'use strict';\n");
    for line in MODULES.iter().flat_map(|m| m.lines()) {
        if line.starts_with("import ") {
            continue;
        }
        text.push_str(line.strip_prefix("export ").unwrap_or(line));
        text.push('\n');
    }
    text.push_str("main();\n})();\n");
    text
}

/// The source expression of a Content-Security-Policy that allows one text.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// What the browser lets the page do.
fn policy(script: &str, style: &str, served: bool) -> String {
    let form = if served { "'self'" } else { "'none'" };
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action {form}",
        hash(script),
        hash(style)
    )
}

/// JSON that can stand inside a script element: nothing in it begins a tag or a comment.
fn embedded(data: &Json) -> String {
    let text = data.to_string();
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            _ => safe.push(c),
        }
    }
    safe
}

/// Text as text, in an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_keeps_no_import_and_no_export() {
        let script = script();
        assert!(!script.lines().any(|l| l.starts_with("import ") || l.starts_with("export ")));
        assert!(!script.contains("</script"), "the script would end early");
        assert!(!STYLE.contains("</style"), "the style would end early");
    }

    /// Joined modules share one scope, so no two may define a name: the second would silently win, or fail to parse.
    #[test]
    fn no_two_modules_define_a_name() {
        let mut names: Vec<&str> = MODULES.iter().flat_map(|m| m.lines()).filter_map(defined).collect();
        let all = names.len();
        names.sort_unstable();
        let twice: Vec<&str> = names.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
        assert!(all > 100 && twice.is_empty(), "defined twice: {twice:?}");
    }

    fn defined(line: &str) -> Option<&str> {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let rest = ["function* ", "function ", "const ", "let ", "class "].iter().find_map(|k| line.strip_prefix(k))?;
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).next().filter(|n| !n.is_empty())
    }

    #[test]
    fn data_holds_nothing_that_could_end_its_element() {
        let data = serde_json::json!({ "</script><script>alert(1)": ["<!--", "]]>", "\u{2028}&amp;"] });
        let text = embedded(&data);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<Json>(&text).expect("still JSON"), data);
        assert_eq!(escaped("</title><b>&"), "&lt;/title&gt;&lt;b&gt;&amp;");
    }

    #[test]
    fn the_policy_names_this_script_and_style_and_nothing_else() {
        let strict = policy("let x;", "p{}", false);
        assert!(strict.starts_with("default-src 'none'; script-src 'sha256-"));
        assert!(!strict.contains("unsafe") && strict.ends_with("form-action 'none'"));
        assert_ne!(strict, policy("let y;", "p{}", false));
        assert!(policy("", "", true).ends_with("form-action 'self'"));
        let (script, style) = (hash(&script()), hash(STYLE));
        let page = page("p", &serde_json::json!({}), false);
        assert!(page.contains(&format!("script-src {script}; style-src {style};")));
    }
}
