"""RASP expressions as a graph of raspc's compiler, each s-op and selector under its own label."""

import dataclasses
import logging
import math
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Set, Tuple

from raspc import _native
from raspc.tracr.rasp import rasp
from raspc.tracr.rasp._evaluate import operands_first

_LOG = logging.getLogger(__name__)

_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_EQUALITIES = {"eq": "==", "ne": "!="}


@dataclasses.dataclass
class Lowered:
    """A program as a graph."""

    graph: Any
    output: int
    exprs: Dict[str, rasp.RASPExpr]
    """By label: every expression of the program, operands before users."""
    nodes: Dict[str, List[int]]
    """By label: its node; of `tokens`, `indices` and `length` there can be several, differently annotated."""
    numerical: Set[int]
    """The nodes that are annotated as numerical."""


class Functions:
    """The program's Python functions, each called at most once for each tuple of arguments, however often one compiles."""

    def __init__(self):
        self._wrapped: Dict[Tuple[int, str], Callable[..., Any]] = {}
        self._kept: List[Any] = []

    def of(self, expr: rasp.RASPExpr, f: Callable[..., Any]) -> Callable[..., Any]:
        """A function of values."""
        return self._once(expr, "function", _value_function(expr, f))

    def predicate(self, expr: rasp.Select, lenient: bool) -> Callable[..., Any]:
        """A predicate of key and query."""
        kind = "lenient" if lenient else "predicate"
        return self._once(expr, kind, _predicate_function(expr.predicate, lenient))

    def _once(self, expr: rasp.RASPExpr, kind: str, f: Callable[..., Any]) -> Callable[..., Any]:
        key = (id(expr), kind)
        if key not in self._wrapped:
            self._wrapped[key] = _remembering(f)
            self._kept.append(expr)
        return self._wrapped[key]


def _remembering(f: Callable[..., Any]) -> Callable[..., Any]:
    known: Dict[Tuple[Any, ...], Tuple[Any, Optional[BaseException]]] = {}

    def call(*args: Any) -> Any:
        # 1, 1.0 and True are equal, and a function may tell them apart.
        key = tuple((type(a), a) for a in args)
        if key not in known:
            try:
                known[key] = (f(*args), None)
            except Exception as error:  # whatever a user's function raises is raised again the next time
                known[key] = (None, error)
        value, raised = known[key]
        if raised is not None:
            raise raised
        return value

    return call


