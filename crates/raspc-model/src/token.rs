//! Tokens: what goes into a model and what comes out. A small type of its own: this crate knows nothing about RASP.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A token or a decoded value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Token {
    /// Undefined.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer, in decimal (of any size).
    Int(String),
    /// A finite float.
    Float(f64),
    /// A string.
    Str(String),
    /// Anything else, as text.
    Other(String),
}

/// What makes two tokens the same: numbers (booleans too) by value, the rest by kind and text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKey<'a> {
    /// Undefined.
    None,
    /// A number without a fraction, in decimal.
    Whole(Cow<'a, str>),
    /// Any other float, by its bits.
    Fraction(u64),
    /// A string.
    Str(&'a str),
    /// Anything else.
    Other(&'a str),
}

impl Token {
    /// The key by which tokens are the same: `1`, `1.0` and `true` are one token, `"1"` is another.
    pub fn key(&self) -> TokenKey<'_> {
        match self {
            Self::None => TokenKey::None,
            Self::Bool(b) => TokenKey::Whole(Cow::Borrowed(if *b { "1" } else { "0" })),
            Self::Int(text) => TokenKey::Whole(Cow::Borrowed(text)),
            Self::Float(f) if *f == 0.0 => TokenKey::Whole(Cow::Borrowed("0")),
            // Without a fraction the decimal digits that `{:.0}` prints are exact, as an integer's are.
            Self::Float(f) if f.is_finite() && f.trunc() == *f => TokenKey::Whole(Cow::Owned(format!("{f:.0}"))),
            Self::Float(f) => TokenKey::Fraction(f.to_bits()),
            Self::Str(text) => TokenKey::Str(text),
            Self::Other(text) => TokenKey::Other(text),
        }
    }

    /// The nearest f64 of a number (true is 1); nothing for the rest.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Int(text) => text.parse().ok(),
            Self::Float(f) => Some(*f),
            Self::None | Self::Str(_) | Self::Other(_) => None,
        }
    }

    /// Whether the token is what its kind promises: an integer's text is decimal without leading zeros, a float is finite.
    pub fn is_well_formed(&self) -> bool {
        match self {
            Self::Int(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                plain && (text == "0" || !digits.starts_with('0'))
            }
            Self::Float(f) => f.is_finite(),
            Self::None | Self::Bool(_) | Self::Str(_) | Self::Other(_) => true,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Int(text) | Self::Str(text) | Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_one_token_and_their_text_is_another() {
        let one = [Token::Bool(true), Token::Int("1".into()), Token::Float(1.0)];
        assert!(one.iter().all(|t| t.key() == one[0].key()));
        assert_ne!(one[0].key(), Token::Str("1".into()).key());
        assert_ne!(Token::Str("a".into()).key(), Token::Other("a".into()).key());
        assert_eq!(Token::Float(-0.0).key(), Token::Bool(false).key());
        assert_eq!(Token::Float(1e23).key(), Token::Int("99999999999999991611392".into()).key());
        assert_ne!(Token::Float(0.5).key(), Token::Float(-0.5).key());
    }

    #[test]
    fn integers_have_one_spelling() {
        let good = |text: &str| Token::Int(text.into()).is_well_formed();
        assert!(["0", "7", "-12", "1000000000000000000000000000000"].into_iter().all(good));
        assert!(!["", "-", "-0", "007", "+1", "1.0", "1e3", "٣"].into_iter().any(good));
        assert!(!Token::Float(f64::NAN).is_well_formed());
    }
}
