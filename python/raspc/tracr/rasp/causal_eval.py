"""Evaluates RASP under a causal mask: a query selects only keys at its own position and before."""

from typing import Any, Sequence

from raspc.tracr.rasp import rasp


class CausalEvaluator(rasp.DefaultRASPEvaluator):
    """The reference evaluator, with what lies ahead taken out of every selector."""

    def evaluate(self, expr: rasp.RASPExpr, xs: Sequence[Any]):
        out = super().evaluate(expr, xs)
        if not isinstance(expr, rasp.Selector):
            return out
        return [[bool(selected) and k <= q for k, selected in enumerate(row)] for q, row in enumerate(out)]


evaluate: rasp.RASPEvaluator = CausalEvaluator()
