"""Every program of `lib`, at several lengths, vocabularies and masks, against the interpreter."""

import pytest
from tracr_checks import agree, key

from raspc.tracr.compiler import lib
from raspc.tracr.rasp import rasp

VOCABULARIES = {
    "ints": {1, 2, 3, 4},
    "floats": {0.5, 1.5, -2.0, 3.25},
    "strings": {"a", "b", "c", "d"},
    "words": {"cat", "dog", "the", "a"},
}


def programs(vocab, n):
    """Name and program."""
    a, b, c, d = sorted(vocab, key=key)
    found = {
        "length": lib.make_length(),
        "reverse": lib.make_reverse(rasp.tokens),
        "hist": lib.make_hist(),
        "pair_balance": lib.make_pair_balance(rasp.tokens, a, b),
        "shuffle_dyck": lib.make_shuffle_dyck([(a, b)]),
        "shuffle_dyck2": lib.make_shuffle_dyck([(a, b), (c, d)]),
        "sort_unique": lib.make_sort_unique(rasp.tokens, rasp.tokens),
        "sort_freq": lib.make_sort_freq(n),
        "frac_prevs": lib.make_frac_prevs(rasp.tokens == a),
        "shift_by": lib.shift_by(2, rasp.tokens),
        "shift_back": lib.shift_by(-1, rasp.tokens),
        "detect_pattern": lib.detect_pattern(rasp.tokens, [a, b]),
        "count_less_freq": lib.make_count_less_freq(2),
        "count": lib.make_count(rasp.tokens, a),
        "nary_sequencemap": lib.make_nary_sequencemap(lambda x, i: f"{x}{i % 2}", rasp.tokens, rasp.indices),
    }
    if not isinstance(a, str):
        found["sort"] = lib.make_sort(rasp.tokens, rasp.tokens, max_seq_len=n, min_key=0.5)
    return found


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("vocab", VOCABULARIES)
@pytest.mark.parametrize("n", [5, 10, 20, 40])
def test_library_programs_are_right_at_every_position(n, vocab, causal):
    for name, program in programs(VOCABULARIES[vocab], n).items():
        marks = {"compiler_bos": "BOS", "compiler_pad": "PAD"}
        # Among equal texts sort_unique has no value: there is no mean of texts.
        distinct = name == "sort_unique" and vocab in ("strings", "words")
        _, compared = agree(program, VOCABULARIES[vocab], n, causal, count=4, distinct=distinct, **marks)
        assert compared == (6 if not (distinct and causal) else compared), name


def test_brackets():
    for program, vocab in ((lib.make_shuffle_dyck2(), set("(){}")), (lib.make_shuffle_dyck(["()"]), set("()x"))):
        model, compared = agree(program, vocab, 10, count=60)
        assert compared == 62
        assert model.apply(["compiler_bos", *"(())"]).decoded[1:] == [1, 1, 1, 1]


def test_examples_of_the_library():
    assert lib.make_reverse(rasp.tokens)("Hello") == list("olleH")
    assert lib.make_hist()("abac") == [2, 1, 2, 1]
    assert lib.make_sort_freq(4)("abbc"[:4]) == list("bbac")
    assert lib.make_frac_prevs(rasp.tokens == "x")("axb") == [0, 1 / 2, 1 / 3]
    assert lib.shift_by(1, rasp.tokens)("abc") == [None, "a", "b"]
    assert lib.detect_pattern(rasp.tokens, "ab")("xabab") == [None, False, True, False, True]
    assert lib.make_count_less_freq(2)("aaabbc") == [3] * 6
    assert lib.make_count(rasp.tokens, "a")("aaabbc") == [3] * 6
    assert lib.make_pair_balance(rasp.tokens, "(", ")")("()(") == [1.0, 0.0, pytest.approx(1 / 3)]
    assert lib.make_nary_sequencemap(lambda x, y, z: x + y + z, rasp.tokens, rasp.tokens, rasp.indices)([1, 2]) == [2, 5]
