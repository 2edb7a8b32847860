"""A program as a graph."""

import collections
import dataclasses
from typing import Any, Deque, List

from raspc.tracr.compiler import nodes
from raspc.tracr.rasp import rasp


@dataclasses.dataclass
class ExtractRASPGraphOutput:
    """A graph and its ends."""

    graph: Any
    """A networkx DiGraph: an edge goes from an operand's label to its user's."""
    sources: List[nodes.Node]
    """What has no operands."""
    sink: nodes.Node
    """The output."""


def extract_rasp_graph(tip: rasp.SOp) -> ExtractRASPGraphOutput:
    """The graph of everything `tip` is made of, breadth-first; labels are given in that order."""
    networkx = need_networkx()
    graph = networkx.DiGraph()

    def ensure(expr: rasp.RASPExpr) -> nodes.Node:
        if expr.label not in graph:
            graph.add_node(expr.label, **{nodes.ID: expr.label, nodes.EXPR: expr})
        return graph.nodes[expr.label]

    sink = ensure(tip)
    sources = []
    queue: Deque[rasp.RASPExpr] = collections.deque([tip])
    seen = {id(tip)}
    while queue:
        expr = queue.popleft()
        if not expr.children:
            sources.append(graph.nodes[expr.label])
        for child in expr.children:
            ensure(child)
            graph.add_edge(child.label, expr.label)
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)
    return ExtractRASPGraphOutput(graph=graph, sources=sources, sink=sink)


def need_networkx() -> Any:
    """networkx, which only graphs need."""
    try:
        import networkx  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("graphs are networkx graphs: pip install networkx") from error
    return networkx
