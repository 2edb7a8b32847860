"""What an operator on s-ops does, as data: the compiler sees a sum as a sum, not as an opaque function.

A symbol is ``("arg", i)``, ``("const", value)``, ``("not", symbol)`` or ``(op, left, right)``; None stands for a function
that is known only by calling it.
"""

import operator
from typing import Any, Callable, Dict, Optional, Tuple

Symbol = Optional[Tuple[Any, ...]]

# Deeper symbols are not kept: whoever walks them recurses.
DEEPEST = 64

FUNCTIONS: Dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
}


def arg(i: int) -> Symbol:
    """An argument."""
    return ("arg", i)


def const(value: Any) -> Symbol:
    """A constant."""
    return ("const", value)


def binary(op: str, left: Symbol, right: Symbol) -> Symbol:
    """An operator of two operands."""
    return None if left is None or right is None else (op, left, right)


def negation(inner: Symbol) -> Symbol:
    """`not`."""
    return None if inner is None else ("not", inner)


def linear(fst_fac: float, snd_fac: float) -> Symbol:
    """`fst_fac * x0 + snd_fac * x1`."""
    return ("add", ("mul", const(fst_fac), arg(0)), ("mul", const(snd_fac), arg(1)))


def substitute(symbol: Symbol, inner: Symbol) -> Symbol:
    """The symbol with `inner` in place of its one argument."""
    if symbol is None or inner is None:
        return None
    kind = symbol[0]
    if kind == "arg":
        return inner
    if kind == "const":
        return symbol
    return (kind, *(substitute(operand, inner) for operand in symbol[1:]))
