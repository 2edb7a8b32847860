"""The blocks that compute each s-op of a graph."""

from typing import Any

from raspc.tracr.compiler import nodes


def add_craft_components_to_rasp_graph(graph: Any, bos_dir: Any = None, mlp_exactness: float = 100) -> None:
    """Puts `nodes.MODEL_BLOCK` into the nodes of a graph that `basis_inference.infer_bases` has been through."""
    from raspc.tracr.compiler import _views

    del bos_dir, mlp_exactness
    model = _views.model_of(graph)
    for label, attributes in graph.nodes(data=True):
        block = _views.node_block(model, label)
        if block is not None:
            attributes[nodes.MODEL_BLOCK] = block
