"""The interpreter of RASP expressions: straightforward, and linear in the number of distinct expressions.

An evaluator dispatches on the kind of expression to a method ``eval_KIND(expr, xs)``; subclasses change what they need to.
"""

import abc
import threading
from fractions import Fraction
from typing import Any, Callable, Dict, List, Sequence, Tuple, Union

from raspc._words import counted
from raspc.tracr.rasp import rasp


class RASPEvaluator(abc.ABC):
    """Gives expressions their values on an input."""

    @abc.abstractmethod
    def evaluate(self, expr: "rasp.RASPExpr", xs: Sequence[Any]) -> Union[Sequence[Any], List[List[bool]]]:
        """The values of `expr` on the input `xs`: one a position, or a row of booleans for each query."""

    def __call__(self, expr: "rasp.RASPExpr", xs: Sequence[Any]) -> Union[Sequence[Any], List[List[bool]]]:
        return self.evaluate(expr, xs)


class DefaultRASPEvaluator(RASPEvaluator):
    """The reference: every position sees every position."""

    def __init__(self):
        self._state = threading.local()

    def evaluate(self, expr: "rasp.RASPExpr", xs: Sequence[Any]) -> Union[Sequence[Any], List[List[bool]]]:
        memo = getattr(self._state, "memo", None)
        if memo is not None:
            return self._lookup(memo, expr, xs)
        if not isinstance(expr, rasp.RASPExpr):
            raise TypeError(f"only RASP expressions can be evaluated, got {expr!r}")
        self._state.memo = memo = {}
        try:
            # Operands first, so that no program is too deep for the stack. Whoever overrides `evaluate` sees each call.
            for operand in operands_first(expr):
                if operand is not expr:
                    memo[self._key(operand, xs)] = (operand, xs, self.evaluate(operand, xs))
            return self._lookup(memo, expr, xs)
        finally:
            self._state.memo = None

    @staticmethod
    def _key(expr: "rasp.RASPExpr", xs: Sequence[Any]) -> Tuple[int, int]:
        return id(expr), id(xs)

    def _lookup(self, memo: Dict[Tuple[int, int], Any], expr: "rasp.RASPExpr", xs: Sequence[Any]) -> Any:
        known = memo.get(self._key(expr, xs))
        return known[2] if known is not None else self._method(expr)(expr, xs)

    def _method(self, expr: "rasp.RASPExpr") -> Callable[..., Any]:
        for kind in type(expr).__mro__:
            name = _METHODS.get(kind)
            if name is not None:
                return getattr(self, name)
        raise NotImplementedError(f"{type(expr).__name__} expressions cannot be evaluated")

    def eval_tokens(self, sop: "rasp.TokensType", xs: Sequence[Any]) -> List[Any]:
        return list(xs)

    def eval_indices(self, sop: "rasp.IndicesType", xs: Sequence[Any]) -> List[int]:
        return list(range(len(xs)))

    def eval_length(self, sop: "rasp.LengthType", xs: Sequence[Any]) -> List[int]:
        return [len(xs)] * len(xs)

    def eval_full(self, sop: "rasp.Full", xs: Sequence[Any]) -> List[Any]:
        return [sop.fill] * len(xs)

    def eval_constant_sop(self, sop: "rasp.ConstantSOp", xs: Sequence[Any]) -> Sequence[Any]:
        if sop.check_length and len(sop.value) != len(xs):
            raise ValueError(f"{sop.name} has {counted(len(sop.value), 'value')}, and the input {len(xs)}")
        return sop.value

    def eval_map(self, sop: "rasp.Map", xs: Sequence[Any]) -> List[Any]:
        return [None if x is None else sop.f(x) for x in self.evaluate(sop.inner, xs)]

    def eval_sequence_map(self, sop: "rasp.SequenceMap", xs: Sequence[Any]) -> List[Any]:
        fst, snd = self.evaluate(sop.fst, xs), self.evaluate(sop.snd, xs)
        return [None if x is None or y is None else sop.f(x, y) for x, y in zip(fst, snd)]

    def eval_linear_sequence_map(self, sop: "rasp.LinearSequenceMap", xs: Sequence[Any]) -> List[Any]:
        return self.eval_sequence_map(sop, xs)

    def eval_aggregate(self, sop: "rasp.Aggregate", xs: Sequence[Any]) -> List[Any]:
        rows, values = self.evaluate(sop.selector, xs), self.evaluate(sop.sop, xs)
        return [_mean([v for v, selected in zip(values, row) if selected], sop.default) for row in rows]

    def eval_selector_width(self, sop: "rasp.SelectorWidth", xs: Sequence[Any]) -> List[int]:
        return [sum(1 for selected in row if selected) for row in self.evaluate(sop.selector, xs)]

    def eval_select(self, sel: "rasp.Select", xs: Sequence[Any]) -> List[List[bool]]:
        keys, queries = self.evaluate(sel.keys, xs), self.evaluate(sel.queries, xs)
        return [[bool(sel.predicate(k, q)) for k in keys] for q in queries]

    def eval_constant_selector(self, sel: "rasp.ConstantSelector", xs: Sequence[Any]) -> List[List[bool]]:
        if sel.check_length and (len(sel.value) != len(xs) or any(len(row) != len(xs) for row in sel.value)):
            raise ValueError(f"{sel.name} is a pattern of {counted(len(sel.value), 'position')}, and the input has {len(xs)}")
        return sel.value

    def eval_selector_and(self, sel: "rasp.SelectorAnd", xs: Sequence[Any]) -> List[List[bool]]:
        return self._combined(sel, xs, lambda a, b: a and b)

    def eval_selector_or(self, sel: "rasp.SelectorOr", xs: Sequence[Any]) -> List[List[bool]]:
        return self._combined(sel, xs, lambda a, b: a or b)

    def _combined(self, sel: Any, xs: Sequence[Any], combine: Callable[[bool, bool], bool]) -> List[List[bool]]:
        fst, snd = self.evaluate(sel.fst, xs), self.evaluate(sel.snd, xs)
        return [[bool(combine(a, b)) for a, b in zip(x, y)] for x, y in zip(fst, snd)]

    def eval_selector_not(self, sel: "rasp.SelectorNot", xs: Sequence[Any]) -> List[List[bool]]:
        return [[not selected for selected in row] for row in self.evaluate(sel.inner, xs)]


