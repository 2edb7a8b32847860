//! Values and tokens as people read them.

use raspc_lang::value::Value;

/// How a value stands in a table: strings bare, and quoted only where they would be read as something else.
pub fn value(value: &Value) -> String {
    match value {
        Value::Str(s) if misread(s) => format!("{s:?}"),
        Value::Float(x) => float(x.get()),
        _ => shortened(value.to_string()),
    }
}

/// Long text cut in its middle.
fn shortened(text: String) -> String {
    const LONGEST: usize = 40;
    let n = text.chars().count();
    if n <= LONGEST {
        return text;
    }
    let (begin, end): (String, String) = (text.chars().take(16).collect(), text.chars().skip(n - 8).collect());
    format!("{begin}…{end} ({n} characters)")
}

/// Values in a table.
pub fn values(all: &[Value]) -> Vec<String> {
    all.iter().map(value).collect()
}

/// Whether the bare text would look like another value, or like nothing.
fn misread(s: &str) -> bool {
    s.parse::<f64>().is_ok()
        || matches!(s, "" | "none" | "true" | "false" | "True" | "False" | "BOS")
        || s.chars().any(|c| c.is_whitespace() || !visible(c))
}

/// Whether a character can be shown as it is: it is seen, and leaves what stands around it where it is.
pub(crate) fn visible(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    let forbidden = matches!(c as u32 & 0xffff, 0xfffe | 0xffff);
    !(c.is_control() || format || forbidden)
}

/// A float with at most six significant digits, as many as tables need and f32 gives; an integral one as the integer
/// that it equals.
fn float(x: f64) -> String {
    let exact = format!("{x:?}");
    let exact = exact.strip_suffix(".0").map_or_else(|| exact.clone(), str::to_owned);
    if exact.len() <= 8 {
        return exact;
    }
    let magnitude = format!("{x:e}").split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    if !(-4..=8).contains(&magnitude) {
        return format!("{x:.5e}");
    }
    let decimals = usize::try_from(5 - magnitude).unwrap_or(0).max(1);
    let text = format!("{x:.decimals$}");
    let short = text.trim_end_matches('0');
    short.trim_end_matches('.').to_owned()
}

/// The lengths of inputs: `1 to 5 tokens`.
pub fn lengths(longest: usize) -> String {
    if longest == 1 { "1 token".to_owned() } else { format!("1 to {longest} tokens") }
}

/// A vocabulary in few words: a range, a list, or its beginning.
pub fn vocabulary(vocab: &[Value]) -> String {
    const SHOWN: usize = 12;
    if let Some(range) = range(vocab) {
        return range;
    }
    let all = values(vocab);
    match all.len() {
        0 => "empty".to_owned(),
        n if n <= SHOWN => all.join(" "),
        n => format!("{} … ({n} tokens)", all[..SHOWN].join(" ")),
    }
}

/// `0..5` for consecutive integers.
fn range(vocab: &[Value]) -> Option<String> {
    let ints: Option<Vec<i64>> = vocab.iter().map(|v| if let Value::Int(i) = v { i.to_i64() } else { None }).collect();
    let ints = ints.filter(|i| i.len() > 1 && i.windows(2).all(|w| w[0].checked_add(1) == Some(w[1])))?;
    Some(format!("{}..{}", ints[0], ints[ints.len() - 1].checked_add(1)?))
}

/// A sequence as a user types it: characters where that is possible, else JSON.
pub fn sequence(tokens: &[Value]) -> String {
    let single = |v: &Value| matches!(v, Value::Str(s) if s.chars().count() == 1 && !misread(s));
    if !tokens.is_empty() && tokens.iter().all(single) && !matches!(tokens[0].to_string().as_str(), "[" | "\"" | "-") {
        return tokens.iter().map(ToString::to_string).collect();
    }
    let json = serde_json::to_string(&crate::json::values(tokens)).expect("values are JSON");
    let escaped =
        |c: char| c.encode_utf16(&mut [0; 2]).iter().fold(String::new(), |text, unit| text + &format!("\\u{unit:04x}"));
    json.chars().map(|c| if visible(c) { c.to_string() } else { escaped(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float_value(x: f64) -> Value {
        Value::float(x).expect("finite")
    }

    #[test]
    fn values_cannot_be_taken_for_others() {
        let all = [Value::None, Value::str("none"), Value::int(1), Value::str("1"), Value::str("a"), Value::str(" ")];
        assert_eq!(values(&all), ["none", "\"none\"", "1", "\"1\"", "a", "\" \""]);
        // What turns the order of what follows around, or is not seen, is written out.
        let hidden = ["\u{202e}abc", "a\u{200b}", "\u{7}"].map(Value::str);
        assert_eq!(values(&hidden), ["\"\\u{202e}abc\"", "\"a\\u{200b}\"", "\"\\u{7}\""]);
        assert_eq!(value(&Value::str("é".repeat(41))), "éééééééééééééééé…éééééééé (41 characters)");
    }

    #[test]
    fn inputs_read_back_as_they_were() {
        let tokens = ["\u{202e}a", "\u{e0001}", "\u{7}\"", "漢 "].map(Value::str);
        assert_eq!(sequence(&tokens), r#"["\u202ea","\udb40\udc01","\u0007\"","漢 "]"#);
        assert_eq!(
            serde_json::from_str::<Vec<String>>(&sequence(&tokens)).ok(),
            Some(tokens.map(|t| t.to_string()).to_vec())
        );
    }

    #[test]
    fn floats_are_short() {
        let shown =
            [1.0, 0.5, 1.0 / 3.0, f64::from(1.0f32 / 3.0), 2.0 / 3.0, 1_234.567_891, 1e300, -1e-9 / 3.0, 99.999_999_9];
        let wanted = ["1", "0.5", "0.333333", "0.333333", "0.666667", "1234.57", "1e300", "-3.33333e-10", "100"];
        for (x, w) in shown.into_iter().zip(wanted) {
            assert_eq!(value(&float_value(x)), w);
        }
    }

    #[test]
    fn vocabularies_are_named_shortly() {
        let ints = |r: std::ops::Range<i64>| r.map(Value::int).collect::<Vec<_>>();
        assert_eq!(vocabulary(&ints(0..5)), "0..5");
        assert_eq!(vocabulary(&[Value::int(2), Value::int(1)]), "2 1");
        assert_eq!(vocabulary(&["a", "b"].map(Value::str)), "a b");
        assert_eq!(vocabulary(&[]), "empty");
        let many: Vec<Value> = (0..30).map(|i| Value::str(format!("t{i}"))).collect();
        assert!(vocabulary(&many).ends_with("… (30 tokens)"));
    }

    #[test]
    fn sequences_can_be_typed_again() {
        assert_eq!(sequence(&["a", "b"].map(Value::str)), "ab");
        assert_eq!(sequence(&["[", "b"].map(Value::str)), r#"["[","b"]"#);
        assert_eq!(sequence(&[Value::int(3), Value::str("1")]), r#"[3,"1"]"#);
        assert_eq!(sequence(&[]), "[]");
    }
}
