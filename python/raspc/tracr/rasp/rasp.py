"""RASP programs as Python expressions, with the names and conventions of the Python tracr.

An expression (`RASPExpr`) is either a sequence (`SOp`: one value for each position) or a pattern (`Selector`: for each
query position, which key positions it selects). Expressions are immutable; `annotate` and `named` give copies.

What an expression means is `evaluate`'s to say. Undefined is None: a function is not called with it (None in, None
out), a comparison in a `Select` raises on it.
"""

import abc
import collections.abc
import copy as _copy
import enum
import functools
import itertools
import logging
import operator
from typing import Any, Callable, Dict, List, Optional, Sequence, TypeVar, Union

from raspc.tracr.rasp import _symbolic

# None, numbers and strings in tracr's programs; here also anything hashable.
Value = Any
NumericValue = Union[int, float]
SelectorValue = List[List[bool]]
RASPExprT = TypeVar("RASPExprT", bound="RASPExpr")
SOpT = TypeVar("SOpT", bound="SOp")

_NAME_KEY = "name"
_ENCODING_KEY = "encoding"

# Annotations that every expression has unless it is given others: key to function of the expression.
DEFAULT_ANNOTATORS: Dict[str, Callable[["RASPExpr"], Any]] = {}


class _Annotations(collections.abc.Mapping):
    """What an expression is annotated with; defaults are made when they are first asked for."""

    def __init__(self, expr: "RASPExpr", **given: Any):
        self._expr = expr
        self._values = dict(given)

    def __getitem__(self, key: str) -> Any:
        if key not in self._values:
            if key not in DEFAULT_ANNOTATORS:
                known = sorted({*self._values, *DEFAULT_ANNOTATORS})
                raise KeyError(f"{key!r} is no annotation of this expression; it has {', '.join(known)}")
            self._values[key] = DEFAULT_ANNOTATORS[key](self._expr)
        return self._values[key]

    def __iter__(self):
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


class RASPExpr(abc.ABC):
    """An s-op or a selector."""

    # Where `unique_id` takes its numbers from; reset it for labels that do not depend on what was built before.
    _ids = itertools.count(1)

    def __init__(self):
        self._annotations = _Annotations(self)

    def __call__(self, xs: Sequence[Value]) -> Union[Sequence[Value], SelectorValue]:
        """The values on the input `xs`, without a mask."""
        return evaluate(self, xs)

    @property
    def annotations(self) -> collections.abc.Mapping:
        """Name, encoding, and whatever else `annotate` was given."""
        return self._annotations

    @annotations.setter
    def annotations(self, annotations: collections.abc.Mapping) -> None:
        self._annotations = _Annotations(self, **annotations)

    @property
    def name(self) -> str:
        """The name given by `named`, else that of the kind of expression; not unique."""
        return self.annotations[_NAME_KEY]

    @property
    @abc.abstractmethod
    def children(self) -> Sequence["RASPExpr"]:
        """The expressions this one is made of, in order."""

    @functools.cached_property
    def unique_id(self) -> int:
        """A number of its own, taken when it is first asked for."""
        return next(self._ids)

    @functools.cached_property
    def label(self) -> str:
        """`NAME_ID`: a name that no other expression has."""
        return f"{self.name}_{self.unique_id}"

    def copy(self: RASPExprT) -> RASPExprT:
        """The same expression as another object, with a label of its own."""
        new = _copy.copy(self)
        for cached in ("unique_id", "label"):
            new.__dict__.pop(cached, None)
        new.annotations = dict(self.annotations)
        return new

    def named(self: RASPExprT, name: str) -> RASPExprT:
        """A copy with this name."""
        return annotate(self, name=name)

    def annotated(self: RASPExprT, **annotations: Any) -> RASPExprT:
        """A copy with these annotations."""
        return annotate(self, **annotations)

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self.name} stands for a value at each position, so it has no truth value of its own; "
            "combine expressions with &, | and ~, or compute with rasp.Map"
        )

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def annotate(expr: RASPExprT, **annotations: Any) -> RASPExprT:
    """A copy of `expr` with these annotations added to (or in place of) its own."""
    new = expr.copy()
    new.annotations = {**expr.annotations, **annotations}
    return new


class Encoding(enum.Enum):
    """How an s-op is held in the residual stream: a direction for each value, or one that holds the number."""

    CATEGORICAL = "categorical"
    NUMERICAL = "numerical"


