"""Programs in the style of tracr's users, over numbers, each written without a thought for how it is compiled."""

import math

import numpy as np

from raspc.tracr.compiler import lib
from raspc.tracr.rasp import rasp

tokens, indices, length = rasp.tokens, rasp.indices, rasp.length

PROGRAMS = {}


def program(build):
    """Registers a program under its function's name."""
    PROGRAMS[build.__name__] = build
    return build


def seen_before():
    """How often the token here has occurred before."""
    same = rasp.Select(tokens, tokens, rasp.Comparison.EQ)
    before = rasp.Select(indices, indices, rasp.Comparison.LT)
    return rasp.SelectorWidth(rasp.selector_and(same, before))


@program
def parity():
    return rasp.Map(lambda x: "even" if x % 2 == 0 else "odd", indices).named("parity")


@program
def nested_sequence_maps():
    both = rasp.SequenceMap(lambda x, y: x + y, tokens, indices).named("both")
    return rasp.SequenceMap(lambda x, y: x * y, both, rasp.Map(lambda x: x % 3, indices)).named("nested")


@program
def primitive_length():
    return length


@program
def from_the_end():
    return length - indices - 1


@program
def last_token():
    return rasp.Aggregate(rasp.Select(indices, length - 1, rasp.Comparison.EQ), tokens).named("last")


@program
def first_token():
    return rasp.Aggregate(rasp.Select(indices, rasp.Full(0), rasp.Comparison.EQ), tokens)


@program
def mean_of_numbers():
    everywhere = rasp.Select(tokens, tokens, rasp.Comparison.TRUE)
    return rasp.numerical(rasp.Aggregate(everywhere, rasp.numerical(tokens), default=0))


@program
def mean_without_annotation():
    return rasp.Aggregate(rasp.Select(tokens, tokens, rasp.Comparison.EQ), indices)


@program
def selector_and():
    return seen_before() > 0


@program
def selector_or_and_not():
    same = rasp.Select(tokens, tokens, rasp.Comparison.EQ)
    upto = rasp.Select(indices, indices, rasp.Comparison.LEQ)
    return rasp.SelectorWidth(rasp.SelectorOr(rasp.SelectorNot(same), upto))


@program
def simplified_selectors():
    less = rasp.Select(tokens, tokens, rasp.Comparison.LT)
    return rasp.SelectorWidth(~(less & rasp.Select(tokens, tokens, lambda k, q: k > 1)))


@program
def default_number():
    return rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q - 1), tokens, default=9)


@program
def default_text():
    return rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q - 1), rasp.Map(str, tokens), "start")


@program
def default_bool():
    return rasp.Aggregate(rasp.Select(indices, indices, lambda k, q: k == q - 1), tokens == 1, default=False)


@program
def default_of_means():
    around = rasp.Select(indices, indices, lambda k, q: k in (q - 1, q + 1))
    return rasp.Aggregate(around, tokens, default=0)


@program
def linear():
    ones, twos = lib.make_frac_prevs(tokens == 1), lib.make_frac_prevs(tokens == 2)
    return rasp.numerical(rasp.LinearSequenceMap(ones, twos, 2, -0.5)).named("linear")


@program
def linear_without_annotation():
    return rasp.LinearSequenceMap(indices, tokens, 3, -1)


@program
def fraction_compared():
    return (lib.make_frac_prevs(tokens == 1) >= 0.5).named("half")


@program
def fraction_rounded():
    return rasp.Map(lambda x: round(x, 1), lib.make_frac_prevs(tokens == 1))


@program
def fractions_compared():
    return rasp.SequenceMap(lambda x, y: x > y, lib.make_frac_prevs(tokens == 1), lib.make_frac_prevs(tokens == 2))


@program
def fractions_multiplied():
    ones, twos = lib.make_frac_prevs(tokens == 1), lib.make_frac_prevs(tokens == 2)
    return rasp.numerical(rasp.SequenceMap(lambda x, y: x * y, ones, twos))


@program
def fraction_scaled():
    return 3 * lib.make_frac_prevs(tokens == 1) - 1


@program
def running_sum():
    upto = rasp.Select(indices, indices, rasp.Comparison.LEQ)
    mean = rasp.numerical(rasp.Aggregate(upto, rasp.numerical(tokens), default=0))
    return rasp.SequenceMap(lambda m, i: round(m * (i + 1)), mean, indices)


