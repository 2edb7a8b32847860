"""The native embedding: RASP in Python.

S-ops and selectors are immutable expressions. They mean nothing but what the interpreter says, and know nothing about
transformers; :func:`raspc.compile` turns an s-op into one.

>>> from raspc import tokens, indices, select, selector_width, aggregate
>>> smaller = select(tokens, tokens, "<")
>>> target_pos = selector_width(smaller).named("target_pos")
>>> ordered = aggregate(select(target_pos, indices, "=="), tokens).named("ordered")
>>> ordered([3, 1, 2])
[1, 2, 3]
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, NoReturn, Optional, Tuple, TypeVar, Union

from raspc import _native
from raspc.errors import UsageError

if TYPE_CHECKING:
    import numpy

    from raspc._html import SelectorOn
    from raspc.pictures import Picture

__all__ = [
    "SOp",
    "Selector",
    "aggregate",
    "constant",
    "full",
    "indices",
    "length",
    "map",
    "select",
    "selector_width",
    "tokens",
    "where",
]

Value = Any
"""None, a number, a string, or any other hashable object."""

Operand = Union["SOp", Value]

_COMPARISONS = {
    operator.eq: "==",
    operator.ne: "!=",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
}
_SYMBOLS = frozenset(_COMPARISONS.values())


_E = TypeVar("_E", bound="_Expression")


class _Node:
    """One operation; its identity is what sharing means."""

    __slots__ = ("kind", "operands", "detail")

    def __init__(self, kind: str, operands: Tuple["_Expression", ...] = (), detail: Any = None) -> None:
        self.kind = kind
        self.operands = operands
        self.detail = detail


class _Once:
    """A Python function that is called once for each of its arguments, in however many graphs it is.

    Arguments are told apart by value and type, as a function might. What it raises is not remembered.
    """

    __slots__ = ("f", "_known")

    def __init__(self, f: Callable[..., Value]) -> None:
        self.f = f
        self._known: Dict[Tuple[Any, ...], Value] = {}

    def __call__(self, *args: Value) -> Value:
        key = tuple((type(a), a) for a in args)
        if key not in self._known:
            self._known[key] = self.f(*args)
        return self._known[key]

    def __reduce__(self) -> Tuple[Any, ...]:
        return _Once, (self.f,)


def _called(f: Callable[..., Value], name: Optional[str]) -> Tuple[_Once, str]:
    """A function, and what messages call it."""
    if name is not None and not isinstance(name, str):
        raise UsageError(f"a function's name is a string, not {name!r}", hint="leave it away for the function's own")
    own = getattr(f, "__name__", None)
    return _Once(f), name if name is not None else own if isinstance(own, str) else "function"


class _Expression:
    """What s-ops and selectors have in common: an operation, and the names this handle gives it."""

    __slots__ = ("_node", "_names", "_encoding", "_built")

    def __init__(self, node: _Node, names: Tuple[str, ...] = (), encoding: Optional[str] = None) -> None:
        self._node = node
        self._names = names
        self._encoding = encoding
        self._built: Dict[bool, Tuple[_native.Graph, int]] = {}

    @property
    def name(self) -> Optional[str]:
        """The first name, or None."""
        return self._names[0] if self._names else None

    def named(self: _E, name: str) -> _E:
        """The same expression under a (further) name.

        Names label the directions of the residual stream, and are how :meth:`raspc.Model.run` finds the node to patch.
        """
        if not isinstance(name, str) or not name:
            raise UsageError(f"a name is a string, not {name!r}", hint='as in `.named("target_pos")`')
        names = self._names if name in self._names else (*self._names, name)
        return type(self)(self._node, names, self._encoding)

    def __repr__(self) -> str:
        graph, node = build(self)
        return f"<{type(self).__name__} {graph.describe(node)}>"

    def __bool__(self) -> bool:
        hint = (
            "comparisons build s-ops, element by element: use `raspc.where(cond, a, b)` in place of `if`, "
            "and `&`, `|`, `~` in place of `and`, `or`, `not`"
        )
        kind = "an s-op" if isinstance(self, SOp) else "a selector"
        raise UsageError(f"{kind} has no truth value: it is one at each position", hint=hint)

    def __iter__(self) -> NoReturn:
        raise UsageError(
            "an expression cannot be iterated over: it has values only on an input",
            hint="evaluate it: `list(x(tokens))`",
        )

    def __len__(self) -> int:
        raise UsageError("an expression has no length of its own", hint="`raspc.length` is the s-op of the input's length")

    def __contains__(self, item: object) -> bool:
        raise UsageError("`in` asks an expression for a truth value", hint="`x.isin(values)` builds the s-op")

    # Expressions do not change: a copy is the expression itself.
    def __copy__(self: _E) -> _E:
        return self

    def __deepcopy__(self: _E, memo: Dict[int, Any]) -> _E:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        from raspc import _pickled

        return _pickled.restored, _pickled.flat(self)

    # Arrays must not spread over expressions element by element.
    __array_ufunc__ = None
    __hash__ = object.__hash__


class SOp(_Expression):
    """A sequence operation: on an input of length n it holds n values.

    Made by :data:`tokens`, :data:`indices`, :func:`aggregate`, :func:`selector_width`, :func:`map`, :func:`where`, and by
    arithmetic, comparisons and ``&``, ``|``, ``~`` of s-ops with each other and with constants. Calling it evaluates it:
    ``x("abc")`` or ``x([1, 2, 3])`` gives a list.
    """

    __slots__ = ()

    def __call__(self, tokens: Iterable[Value], *, causal: bool = False) -> List[Value]:
        """The values on an input, one a position, from the reference interpreter."""
        graph, node = build(self, causal)
        return graph.interpret(tokens).values(node)

    def categorical(self) -> "SOp":
        """The same s-op, asked to be held as a one-hot over its values."""
        return SOp(self._node, self._names, "categorical")

    def numerical(self) -> "SOp":
        """The same s-op, asked to be held as a number in one direction."""
        return SOp(self._node, self._names, "numerical")

    def isin(self, values: Iterable[Value]) -> "SOp":
        """Whether the value is one of these."""
        return _apply(("in", ("arg", 0), tuple(values)), (self,))

    def indicator(self) -> "SOp":
        """1 where the value is truthy, else 0."""
        return _apply(("indicator", ("arg", 0)), (self,))

    def draw(self, tokens: Optional[Iterable[Value]] = None) -> "Picture":
        """A picture of the computational graph, or of its flow on an input; it shows itself in a notebook."""
        from raspc.pictures import Picture

        graph, node = build(self)
        return Picture(*graph.draw(node, None if tokens is None else list(tokens)))

    def map(self, f: Callable[[Value], Value], name: Optional[str] = None) -> "SOp":
        """A Python function of the values; see :func:`raspc.map`."""
        return map(f, self, name=name)

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.expression(self)

    def __add__(self, other: Operand) -> "SOp":
        return _binary("+", self, other)

    def __radd__(self, other: Operand) -> "SOp":
        return _binary("+", other, self)

    def __sub__(self, other: Operand) -> "SOp":
        return _binary("-", self, other)

    def __rsub__(self, other: Operand) -> "SOp":
        return _binary("-", other, self)

    def __mul__(self, other: Operand) -> "SOp":
        return _binary("*", self, other)

    def __rmul__(self, other: Operand) -> "SOp":
        return _binary("*", other, self)

    def __truediv__(self, other: Operand) -> "SOp":
        return _binary("/", self, other)

    def __rtruediv__(self, other: Operand) -> "SOp":
        return _binary("/", other, self)

    def __mod__(self, other: Operand) -> "SOp":
        return _binary("%", self, other)

    def __rmod__(self, other: Operand) -> "SOp":
        return _binary("%", other, self)

    def __pow__(self, other: Operand) -> "SOp":
        return _binary("**", self, other)

    def __rpow__(self, other: Operand) -> "SOp":
        return _binary("**", other, self)

    def __floordiv__(self, other: Operand) -> "SOp":
        return map(operator.floordiv, self, other)

    def __rfloordiv__(self, other: Operand) -> "SOp":
        return map(operator.floordiv, other, self)

    def __and__(self, other: Operand) -> "SOp":
        return _binary("and", self, other)

    def __rand__(self, other: Operand) -> "SOp":
        return _binary("and", other, self)

    def __or__(self, other: Operand) -> "SOp":
        return _binary("or", self, other)

    def __ror__(self, other: Operand) -> "SOp":
        return _binary("or", other, self)

    def __eq__(self, other: Operand) -> "SOp":  # type: ignore[override]
        return _binary("==", self, other)

    def __ne__(self, other: Operand) -> "SOp":  # type: ignore[override]
        return _binary("!=", self, other)

    def __lt__(self, other: Operand) -> "SOp":
        return _binary("<", self, other)

    def __le__(self, other: Operand) -> "SOp":
        return _binary("<=", self, other)

    def __gt__(self, other: Operand) -> "SOp":
        return _binary(">", self, other)

    def __ge__(self, other: Operand) -> "SOp":
        return _binary(">=", self, other)

    def __invert__(self) -> "SOp":
        return _apply(("not", ("arg", 0)), (self,))

    def __neg__(self) -> "SOp":
        return _apply(("neg", ("arg", 0)), (self,))

    def __pos__(self) -> "SOp":
        return _apply(("pos", ("arg", 0)), (self,))

    def __abs__(self) -> "SOp":
        return map(abs, self)

    def __round__(self, digits: Optional[int] = None) -> "SOp":
        if digits is not None:
            return map(lambda x: round(x, digits), self, name="round")
        return _apply(("round", ("arg", 0)), (self,))

    __hash__ = _Expression.__hash__


class Selector(_Expression):
    """A pattern: for each query position, which key positions are selected.

    Made by :func:`select` and by ``&``, ``|``, ``~`` of selectors. Calling it evaluates it: a boolean array
    ``[query, key]``.
    """

    __slots__ = ()

    def __call__(self, tokens: Iterable[Value], *, causal: bool = False) -> "numpy.ndarray":
        """The pattern on an input, ``[query, key]`` of booleans, from the reference interpreter."""
        graph, node = build(self, causal)
        pattern: "numpy.ndarray" = graph.interpret(tokens).pattern(node)
        return pattern

    def on(self, tokens: Iterable[Value], *, causal: bool = False) -> "SelectorOn":
        """The selector shown on an example, for notebooks."""
        from raspc import _html

        return _html.SelectorOn(self, list(tokens), causal)

    def _repr_html_(self) -> str:
        from raspc import _html

        return _html.expression(self)

    def __and__(self, other: "Selector") -> "Selector":
        return Selector(_Node("both", (self, _selector(other, "&"))))

    def __or__(self, other: "Selector") -> "Selector":
        return Selector(_Node("either", (self, _selector(other, "|"))))

    def __invert__(self) -> "Selector":
        return Selector(_Node("inverse", (self,)))

    __rand__ = __and__
    __ror__ = __or__

    def __eq__(self, other: object) -> NoReturn:
        raise UsageError("selectors are not compared", hint="compare s-ops, or evaluate both on an input")

    __ne__ = __eq__
    __hash__ = _Expression.__hash__


def _wrong_kind(found: object, wanted: str, where: str) -> UsageError:
    if isinstance(found, Selector):
        what, hint = "a selector", "a selector becomes an s-op through `aggregate` or `selector_width`"
    elif isinstance(found, SOp):
        what, hint = "an s-op", "selectors are made by `select(keys, queries, predicate)`"
    else:
        what, hint = repr(found), "selectors are made by `select(keys, queries, predicate)`"
    return UsageError(f"{where} wants {wanted}, not {what}", hint=hint)


def _sop(x: Operand, where: str) -> SOp:
    """An s-op, or a constant as one."""
    if isinstance(x, SOp):
        return x
    if isinstance(x, Selector):
        raise _wrong_kind(x, "s-ops", where)
    return constant(x)


def _selector(x: object, where: str) -> Selector:
    if isinstance(x, Selector):
        return x
    raise _wrong_kind(x, "a selector", where)


def _apply(expression: Tuple[Any, ...], args: Tuple[SOp, ...]) -> SOp:
    return SOp(_Node("apply", args, expression))


def _binary(symbol: str, a: Operand, b: Operand) -> SOp:
    args: List[SOp] = []
    parts = []
    for x in (a, b):
        if isinstance(x, Selector):
            raise _wrong_kind(x, "s-ops", f"`{symbol}`")
        if isinstance(x, SOp) or x is None:
            parts.append(("arg", len(args)))
            args.append(_sop(x, symbol))
        else:
            _check_value(x)
            parts.append(("const", x))
    return _apply((symbol, *parts), tuple(args))


def _check_value(x: Value) -> None:
    """Raises now, where the mistake is, and not when the program is built."""
    if x is None or isinstance(x, (bool, int, str)):
        return
    _native.Graph().constant(x)


tokens: SOp = SOp(_Node("tokens"))
"""The input."""

indices: SOp = SOp(_Node("indices"))
"""0, 1, 2, …"""


def constant(value: Value) -> SOp:
    """The same value at each position."""
    if isinstance(value, _Expression):
        raise UsageError("a constant is a value, not an expression", hint="use the expression itself")
    _check_value(value)
    return SOp(_Node("constant", (), value))


def select(
    keys: Operand,
    queries: Operand,
    predicate: Union[str, Callable[[Value, Value], Any]] = "==",
    name: Optional[str] = None,
) -> Selector:
    """The selector ``predicate(keys[k], queries[q])``.

    Args:
        keys: an s-op, or a constant.
        queries: an s-op, or a constant.
        predicate: one of ``"=="``, ``"!="``, ``"<"``, ``"<="``, ``">"``, ``">="`` (or the function of :mod:`operator`), or any
            Python function of a key and a query, called once for each pair of values; it is called with None like any value.
        name: what messages call the function, in place of its own name.
    """
    operands = (_sop(keys, "`select`"), _sop(queries, "`select`"))
    predicate = _COMPARISONS.get(predicate, predicate) if callable(predicate) else predicate
    if isinstance(predicate, str):
        if predicate not in _SYMBOLS:
            raise UsageError(f"{predicate!r} is no comparison", hint="one of ==, !=, <, <=, >, >=, or a function")
    elif isinstance(predicate, _Expression) or not callable(predicate):
        raise UsageError(f"{predicate!r} is no predicate", hint="a comparison such as `\"<\"`, or a function of key and query")
    return Selector(_Node("select", operands, (predicate, name) if isinstance(predicate, str) else _called(predicate, name)))


def aggregate(selector: Selector, values: Operand, default: Value = None) -> SOp:
    """The value at the selected key; the mean where several are selected, which must be numbers then; ``default`` where
    nothing is selected."""
    operands = (_selector(selector, "`aggregate`"), _sop(values, "`aggregate`"))
    if isinstance(default, _Expression):
        raise UsageError("the default of an aggregate is a value, not an expression", hint="use `where` after it")
    _check_value(default)
    return SOp(_Node("aggregate", operands, default))


def selector_width(selector: Selector) -> SOp:
    """How many keys are selected, at each query."""
    return SOp(_Node("selector_width", (_selector(selector, "`selector_width`"),)))


def map(f: Callable[..., Value], *sops: Operand, name: Optional[str] = None) -> SOp:
    """A Python function of one or more s-ops, element by element; None in, None out.

    The function is called once for each tuple of values that can occur, when the program is first evaluated or compiled (and not
    again for another vocabulary, mask or level), and never while the transformer runs. It must give the same result for the same arguments.
    A model keeps the functions it was compiled from, and Python's collector of cycles does not look into it: a function that refers
    to its own model is kept for good, unless it does so by a ``weakref``.

    Args:
        f: the function, of as many arguments as there are s-ops.
        sops: s-ops, or constants.
        name: what messages call it, in place of its own name.
    """
    if not callable(f) or isinstance(f, _Expression):
        raise UsageError(f"`map` wants a function first, not {f!r}", hint="as in `raspc.map(lambda x: x + 1, tokens)`")
    if not sops:
        raise UsageError("`map` wants at least one s-op", hint="as in `raspc.map(f, tokens)`; a value is `raspc.constant(v)`")
    return SOp(_Node("map", tuple(_sop(x, "`map`") for x in sops), _called(f, name)))


def where(cond: Operand, then: Operand, otherwise: Operand) -> SOp:
    """``then`` where the condition is truthy, ``otherwise`` elsewhere. Where one of the s-ops is None, so is the result;
    a constant None is given only where it is chosen."""
    args: List[SOp] = [_sop(cond, "`where`")]
    branches = []
    for x in (then, otherwise):
        if isinstance(x, _Expression):
            branches.append(("arg", len(args)))
            args.append(_sop(x, "`where`"))
        else:
            _check_value(x)
            branches.append(("const", x))
    return _apply(("if", ("arg", 0), *branches), tuple(args))


def full() -> Selector:
    """The selector of everything that a position can see."""
    return select(1, 1, "==")


length: SOp = selector_width(full())
"""How many positions there are (in a causal program: up to here)."""


def build(expression: _Expression, causal: bool = False) -> Tuple[_native.Graph, int]:
    """The computational graph of what an expression depends on, and its node there. Kept with the expression, so
    that Python functions are called once for each of their arguments, whoever asks."""
    causal = bool(causal)
    known = expression._built.get(causal)
    if known is None:
        known = expression._built[causal] = _build(expression, causal)
    return known


def _build(expression: _Expression, causal: bool) -> Tuple[_native.Graph, int]:
    graph = _native.Graph(causal)
    ids: Dict[int, int] = {}
    named: Dict[str, int] = {}
    imported: Dict[int, Dict[int, int]] = {}
    stack = [expression]
    seen = set()
    while stack:
        handle = stack[-1]
        node = handle._node
        if id(node) not in ids:
            waiting = [o for o in node.operands if id(o._node) not in ids or id(o) not in seen]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            ids[id(node)] = _add(graph, node, [ids[id(o._node)] for o in node.operands], imported)
        stack.pop()
        if id(handle) in seen:
            continue
        seen.add(id(handle))
        _label(graph, ids[id(node)], handle, named)
    return graph, ids[id(expression._node)]


def _label(graph: _native.Graph, node: int, handle: _Expression, named: Dict[str, int]) -> None:
    """Gives the node this handle's names; a name that another node has gets a number."""
    for name in handle._names:
        free, copies = name, 1
        while named.get(free, node) != node:
            copies += 1
            free = f"{name}_{copies}"
        named[free] = node
        graph.name(node, free)
    if handle._encoding is not None:
        graph.annotate(node, handle._encoding)


def _add(graph: _native.Graph, node: _Node, operands: List[int], imported: Dict[int, Dict[int, int]]) -> int:
    kind, detail = node.kind, node.detail
    if kind == "tokens":
        return graph.tokens()
    if kind == "indices":
        return graph.indices()
    if kind == "constant":
        return graph.constant(detail)
    if kind == "apply":
        return graph.apply(detail, operands)
    if kind == "map":
        return graph.map(detail[0], operands, detail[1])
    if kind == "select":
        return graph.select(operands[0], operands[1], detail[0], detail[1])
    if kind == "aggregate":
        return graph.aggregate(operands[0], operands[1], detail)
    if kind == "selector_width":
        return graph.selector_width(operands[0])
    if kind == "both":
        return graph.both(operands[0], operands[1])
    if kind == "either":
        return graph.either(operands[0], operands[1])
    if kind == "inverse":
        return graph.inverse(operands[0])
    assert kind == "text", kind
    source, at = detail
    return graph.include(source.read.graph, at, imported.setdefault(id(source), {}))
