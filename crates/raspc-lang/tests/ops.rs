//! The operators: the tables of the language page, and results computed by Python.

use num_bigint::{BigInt, BigUint};
use proptest::prelude::*;
use raspc_lang::ops::{BinaryOp, MAX_BYTES, UnaryOp, python_float_repr, python_str_repr};
use raspc_lang::value::Value;

/// A number as Python writes it.
fn number(text: &str) -> Value {
    match text {
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        _ if text.contains(['.', 'e']) => Value::float(text.parse().unwrap()).unwrap(),
        _ => Value::from(text.parse::<BigInt>().unwrap()),
    }
}

/// A value with its kind, since `1 == 1.0 == true`.
fn exact(v: &Value) -> String {
    format!("{} {}", raspc_lang::ops::kind_name(v), UnaryOp::ToStr.apply(v).unwrap())
}

fn binary(symbol: &str) -> BinaryOp {
    BinaryOp::ALL.into_iter().find(|op| op.symbol() == symbol).unwrap()
}

/// `expected` is a number as Python writes it, or `! message`.
fn check(got: Result<Value, raspc_lang::error::EvalError>, expected: &str, case: &str) {
    match (got, expected.strip_prefix("! ")) {
        (Ok(v), None) => assert_eq!(exact(&v), exact(&number(expected)), "{case}"),
        (Err(e), Some(message)) => {
            assert!(e.message().starts_with(message), "{case}: {}", e.message());
        }
        (got, _) => panic!("{case}: {got:?}"),
    }
}

#[test]
fn numbers_as_python_computes_them() {
    for line in include_str!("data/python_numbers.tsv").lines() {
        let [op, a, b, expected] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let a = number(a);
        let got = match op {
            "neg" => UnaryOp::Neg.apply(&a),
            "pos" => UnaryOp::Pos.apply(&a),
            "round" => UnaryOp::Round.apply(&a),
            "int" => UnaryOp::ToInt.apply(&a),
            "float" => UnaryOp::ToFloat.apply(&a),
            "str" => {
                assert_eq!(UnaryOp::ToStr.apply(&a).unwrap().to_string(), expected, "{line}");
                continue;
            }
            _ => binary(op).apply(&a, &number(b)),
        };
        check(got, expected, line);
    }
}

#[test]
fn the_language_pages_table() {
    let cases = [
        ("-7", "%", "3", "2"),
        ("2", "^", "-1", "0.5"),
        ("2", "^", "100", "1267650600228229401496703205376"),
        ("6", "/", "2", "3.0"),
        ("1", "/", "0", "! division by zero"),
        ("1.0", "/", "0", "! float division by zero"),
        ("1", "%", "0", "! integer modulo by zero"),
        ("1.5", "%", "0", "! float modulo"),
        ("0", "^", "-1", "! 0.0 cannot be raised to a negative power"),
        ("-8", "^", "0.5", "! a negative number to a fractional power"),
        ("10.0", "^", "308.5", "! the result inf"),
        ("True", "+", "True", "2"),
        ("True", "^", "True", "1"),
        ("10", "^", "-3", "0.001"),
        ("2", "^", "-2000", "0.0"),
        ("2", "^", "-100", "7.888609052210118e-31"),
        ("2.0", "^", "0.5", "1.4142135623730951"),
    ];
    for (a, op, b, expected) in cases {
        check(binary(op).apply(&number(a), &number(b)), expected, &format!("{a} {op} {b}"));
    }
    let huge = BinaryOp::Pow.apply(&number("10"), &number("400")).unwrap();
    check(BinaryOp::Mul.apply(&huge, &number("1.0")), "! int too large to convert to float", "10^400 * 1.0");
    check(BinaryOp::Div.apply(&huge, &number("3")), "! integer division result too large for a float", "10^400 / 3");
    check(BinaryOp::Div.apply(&huge, &huge), "1.0", "10^400 / 10^400");
    check(UnaryOp::ToFloat.apply(&huge), "! int too large", "float(10^400)");
}