@program
def mean_of_counts():
    upto = rasp.Select(indices, indices, rasp.Comparison.LEQ)
    return rasp.numerical(rasp.Aggregate(upto, rasp.numerical(lib.make_hist()), default=0))


@program
def numerical_length():
    return rasp.numerical(lib.make_length())


@program
def tuples():
    return rasp.Map(lambda t: t[0] + t[1], rasp.SequenceMap(lambda a, b: (a, b), tokens, indices))


@program
def tuples_as_output():
    return rasp.SequenceMap(lambda a, b: (a, b % 2), tokens, indices).named("pair")


@program
def constant():
    return rasp.Full("x")


@program
def constant_added():
    return tokens + rasp.Full(3)


@program
def constant_sequence():
    return rasp.ConstantSOp([5, 6, 7, 8, 9, 10, 11, 12, 13], check_length=False)


@program
def constant_selector():
    rows = [[k == 8 - q for k in range(9)] for q in range(9)]
    return rasp.Aggregate(rasp.ConstantSelector(rows, check_length=False), tokens)


@program
def inverted():
    return ~(tokens == 1)


@program
def booleans():
    return (tokens == 1) | (indices > 2) & ~(tokens == 2)


@program
def division_by_zero():
    return rasp.Map(lambda x: 1 / (x - 2), tokens)


@program
def division():
    return tokens / (indices + 1)


@program
def whole_division():
    return rasp.Map(lambda x: x // 2, indices)


@program
def undefined_by_a_map():
    return rasp.Map(lambda x: None if x == 1 else x * 2, tokens)


@program
def undefined_passes_on():
    some = rasp.Map(lambda x: None if x == 1 else x, tokens, simplify=False)
    return rasp.Map(lambda x: x + 1, some, simplify=False)


@program
def undefined_is_moved():
    after = rasp.Select(indices, indices, lambda k, q: k == q + 1)
    return rasp.Aggregate(after, rasp.Map(lambda x: None if x == 1 else x, tokens))


@program
def shifted_twice():
    return lib.shift_by(1, lib.shift_by(-2, tokens))


@program
def predicate_sees_undefined():
    return rasp.SelectorWidth(rasp.Select(lib.shift_by(1, tokens), tokens, lambda k, q: k is not None and k < q))


@program
def position_of_the_largest():
    width = rasp.SelectorWidth(rasp.Select(tokens, tokens, rasp.Comparison.GT))
    return rasp.Aggregate(rasp.Select(width, rasp.Full(0), rasp.Comparison.EQ), indices)


@program
def arithmetic():
    return -tokens + 1 - (2 - indices)


@program
def two_s_ops_compared():
    return tokens == indices


@program
def annotations_back_and_forth():
    return rasp.categorical(rasp.numerical(tokens == 2))


@program
def copies():
    plain = (tokens == 1).named("plain")
    held_as_number = rasp.numerical(plain)
    again = rasp.categorical(held_as_number).named("again")
    return rasp.SequenceMap(lambda a, b: (a, b) == (True, True), plain, again)


@program
def deep():
    x = tokens
    for i in range(6):
        x = rasp.Map(lambda v, i=i: v + i, x, simplify=False).named(f"step_{i}")
    return x


@program
def sorted_positions():
    return lib.make_sort(indices, tokens, max_seq_len=9, min_key=1)


@program
def first_occurrences():
    return rasp.SequenceMap(lambda t, before: t if before == 0 else None, tokens, seen_before())


@program
def floats():
    return rasp.Map(lambda x: x * 0.1, tokens)


@program
def a_library_function():
    return rasp.SequenceMap(math.gcd, tokens, indices)


@program
def numpy_scalars():
    return rasp.Map(lambda x: np.float64(x) * 2, tokens)


@program
def texts_joined():
    return rasp.Map(str, tokens) + rasp.Map(lambda i: "_" + str(i), indices)


@program
def mean_of_booleans():
    return rasp.Aggregate(rasp.Select(indices, indices, rasp.Comparison.LEQ), tokens == 1)


@program
def nary():
    return lib.make_nary_sequencemap(lambda a, b, c: a * b + c, tokens, indices, lib.make_hist())
