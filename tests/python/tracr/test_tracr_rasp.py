"""The language: expressions, operators, annotations, labels, evaluation."""

import enum
import itertools
import time

import pytest

from raspc.tracr.compiler import compiling, lib
from raspc.tracr.rasp import causal_eval, rasp
from raspc.tracr.utils import errors

tokens, indices, length = rasp.tokens, rasp.indices, rasp.length


@pytest.fixture
def fresh_ids():
    rasp.RASPExpr._ids = itertools.count(1)


@pytest.mark.parametrize(
    ("expr", "xs", "want"),
    [
        (tokens, "ab", ["a", "b"]),
        (indices, "ab", [0, 1]),
        (length, "abc", [3, 3, 3]),
        (tokens, "", []),
        (tokens == 1, [1, 2], [True, False]),
        (tokens != 1, [1, 2], [False, True]),
        (tokens < 2, [1, 2], [True, False]),
        (tokens <= indices, [0, 2], [True, False]),
        (tokens > 1, [1, 2], [False, True]),
        (tokens >= 2, [1, 2], [False, True]),
        (tokens + 1, [1, 2], [2, 3]),
        (1 + tokens, [1, 2], [2, 3]),
        ("x" + tokens, "ab", ["xa", "xb"]),
        (tokens - indices, [1, 3], [1, 2]),
        (10 - tokens, [1, 2], [9, 8]),
        (tokens * 2, [1, 2], [2, 4]),
        (2 * tokens, "ab", ["aa", "bb"]),
        (tokens / 2, [1, 2], [0.5, 1.0]),
        (6 / tokens, [1, 2], [6.0, 3.0]),
        (~(tokens == 1), [1, 2], [False, True]),
        ((tokens == 1) & (indices == 0), [1, 1], [True, False]),
        ((tokens == 1) | (indices == 1), [2, 2], [False, True]),
        (True & (tokens == 1), [1, 2], [True, False]),
        (False | (tokens == 1), [1, 2], [True, False]),
        (tokens == indices, [0, 2], [True, False]),
        (rasp.sop_not(tokens), [0, 2], [True, False]),
        (rasp.Full("x"), [1, 2], ["x", "x"]),
        (rasp.ConstantSOp([7, 8]), [1, 2], [7, 8]),
        (rasp.LinearSequenceMap(tokens, indices, 2, -1), [5, 6], [10, 11]),
        (rasp.Map(lambda x: x + 1, rasp.Map(lambda x: None if x == 1 else x, tokens)), [1, 2], [None, 3]),
        (rasp.SequenceMap(lambda x, y: (x, y), tokens, indices), "a", [("a", 0)]),
    ],
)
def test_evaluation(expr, xs, want):
    assert expr(xs) == want
    assert [type(x) for x in expr(xs)] == [type(x) for x in want]


def test_selectors():
    before = rasp.Select(indices, indices, rasp.Comparison.LT)
    assert before([5, 5, 5]) == [[False, False, False], [True, False, False], [True, True, False]]
    assert rasp.SelectorWidth(before)("abc") == [0, 1, 2]
    assert rasp.SelectorWidth(~before)("abc") == [3, 2, 1]
    same = rasp.Select(tokens, tokens, rasp.Comparison.EQ)
    assert rasp.SelectorWidth(same & before)("aab") == [0, 1, 0]
    assert rasp.SelectorWidth(same | before)("aba") == [2, 2, 3]
    assert rasp.ConstantSelector([[True, False], [False, False]])("ab") == [[True, False], [False, False]]


def test_aggregates():
    everywhere = rasp.Select(indices, indices, rasp.Comparison.TRUE)
    nowhere = rasp.Select(indices, indices, rasp.Comparison.FALSE)
    assert rasp.Aggregate(everywhere, tokens)([1, 2, 4]) == [7 / 3] * 3
    assert rasp.Aggregate(everywhere, tokens)([True, False]) == [0.5, 0.5]
    assert rasp.Aggregate(everywhere, tokens)([0.1] * 10) == [0.1] * 10
    assert rasp.Aggregate(nowhere, tokens)("ab") == [None, None]
    assert rasp.Aggregate(nowhere, tokens, default=0)("ab") == [0, 0]
    with pytest.raises(ValueError, match=r"^Only types int, bool, and float are supported for aggregation\.$"):
        rasp.Aggregate(everywhere, tokens)("ab")


