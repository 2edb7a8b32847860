//! The diagnostics of the certificate: what each means, why it is so, and what to do.

use raspc_lang::codes::CodeDoc;
use raspc_lang::diagnostic::Code;

macro_rules! codes {
    ($($name:ident $code:literal { $title:literal, why: $why:literal, fix: $fix:literal, wrong: $wrong:literal, right: $right:literal $(,)? })*) => {
        $(#[doc = $title] pub const $name: Code = Code($code);)*

        /// All codes of the certificate, in order.
        pub const CODES: &[CodeDoc] =
            &[$(CodeDoc { code: $name, title: $title, why: $why, fix: $fix, wrong: $wrong, right: $right },)*];
    };
}

codes! {
    WIDTH_PRECISION "E0821" {
        "a count that the arithmetic cannot carry",
        why: "A width arrives as 1/(1+w), and 32-bit floats hold that to 24 bits: neighbouring counts grow closer as 1/w^2. In a type with relative rounding u, counts up to L can be told apart only while (L + 1) u < 1/4: 62 in bfloat16, 510 in float16 and TF32.",
        fix: "Shorten the maximum length, or count something rarer.",
        wrong: "hist = selector_width(select(tokens, tokens, ==));  # max_len: 200000",
        right: "hist = selector_width(select(tokens, tokens, ==));  # max_len: 1000",
    }
    SCORE_MARGIN "E0822" {
        "scores that do not tell selected keys from others",
        why: "A head selects by scores that lie at least 104 apart, so that softmax gives the others exactly nothing. What a select compares must be held exactly: an error e in it moves the scores by 256 e and more.",
        fix: "Compare something that is held exactly, or shorten the maximum length.",
        wrong: "x = aggregate(select(mean, 0.5, ==), tokens);",
        right: "x = aggregate(select(mean > 0.5, True, ==), tokens);",
    }
    BOS_SCORE "E0823" {
        "the score of BOS is in the wrong place",
        why: "BOS is a key whose score the compiler chooses: half way between selected and other keys, where its value is the default of an aggregate, or level with the selected keys, where its weight counts them. And BOS itself must see BOS alone, so that it is the same on every input.",
        fix: "This is a fault of the compiler or of an edited model: please report the program.",
        wrong: "# a model whose weights were edited",
        right: "# the model as it was compiled",
    }
    MAP_MARGIN "E0824" {
        "values too close to be told apart",
        why: "A function of a mean is made of steps between the values the mean can have. Where two values that the function tells apart lie closer than the arithmetic's error, no step fits between them.",
        fix: "Shorten the maximum length, or compare counts: `3 * count > length` in place of `mean > 1/3`.",
        wrong: "x = aggregate(full_s, tokens_int) > 0.3;  # max_len: 2000",
        right: "x = selector_width(select(tokens, 1, ==)) * 10 > 3 * length;",
    }
    LATTICE "E0825" {
        "a sum whose order matters",
        why: "A sum of whole multiples of a step is exact in any order while it stays below 2^24 steps. Beyond that, what comes out depends on the order in which a library adds.",
        fix: "Scale the numbers down, use smaller factors, or shorten the maximum length.",
        wrong: "x = (indices * 5000 + length) > 7000000;  # max_len: 4000",
        right: "x = (indices + length / 5000) > 1400;",
    }
    CATEGORY_MEAN "E0826" {
        "an average of categories",
        why: "Where several selected keys hold different values, an aggregate is their mean. A one-hot of categories has no mean: what arrives is a mixture of several.",
        fix: "Select one key, or let the values be numbers.",
        wrong: "x = aggregate(full_s, tokens);  # tokens are words",
        right: "x = aggregate(select(indices, 0, ==), tokens);",
    }
    NON_FINITE "E0827" {
        "a number beyond 32-bit floats",
        why: "Some sum of the model could exceed 1e38, beyond which there are only infinities.",
        fix: "Scale the numbers down.",
        wrong: "x = tokens_int * 10 ^ 38;",
        right: "x = tokens_int;",
    }
    DECODE_MARGIN "E0828" {
        "a value that cannot be read off with certainty",
        why: "A one-hot is read by its largest component, which must exceed 1/2 while all others stay below; a number by the nearest of its values. The bound on the model's error leaves no room for that.",
        fix: "Shorten the maximum length or the vocabulary. With `--uncertified` the model is made all the same, and its folder says so.",
        wrong: "# a model whose weights were edited",
        right: "# the model as it was compiled",
    }
    UNPROVED "E0829" {
        "a part of the model that could not be checked",
        why: "The certificate looks at all values that a head or a layer compares together. Here they are too many, or the weights read something that the program does not compare.",
        fix: "Shorten the maximum length or the vocabulary. With `--uncertified` the model is made all the same, and its folder says so.",
        wrong: "x = selector_width(select(tokens, tokens, <));  # a vocabulary of 100000",
        right: "x = selector_width(select(tokens, tokens, <));  # a vocabulary of 1000",
    }
    PRECISION "E0830" {
        "a float type that cannot carry the model",
        why: "The weights are exact in 32-bit floats with true 32-bit products. In a type of fewer bits neighbouring counts fall together.",
        fix: "Use float32 and switch TF32 off (`torch.backends.cuda.matmul.allow_tf32 = False`), or compile for a shorter length.",
        wrong: "raspc compile hist --max-len 100 --dtype bfloat16 -o x",
        right: "raspc compile hist --max-len 100 -o x",
    }
    UNEVEN "E0831" {
        "a count of keys that do not weigh the same",
        why: "A width is read off the weight that BOS has beside the selected keys: 1/(1+w), if all of them score exactly alike. What the selector compares is not held exactly, so their scores differ, and with many keys the count would be off.",
        fix: "Compare something that is held exactly, such as tokens, positions and counts, or shorten the maximum length.",
        wrong: "# a model whose weights were edited",
        right: "# the model as it was compiled",
    }
}

/// The row of the table for a code, upper or lower case.
pub fn lookup(code: &str) -> Option<&'static CodeDoc> {
    CODES.iter().find(|doc| doc.code.0.eq_ignore_ascii_case(code))
}
