"""Misuse: each a clear exception with code, node and hint, and never a wrong answer."""

import os
import pickle
import signal
import threading
import time

import pytest
import raspc
from raspc import aggregate, indices, select, selector_width, tokens


def hist():
    return selector_width(select(tokens, tokens)).named("hist")


@pytest.mark.parametrize(
    "mistake, said",
    [
        (lambda: select(select(tokens, tokens), tokens), "`select` wants s-ops, not a selector"),
        (lambda: tokens + select(tokens, tokens), "`+` wants s-ops, not a selector"),
        (lambda: selector_width(tokens), "`selector_width` wants a selector, not an s-op"),
        (lambda: aggregate(tokens, tokens), "`aggregate` wants a selector, not an s-op"),
        (lambda: aggregate(select(tokens, tokens), select(tokens, tokens)), "not a selector"),
        (lambda: aggregate(select(tokens, tokens), tokens, default=tokens), "is a value, not an expression"),
        (lambda: select(tokens, tokens) & tokens, "& wants a selector, not an s-op"),
        (lambda: select(tokens, tokens) == select(tokens, tokens), "selectors are not compared"),
        (lambda: select(tokens, tokens, "=>"), "'=>' is no comparison"),
        (lambda: select(tokens, tokens, tokens), "is no predicate"),
        (lambda: raspc.map(tokens, lambda x: x), "`map` wants a function first"),
        (lambda: raspc.map(len), "at least one s-op"),
        (lambda: raspc.constant(tokens), "a constant is a value"),
        (lambda: bool(tokens == 1), "an s-op has no truth value"),
        (lambda: 1 if tokens > 0 else 2, "an s-op has no truth value"),
        (lambda: bool(select(tokens, tokens)), "a selector has no truth value"),
        (lambda: list(tokens), "cannot be iterated over"),
        (lambda: len(tokens), "no length of its own"),
        (lambda: 1 in tokens, "asks an expression for a truth value"),
        (lambda: tokens + [1], "[1] (list) cannot be a value: it is not hashable"),
        (lambda: tokens + float("nan"), "nan is no value"),
        (lambda: raspc.constant({}), "cannot be a value"),
        (lambda: tokens.named(""), "a name is a string"),
        (lambda: raspc.compile(3, "ab", 3), "a program is an s-op, not int"),
        (lambda: raspc.compile(tokens, None, 3), "nothing says what the vocabulary is"),
        (lambda: raspc.compile(tokens, "ab"), "nothing says how long inputs may be"),
        (lambda: raspc.compile(tokens, "ab", 2.5), "the maximum length is a whole number"),
        (lambda: raspc.compile(tokens, "ab", 3, opt=7), "no optimisation level 7"),
        (lambda: raspc.compile(tokens, "ab", 3, opt=-1), "no optimisation level -1"),
        (lambda: raspc.compile(tokens, "ab", 3, opt="1"), "no optimisation level '1'"),
        (lambda: raspc.compile(tokens, "ab", 3, bos=3), "`bos` is a text, not 3"),
        (lambda: raspc.compile(tokens, "ab", 3, limits={"units": -1}), "the limit `units` is -1"),
        (lambda: raspc.compile(tokens, "ab", 3, limits={"unit": 1}), "no limit `unit`"),
        (lambda: raspc.compile(tokens, "ab", 3, limits=3), "limits are numbers by name, not 3"),
        (lambda: raspc.compile(tokens, "ab", 3).verify(0), "the number of inputs is 0"),
        (lambda: raspc.compile(tokens, "ab", 3).verify(-1), "the number of inputs is -1"),
        (lambda: raspc.compile(tokens, "ab", 3).verify(9, seed=-1), "the seed is -1"),
        (lambda: raspc.compile(tokens, "ab", 3).run("a", ablate=3), "heads are ablated by a list of them, not 3"),
        (lambda: raspc.compile(tokens, "ab", 3).export("x", format="xls"), "no format 'xls'"),
        (lambda: raspc.map(abs, tokens, name=3), "a function's name is a string, not 3"),
        (lambda: raspc.compile(tokens, [[1], [2]], 3), "not hashable"),
        (lambda: raspc.compile(tokens, 7, 3), "a sequence of values is wanted, not 7"),
        (lambda: raspc.compile(tokens, "ab", 3)(7), "a sequence of values is wanted, not 7"),
        (lambda: raspc.compile(tokens, "ab", 3).run(7), "an input is a sequence of tokens, not 7"),
        (lambda: raspc.compile(tokens, "ab", 3).interpret(None), "an input is a sequence of tokens, not None"),
        (lambda: raspc.compile(tokens, [tokens, "a"], 3), "is an expression where a value is wanted"),
        (lambda: raspc.parse(7), "a program is text"),
        (lambda: raspc.standard("srot"), "no standard program 'srot'"),
        (lambda: raspc.parse("x = tokens;")["y"], "no s-op or selector 'y'"),
        (lambda: raspc.compile(tokens, "ab", 3).explain("all"), "no stage `all`"),
    ],
)
def test_usage(mistake, said):
    with pytest.raises(raspc.UsageError) as caught:
        mistake()
    error = caught.value
    assert said in error.message and error.hint and error.code.startswith("E")
    assert isinstance(error, raspc.RaspError) and isinstance(error, TypeError)
    assert error.hint in str(error)


