//! Every diagnostic's code with its explanation: what `raspc help CODE`, the playground and the reference say of it.
//!
//! `E01` to `E07` and `W01` are the language's and explained there, `E08` and `W08` the compiler's, `E09` those of runs,
//! inputs and folders (the command line's and the playground's), `E10` the Python package's, `E11` the exporters'.

use std::sync::LazyLock;

use crate::certify::codes as certificate;
use crate::encode::codes as compiler;
use crate::values::codes as values;
use raspc_lang::codes::{CODES, CodeDoc};
use raspc_lang::diagnostic::Code;
use raspc_model::export::{EXPLANATIONS, Explanation};

/// An input holds a token that the vocabulary does not.
pub const TOKEN: Code = Code("E0901");
/// An input is longer than the model takes.
pub const TOO_LONG: Code = Code("E0902");
/// On this input the program has no defined output.
pub const RAISED: Code = Code("E0903");
/// The transformer does not agree with the interpreter.
pub const DISAGREES: Code = Code("E0904");
/// There is no s-op or selector of the name given by `--sop`.
pub const SOP: Code = Code("E0905");
/// A model folder is damaged, incomplete, or of another format.
pub const MODEL: Code = Code("E0906");
/// Text that is not UTF-8, or too much of it.
pub const TEXT: Code = Code("E0907");
/// An expectation is not met.
pub const UNMET: Code = Code("E0908");

