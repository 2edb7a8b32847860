"""Blocks of a graph into the layers of one model."""

from typing import Any, Dict, Sequence

from raspc.tracr.compiler import nodes
from raspc.tracr.craft import transformers


def craft_graph_to_model(graph: Any, sources: Sequence[nodes.Node]) -> transformers.SeriesWithResiduals:
    """The model of a graph that `basis_inference.infer_bases` has been through."""
    from raspc.tracr.compiler import _views

    del sources
    return _views.model_of(graph).craft_model


def _allocate_modules_to_layers(graph: Any, sources: Sequence[nodes.Node]) -> Dict[nodes.NodeID, int]:
    """The half-layer after which each s-op that a block computes is there: 2l is attention l, 2l + 1 MLP l."""
    from raspc.tracr.compiler import _views

    del sources
    model = _views.model_of(graph)
    halves = {label: _views.node_half(model, label) for label in graph.nodes}
    return {label: half for label, half in halves.items() if half is not None}
