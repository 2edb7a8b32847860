"""The assembled model of a graph."""

from typing import Any

from raspc.tracr.compiler import assemble, nodes


class NoTokensError(Exception):
    """A program does not read its tokens. (raspc compiles such programs; nothing raises this.)"""


def craft_model_to_transformer(
    craft_model: Any,
    graph: Any,
    sink: nodes.Node,
    max_seq_len: int,
    compiler_bos: Any = "compiler_bos",
    compiler_pad: Any = "compiler_pad",
    causal: bool = False,
) -> assemble.AssembledTransformerModel:
    """The model that `craft_model` came from, for a graph that `basis_inference.infer_bases` has been through."""
    from raspc.tracr.compiler import _views, compiling

    del craft_model
    model = _views.model_of(graph)
    same = (model.max_seq_len, model.model_config.causal) == (max_seq_len, causal)
    own = (model.input_encoder.bos_token, model.input_encoder.pad_token)
    if same and own == (compiler_bos, compiler_pad):
        return model
    return compiling.compile_rasp_to_model(
        sink[nodes.EXPR],
        model.native.vocab,
        max_seq_len,
        causal=causal,
        compiler_bos=compiler_bos,
        compiler_pad=compiler_pad,
    )