/// All codes that are explained here. Their examples are command lines.
const HERE: &[CodeDoc] = &[
    CodeDoc {
        code: compiler::VOCABULARY,
        title: "a vocabulary that cannot be compiled for",
        why: "A model has one embedding for each token of its vocabulary, and two more for BOS and PAD. Tokens must differ from each other and from the texts of these two; equal values (1, 1.0 and true) are one token; none is no token.",
        fix: "Name each token once, and give BOS and PAD texts that no token has (`--bos`, `--pad`).",
        wrong: "raspc run length aa --vocab '[\"a\", \"compiler_bos\"]'",
        right: "raspc run length aa --vocab '[\"a\", \"compiler_bos\"]' --bos '<s>'",
    },
    CodeDoc {
        code: compiler::LENGTH,
        title: "a maximum length of zero, or beyond all use",
        why: "A model has a row of W_pos for each position, and value sets grow with the length.",
        fix: "Say how long inputs can really be with `--max-len`.",
        wrong: "raspc run length ab --max-len 0",
        right: "raspc run length ab --max-len 10",
    },
    CodeDoc {
        code: compiler::EXPLOSION,
        title: "too many values where they must be enumerated",
        why: "A function of s-ops is compiled as a table with a row for each combination of values that can occur. Sums and products of counts and means have few values for short inputs and very many for long ones; the message names the s-op and how many there would be.",
        fix: "Round or compare before combining, shorten the maximum length or the vocabulary, or allow more with `--max-values`.",
        wrong: "raspc compile -e 'x = indices * count(tokens, \"a\") * count(tokens, \"b\")' --vocab abc --max-len 300 -o x",
        right: "raspc compile -e 'x = count(tokens, \"a\") * count(tokens, \"b\")' --vocab abc --max-len 40 -o x",
    },
    CodeDoc {
        code: compiler::SELECTOR,
        title: "a selector that one head cannot realise",
        why: "An attention head adds scores, and a sum can tell conjunctions of selects and their complements apart, but not every formula. Other formulas are compiled over pairs of values, if these are not too many.",
        fix: "Split the selector: aggregate through each part and combine the results, or reduce the values of its keys and queries first.",
        wrong: "an aggregate through `a or b`, whose keys and queries have thousands of values",
        right: "two aggregates, through `a` and through `b and not a`",
    },
    CodeDoc {
        code: compiler::MARGIN,
        title: "values too close for the arithmetic of the model",
        why: "The model computes in f32. Where a function tells two values apart that lie closer than the error of the number it reads, no weights can make it right; raspc says so instead of being wrong on some input. Two means of means can be one fraction and differ in their last place, as the interpreter's 64-bit arithmetic rounds them: a program that tells these apart (`==` of the two, `<=` of a mean with itself) means what the interpreter says, and no 32-bit float holds which of the two it is.",
        fix: "Shorten the maximum length, or compare counts instead of means: `3 * count(tokens, \"a\") > length` for `average(tokens == \"a\") > 1/3`. Round what only its last place tells apart before it is compared: `round(1000 * x)`.",
        wrong: "raspc compile -e 'm = aggregate(select(indices, indices, <=), tokens); x = selector_width(select(m, m, ==))' --vocab 0..9 --max-len 100 -o x",
        right: "raspc compile -e 'm = round(10 * aggregate(select(indices, indices, <=), tokens)); x = selector_width(select(m, m, ==))' --vocab 0..9 --max-len 100 -o x",
    },
    CodeDoc {
        code: compiler::LATTICE,
        title: "a sum too large to be exact",
        why: "Sums of whole multiples of a unit are exact in f32 up to 2^24 units, in any order. This sum could leave that range.",
        fix: "Use smaller numbers or a shorter maximum length.",
        wrong: "a sum of counts weighted by millions",
        right: "the same with smaller weights",
    },
    CodeDoc {
        code: compiler::BUDGET,
        title: "a model larger than the budget",
        why: "Before any weight is made the compiler estimates how many there will be, and what the proof of each comparison takes: every value of its keys is looked at with every value of its queries. The budget keeps a slip in the vocabulary or the length from filling the memory; it is the same on every machine.",
        fix: "Shorten the maximum length or the vocabulary, or raise the budget with `--max-bytes`.",
        wrong: "raspc compile sort --vocab 0..20000 --max-len 5000 -o x",
        right: "raspc compile sort --vocab 0..200 --max-len 50 -o x",
    },
    CodeDoc {
        code: compiler::RANGE,
        title: "a number too large for f32",
        why: "Weights and activations are f32, whose numbers end at about 3.4e38.",
        fix: "Use smaller numbers; as categories (strings, comparisons) large numbers are no problem.",
        wrong: "raspc compile -e 'x = average(indices * 10 ^ 40)' --vocab ab --max-len 5 -o x",
        right: "raspc compile -e 'x = average(indices * 10 ^ 4)' --vocab ab --max-len 5 -o x",
    },
    CodeDoc {
        code: values::RAISES,
        title: "an operation without a result, on arguments that an input reaches",
        why: "A transformer cannot raise, so a program that does on some input has nothing to be compiled to. The message names the arguments.",
        fix: "Give the operation a result everywhere, or keep those arguments away from it.",
        wrong: "raspc compile -e 'x = 1 / indices' --vocab ab --max-len 5 -o x",
        right: "raspc compile -e 'x = 1 / (indices + 1)' --vocab ab --max-len 5 -o x",
    },
    CodeDoc {
        code: compiler::WIDTH,
        title: "a width of more keys than the arithmetic can count",
        why: "A head counts by the weight 1/(1+w) that BOS keeps. In f32 the numbers of some thousands of keys can be told apart through one attention pattern, fewer through the sum of many.",
        fix: "Shorten the maximum length, or count through a simpler selector.",
        wrong: "raspc compile hist --max-len 60000 -o x",
        right: "raspc compile hist --max-len 4096 -o x",
    },
    CodeDoc {
        code: TOKEN,
        title: "a token outside the vocabulary",
        why: "A model has an embedding for each token of its vocabulary and for nothing else. Numbers and strings are different tokens: 1 is not \"1\", and an input of digits without brackets is characters.",
        fix: "Spell the input as the vocabulary does, or compile for more tokens with `--vocab`.",
        wrong: "raspc run sort_unique '[3, 9]'",
        right: "raspc run sort_unique '[3, 9]' --vocab 0..10",
    },
    CodeDoc {
        code: TOO_LONG,
        title: "an input longer than the model takes",
        why: "A model has as many positions as it was compiled for (BOS is not counted).",
        fix: "Shorten the input, or compile for longer ones with `--max-len`.",
        wrong: "raspc run length abcabcabcabc --max-len 10",
        right: "raspc run length abcabcabcabc --max-len 12",
    },
    CodeDoc {
        code: RAISED,
        title: "no defined output on this input",
        why: "Evaluating the program on this input met an operation without a result: a division by zero, a comparison of a number with a string, the mean of several strings. What the transformer computes there means nothing.",
        fix: "Keep such inputs away, or give the operation a result everywhere: `x / y if y > 0 else 0`.",
        wrong: "raspc run -e 'x = aggregate(select(tokens, tokens, !=), tokens)' abc",
        right: "raspc run -e 'x = aggregate(select(indices, indices + 1, ==), tokens)' abc",
    },
    CodeDoc {
        code: DISAGREES,
        title: "the transformer disagrees with the interpreter",
        why: "At some position the transformer's value is not the interpreter's. A model that raspc has compiled does not do that unless an assumption that it rests on is wrong (these are said when it is compiled): its weights were changed, or raspc has a bug.",
        fix: "See which node is the first to be wrong; where there are no assumptions, please report it with the program.",
        wrong: "raspc run changed_model abc",
        right: "raspc verify changed_model",
    },
    CodeDoc {
        code: SOP,
        title: "no such s-op or selector",
        why: "`--sop` chooses one of the names that the program defines at its top level; of a compiled model, one of those it holds.",
        fix: "Choose one of the names that the message lists.",
        wrong: "raspc run sort_unique --sop smaler",
        right: "raspc run sort_unique --sop smaller",
    },
    CodeDoc {
        code: MODEL,
        title: "a model folder that cannot be read",
        why: "The folder lacks a file, a file is damaged, or its parts do not fit each other. `config.json` holds a check of every file's content.",
        fix: "Write the folder again with `raspc compile`, or fetch it again.",
        wrong: "raspc run half_of_a_model abc",
        right: "raspc compile hist -o model",
    },
    CodeDoc {
        code: TEXT,
        title: "text that cannot be read",
        why: "Programs and inputs are UTF-8 text of a bounded size.",
        fix: "Convert the file to UTF-8; make sure that it is the file you mean.",
        wrong: "raspc run photo.rasp",
        right: "raspc run program.rasp",
    },
    CodeDoc {
        code: UNMET,
        title: "an expectation that is not met",
        why: "`raspc test` compares what a comment such as `#? rev(\"abc\") = [c, b, a]` says with the interpreter, and the interpreter with the compiled transformer at every node.",
        fix: "Correct the program or the expectation; `raspc run PROGRAM INPUT --trace` shows every step.",
        wrong: "#? rev(\"ab\") = [a, b]",
        right: "#? rev(\"ab\") = [b, a]",
    },
    CodeDoc {
        code: Code("E1001"),
        title: "something used as what it is not (Python)",
        why: "S-ops and selectors are different things: an s-op has a value at each position, a selector says which keys each query looks at. Neither has a truth value or a length of its own, and `==` builds an s-op.",
        fix: "A selector becomes an s-op through `aggregate` or `selector_width`; use `&`, `|`, `~` in place of `and`, `or`, `not`, and `raspc.where` in place of `if`.",
        wrong: "x = 1 if raspc.tokens == \"a\" else 0",
        right: "x = raspc.where(raspc.tokens == \"a\", 1, 0)",
    },
    CodeDoc {
        code: Code("E1002"),
        title: "a Python value that cannot be a value of a program",
        why: "Tokens and values are looked up and told apart, so they are hashable; numbers are finite.",
        fix: "Use a tuple in place of a list, a frozenset in place of a set, None where there is no number.",
        wrong: "raspc.compile(program, vocab=[[1, 2], [3]], max_len=4)",
        right: "raspc.compile(program, vocab=[(1, 2), (3,)], max_len=4)",
    },
    CodeDoc {
        code: Code("E1003"),
        title: "an intervention that cannot be made (Python)",
        why: "A patch overwrites the directions that carry a node, at every position it names, with a value that the node can hold. Where the model is made small, some nodes have no directions of their own.",
        fix: "Give a value for each position, among those the node can hold; compile with `opt=0`, where every s-op has a subspace of its own.",
        wrong: "model.run([2, 0, 1], patch={\"target_pos\": [0]})",
        right: "model.run([2, 0, 1], patch={\"target_pos\": [0, 1, 2]})",
    },
    CodeDoc {
        code: values::MAY_RAISE,
        title: "an operation that may lack a result",
        why: "There are arguments on which it has none. They could not be excluded, and no input was found that reaches them. The model is right on every input on which the program has a value; that it has one is assumed.",
        fix: "Give the operation a result everywhere, or let `raspc verify` look for such an input.",
        wrong: "an index that is computed, and always in range for a reason the compiler does not see",
        right: "the same with `x if 0 <= i and i < 5 else 0`",
    },
    CodeDoc {
        code: values::TELLS_EQUAL_APART,
        title: "a function that tells equal values apart",
        why: "1, 1.0 and true are equal, and a model holds values, not types: where an argument can be either, it cannot tell which. A function such as `str` can.",
        fix: "Convert the argument first, so that it always has one type.",
        wrong: "the text of a count that is sometimes a mean",
        right: "the text of `round(x)`",
    },
    CodeDoc {
        code: values::MAY_AVERAGE,
        title: "an aggregate that may meet several values without a mean",
        why: "Strings and none have no mean. That never two keys with different such values are selected was not proved; it is assumed.",
        fix: "Select by a key that no two positions share, such as `indices`; or let `raspc verify` look for an input with two.",
        wrong: "aggregate(select(rank, indices, ==), tokens), where ranks may repeat",
        right: "the same with ties broken by position",
    },
];

