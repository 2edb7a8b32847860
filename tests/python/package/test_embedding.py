"""The native embedding: expressions, and what they mean."""

import copy
import operator
import pickle

import pytest
import raspc
from raspc import aggregate, indices, length, select, selector_width, tokens, where


def test_a_program_reads_like_rasp():
    smaller = select(tokens, tokens, "<")
    target_pos = selector_width(smaller).named("target_pos")
    ordered = aggregate(select(target_pos, indices, "=="), tokens).named("ordered")
    assert ordered([3, 1, 4, 2]) == [1, 2, 3, 4]
    assert target_pos([3, 1, 4, 2]) == [2, 0, 3, 1]
    assert smaller([2, 0]).tolist() == [[False, True], [False, False]]
    assert repr(ordered) == "<SOp ordered>" and "target_pos" in repr(target_pos + 1)


@pytest.mark.parametrize(
    "build, expected",
    [
        (lambda x: x + 1, [4, 0, 6]),
        (lambda x: 1 + x, [4, 0, 6]),
        (lambda x: 10 - x, [7, 11, 5]),
        (lambda x: x - indices, [3, -2, 3]),
        (lambda x: 2 * x, [6, -2, 10]),
        (lambda x: x / 2, [1.5, -0.5, 2.5]),
        (lambda x: 30 / x, [10.0, -30.0, 6.0]),
        (lambda x: x // 2, [1, -1, 2]),
        (lambda x: 7 // x, [2, -7, 1]),
        (lambda x: x % 3, [0, 2, 2]),
        (lambda x: 7 % x, [1, 0, 2]),
        (lambda x: x**2, [9, 1, 25]),
        (lambda x: 2 ** (x + 1), [16, 1, 64]),
        (lambda x: -x, [-3, 1, -5]),
        (lambda x: +x, [3, -1, 5]),
        (lambda x: abs(x), [3, 1, 5]),
        (lambda x: round(x / 2), [2, 0, 2]),
        (lambda x: round(x / 3, 1), [1.0, -0.3, 1.7]),
        (lambda x: x == 3, [True, False, False]),
        (lambda x: x != 3, [False, True, True]),
        (lambda x: x < 3, [False, True, False]),
        (lambda x: x <= 3, [True, True, False]),
        (lambda x: 3 < x, [False, False, True]),
        (lambda x: x >= 3, [True, False, True]),
        (lambda x: (x > 0) & (x < 4), [True, False, False]),
        (lambda x: (x < 0) | (x > 4), [False, True, True]),
        (lambda x: ~(x > 0), [False, True, False]),
        (lambda x: x.isin([3, 5]), [True, False, True]),
        (lambda x: (x > 0).indicator(), [1, 0, 1]),
        (lambda x: where(x > 0, x, 0), [3, 0, 5]),
        (lambda x: where(x > 0, x, None), [3, None, 5]),
        (lambda x: length, [3, 3, 3]),
        (lambda x: x.map(str), ["3", "-1", "5"]),
        (lambda x: raspc.map(lambda a, b: (a, b), x, indices), [(3, 0), (-1, 1), (5, 2)]),
        (lambda x: raspc.constant(7), [7, 7, 7]),
    ],
)
def test_operators(build, expected):
    sop = build(tokens)
    got = sop([3, -1, 5])
    assert got == expected and [type(v) for v in got] == [type(v) for v in expected]
    model = raspc.compile(sop.named("x"), vocab=[3, -1, 5], max_len=3)
    assert model([3, -1, 5]) == expected and model.verify()


def test_selectors_combine():
    same, before = select(tokens, tokens, operator.eq), select(indices, indices, "<")
    for selector, width in [(same & before, [0, 0, 1]), (same | before, [2, 2, 3]), (~same, [1, 2, 1])]:
        counted = selector_width(selector)
        assert counted("aba") == width
        assert raspc.compile(counted, vocab="ab", max_len=4).verify()
    near = select(indices, indices, lambda k, q: abs(k - q) == 1)
    assert selector_width(near)("abc") == [1, 2, 1]


def test_causal_programs_see_what_was():
    assert length("abc", causal=True) == [1, 2, 3]
    model = raspc.compile(length, vocab="abc", max_len=4, causal=True)
    assert model("abc") == [1, 2, 3] and model.config.causal and model.verify()


def test_names_belong_to_the_handle_and_are_unique():
    plain = selector_width(select(tokens, tokens))
    named = plain.named("hist")
    assert plain.name is None and named.name == "hist"
    model = raspc.compile(named + plain, vocab="ab", max_len=3)
    assert "hist" in model.nodes
    other = selector_width(select(tokens, tokens, "!=")).named("hist")
    model = raspc.compile(raspc.map(lambda a, b: 10 * a + b, named, other), vocab="ab", max_len=3)
    assert {"hist", "hist_2"} <= set(model.nodes)
    assert model.interpret("aab")["hist"] == [2, 2, 1] and model.interpret("aab")["hist_2"] == [1, 1, 2]


def test_sharing_is_linear_and_depth_no_hazard():
    x = tokens
    for _ in range(60):
        x = x + x - x
    assert x([1, 2]) == [1, 2]
    for _ in range(5_000):
        x = x + 0
    assert x([1, 2]) == [1, 2]
    selector = select(tokens, tokens)
    for _ in range(300):
        selector = ~selector
    assert selector_width(selector)("aba") == [2, 1, 2]


def test_any_hashable_is_a_token():
    words = [("a", 1), frozenset("x"), b"y", 2.5, "Ω", 10**30, None.__class__, True]
    hist = selector_width(select(tokens, tokens)).named("hist")
    model = raspc.compile(hist, vocab=words, max_len=3)
    assert model([("a", 1), ("a", 1), b"y"]) == [2, 2, 1]
    same = raspc.compile(tokens, vocab=words, max_len=8)
    assert same(words) == words and [type(w) for w in same(words)] == [type(w) for w in words]
    assert same.verify(500)


def test_tokens_of_one_text_are_told_apart():
    class Word:
        def __init__(self, i):
            self.i = i

        def __repr__(self):
            return "word"

    a, b = Word(0), Word(1)
    model = raspc.compile(tokens, vocab=[a, b], max_len=2)
    assert model([b, a]) == [b, a] and model([a])[0] is a


def test_numpy_and_equal_numbers_are_the_same_tokens():
    np = pytest.importorskip("numpy")
    model = raspc.compile(tokens + 1, vocab=np.arange(3), max_len=3)
    assert model(np.array([2, 0])) == [3, 1] and model([2.0, False]) == [3, 1]
    assert model(np.array([[2, 0], [1, 1]])) == [[3, 1], [2, 2]]


def test_text_and_embedding_meet():
    program = raspc.parse("def twice(x) { return 2 * x; } same = select(tokens, tokens, ==); hist = selector_width(same);")
    assert program.names == ("same", "hist") and program("abca") == [2, 1, 1, 2]
    both = raspc.map(lambda h, i: h * 10 + i, program["hist"], indices).named("both")
    model = raspc.compile(both, vocab="abc", max_len=4)
    assert model("abca") == [20, 11, 12, 23] and "hist" in model.nodes and model.verify()
    assert selector_width(program["same"] & select(indices, indices, "<="))("aa") == [1, 2]


def test_files_and_standard_programs(tmp_path):
    (tmp_path / "lib.rasp").write_text("def inc(x) { return x + 1; }\n")
    (tmp_path / "main.rasp").write_text('# vocab: 0..3\n# max_len: 3\nload "lib";\ny = inc(tokens);\nset example [2, 0]\n')
    program = raspc.load(tmp_path / "main.rasp")
    assert (program.vocab, program.max_len, program.example) == ([0, 1, 2], 3, [2, 0])
    assert raspc.compile(program)(program.example) == [3, 1]
    assert "sort" in raspc.standard_programs()
    for name in raspc.standard_programs():
        standard = raspc.standard(name)
        assert raspc.compile(standard)(standard.example) == pytest.approx(standard(standard.example)), name


def test_python_functions_are_called_once_for_each_argument():
    calls = []

    def f(a, b):
        calls.append((a, b))
        return a + b

    sop = raspc.map(f, tokens, indices).named("sum")
    assert sop([1, 2]) == [1, 3]
    model = raspc.compile(sop, vocab=range(4), max_len=3)
    assert model.verify() and model([3, 3, 3]) == [3, 4, 5]
    model.run([1, 2, 0])
    model.interpret([1, 2, 0])
    assert len(calls) == len(set(calls)) and set(calls) == {(a, b) for a in range(4) for b in range(3)}


def test_functions_are_called_once_whatever_is_made_of_them():
    """Another mask, level, vocabulary or name makes another graph of the same functions."""
    calls = []

    def f(x):
        calls.append(x)
        return x % 3

    def same(k, q):
        calls.append((k, q))
        return k == q

    mapped = raspc.map(f, tokens).named("f")
    width = selector_width(select(mapped, mapped, same))
    for causal in (False, True):
        for opt in (0, 1):
            assert raspc.compile(width.named(f"w{opt}"), vocab=range(6), max_len=3, causal=causal, opt=opt).verify()
    assert raspc.compile(width + 1, vocab=range(5), max_len=4)([0, 3, 1]) == [3, 3, 2]
    assert mapped([1, 2]) == [1, 2] and width([1, 2]) == [1, 1]
    assert len(calls) == len(set(calls)) == 6 + 9


def test_what_a_function_raises_is_not_remembered_for_others():
    known = {}
    sop = raspc.map(lambda x: known[x], tokens)
    with pytest.raises(raspc.CompileError):
        raspc.compile(sop, vocab="ab", max_len=2)
    known.update(a=1, b=2)
    assert raspc.compile(sop.named("again"), vocab="ab", max_len=2)("ab") == [1, 2]


def half(x):
    return x // 2


def test_copies_and_pickles():
    x = raspc.map(half, tokens).named("half")
    sop = aggregate(select(x, indices, operator.eq) & ~select(tokens, 3), x + x).named("out").numerical()
    assert copy.copy(sop) is sop and copy.deepcopy([sop])[0] is sop
    again = pickle.loads(pickle.dumps(sop))
    assert str(raspc.sops.build(again)[0]) == str(raspc.sops.build(sop)[0])
    assert again([2, 1, 0]) == sop([2, 1, 0])
    # It combines with others: their tokens are its tokens.
    assert str(raspc.sops.build(again + tokens)[0]).count("tokens\n") == str(raspc.sops.build(sop + tokens)[0]).count("tokens\n")
    deep = tokens
    for _ in range(5_000):
        deep = deep + 0
    assert pickle.loads(pickle.dumps(deep))([1, 2]) == [1, 2]
    program = pickle.loads(pickle.dumps(raspc.parse("same = select(tokens, tokens, ==); hist = selector_width(same);")))
    assert program("aba") == [2, 1, 2]
    assert pickle.loads(pickle.dumps(program["hist"] + 1))("aba") == [3, 2, 3]


def test_predicates_are_called_once_for_each_pair():
    calls = []

    def near(k, q):
        calls.append((k, q))
        return abs(k - q) <= 1

    width = selector_width(select(tokens, tokens, near))
    assert width([0, 1, 3]) == [2, 2, 1]
    assert raspc.compile(width, vocab=range(4), max_len=3).verify()
    assert len(calls) == len(set(calls)) == 16