def numerical(sop: SOpT) -> SOpT:
    """A copy held as a number."""
    return annotate(sop, encoding=Encoding.NUMERICAL)


def categorical(sop: SOpT) -> SOpT:
    """A copy held as a one-hot over its values (which is the default)."""
    return annotate(sop, encoding=Encoding.CATEGORICAL)


def get_encoding(sop: "SOp") -> Encoding:
    """How the s-op is held."""
    return sop.annotations[_ENCODING_KEY]


def is_numerical(sop: "SOp") -> bool:
    """Whether it is held as a number."""
    return get_encoding(sop) == Encoding.NUMERICAL


def is_categorical(sop: "SOp") -> bool:
    """Whether it is held as a one-hot."""
    return get_encoding(sop) == Encoding.CATEGORICAL


def default_encoding(expr: RASPExpr) -> Encoding:
    """Categorical."""
    return Encoding.CATEGORICAL


DEFAULT_ANNOTATORS[_ENCODING_KEY] = default_encoding


def _operand(value: Any) -> Any:
    if isinstance(value, RASPExpr) and not isinstance(value, SOp):
        raise TypeError(f"an s-op cannot be combined with a selector ({value.name}); aggregate over the selector first")
    return value


def _elementwise(op: str, sop: "SOp", value: Any, swapped: bool = False) -> "SOp":
    """`sop op value`, or `value op sop`, where the value is an s-op or a constant."""
    f = _symbolic.FUNCTIONS[op]
    value = _operand(value)
    if isinstance(value, SOp):
        fst, snd = (value, sop) if swapped else (sop, value)
        new: SOp = SequenceMap(f, fst, snd)
        new._symbol = _symbolic.binary(op, _symbolic.arg(0), _symbolic.arg(1))
        return new
    const = _symbolic.const(value)
    if swapped:
        return _map(lambda x: f(value, x), sop, _symbolic.binary(op, const, _symbolic.arg(0)))
    return _map(lambda x: f(x, value), sop, _symbolic.binary(op, _symbolic.arg(0), const))


def _map(f: Callable[[Value], Value], sop: "SOp", symbol: Any) -> "SOp":
    new = Map(f, sop)
    # Map may have gone past an inner Map; then its operation is that of both, unless that is very deep.
    inner, below = (sop._symbol, sop._symbol_depth) if new.inner is not sop else (_symbolic.arg(0), 0)
    new._symbol_depth = below + 1
    new._symbol = _symbolic.substitute(symbol, inner) if new._symbol_depth <= _symbolic.DEEPEST else None
    return new


class SOp(RASPExpr):
    """A sequence: one value for each position of the input. Operators work position by position."""

    # What an operator made this of, where it did: the compiler can do more with that than with a function.
    _symbol: Any = None
    _symbol_depth = 0

    def __lt__(self, value: Any) -> "SOp":
        return _elementwise("lt", self, value)

    def __le__(self, value: Any) -> "SOp":
        return _elementwise("le", self, value)

    def __eq__(self, value: Any) -> "SOp":  # type: ignore[override]
        return _elementwise("eq", self, value)

    def __ne__(self, value: Any) -> "SOp":  # type: ignore[override]
        return _elementwise("ne", self, value)

    def __gt__(self, value: Any) -> "SOp":
        return _elementwise("gt", self, value)

    def __ge__(self, value: Any) -> "SOp":
        return _elementwise("ge", self, value)

    def __add__(self, value: Any) -> "SOp":
        return _elementwise("add", self, value)

    def __radd__(self, value: Any) -> "SOp":
        return _elementwise("add", self, value, swapped=True)

    def __sub__(self, value: Any) -> "SOp":
        return _elementwise("sub", self, value)

    def __rsub__(self, value: Any) -> "SOp":
        return _elementwise("sub", self, value, swapped=True)

    def __mul__(self, value: Any) -> "SOp":
        return _elementwise("mul", self, value)

    def __rmul__(self, value: Any) -> "SOp":
        return _elementwise("mul", self, value, swapped=True)

    def __truediv__(self, value: Any) -> "SOp":
        return _elementwise("truediv", self, value)

    def __rtruediv__(self, value: Any) -> "SOp":
        return _elementwise("truediv", self, value, swapped=True)

    def __floordiv__(self, value: Any) -> "SOp":
        return _elementwise("floordiv", self, value)

    def __rfloordiv__(self, value: Any) -> "SOp":
        return _elementwise("floordiv", self, value, swapped=True)

    def __mod__(self, value: Any) -> "SOp":
        return _elementwise("mod", self, value)

    def __rmod__(self, value: Any) -> "SOp":
        return _elementwise("mod", self, value, swapped=True)

    def __pow__(self, value: Any) -> "SOp":
        return _elementwise("pow", self, value)

    def __rpow__(self, value: Any) -> "SOp":
        return _elementwise("pow", self, value, swapped=True)

    def __and__(self, value: Any) -> "SOp":
        return _elementwise("and", self, value)

    def __rand__(self, value: Any) -> "SOp":
        return _elementwise("and", self, value, swapped=True)

    def __or__(self, value: Any) -> "SOp":
        return _elementwise("or", self, value)

    def __ror__(self, value: Any) -> "SOp":
        return _elementwise("or", self, value, swapped=True)

    def __neg__(self) -> "SOp":
        return _elementwise("mul", self, -1)

    def __abs__(self) -> "SOp":
        return _map(abs, self, None)

    def __invert__(self) -> "SOp":
        return sop_not(self)

    __hash__ = RASPExpr.__hash__


