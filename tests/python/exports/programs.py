"""The programs that are exported, compiled once, with the inputs they are tried on."""

import itertools
import random
from dataclasses import dataclass
from typing import Any, Optional

import raspc

FORMULA = 'chosen = aggregate(select(tokens, tokens, ==) and not select(indices, indices, <), tokens == "a");'
MIXED = (
    "near = select(indices, indices - 1, ==) or select(tokens, tokens, ==);"
    "pairs = selector_width(near and not select(indices, indices, >));"
)
GAPS = 'gaps = aggregate(select(indices, indices - 2, ==), tokens) if tokens == "b" else tokens;'
NUMBER_OR_NONE = 'share = aggregate(select(indices, indices, <), indicator(tokens == "x"));'


@dataclass(frozen=True)
class Trial:
    """A program (a standard one's name, or a text), what it is compiled for, and how many inputs are sampled (None: all)."""

    name: str
    program: str
    vocab: Any
    max_len: int
    causal: bool = False
    sampled: Optional[int] = None

    def compile(self):
        standard = self.program in raspc.standard_programs()
        program = raspc.standard(self.program) if standard else raspc.parse(self.program)
        return raspc.compile(program, vocab=self.vocab, max_len=self.max_len, causal=self.causal)

    def inputs(self):
        """All inputs of every length from 1; or a sample, every fourth as long as possible, every third without
        repetitions where there are enough tokens."""
        vocab = list(self.vocab)
        if self.sampled is None:
            for n in range(1, self.max_len + 1):
                yield from itertools.product(vocab, repeat=n)
            return
        source = random.Random(self.name)
        for i in range(self.sampled):
            n = self.max_len if i % 4 == 0 else source.randint(1, self.max_len)
            distinct = i % 3 == 0 and n <= len(vocab)
            yield tuple(source.sample(vocab, n) if distinct else source.choices(vocab, k=n))


TRIALS = [
    Trial("reverse", "reverse", "abc", 5),
    Trial("hist", "hist", "abc", 5),
    Trial("sort_unique", "sort_unique", range(5), 4),
    Trial("sort", "sort", range(4), 4),
    Trial("shuffle_dyck2", "shuffle_dyck2", "(){}", 4),
    Trial("frac_prevs", "frac_prevs", "abx", 5),
    Trial("shift_by", "shift_by", "abc", 5),
    Trial("formula", FORMULA, "abc", 5),
    Trial("mixed", MIXED, "abc", 5),
    Trial("gaps", GAPS, "abc", 5),
    Trial("identity", "same = tokens;", "abc", 3),
    Trial("booleans", 'is_a = tokens == "a";', "abc", 3),
    Trial("number_or_none", NUMBER_OR_NONE, "abx", 5),
    Trial("causal_shift_by", "shift_by", "abc", 5, causal=True),
    Trial("causal_hist", "hist", "abc", 5, causal=True),
    Trial("causal_frac_prevs", "frac_prevs", "abx", 5, causal=True),
    Trial("causal_gaps", GAPS, "abc", 5, causal=True),
    Trial("causal_mixed", MIXED, "abc", 5, causal=True),
    Trial("reverse_40", "reverse", "abc", 40, sampled=60),
    Trial("hist_40", "hist", "abc", 40, sampled=60),
    Trial("sort_unique_40", "sort_unique", range(40), 40, sampled=60),
    Trial("sort_40", "sort", range(10), 40, sampled=60),
    Trial("shuffle_dyck2_40", "shuffle_dyck2", "(){}", 40, sampled=60),
    Trial("frac_prevs_40", "frac_prevs", "abx", 40, sampled=60),
    Trial("formula_40", FORMULA, "abc", 40, sampled=60),
    Trial("gaps_40", GAPS, "abc", 40, sampled=60),
    Trial("causal_shift_by_40", "shift_by", "abc", 40, causal=True, sampled=60),
    Trial("causal_frac_prevs_40", "frac_prevs", "abx", 40, causal=True, sampled=60),
    Trial("reverse_128", "reverse", "abc", 128, sampled=12),
    Trial("hist_128", "hist", "abc", 128, sampled=12),
    Trial("sort_unique_128", "sort_unique", range(128), 128, sampled=12),
    Trial("sort_128", "sort", range(10), 128, sampled=12),
    Trial("shuffle_dyck2_128", "shuffle_dyck2", "(){}", 128, sampled=12),
    Trial("frac_prevs_128", "frac_prevs", "abx", 128, sampled=12),
    Trial("formula_128", FORMULA, "abc", 128, sampled=12),
    Trial("gaps_128", GAPS, "abc", 128, sampled=12),
    Trial("causal_shift_by_128", "shift_by", "abc", 128, causal=True, sampled=12),
    Trial("causal_hist_128", "hist", "abc", 128, causal=True, sampled=12),
]