#[test]
fn errors_name_the_kinds() {
    let (one, a, none) = (Value::int(1), Value::str("a"), Value::None);
    let cases: [(&Value, &str, &Value, &str); 14] = [
        (&one, "/", &a, "unsupported operand type(s) for /: 'int' and 'str'"),
        (&one, "+", &a, "unsupported operand type(s) for +: 'int' and 'str'"),
        (&a, "+", &one, "can only concatenate str (not \"int\") to str"),
        (&a, "*", &a, "can't multiply sequence by non-int of type 'str'"),
        (&a, "^", &one, "unsupported operand type(s) for ** or pow(): 'str' and 'int'"),
        (&one, "<", &a, "'<' not supported between instances of 'int' and 'str'"),
        (&a, ">=", &one, "'>=' not supported between instances of 'str' and 'int'"),
        (&none, "<", &one, "'<' not supported between instances of 'none' and 'int'"),
        (&none, "<=", &none, "'<=' not supported between instances of 'none' and 'none'"),
        (&one, "+", &none, "unsupported operand type(s) for +: 'int' and 'none'"),
        (&none, "-", &one, "unsupported operand type(s) for -: 'none' and 'int'"),
        (&a, "+", &none, "can only concatenate str (not \"none\") to str"),
        (&a, "*", &none, "can't multiply sequence by non-int of type 'none'"),
        (&none, "%", &one, "unsupported operand type(s) for %: 'none' and 'int'"),
    ];
    for (a, op, b, message) in cases {
        assert_eq!(binary(op).apply(a, b).unwrap_err().message(), message);
    }
    let unary = [
        (UnaryOp::Neg, &a, "bad operand type for unary -: 'str'"),
        (UnaryOp::Pos, &a, "bad operand type for unary +: 'str'"),
        (UnaryOp::Round, &a, "type str doesn't define __round__ method"),
        (UnaryOp::Neg, &none, "bad operand type for unary -: 'none'"),
        (UnaryOp::ToInt, &a, "invalid literal for int() with base 10: 'a'"),
        (UnaryOp::ToFloat, &a, "could not convert string to float: 'a'"),
    ];
    for (op, a, message) in unary {
        assert_eq!(op.apply(a).unwrap_err().message(), message);
    }
}

#[test]
fn none_is_a_value_to_equality_and_truth() {
    let (none, zero) = (Value::None, Value::int(0));
    let truth = |op: &str, a: &Value, b: &Value| binary(op).apply(a, b).unwrap().truthy();
    assert!(truth("==", &none, &none) && !truth("==", &none, &zero) && truth("!=", &none, &zero));
    assert!(!truth("and", &none, &Value::int(1)) && truth("or", &none, &Value::int(1)));
    assert!(UnaryOp::Not.apply(&none).unwrap().truthy());
    assert_eq!(UnaryOp::Indicator.apply(&Value::str("a")).unwrap(), Value::int(1));
}

#[test]
fn strings_concatenate_repeat_and_order_by_code_point() {
    let text = |op: &str, a: Value, b: Value| binary(op).apply(&a, &b).unwrap().to_string();
    assert_eq!(text("+", "ab".into(), "c".into()), "abc");
    assert_eq!(text("*", "ab".into(), 3.into()), "ababab");
    assert_eq!(text("*", 2.into(), "ab".into()), "abab");
    assert_eq!(text("*", "ab".into(), (-3).into()), "");
    assert_eq!(text("*", "ab".into(), true.into()), "ab");
    assert_eq!(text("<", "z".into(), "\u{10000}".into()), "true");
    assert_eq!(text("<", "\u{ffff}".into(), "\u{10000}".into()), "true");
}