@pytest.mark.parametrize(
    "mistake, code",
    [
        (lambda: raspc.compile(tokens, [], 3), "E0801"),
        (lambda: raspc.compile(tokens, [1, True], 3), "E0801"),
        (lambda: raspc.compile(tokens, [1, None], 3), "E0801"),
        (lambda: raspc.compile(tokens, ["a", "compiler_bos"], 3), "E0801"),
        (lambda: raspc.compile(tokens, "ab", 0), "E0802"),
        (lambda: raspc.compile(tokens, "ab", -3), "E0802"),
        (lambda: raspc.compile(tokens, "ab", 10**40), "E0802"),
    ],
)
def test_what_cannot_be_compiled(mistake, code):
    with pytest.raises(raspc.CompileError) as caught:
        mistake()
    assert caught.value.code == code and caught.value.hint
    # Hints speak of keywords, not of the command line's flags.
    assert "--" not in str(caught.value)


def test_a_length_is_told_as_it_was_given():
    for length in (-3, 10**40):
        with pytest.raises(raspc.CompileError) as caught:
            raspc.compile(tokens, "ab", length)
        assert f"the maximum length is {length}," in caught.value.message


def test_a_function_that_returns_an_expression():
    for wrong in (tokens + 1, select(tokens, tokens)):
        with pytest.raises(raspc.CompileError, match="has no value on some inputs") as caught:
            raspc.compile(raspc.map(lambda x, wrong=wrong: wrong, tokens).named("boom"), "ab", 2)
        assert caught.value.node == "boom" and isinstance(caught.value.__cause__, raspc.UsageError)


@pytest.mark.parametrize(
    "tokens, code, said",
    [
        (["a", "z"], "E0901", "token 1, 'z', is not in the vocabulary"),
        (["a"] * 4, "E0902", "the input has 4 tokens, and the model takes at most 3"),
        (["compiler_bos", "a"], "E0901", "marks the beginning or the padding"),
        (["a", "compiler_pad"], "E0901", "marks the beginning or the padding"),
        ([None], "E0901", "token 0, none"),
    ],
)
def test_inputs(tokens, code, said):
    model = raspc.compile(hist(), "ab", 3)
    for call in (model, model.run):
        with pytest.raises(raspc.InputError) as caught:
            call(tokens)
        assert caught.value.code == code and said.lower() in caught.value.message.lower() and caught.value.hint
    with pytest.raises(raspc.UsageError):
        model([{}])


def test_a_number_for_a_string_is_told():
    model = raspc.compile(tokens, range(3), 3)
    with pytest.raises(raspc.InputError) as caught:
        model("12")
    assert "the vocabulary has the number" in caught.value.hint


def test_a_function_that_raises_names_node_and_value():
    def inverse(x):
        return 1 / (x - 2)

    sop = raspc.map(inverse, tokens).named("inverse")
    with pytest.raises(raspc.CompileError) as caught:
        raspc.compile(sop, range(4), 3)
    error = caught.value
    assert error.node == "inverse" and "inverse(2)" in error.message and error.code == "E0810"
    assert isinstance(error.__cause__, ZeroDivisionError)
    with pytest.raises(raspc.EvaluationError) as caught:
        sop([0, 2])
    error = caught.value
    assert error.node == "inverse" and "inverse(2) raised ZeroDivisionError" in error.message
    assert isinstance(error.__cause__, ZeroDivisionError)
    # Where no input brings it such a value, nothing is wrong.
    assert raspc.compile(sop, [0, 1, 3], 3).verify()


class NotCompared:
    def __eq__(self, other):
        raise RuntimeError("apples and oranges")

    def __hash__(self):
        return 1


class NotHashed:
    def __hash__(self):
        raise RuntimeError("no hash today")


class NotShown:
    def __repr__(self):
        raise RuntimeError("camera shy")


