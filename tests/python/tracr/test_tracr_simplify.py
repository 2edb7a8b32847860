"""Selectors and maps that are simplified: to what, what they mean, and that compiling them costs no more than before."""

import pytest
from tracr_checks import agree

from raspc.tracr.compiler import _lowering, lib
from raspc.tracr.rasp import rasp

tokens, indices = rasp.tokens, rasp.indices
EQ, LT, GT, NEQ = (rasp.Comparison[c] for c in ("EQ", "LT", "GT", "NEQ"))


def pairs():
    """Two selects, and the keys and queries of what they are simplified to (None: they are not)."""
    one, two = rasp.Full(1), rasp.Full(2)
    mean = rasp.Aggregate(rasp.Select(indices, indices, LT), tokens)
    yield rasp.Select(tokens, indices, LT), rasp.Select(tokens, indices, NEQ), (tokens, indices)
    yield rasp.Select(tokens, indices, LT), rasp.Select(one, indices, NEQ), (tokens, indices)
    yield rasp.Select(one, indices, LT), rasp.Select(tokens, indices, NEQ), (tokens, indices)
    yield rasp.Select(tokens, indices, GT), rasp.Select(tokens, two, NEQ), (tokens, indices)
    yield rasp.Select(tokens, one, GT), rasp.Select(two, indices, GT), (tokens, indices)
    yield rasp.Select(tokens, one, GT), rasp.Select(tokens, two, NEQ), (tokens, one)
    yield rasp.Select(one, two, LT), rasp.Select(two, tokens, LT), (one, tokens)
    defined = rasp.Select(mean, tokens, lambda k, q: k is not None and k < q)
    yield defined, rasp.Select(mean, one, lambda k, q: k != q), (mean, tokens)
    yield rasp.Select(tokens, indices, LT), rasp.Select(indices, indices, LT), None
    yield rasp.Select(tokens, indices, LT), rasp.Select(tokens, tokens, LT), None


@pytest.mark.parametrize(("fst", "snd", "common"), list(pairs()))
@pytest.mark.parametrize("of", [(rasp.selector_and, rasp.SelectorAnd), (rasp.selector_or, rasp.SelectorOr)])
def test_two_selects_are_one(fst, snd, common, of):
    combine, kept = of
    simplified, unsimplified = combine(fst, snd), combine(fst, snd, simplify=False)
    assert type(unsimplified) is kept
    if common is None:
        assert type(simplified) is kept
    else:
        assert type(simplified) is rasp.Select
        assert (simplified.keys is common[0], simplified.queries is common[1]) == (True, True)
    for selector in (simplified, ~simplified, rasp.selector_and(~simplified, fst)):
        agree(rasp.SelectorWidth(selector).named("width"), {1, 2, 3}, 4)
    for xs in ([1, 2, 3], [3, 3, 1, 2], [2]):
        assert simplified(xs) == unsimplified(xs)
        assert (~simplified)(xs) == rasp.SelectorNot(unsimplified)(xs)


def test_what_is_not_simplified():
    pattern = rasp.ConstantSelector([[True, False], [False, False]])
    assert type(~pattern) is rasp.SelectorNot
    assert (~pattern)("ab") == [[False, True], [True, True]]
    agree(rasp.SelectorWidth(~pattern), {"a", "b"}, 2)


def test_comparisons_stay_comparisons_for_the_compiler(monkeypatch):
    """A function of both would be called for every pair of 300 tokens."""

    def never(*_):
        raise AssertionError("a comparison became a function")

    monkeypatch.setattr(_lowering.Functions, "predicate", never)
    apart = rasp.Select(tokens, tokens, LT) & rasp.Select(tokens, rasp.Full(7), GT)
    for selector in (~rasp.Select(tokens, tokens, EQ), apart, ~apart | rasp.Select(tokens, tokens, EQ)):
        agree(rasp.SelectorWidth(selector), set(range(300)), 6, count=4)


def test_labels_do_not_depend_on_what_was_simplified_away():
    selector = rasp.Select(tokens, tokens, LT) & rasp.Select(tokens, rasp.Full(2), GT)
    program = rasp.SelectorWidth(selector)
    first = int(program.label.rpartition("_")[2])
    agree(program, {1, 2, 3}, 3, count=1)
    assert selector.label == f"select_{first + 1}"
    assert rasp.SelectorWidth(selector).label == f"selector_width_{first + 2}"


def test_an_ordering_that_meets_none_compiles():
    """The evaluator raises wherever it meets None, which is at position 0 of every input."""
    before = lib.shift_by(1, tokens)
    less, more = rasp.Select(before, tokens, LT), rasp.Select(before, tokens, GT)
    for selector in (~less, less | more, ~(less & more)):
        _, compared = agree(rasp.SelectorWidth(selector), {1, 2, 3}, 4)
        assert compared == 0
    _, compared = agree(rasp.SelectorWidth(~rasp.Select(before, tokens, lambda k, q: k is None)), {1, 2, 3}, 4)
    assert compared > 0


def test_maps_of_maps_are_as_deep_as_one_likes():
    shifted = tokens
    for _ in range(3000):
        shifted = shifted + 1
    assert shifted.inner is tokens
    assert shifted([1, 2]) == [3001, 3002]
    agree(shifted, {1, 2, 3}, 3)


def test_formulas_are_as_deep_as_the_evaluator_takes():
    selector = rasp.Select(tokens, tokens, EQ)
    for i in range(150):
        selector = rasp.selector_or(selector, rasp.Select(tokens, tokens, LT if i % 2 else EQ))
    agree(rasp.SelectorWidth(selector), {1, 2, 3}, 3)