def test_causal_evaluation():
    assert causal_eval.evaluate(length, [1, 2, 3]) == [3, 3, 3]
    assert causal_eval.evaluate(lib.make_length(), [1, 2, 3]) == [1, 2, 3]
    ahead = rasp.Select(indices, indices, rasp.Comparison.GEQ)
    assert causal_eval.evaluate(ahead, "ab") == [[True, False], [False, True]]
    assert causal_eval.evaluate(~ahead, "abc") == [[False] * 3, [True, False, False], [True, True, False]]
    assert causal_eval.evaluate(lib.make_hist(), "aab") == [1, 2, 1]


def test_comparisons():
    assert issubclass(rasp.Comparison, enum.Enum)
    assert [c.name for c in rasp.Comparison] == ["EQ", "LT", "LEQ", "GT", "GEQ", "NEQ", "TRUE", "FALSE"]
    for comparison in rasp.Comparison:
        with pytest.raises(ValueError, match=r"^key is None!$"):
            comparison(None, 1)
        with pytest.raises(ValueError, match=r"^query is None!$"):
            comparison(1, None)
    assert rasp.Comparison.LT(1, 2)
    assert not rasp.Comparison.FALSE(1, 1)
    seen = []
    rasp.Select(lib.shift_by(1, tokens), tokens, lambda k, q: seen.append((k, q)))("ab")
    assert (None, "a") in seen


def test_names_labels_and_ids(fresh_ids):
    a, b = rasp.Map(lambda x: x, tokens), (tokens + indices).named("sum")
    assert (a.name, b.name, tokens.name, indices.name, length.name) == ("map", "sum", "tokens", "indices", "length")
    assert (b.label, a.label, tokens.label) == ("sum_1", "map_2", "tokens")
    assert (a.unique_id, a.label) == (2, "map_2")
    assert b.named("other").label == "other_3"
    assert b.label == "sum_1"
    names = [
        (rasp.Select(tokens, tokens, rasp.Comparison.EQ), "select"),
        (rasp.SelectorAnd(*[rasp.ConstantSelector([])] * 2), "selector_and"),
        (rasp.SelectorOr(*[rasp.ConstantSelector([])] * 2), "selector_or"),
        (rasp.SelectorNot(rasp.ConstantSelector([])), "selector_not"),
        (rasp.LinearSequenceMap(tokens, indices, 1, 1), "linear_sequence_map"),
        (lib.make_hist().selector, "same_tok"),
        (rasp.Full(1), "full"),
    ]
    assert [expr.name for expr, _ in names] == [name for _, name in names]


def test_labels_breadth_first(fresh_ids):
    all_equal = rasp.Select(tokens, tokens, rasp.Comparison.TRUE).named("s")
    program = rasp.SequenceMap(lambda x, y: x, rasp.SelectorWidth(all_equal).named("w"), (tokens + 1).named("p")).named("f")
    assert compiling.rasp_labels(program) == ["f_1", "w_2", "p_3", "s_4", "tokens"]


def test_annotations():
    x = rasp.numerical(tokens == 1)
    assert rasp.is_numerical(x)
    assert rasp.get_encoding(x) is rasp.Encoding.NUMERICAL
    assert rasp.is_categorical(rasp.categorical(x))
    assert rasp.is_categorical(tokens + 1)
    y = rasp.annotate(x, note=[1, 2])
    assert y.annotations["note"] == [1, 2]
    assert y.annotations["encoding"] is rasp.Encoding.NUMERICAL
    assert "note" not in x.annotations
    assert y.named("y").annotated(more=1).annotations["note"] == [1, 2]
    assert type(y) is type(x)
    assert y is not x
    assert y.f is x.f
    with pytest.raises(KeyError, match="no annotation"):
        x.annotations["note"]
    assert rasp.default_encoding(x) is rasp.Encoding.CATEGORICAL
    rasp.DEFAULT_ANNOTATORS["size"] = lambda expr: len(expr.children)
    try:
        assert (tokens + 1).annotations["size"] == 1
    finally:
        del rasp.DEFAULT_ANNOTATORS["size"]


