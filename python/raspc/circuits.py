"""Ground truth: which components compute which node, and how found circuits are scored against it.

A component is the embedding (``"embed"``), a head (``"layer.0.head.1"``), an MLP (``"layer.0.mlp"``), or the unembedding
(``"unembed"``); TransformerLens' spelling (``"blocks.0.attn.head.1"``, ``"blocks.0.mlp"``) is understood as well.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Set, Tuple, Union

from raspc._words import counted
from raspc.errors import UsageError

if TYPE_CHECKING:
    import networkx  # type: ignore[import-untyped,unused-ignore]

    from raspc.models import Config

__all__ = ["Circuit", "Edge", "Level", "Node", "Score"]

Pair = Tuple[str, str]


@dataclass(frozen=True)
class Node:
    """What computes one node of the program.

    Attributes:
        name: its first name, or the expression it stands for.
        names: its names in the program.
        heads: (layer, head) of the heads that compute it.
        neurons: (layer, neuron) of the hidden units that compute it.
        directions: the directions of the residual stream that carry it.
    """

    name: str
    names: Tuple[str, ...]
    heads: Tuple[Tuple[int, int], ...]
    neurons: Tuple[Tuple[int, int], ...]
    directions: Tuple[int, ...]


@dataclass(frozen=True)
class Edge:
    """One component feeds another.

    Attributes:
        source: the component that writes.
        target: the component that reads.
        directions: the directions of the residual stream through which it does.
    """

    source: str
    target: str
    directions: Tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """How well a found set fits the true one, among all that could have been found.

    Attributes:
        precision: share of what was found that is true (1 where nothing was found).
        recall: share of what is true that was found (1 where nothing is true).
        roc: (false positive rate, true positive rate), from (0, 0) to (1, 1), a point for each threshold of the scores;
            without scores the one point of the found set between the ends.
        auc: the area under these points.
        true_positives: what was found and is true.
        false_positives: what was found and is not true.
        false_negatives: what is true and was not found.
        candidates: how many could have been found.
    """

    precision: float
    recall: float
    roc: Tuple[Tuple[float, float], ...]
    auc: float
    true_positives: Tuple[Any, ...]
    false_positives: Tuple[Any, ...]
    false_negatives: Tuple[Any, ...]
    candidates: int


@dataclass(frozen=True)
class Score:
    """A found circuit against the true one, at the level of edges and at that of components."""

    edges: Level
    nodes: Level

    @property
    def precision(self) -> float:
        """Of the edges."""
        return self.edges.precision

    @property
    def recall(self) -> float:
        """Of the edges."""
        return self.edges.recall

    @property
    def roc(self) -> Tuple[Tuple[float, float], ...]:
        """Of the edges."""
        return self.edges.roc


@dataclass(frozen=True)
class Circuit:
    """The ground truth of a model.

    Attributes:
        nodes: the nodes of the program and what computes them.
        edges: what feeds what.
        n_layers: layers of the model.
        n_heads: heads in every layer.
    """

    nodes: Tuple[Node, ...]
    edges: Tuple[Edge, ...]
    n_layers: int
    n_heads: int

    @classmethod
    def from_json(cls, text: str, config: "Config") -> "Circuit":
        """Reads what a model folder's ``circuit.json`` holds."""
        import json

        data = json.loads(text)
        nodes = tuple(
            Node(
                name=n["name"],
                names=tuple(n["names"]),
                heads=tuple((layer, head) for layer, head in n["heads"]),
                neurons=tuple((layer, unit) for layer, units in n["neurons"] for unit in units),
                directions=tuple(n["directions"]),
            )
            for n in data["nodes"]
        )
        edges = tuple(Edge(e["from"], e["to"], tuple(e["directions"])) for e in data["edges"])
        return cls(nodes, edges, config.n_layers, config.n_heads)

    def __getitem__(self, name: str) -> Node:
        """The node of this name."""
        for node in self.nodes:
            if node.name == name or name in node.names:
                return node
        names = ", ".join(n.name for n in self.nodes)
        raise UsageError(f"the circuit has no node {name!r}", code="E0905", hint=f"it has {names}")

    @property
    def components(self) -> Tuple[str, ...]:
        """The components that take part, in the order in which they run."""
        taking = {c for e in self.edges for c in (e.source, e.target)}
        return tuple(c for c in self.all_components if c in taking)

    @property
    def all_components(self) -> Tuple[str, ...]:
        """Every component of the model, in the order in which they run."""
        layers = []
        for layer in range(self.n_layers):
            layers += [f"layer.{layer}.head.{head}" for head in range(self.n_heads)] + [f"layer.{layer}.mlp"]
        return ("embed", *layers, "unembed")

    @property
    def candidates(self) -> Tuple[Pair, ...]:
        """Every edge that a model of this shape can have: from each component to all that run after it."""
        ends = {"embed": -1.0, "unembed": math.inf}
        at = {c: ends[c] if c in ends else _half(c) for c in self.all_components}
        return tuple((a, b) for a in self.all_components for b in self.all_components if at[a] < at[b])

    def to_json(self, indent: Optional[int] = None) -> str:
        """As JSON text: ``nodes``, ``edges``, ``n_layers``, ``n_heads``."""
        import json

        return json.dumps(asdict(self), indent=indent)

    def to_networkx(self) -> "networkx.DiGraph":
        """Components and the edges between them, with ``directions``, as a graph. Needs networkx."""
        try:
            import networkx
        except ImportError as e:
            raise ImportError("`to_networkx` needs networkx: `pip install networkx`") from e
        graph = networkx.DiGraph()
        for component in self.components:
            graph.add_node(component, computes=[n.name for n in self.nodes if component in _components(n)])
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, directions=list(edge.directions))
        return graph

    def score(
        self,
        found: Union[Iterable[Union[Pair, Edge]], Mapping[Pair, float], "Circuit", "networkx.DiGraph"],
        threshold: float = 0.5,
    ) -> Score:
        """Scores edges that somebody found.

        Args:
            found: pairs (source, target) of components, a graph of them (networkx's, or another circuit), or a mapping from such
                pairs to scores: then those that reach the ``threshold`` are what was found, and each score is a threshold of
                the ROC.
            threshold: for a mapping.

        Returns:
            Precision, recall and ROC points of the edges among all :attr:`candidates`, and of the components among all
            :attr:`all_components` (a component is found where one of its edges is; its score is the greatest of theirs).
        """
        truth = {(e.source, e.target) for e in self.edges}
        candidates = self.candidates
        known = set(candidates)
        edges: Any = getattr(found, "edges", found)
        if isinstance(edges, Mapping) and not _is_view(edges):
            scores = {_pair(pair): _number(pair, score) for pair, score in edges.items()}
            chosen = {pair for pair, score in scores.items() if score >= threshold}
        else:
            chosen = {_pair(pair) for pair in edges}
            scores = {pair: 1.0 for pair in chosen}
        for pair in scores:
            if pair not in known:
                hint = 'components are "embed", "layer.0.head.0", "layer.0.mlp", "unembed"; an edge goes to a later one'
                raise UsageError(f"the model cannot have an edge {pair[0]!r} -> {pair[1]!r}", hint=hint)
        node_scores: Dict[str, float] = {}
        for pair, score in scores.items():
            for component in pair:
                node_scores[component] = max(score, node_scores.get(component, -math.inf))
        touched = {c for pair in chosen for c in pair}
        level = _level(candidates, truth, chosen, scores)
        return Score(level, _level(self.all_components, set(self.components), touched, node_scores))

    def __repr__(self) -> str:
        return f"<Circuit of {counted(len(self.nodes), 'node')}, {counted(len(self.edges), 'edge')}>"


