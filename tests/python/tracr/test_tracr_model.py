"""The assembled model: shapes, conventions, weights, encoders."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from tracr_checks import agree
from tracr_programs import PROGRAMS

from raspc.tracr.compiler import assemble, compile_rasp_to_model, lib
from raspc.tracr.rasp import rasp
from raspc.tracr.transformer import encoder


@pytest.fixture
def reverse():
    rasp.RASPExpr._ids = itertools.count(1)
    lib.length.__dict__.pop("unique_id", None)
    lib.length.__dict__.pop("label", None)
    return compile_rasp_to_model(lib.make_reverse(rasp.tokens), {1, 2, 3}, 5)


def test_labels_are_given_breadth_first(reverse):
    names = {label.partition(":")[0] for label in reverse.residual_labels}
    assert {"reverse_1", "opp_idx-1_3", "opp_idx_4", "length_5", "tokens", "indices"} <= names
    assert {"reverse_1:1", "reverse_1:2", "reverse_1:3", "tokens:compiler_bos"} <= set(reverse.residual_labels)
    assert len(set(reverse.residual_labels)) == len(reverse.residual_labels)


def test_output(reverse):
    out = reverse.apply(["compiler_bos", 1, 2, 3])
    config, d, t = reverse.model_config, len(reverse.residual_labels), 4
    assert out.decoded == ["compiler_bos", 3, 2, 1]
    assert out.unembedded.shape == (1, t)
    assert [reverse.output_encoder.decode([i])[0] for i in out.unembedded[0, 1:].tolist()] == [3, 2, 1]
    assert [a.shape for a in out.residuals] == [(1, t, d)] * (2 * config.num_layers)
    assert [a.shape for a in out.layer_outputs] == [(1, t, d)] * (2 * config.num_layers)
    assert [a.shape for a in out.attn_logits] == [(1, config.num_heads, t, t)] * config.num_layers
    assert out.transformer_output.shape == out.input_embeddings.shape == (1, t, d)
    assert np.array_equal(out.residuals[-1], out.transformer_output)
    assert np.array_equal(out.residuals[0], out.input_embeddings + out.layer_outputs[0])


def test_parameters(reverse):
    params, config, d = reverse.params, reverse.model_config, len(reverse.residual_labels)
    flat = config.num_heads * config.key_size
    assert type(params) is dict
    assert all(type(module) is dict for module in params.values())
    assert params["token_embed"]["embeddings"].shape == (5, d)
    assert params["pos_embed"]["embeddings"].shape == (6, d)
    for i in range(config.num_layers):
        layer = f"transformer/layer_{i}"
        for part in ("query", "key", "value"):
            assert params[f"{layer}/attn/{part}"]["w"].shape == (d, flat)
            assert params[f"{layer}/attn/{part}"]["b"].shape == (flat,)
        assert params[f"{layer}/attn/linear"]["w"].shape == (flat, d)
        assert params[f"{layer}/attn/linear"]["b"].shape == (d,)
        assert params[f"{layer}/mlp/linear_1"]["w"].shape == (d, config.mlp_hidden_size)
        assert params[f"{layer}/mlp/linear_1"]["b"].shape == (config.mlp_hidden_size,)
        assert params[f"{layer}/mlp/linear_2"]["w"].shape == (config.mlp_hidden_size, d)
        assert params[f"{layer}/mlp/linear_2"]["b"].shape == (d,)
    assert len(params) == 2 + 6 * config.num_layers
    assert (config.dropout_rate, config.layer_norm, config.causal) == (0.0, False, False)
    assert config.activation_function(np.array([-1.0, 2.0])).tolist() == [0, 2]


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("name", ["sorted_positions", "linear", "mean_without_annotation", "undefined_is_moved", "copies"])
def test_a_forward_pass_with_the_parameters_is_the_model(name, causal):
    model = compile_rasp_to_model(PROGRAMS[name](), {1, 2, 3}, 6, causal=causal)
    xs = ["compiler_bos", 3, 1, 1, 2]
    out, again = model.apply(xs), model.forward(model.params, [model.input_encoder.encode(xs)])
    assert np.array_equal(again.unembedded_output, out.unembedded) or "linear" in name or "mean" in name
    again = again.transformer_output
    for mine, other in ((out.residuals, again.residuals), (out.attn_logits, again.attn_logits)):
        assert all(np.allclose(a, b, rtol=1e-6, atol=1e-5) for a, b in zip(mine, other))
    masked = out.attn_logits[0][0, :, 0, 1]
    assert (masked < -1e29).all() if causal else (masked > -1e29).all()


def test_padding_changes_nothing_without_a_mask(reverse):
    encode = reverse.input_encoder.encode
    alone = reverse.forward(reverse.params, [encode(["compiler_bos", 1, 2, 3])]).transformer_output.output
    padded = reverse.forward(reverse.params, [encode(["compiler_bos", 1, 2, 3, "compiler_pad", "compiler_pad"])]).transformer_output.output
    assert np.array_equal(padded[:, :4], alone)
    out = reverse.apply(["compiler_bos", 1, 2, 3, "compiler_pad"])
    assert out.decoded == ["compiler_bos", 3, 2, 1, "compiler_pad"]


def test_replaced_parameters_count(reverse):
    xs = ["compiler_bos", 1, 2, 3]
    linear = reverse.params[f"transformer/layer_{reverse.model_config.num_layers - 1}/attn/linear"]
    with pytest.raises(ValueError, match="read-only"):
        linear["w"][:] = 0
    before = linear["w"]
    linear["w"] = np.zeros_like(before)
    assert reverse.apply(xs).decoded != ["compiler_bos", 3, 2, 1]
    assert not reverse.apply(xs).layer_outputs[-2].any()
    linear["w"] = before
    assert reverse.apply(xs).decoded == ["compiler_bos", 3, 2, 1]


def test_encoders(reverse):
    into, out_of = reverse.input_encoder, reverse.output_encoder
    assert isinstance(into, encoder.CategoricalEncoder)
    assert isinstance(into.encoding_map, Mapping)
    assert (into.bos_token, into.pad_token, into.vocab_size, into._max_seq_len) == ("compiler_bos", "compiler_pad", 5, 6)
    assert into.encoding_map["compiler_bos"] == into.bos_encoding
    assert into.encoding_map["compiler_pad"] == into.pad_encoding
    assert into.decode(into.encode(["compiler_bos", 2, 3])) == ["compiler_bos", 2, 3]
    assert isinstance(out_of, encoder.CategoricalEncoder)
    assert [str(d) for d in out_of.basis] == ["reverse_1:1", "reverse_1:2", "reverse_1:3"]
    assert out_of.encoding_map == {1: 0, 2: 1, 3: 2}
    assert (out_of.bos_token, out_of.pad_token) == (None, None)


def test_undefined_is_a_value_of_the_output():
    program = lib.shift_by(1, rasp.tokens)
    model = compile_rasp_to_model(program, set("ab"), 3)
    assert set(model.output_encoder.encoding_map) == {None, "a", "b"}
    assert {f"{program.label}:{v}" for v in (None, "a", "b")} <= set(model.residual_labels)
    assert model.apply(["compiler_bos", "a", "b"]).decoded == ["compiler_bos", None, "a"]


def test_a_number_is_not_encoded():
    model = compile_rasp_to_model(lib.make_frac_prevs(rasp.tokens == "a"), set("ab"), 3)
    assert isinstance(model.output_encoder, encoder.NumericalEncoder)
    assert not hasattr(model.output_encoder, "encoding_map")
    out = model.apply(["compiler_bos", "a", "b"])
    assert out.decoded == ["compiler_bos", 1.0, 0.5]
    assert np.allclose(out.unembedded[0, 1:], [1, 0.5])


def test_the_model_is_what_forks_return(reverse):
    assert reverse.model is reverse
    assert isinstance(reverse, assemble.TracrOutput)
    assert isinstance(reverse, assemble.AssembledTransformerModel)
    with pytest.raises(ImportError, match="haiku"):
        reverse.get_compiled_model()


def test_other_marks():
    model = compile_rasp_to_model(lib.make_hist(), {"x", "y"}, 3, compiler_bos="<s>", compiler_pad=0)
    assert model.apply(["<s>", "x", "x", 0]).decoded == ["<s>", 2, 2, 0]
    model = compile_rasp_to_model(lib.make_hist(), {1, 2}, 3, compiler_bos="1", compiler_pad=None)
    assert model.apply(["1", 1, 2, 1]).decoded == ["1", 2, 1, 2]
    assert model.input_encoder.vocab_size == 3


def test_key_sizes_keep_scores_exact(reverse):
    model = compile_rasp_to_model(lib.make_sort_freq(10), set("abc"), 10)
    size = model.model_config.key_size
    assert int(size**0.5) ** 2 == size
    xs = ["compiler_bos", *"abcabb"]
    again = model.forward(model.params, [model.input_encoder.encode(xs)]).transformer_output
    assert all(map(np.array_equal, model.apply(xs).attn_logits, again.attn_logits))


def test_tokens_and_indices_can_be_held_both_ways():
    numbers = rasp.LinearSequenceMap(rasp.numerical(rasp.tokens), rasp.numerical(rasp.indices), 1, 1)
    program = rasp.SequenceMap(lambda x, y: (x, y), numbers, rasp.SequenceMap(max, rasp.tokens, rasp.indices))
    model, compared = agree(program, {1, 2, 3}, 4)
    assert compared == 14
    assert {"tokens", "indices", "tokens:1", "tokens:2", "indices:3", "tokens:compiler_pad"} <= set(model.residual_labels)
    assert not [label for label in model.residual_labels if label.startswith("[tokens")]
    xs = ["compiler_bos", 3, 1, 2]
    again = model.forward(model.params, [model.input_encoder.encode(xs)]).transformer_output
    assert np.array_equal(again.output, model.apply(xs).transformer_output)