def test_fields_and_children():
    f = lambda x: x  # noqa: E731
    m = rasp.Map(f, tokens)
    assert (m.f, m.inner, m.children) == (f, tokens, [tokens])
    s = rasp.LinearSequenceMap(tokens, indices, 2, 3)
    assert (s.fst is tokens, s.snd is indices, s.fst_fac, s.snd_fac) == (True, True, 2, 3)
    select = rasp.Select(tokens, indices, rasp.Comparison.LT)
    assert select.keys is tokens
    assert select.queries is indices
    assert select.predicate is rasp.Comparison.LT
    a = rasp.Aggregate(select, tokens, default=3)
    assert (a.selector is select, a.sop is tokens, a.default) == (True, True, 3)
    assert rasp.Full(2).fill == 2
    assert rasp.ConstantSOp([1]).value == [1]
    assert isinstance(tokens, rasp.TokensType)
    assert isinstance(indices, rasp.IndicesType)
    assert isinstance(length, rasp.LengthType)


def test_simplification():
    inner = rasp.Map(lambda x: x + 1, tokens)
    assert rasp.Map(lambda x: 2 * x, inner).inner is tokens
    assert rasp.Map(lambda x: 2 * x, inner, simplify=False).inner is inner
    less, equal = (rasp.Select(tokens, indices, c) for c in (rasp.Comparison.LT, rasp.Comparison.EQ))
    both = rasp.selector_and(less, equal)
    assert type(both) is rasp.Select
    assert both.keys is tokens
    assert type(rasp.selector_or(less, equal)) is rasp.Select
    assert type(rasp.selector_and(less, equal, simplify=False)) is rasp.SelectorAnd
    other = rasp.Select(indices, indices, rasp.Comparison.LT)
    assert type(rasp.selector_and(less, other)) is rasp.SelectorAnd
    assert type(rasp.selector_or(less, other)) is rasp.SelectorOr
    assert type(rasp.selector_not(less)) is rasp.Select
    assert rasp.selector_not(rasp.SelectorNot(less)) is less
    assert type(rasp.selector_not(less, simplify=False)) is rasp.SelectorNot


def test_sharing_costs_linear_time():
    x = tokens
    for _ in range(60):
        x = x + x
    for _ in range(2000):
        x = rasp.Map(lambda v: v, x, simplify=False)
    start = time.monotonic()
    assert x([1]) == [2**60]
    assert time.monotonic() - start < 5


def test_evaluators_can_be_subclassed():
    class Loud(rasp.DefaultRASPEvaluator):
        def __init__(self):
            super().__init__()
            self.seen = []

        def evaluate(self, expr, xs):
            self.seen.append(expr.name)
            return super().evaluate(expr, xs)

        def eval_tokens(self, sop, xs):
            return [x.upper() for x in xs]

    loud = Loud()
    assert loud.evaluate((tokens + "!").named("shout"), "ab") == ["A!", "B!"]
    assert "shout" in loud.seen
    assert "tokens" in loud.seen


def test_arithmetic_errors_can_be_ignored():
    assert errors.ignoring_arithmetic_errors(lambda x: 1 / x)(0) is None
    assert errors.ignoring_arithmetic_errors(lambda x: 1 / x)(2) == 0.5
    with pytest.raises(TypeError):
        errors.ignoring_arithmetic_errors(lambda x: 1 / x)("a")


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: rasp.Map(lambda x: x, rasp.Select(tokens, tokens, rasp.Comparison.EQ)),
        lambda: rasp.Select(tokens, 1, rasp.Comparison.EQ),
        lambda: rasp.Select(tokens, tokens, "=="),
        lambda: rasp.Aggregate(tokens, tokens),
        lambda: rasp.Aggregate(rasp.Select(tokens, tokens, rasp.Comparison.EQ), tokens, default=tokens),
        lambda: rasp.SelectorWidth(tokens),
        lambda: rasp.SelectorAnd(tokens, tokens),
        lambda: tokens + rasp.Select(tokens, tokens, rasp.Comparison.EQ),
        lambda: rasp.Select(tokens, tokens, rasp.Comparison.EQ) & tokens,
        lambda: rasp.Map(tokens, tokens),
        lambda: rasp.LinearSequenceMap(tokens, tokens, "1", 1),
        lambda: bool(tokens == 1),
        lambda: [x for x in [1] if tokens],
        lambda: rasp.evaluate(3, [1]),
    ],
)
def test_misuse_is_a_type_error(misuse):
    with pytest.raises(TypeError):
        misuse()
