"""The values that each s-op can hold, and the directions that hold them."""

from typing import Any, Iterable

from raspc.tracr.compiler import nodes


class InvalidValueSetError(Exception):
    """An s-op can hold no value at all, or, annotated as numerical, one that is no number."""


def infer_bases(
    graph: Any, sink: nodes.Node, vocab: Iterable[Any], max_seq_len: int, causal: bool = False
) -> None:
    """Puts `nodes.VALUE_SET` and `nodes.OUTPUT_BASIS` into the s-ops of a graph of `rasp_to_graph.extract_rasp_graph`.

    They are those of the program compiled for this vocabulary and length.
    """
    from raspc.tracr.compiler import _views, compiling

    model = compiling.compile_rasp_to_model(sink[nodes.EXPR], vocab, max_seq_len, causal=causal)
    graph.graph[_views.MODEL] = model
    for label, attributes in graph.nodes(data=True):
        attributes.update(_views.values_and_basis(model, label))
