"""What every test of compiled programs asks: does the transformer say what the interpreter says, position by position?"""

import math
import random

from raspc.tracr.compiler import compile_rasp_to_model
from raspc.tracr.rasp import causal_eval, rasp


def key(token):
    """An order of tokens of any kind."""
    return str(type(token)), token


def inputs(vocab, max_seq_len, count, seed=0, distinct=False):
    """Random inputs, the shortest and the longest among them; with `distinct`, no token occurs twice in one."""
    rng = random.Random(seed)
    vocab = sorted(vocab, key=key)
    if distinct:
        return [rng.sample(vocab, rng.randint(1, min(len(vocab), max_seq_len))) for _ in range(count + 2)]
    lengths = [1, max_seq_len, *(rng.randint(1, max_seq_len) for _ in range(count))]
    return [[rng.choice(vocab) for _ in range(n)] for n in lengths]


def is_same(want, got):
    """Equal values; numbers may differ by what f32 rounds."""
    if want is None or got is None:
        return want is got
    if isinstance(want, (int, float)) and isinstance(got, (int, float)):
        return math.isclose(want, got, rel_tol=1e-5, abs_tol=1e-5)
    return want == got


def evaluator(causal):
    """The interpreter."""
    return causal_eval.evaluate if causal else rasp.evaluate


def agree(program, vocab, max_seq_len, causal=False, count=12, distinct=False, **options):
    """Compiles and compares; gives the model and on how many inputs the interpreter had a value."""
    model = compile_rasp_to_model(program, vocab, max_seq_len, causal=causal, **options)
    compared = 0
    for xs in inputs(vocab, max_seq_len, count, distinct=distinct):
        try:
            want = evaluator(causal)(program, xs)
        except (ValueError, TypeError, ArithmeticError):
            continue  # no defined output
        bos = model.input_encoder.bos_token
        got = model.apply([bos, *xs]).decoded
        assert got[0] == bos
        assert len(got) == len(xs) + 1
        assert all(map(is_same, want, got[1:])), (xs, want, got[1:])
        compared += 1
    return model, compared