def _components(node: Node) -> List[str]:
    heads = [f"layer.{layer}.head.{head}" for layer, head in node.heads]
    return heads + [f"layer.{layer}.mlp" for layer in dict.fromkeys(layer for layer, _ in node.neurons)]


def _is_view(found: Mapping[Any, Any]) -> bool:
    """Whether it is the edges of a networkx graph, a mapping from pairs to their attributes."""
    return bool(found) and all(isinstance(about, Mapping) for about in found.values())


def _half(component: str) -> int:
    _, layer, kind, *_ = component.split(".")
    return 2 * int(layer) + (kind == "mlp")


def _pair(pair: Any) -> Pair:
    if isinstance(pair, Edge):
        return pair.source, pair.target
    if isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(c, str) for c in pair):
        source, target = (c.replace("blocks.", "layer.").replace(".attn.head.", ".head.") for c in pair)
        return source, target
    raise UsageError(f"{pair!r} is no edge", hint="edges are pairs of components, as in `model.circuit.edges`")


def _number(pair: Any, score: Any) -> float:
    try:
        number = float(score)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise UsageError(f"the score of {pair!r} is {score!r}", hint="scores are numbers")
    return number


def _level(candidates: Iterable[Any], truth: Set[Any], chosen: Set[Any], scores: Mapping[Any, float]) -> Level:
    candidates = tuple(candidates)
    ordered = [c for c in candidates if c in chosen or c in truth]
    tp = tuple(c for c in ordered if c in chosen and c in truth)
    fp = tuple(c for c in ordered if c in chosen and c not in truth)
    fn = tuple(c for c in ordered if c not in chosen)
    positives, negatives = len(truth), len(candidates) - len(truth)
    points = [(0.0, 0.0)]
    for threshold in sorted(set(scores.values()), reverse=True):
        at = [c for c, score in scores.items() if score >= threshold]
        hits = sum(c in truth for c in at)
        points.append(((len(at) - hits) / negatives if negatives else 0.0, hits / positives if positives else 1.0))
    points.append((1.0, 1.0))
    auc = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))
    return Level(
        precision=len(tp) / len(chosen) if chosen else 1.0,
        recall=len(tp) / positives if positives else 1.0,
        roc=tuple(points),
        auc=auc,
        true_positives=tp,
        false_positives=fp,
        false_negatives=fn,
        candidates=len(candidates),
    )