class TokensType(SOp):
    """The input."""

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []

    @property
    def label(self) -> str:  # type: ignore[override]
        return "tokens"


class IndicesType(SOp):
    """0, 1, 2, …"""

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []

    @property
    def label(self) -> str:  # type: ignore[override]
        return "indices"


class LengthType(SOp):
    """The length of the whole input, at each position, whatever the mask; `lib.make_length()` counts what is seen."""

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []

    @property
    def label(self) -> str:  # type: ignore[override]
        return "length"


tokens: SOp = TokensType()
indices: SOp = IndicesType()
length: SOp = LengthType()


class Map(SOp):
    """`f` of each value. A map of a map is one map of both functions, unless `simplify` is False."""

    def __init__(self, f: Callable[[Value], Value], inner: SOp, simplify: bool = True):
        super().__init__()
        _need_function("f", f)
        _need(SOp, "inner", inner)
        if simplify and isinstance(inner, Map):
            self.f: Callable[[Value], Value] = _Composed(inner.f, f)
            self.inner: SOp = inner.inner
        else:
            self.f = f
            self.inner = inner

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.inner]


class _Composed:
    """`second` of what `first` gives, and None of None; as deep as it gets, a call takes no more of the stack."""

    def __init__(self, first: Callable[[Value], Value], second: Callable[[Value], Value]):
        self.first = first
        self.second = second

    def __call__(self, x: Value) -> Value:
        functions: List[Callable[[Value], Value]] = []
        f: Callable[[Value], Value] = self
        while isinstance(f, _Composed):
            functions.append(f.second)
            f = f.first
        x = f(x)
        while functions and x is not None:
            x = functions.pop()(x)
        return x


class SequenceMap(SOp):
    """`f` of the values of two s-ops at each position."""

    def __init__(self, f: Callable[[Value, Value], Value], fst: SOp, snd: SOp):
        super().__init__()
        _need_function("f", f)
        _need(SOp, "fst", fst)
        _need(SOp, "snd", snd)
        if fst is snd:
            logging.getLogger(__name__).warning("both inputs of a SequenceMap are %s: a Map does the same", fst.name)
        self.f = f
        self.fst = fst
        self.snd = snd

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.fst, self.snd]


class LinearSequenceMap(SequenceMap):
    """`fst_fac * fst + snd_fac * snd`, at each position."""

    def __init__(self, fst: SOp, snd: SOp, fst_fac: float, snd_fac: float):
        super().__init__(lambda x, y: fst_fac * x + snd_fac * y, fst, snd)
        for name, factor in (("fst_fac", fst_fac), ("snd_fac", snd_fac)):
            if isinstance(factor, (SOp, str)) or not hasattr(factor, "__float__"):
                raise TypeError(f"{name} must be a number, got {factor!r}")
        self.fst_fac = fst_fac
        self.snd_fac = snd_fac
        self._symbol = _symbolic.linear(fst_fac, snd_fac)


class Full(SOp):
    """The same value at each position."""

    def __init__(self, fill: Value):
        super().__init__()
        self.fill = fill

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []


class ConstantSOp(SOp):
    """These values, whatever the input; its length must be theirs, unless `check_length` is False."""

    def __init__(self, value: Sequence[Value], check_length: bool = True):
        super().__init__()
        self.value = value
        self.check_length = check_length

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []


class Selector(RASPExpr):
    """A pattern: for each query position, which key positions are selected."""

    def __and__(self, other: "Selector") -> "Selector":
        return selector_and(self, other)

    def __rand__(self, other: "Selector") -> "Selector":
        return selector_and(other, self)

    def __or__(self, other: "Selector") -> "Selector":
        return selector_or(self, other)

    def __ror__(self, other: "Selector") -> "Selector":
        return selector_or(other, self)

    def __invert__(self) -> "Selector":
        return selector_not(self)


class Comparison(enum.Enum):
    """What `Select` asks of a key and a query: `key op query`."""

    EQ = "=="
    LT = "<"
    LEQ = "<="
    GT = ">"
    GEQ = ">="
    NEQ = "!="
    TRUE = "True"
    FALSE = "False"

    def __call__(self, key: Value, query: Value) -> bool:
        if key is None:
            raise ValueError("key is None!")
        if query is None:
            raise ValueError("query is None!")
        return _COMPARE[self](key, query)


_COMPARE: Dict[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.EQ: operator.eq,
    Comparison.LT: operator.lt,
    Comparison.LEQ: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GEQ: operator.ge,
    Comparison.NEQ: operator.ne,
    Comparison.TRUE: lambda key, query: True,
    Comparison.FALSE: lambda key, query: False,
}

Predicate = Union[Comparison, Callable[[Value, Value], bool]]


class Select(Selector):
    """Selects the keys for which `predicate(key, query)` holds."""

    # What it was simplified from, ("not", select) or ("and" or "or", select, select), where it was, and how deep that goes:
    # the compiler can do more with comparisons than with a function of them.
    _formula: Any = None
    _formula_depth = 0

    def __init__(self, keys: SOp, queries: SOp, predicate: Predicate):
        super().__init__()
        _need(SOp, "keys", keys)
        _need(SOp, "queries", queries)
        _need_function("predicate", predicate)
        self.keys = keys
        self.queries = queries
        self.predicate = predicate

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.keys, self.queries]


class ConstantSelector(Selector):
    """This pattern (a row of booleans for each query), whatever the input."""

    def __init__(self, value: SelectorValue, check_length: bool = True):
        super().__init__()
        self.value = value
        self.check_length = check_length

    @property
    def children(self) -> Sequence[RASPExpr]:
        return []


class SelectorAnd(Selector):
    """What both select."""

    def __init__(self, fst: Selector, snd: Selector):
        super().__init__()
        _need(Selector, "fst", fst)
        _need(Selector, "snd", snd)
        self.fst = fst
        self.snd = snd

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.fst, self.snd]


class SelectorOr(Selector):
    """What one or both select."""

    def __init__(self, fst: Selector, snd: Selector):
        super().__init__()
        _need(Selector, "fst", fst)
        _need(Selector, "snd", snd)
        self.fst = fst
        self.snd = snd

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.fst, self.snd]


class SelectorNot(Selector):
    """What the inner one does not select."""

    def __init__(self, inner: Selector):
        super().__init__()
        _need(Selector, "inner", inner)
        self.inner = inner

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.inner]


class SelectorWidth(SOp):
    """How many keys are selected."""

    def __init__(self, selector: Selector):
        super().__init__()
        _need(Selector, "selector", selector)
        self.selector = selector

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.selector]


class Aggregate(SOp):
    """The value at the selected key; the mean where several are selected, the default where none is."""

    def __init__(self, selector: Selector, sop: SOp, default: Optional[Value] = None):
        super().__init__()
        _need(Selector, "selector", selector)
        _need(SOp, "sop", sop)
        if isinstance(default, RASPExpr):
            raise TypeError("the default of an Aggregate is a value, not an expression")
        self.selector = selector
        self.sop = sop
        self.default = default

    @property
    def children(self) -> Sequence[RASPExpr]:
        return [self.selector, self.sop]


def _need(kind: type, field: str, value: Any) -> None:
    if not isinstance(value, kind):
        wanted = "an s-op" if kind is SOp else "a selector"
        got = "a selector" if isinstance(value, Selector) else "an s-op" if isinstance(value, SOp) else repr(value)
        hint = ""
        if isinstance(value, RASPExpr):
            hint = "; aggregate over it first" if kind is SOp else "; make one with rasp.Select"
        elif kind is SOp:
            hint = "; a constant is rasp.Full(value)"
        raise TypeError(f"{field} must be {wanted}, got {got}{hint}")


