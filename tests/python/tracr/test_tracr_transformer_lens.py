"""TransformerLens takes a compiled model as it takes one of tracr's, and computes the same."""

import os
from importlib.metadata import version

import numpy as np
import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.utilities.tracr import (
    infer_tracr_output_label,
    make_tracr_transformer_bridge_config,
    make_tracr_transformer_bridge_state_dict,
)

from raspc.tracr.compiler import compile_rasp_to_model, lib
from raspc.tracr.rasp import rasp

TOKENS = rasp.tokens
CASES = {
    "reverse": (lib.make_reverse(TOKENS), {1, 2, 3}, 5, False),
    "hist": (lib.make_hist(), set("abc"), 6, False),
    "shuffle_dyck2": (lib.make_shuffle_dyck2(), set("(){}"), 6, False),
    "sort_unique": (lib.make_sort_unique(TOKENS, TOKENS), {1, 2, 3, 4}, 5, False),
    "shift_by": (lib.shift_by(1, TOKENS), set("abc"), 5, True),
    "booleans": (TOKENS == "a", set("abc"), 5, True),
    "constant": (rasp.Full(3), set("abc"), 5, True),
    "length": (lib.make_length(), set("abc"), 20, False),
    "mean": (rasp.Aggregate(rasp.Select(TOKENS, TOKENS, rasp.Comparison.EQ), rasp.indices), {1, 2, 3}, 5, False),
}


def bridge_of(model):
    bridge = TransformerBridge.boot_native(make_tracr_transformer_bridge_config(model))
    state = make_tracr_transformer_bridge_state_dict(model, output_label=model.program.label)
    bridge.load_state_dict(state, strict=False)
    return bridge.eval()


def logits_of(model, output):
    """Our logits: the columns of the residual stream that the output's values have."""
    places = {label: i for i, label in enumerate(model.residual_labels)}
    columns = [places[f"{model.program.label}:{value}"] for value in model.output_encoder.encoding_map]
    return output.transformer_output[0][:, columns]


@pytest.mark.parametrize("name", CASES)
def test_logits_are_ours_and_padding_changes_nothing(name):
    program, vocab, n, causal = CASES[name]
    model = compile_rasp_to_model(program, vocab, n, causal=causal)
    bridge, encoder = bridge_of(model), model.input_encoder
    tokens = sorted(vocab) * n
    texts = [[encoder.bos_token, *tokens[at : at + k]] for at, k in ((0, n), (1, n - 1), (2, 2), (0, 1))]
    ids = [encoder.encode(text) for text in texts]
    batch = torch.tensor([i + [encoder.pad_encoding] * (n + 1 - len(i)) for i in ids])
    with torch.no_grad():
        padded = bridge(batch)
        for text, encoded, row in zip(texts, ids, padded):
            logits = bridge(torch.tensor([encoded]))[0]
            ours = model.apply(text)
            np.testing.assert_allclose(logits.numpy(), logits_of(model, ours), rtol=0, atol=1e-6)
            np.testing.assert_allclose(row[: len(encoded)].numpy(), logits.numpy(), rtol=0, atol=1e-6)
            assert model.output_encoder.decode(logits.argmax(-1).tolist())[1:] == ours.decoded[1:]


def test_the_output_is_found_by_its_values():
    model = compile_rasp_to_model(lib.make_reverse(TOKENS), {1, 2, 3}, 4)
    assert infer_tracr_output_label(model) == model.program.label


def test_the_residual_stream_is_in_the_cache():
    model = compile_rasp_to_model(lib.make_hist(), set("abc"), 5)
    bridge = bridge_of(model)
    encoded = model.input_encoder.encode(["compiler_bos", *"abca"])
    with torch.no_grad():
        _, cache = bridge.run_with_cache(torch.tensor([encoded]))
    last = cache[f"blocks.{model.model_config.num_layers - 1}.hook_resid_post"]
    ours = model.apply(["compiler_bos", *"abca"]).transformer_output
    np.testing.assert_allclose(last.numpy(), ours, rtol=0, atol=1e-6)


def test_numbers_are_not_supported_there():
    model = compile_rasp_to_model(lib.make_frac_prevs(TOKENS == "a"), set("ab"), 4)
    with pytest.raises(NotImplementedError):
        make_tracr_transformer_bridge_config(model)


def test_the_version_under_test_is_the_one_that_was_meant():
    assert version("transformer-lens").startswith(os.environ.get("TRANSFORMER_LENS_UNDER_TEST", "4."))
