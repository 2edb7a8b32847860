//! Tokens: kind and span; the text is read from the source.

use std::fmt;

use crate::diagnostic::Span;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

macro_rules! tokens {
    (
        classes { $($class:ident $class_text:literal $class_doc:literal,)* }
        words { $($word:ident $word_text:literal,)* }
        marks { $($mark:ident $mark_text:literal,)* }
    ) => {
        /// What a token is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TokenKind {
            $(#[doc = $class_doc] $class,)*
            $(#[doc = concat!("`", $word_text, "`")] $word,)*
            $(#[doc = concat!("`", $mark_text, "`")] $mark,)*
        }

        /// The keywords made of one word, with their texts.
        pub const KEYWORDS: &[(TokenKind, &str)] = &[$((TokenKind::$word, $word_text),)*];

        /// Operators and punctuation; a text comes before every prefix of it.
        pub const MARKS: &[(TokenKind, &str)] = &[$((TokenKind::$mark, $mark_text),)*];

        impl fmt::Display for TokenKind {
            /// As a message calls it.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$class => $class_text,)*
                    $(Self::$word => concat!("`", $word_text, "`"),)*
                    $(Self::$mark => concat!("`", $mark_text, "`"),)*
                })
            }
        }
    };
}

tokens! {
    classes {
        Int "an integer" "Digits.",
        Float "a float" "Digits, a dot, digits.",
        Str "a string" "A string in double quotes; no escapes.",
        Ident "a name" "A name that is no keyword.",
        Comment "a comment" "`#` up to the end of the line.",
        Bad "something malformed" "No token, already reported.",
        Eof "the end of the text" "The end of the text.",
        SOp "`s-op`" "`s-op`.",
        FullDisplay "`full seq display`" "`full seq display`.",
        ExitCall "`exit()`" "`exit()`.",
        QuitCall "`quit()`" "`quit()`.",
    }
    words {
        Set "set",
        Selector "selector",
        Example "example",
        Show "show",
        On "on",
        Off "off",
        Examples "examples",
        Exit "exit",
        Quit "quit",
        Load "load",
        Draw "draw",
        Def "def",
        For "for",
        In "in",
        Return "return",
        Not "not",
        Round "round",
        Indicator "indicator",
        And "and",
        Or "or",
        If "if",
        Else "else",
    }
    marks {
        EqEq "==",
        Le "<=",
        Ge ">=",
        Ne "!=",
        Semicolon ";",
        Assign "=",
        OpenParen "(",
        CloseParen ")",
        Colon ":",
        Comma ",",
        OpenBrace "{",
        CloseBrace "}",
        OpenBracket "[",
        CloseBracket "]",
        Minus "-",
        Plus "+",
        Caret "^",
        Star "*",
        Slash "/",
        Percent "%",
        Gt ">",
        Lt "<",
    }
}

impl TokenKind {
    /// The keyword with this text.
    pub fn keyword(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(_, text)| *text == word).map(|(kind, _)| *kind)
    }

    /// Whether this is a word of the language that cannot be a name.
    pub fn is_keyword(self) -> bool {
        KEYWORDS.iter().any(|(kind, _)| *kind == self)
            || matches!(self, Self::SOp | Self::FullDisplay | Self::ExitCall | Self::QuitCall)
    }
}
