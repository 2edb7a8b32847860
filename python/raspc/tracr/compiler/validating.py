"""What of a program cannot be compiled, or has no value on an input.

raspc compiles selector and/or/not, aggregates of any numbers with any default, and non-linear functions of numbers;
what is left to report is little. Nodes are told apart by identity: two may have one name.
"""

import dataclasses
from typing import Any, List, Sequence, Set, Tuple

from raspc.tracr.rasp import rasp
from raspc.tracr.rasp._evaluate import operands_first


@dataclasses.dataclass(frozen=True)
class Unsupported:
    """An expression that cannot be compiled, and why."""

    expr: rasp.RASPExpr
    reason: str

    def __str__(self) -> str:
        return f"{self.expr.name}: {self.reason}"


# The Python tracr's name.
TestResult = Unsupported

_ORDERINGS = (rasp.Comparison.LT, rasp.Comparison.LEQ, rasp.Comparison.GT, rasp.Comparison.GEQ)


def static_validate(expr: rasp.RASPExpr) -> List[Unsupported]:
    """What of `expr` cannot be compiled, whatever the input; empty where all can."""
    return [Unsupported(node, reason) for node in operands_first(expr) for reason in _static(node)]


def _static(node: rasp.RASPExpr) -> List[str]:
    if _kind(node) is None:
        return ["expressions of this kind are unknown to the compiler"]
    if isinstance(node, rasp.Select):
        fills = [side.fill for side in (node.keys, node.queries) if isinstance(side, rasp.Full)]
        if isinstance(node.predicate, rasp.Comparison) and any(fill is None for fill in fills):
            return ["None is compared, which raises"]
    if isinstance(node, rasp.Aggregate) and rasp.is_numerical(node):
        if node.default is not None and not isinstance(node.default, (int, float)):
            return ["it is numerical, and its default is no number"]
    return []


def validate(expr: rasp.RASPExpr, xs: Sequence[rasp.Value]) -> List[Unsupported]:
    """What of `expr` cannot be compiled, or has no value on the input `xs`; empty where all is well."""
    evaluator = _Recorder()
    try:
        evaluator.evaluate(expr, xs)
    except _Stopped:
        pass
    found = static_validate(expr)
    seen: Set[Tuple[int, str]] = {(id(u.expr), u.reason) for u in found}
    return found + [u for u in evaluator.found if (id(u.expr), u.reason) not in seen]


class _Stopped(Exception):
    pass


class _Recorder(rasp.DefaultRASPEvaluator):
    """Evaluates, and notes where it raises and why."""

    def __init__(self):
        super().__init__()
        self.found: List[Unsupported] = []

    def evaluate(self, expr: rasp.RASPExpr, xs: Sequence[Any]):
        try:
            out = super().evaluate(expr, xs)
        except _Stopped:
            raise
        except Exception as error:  # whatever a user's function raises
            self.found.append(Unsupported(expr, f"it raises {type(error).__name__} on this input: {error}"))
            raise _Stopped from error
        if isinstance(expr, rasp.SOp) and rasp.is_numerical(expr):
            wrong = [x for x in out if x is not None and not isinstance(x, (int, float))]
            if wrong:
                self.found.append(Unsupported(expr, f"it is numerical, and holds {wrong[0]!r}, which is no number"))
        return out


_KINDS = (
    rasp.TokensType,
    rasp.IndicesType,
    rasp.LengthType,
    rasp.Full,
    rasp.ConstantSOp,
    rasp.Map,
    rasp.SequenceMap,
    rasp.Aggregate,
    rasp.SelectorWidth,
    rasp.Select,
    rasp.ConstantSelector,
    rasp.SelectorAnd,
    rasp.SelectorOr,
    rasp.SelectorNot,
)


def _kind(node: rasp.RASPExpr):
    return next((kind for kind in _KINDS if isinstance(node, kind)), None)
