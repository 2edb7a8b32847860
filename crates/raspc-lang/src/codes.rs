//! Every diagnostic code of the language: what it means, why it is so, how to go on, and a program that shows it. What
//! `raspc help CODE` prints is this table, and a test runs its examples.
//!
//! `E01` text, `E02` names, `E03` kinds, `E04` values, `E05` limits, `E06` files, `E07` metadata and inputs, `W` warnings.

use std::fmt;

use crate::diagnostic::Code;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeDoc {
    /// The code.
    pub code: Code,
    /// In a few words.
    pub title: &'static str,
    /// What it is about and why it is so.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// A program that shows it (for an input or a vocabulary, that text).
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal { $title:literal, why: $why:literal, fix: $fix:literal, wrong: $wrong:literal, right: $right:literal $(,)? })*) => {
        $(#[doc = $title] pub const $name: Code = Code($code);)*

        /// All codes of the language, in order.
        pub const CODES: &[CodeDoc] =
            &[$(CodeDoc { code: $name, title: $title, why: $why, fix: $fix, wrong: $wrong, right: $right },)*];
    };
}

codes! {
    UNKNOWN_CHARACTER "E0101" {
        "a character that is not part of the language",
        why: "Programs are made of names, numbers, strings in double quotes, brackets and the operators + - * / % ^ == != < <= > >= and or not. Single quotes, `&&`, `||` and `!` belong to other languages.",
        fix: "Write the RASP form: \"a\" for 'a', `and` for `&&`, `not` for `!`.",
        wrong: "found = tokens == 'a';",
        right: "found = tokens == \"a\";",
    }
    UNTERMINATED_STRING "E0102" {
        "a string without a closing quote",
        why: "A string ends on the line it starts on. It holds every character between its quotes as it is; a backslash means nothing special.",
        fix: "Close the string on the same line.",
        wrong: "found = tokens == \"a;",
        right: "found = tokens == \"a\";",
    }
    MALFORMED_NUMBER "E0103" {
        "a malformed or too large number",
        why: "Numbers are digits, or digits, a dot and digits. There are no exponents, no underscores, and a name cannot start with a digit.",
        fix: "Write the number out, or as a product with a power: `2 * 10 ^ 5`.",
        wrong: "x = indices * 2e5;",
        right: "x = indices * 2 * 10 ^ 5;",
    }
    UNEXPECTED_TOKEN "E0104" {
        "something else was expected here",
        why: "The text does not follow the grammar at this place. `=` assigns and stands in statements only; `select` takes keys, queries and a bare comparison; lists have no trailing comma.",
        fix: "Write what the message expects, or remove what it found.",
        wrong: "s = select(tokens, tokens);",
        right: "s = select(tokens, tokens, ==);",
    }
    MISSING_SEMICOLON "E0105" {
        "a statement without its semicolon",
        why: "Assignments, expressions, `load` and `return` end in `;`. Line ends mean nothing.",
        fix: "Add `;`.",
        wrong: "x = indices + 1\ny = x;",
        right: "x = indices + 1;\ny = x;",
    }
    KEYWORD_AS_NAME "E0106" {
        "a keyword used as a name",
        why: "The words of the language, those of its console among them (`set`, `show`, `example`, `selector`, `round`, `load`, `draw`, `exit`), cannot name variables, functions or parameters.",
        fix: "Choose another name.",
        wrong: "selector = select(tokens, tokens, ==);",
        right: "same = select(tokens, tokens, ==);",
    }
    RETURN_PLACE "E0107" {
        "a misplaced or missing `return`",
        why: "Every function ends in exactly one `return`, since it describes a value rather than a course of action.",
        fix: "End the function in `return`; choose between values with `a if condition else b`.",
        wrong: "def next(x) { y = x + 1; }",
        right: "def next(x) { y = x + 1; return y; }",
    }
    DUPLICATE_PARAMETER "E0108" {
        "two parameters of one name",
        why: "Each parameter is a name of its own in the function.",
        fix: "Rename one.",
        wrong: "def add(x, x) { return x + x; }",
        right: "def add(x, y) { return x + y; }",
    }
    UNCLOSED_BRACKET "E0109" {
        "a bracket that is not closed",
        why: "Each `(`, `[` and `{` needs its counterpart before the statement or the text ends.",
        fix: "Close it where the message points, or check for an operator or a comma that is missing there.",
        wrong: "x = (indices + 1;",
        right: "x = (indices + 1);",
    }
    TRACR "E0110" {
        "Python for tracr where RASP was expected",
        why: "The package tracr has RASP's operations as Python calls: `rasp.Select`, `rasp.Aggregate`, `rasp.Map`. Here a program is RASP itself, as in \"Thinking Like Transformers\": operators are written between s-ops, and statements end in `;`. The message holds the program in RASP, as far as it has such a form.",
        fix: "Use the translation, or run the Python as it is, after `raspc.tracr.install()`.",
        wrong: "same = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)",
        right: "same = select(tokens, tokens, ==);",
    }
    UNKNOWN_NAME "E0201" {
        "a name that nothing has bound",
        why: "A name stands for what was last assigned to it, above in the file or in the library. Functions look their names up when they are called.",
        fix: "Assign it first, load the file that does, or correct its spelling.",
        wrong: "last = lenght - 1;",
        right: "last = length - 1;",
    }
    RESERVED_NAME "E0202" {
        "a name that belongs to the language",
        why: "`indices`, the `tokens_` family, `True`, `False`, `none`, `range`, `zip`, `len`, `get` and `out` keep their meaning everywhere, so that library functions can rely on it.",
        fix: "Choose another name.",
        wrong: "indices = 3;",
        right: "indices_ = 3;",
    }
    WRONG_KIND "E0301" {
        "a value of the wrong kind",
        why: "S-ops hold a value at each position, selectors a pattern of positions; atoms, lists, dictionaries and functions exist only while the program is read. An operator or a form takes some of these and not the others.",
        fix: "Turn one into the other: `selector_width(s)` and `aggregate(s, x)` make s-ops of selectors, `select(x, y, ==)` makes a selector of s-ops, an index takes an item of a list.",
        wrong: "x = tokens + select(tokens, tokens, ==);",
        right: "x = indices + selector_width(select(tokens, tokens, ==));",
    }
    MIXED_SELECTOR "E0302" {
        "`and` or `or` between a selector and something else",
        why: "Two selectors combine cell by cell, two s-ops position by position. A condition on positions can apply to keys or to queries, so it must say which.",
        fix: "Write the condition as a selector: `select(x, True, ==)` for keys, `select(True, x, ==)` for queries.",
        wrong: "s = select(tokens, tokens, ==) and tokens == \"a\";",
        right: "s = select(tokens, tokens, ==) and select(tokens, \"a\", ==);",
    }
    NOT_CALLABLE "E0303" {
        "a call of something that is no function",
        why: "Only functions are called. The console applies an s-op to an input this way; a program file describes what happens to every input.",
        fix: "Run the program on the input, or add the operator that is missing before the bracket.",
        wrong: "x = indices(\"abc\");",
        right: "set example \"abc\"\nx = indices;",
    }
    WRONG_ARITY "E0304" {
        "too many or too few arguments",
        why: "A function takes as many arguments as its definition names; there are no defaults.",
        fix: "Call it as the hint shows.",
        wrong: "x = max(indices);",
        right: "x = max(indices, 3);",
    }
    BAD_INDEX "E0305" {
        "an index that does not fit",
        why: "Lists and strings take integers or an s-op of integers, dictionaries atoms or an s-op of atoms, s-ops an integer that is the same for all positions.",
        fix: "Use such an index; to read an s-op at varying positions use `load_from_location(x, i)`.",
        wrong: "x = tokens[indices];",
        right: "x = load_from_location(tokens, indices);",
    }
    BAD_MEMBER "E0306" {
        "`in` with sides that do not fit",
        why: "`s-op in list` asks at each position, `atom in list` asks now, `atom in s-op` asks whether any position holds it.",
        fix: "Put a list of atoms on the right, or an s-op when the left is an atom.",
        wrong: "x = tokens in \"ab\";",
        right: "x = tokens in [\"a\", \"b\"];",
    }
    UNPACK "E0307" {
        "numbers of names and values that differ",
        why: "`a, b = x` and `for a, b in xs` take a list, a string or a dictionary apart into as many parts as there are names; `zip` goes over lists of one length.",
        fix: "Write as many names as there are parts.",
        wrong: "a, b = [1, 2, 3];",
        right: "a, b, c = [1, 2, 3];",
    }
    RAISED "E0401" {
        "an operation without a result",
        why: "On these values the operation is undefined: a division by zero, an order between a string and a number, a product of strings.",
        fix: "Change the values.",
        wrong: "x = indices + 1 / 0;",
        right: "x = indices + 1 / 2;",
    }
    OUT_OF_RANGE "E0402" {
        "an index or key that is not there",
        why: "Lists and strings are indexed from 0, or from -1 at the end; dictionaries by the keys they hold.",
        fix: "Use one that is there.",
        wrong: "x = [1, 2][2];",
        right: "x = [1, 2][1];",
    }
    RECURSION "E0501" {
        "calls that nest too deeply",
        why: "Recursion unfolds while the program is read, so it must end. Only a choice whose condition is an atom leaves its other branch out; one whose condition is an s-op evaluates both.",
        fix: "End the recursion on an atom, or write a `for` loop.",
        wrong: "def f(n) { return f(n + 1); }\nx = f(0);",
        right: "def f(n) { return 0 if n == 0 else f(n - 1); }\nx = f(9);",
    }
    TOO_MUCH "E0502" {
        "a program that unfolds into too much",
        why: "Loops and calls unfold while the program is read; steps, operations and loaded files are limited so that every program is read in bounded time and memory.",
        fix: "Loop over less: s-ops already work on all positions at once.",
        wrong: "x = 0;\nfor i in range(1000000) { for j in range(9) { x = i; } }",
        right: "x = 0;\nfor i in range(10) { for j in range(9) { x = i; } }",
    }
    TOO_LARGE "E0503" {
        "a value that is too large",
        why: "Lists, strings and integers that exist only while the program is read are limited, too.",
        fix: "Build a smaller one.",
        wrong: "x = 10 ^ (10 ^ 10);",
        right: "x = 10 ^ 10;",
    }
    NESTING "E0504" {
        "brackets or blocks that nest too deeply",
        why: "A text nests at most 120 levels deep.",
        fix: "Give inner parts names of their own.",
        wrong: "x = ----------------------------------------------------------------------------------------------------------------------------1;",
        right: "x = --1;",
    }
    LOAD "E0601" {
        "a file that cannot be loaded",
        why: "`load \"path\";` reads `path.rasp`, relative to the working directory, or the standard program of that name.",
        fix: "Correct the path; leave `.rasp` out.",
        wrong: "load \"no_such_file\";",
        right: "load \"sort_unique\";",
    }
    LOAD_CYCLE "E0602" {
        "a file that loads itself",
        why: "A loaded file is run from its beginning, so a file that loads itself, directly or through others, would never end.",
        fix: "Move what both need into a third file.",
        wrong: "load \"cycle\";",
        right: "load \"sort_unique\";",
    }
    BAD_VOCABULARY "E0701" {
        "a malformed vocabulary",
        why: "A vocabulary is a JSON array or string, a range (`0..5`, `0..=5`), a list of two or more items separated by commas, or else its characters. No token occurs twice; 1, 1.0 and true are one token.",
        fix: "Write one of these forms.",
        wrong: "# vocab: [\"a\", \"b\"\nx = tokens;",
        right: "# vocab: [\"a\", \"b\"]\nx = tokens;",
    }
    BAD_MAX_LEN "E0702" {
        "a malformed maximum length",
        why: "`# max_len: 8` gives the number of tokens of the longest input, without BOS.",
        fix: "Write a positive integer.",
        wrong: "# max_len: many\nx = tokens;",
        right: "# max_len: 8\nx = tokens;",
    }
    BAD_EXAMPLE "E0703" {
        "an example that is no input",
        why: "An example is a string, whose characters are the tokens, or a list of numbers, strings and booleans.",
        fix: "Write such a value.",
        wrong: "set example 5\nx = tokens;",
        right: "set example [5]\nx = tokens;",
    }
    BAD_INPUT "E0704" {
        "a malformed input",
        why: "An input that starts with `[` or `\"` is JSON: an array of strings, numbers and booleans, or a string whose characters are the tokens. Anything else is its characters.",
        fix: "Correct the JSON, or say that the text is meant as characters (`--chars`).",
        wrong: "[1, 2",
        right: "[1, 2]",
    }
    EXPECTATION "E0705" {
        "a malformed expectation",
        why: "A comment that begins with `#?` says what an s-op gives on an input, and `raspc test` checks it on the interpreter and on the transformer. The input is JSON or characters; values are bare words, or strings in double quotes.",
        fix: "Write `#? NAME(INPUT) = [VALUE, VALUE]`, a row of 0 and 1 for each query of a selector, or `#? NAME(INPUT) raises`.",
        wrong: "#? rev(\"ab\") = b, a",
        right: "#? rev(\"ab\") = [b, a]",
    }
    CONSOLE_STATEMENT "W0101" {
        "a statement that does nothing in a program file",
        why: "`draw`, `show`, `examples` and `full seq display` talk to a console. `set example` gives the program's example.",
        fix: "Remove it, or use it in the console.",
        wrong: "draw(tokens);\nx = tokens;",
        right: "x = tokens;",
    }
    NONE_COMPARED "W0102" {
        "a comparison with none",
        why: "Element-wise operations give none wherever an operand is none, so `x == none` is none there, not true. In a select, none is a value equal only to itself.",
        fix: "Ask with a selector: `selector_width(select(x, none, ==) and select(indices, indices, ==))` is 1 where x is none.",
        wrong: "x = tokens == none;",
        right: "x = selector_width(select(tokens, none, ==));",
    }
}

/// The table's row for a code, upper or lower case.
pub fn lookup(code: &str) -> Option<&'static CodeDoc> {
    CODES.iter().find(|doc| doc.code.0.eq_ignore_ascii_case(code))
}

/// As `raspc help CODE` prints it.
impl fmt::Display for CodeDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indented = |text: &str| format!("    {}\n", text.replace('\n', "\n    "));
        writeln!(f, "{}: {}\n", self.code, self.title)?;
        writeln!(f, "{}\n{}\n", self.why, self.fix)?;
        write!(f, "Wrong:\n\n{}\nRight:\n\n{}", indented(self.wrong), indented(self.right))
    }
}