#[test]
fn strings_are_read_as_python_reads_them() {
    let int = |s: &str| UnaryOp::ToInt.apply(&Value::str(s)).map(|v| v.to_string());
    assert_eq!(int(" -0_0_7 ").unwrap(), "-7");
    assert_eq!(int("+99999999999999999999").unwrap(), "99999999999999999999");
    for bad in ["", "-", "1__0", "_1", "1_", "1.0", "0x1", "- 1", "1 2", "+-1"] {
        assert!(int(bad).is_err(), "{bad:?}");
    }
    let float = |s: &str| UnaryOp::ToFloat.apply(&Value::str(s)).map(|v| v.as_f64().unwrap());
    for (s, x) in [("1", 1.0), (" 1_0.5e-1\n", 1.05), (".5", 0.5), ("5.", 5.0), ("-0", 0.0), ("1E3", 1000.0)] {
        assert_eq!(float(s).unwrap(), x, "{s:?}");
    }
    for bad in ["", "a", "1__0", "1_.0", "inf", "nan", "-Infinity", "1e999", "e5"] {
        assert!(float(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn results_are_bounded() {
    let power = |a: i64, b: i64| BinaryOp::Pow.apply(&Value::int(a), &Value::int(b));
    assert!(power(2, 1 << 19).is_ok());
    for (a, b) in [(2, 1 << 20), (3, i64::MAX), (-2, 1 << 40), (i64::MAX, 1 << 30)] {
        assert!(power(a, b).unwrap_err().message().contains("too large"));
    }
    for (a, b, r) in [(1, i64::MAX, 1), (-1, i64::MAX, -1), (-1, i64::MAX - 1, 1), (0, i64::MAX, 0), (7, 0, 1)] {
        assert_eq!(power(a, b).unwrap(), Value::int(r));
    }
    let half = power(2, 1 << 19).unwrap();
    assert!(BinaryOp::Mul.apply(&half, &half).is_err());
    assert!(BinaryOp::Add.apply(&half, &half).is_ok());
    let long = BinaryOp::Mul.apply(&Value::str("é"), &Value::int(MAX_BYTES as i64 / 2)).unwrap();
    assert!(BinaryOp::Add.apply(&long, &Value::str("")).is_ok());
    assert!(BinaryOp::Add.apply(&long, &Value::str("x")).is_err());
    assert!(BinaryOp::Mul.apply(&Value::str("é"), &Value::int(MAX_BYTES as i64 / 2 + 1)).is_err());
    assert!(BinaryOp::Mul.apply(&Value::str("a"), &power(2, 100).unwrap()).is_err());
    assert_eq!(BinaryOp::Mul.apply(&Value::str(""), &power(2, 100).unwrap()).unwrap(), Value::str(""));
    assert!(UnaryOp::ToStr.apply(&power(10, 4299).unwrap()).is_ok());
    assert!(UnaryOp::ToStr.apply(&power(10, 4300).unwrap()).is_err());
    assert!(UnaryOp::ToInt.apply(&Value::str("9".repeat(4301))).is_err());
}

#[test]
fn reprs() {
    let floats = [
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (1.5e-7, "1.5e-07"),
        (123_456_789.125, "123456789.125"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1.180_591_620_717_411_3e21, "1.1805916207174113e+21"),
        (1e100, "1e+100"),
        (-2.5, "-2.5"),
        (5e-324, "5e-324"),
        (f64::INFINITY, "inf"),
    ];
    for (x, text) in floats {
        assert_eq!(python_float_repr(x), text);
    }
    let strings = [
        ("a", "'a'"),
        ("it's", "\"it's\""),
        ("'\"", "'\\'\"'"),
        ("a\\b\t\n", "'a\\\\b\\t\\n'"),
        ("\u{7f}\u{a0}\u{200b}", "'\\x7f\\xa0\\u200b'"),
        ("éa\u{301}", "'éa\u{301}'"),
    ];
    for (s, text) in strings {
        assert_eq!(python_str_repr(s), text);
    }
}

proptest! {
    /// The shortest text reads back as the same float, whatever its form.
    #[test]
    fn float_repr_round_trips(bits: u64) {
        let x = f64::from_bits(bits);
        prop_assume!(x.is_finite());
        prop_assert_eq!(python_float_repr(x).parse::<f64>().unwrap().to_bits(), x.to_bits());
    }

    /// Division is exact division rounded once: no float is nearer to the ratio. The reference is another way to round:
    /// the error of a candidate, as an exact fraction, against those of its neighbours.
    #[test]
    fn int_division_rounds_once(a in any::<i128>(), b in any::<i128>(), shift_a in 0u32..127, shift_b in 0u32..127) {
        let (a, b) = (BigInt::from(a >> shift_a), BigInt::from(b >> shift_b));
        prop_assume!(a != BigInt::ZERO && b != BigInt::ZERO);
        let q = BinaryOp::Div.apply(&Value::from(a.clone()), &Value::from(b.clone())).unwrap().as_f64().unwrap();
        // |a/b - x|, times 2^200 * |b|: exact for all floats of this range.
        let error = |x: f64| -> BigUint {
            let difference: BigInt = (&a << 200u32) - exact_scaled(x, 200) * &b;
            difference.magnitude().clone()
        };
        let (below, above) = (neighbour(q, -1), neighbour(q, 1));
        prop_assert!(error(q) <= error(below) && error(q) <= error(above));
        let tie = error(q) == error(below) || error(q) == error(above);
        prop_assert!(!tie || q.to_bits() & 1 == 0);
    }
}

/// `x * 2^by` as an integer; x has no bits below `2^-by`.
fn exact_scaled(x: f64, by: u32) -> BigInt {
    let (mut x, mut left) = (x, by);
    while x.fract() != 0.0 {
        x *= 2.0;
        left -= 1;
    }
    <BigInt as num_traits::FromPrimitive>::from_f64(x).unwrap() << left
}

/// The next float up or down.
fn neighbour(x: f64, direction: i64) -> f64 {
    let step = if x > 0.0 { direction } else { -direction };
    f64::from_bits((x.to_bits() as i64 + step) as u64)
}