def _value_function(expr: rasp.RASPExpr, f: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        try:
            value = f(*args)
        except ArithmeticError as error:
            # The evaluator raises here; inputs on which it does have no defined output.
            _LOG.warning("%s raises %r for %s; there it is taken to be None", expr.label, error, args)
            return None
        if isinstance(value, rasp.RASPExpr):
            raise TypeError(f"the function of {expr.label} returned the expression {value!r}, not a value")
        return value

    return call


def _predicate_function(predicate: Callable[[Any, Any], Any], lenient: bool) -> Callable[..., Any]:
    def call(key: Any, query: Any) -> bool:
        try:
            return bool(predicate(key, query))
        except Exception:
            # The evaluator raises on such inputs, which thus have no defined output: nothing is selected there.
            if key is None or query is None or lenient:
                return False
            raise

    return call


@dataclasses.dataclass(frozen=True)
class Concessions:
    """What is given up, by label, where a program cannot be compiled as it is first asked for."""

    tabulated: FrozenSet[str] = frozenset()
    """S-ops made of an operator that are looked up by their operands' values, not computed from them as numbers."""
    relaxed: FrozenSet[str] = frozenset()
    """S-ops that are held as numbers, though they are not annotated so."""
    lenient: bool = False
    """Comparisons that raise select nothing."""

    def instead(self, failed: Iterable[rasp.RASPExpr], may_be_lenient: bool) -> Optional["Concessions"]:
        """What to try next, where these s-ops could not be compiled; None where there is nothing more to give up."""
        sops = [expr for expr in failed if isinstance(expr, rasp.SOp) and expr.label not in self.relaxed]
        new = {expr.label for expr in sops if expr._symbol is not None} - self.tabulated
        if new:
            return dataclasses.replace(self, tabulated=self.tabulated | new)
        new = {expr.label for expr in sops}
        if new:
            return dataclasses.replace(self, tabulated=self.tabulated - new, relaxed=self.relaxed | new)
        return Concessions(lenient=True) if may_be_lenient and not self.lenient else None


class Lowering:
    """Builds the graph of one program."""

    def __init__(
        self, causal: bool, vocab: List[Any], functions: Functions, concessions: Concessions = Concessions()
    ):
        self._graph = _native.Graph(causal)
        self._causal = causal
        self._vocab_is_numeric = all(isinstance(v, (int, float)) for v in vocab)
        self._functions = functions
        self._concessions = concessions
        self._nodes: Dict[int, int] = {}
        self._numeric: Dict[int, bool] = {}
        self._indices: Optional[int] = None
        self._all: Dict[bool, int] = {}

    def lower(self, program: rasp.SOp) -> Lowered:
        """The graph of `program`."""
        exprs: Dict[str, rasp.RASPExpr] = {}
        nodes: Dict[str, List[int]] = {}
        numerical: Set[int] = set()
        for expr in operands_first(program):
            if exprs.setdefault(expr.label, expr) is not expr and not _is_source(expr):
                raise ValueError(f"two expressions have the label {expr.label}; labels must differ")
            node = self._nodes[id(expr)] = self._node(expr)
            nodes.setdefault(expr.label, []).append(node)
            self._graph.name(node, expr.label)
            if isinstance(expr, rasp.SOp):
                self._numeric[id(expr)] = self._is_numeric(expr)
                if rasp.is_numerical(expr):
                    numerical.add(node)
                if expr.label not in self._concessions.relaxed:
                    self._graph.annotate(node, "numerical" if node in numerical else "onehot")
        return Lowered(self._graph, self._nodes[id(program)], exprs, nodes, numerical)

    def _at(self, expr: rasp.RASPExpr) -> int:
        return self._nodes[id(expr)]

    def _node(self, expr: rasp.RASPExpr) -> int:
        for kind, build in _BUILDERS:
            if isinstance(expr, kind):
                return build(self, expr)
        raise NotImplementedError(f"{type(expr).__name__} expressions cannot be compiled")

    def _tokens(self, expr: rasp.TokensType) -> int:
        return self._graph.tokens()

    def _indices_node(self, expr: Optional[rasp.IndicesType] = None) -> int:
        if self._indices is None:
            self._indices = self._graph.indices()
        return self._indices

    def _length(self, expr: rasp.LengthType) -> int:
        if self._causal:
            raise NotImplementedError(
                "rasp.length is the length of the whole input, which a causal model cannot know; "
                "lib.make_length() counts the positions seen so far"
            )
        return self._graph.selector_width(self._always(True))

    def _always(self, selected: bool) -> int:
        if selected not in self._all:
            one = self._graph.constant(1)
            self._all[selected] = self._graph.select(one, one, "==" if selected else "!=")
        return self._all[selected]

    def _full(self, expr: rasp.Full) -> int:
        return self._graph.constant(expr.fill)

    def _constant_sop(self, expr: rasp.ConstantSOp) -> int:
        values = list(expr.value)
        f = self._functions.of(expr, lambda i: values[i] if i < len(values) else None)
        return self._graph.map(f, [self._indices_node()], expr.label)

    def _map(self, expr: rasp.Map) -> int:
        return self._function(expr, expr.f, [expr.inner])

    def _sequence_map(self, expr: rasp.SequenceMap) -> int:
        return self._function(expr, expr.f, [expr.fst, expr.snd])

    def _function(self, expr: rasp.SOp, f: Callable[..., Any], args: List[rasp.SOp]) -> int:
        nodes = [self._at(a) for a in args]
        expression = self._expression(expr._symbol, [self._numeric[id(a)] for a in args])
        if expression is not None and expr.label not in self._concessions.tabulated:
            return self._graph.apply(expression[0], nodes)
        return self._graph.map(self._functions.of(expr, f), nodes, expr.label)

    def _expression(self, symbol: Any, numeric: List[bool]) -> Optional[Tuple[Any, bool]]:
        """The symbol as one of the compiler's expressions and whether it is a number; None where Python might differ."""
        if symbol is None:
            return None
        kind = symbol[0]
        if kind == "arg":
            return symbol, numeric[symbol[1]]
        if kind == "const":
            value = symbol[1]
            plain = isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))
            return (symbol, not isinstance(value, str)) if plain else None
        parts = [p for p in (self._expression(operand, numeric) for operand in symbol[1:]) if p is not None]
        if len(parts) < len(symbol) - 1:
            return None
        trees, numbers = [p[0] for p in parts], all(p[1] for p in parts)
        if kind == "not":
            return ("not", *trees), True
        if kind in _EQUALITIES:
            return (_EQUALITIES[kind], *trees), True
        if kind in ("and", "or"):
            x, y = trees
            return (("if", x, y, x) if kind == "and" else ("if", x, x, y)), numbers
        if not numbers:
            return None
        if kind in _COMPARISONS:
            return (_COMPARISONS[kind], *trees), True
        if kind == "truediv" and (symbol[2][0] != "const" or symbol[2][1] == 0):
            return None
        return ((_ARITHMETIC[kind], *trees), True) if kind in _ARITHMETIC else None

    def _is_numeric(self, expr: rasp.SOp) -> bool:
        """Whether all values but None are surely numbers."""
        if isinstance(expr, rasp.TokensType):
            return self._vocab_is_numeric
        if isinstance(expr, (rasp.IndicesType, rasp.LengthType, rasp.SelectorWidth)):
            return True
        if isinstance(expr, rasp.Full):
            return isinstance(expr.fill, (int, float))
        if isinstance(expr, rasp.Aggregate):
            default = expr.default is None or isinstance(expr.default, (int, float))
            return default and self._numeric[id(expr.sop)]
        if isinstance(expr, (rasp.Map, rasp.SequenceMap)):
            found = self._expression(expr._symbol, [self._numeric[id(a)] for a in expr.children])
            return found is not None and found[1]
        return False

    def _select(self, expr: rasp.Select) -> int:
        if expr._formula is not None and not self._concessions.lenient:
            return self._formula(expr, expr.label)
        return self._one_select(expr, expr.label)

    def _formula(self, expr: rasp.Select, label: str) -> int:
        """A select that was simplified, as what it was simplified from."""
        if expr._formula is None:
            return self._one_select(expr, label)
        op, *parts = expr._formula
        return _COMBINE[op](self._graph, *(self._formula(part, label) for part in parts))

    def _side(self, sop: rasp.SOp) -> int:
        """Keys or queries; constants that were simplified away are none of the program's expressions."""
        known = self._nodes.get(id(sop))
        return known if known is not None else self._full(sop)  # type: ignore[arg-type]

    def _one_select(self, expr: rasp.Select, label: str) -> int:
        if expr.predicate in (rasp.Comparison.TRUE, rasp.Comparison.FALSE):
            one = self._graph.constant(1)
            return self._graph.select(one, one, "==" if expr.predicate is rasp.Comparison.TRUE else "!=")
        keys, queries, lenient = self._side(expr.keys), self._side(expr.queries), self._concessions.lenient
        if isinstance(expr.predicate, rasp.Comparison) and not lenient:
            return self._graph.select(keys, queries, expr.predicate.value)
        return self._graph.select(keys, queries, self._functions.predicate(expr, lenient), label)

    def _constant_selector(self, expr: rasp.ConstantSelector) -> int:
        rows = [list(row) for row in expr.value]

        def selected(key: int, query: int) -> bool:
            return query < len(rows) and key < len(rows[query]) and bool(rows[query][key])

        indices = self._indices_node()
        return self._graph.select(indices, indices, selected, expr.label)

    def _and(self, expr: rasp.SelectorAnd) -> int:
        return self._graph.both(self._at(expr.fst), self._at(expr.snd))

    def _or(self, expr: rasp.SelectorOr) -> int:
        return self._graph.either(self._at(expr.fst), self._at(expr.snd))

    def _not(self, expr: rasp.SelectorNot) -> int:
        return self._graph.inverse(self._at(expr.inner))

    def _aggregate(self, expr: rasp.Aggregate) -> int:
        return self._graph.aggregate(self._at(expr.selector), self._at(expr.sop), expr.default)

    def _width(self, expr: rasp.SelectorWidth) -> int:
        return self._graph.selector_width(self._at(expr.selector))


_COMBINE: Dict[str, Callable[..., int]] = {
    "not": _native.Graph.inverse,
    "and": _native.Graph.both,
    "or": _native.Graph.either,
}


def _is_source(expr: rasp.RASPExpr) -> bool:
    return isinstance(expr, (rasp.TokensType, rasp.IndicesType, rasp.LengthType))


_BUILDERS: List[Tuple[type, Callable[[Lowering, Any], int]]] = [
    (rasp.TokensType, Lowering._tokens),
    (rasp.IndicesType, Lowering._indices_node),
    (rasp.LengthType, Lowering._length),
    (rasp.Full, Lowering._full),
    (rasp.ConstantSOp, Lowering._constant_sop),
    (rasp.Map, Lowering._map),
    (rasp.SequenceMap, Lowering._sequence_map),
    (rasp.Aggregate, Lowering._aggregate),
    (rasp.SelectorWidth, Lowering._width),
    (rasp.Select, Lowering._select),
    (rasp.ConstantSelector, Lowering._constant_selector),
    (rasp.SelectorAnd, Lowering._and),
    (rasp.SelectorOr, Lowering._or),
    (rasp.SelectorNot, Lowering._not),
]
