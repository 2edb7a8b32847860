"""What cannot be compiled or run is a clear exception of the kind that the Python tracr raises."""

import pytest

import raspc.errors
from raspc.tracr.compiler import basis_inference, compile_rasp_to_model, lib, validating
from raspc.tracr.rasp import rasp

tokens, indices = rasp.tokens, rasp.indices
HIST = lib.make_hist()


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (dict(vocab={"a", "compiler_bos"}), ValueError, "compiler_bos"),
        (dict(vocab={"a", "compiler_pad"}), ValueError, "compiler_pad"),
        (dict(vocab={"a", "x"}, compiler_bos="x"), ValueError, "must not be in the vocabulary"),
        (dict(vocab={"a"}, compiler_bos="x", compiler_pad="x"), ValueError, "must differ"),
        (dict(vocab={"a"}, compiler_bos=None), ValueError, "BOS"),
        (dict(vocab=set()), ValueError, "empty"),
        (dict(vocab={"a", None}), ValueError, "None"),
        (dict(vocab=[["a"]]), TypeError, "hashable"),
        (dict(vocab=3), TypeError, "vocabulary"),
        (dict(vocab={float("nan")}), ValueError, "finite"),
        (dict(max_seq_len=0), ValueError, "at least 1"),
        (dict(max_seq_len=2.5), TypeError, "whole number"),
        (dict(program=HIST.selector), TypeError, "SelectorWidth"),
        (dict(program="hist"), TypeError, "s-op"),
        (dict(program=rasp.length, causal=True), NotImplementedError, r"make_length\(\)"),
    ],
)
def test_what_cannot_be_compiled(arguments, kind, says):
    with pytest.raises(kind, match=says):
        compile_rasp_to_model(**{"program": HIST, "vocab": {"a", "b"}, "max_seq_len": 3, **arguments})


@pytest.mark.parametrize(
    ("xs", "says"),
    [
        (["a"], "must begin with the BOS token 'compiler_bos', but begins with 'a'"),
        ([], "begins with nothing"),
        (["compiler_bos", "a", "compiler_bos"], "position 2"),
        (["compiler_bos", "a", "z"], r"'z' is not in the vocabulary \('a', 'b'\)"),
        (["compiler_bos", ["a"]], "not in the vocabulary"),
        (["compiler_bos", *"aaaa"], "5 tokens, BOS included, and the model takes at most 4"),
    ],
)
def test_inputs_that_cannot_be(xs, says):
    model = compile_rasp_to_model(HIST, {"a", "b"}, 3)
    with pytest.raises(ValueError, match=says):
        model.apply(xs)


def test_a_function_that_raises_is_named_with_the_value():
    table = {"a": 1}
    program = rasp.Map(lambda x: table[x], tokens).named("looked_up")
    with pytest.raises(KeyError) as raised:
        compile_rasp_to_model(program, {"a", "b"}, 3)
    assert isinstance(raised.value, raspc.errors.CompileError)
    assert isinstance(raised.value.__cause__, KeyError)
    assert program.label in str(raised.value)
    assert "'b'" in str(raised.value)


def test_a_function_that_gives_no_value():
    with pytest.raises(TypeError, match="expression"):
        compile_rasp_to_model(rasp.Map(lambda x: tokens, tokens), {"a"}, 3)
    with pytest.raises(TypeError, match="a list is no value"):
        compile_rasp_to_model(rasp.Map(lambda x: [x], tokens), {"a"}, 3)


def test_texts_cannot_be_numerical():
    with pytest.raises(basis_inference.InvalidValueSetError, match="numerical"):
        compile_rasp_to_model(rasp.numerical(tokens), {"a"}, 3)


def test_too_many_values_are_an_error_that_names_the_s_op():
    mean = rasp.Aggregate(rasp.Select(indices, indices, rasp.Comparison.LEQ), tokens).named("running_mean")
    squared = rasp.Map(lambda x: x * x, mean).named("squared")
    program = rasp.SelectorWidth(rasp.Select(squared, squared, rasp.Comparison.LT))
    with pytest.raises(raspc.errors.CompileError, match="can hold (more than|very many)") as raised:
        compile_rasp_to_model(program, {x**3 + 0.1 for x in range(30)}, 30)
    assert {d.node for d in raised.value.diagnostics} & {squared.label, mean.label}
    assert "shorten" in raised.value.hint


def test_validation():
    assert validating.static_validate(lib.make_shuffle_dyck2()) == []
    assert validating.validate(lib.make_sort_freq(4), "abca") == []
    compares_none = rasp.Aggregate(rasp.Select(lib.shift_by(1, tokens), tokens, rasp.Comparison.EQ), indices)
    assert validating.static_validate(compares_none) == []
    (found,) = validating.validate(compares_none, "ab")
    assert found.expr is compares_none.selector
    assert "key is None!" in found.reason
    (found,) = validating.static_validate(rasp.numerical(rasp.Aggregate(HIST.selector, tokens, default="x")))
    assert "default" in found.reason
    (found,) = validating.validate(rasp.numerical(tokens), "ab")
    assert "no number" in found.reason
    (found,) = validating.validate(rasp.Aggregate(rasp.Select(tokens, tokens, rasp.Comparison.TRUE), tokens), "ab")
    assert "Only types int, bool, and float" in found.reason