/// The exporters' codes, which know nothing of the language's types.
static EXPORTS: LazyLock<Vec<CodeDoc>> = LazyLock::new(|| {
    let doc = |e: &Explanation| {
        let Explanation { code, title, why, fix, wrong, right } = *e;
        CodeDoc { code: Code(code), title, why, fix, wrong, right }
    };
    EXPLANATIONS.iter().map(doc).collect()
});

/// Every code there is, the language's first.
pub fn all() -> impl Iterator<Item = &'static CodeDoc> {
    let mut rest: Vec<&CodeDoc> = HERE.iter().chain(certificate::CODES).chain(&*EXPORTS).collect();
    rest.sort_by_key(|doc| doc.code);
    CODES.iter().chain(rest)
}

/// What is said of a code, in upper or lower case.
pub fn find(code: &str) -> Option<&'static CodeDoc> {
    all().find(|doc| doc.code.0.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_means_one_thing() {
        let mut codes: Vec<&str> = all().map(|doc| doc.code.0).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count, "two things have one code");
        let here: Vec<&str> = HERE.iter().map(|doc| doc.code.0).collect();
        assert!(here.is_sorted(), "{here:?}");
    }

    #[test]
    fn each_code_is_found() {
        for doc in all() {
            assert_eq!(find(&doc.code.0.to_lowercase()).map(|d| d.code), Some(doc.code));
        }
        assert!(find("E9999").is_none());
    }
}