@pytest.mark.parametrize(
    "kind, why", [(NotCompared, "apples and oranges"), (NotHashed, "no hash today"), (NotShown, "camera shy")]
)
def test_objects_whose_own_methods_raise(kind, why):
    for mistake in (
        lambda: raspc.compile(hist(), [kind(), kind()], 2),
        lambda: raspc.compile(hist(), "ab", 2)([kind(), kind()]),
    ):
        with pytest.raises(raspc.UsageError) as caught:
            mistake()
        error = caught.value
        assert isinstance(error, ValueError) and error.code == "E1002"
        assert f"hashing, comparing or showing it raises RuntimeError: {why}" in error.message
        assert isinstance(error.__cause__, RuntimeError)


def test_a_function_that_returns_nan():
    with pytest.raises(raspc.CompileError, match="returned nan, and nan is no value: values are finite"):
        raspc.compile(raspc.map(lambda x: float("nan"), tokens, name="f"), "ab", 2)


@pytest.mark.parametrize("result", [[1], {}, float("inf"), set()])
def test_a_function_that_returns_no_value(result):
    sop = raspc.map(lambda x: result, tokens).named("bad")
    with pytest.raises(raspc.CompileError) as caught:
        raspc.compile(sop, range(2), 2)
    assert caught.value.node == "bad" and "is no value" in caught.value.message


def test_a_function_of_other_arity():
    with pytest.raises(raspc.CompileError) as caught:
        raspc.compile(raspc.map(lambda a, b: a, tokens).named("two"), range(2), 2)
    assert isinstance(caught.value.__cause__, TypeError)


def test_programs_in_text_have_places():
    with pytest.raises(raspc.ProgramError) as caught:
        raspc.parse("x = lenght;\ny = select(tokens, ==;")
    error = caught.value
    unknown = next(d for d in error.diagnostics if d.code == "E0201")
    assert len(error.diagnostics) == 2 and unknown.place == ("-e", 1, 5)
    assert "^^^^^^" in str(error) and "length" in unknown.hint
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics


def test_exceptions_survive_copies():
    with pytest.raises(raspc.UsageError) as caught:
        bool(tokens)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is type(caught.value) and str(copy) == str(caught.value) and copy.hint == caught.value.hint


@pytest.mark.parametrize(
    "run, said",
    [
        (lambda m: m.run("ab", patch={"nobody": [1, 1]}), "no node 'nobody'"),
        (lambda m: m.run("ab", patch={"hist": [1]}), "has 1 value, the input 2 tokens"),
        (lambda m: m.run("ab", patch={"hist": [1, 9]}), "`hist` cannot hold 9"),
        (lambda m: m.run("ab", patch={"hist": [1, "x"]}), "`hist` cannot hold 'x'"),
        (lambda m: m.run("ab", patch={"hist": {5: 1}}), "no position 5"),
        (lambda m: m.run("ab", ablate=[(9, 0)]), "no head 0 in layer 9"),
        (lambda m: m.run("ab", ablate=[(0, -1)]), "is no head"),
        (lambda m: m.run("ab", ablate=[0]), "is no head"),
        (lambda m: m.check_interchange("ab", "a", "hist"), "one input has 2 tokens, the other 1 token"),
        (lambda m: m.check_interchange("ab", "aa", "nobody"), "no node 'nobody'"),
    ],
)
def test_interventions(run, said):
    model = raspc.compile(hist(), "ab", 3)
    with pytest.raises(raspc.InterventionError) as caught:
        run(model)
    assert said in caught.value.message and caught.value.hint


def test_ctrl_c_interrupts_a_python_function(ctrl_c):
    def slow(x):
        # As if somebody pressed it now.
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
        return x

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        raspc.compile(raspc.map(slow, tokens), range(3), 3)
    assert time.monotonic() - start < 10


def test_ctrl_c_interrupts_native_work(ctrl_c):
    model = raspc.compile(raspc.standard("sort"), vocab=range(30), max_len=30)
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        # However late the call begins, it is in here that the signal is waited for.
        interrupt.start()
        model.verify(inputs=1_000_000)
    assert time.monotonic() - start < 20


def test_exceptions_that_are_no_errors_pass_through():
    def stop(x):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        raspc.compile(raspc.map(stop, tokens), range(3), 3)


def test_other_threads_run_meanwhile():
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        raspc.compile(raspc.standard("sort"), vocab=range(12), max_len=12).verify(inputs=1000)
    finally:
        done.set()
        thread.join()
    # As often as this thread looked for Ctrl-C at least; with the GIL held it would be never.
    assert len(ticks) >= 4


def test_functions_may_compile_themselves():
    def depth(x):
        return raspc.compile(tokens + x, vocab=range(3), max_len=2)([1])[0]

    assert raspc.compile(raspc.map(depth, tokens), vocab=range(3), max_len=2)([2, 0]) == [3, 1]