def _need_function(field: str, value: Any) -> None:
    if isinstance(value, RASPExpr) or not callable(value):
        raise TypeError(f"{field} must be a function, got {value!r}")


def sop_not(sop: SOp) -> SOp:
    """`not` at each position."""
    _need(SOp, "sop", sop)
    return _map(lambda x: not x, sop, _symbolic.negation(_symbolic.arg(0)))


def selector_not(inner: Selector, simplify: bool = True) -> Selector:
    """What `inner` does not select; simplified to one `Select` where `inner` is one."""
    _need(Selector, "inner", inner)
    if simplify:
        if isinstance(inner, SelectorNot):
            return inner.inner
        if isinstance(inner, Select):
            predicate = inner.predicate
            simplified = Select(inner.keys, inner.queries, lambda k, q: not predicate(k, q))
            return _simplified_from(simplified, "not", inner)
    return SelectorNot(inner)


def selector_and(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """What both select; simplified to one `Select` where keys and queries coincide, or are a constant."""
    both = _one_select("and", fst, snd, lambda a, b: a and b) if simplify else None
    return SelectorAnd(fst, snd) if both is None else both


def selector_or(fst: Selector, snd: Selector, simplify: bool = True) -> Selector:
    """What one or both select; simplified to one `Select` where keys and queries coincide, or are a constant."""
    either = _one_select("or", fst, snd, lambda a, b: a or b) if simplify else None
    return SelectorOr(fst, snd) if either is None else either


def _one_select(op: str, fst: Selector, snd: Selector, combine: Callable[[bool, bool], bool]) -> Optional[Select]:
    """Two selects of the same keys and queries as one, if they are that; a constant is the same as anything."""
    if not (isinstance(fst, Select) and isinstance(snd, Select)):
        return None
    keys, queries = _common(fst.keys, snd.keys), _common(fst.queries, snd.queries)
    if keys is None or queries is None:
        return None
    p, q = _predicate_on(fst, keys, queries), _predicate_on(snd, keys, queries)
    return _simplified_from(Select(keys, queries, lambda key, query: combine(p(key, query), q(key, query))), op, fst, snd)


def _simplified_from(select: Select, op: str, *parts: Select) -> Select:
    depth = 1 + max(part._formula_depth for part in parts)
    if depth <= _symbolic.DEEPEST:
        select._formula, select._formula_depth = (op, *parts), depth
    return select


def _common(fst: SOp, snd: SOp) -> Optional[SOp]:
    """The s-op that both can be read from: the same one, or the other where one is `Full`."""
    if fst is snd or isinstance(snd, Full):
        return fst
    return snd if isinstance(fst, Full) else None


def _predicate_on(select: Select, keys: SOp, queries: SOp) -> Callable[[Value, Value], bool]:
    """The predicate of a select, of the values of these s-ops."""
    predicate = select.predicate
    # What is read from another s-op is a constant.
    key_fill = None if select.keys is keys else (select.keys.fill,)  # type: ignore[attr-defined]
    query_fill = None if select.queries is queries else (select.queries.fill,)  # type: ignore[attr-defined]

    def on(key: Value, query: Value) -> bool:
        return predicate(key if key_fill is None else key_fill[0], query if query_fill is None else query_fill[0])

    return on


_DEFAULT_NAMES = {
    TokensType: "tokens",
    IndicesType: "indices",
    LengthType: "length",
    Map: "map",
    LinearSequenceMap: "linear_sequence_map",
    SequenceMap: "sequence_map",
    Full: "full",
    ConstantSOp: "constant_sop",
    Select: "select",
    ConstantSelector: "constant_selector",
    SelectorAnd: "selector_and",
    SelectorOr: "selector_or",
    SelectorNot: "selector_not",
    SelectorWidth: "selector_width",
    Aggregate: "aggregate",
}


def default_name(expr: RASPExpr) -> str:
    """What an expression without a name is called: after its kind."""
    for kind, name in _DEFAULT_NAMES.items():
        if isinstance(expr, kind):
            return name
    raise NotImplementedError(f"{type(expr).__name__} has no default name; give it one with .named(…)")


DEFAULT_ANNOTATORS[_NAME_KEY] = default_name

# The evaluator is below the language, which it interprets; users find both here.
from raspc.tracr.rasp._evaluate import DefaultRASPEvaluator, RASPEvaluator, evaluate  # noqa: E402,F401
