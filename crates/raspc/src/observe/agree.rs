//! Whether what a transformer gives agrees with the interpreter (DESIGN section 4): a category is equal, a number lies
//! within the bound that the node's own read-out states.

use crate::convert;
use raspc_lang::value::Value;
use raspc_model::model::Decode;
use raspc_model::token::Token;

/// Room for the interpreter's own rounding of a mean to f64, far below any bound in f32.
const F64_SLACK: f64 = 1e-12;

/// Whether each position agrees.
pub fn marks(decode: &Decode, expected: &[Value], got: &[Token]) -> Vec<bool> {
    assert_eq!(expected.len(), got.len(), "both sides have a value at each position");
    expected.iter().zip(got).map(|(e, g)| agrees(decode, e, g)).collect()
}

fn agrees(decode: &Decode, expected: &Value, got: &Token) -> bool {
    match (decode, got, expected.as_f64()) {
        (Decode::Numerical { bound, values: None, .. }, Token::Float(got), Some(wanted)) => {
            (got - wanted).abs() <= bound + F64_SLACK * wanted.abs().max(1.0)
        }
        _ => convert::value(got) == *expected,
    }
}

/// What marks a number that agrees within its bound and no closer.
pub const ROUGHLY: &str = "≈";

/// What [`ROUGHLY`] says.
pub const ROUGHLY_SAYS: &str =
    "within the bound that the certificate states for this number (`raspc explain --emit certificate`), and no closer";

/// Whether both are numbers that plainly differ, by a thousandth: nobody is to find a tick between such two, though a wide bound may
/// let them agree.
pub fn plainly_differ(expected: &Value, got: &Value) -> bool {
    let pair = got.as_f64().zip(expected.as_f64());
    pair.is_some_and(|(a, b)| (a - b).abs() > 1e-3 * a.abs().max(b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numerical(values: Option<Vec<Token>>) -> Decode {
        Decode::Numerical { value: Vec::new(), defined: None, bound: 1e-6, values }
    }

    #[test]
    fn numbers_agree_within_their_bound_and_no_further() {
        let third = Value::float(1.0 / 3.0).expect("finite");
        let decode = numerical(None);
        let got = [f64::from(1.0f32 / 3.0), 1.0 / 3.0 + 2e-6].map(Token::Float);
        assert_eq!(marks(&decode, &[third.clone(), third.clone()], &got), [true, false]);
        assert_eq!(marks(&decode, &[Value::None, third], &[Token::Float(0.0), Token::None]), [false, false]);
        assert_eq!(marks(&decode, &[Value::None, Value::int(1)], &[Token::None, Token::Float(1.0)]), [true, true]);
    }

    #[test]
    fn categories_and_listed_numbers_are_equal_or_not() {
        let listed = numerical(Some(vec![Token::Int("1".into()), Token::Int("2".into())]));
        assert_eq!(marks(&listed, &[Value::int(1)], &[Token::Int("2".into())]), [false]);
        let categories = Decode::Categorical { classes: Vec::new() };
        let got = [Token::Str("1".into()), Token::Float(1.0)];
        assert_eq!(marks(&categories, &[Value::int(1), Value::int(1)], &got), [false, true]);
    }
}