_METHODS: Dict[type, str] = {
    rasp.TokensType: "eval_tokens",
    rasp.IndicesType: "eval_indices",
    rasp.LengthType: "eval_length",
    rasp.Full: "eval_full",
    rasp.ConstantSOp: "eval_constant_sop",
    rasp.Map: "eval_map",
    rasp.LinearSequenceMap: "eval_linear_sequence_map",
    rasp.SequenceMap: "eval_sequence_map",
    rasp.Aggregate: "eval_aggregate",
    rasp.SelectorWidth: "eval_selector_width",
    rasp.Select: "eval_select",
    rasp.ConstantSelector: "eval_constant_selector",
    rasp.SelectorAnd: "eval_selector_and",
    rasp.SelectorOr: "eval_selector_or",
    rasp.SelectorNot: "eval_selector_not",
}


def _mean(values: List[Any], default: Any) -> Any:
    """One value as it is; of several numbers the float nearest to their exact mean."""
    if not values:
        return default
    if len(values) == 1:
        return values[0]
    if not all(isinstance(v, (int, float)) for v in values):
        raise ValueError("Only types int, bool, and float are supported for aggregation.")
    if all(isinstance(v, int) for v in values):
        return sum(values) / len(values)
    return float(sum(map(Fraction, values)) / len(values))


def operands_first(expr: "rasp.RASPExpr") -> List["rasp.RASPExpr"]:
    """`expr` and all it is made of, each once, operands before users."""
    done: Dict[int, rasp.RASPExpr] = {}
    stack = [(expr, False)]
    while stack:
        at, expanded = stack.pop()
        if id(at) in done:
            continue
        if expanded:
            done[id(at)] = at
        else:
            stack.append((at, True))
            stack.extend((child, False) for child in reversed(at.children) if id(child) not in done)
    return list(done.values())


evaluate: RASPEvaluator = DefaultRASPEvaluator()
